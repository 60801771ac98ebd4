"""Events: durable before they are acknowledged, each once, and none skipped by an acknowledgement."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tanklink import records
from tanklink.messages import SUBJECTS, TRIGGERS
from tankwarden.clock import ManualClock
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.drivers.pico.session import Arrived, JournalRecord
from tankwarden.errors import StoreError
from tankwarden.events import Event
from tankwarden.flows.events import Events
from tankwarden.store import Calibration, Store, open_store

BOARD = "4641"


def trip(number: int, boot_id: int = 1) -> records.Trip:
    return records.Trip(number, boot_id, 5, 0, 1, 1, 0, 12_000, 11_000)


class Pico:
    """What the flow needs of the driver; records what was acknowledged."""

    def __init__(self) -> None:
        self.who: tuple[str, int] | None = (BOARD, 1)
        self.acknowledged: list[int] = []

    def identity(self) -> tuple[str, int] | None:
        return self.who

    def uptime_ms(self) -> int | None:
        return 8000

    def acknowledge(self, event_id: int) -> None:
        self.acknowledged.append(event_id)


class Scene:
    def __init__(self, store: Store) -> None:
        self.store, self.pico = store, Pico()
        self.clock = ManualClock(1_000_000, 50.0)
        self.queries = store.queries(Calibration((), (), 60.0))
        self.log: list[tuple[str, str, str]] = []
        self.events = Events(
            store.recorder, self.queries, self.clock, self.pico, lambda *line: self.log.append(line)
        )  # fmt: skip

    def tell(self, *told: JournalRecord) -> None:
        for record in told:
            self.events.told(Arrived(record))

    def settle(self) -> None:
        """Everything that was told is stored."""
        asyncio.run(self.events.finish())

    def status(self, waiting: int) -> None:
        status = FakePico().status(0.0)._replace(events_waiting=waiting)
        self.events.told(Arrived(status))

    def stored(self) -> list[int | None]:
        return [event.journal_id for event in reversed(self.queries.events(100))]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with open_store(tmp_path / "test.db") as store:
        yield Scene(store)


def test_nothing_is_acknowledged_before_it_is_stored(scene: Scene) -> None:
    scene.tell(trip(1))
    scene.status(waiting=1)
    assert scene.pico.acknowledged == []
    scene.settle()
    assert scene.stored() == [1]
    assert scene.pico.acknowledged == [], "and not before the Pico says that this is all"
    scene.status(waiting=1)
    assert scene.pico.acknowledged == [1]


def test_a_gap_is_never_acknowledged_over(scene: Scene) -> None:
    scene.tell(trip(1), trip(3))  # 2 was lost on the wire
    scene.settle()
    scene.status(waiting=3)
    assert scene.pico.acknowledged == []
    scene.tell(trip(1), trip(2), trip(3))  # sent again
    scene.settle()
    scene.status(waiting=3)
    assert scene.pico.acknowledged == [3]
    assert scene.stored() == [1, 3, 2], "each once"


def test_a_lost_acknowledgement_is_given_again(scene: Scene) -> None:
    scene.tell(trip(1))
    scene.settle()
    scene.status(waiting=1)
    scene.tell(trip(1))
    scene.settle()
    scene.status(waiting=1)
    assert scene.pico.acknowledged == [1, 1]
    assert scene.stored() == [1]


def test_a_repeated_event_does_not_stand_for_one_that_was_lost(scene: Scene) -> None:
    scene.tell(trip(1))
    scene.settle()
    scene.status(waiting=1)
    scene.tell(trip(1), trip(3))  # 1 was still on its way; 2 is lost
    scene.settle()
    scene.status(waiting=2)
    assert 3 not in scene.pico.acknowledged


def test_after_a_restart_of_the_pico_old_acknowledgements_mean_nothing(scene: Scene) -> None:
    scene.tell(trip(9))
    scene.settle()
    scene.status(waiting=1)
    scene.pico.who = (BOARD, 2)
    scene.tell(trip(1, boot_id=2))  # its journal was erased: it numbers from 1
    scene.settle()
    scene.status(waiting=1)
    assert scene.pico.acknowledged == [9, 1]
    assert scene.stored() == [9, 1]


class FailingRecorder:
    """A disk that takes nothing."""

    def submit_event(self, _event: Event) -> "Future[bool]":
        future: Future[bool] = Future()
        future.set_exception(StoreError("the disk is full: make room"))
        return future


def test_what_cannot_be_stored_is_shown_but_not_acknowledged(scene: Scene) -> None:
    scene.events._recorder = FailingRecorder()
    for _ in range(3):  # the Pico tells it again until it is acknowledged
        scene.tell(trip(1))
        scene.settle()
        scene.status(waiting=1)
    assert scene.pico.acknowledged == []
    assert [event.journal_id for event in scene.events.recent] == [1]
    assert "the disk is full" in scene.log[0][2]


def test_the_standing_trip_is_found_by_its_number_and_board_also_after_a_restart_of_the_host(scene: Scene) -> None:
    scene.tell(trip(1))
    scene.settle()
    found = scene.events.trip(1)
    assert found is not None
    assert (found.trigger, found.value, found.limit, found.unit) == ("over_current", 12.0, 11.0, "A")
    assert found.at_ms == 1_000_000 - 3000, "on the Pico's clock, three seconds before it was told"
    assert scene.events.trip(2) is None
    again = Scene(scene.store)
    asyncio.run(again.events._refresh(100))
    assert again.events.trip(1) is not None
    again.pico.who = ("another board", 1)
    assert again.events.trip(1) is None


def test_the_page_has_them_by_when_they_happened_whenever_they_were_told(scene: Scene) -> None:
    def host(at_ms: int, kind: str) -> Event:
        return Event(at_ms=at_ms, kind=kind, severity="info", text=kind)

    scene.events.note(host(999_000, "start"))
    scene.tell(trip(1))  # told now, three seconds after it happened
    scene.events.note(host(999_000, "output"))
    scene.settle()
    assert [event.kind for event in scene.events.recent] == ["output", "start", "trip"]


def test_the_cause_of_too_many_trips_is_the_last_trip_of_that_circuit(scene: Scene) -> None:
    too_many = TRIGGERS.index("too_many_trips"), SUBJECTS.index("trips")
    other_circuit = trip(3)._replace(circuit=2)
    scene.tell(trip(1), trip(2), other_circuit, records.Fault(4, 1, 5, 0, 1, *too_many, 4, 3))
    scene.settle()
    fault = scene.events.trip(4)
    assert fault is not None
    cause = scene.events.cause_of(fault)
    assert cause is not None
    assert (cause.journal_id, cause.trigger) == (2, "over_current")
    first = scene.events.trip(1)
    assert first is not None
    assert scene.events.cause_of(first) is None


def test_events_without_a_welcome_before_them_are_left_for_later(scene: Scene) -> None:
    scene.pico.who = None
    scene.tell(trip(1))
    scene.settle()
    assert scene.stored() == []
