"""Events: stored first, then acknowledged to the Pico, then shown. Also which trip stands, in its own words.

An acknowledgement covers every event up to its number, and a frame may be lost on the way: so nothing is acknowledged
before a STATUS says that the Pico is waiting for no more events than have been stored.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from tanklink import records
from tankwarden.clock import Clock
from tankwarden.drivers.pico.session import Arrived, Happening, JournalRecord
from tankwarden.errors import StoreError
from tankwarden.events import ALARM, INFO, WARNING, Event, PicoTime, from_pico
from tankwarden.flows.inbox import Inbox
from tankwarden.flows.supervise import Beat, Log

SHOWN = 20
LOOKED_THROUGH = 500  # for the event of a trip that was standing before the host started
WAITING = 200
_LATCHING = ("trip", "fault")
_LOG_LEVELS = {INFO: "info", WARNING: "warning", ALARM: "error"}


class Stores(Protocol):
    """What is needed of store.Recorder."""

    def submit_event(self, event: Event) -> "Future[bool]": ...


class Finds(Protocol):
    """What is needed of store.Queries."""

    def events(self, limit: int = ...) -> list[Event]: ...


class TellsTime(Protocol):
    """What is needed of the Pico."""

    def identity(self) -> tuple[str, int] | None:
        """(board id, boot id) of the session."""

    def uptime_ms(self) -> int | None: ...

    def acknowledge(self, event_id: int) -> None: ...


class Events:
    """recent: the last ones stored, by when they happened, newest first. stored: told of each event that is new."""

    def __init__(
        self, recorder: Stores, queries: Finds, clock: Clock, pico: TellsTime, log: Log, *,
        stored: Callable[[Event], None] = lambda _event: None,
    ) -> None:  # fmt: skip
        self._recorder, self._queries, self._clock, self._pico, self._log = recorder, queries, clock, pico, log
        self._told = stored
        self._inbox: Inbox[Event] = Inbox(WAITING)
        self._stored: set[int] = set()  # numbers in the Pico's journal, stored and not yet acknowledged
        self._acknowledged = 0
        self._identity: tuple[str, int] | None = None
        self._trips: dict[tuple[str | None, int | None], Event] = {}
        self.recent: tuple[Event, ...] = ()

    # -- in ----------------------------------------------------------------------------------------------------------

    def told(self, happening: Happening) -> None:
        """Subscribed to the driver."""
        if not isinstance(happening, Arrived):
            return
        if isinstance(happening.record, records.Status):
            self._acknowledge(happening.record.events_waiting)
        else:
            self._take(happening.record)

    def note(self, event: Event) -> None:
        """An event of the host's own. On the loop only."""
        self._inbox.put(event)

    def _take(self, record: JournalRecord) -> None:
        identity = self._pico.identity()
        if identity is None:
            return
        if identity != self._identity:  # another board, or it restarted: what was acknowledged says nothing of this one
            self._identity, self._acknowledged = identity, 0
            self._stored.clear()
        board_id, boot_id = identity
        uptime_ms = self._pico.uptime_ms()
        if uptime_ms is None:
            uptime_ms = record.at_uptime_s * 1000 + record.at_uptime_ms_part
        time = PicoTime(boot_id, uptime_ms, self._clock.wall_ms(), self._clock.speed)
        event = from_pico(record, board_id, time)
        self._remember((event,))
        self._inbox.put(event)

    # -- out ---------------------------------------------------------------------------------------------------------

    async def run(self, beat: Beat) -> None:
        """Store for ever, one after the other."""
        await self._refresh(LOOKED_THROUGH)
        while True:
            await self._store(await self._inbox.get(beat))

    async def finish(self) -> None:
        """Store what waits, at the end."""
        while (event := self._inbox.take()) is not None:
            await self._store(event)

    def trip(self, trip_id: int) -> Event | None:
        """The event of the trip that stands by that number; None if nothing is known of it."""
        identity = self._pico.identity()
        return None if identity is None else self._trips.get((identity[0], trip_id))

    def cause_of(self, fault: Event) -> Event | None:
        """The last trip of the fault's own circuit before it: that of too many trips is the latest of many."""
        trips = [
            event
            for event in self._trips.values()
            if event.kind == "trip"
            and (event.board_id, event.circuit) == (fault.board_id, fault.circuit)
            and (event.journal_id or 0) < (fault.journal_id or 0)
        ]
        return max(trips, key=lambda event: event.journal_id or 0, default=None)

    async def _store(self, event: Event) -> None:
        try:
            new = await asyncio.wrap_future(self._recorder.submit_event(event))
        except StoreError as error:
            # The Pico will send its own again; the host's are kept by the recorder.
            self._log("error", "events", f"not stored now: {event.text}: {error}")
            others = (known for known in self.recent if not _is_same(known, event))  # it comes again and again
            self.recent = _newest_first((event, *others)[:SHOWN])
            return
        if new:
            self._log(_LOG_LEVELS[event.severity], "events", event.log_line())
            self._told(event)
        if event.journal_id is not None and self._identity is not None and event.board_id == self._identity[0]:
            self._stored.add(event.journal_id)
        await self._refresh(SHOWN)

    async def _refresh(self, limit: int) -> None:
        try:
            found = await asyncio.to_thread(self._queries.events, limit)
        except StoreError as error:
            self._log("error", "events", f"not read: {error}")
            return
        self._remember(reversed(found))
        self.recent = _newest_first(found[:SHOWN])

    def _remember(self, events: Iterable[Event]) -> None:
        """Trips by their number, so that the one that stands can be told; the newest of a number counts."""
        for event in events:
            if event.kind in _LATCHING:
                self._trips[event.board_id, event.journal_id] = event
        while len(self._trips) > LOOKED_THROUGH:
            self._trips.pop(next(iter(self._trips)))

    def _acknowledge(self, waiting: int) -> None:
        """A STATUS came, sent after everything that has been stored: is that all that the Pico waits for?"""
        fresh = {number for number in self._stored if number > self._acknowledged}
        if len(fresh) < len(self._stored):
            self._pico.acknowledge(self._acknowledged)  # that acknowledgement was lost
        if fresh and len(fresh) >= waiting:
            self._acknowledged = max(fresh)
            self._pico.acknowledge(self._acknowledged)
            fresh = set()
        self._stored = fresh


def _newest_first(events: Sequence[Event]) -> tuple[Event, ...]:
    """By when they happened; those of one instant keep their order. The Pico may tell of what was long before."""
    return tuple(sorted(events, key=lambda event: -event.at_ms))


def _is_same(one: Event, other: Event) -> bool:
    """Whether both are the one event of a Pico's journal."""
    return one.journal_id is not None and (one.board_id, one.boot_id, one.journal_id) == (
        other.board_id, other.boot_id, other.journal_id,
    )  # fmt: skip
