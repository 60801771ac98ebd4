"""Feeders and feedings in the store: one feeder a servo, one row an operation and a meal, and no history is lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from store_kit import T0, event, feeder, feeding, opened

from tankwarden.errors import NotKnownError, TakenError
from tankwarden.logic.feeder import Entry
from tankwarden.logic.feeding import Outcome, Source, Started, Status
from tankwarden.store import Begun

pytestmark = pytest.mark.usefixtures("each_database")


def outcome(status: Status = Status.SUCCESS, **changes: Any) -> Outcome:
    whole = Outcome(
        operation_id=(1 << 59) + 7, servo=1, status=status, reason="none", turns=2, drops=2, took_ms=1600,
        ended_ms=T0 + 5000, board_id="e66038b7",
    )  # fmt: skip
    return replace(whole, **changes)


def test_a_feeder_comes_back_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        number = store.recorder.submit_feeder(feeder()).result()
        (found,) = store.feeder_queries().feeders()
        assert found == replace(feeder(), id=number, schedule=(replace(feeder().schedule[0], id=found.schedule[0].id),))


def test_a_servo_has_one_feeder_until_that_is_deleted(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        first = store.recorder.submit_feeder(feeder()).result()
        with pytest.raises(TakenError, match=rf"servo 1 is taken by feeder {first}, Pellets"):
            store.recorder.submit_feeder(feeder(name="Flakes")).result()
        second = store.recorder.submit_feeder(feeder(name="Flakes", servo=2)).result()
        with pytest.raises(TakenError):
            store.recorder.submit_feeder(feeder(id=second)).result()
        store.recorder.submit_feeder(feeder(id=first, name="Pellets 2")).result()
        store.recorder.submit_feeder_end(first).result()
        assert store.recorder.submit_feeder(feeder(id=second, name="Flakes")).result() == second
        assert store.recorder.submit_feeder(feeder(servo=2)).result() not in (first, second)


def test_what_is_gone_is_told(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        number = store.recorder.submit_feeder(feeder()).result()
        store.recorder.submit_feeding(feeding(number)).result()
        store.recorder.submit_feeder_end(number).result()
        for gone in (
            store.recorder.submit_feeder_end(number),
            store.recorder.submit_feeder(feeder(id=number)),
            store.recorder.submit_feeder(feeder(id=99)),
        ):
            with pytest.raises(NotKnownError, match="there is no feeder"):
                gone.result()
        queries = store.feeder_queries()
        assert queries.feeders() == []
        assert [row.feeder for row in queries.feedings(0, number)] == [number], "its history stays"
        assert (queries.known(number), queries.known(99)) == (True, False)


def test_a_schedule_is_changed_entry_by_entry(tmp_path: Path) -> None:
    """An entry that goes keeps its id for itself: what it fed is never another one's."""
    with opened(tmp_path / "a.db") as store:
        number = store.recorder.submit_feeder(feeder()).result()
        (found,) = store.feeder_queries().feeders()
        (morning,) = found.schedule
        noon = Entry(name="Noon", minute=720)
        store.recorder.submit_feeder(replace(found, schedule=(replace(morning, minute=490), noon))).result()
        (found,) = store.feeder_queries().feeders()
        assert [(entry.id == morning.id, entry.minute) for entry in found.schedule] == [(True, 490), (False, 720)]
        store.recorder.submit_feeder(replace(found, schedule=())).result()
        store.recorder.submit_feeder(replace(found, schedule=(noon,))).result()
        (found,) = store.feeder_queries().feeders()
        assert found.schedule[0].id not in (morning.id, None)
        with pytest.raises(NotKnownError, match="no entry"):
            store.recorder.submit_feeder(replace(found, schedule=(morning,))).result()
        assert store.feeder_queries().feeders() == [found], "and nothing of that was changed"
        assert number == found.id


def test_an_operation_and_a_meal_have_one_row(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        begin = store.recorder.submit_feeding
        meal = feeding(1, entry=4, day="2026-06-16", scheduled_for_ms=T0)
        assert begin(meal).result() is Begun.STORED
        assert begin(meal).result() is Begun.ID_TAKEN
        assert begin(replace(meal, operation_id=8)).result() is Begun.KNOWN
        assert begin(replace(meal, operation_id=None, status=Status.FAILED)).result() is Begun.KNOWN
        assert begin(replace(meal, operation_id=8, day="2026-06-17")).result() is Begun.STORED
        for number in (9, 10):
            assert begin(feeding(1, operation_id=number)).result() is Begun.STORED, "no meal of the schedule"
        assert store.feeder_queries().given("2026-06-17") == {(4, "2026-06-17")}
        assert len(store.feeder_queries().feedings()) == 4


def test_what_a_pico_tells_goes_in_with_its_event_and_twice_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.submit_feeding(feeding(3)).result()
        told = replace(event(), kind="feeding", feeding=outcome())
        for new in (True, False):
            assert store.recorder.event(told) is new
            (row,) = store.feeder_queries().feedings()
            assert (row.status, row.portion_g, row.started_ms, row.ended_ms) == (
                Status.SUCCESS, 0.5, T0 + 3400, T0 + 5000,
            )  # fmt: skip
        store.recorder.submit_outcome(outcome(ended_ms=None)).result()
        assert store.feeder_queries().feedings() == [row], "asked again it knows no instants: those stay"
        assert store.feeder_queries().pending() == []


@pytest.mark.parametrize(
    "first", [outcome(), outcome(Status.FAILED, reason="no_drop", drops=0), outcome(drops=None, ended_ms=None)],
    ids=["told", "nothing-fell", "asked-without-a-sensor"],
)  # fmt: skip
def test_the_first_report_stays_when_a_restart_makes_the_pico_tell_of_it_again(tmp_path: Path, first: Outcome) -> None:
    """Its flash broke while it fed: the report was told and never kept."""
    with opened(tmp_path / "a.db") as store:
        store.recorder.submit_feeding(feeding(3)).result()
        store.recorder.submit_outcome(first).result()
        (row,) = store.feeder_queries().feedings()
        again = outcome(Status.PARTIAL, reason="restart", drops=None, took_ms=0, ended_ms=T0 + 90_000)
        store.recorder.submit_outcome(again).result()
        assert store.feeder_queries().feedings() == [row]
        assert store.recorder.event(replace(event(), kind="feeding", feeding=again)), "as the Pico's event it is kept"
        assert store.feeder_queries().feedings() == [row]


def test_the_truth_comes_after_a_judgement(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.submit_feeding(feeding(3)).result()
        store.recorder.submit_unfed((1 << 59) + 7, Status.FAILED, "never began").result()
        (row,) = store.feeder_queries().feedings()
        assert (row.status, row.reason, row.portion_g) == (Status.FAILED, "never began", 0.0)
        store.recorder.submit_outcome(outcome(Status.PARTIAL, reason="restart")).result()
        store.recorder.submit_unfed((1 << 59) + 7, Status.FAILED, "never began").result()
        (row,) = store.feeder_queries().feedings()
        assert (row.status, row.reason, row.portion_g) == (
            Status.PARTIAL, "the Pico restarted while it fed", None,
        )  # fmt: skip


@pytest.mark.parametrize("begin_told", [True, False])
def test_an_operation_of_nobodys_has_a_row(tmp_path: Path, begin_told: bool) -> None:
    with opened(tmp_path / "a.db") as store:
        number = store.recorder.submit_feeder(feeder()).result()
        if begin_told:
            started = Started(
                operation_id=(1 << 59) + 7, servo=1, started_ms=T0, turns=2, portion_g=0.8, board_id="b", boot_id=7
            )
            for _ in range(2):
                store.recorder.event(replace(event(1), feeding=started))
            (row,) = store.feeder_queries().pending()
            assert (row.feeder, row.source, row.asked_g) == (number, Source.PICO, 0.8)
        for _ in range(2):
            store.recorder.event(replace(event(2), feeding=outcome()))
        (row,) = store.feeder_queries().feedings()
        assert (row.feeder, row.source, row.status) == (number, Source.PICO, Status.SUCCESS)
        assert row.portion_g == (0.8 if begin_told else None)


def test_the_last_of_each_and_the_newest_first(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        one = store.recorder.submit_feeder(feeder()).result()
        two = store.recorder.submit_feeder(feeder(servo=2)).result()
        for number, (who, at_ms) in enumerate([(one, T0), (two, T0 + 1), (one, T0 + 2), (one, T0 - 5)]):
            store.recorder.submit_feeding(feeding(who, operation_id=number, requested_ms=at_ms)).result()
        queries = store.feeder_queries()
        assert [row.operation_id for row in queries.feedings()] == [2, 1, 0, 3]
        assert [row.operation_id for row in queries.feedings(T0, one)] == [2, 0]
        assert {who: row.operation_id for who, row in queries.last_feedings().items()} == {one: 2, two: 1}
