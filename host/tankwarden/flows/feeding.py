"""Feedings, exactly once: an operation id is minted and stored before the Pico is asked, and never asked for again.

    due or wished → stored (pending) → FEED → the Pico's report → success | failed | partial

Whatever comes between (a lost frame, a reconnection, a restart of either side), the only thing that is sent again is
FEED_STATUS: what the Pico's journal knows is the truth. An operation that it does not know, and that its clock will no
longer let begin, never began. Between the store and the Pico, each await may be the last thing this program did.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from tanklink import messages, records
from tanklink.records import Record
from tankwarden.clock import Clock
from tankwarden.drivers.pico.advice import nak_text
from tankwarden.drivers.pico.session import nak_reason
from tankwarden.errors import CommandError, NotNowError, StoreError
from tankwarden.events import Event
from tankwarden.flows import notices
from tankwarden.flows.feeder_view import Json, feeders_json
from tankwarden.flows.feeders import FeederBook
from tankwarden.flows.supervise import Beat, Log
from tankwarden.logic import feeding as rules
from tankwarden.logic.feeder import Feeder, grams
from tankwarden.logic.feeding import Due, Feeding, Motion, Outcome, Source, Status
from tankwarden.store.feeder_writes import Begun

LOOK_S = 0.5
BEGIN_WITHIN_MS = 20_000  # of the Pico's clock: later than that it does not begin
ASK_S = 2.0  # FEED_STATUS again, while nothing is known
ASK_RUNNING_S = 10.0  # and while it feeds: its report comes by itself
GIVE_UP_MS = rules.DAY_MS  # for a Pico that has gone and has not come back
QUEUE_MS = 15 * rules.MINUTE_MS  # a meal waits so long for another one's end
HISTORY_MS = 3 * rules.DAY_MS  # that the page shows
_HALF = (1 << 30) - 1


class Stores(Protocol):
    """What is needed of store.Recorder."""

    def submit_feeding(self, feeding: Feeding) -> "Future[Begun]": ...
    def submit_outcome(self, outcome: Outcome) -> "Future[None]": ...
    def submit_unfed(self, operation_id: int, status: Status, reason: str) -> "Future[None]": ...


class Finds(Protocol):
    """What is needed of store.FeederQueries."""

    def feedings(self, since_ms: int = ..., feeder: int | None = ..., limit: int | None = ...) -> list[Feeding]: ...
    def last_feedings(self) -> dict[int, Feeding]: ...
    def pending(self) -> list[Feeding]: ...
    def given(self, since_day: str) -> set[tuple[int | None, str]]: ...
    def unknown_until_ms(self) -> int: ...


class Feeds(Protocol):
    """What is needed of the Pico."""

    def identity(self) -> tuple[str, int] | None: ...
    def ready(self) -> bool: ...
    def uptime_ms(self) -> int | None: ...
    async def command(self, record: Record) -> Record | None: ...


@dataclass
class _Asked:
    """What this program knows of a pending operation besides its row."""

    ask_at: float = 0.0  # of the monotonic clock
    running: bool = False
    refused: str | None = None  # in words


@dataclass(frozen=True)
class Known:
    """What the store knew when it was last read. unknown_until_ms: of the meals up to then it does not know."""

    pending: Mapping[int, Feeding]
    given: frozenset[tuple[int | None, str]]
    last: Mapping[int, Feeding]
    recent: tuple[Feeding, ...]
    unknown_until_ms: int


class FeedingFlow:
    """mint: a fresh number of 60 bits at each call. note: takes each event of the host's own."""

    def __init__(
        self, recorder: Stores, queries: Finds, clock: Clock, pico: Feeds, book: FeederBook, zone: str, *,
        log: Log, note: Callable[[Event], None], mint: Callable[[], int],
    ) -> None:  # fmt: skip
        self._recorder, self._queries, self._clock, self._pico, self._book = recorder, queries, clock, pico, book
        self._zone, self._log, self._note, self._mint = ZoneInfo(zone), log, note, mint
        self._lock = asyncio.Lock()  # one feeding is stored and asked for at a time
        self._began_ms = clock.wall_ms()
        self._known: Known | None = None
        self._stale = True
        self._pending: dict[int, Feeding] = {}
        self._asked: dict[int, _Asked] = {}
        self._queued: set[tuple[int | None, str]] = set()  # due in time, and waiting for another one's end
        self._tested_until = 0.0  # of the monotonic clock
        self._on_time_ms = max(rules.ON_TIME_MS, round(clock.speed * 6 * LOOK_S * 1000))
        self._due: tuple[int, list[Due]] | None = None  # the minute, and what is not yet given of all before it
        self._next: tuple[int, Mapping[int, Due | None]] | None = None  # the minute, and each feeder's next meal
        self._trouble: str | None = None

    # -- for ever ----------------------------------------------------------------------------------------------------

    async def run(self, beat: Beat) -> None:
        """Look for ever at what is due and at what became of what was asked for."""
        while True:
            beat()
            await self.step()
            await asyncio.sleep(LOOK_S)

    async def step(self) -> None:
        """One look. A store that fails costs this look: nothing is fed that cannot be stored first."""
        try:
            if self._stale or self._known is None:
                await self._refresh()
            for feeding in list(self._pending.values()):
                await self._resolve(feeding)
            await self._feed_due()
            self._trouble = None
        except StoreError as error:
            if self._trouble is None:
                self._log("error", "feeding", f"nothing is fed that cannot be stored: {error}")
            self._trouble = str(error)

    def stored(self, event: Event) -> None:
        """An event is in the store; if it is of a feeding, so is what it says."""
        if event.feeding is None:
            return
        self._stale = True
        if isinstance(event.feeding, Outcome):
            self._forget(event.feeding.operation_id)

    def changed(self) -> None:
        """The feeders were changed."""
        self._stale = True

    def shown(self, now_ms: int) -> list[Json]:
        """Every feeder, as the page shows it; none as long as the store has not been read."""
        if self._known is None:
            return []
        feeders = self._book.feeders or ()
        minute = now_ms // rules.MINUTE_MS
        if self._next is None or self._next[0] != minute:
            given = self._known.given
            self._next = minute, {f.id or 0: rules.next_due(f, self._zone, now_ms, given) for f in feeders}
        return feeders_json(
            feeders, last=self._known.last, following=self._next[1], recent=self._known.recent, now_ms=now_ms,
            why_not=self._why_not(),
        )  # fmt: skip

    # -- what people wish --------------------------------------------------------------------------------------------

    async def feed(self, feeder: Feeder, portion_g: float | None) -> Feeding:
        """Feed now. NotNowError if it cannot be asked for; RefusedError for its portion; CommandError if the Pico
        refused it: then nothing moved. StoreError, and it was not asked for."""
        feeding, refused = await self._feed(feeder, self._motion(feeder, portion_g), None)
        assert feeding is not None  # only a meal of the schedule can have been given
        if refused is not None:
            raise CommandError(f"{feeder.name} was not fed: {refused}")
        return feeding

    async def test(self, feeder: Feeder) -> None:
        """Move its servo there and back once: no feeding, and no row of the history. Errors as feed."""
        motion = self._motion(feeder, None)
        async with self._lock:
            why_not = self._why_not()
            if why_not is not None:
                raise NotNowError(f"{feeder.name} cannot be tested now: {why_not}")
            self._tested_until = self._clock.mono() + (2 * motion.rotate_ms + motion.hold_ms) / 1000
            reply = await self._pico.command(
                records.TestServo(
                    feeder=feeder.servo,
                    rest_us=motion.rest_us,
                    feed_us=motion.feed_us,
                    rotate_ms=motion.rotate_ms,
                    hold_ms=motion.hold_ms,
                )
            )
        if isinstance(reply, records.Nak):
            self._tested_until = 0.0
            raise CommandError(f"{feeder.name} was not tested: {nak_text(nak_reason(reply))}")
        if reply is None:
            raise CommandError(f"the Pico did not answer: {feeder.name} may have moved, look at it")

    # -- asking ------------------------------------------------------------------------------------------------------

    async def _feed(self, feeder: Feeder, motion: Motion, due: Due | None) -> tuple[Feeding | None, str | None]:
        """Mint, store, ask; and why the Pico refused it. No feeding: that meal was given before, nobody was asked."""
        async with self._lock:
            why_not = self._why_not()
            identity, uptime_ms = self._pico.identity(), self._pico.uptime_ms()
            if why_not is not None or identity is None or uptime_ms is None:
                raise NotNowError(f"{feeder.name} cannot be fed now: {why_not or 'the Pico is not connected'}")
            feeding = await self._store(_wish(feeder, motion, due, identity, uptime_ms, self._clock.wall_ms()))
            if feeding is None:
                return None, None
            assert feeding.operation_id is not None
            self._pending[feeding.operation_id] = feeding
            asked = self._asked[feeding.operation_id] = _Asked(ask_at=math.inf)  # not while it is being asked for
            reply = await self._pico.command(self._request(feeder, motion, feeding))
            asked.ask_at = 0.0
            if isinstance(reply, records.Nak):
                asked.refused = nak_text(nak_reason(reply))
            await self._hear(feeding, asked, reply, over=False)
            if asked.refused is not None:
                await self._resolve(feeding)
            self._stale = True
            return feeding, asked.refused

    async def _store(self, wish: Feeding) -> Feeding | None:
        """With an operation id that was never used. None: the schedule's meal of that day has its row."""
        while True:
            feeding = rules.with_operation(wish, self._mint())
            begun = await asyncio.wrap_future(self._recorder.submit_feeding(feeding))
            if begun is Begun.STORED:
                return feeding
            self._stale = True
            if begun is Begun.KNOWN:
                return None

    def _request(self, feeder: Feeder, motion: Motion, feeding: Feeding) -> records.Feed:
        assert feeding.operation_id is not None
        assert feeding.not_after_ms is not None
        assert feeding.boot_id is not None
        hi, lo = halves(feeding.operation_id)
        wall_day, wall_s = divmod(feeding.requested_ms // 1000, 86_400)
        not_after_s, not_after_ms_part = divmod(feeding.not_after_ms, 1000)
        return records.Feed(
            op_hi=hi, op_lo=lo, feeder=feeder.servo, boot_id=feeding.boot_id, not_after_uptime_s=not_after_s,
            not_after_uptime_ms_part=not_after_ms_part, wall_day=wall_day, wall_s=wall_s, rest_us=motion.rest_us,
            feed_us=motion.feed_us, rotate_ms=motion.rotate_ms, hold_ms=motion.hold_ms,
            return_to_rest=motion.return_to_rest, turns=motion.turns, portion_mg=motion.portion_mg,
        )  # fmt: skip

    # -- finding out -------------------------------------------------------------------------------------------------

    async def _resolve(self, feeding: Feeding) -> None:
        """Ask what became of a pending one, if it is time to."""
        assert feeding.operation_id is not None
        identity, now = self._pico.identity(), self._clock.mono()
        asked = self._asked.setdefault(feeding.operation_id, _Asked())
        if identity is None or not self._pico.ready() or now < asked.ask_at:
            return
        board_id, boot_id = identity
        if feeding.board_id != board_id:
            if self._clock.wall_ms() - feeding.requested_ms > GIVE_UP_MS:
                await self._judge(
                    feeding, Status.PARTIAL, f"the Pico that was asked ({feeding.board_id}) has not come back"
                )  # fmt: skip
            return
        uptime_ms = self._pico.uptime_ms()  # before it is asked: what it does not know then will never begin
        over = boot_id != feeding.boot_id or (uptime_ms is not None and uptime_ms > (feeding.not_after_ms or 0))
        hi, lo = halves(feeding.operation_id)
        asked.ask_at = now + ASK_S
        reply = await self._pico.command(records.FeedStatus(op_hi=hi, op_lo=lo))
        await self._hear(feeding, asked, reply, over=over)

    async def _hear(self, feeding: Feeding, asked: _Asked, reply: Record | None, *, over: bool) -> None:
        """What the Pico said of it. over: it can begin no more."""
        if not isinstance(reply, records.FeedState) or (reply.op_hi, reply.op_lo) != halves(feeding.operation_id or 0):
            return
        state = messages.FEEDING_STATES[reply.state]
        asked.running = state == "running"
        status = rules.status_of(state)
        if asked.running or status is not None:
            asked.refused = None  # it was another try that was refused
        if status is not None:
            await self._settle(feeding, status, reply)
        elif asked.running:
            asked.ask_at = self._clock.mono() + ASK_RUNNING_S
        elif reply.journal_lost and self._another_boot(feeding):
            await self._judge(feeding, Status.PARTIAL, "the Pico's journal was lost: it may have fed")
        elif asked.refused is not None:
            await self._judge(feeding, Status.FAILED, f"the Pico refused it: {asked.refused}")
        elif over:
            await self._judge(feeding, Status.FAILED, "it never began: the Pico was not reached in time")

    async def _settle(self, feeding: Feeding, status: Status, reply: records.FeedState) -> None:
        assert feeding.operation_id is not None
        assert feeding.board_id is not None
        outcome = Outcome(
            operation_id=feeding.operation_id, servo=None, status=status,
            reason=messages.FEEDING_REASONS[reply.reason], turns=reply.turns, drops=rules.drops_of(reply.drops),
            took_ms=reply.took_ms, ended_ms=None, board_id=feeding.board_id,
        )  # fmt: skip
        await asyncio.wrap_future(self._recorder.submit_outcome(outcome))
        self._forget(outcome.operation_id)
        self._stale = True

    async def _judge(self, feeding: Feeding, status: Status, reason: str) -> None:
        assert feeding.operation_id is not None
        await asyncio.wrap_future(self._recorder.submit_unfed(feeding.operation_id, status, reason))
        self._pending.pop(feeding.operation_id, None)
        self._stale = True
        feeder = self._feeder_of(feeding)
        self._note(notices.not_fed(self._clock.wall_ms(), feeder, status, reason))

    # -- the schedule ------------------------------------------------------------------------------------------------

    async def _feed_due(self) -> None:
        now_ms = self._clock.wall_ms()
        minute = now_ms // rules.MINUTE_MS  # a meal's instant is a whole one
        if self._due is None or self._due[0] != minute:
            assert self._known is not None
            after_ms = now_ms - rules.LOOK_BACK_DAYS * rules.DAY_MS
            due = rules.due_between(self._book.feeders or (), self._zone, after_ms, now_ms)
            self._due = minute, [meal for meal in due if meal.key not in self._known.given]
        for meal in list(self._due[1]):
            await self._meal(meal, now_ms)

    async def _meal(self, due: Due, now_ms: int) -> None:
        if self._known is not None and due.at_ms <= self._known.unknown_until_ms:
            await self._miss(due, rules.RESTORED, now_ms)
            return
        why_not = self._why_not()
        queued = due.key in self._queued and now_ms - due.at_ms <= QUEUE_MS
        if rules.may_still_begin(due, now_ms, self._on_time_ms) or queued:
            if why_not is None:
                await self._give(due)
            elif self._moving():
                self._queued.add(due.key)
        else:
            reason = rules.missed_reason(due, self._began_ms, why_not or "it was not possible in time")
            await self._miss(due, reason, now_ms)

    async def _give(self, due: Due) -> None:
        try:
            motion = self._motion(due.feeder, due.entry.portion_g)
            await self._feed(due.feeder, motion, due)
        except NotNowError:
            return  # in a moment, or it is missed
        except CommandError as error:  # the servo's caps were lowered since
            await self._miss(due, str(error), self._clock.wall_ms())
        self._queued.discard(due.key)
        self._given(due)

    async def _miss(self, due: Due, reason: str, now_ms: int) -> None:
        turns = due.feeder.config.turns
        row = Feeding(
            operation_id=None, feeder=due.feeder.id, requested_ms=now_ms, source=Source.SCHEDULE, status=Status.FAILED,
            turns=0, asked_g=due.entry.portion_g or grams(due.feeder.config, turns), portion_g=0.0,
            scheduled_for_ms=due.at_ms, entry=due.entry.id, day=due.day, reason=reason,
        )  # fmt: skip
        if await asyncio.wrap_future(self._recorder.submit_feeding(row)) is Begun.STORED:
            self._note(notices.meal_missed(now_ms, due, reason))
        self._given(due)

    def _given(self, due: Due) -> None:
        """It has its row now; what else is due is looked for anew."""
        if self._due is not None:
            self._due = self._due[0], [meal for meal in self._due[1] if meal.key != due.key]
        self._stale = True

    # -- small things ------------------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        """Read what the store knows. StoreError, and what was known stays."""
        async with self._lock:  # no operation is stored meanwhile, and so forgotten
            self._stale = False
            try:
                await self._book.load()
                self._known = await asyncio.to_thread(self._load, self._clock.wall_ms())
            except StoreError:
                self._stale = True
                raise
            self._due = self._next = None
            self._pending = dict(self._known.pending)
            self._asked = {number: asked for number, asked in self._asked.items() if number in self._pending}

    def _load(self, now_ms: int) -> Known:
        day = rules.local_day(now_ms - (rules.LOOK_BACK_DAYS + 2) * rules.DAY_MS, self._zone)
        return Known(
            pending={row.operation_id: row for row in self._queries.pending() if row.operation_id is not None},
            given=frozenset(self._queries.given(day)),
            last=self._queries.last_feedings(),
            recent=tuple(self._queries.feedings(now_ms - HISTORY_MS)),
            unknown_until_ms=self._queries.unknown_until_ms(),
        )

    def _motion(self, feeder: Feeder, portion_g: float | None) -> Motion:
        servo = self._book.servo(feeder)
        if servo is None:
            raise CommandError(f"the configuration has no servo {feeder.servo} any more: add its [[servo]]")
        return rules.motion(feeder.config, portion_g, self._book.most_turns(feeder, servo))

    def _why_not(self) -> str | None:
        """What keeps every feeder from feeding now; None: nothing does."""
        if self._known is None:
            return "the database has not been read yet"
        if self._pico.identity() is None or not self._pico.ready() or self._pico.uptime_ms() is None:
            return "the Pico is not connected"
        return "a servo moves, and only one does at a time" if self._moving() else None

    def _moving(self) -> bool:
        """Whether the Pico may be moving a servo, as far as is known here."""
        identity = self._pico.identity()
        waits = any(identity is not None and row.board_id == identity[0] for row in self._pending.values())
        return waits or self._clock.mono() < self._tested_until

    def _another_boot(self, feeding: Feeding) -> bool:
        identity = self._pico.identity()
        return identity is not None and identity[1] != feeding.boot_id

    def _forget(self, operation_id: int) -> None:
        self._pending.pop(operation_id, None)
        self._asked.pop(operation_id, None)

    def _feeder_of(self, feeding: Feeding) -> Feeder | None:
        return next((feeder for feeder in self._book.feeders or () if feeder.id == feeding.feeder), None)


def halves(operation_id: int) -> tuple[int, int]:
    """The upper and the lower 30 bits, as the wire carries them."""
    return operation_id >> 30, operation_id & _HALF


def _wish(
    feeder: Feeder, motion: Motion, due: Due | None, identity: tuple[str, int], uptime_ms: int, now_ms: int
) -> Feeding:
    """Without its operation id yet."""
    return Feeding(
        operation_id=None, feeder=feeder.id, requested_ms=now_ms,
        source=Source.PERSON if due is None else Source.SCHEDULE, status=Status.PENDING, turns=motion.turns,
        asked_g=motion.portion_mg / 1000, scheduled_for_ms=None if due is None else due.at_ms,
        entry=None if due is None else due.entry.id, day=None if due is None else due.day, board_id=identity[0],
        boot_id=identity[1], not_after_ms=uptime_ms + BEGIN_WITHIN_MS,
    )  # fmt: skip
