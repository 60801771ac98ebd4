"""Feedings from the wish to the history: by hand, by the schedule, and what keeps one from being given."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from feed_house import FeedHouse, fed_by_hand, only, started

from tanklink import records
from tankwarden.errors import CommandError, NotNowError, RefusedError
from tankwarden.logic import feeding as rules
from tankwarden.logic.feeding import Source, Status
from tankwarden.store import backups

MIDNIGHT: dict[str, Any] = {"schedule": [{"name": "Night", "time": "00:00"}]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[FeedHouse]:
    house = FeedHouse(tmp_path)
    yield house
    house.close()


def test_a_feeding_by_hand(house: FeedHouse) -> None:
    """2 turns of 300 + 200 + 300 ms; stored before it is asked for, and settled by the Pico's report."""
    house.add()

    async def live() -> None:
        host = await started(house)
        assert (await fed_by_hand(house, host)).status is Status.PENDING
        (asked,) = (record for record in house.delivered() if isinstance(record, records.Feed))
        assert (asked.turns, asked.portion_mg, asked.rest_us, asked.feed_us) == (2, 500, 500, 1833)
        assert (asked.rotate_ms, asked.hold_ms, asked.feeder, asked.return_to_rest) == (300, 200, 1, True)
        await house.run(2.5)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert (row.status, row.source, row.portion_g, row.drops) == (Status.SUCCESS, Source.PERSON, 0.5, 2)
    assert row.operation_id == house.minted[0]
    assert row.started_ms is not None
    assert row.ended_ms is not None
    assert row.ended_ms - row.started_ms == 1600
    assert house.pico.feeder.fed == [(row.operation_id, 1, 2)]
    assert [event.kind for event in host_events(house)] == ["feeding", "feeding_started"]
    assert house.pico.events == [], "both events are acknowledged"


def test_without_a_drop_sensor_nobody_has_counted(house: FeedHouse) -> None:
    house.add(servo=2, name="Flakes")

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host)
        await house.run(2.5)
        await house.kill()

    asyncio.run(live())
    assert (only(house).status, only(house).portion_g, only(house).drops) == (Status.SUCCESS, 0.5, None)


def host_events(house: FeedHouse) -> list[Any]:
    from tankwarden import wiring

    return house.store.queries(wiring.calibration_of(house.config)).events()


def test_a_meal_of_the_schedule_comes_once(house: FeedHouse) -> None:
    house.add(**MIDNIGHT)

    async def live() -> None:
        await started(house)
        await house.run(90)
        await house.kill()
        await started(house)  # it is still the same minute, for the schedule
        await house.run(5)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert (row.status, row.source, row.day) == (Status.SUCCESS, Source.SCHEDULE, "2026-06-16")
    assert row.scheduled_for_ms is not None
    assert 0 <= row.requested_ms - row.scheduled_for_ms < 1000
    assert len(house.pico.feeder.fed) == 1


@pytest.mark.parametrize("back_ms", [3_600_000, 20_000])
def test_a_clock_that_is_set_back_feeds_nothing_twice(house: FeedHouse, back_ms: int) -> None:
    house.add(**MIDNIGHT)

    async def live() -> None:
        await started(house)
        await house.run(30)
        house.clock.jump(-back_ms)
        await house.run(back_ms / 1000 if back_ms < 60_000 else 30)
        house.clock.jump(3_600_000)
        await house.run(30)
        await house.kill()

    asyncio.run(live())
    assert len(house.pico.feeder.fed) == 1
    assert only(house).status is Status.SUCCESS


def test_two_feeders_at_one_time_feed_one_after_the_other(house: FeedHouse) -> None:
    house.add(**MIDNIGHT)
    house.add(**MIDNIGHT, servo=2, name="Flakes")

    async def live() -> None:
        await started(house)
        await house.run(30)
        await house.kill()

    asyncio.run(live())
    assert [row.status for row in house.history()] == [Status.SUCCESS] * 2
    assert [feeder for _, feeder, _ in house.pico.feeder.fed] == [1, 2]


def test_an_empty_hopper_is_a_failure(house: FeedHouse) -> None:
    house.add()
    house.pico.feeder.empty.add(1)

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host)
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert (row.status, row.portion_g) == (Status.FAILED, 0.0)
    assert row.reason == "the drop sensor saw nothing fall: is the hopper empty?"


def test_one_at_a_time(house: FeedHouse) -> None:
    house.add()
    house.add(servo=2, name="Flakes")

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host)
        with pytest.raises(NotNowError, match="a servo moves"):
            await fed_by_hand(house, host, name=1)
        await house.run(3)
        await fed_by_hand(house, host, name=1)
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    assert [row.status for row in house.history()] == [Status.SUCCESS] * 2


def test_without_a_pico_nothing_is_stored(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        house.plugged = False
        host.driver.detach()
        with pytest.raises(NotNowError, match="the Pico is not connected"):
            await fed_by_hand(house, host)
        await house.kill()

    asyncio.run(live())
    assert house.history() == []


def test_a_portion_in_whole_turns(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host, 1.3)
        with pytest.raises(RefusedError, match=r"takes 12 turns, and a feeding has at most 10 \(2.5 g\)"):
            await fed_by_hand(house, host, 3.0)
        await house.run(6)
        await house.kill()

    asyncio.run(live())
    assert (only(house).turns, only(house).portion_g) == (5, 1.25)


def test_a_test_movement_is_no_feeding(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        asked = asyncio.ensure_future(host.flow.test((host.book.feeders or ())[0]))
        await house.run(3, until=asked.done)
        await asked
        with pytest.raises(NotNowError, match="a servo moves"):
            await fed_by_hand(house, host)
        await house.run(1)
        await fed_by_hand(house, host)
        house.pico.refuse[records.TestServo] = "range"
        await house.run(3)
        asked = asyncio.ensure_future(host.flow.test((host.book.feeders or ())[0]))
        await house.run(3, until=asked.done)
        with pytest.raises(CommandError, match="was not tested"):
            await asked
        await house.kill()

    asyncio.run(live())
    assert len(house.pico.feeder.tested) == 1
    assert len(house.history()) == 1


@pytest.mark.parametrize(
    ("within", "late_s", "fed"), [(0, 50, True), (0, 70, False), (30, 1700, True), (30, 1900, False)]
)
def test_a_missed_meal_is_skipped_or_made_up(house: FeedHouse, within: int, late_s: int, fed: bool) -> None:
    """The host comes up late_s after midnight."""
    house.add(**MIDNIGHT, missed_within=within)
    house.clock.advance(10 + late_s - 2)

    async def live() -> None:
        host = await started(house)
        await house.run(5)
        assert [event.kind for event in host.notes] == ([] if fed else ["meal_missed"])
        await house.kill()
        await started(house)
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    if fed:
        assert row.status is Status.SUCCESS
    else:
        assert (row.status, row.operation_id, row.portion_g) == (Status.FAILED, None, 0.0)
        assert row.reason is not None
        assert row.reason.startswith("missed: Tankwarden did not run")


def test_a_restored_history_makes_no_meal_up(house: FeedHouse, tmp_path: Path) -> None:
    """It was given after the backup was made: the history does not know, and must not act as if it did."""
    house.add(**MIDNIGHT, missed_within=30)
    backup = tmp_path / "b.db"
    backups.make(house.database, backup)

    async def live(seconds: float) -> None:
        await started(house)
        await house.run(seconds)
        await house.kill()

    asyncio.run(live(20))
    assert only(house).status is Status.SUCCESS
    house.close()
    backups.restore(backup, house.database, house.clock.wall_ms())
    house.open()
    asyncio.run(live(20))
    assert len(house.pico.feeder.fed) == 1
    assert (only(house).status, only(house).operation_id) == (Status.FAILED, None)
    assert only(house).reason == rules.RESTORED
    house.clock.advance(86_400 - 60)
    asyncio.run(live(60))
    assert len(house.pico.feeder.fed) == 2, "the next one is given as ever"


def test_a_meal_that_the_link_kept_back_says_so(house: FeedHouse) -> None:
    house.add(**MIDNIGHT)

    async def live() -> None:
        host = await started(house)
        house.plugged = False
        host.driver.detach()
        await house.run(90)
        await house.kill()

    asyncio.run(live())
    assert only(house).reason == "missed: the Pico is not connected; a missed meal is skipped"


def test_a_store_that_takes_nothing_feeds_nothing(house: FeedHouse) -> None:
    """What cannot be stored first is not asked for."""
    house.add(**MIDNIGHT)

    async def live() -> None:
        await started(house)
        house.store.close()
        await house.run(30)
        await house.kill()

    asyncio.run(live())
    assert house.pico.told_of(records.Feed) == []


def test_an_operation_id_is_never_used_twice(house: FeedHouse) -> None:
    house.add()
    ids = iter([7, 7, 7, 8])

    async def live() -> None:
        host = await started(house)
        house.mint = lambda: next(ids)  # type: ignore[method-assign]
        await fed_by_hand(house, host)
        await house.run(3)
        await fed_by_hand(house, host)
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    assert [row.operation_id for row in house.history()] == [7, 8]


def test_a_deleted_feeder_lets_its_feeding_end_and_keeps_its_history(house: FeedHouse) -> None:
    feeder = house.add()

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host)
        deleting = asyncio.ensure_future(host.book.delete(feeder.id))
        await house.run(3, until=deleting.done)
        await deleting
        await house.run(3)
        assert host.book.feeders == []
        await house.kill()

    asyncio.run(live())
    assert (only(house).status, only(house).feeder) == (Status.SUCCESS, feeder.id)
    assert len(house.pico.feeder.fed) == 1
