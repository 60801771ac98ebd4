"""Supervised tasks: begun again with backoff, told, shown, and never in each other's way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tankwarden.clock import ManualClock
from tankwarden.flows.supervise import BACKOFF_MOST_S, Beat, Supervisor


class Scene:
    """A supervisor whose backoffs pass at once and are noted; it ends after `restarts` of them."""

    def __init__(self, restarts: int) -> None:
        self.clock = ManualClock(0, 100.0)
        self.log: list[tuple[str, str, str]] = []
        self.slept: list[float] = []
        self.left = restarts
        self.supervisor = Supervisor(self.clock, lambda *line: self.log.append(line), sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        self.left -= 1
        if self.left <= 0:
            self.task.cancel()
            await asyncio.sleep(3600)
        await asyncio.sleep(0)

    def run(self) -> None:
        async def main() -> None:
            self.task = asyncio.create_task(self.supervisor.run())
            with pytest.raises(asyncio.CancelledError):
                await self.task

        asyncio.run(main())


def failing(error: Exception | None) -> Callable[[Beat], Awaitable[None]]:
    async def work(beat: Beat) -> None:
        if error is not None:
            raise error

    return work


async def forever(beat: Beat) -> None:
    while True:
        beat()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError("no such device"), "RuntimeError: no such device"),
        (ValueError(), "ValueError"),
        (TimeoutError("the panel"), "TimeoutError: the panel"),
        (None, "ended by itself"),
    ],
)
def test_a_task_that_fails_is_begun_again_and_says_why(error: Exception | None, text: str) -> None:
    scene = Scene(restarts=3)
    scene.supervisor.add("pump", failing(error))
    scene.run()
    row = scene.supervisor.rows()[0]
    assert (row.name, row.restarts, row.error) == ("pump", 2, text)
    assert row.state == "stopped"
    assert scene.log == [("error", "task", f"pump: {text}")] * 3


def test_the_backoff_doubles_up_to_its_most() -> None:
    scene = Scene(restarts=9)
    scene.supervisor.add("pump", failing(RuntimeError()))
    scene.run()
    assert scene.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, BACKOFF_MOST_S, BACKOFF_MOST_S]


def test_a_task_that_ran_well_for_long_begins_with_the_first_backoff_again() -> None:
    scene = Scene(restarts=6)

    async def work(beat: Beat) -> None:
        scene.clock.advance(61.0 if len(scene.slept) == 4 else 1.0)
        raise RuntimeError

    scene.supervisor.add("pump", work)
    scene.run()
    assert scene.slept == [0.1, 0.2, 0.4, 0.8, 0.1, 0.2]


def test_a_failing_task_leaves_the_others_alone() -> None:
    scene = Scene(restarts=5)
    scene.supervisor.add("bad", failing(RuntimeError()))
    scene.supervisor.add("good", forever)
    states: list[str] = []
    scene.supervisor.add("witness", failing(RuntimeError()))
    original = scene.sleep

    async def sleep(seconds: float) -> None:
        states.append(scene.supervisor.rows()[1].state)
        await original(seconds)

    scene.supervisor._sleep = sleep
    scene.run()
    assert states[1:] == ["running"] * (len(states) - 1)
    assert len(states) >= 5
    assert scene.supervisor.rows()[1].restarts == 0


def test_a_task_without_a_heartbeat_is_shown_as_quiet() -> None:
    clock = ManualClock(0, 100.0)
    supervisor = Supervisor(clock, lambda *_: None)
    rows = []

    async def silent(beat: Beat) -> None:
        beat()
        clock.advance(4.9)
        rows.append(supervisor.rows()[0])
        clock.advance(0.2)
        rows.append(supervisor.rows()[0])
        await asyncio.sleep(3600)

    async def main() -> None:
        task = asyncio.create_task(supervisor.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()

    supervisor.add("pump", silent, quiet_after_s=5.0)
    asyncio.run(main())
    assert [row.state for row in rows] == ["running", "quiet"]
    assert rows[1].age_s == pytest.approx(5.1)


def test_a_task_that_hangs_is_cancelled_and_begun_again() -> None:
    scene = Scene(restarts=2)
    begun = []

    async def hang(beat: Beat) -> None:
        begun.append(1)
        beat()
        await asyncio.sleep(3600)

    scene.supervisor.add("pump", hang, hung_after_s=0.01)
    scene.run()
    assert len(begun) == 2
    assert scene.log[0] == ("error", "task", "pump: hung: no heartbeat for 0.01 s")


def test_a_heartbeat_keeps_a_slow_task_alive() -> None:
    scene = Scene(restarts=1)

    async def slow(beat: Beat) -> None:
        for _ in range(5):
            await asyncio.sleep(0.02)
            beat()

    scene.supervisor.add("pump", slow, hung_after_s=0.08)
    scene.run()
    assert scene.log == [("error", "task", "pump: ended by itself")]


def test_two_tasks_of_one_name_are_refused() -> None:
    supervisor = Supervisor(ManualClock(), lambda *_: None)
    supervisor.add("pump", forever)
    with pytest.raises(ValueError, match="pump"):
        supervisor.add("pump", forever)


def test_rows_before_the_start_are_there() -> None:
    supervisor = Supervisor(ManualClock(), lambda *_: None)
    supervisor.add("pump", forever)
    assert supervisor.rows() == (("pump", "stopped", None, 0, None),)
