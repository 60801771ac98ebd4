"""The host killed at every await of a feeding, and before and after everything that it does to the store and the Pico.

Of each meal of the schedule at most one falls, whichever instant it was; and whatever fell is in the history as what it
was, and nothing that is in the history as fed did not fall.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from feed_house import MORNING_MS, FeedHouse, Life

from tanklink import records
from tankwarden.logic.feeding import Feeding, Status

HERE = Path(__file__).resolve().parent
MEAL: dict[str, Any] = {"schedule": [{"name": "Night", "time": "00:00"}]}
SETTLED_S = 40.0  # beyond the last instant at which an operation may begin, and a feeding's length
DOWN_S = 3.0  # from the host's death to the next one


class Cut:
    """What else goes wrong: the Pico restarts so long after the host's death; or the link is lost meanwhile."""

    def __init__(self, name: str, restart_after_s: float | None = None, lose: dict[str, int] | None = None) -> None:
        self.name, self.restart_after_s, self.lose = name, restart_after_s, lose or {}


CUTS = (
    Cut("only the host"),
    Cut("the Pico restarts with it", restart_after_s=0.0),
    Cut("the Pico restarts a little later", restart_after_s=0.7),
    Cut("every reply to FEED is lost", lose={"lose_replies": 4}),
    Cut("every FEED is lost", lose={"lose_requests": 4}),
    Cut("two FEEDs are lost and a reply", lose={"lose_requests": 2, "lose_replies": 1}),
)


def lived(folder: Path, life: Life, cut: Cut) -> tuple[FeedHouse, Life]:
    """A host until it dies, or is killed when all is long done; then another one on the same database and Pico."""
    folder.mkdir()
    house = FeedHouse(folder)
    house.add(**MEAL)
    for name, number in cut.lose.items():
        getattr(house.pico, name)[records.Feed] = number

    async def live() -> None:
        house.clock.advance(7)  # the meal is due in three seconds
        await house.start(life)
        await house.settle(SETTLED_S)
        await house.kill()
        await house.run(cut.restart_after_s or 0.0)
        if cut.restart_after_s is not None:
            house.pico.restart(house.clock.mono())
        await house.run(DOWN_S - (cut.restart_after_s or 0.0))
        await house.start()
        await house.settle(SETTLED_S)
        await house.kill()

    asyncio.run(live())
    return house, life


def accounted(house: FeedHouse, what: str) -> Feeding:
    """The one meal: in the history once, and as what the Pico knows to have fallen."""
    rows, fed = house.history(), house.pico.feeder.fed
    assert len(rows) == 1, f"{what}: {rows}"
    (row,) = rows
    assert len(fed) <= 1, f"{what}: fed {len(fed)} times"
    fell = {operation: turns for operation, _, turns in fed}.get(row.operation_id or -1)
    assert bool(fell) == bool(fed), f"{what}: fell {fed}, told {row}"
    expected = {2: Status.SUCCESS, 1: Status.PARTIAL, None: Status.FAILED}[fell]
    assert row.status is expected, f"{what}: {fell} turns fell, told {row}"
    assert row.portion_g == {2: 0.5, 1: None, None: 0.0}[fell], f"{what}: {row}"
    asked = {(feed.op_hi, feed.op_lo) for feed in house.delivered() if isinstance(feed, records.Feed)}
    assert len(asked) <= 1, f"{what}: asked for {len(asked)} operations"
    assert house.pico.events == [], f"{what}: not acknowledged"
    return row


def whole(folder: Path, cut: Cut) -> Life:
    """How many points and awaits a life has that nothing ends."""
    house, life = lived(folder, Life(), cut)
    accounted(house, "whole")
    house.close()
    return life


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name.replace(" ", "-"))
def test_killed_before_and_after_everything_that_it_does(tmp_path: Path, cut: Cut) -> None:
    points = whole(tmp_path / "whole", cut).points
    ended = []
    for number in range(1, len(points) + 1):
        house, life = lived(tmp_path / str(number), Life(die_at_point=number), cut)
        ended.append(accounted(house, f"killed at point {number}, {life.points[-1]}").status)
        house.close()
    if not cut.lose:
        assert "submit_feeding after" in points
        assert "Feed delivered" in points
        assert "submit_event after" in points
        assert ended[points.index("submit_feeding after")] is Status.FAILED, "stored, and never asked for"


@pytest.mark.parametrize("cut", CUTS[:2], ids=lambda cut: cut.name.replace(" ", "-"))
def test_killed_at_every_await(tmp_path: Path, cut: Cut) -> None:
    """Also those that wait for nothing of the store's or the Pico's: the looks from a minute before on to the end."""
    awaits = whole(tmp_path / "whole", cut).awaits
    assert awaits > 6
    for number in range(1, awaits + 1):
        house, _ = lived(tmp_path / str(number), Life(die_at_await=number), cut)
        accounted(house, f"killed at await {number} of {awaits}")
        house.close()


@pytest.mark.slow  # the Pico's program under CPython
@pytest.mark.parametrize("restart", [False, True], ids=["only-the-host", "the-Pico-restarts"])
def test_killed_with_the_very_program_of_the_pico_at_the_other_end(restart: bool) -> None:
    """Every point; what its hopper gave is the truth. feeding_on_the_program.py asserts it for each life."""
    program = [sys.executable, str(HERE / "feeding_on_the_program.py"), "1", "1", *(["restart"] if restart else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    ran = subprocess.run(program, capture_output=True, text=True, timeout=900, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lives = [line.split() for line in ran.stdout.splitlines()]
    assert {"Feed_before", "Feed_delivered", "submit_feeding_after", "submit_event_after"} <= {
        life[1] for life in lives
    }
    assert {life[3] for life in lives} >= {"success", "failed"}


def test_killed_again_and_again(tmp_path: Path) -> None:
    """Each host dies one step later than the one before it, all on one meal; the last one finds out."""
    house = FeedHouse(tmp_path)
    house.add(**MEAL)

    async def live() -> None:
        await house.run(9.0)
        for number in range(1, 16):
            life = Life(die_at_point=number)
            await house.start(life)
            await house.run_until_dead(4.0)
            await house.kill()
        await house.start()
        await house.settle(SETTLED_S)
        await house.kill()

    asyncio.run(live())
    accounted(house, "again and again")
    assert house.clock.wall_ms() > MORNING_MS
    house.close()
