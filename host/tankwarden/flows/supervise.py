"""Tasks that are looked after: each has a heartbeat, is begun again with backoff when it fails or hangs, and is shown.

A task that hangs costs itself and nothing else; a task that blocks the whole loop costs the leases, as it must.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from tankwarden.clock import Clock

BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 10.0
HEALTHY_S = 60.0  # a task that ran so long begins with the first backoff again

Beat = Callable[[], None]
Work = Callable[[Beat], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]
Log = Callable[[str, str, str], None]  # level, category, text


class TaskRow(NamedTuple):
    """How a task stands. state: running, quiet (no heartbeat when one was due), restarting or stopped.

    age_s: since the last heartbeat; None before the first. error: of the last failure.
    """

    name: str
    state: str
    age_s: float | None
    restarts: int
    error: str | None


@dataclass
class _Task:
    name: str
    work: Work
    quiet_after_s: float
    hung_after_s: float
    state: str = "stopped"
    beat_at: float | None = None
    restarts: int = 0
    error: str | None = None


class Supervisor:
    """Runs its tasks until it is cancelled. log gets a line at every failure; sleep is for tests."""

    def __init__(self, clock: Clock, log: Log, *, sleep: Sleep = asyncio.sleep) -> None:
        self._clock, self._log, self._sleep = clock, log, sleep
        self._tasks: list[_Task] = []

    def add(self, name: str, work: Work, *, quiet_after_s: float = 5.0, hung_after_s: float = 60.0) -> None:
        """Look after work(beat). It calls beat() as often as it lives, at least every quiet_after_s.

        After hung_after_s (of the loop's own time) without a beat it is cancelled and begun again.
        """
        if any(task.name == name for task in self._tasks):
            raise ValueError(f"there is a task {name} already")
        self._tasks.append(_Task(name, work, quiet_after_s, hung_after_s))

    def rows(self) -> tuple[TaskRow, ...]:
        """How every task stands now."""
        return tuple(self._row(task, self._clock.mono()) for task in self._tasks)

    async def run(self) -> None:
        """Run every task, for ever."""
        async with asyncio.TaskGroup() as group:
            for task in self._tasks:
                group.create_task(self._look_after(task), name=task.name)

    def _row(self, task: _Task, now: float) -> TaskRow:
        age_s = None if task.beat_at is None else now - task.beat_at
        quiet = task.state == "running" and age_s is not None and age_s > task.quiet_after_s
        return TaskRow(task.name, "quiet" if quiet else task.state, age_s, task.restarts, task.error)

    async def _look_after(self, task: _Task) -> None:
        backoff_s = BACKOFF_FIRST_S
        try:
            while True:
                started = self._clock.mono()
                task.error = await self._once(task)
                self._log("error", "task", f"{task.name}: {task.error}")
                if self._clock.mono() - started >= HEALTHY_S:
                    backoff_s = BACKOFF_FIRST_S
                task.state = "restarting"
                await self._sleep(backoff_s)
                backoff_s = min(backoff_s * 2, BACKOFF_MOST_S)
                task.restarts += 1
        finally:
            task.state = "stopped"

    async def _once(self, task: _Task) -> str:
        """Run the task until it fails; returns what happened."""
        loop = asyncio.get_running_loop()
        task.state, task.beat_at = "running", self._clock.mono()
        limit = asyncio.timeout(task.hung_after_s)

        def beat() -> None:
            task.beat_at = self._clock.mono()
            limit.reschedule(loop.time() + task.hung_after_s)

        try:
            async with limit:
                await task.work(beat)
        except TimeoutError as error:
            if limit.expired():
                return f"hung: no heartbeat for {task.hung_after_s:g} s"
            return _describe(error)
        except Exception as error:  # whatever it is, it must not stop the others
            return _describe(error)
        return "ended by itself"


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
