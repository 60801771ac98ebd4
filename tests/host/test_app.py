"""The whole host in this process on a FakePico behind a real terminal: from the first byte to the orderly end."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from house import NIGHT_MS, NOON_MS, TOML, parse
from pico_pty import PicoPty

from tanklink import records
from tankwarden.app import App
from tankwarden.config import ClockSettings, Config
from tankwarden.errors import CommandError
from tankwarden.flows.control import Tick
from tankwarden.flows.snapshot import if_host_dies

R = {"value", "unit", "quality", "age_s", "raw_counts", "measured", "fault"}
SNAPSHOT = {"computer",
    "not_watched",
    "version", "time_ms", "zone", "site", "tasks", "pico", "enclosures", "circuits", "sensors", "trip", "events",
    "totals", "recorder", "lights", "lighting", "feeders",
}  # fmt: skip
CIRCUIT = {
    "id", "name", "enclosure", "circuit", "state", "relays", "fault_line_ok", "lease_ms", "target_degf", "readings",
    "kwh_24h", "kwh_today", "output", "if_host_dies",
}  # fmt: skip


def config_on(link: Path, *, wall_ms: int = NOON_MS, text: str = TOML) -> Config:
    """It is noon (or night) at the house now, whatever it is here."""
    config = parse(text)
    clock = ClockSettings(epoch_wall_ms=wall_ms, epoch_mono_ns=time.monotonic_ns(), speed=1.0)
    return replace(config, pico=replace(config.pico, port=str(link)), clock=clock)


class Stage:
    """An App that runs while a scene plays on its loop, and then is asked to stop."""

    def __init__(self, folder: Path, pty: PicoPty, **options: Any) -> None:
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        self.pty = pty
        self.app = App(config_on(pty.link, **options), self.data)

    def play(self, scene: Callable[[], Awaitable[None]]) -> "Stage":
        async def main() -> None:
            running = asyncio.create_task(self.app.run())
            try:
                await scene()
            finally:
                self.app.stop()
                await running

        try:
            asyncio.run(main())
        finally:
            self.app.close()
        return self

    async def until(self, condition: Callable[[], object], within_s: float = 30.0) -> None:
        end = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < end, f"not in time: {self.app.status()}"
            await asyncio.sleep(0.01)

    @property
    def east(self) -> dict[str, Any]:
        circuit: dict[str, Any] = self.app.status()["circuits"][0]
        return circuit

    async def heating(self) -> None:
        await self.until(lambda: self.east["state"] == "closed")


@pytest.fixture
def pty(tmp_path: Path) -> Iterator[PicoPty]:
    with PicoPty(tmp_path / "tty") as pty:
        yield pty


def test_it_connects_arms_heats_and_shows_it_and_ends_in_order(tmp_path: Path, pty: PicoPty) -> None:
    stage = Stage(tmp_path, pty)
    before = stage.app.status()
    assert before["pico"]["connected"] is False
    assert before["circuits"][0]["state"] is None
    assert before["circuits"][0]["readings"]["temperature"]["quality"] == "missing"

    async def scene() -> None:
        await stage.heating()
        await stage.until(lambda: stage.app.status()["totals"]["kwh_24h"] is not None)
        status = json.loads(json.dumps(stage.app.status()))
        assert set(status) == SNAPSHOT
        circuit = status["circuits"][0]
        assert set(circuit) == CIRCUIT
        assert all(set(reading) == R for reading in circuit["readings"].values())
        assert circuit["relays"] == {"outside": True, "inside": True}
        assert circuit["output"]["value"] is True
        assert circuit["output"]["claims"][0]["wins"]
        assert 0 < circuit["lease_ms"] <= 2000
        assert circuit["readings"]["voltage"]["value"] == pytest.approx(250)
        assert circuit["readings"]["power"]["value"] == pytest.approx(250 * (2000 - 372) * 14 / 3696, abs=0.1)
        assert {task["name"] for task in status["tasks"]} == {
            "link", "control", "record", "events", "waveforms", "lights", "feeding", "watch", "calibration", "energy",
            "health",
        }  # fmt: skip
        assert {task["state"] for task in status["tasks"]} == {"running"}
        assert [sensor["reading"]["value"] for sensor in status["sensors"]] == [110.0, 64.5]
        assert status["pico"]["events_waiting"] == 0

    stage.play(scene)
    assert not pty.pico.leased(1, time.monotonic())
    assert pty.pico.told_of(records.Lease)[-1][:3] == (1, 0, 0)
    again = App(config_on(pty.link), stage.data)
    try:
        events = again._queries.events(20)
        assert [event.kind for event in events] == ["stop", "output", "start"]
        assert events[0].text == "Tankwarden 0.1.0 stopped; every circuit is open"
        texts = [line["text"] for line in again._queries.logs(20)]
        assert any("Tankwarden 0.1.0 started" in text for text in texts)
        assert any("program 0.1.0" in text for text in texts)
        assert "Tankwarden 0.1.0 stopped" in texts[0]
    finally:
        again.close()


def test_a_trip_is_stored_then_acknowledged_shown_and_reset_through_the_door(tmp_path: Path, pty: PicoPty) -> None:
    stage = Stage(tmp_path, pty)
    trip = records.Trip(3, 1, 9, 0, 1, 1, 0, 12_500, 11_000)

    async def scene() -> None:
        await stage.heating()
        pty.pico.trip_id, pty.pico.state = 3, "tripped"
        pty.pico.events.append(trip)
        await stage.until(lambda: stage.app.status()["trip"] is not None)
        shown = stage.app.status()["trip"]
        await stage.until(lambda: pty.pico.acknowledged == [3])
        assert shown["id"] == 3
        assert (shown["trigger"], shown["subject"]) == ("over_current", "current_1")
        assert (shown["value"], shown["limit"], shown["unit"]) == (12.5, 11.0, "A")
        assert f"tankwarden reset-trip 3 --data {stage.data}" in shown["how_to_reset"]
        assert stage.east["output"]["claims"][0]["source"] == "trip"
        with pytest.raises(CommandError, match="4 is not the standing trip"):
            await asyncio.to_thread(stage.app.command, {"cmd": "reset-trip", "id": 4})
        await asyncio.to_thread(stage.app.command, {"cmd": "reset-trip", "id": 3})
        await stage.until(lambda: stage.app.status()["trip"] is None)
        await stage.heating()

    stage.play(scene)


def test_a_trip_from_before_the_start_is_shown_with_its_cause_and_an_unknown_one_without(
    tmp_path: Path, pty: PicoPty
) -> None:
    pty.pico.trip_id, pty.pico.state = 3, "tripped"
    pty.pico.events.append(records.Trip(3, 1, 9, 0, 1, 1, 0, 12_500, 11_000))
    first = Stage(tmp_path, pty)

    async def told() -> None:
        await first.until(lambda: pty.pico.acknowledged == [3])

    first.play(told)
    second = Stage(tmp_path, pty)

    async def known() -> None:
        await second.until(lambda: (second.app.status()["trip"] or {}).get("trigger") == "over_current")
        pty.pico.trip_id = 8
        await second.until(lambda: (second.app.status()["trip"] or {}).get("id") == 8)
        unknown = second.app.status()["trip"]
        assert unknown["trigger"] is None
        assert "has not been told" in unknown["text"]

    second.play(known)


def test_a_watch_that_is_off_is_told_as_long_as_it_is(tmp_path: Path, pty: PicoPty) -> None:
    text = TOML.replace("min_on_s = 0\n", "min_on_s = 0\nwatch_leakage = false\n")
    stage = Stage(tmp_path, pty, text=text)
    (row,) = stage.app.status()["not_watched"]
    assert (row["circuit"], row["name"], row["watch"]) == ("east", "East", "watch_leakage")
    assert row["text"] == "East: a current that flows with the relays open is not noticed: watch_leakage is off"

    async def scene() -> None:
        await stage.heating()
        assert stage.app.status()["not_watched"] == [row]

    stage.play(scene)


def test_a_person_who_forces_an_output_is_remembered_over_a_restart(tmp_path: Path, pty: PicoPty) -> None:
    first = Stage(tmp_path, pty)

    async def force() -> None:
        await first.heating()
        request = {"cmd": "claim", "output": "circuit.east", "value": False, "seconds": 600}
        await asyncio.to_thread(first.app.command, request)
        await first.until(lambda: first.east["state"] == "open")

    first.play(force)
    second = Stage(tmp_path, pty, wall_ms=NOON_MS + 60_000)

    async def still() -> None:
        await second.until(lambda: second.app.status()["pico"]["state"] == "armed")
        assert second.east["output"]["claims"][0]["source"] == "person"
        assert second.east["output"]["value"] is False

    second.play(still)


def test_another_protocol_is_shown_with_what_to_do(tmp_path: Path, pty: PicoPty) -> None:
    pty.pico.digest = b"\1" * 8
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.until(lambda: (stage.app.status()["pico"]["message"] or "").startswith("flash the Pico"))
        await stage.until(lambda: any(event["kind"] == "mismatch" for event in stage.app.status()["events"]))
        assert stage.app.status()["pico"]["connected"] is False

    stage.play(scene)
    again = App(config_on(pty.link), stage.data)
    try:
        last = again._queries.events(1)[0]
        assert last.text == "Tankwarden 0.1.0 stopped; what the Pico may still hold opens when its lease ends"
    finally:
        again.close()


def _broken(_tick: Tick) -> None:
    raise ZeroDivisionError("division by zero")


def test_a_control_loop_that_fails_loses_its_leases_and_is_shown(tmp_path: Path, pty: PicoPty) -> None:
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        stage.app.control._done = _broken  # for good
        await stage.until(lambda: not pty.pico.leased(1, time.monotonic()), 3)
        # The page does not stand still with it: the tasks are those of now.
        await stage.until(lambda: any("division" in (task["error"] or "") for task in stage.app.status()["tasks"]))
        assert stage.app.status() is stage.app.status()

    stage.play(scene)


def test_the_snapshot_is_the_same_object_until_the_next_tick(tmp_path: Path, pty: PicoPty) -> None:
    stage = Stage(tmp_path, pty, wall_ms=NIGHT_MS)

    async def scene() -> None:
        first = stage.app.status()
        assert stage.app.status() is first
        await stage.until(lambda: stage.app.status() is not first)

    stage.play(scene)
    with pytest.raises(CommandError, match="does not run"):
        stage.app.command({"cmd": "arm"})


def test_a_broken_wire_is_an_event_but_a_lost_link_is_not_one_for_every_channel(tmp_path: Path, pty: PicoPty) -> None:
    stage = Stage(tmp_path, pty, wall_ms=NIGHT_MS)

    def kinds() -> list[str]:
        return [event["kind"] for event in stage.app.status()["events"]]

    async def scene() -> None:
        await stage.until(lambda: stage.app.status()["pico"]["connected"])
        await stage.until(lambda: stage.east["readings"]["temperature"]["quality"] == "ok")
        pty.pico.counts["temperature_1"] = 4095
        await stage.until(lambda: "sensor_open" in kinds())
        pty.pico.counts["temperature_1"] = 2000
        await stage.until(lambda: "sensor_ok" in kinds())
        pty.unplug()
        await stage.until(lambda: "link_lost" in kinds())
        pty.plug()
        await stage.until(lambda: "link_back" in kinds())
        await stage.until(lambda: stage.east["readings"]["temperature"]["quality"] == "ok")
        assert sorted(kinds()) == ["link_back", "link_lost", "sensor_ok", "sensor_open", "start"]

    stage.play(scene)


def test_history_and_energy_come_from_the_store(tmp_path: Path, pty: PicoPty) -> None:
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        await stage.until(lambda: stage.east["kwh_24h"])
        history = stage.app.history(1)
        assert max(value or 0 for value in history["series"]["power_w"]["east"]) > 1000
        assert set(history["series"]["temperature_degf"]) == {"east", "reef"}

    stage.play(scene)


def test_it_logs_to_standard_error_what_it_logs_to_the_store(
    tmp_path: Path, pty: PicoPty, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tmp_path, pty, wall_ms=NIGHT_MS)
    with caplog.at_level(logging.INFO):
        stage.app.log("warning", "test", "a thing to know")
    assert ("tankwarden", logging.WARNING, "test: a thing to know") in caplog.record_tuples
    stage.app._recorder.flush()
    assert stage.app._queries.logs(1)[0]["text"] == "a thing to know"
    stage.app.close()
    stage.app.log("info", "test", "after the end, without an error")


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"state": None, "lease_ms": None}, "Nothing is heard of the Pico"),
        ({"state": "open", "lease_ms": 0}, "Nothing changes"),
        (
            {"state": "closed", "lease_ms": 1640},
            "opens the outside relay within 2 s",
        ),
    ],
)
def test_what_happens_if_the_host_dies(facts: dict[str, Any], text: str) -> None:
    assert text in if_host_dies(facts, sequence_ms=100, ttl_ms=2000)
