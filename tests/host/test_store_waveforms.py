"""Waveforms in the store: each once, the Pico's having none remembered, and which trips still lack theirs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from store_kit import CALIBRATION, event, opened

from tankwarden.errors import StoreError
from tankwarden.logic.waveform import Waveform
from tankwarden.store import Queries, Store

pytestmark = pytest.mark.usefixtures("each_database")

SAMPLES = bytes(range(24)) * 2


def waveform(journal_id: int = 1, *, boot_id: int = 77, samples: bytes | None = SAMPLES) -> Waveform:
    return Waveform(
        board_id="e66038b7", boot_id=boot_id, journal_id=journal_id, at_tick=2, period_us=500, samples=samples
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "a.db") as store:
        yield store


@pytest.fixture
def queries(store: Store) -> Queries:
    return store.queries(CALIBRATION)


def told(queries: Queries) -> list[tuple[int | None, bool | None]]:
    return [(event.journal_id, kept) for event, kept in queries.trips()]


def test_it_comes_back_as_it_was_stored_and_lands_once(store: Store, queries: Queries) -> None:
    store.recorder.event(event(1))
    (trip, kept), *_ = queries.trips()
    assert kept is None
    assert trip.id is not None
    assert queries.waveform(trip.id) == (trip, None)
    assert store.recorder.submit_waveform(waveform()).result() is True
    assert store.recorder.submit_waveform(waveform(samples=b"later")).result() is False
    assert store.recorder.submit_waveform(waveform(samples=None)).result() is False
    assert queries.waveform(trip.id) == (trip, waveform())
    assert told(queries) == [(1, True)]


def test_that_the_pico_has_none_is_remembered(store: Store, queries: Queries) -> None:
    store.recorder.event(event(1))
    store.recorder.submit_waveform(waveform(samples=None)).result()
    assert told(queries) == [(1, False)]
    found = queries.waveform(1)
    assert found is not None
    assert found[1] is not None
    assert found[1].samples is None


def test_trips_and_faults_of_picos_alone_are_listed_newest_first(store: Store, queries: Queries) -> None:
    for one in (event(1), replace(event(2), kind="boot"), event(None), replace(event(3), kind="fault"), event(4)):
        store.recorder.event(one)
    assert told(queries) == [(4, None), (3, None), (1, None)]
    assert [trip.journal_id for trip, _ in queries.trips(2)] == [4, 3]


def test_a_number_that_was_given_anew_is_asked_for_once_only(store: Store, queries: Queries) -> None:
    """The Pico was flashed anew: what it has under 1 now is not the waveform of the 1 of before."""
    store.recorder.event(event(1, boot_id=77))
    store.recorder.event(event(1, boot_id=99))
    assert told(queries) == [(1, None), (1, False)]
    store.recorder.submit_waveform(waveform(boot_id=99)).result()
    assert told(queries) == [(1, True), (1, False)]


def test_what_was_stored_before_the_number_was_given_anew_stays(store: Store, queries: Queries) -> None:
    store.recorder.event(event(1, boot_id=77))
    store.recorder.submit_waveform(waveform(boot_id=77)).result()
    store.recorder.event(event(1, boot_id=99))
    assert told(queries) == [(1, None), (1, True)]
    assert queries.waveform(2) is not None
    assert queries.waveform(2) != queries.waveform(1)


def test_another_board_with_the_same_numbers_is_another(store: Store, queries: Queries) -> None:
    store.recorder.event(event(1))
    store.recorder.event(event(1, board_id="other"))
    store.recorder.submit_waveform(waveform()).result()
    assert told(queries) == [(1, None), (1, True)]


def test_what_is_no_trip_has_none(store: Store, queries: Queries) -> None:
    store.recorder.event(event(None))
    assert queries.waveform(1) is None
    assert queries.waveform(99) is None


def test_a_store_that_is_closed_takes_none(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.recorder.submit_waveform(waveform())
