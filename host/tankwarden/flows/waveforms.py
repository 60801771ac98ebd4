"""Waveforms of trips: read from the Pico in parts, behind everything else, and stored once.

The store knows which trips still lack theirs, so that one that was interrupted by a lost link or a restart of the
host is begun again. What the Pico does not have is remembered, too.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from tanklink import messages, records
from tanklink.records import Record
from tankwarden.clock import Clock
from tankwarden.drivers.pico.session import nak_reason
from tankwarden.errors import StoreError
from tankwarden.events import Event
from tankwarden.flows.supervise import Beat, Log
from tankwarden.logic.waveform import Waveform
from tankwarden.store.queries import LATCHING

LOOKED_THROUGH = 200  # trips, the last ones
LOOK_S = 0.5
READY_S = 0.5  # after a trip was told: the Pico goes on recording, and writes to its flash
RETRY_S = 5.0
# A trip that was told so lately may not be written yet: no_trace is taken for the truth only after that.
FRESH_S = 20.0

Key = tuple[str, int, int]  # board, number in its journal, boot


class Stores(Protocol):
    """What is needed of store.Recorder."""

    def submit_waveform(self, waveform: Waveform) -> "Future[bool]": ...


class Finds(Protocol):
    """What is needed of store.Queries."""

    def trips(self, limit: int = ...) -> list[tuple[Event, bool | None]]: ...


class Keeps(Protocol):
    """What is needed of the Pico."""

    def identity(self) -> tuple[str, int] | None: ...
    def ready(self) -> bool: ...
    async def inquire(self, record: Record) -> Record | None: ...


@dataclass
class _Trying:
    """A trip that was told or asked for while this program runs."""

    told_at: float
    not_before: float


class Waveforms:
    """kept: by an event's id, whether its waveform is stored; None or no entry = not known yet."""

    def __init__(self, recorder: Stores, queries: Finds, clock: Clock, pico: Keeps, log: Log) -> None:
        self._recorder, self._queries, self._clock, self._pico, self._log = recorder, queries, clock, pico, log
        self._trying: dict[Key, _Trying] = {}
        self._trips: Sequence[tuple[Event, bool | None]] = ()
        self._stale = True  # the store knows more than _trips
        self.kept: Mapping[int, bool | None] = {}

    def stored(self, event: Event) -> None:
        """A trip or fault of the Pico's is in the store."""
        if event.kind in LATCHING:
            now = self._clock.mono()
            self._trying[_key(event)] = _Trying(now, now + READY_S)
            self._stale = True

    async def run(self, beat: Beat) -> None:
        """Read and store for ever, one after the other."""
        while True:
            beat()
            if not await self.step(beat):
                await asyncio.sleep(LOOK_S)

    async def step(self, beat: Beat) -> bool:
        """Deal with one trip, the newest first; False if there is nothing to be done now."""
        if self._stale:
            await self._refresh()
        event = self._next()
        if event is None:
            return False
        waveform = await self._read(event, beat)
        if waveform is None or not await self._store(event, waveform):
            now = self._clock.mono()
            self._trying.setdefault(_key(event), _Trying(now - FRESH_S, now)).not_before = now + RETRY_S
        return True

    # -- inside ------------------------------------------------------------------------------------------------------

    def _next(self) -> Event | None:
        identity = self._pico.identity()
        if identity is None or not self._pico.ready():
            return None
        now = self._clock.mono()
        for event, kept in self._trips:
            trying = self._trying.get(_key(event))
            if kept is None and event.board_id == identity[0] and (trying is None or now >= trying.not_before):
                return event
        return None

    async def _refresh(self) -> None:
        self._stale = False
        try:
            self._trips = await asyncio.to_thread(self._queries.trips, LOOKED_THROUGH)
        except StoreError as error:
            self._stale = True
            self._log("error", "waveforms", f"the trips cannot be read: {error}")
            await asyncio.sleep(RETRY_S)
            return
        self.kept = {event.id: kept for event, kept in self._trips if event.id is not None}
        lacking = {_key(event) for event, kept in self._trips if kept is None}
        self._trying = {key: trying for key, trying in self._trying.items() if key in lacking}

    async def _read(self, event: Event, beat: Beat) -> Waveform | None:
        """None: not now, for whatever reason."""
        _, number, _ = _key(event)
        parts: list[records.Trace] = []
        for part in range(messages.TRACE_PARTS):
            reply = await self._pico.inquire(records.ReadTrace(trip_id=number, part=part))
            beat()
            if isinstance(reply, records.Nak) and nak_reason(reply) == "no_trace":
                return None if self._fresh(event) else _waveform(event, [])
            if not isinstance(reply, records.Trace) or (reply.trip_id, reply.part) != (number, part):
                return None
            parts.append(reply)
        whole = {(part.at_tick, part.period_us) for part in parts}
        return _waveform(event, parts) if len(whole) == 1 else None  # else they are not of one trip

    def _fresh(self, event: Event) -> bool:
        trying = self._trying.get(_key(event))
        return trying is not None and self._clock.mono() - trying.told_at < FRESH_S

    async def _store(self, event: Event, waveform: Waveform) -> bool:
        try:
            await asyncio.wrap_future(self._recorder.submit_waveform(waveform))
        except StoreError as error:
            self._log("error", "waveforms", f"that of {event.kind} {event.journal_id} is not stored now: {error}")
            return False
        said = "is stored" if waveform.samples is not None else "does not exist: the Pico has kept none"
        self._log("info", "waveforms", f"that of {event.kind} {event.journal_id} {said}")
        self._stale = True
        return True


def _key(event: Event) -> Key:
    """Every event of a Pico's has it."""
    assert event.board_id is not None
    assert event.boot_id is not None
    assert event.journal_id is not None
    return event.board_id, event.journal_id, event.boot_id


def _waveform(event: Event, parts: Sequence[records.Trace]) -> Waveform:
    """Without parts: that the Pico has kept none."""
    board_id, journal_id, boot_id = _key(event)
    if not parts:
        return Waveform(board_id=board_id, journal_id=journal_id, boot_id=boot_id)
    return Waveform(
        board_id=board_id,
        journal_id=journal_id,
        boot_id=boot_id,
        at_tick=parts[0].at_tick,
        period_us=parts[0].period_us,
        channels=messages.N_CHANNELS,
        samples=b"".join(part.samples for part in parts),
    )
