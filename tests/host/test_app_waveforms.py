"""Waveforms from the Pico to the API: read behind all else, stored once, begun again when they were interrupted."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from house import House
from pico_pty import PicoPty
from test_app import Stage

from tanklink import messages, records
from tankwarden.errors import NotKnownError, StoreError
from tankwarden.events import Event
from tankwarden.flows.waveforms import FRESH_S, RETRY_S, Waveforms
from tankwarden.logic.waveform import Waveform
from tankwarden.store import Calibration, Store, open_store

SURGE = [2000] * 128 + [3000 + tick for tick in range(128)]
BOARD = b"FAKEPICO".hex()
LOOK_S = 0.002


def trip(number: int = 3, *, board_id: str = BOARD, kind: str = "trip") -> Event:
    return Event(
        at_ms=1_000, kind=kind, severity="alarm", text="it tripped", board_id=board_id, boot_id=1, journal_id=number
    )  # fmt: skip


class Scene:
    """A house whose Pico is ready, a store, and the flow between them."""

    def __init__(self, store: Store) -> None:
        self.house, self.store = House().run(1.0), store
        self.queries = store.queries(Calibration((), (), 60.0))
        self.log: list[str] = []
        self.flow = self.begun_anew()

    def begun_anew(self) -> Waveforms:
        """As after a restart of the host."""
        house = self.house
        self.flow = Waveforms(
            self.store.recorder, self.queries, house.clock, house.driver, lambda *line: self.log.append(line[2])
        )  # fmt: skip
        return self.flow

    def trips(self, *trips: Event) -> None:
        """The events flow has stored them."""
        for one in trips:
            self.store.recorder.event(one)
            self.flow.stored(one)

    def run(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """The flow's steps and the house's time."""

        async def main() -> None:
            end = self.house.clock.mono() + seconds
            while self.house.clock.mono() < end:
                step = asyncio.create_task(self.flow.step(lambda: None))
                while not step.done():
                    self.house.run(0.02)
                    each()
                    await asyncio.sleep(LOOK_S)
                step.result()

        asyncio.run(main())

    def asked(self) -> list[tuple[int, int]]:
        told = (record for record in self.house.pico.told if isinstance(record, records.ReadTrace))
        return [(record.trip_id, record.part) for record in told]

    def kept(self) -> list[tuple[int | None, bool | None]]:
        return [(event.journal_id, kept) for event, kept in self.queries.trips()]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with open_store(tmp_path / "test.db") as store:
        yield Scene(store)


def test_the_waveform_of_a_trip_is_read_once_and_stored_as_it_was(scene: Scene) -> None:
    scene.house.pico.keep_trace(3, {"current_1": SURGE})
    scene.trips(trip(3))
    scene.run(6.0)
    assert scene.asked() == [(3, part) for part in range(messages.TRACE_PARTS)]
    found = scene.queries.waveform(1)
    assert found is not None
    assert found[1] == Waveform(
        board_id=BOARD, boot_id=1, journal_id=3, at_tick=128, period_us=500, samples=scene.house.pico.traces[3]
    )  # fmt: skip
    assert scene.flow.kept == {1: True}
    assert scene.log == ["that of trip 3 is stored"]
    scene.begun_anew()
    scene.run(3.0)
    assert len(scene.asked()) == messages.TRACE_PARTS, "nor after a restart of the host"


def test_the_circuit_stays_leased_while_it_is_read(scene: Scene) -> None:
    scene.house.pico.keep_trace(3, {})
    scene.house.run(2.0)
    assert scene.house.on
    seen: list[bool] = []
    scene.trips(trip(3))
    scene.run(6.0, lambda: seen.append(scene.house.on))
    assert scene.kept() == [(3, True)]
    assert all(seen)
    assert scene.house.driver.view().refused == {}


def test_what_a_lost_link_interrupted_is_begun_again(scene: Scene) -> None:
    scene.house.pico.keep_trace(3, {})
    scene.trips(trip(3))

    def pull_the_cable() -> None:
        if scene.house.plugged and len(scene.asked()) == 5:
            scene.house.unplug()

    scene.run(6.0, pull_the_cable)
    assert scene.kept() == [(3, None)]
    scene.house.plug()
    scene.run(RETRY_S + 6.0)
    assert scene.kept() == [(3, True)]
    assert scene.asked() == [(3, part) for part in (*range(5), *range(messages.TRACE_PARTS))]


def test_a_trip_from_before_the_start_of_the_host_gets_its_waveform(scene: Scene) -> None:
    scene.store.recorder.event(trip(3))
    scene.house.pico.keep_trace(3, {})
    scene.run(4.0)
    assert scene.kept() == [(3, True)]


def test_the_newest_comes_first_and_other_boards_are_left_alone(scene: Scene) -> None:
    for one in (trip(3), trip(4, kind="fault"), trip(5, board_id="other")):
        scene.store.recorder.event(one)
    for number in (3, 4, 5):
        scene.house.pico.keep_trace(number, {})
    scene.run(8.0)
    assert [number for number, part in scene.asked() if part == 0] == [4, 3]
    assert scene.kept() == [(5, None), (4, True), (3, True)]


def test_that_the_pico_has_none_is_asked_once_and_remembered(scene: Scene) -> None:
    scene.store.recorder.event(trip(3))
    scene.run(3.0)
    assert scene.asked() == [(3, 0)]
    assert scene.kept() == [(3, False)]
    assert scene.flow.kept == {1: False}
    assert scene.log == ["that of trip 3 does not exist: the Pico has kept none"]
    scene.begun_anew()
    scene.run(3.0)
    assert scene.asked() == [(3, 0)]


def test_a_trip_of_just_now_may_not_be_written_yet(scene: Scene) -> None:
    """Its black box still records, or waits for its flash: "no trace" is believed only after a while."""
    scene.trips(trip(3))
    scene.run(RETRY_S)
    assert scene.asked() == [(3, 0)]
    assert scene.kept() == [(3, None)]
    scene.house.pico.keep_trace(3, {})
    scene.run(RETRY_S + 4.0)
    assert scene.kept() == [(3, True)]


def test_a_trip_that_stays_without_is_believed_in_the_end(scene: Scene) -> None:
    scene.trips(trip(3))
    scene.run(FRESH_S + RETRY_S + 2.0)
    assert scene.kept() == [(3, False)]
    assert len(scene.asked()) <= 1 + FRESH_S / RETRY_S + 1


def test_parts_of_two_waveforms_are_never_put_together(scene: Scene) -> None:
    """A later trip took the place of this one in the middle of reading: what is left of it is nobody's."""
    scene.house.pico.keep_trace(3, {})
    scene.store.recorder.event(trip(3))

    def lose_it() -> None:
        if len(scene.asked()) == 5:
            scene.house.pico.traces.clear()

    scene.run(3.0, lose_it)
    assert scene.kept() == [(3, False)]


class Failing:
    """A recorder whose disk is full."""

    def submit_waveform(self, _waveform: Waveform) -> "Future[bool]":
        failed: Future[bool] = Future()
        failed.set_exception(StoreError("no room: free some space"))
        return failed


def test_what_cannot_be_stored_is_read_again(scene: Scene) -> None:
    scene.store.recorder.event(trip(3))
    scene.house.pico.keep_trace(3, {})
    working, scene.flow._recorder = scene.flow._recorder, Failing()
    scene.run(4.0)
    assert scene.log[-1] == "that of trip 3 is not stored now: no room: free some space"
    scene.flow._recorder = working
    scene.run(RETRY_S + 3.0)
    assert scene.kept() == [(3, True)]


# -- the whole host --------------------------------------------------------------------------------------------------


def test_a_trip_shows_its_waveform_in_units_and_another_says_why_it_has_none(tmp_path: Path) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        stage = Stage(tmp_path, pty)
        pty.pico.keep_trace(3, {"current_1": SURGE})

        async def scene() -> None:
            await stage.heating()
            pty.pico.trip_id, pty.pico.state = 3, "tripped"
            pty.pico.events.append(records.Trip(3, 1, 9, 0, 1, 1, 0, 12_500, 11_000))
            await stage.until(lambda: stage.app.status()["trip"] is not None)
            assert stage.app.status()["trip"]["waveform"] == "awaited"
            number = stage.app.trips(20)["trips"][0]["id"]
            with pytest.raises(NotKnownError, match=f"waveform of trip {number} has not been read"):
                stage.app.waveform(number)
            await stage.until(lambda: stage.app.status()["trip"]["waveform"] == "stored")
            assert stage.app.status()["trip"]["event_id"] == number
            (told,) = [event for event in stage.app.status()["events"] if event["kind"] == "trip"]
            assert (told["id"], told["waveform"]) == (number, "stored")
            assert {event["waveform"] for event in stage.app.status()["events"] if event["kind"] != "trip"} == {None}
            shown = stage.app.waveform(number)
            assert shown["trip"] == stage.app.trips(1)["trips"][0]
            assert shown["trip"]["trip_id"] == 3
            assert shown["series"]["current_1"]["counts"] == SURGE
            assert shown["series"]["current_1"]["values"][0] == pytest.approx((2000 - 372) / 3696 * 14, abs=0.001)
            assert shown["series"]["voltage_2"]["values"] is None, "no scale"
            assert (shown["t_ms"][0], shown["t_ms"][128], shown["t_ms"][255]) == (-64.0, 0.0, 63.5)

        stage.play(scene)
        again = Stage(tmp_path, pty)

        async def later() -> None:
            again.app._recorder.event(replace(trip(2), boot_id=7))
            number = again.app.trips(1)["trips"][0]["id"]
            await again.until(lambda: again.app.trips(1)["trips"][0]["waveform"] == "none")
            with pytest.raises(NotKnownError, match=f"kept no waveform of trip {number}"):
                again.app.waveform(number)
            with pytest.raises(NotKnownError, match="no trip 999"):
                again.app.waveform(999)

        again.play(later)
