"""Once a minute: how this computer and the link fare. Ten minutes are stored at once, for the sake of the card."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

from tankwarden.clock import Clock
from tankwarden.drivers.pico.driver import PicoView
from tankwarden.flows.supervise import Beat
from tankwarden.logic import health
from tankwarden.logic.health import Machine, Minute

MINUTE_S, LOOK_S = 60.0, 5.0
TOGETHER = 10
DAY_MS = 86_400_000


class Keeps(Protocol):
    """What is needed of store.Recorder."""

    def submit_health(self, minutes: Sequence[Minute], keep_ms: int | None = None) -> "Future[None]": ...


class Reads(Protocol):
    """What is needed of drivers.machine.ThisMachine. It blocks."""

    def read(self) -> Machine: ...


class Health:
    """now: the newest minute, None before the first. waiting: those that are not stored yet."""

    def __init__(
        self, machine: Reads, view: Callable[[], PicoView], recorder: Keeps, clock: Clock, keep_days: int
    ) -> None:  # fmt: skip
        self._machine, self._view, self._recorder, self._clock = machine, view, recorder, clock
        self._keep_ms = keep_days * DAY_MS
        self._link: dict[str, int] | None = None
        self.now: Minute | None = None
        self.waiting: tuple[Minute, ...] = ()

    async def run(self, beat: Beat) -> None:
        """For ever; the first minute at once, so that the page has something to show."""
        due_s = self._clock.mono()
        while True:
            beat()
            if self._clock.mono() >= due_s:
                due_s = max(due_s + MINUTE_S, self._clock.mono())
                self.take(await asyncio.to_thread(self._machine.read))
            await asyncio.sleep(LOOK_S)

    def take(self, machine: Machine) -> None:
        """One minute is over."""
        view = self._view()
        link = {name: int(getattr(view, name)) for name in health.LINK}
        self.now = health.minute(self._clock.wall_ms(), machine, self._link, link)
        self._link = link
        self.waiting = (*self.waiting, self.now)
        if len(self.waiting) >= TOGETHER:
            self.finish()

    def finish(self) -> None:
        """Store what waits, also at the end."""
        if self.waiting:
            self._recorder.submit_health(self.waiting, self._keep_ms)
            self.waiting = ()
