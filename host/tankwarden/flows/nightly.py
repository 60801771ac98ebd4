"""The nightly backup: what waits is written, the file is copied in a thread, and the oldest copies go."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from tankwarden.clock import Clock
from tankwarden.errors import StoreError
from tankwarden.events import WARNING, Event
from tankwarden.flows.supervise import Beat, Log
from tankwarden.logic.nightly import due
from tankwarden.store import backups

LOOK_S = 10.0
RETRY_S = 3600.0


class Flushes(Protocol):
    """What is needed of store.Recorder."""

    def flush(self) -> None: ...


class Backups:
    """file: the database; folder: where its backups are. note: given an event when one could not be made."""

    def __init__(
        self, recorder: Flushes, clock: Clock, file: Path, folder: Path, *, keep: int, hour: int, zone: str,
        log: Log, note: Callable[[Event], None],
    ) -> None:  # fmt: skip
        self._recorder, self._clock, self._file, self._folder = recorder, clock, file, folder
        self._keep, self._hour, self._zone = keep, hour, ZoneInfo(zone)
        self._log, self._note = log, note
        self._not_before = 0.0  # monotonic
        self._failing = False

    async def run(self, beat: Beat) -> None:
        """Look for ever whether one is due."""
        while True:
            beat()
            await self.step(beat)
            await asyncio.sleep(LOOK_S)

    async def step(self, beat: Beat) -> None:
        """Make one if it is due."""
        known = backups.known(self._folder)
        last_ms = backups.made_ms(known[0]) if known else None
        if self._clock.mono() < self._not_before or not due(self._clock.wall_ms(), last_ms, self._hour, self._zone):
            return
        making = asyncio.ensure_future(asyncio.to_thread(self._make))
        while not (await asyncio.wait((making,), timeout=LOOK_S))[0]:
            beat()  # a year of measurements takes its time
        error = making.exception()
        if isinstance(error, StoreError):
            self._failed(str(error))
        elif error is not None:
            raise error
        else:
            self._log("info", "backup", f"{making.result()} is made")
            self._failing = False

    def _make(self) -> Path:
        self._recorder.flush()
        target = self._folder / backups.name_at(self._clock.wall_ms())
        backups.make(self._file, target)
        backups.keep_newest(self._folder, self._keep)
        return target

    def _failed(self, why: str) -> None:
        """Tried again every hour; the event is told once."""
        self._not_before = self._clock.mono() + RETRY_S
        self._log("error", "backup", why)
        if not self._failing:
            text = f"the nightly backup could not be made: {why}"
            self._note(Event(at_ms=self._clock.wall_ms(), kind="backup_failed", severity=WARNING, text=text))
        self._failing = True
