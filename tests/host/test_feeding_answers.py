"""What became of a feeding whose answer did not come as it should: lost, refused, restarted, or of another Pico."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from feed_house import FeedHouse, fed_by_hand, only, started

from tanklink import records
from tankwarden.errors import CommandError
from tankwarden.logic.feeding import Source, Status


@pytest.fixture
def house(tmp_path: Path) -> Iterator[FeedHouse]:
    house = FeedHouse(tmp_path)
    yield house
    house.close()


def operations(house: FeedHouse) -> set[tuple[int, int]]:
    """That the Pico was asked for."""
    return {(feed.op_hi, feed.op_lo) for feed in house.delivered() if isinstance(feed, records.Feed)}


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
