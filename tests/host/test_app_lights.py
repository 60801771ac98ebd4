"""Lights through the whole application: plans to the Pico, the snapshot, today's charts, weather by the one door."""

import asyncio
import json
from pathlib import Path

import pytest
from house import NOON_MS, TOML
from pico_pty import PicoPty
from test_app import Stage, pty  # noqa: F401  (a fixture)
from test_light_flow import LIGHTS

from tankwarden.errors import CommandError
from tankwarden.logic.plans import HORIZON_MS

LIGHT = {
    "id", "name", "enclosure", "channel", "colour", "behavior", "level", "output_percent", "wished_percent", "source",
    "output", "plan", "if_host_dies",
}  # fmt: skip


def test_lights_are_supplied_shown_and_end_with_the_plan_left_running(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    stage = Stage(tmp_path, pty, text=TOML + LIGHTS)
    before = stage.app.status()["lights"]
    assert [light["level"]["quality"] for light in before] == ["missing", "missing"]
    assert before[0]["plan"] is None
    assert "no plan from this host" in before[0]["if_host_dies"]

    async def scene() -> None:
        await stage.until(lambda: all(light["source"] == "plan" for light in stage.app.status()["lights"]))
        await stage.until(lambda: len(stage.app.lights_today()["lights"]) == 2)
        status = json.loads(json.dumps(stage.app.status(), allow_nan=False))
        blue = status["lights"][0]
        assert set(blue) == LIGHT
        assert set(blue["level"]) == {"value", "unit", "quality", "age_s", "raw_counts"}
        assert blue["level"]["value"] == pytest.approx(80, abs=1.5)
        assert blue["level"]["value"] == pytest.approx(blue["wished_percent"], abs=0.3)
        assert blue["level"]["quality"] == "ok"
        assert [claim["source"] for claim in blue["output"]["claims"]] == ["daylight", "fallback"]
        assert abs(blue["plan"]["end_ms"] - NOON_MS - HORIZON_MS) < 60_000
        assert blue["plan"]["error_percent"] < 0.5
        assert blue["if_host_dies"] == "It goes on by itself until Thu 12:00, then to its fallback of 0 %."
        assert set(status["lighting"]) == {"problem", "power_w", "power_capped", "effects", "weather"}
        chart = json.loads(json.dumps(stage.app.lights_today()))["lights"][0]
        assert chart["end_ms"] - chart["start_ms"] == 24 * 3_600_000
        assert chart["behavior"][0] == [chart["start_ms"], 0]
        assert NOON_MS <= chart["plan"][0][0] < NOON_MS + 60_000
        await _weather(stage)

    stage.play(scene)
    assert sorted(pty.pico.lights.plans) == [1, 6]


async def _weather(stage: Stage) -> None:
    begun = await asyncio.to_thread(
        stage.app.command, {"cmd": "weather", "kind": "cloud", "seconds": 60, "depth_percent": 50}
    )
    assert begun["text"] == "cloud for 60 s"
    await stage.until(lambda: [one["kind"] for one in stage.app.status()["lighting"]["weather"]] == ["cloud"])
    with pytest.raises(CommandError, match="hail"):
        await asyncio.to_thread(stage.app.command, {"cmd": "weather", "kind": "hail", "seconds": 60})
    await asyncio.to_thread(stage.app.command, {"cmd": "weather-end"})
    await stage.until(lambda: stage.app.status()["lighting"]["weather"] == [])


def test_a_level_by_hand_outlives_a_restart(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    stage = Stage(tmp_path, pty, text=TOML + LIGHTS)

    async def by_hand() -> None:
        await stage.until(lambda: stage.app.status()["lights"][1]["source"] == "plan")
        request = {"cmd": "claim", "output": "light.white", "value": 25, "seconds": 3600}
        await asyncio.to_thread(stage.app.command, request)
        await stage.until(lambda: stage.app.status()["lights"][1]["level"]["value"] == pytest.approx(25, abs=0.3))

    stage.play(by_hand)
    again = Stage(tmp_path, pty, text=TOML + LIGHTS)

    async def after() -> None:
        # Its clock begins at noon again, so the claim lies ahead for as long as the first stage took to make it.
        await again.until(lambda: again.app.status()["lights"][1]["wished_percent"] == 25)
        assert again.app.status()["lights"][1]["output"]["claims"][0]["priority"] == "person"

    again.play(after)
