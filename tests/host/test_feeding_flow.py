"""Feedings from the wish to the history: stored first, asked for once, and what became of them found out."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from feed_house import FeedHouse, Host, Life

from tanklink import records
from tankwarden.errors import CommandError, NotNowError, RefusedError
from tankwarden.logic.feeding import Feeding, Source, Status

MIDNIGHT: dict[str, Any] = {"schedule": [{"name": "Night", "time": "00:00"}]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[FeedHouse]:
    house = FeedHouse(tmp_path)
    yield house
    house.close()


async def started(house: FeedHouse, life: Life | None = None) -> Host:
    host = await house.start(life)
    await house.run(2.0, until=host.driver.ready)
    assert host.driver.ready()
    await house.run(0.2)
    return host


async def fed_by_hand(house: FeedHouse, host: Host, portion_g: float | None = None, name: int = 0) -> Feeding:
    """The person's wish, answered."""
    asked = asyncio.ensure_future(host.flow.feed((host.book.feeders or ())[name], portion_g))
    await house.run(3.0, until=asked.done)
    return await asked


def operations(house: FeedHouse) -> set[tuple[int, int]]:
    """That the Pico was asked for."""
    return {(feed.op_hi, feed.op_lo) for feed in house.delivered() if isinstance(feed, records.Feed)}


def only(house: FeedHouse) -> Feeding:
    (feeding,) = house.history()
    return feeding


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


@pytest.mark.parametrize(("lose", "losing"), [("request", 1), ("request", 3), ("reply", 1), ("reply", 3)])
def test_a_frame_that_is_lost_is_asked_for_again_by_its_very_seq(house: FeedHouse, lose: str, losing: int) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        getattr(house.pico, f"lose_{'requests' if lose == 'request' else 'replies'}")[records.Feed] = losing
        await fed_by_hand(house, host)
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    assert only(house).status is Status.SUCCESS
    assert len(house.pico.feeder.fed) == 1


def test_a_request_that_never_arrives_is_not_sent_again(house: FeedHouse) -> None:
    """All four tries are lost: from then on it is only asked about, and judged once the Pico's clock has passed it."""
    house.add()

    async def live() -> None:
        host = await started(house)
        house.pico.lose_requests[records.Feed] = 4
        assert (await fed_by_hand(house, host)).status is Status.PENDING
        await house.run(10)
        assert only(house).status is Status.PENDING, "it could still arrive"
        await house.run(15)
        assert [event.kind for event in host.notes] == ["not_fed"]
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert (row.status, row.portion_g) == (Status.FAILED, 0.0)
    assert row.reason is not None
    assert "never began" in row.reason
    assert house.pico.told_of(records.Feed) == []
    assert house.pico.feeder.fed == []


def test_replies_that_are_lost_are_found_out(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        house.pico.lose_replies[records.Feed] = 4
        await fed_by_hand(house, host)
        await house.run(4)
        await house.kill()

    asyncio.run(live())
    assert only(house).status is Status.SUCCESS
    assert len(operations(house)) == 1
    assert len(house.pico.feeder.fed) == 1


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.5, 1.0, 1.6, 2.0])
def test_a_pico_that_restarts_while_it_feeds(house: FeedHouse, after_s: float) -> None:
    """Partial by its own report, or success if it was at its end; never again."""
    house.add()

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host)
        await house.run(after_s)
        house.pico.restart(house.clock.mono(), "watchdog")
        await house.run(10)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    ((_, _, turns),) = house.pico.feeder.fed
    if turns == 2:
        assert (row.status, row.portion_g) == (Status.SUCCESS, 0.5)
    else:
        assert (row.status, row.portion_g) == (Status.PARTIAL, None)
        assert row.reason == "the Pico restarted while it fed"


def test_a_pico_that_restarted_before_the_request_came(house: FeedHouse) -> None:
    """It knows nothing of it, and the request was of another boot's clock."""
    house.add()

    async def live() -> None:
        host = await started(house)
        house.pico.lose_requests[records.Feed] = 4
        asked = asyncio.ensure_future(host.flow.feed((host.book.feeders or ())[0], None))
        await house.run(0.1)
        house.pico.restart(house.clock.mono())
        await house.run(6)
        await asked
        await house.kill()

    asyncio.run(live())
    assert only(house).status is Status.FAILED
    assert house.pico.feeder.fed == []


def test_a_journal_that_is_lost_makes_nobody_sure(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        await fed_by_hand(house, host)
        await house.kill()
        house.pico.feeder.operations.clear()
        house.pico.restart(house.clock.mono())
        house.pico.events.clear()
        house.pico.feeder.journal_lost = True
        await started(house)
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert (row.status, row.portion_g) == (Status.PARTIAL, None)
    assert row.reason == "the Pico's journal was lost: it may have fed"


def test_what_the_pico_refuses_is_said_at_once(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        house.pico.refuse[records.Feed] = "feeding_cap"
        with pytest.raises(CommandError, match="was not fed: the Pico's cap for 24 hours is reached"):
            await fed_by_hand(house, host)
        await house.run(0.2)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert row.status is Status.FAILED
    assert row.reason is not None
    assert "cap for 24 hours" in row.reason


def test_a_try_that_was_refused_is_no_word_on_one_that_began(house: FeedHouse) -> None:
    """The reply to the first try is lost, a later one is refused: what the Pico knows of the operation counts."""
    house.add()

    async def live() -> None:
        host = await started(house)
        house.pico.lose_replies[records.Feed] = 4
        asked = asyncio.ensure_future(host.flow.feed((host.book.feeders or ())[0], None))
        await house.run(0.1)
        assert house.pico.feeder.operations
        house.pico.refuse[records.Feed] = "no_session"
        house.pico._replies.clear()
        house.pico.lose_replies[records.Feed] = 0
        await house.run(3, until=asked.done)
        await asked
        await house.run(3)
        await house.kill()

    asyncio.run(live())
    assert only(house).status is Status.SUCCESS


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


def test_a_report_of_an_operation_that_this_database_does_not_know_has_its_row(house: FeedHouse) -> None:
    """The database was set aside between the wish and the report."""
    feeder = house.add()

    async def live() -> None:
        await started(house)
        await house.run(0.5)
        asked = records.Feed(
            op_hi=1, op_lo=2, feeder=1, boot_id=1, not_after_uptime_s=10_000, not_after_uptime_ms_part=0,
            wall_day=20_000, wall_s=0, rest_us=500, feed_us=1500, rotate_ms=300, hold_ms=0, return_to_rest=True,
            turns=3, portion_mg=900,
        )  # fmt: skip
        now = house.clock.mono()
        house.pico.feeder.feed(asked, house.pico.config, 1, house.pico.uptime_ms(now), now)
        await house.run(5)
        await house.kill()

    asyncio.run(live())
    row = only(house)
    assert (row.operation_id, row.feeder, row.source) == (1 << 30 | 2, feeder.id, Source.PICO)
    assert (row.status, row.asked_g, row.portion_g) == (Status.SUCCESS, 0.9, 0.9)


def test_another_pico_is_not_asked_what_this_one_did(house: FeedHouse) -> None:
    house.add()

    async def live() -> None:
        host = await started(house)
        house.pico.lose_requests[records.Feed] = 4
        await fed_by_hand(house, host)
        await house.kill()
        house.pico.board_id = b"ANOTHER!"
        house.pico.told.clear()
        await started(house)
        await house.run(30)
        assert only(house).status is Status.PENDING
        assert house.pico.told_of(records.FeedStatus) == []
        house.clock.jump(86_400_000)
        await house.run(2)
        await house.kill()

    asyncio.run(live())
    assert only(house).status is Status.PARTIAL
    assert only(house).reason == "the Pico that was asked (46414b455049434f) has not come back"


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
