"""Feeders through the whole host: added and fed from the command line, shown, and remembered over a restart."""

import asyncio
import io
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import TOML
from pico_pty import PicoPty
from store_kit import wait_for
from test_app import Stage

from tanklink import records
from tankwarden.__main__ import main
from tankwarden.errors import NotKnownError
from tankwarden.places import DataFolderError, api_token

FEEDER = {
    "name": "Pellets", "enclosure": "tank", "servo": 1,
    "servo_config": {"rotate_duration": 100, "feed_hold_duration": 0, "portion_size": 0.5, "turns": 2},
}  # fmt: skip
WITH_SERVO = TOML + "\n[[servo]]\nservo = 1\n"


@pytest.fixture
def pty(tmp_path: Path) -> Iterator[PicoPty]:
    with PicoPty(tmp_path / "tty") as pty:
        yield pty


async def told(capsys: pytest.CaptureFixture[str], stage: Stage, *arguments: str) -> tuple[int, str]:
    """What a command says, and how it ends. It is another process to the host: here, another thread."""
    code = await asyncio.to_thread(main, [*arguments, "--data", str(stage.data)])
    said = capsys.readouterr()
    return code, (said.out + said.err).strip()


async def fed(capsys: pytest.CaptureFixture[str], stage: Stage, *arguments: str, within_s: float = 20.0) -> None:
    """Ask for a feeding until no servo moves any more."""
    end = time.monotonic() + within_s
    while (answer := await told(capsys, stage, *arguments))[0] != 0:
        assert "a servo moves" in answer[1], answer
        assert time.monotonic() < end, answer


def last(stage: Stage) -> str | None:
    """What became of the only feeder's last feeding, as it is shown."""
    feeders = stage.app.status()["feeders"]
    return feeders[0]["last"]["status"] if feeders and feeders[0]["last"] else None


def test_a_feeder_from_the_command_line_to_the_history(
    tmp_path: Path, pty: PicoPty, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, pty, text=WITH_SERVO)
    file = tmp_path / "feeder.json"
    file.write_text(json.dumps(FEEDER))

    async def scene() -> None:
        await stage.until(lambda: stage.app.pico.ready())
        await stage.until(lambda: stage.app._feeding._known is not None)
        assert (await told(capsys, stage, "feeders"))[1].startswith("There is no feeder yet")
        assert await told(capsys, stage, "feeders", "--add", str(file)) == (0, "feeder 1, Pellets, is added")
        code, said = await told(capsys, stage, "feeders", "--add", str(file))
        assert (code, "servo 1 is taken by feeder 1, Pellets" in said) == (2, True)
        assert await told(capsys, stage, "feeders") == (0, "1  Pellets: servo 1, no schedule")
        pty.pico.feeder.blocked = True
        assert await told(capsys, stage, "feed", "Pellets") == (0, "Pellets is asked for 0.5 g")
        code, said = await told(capsys, stage, "feed", "1", "--portion", "0.25")
        assert (code, "a servo moves" in said) == (2, True)
        pty.pico.feeder.blocked = False
        await stage.until(lambda: last(stage) == "success")
        assert (await told(capsys, stage, "feed", "1", "--test"))[0] == 0
        await fed(capsys, stage, "feed", "1", "--portion", "0.25")
        await stage.until(lambda: len(pty.pico.feeder.fed) == 2)
        for wrong, says in (
            (("feed", "Flakes"), "no feeder 'Flakes': there are 1 Pellets"),
            (("feed", "7"), "no feeder 7"),
            (("feed", "1", "--portion", "-1"), "no portion"),
            (("feed", "1", "--portion", "1", "--test"), "no portion"),
            (("feeders", "--change", "x", str(file)), "no number"),
            (("feeders", "--change", "7", str(file)), "no feeder 7"),
            (("feeders", "--add", str(tmp_path / "none.json")), "cannot be read"),
            (("feeders", "--add", str(tmp_path / "data" / "api-token")), "no JSON"),
        ):
            api_token(stage.data)
            code, said = await told(capsys, stage, *wrong)
            assert (code, says in said) == (2, True), said
        _, text = await told(capsys, stage, "feeders", "--json")
        changed = tmp_path / "changed.json"
        changed.write_text(json.dumps({**json.loads(text)[0], "schedule": [{"time": "08:00"}]}))
        assert (await told(capsys, stage, "feeders", "--change", "1", str(changed)))[0] == 0
        assert await told(capsys, stage, "feeders") == (0, "1  Pellets: servo 1, 08:00")
        await stage.until(lambda: [feeder["next"] is not None for feeder in stage.app.status()["feeders"]] == [True])
        monkeypatch.setattr(sys, "stdin", io.StringIO(file.read_text()))
        assert (await told(capsys, stage, "feeders", "--change", "1", "-"))[0] == 0
        assert (await told(capsys, stage, "feeders", "--delete", "1"))[0] == 0
        await stage.until(lambda: stage.app.status()["feeders"] == [])
        history = stage.app.feedings(1, "day")
        assert [row["status"] for row in history["feedings"]] == ["success", "success"]
        assert [(day["feedings"], day["grams"]) for day in history["days"]] == [(2, 0.75)]
        for feeder, period in ((2, "day"), (1, "year")):
            with pytest.raises(NotKnownError):
                stage.app.feedings(feeder, period)

    stage.play(scene)
    assert [turns for _, _, turns in pty.pico.feeder.fed] == [2, 1]
    assert len(pty.pico.feeder.tested) == 1
    enabled = [bool(values[1]) for values in pty.pico.config.feeders if values is not None]
    assert enabled == [True, False]


def test_a_feeding_that_the_end_cut_off_is_found_out_by_the_next_host(tmp_path: Path, pty: PicoPty) -> None:
    first = Stage(tmp_path, pty, text=WITH_SERVO)
    slow = {**FEEDER, "servo_config": {**FEEDER["servo_config"], "rotate_duration": 400}}  # type: ignore[dict-item]

    async def feed() -> None:
        await first.until(lambda: first.app.pico.ready() and first.app._feeding._known is not None)
        await asyncio.to_thread(first.app.command, {"cmd": "feeder-add", "feeder": slow})
        await asyncio.to_thread(first.app.command, {"cmd": "feed", "feeder": 1})

    first.play(feed)
    wait_for(lambda: pty.pico.feeder.fed, "meal")
    assert len(pty.pico.feeder.fed) == 1
    second = Stage(tmp_path, pty, text=WITH_SERVO)

    async def find_out() -> None:
        await second.until(lambda: last(second) == "success")

    second.play(find_out)
    assert len(pty.pico.feeder.fed) == 1
    assert len({(feed.op_hi, feed.op_lo) for feed in _feeds(pty)}) == 1


def _feeds(pty: PicoPty) -> list[Any]:
    return pty.pico.told_of(records.Feed)


def test_the_token_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    token = api_token(tmp_path)
    assert len(token) >= 32
    assert api_token(tmp_path) == token
    assert (tmp_path / "api-token").stat().st_mode & 0o777 == 0o600
    (tmp_path / "api-token").write_text("short\n")
    with pytest.raises(DataFolderError, match="no token of 16 characters"):
        api_token(tmp_path)
    with pytest.raises(DataFolderError, match="cannot be used"):
        api_token(tmp_path / "nowhere")
