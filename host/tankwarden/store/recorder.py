"""The one way into the database. Measurements wait for a batch, so that a commit a minute is enough; all else is
committed at once. When the disk fails, control goes on: what is to be kept waits in bounded memory, and is written when
the disk takes it again.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from peewee import Database as Connection

from tankwarden.events import Event
from tankwarden.logic.claims import Claim
from tankwarden.logic.feeder import Feeder
from tankwarden.logic.feeding import Feeding, Outcome, Status
from tankwarden.logic.food import Food
from tankwarden.logic.health import Minute
from tankwarden.logic.waveform import Waveform
from tankwarden.store import feeder_writes, food_writes, health_writes, writes
from tankwarden.store.backlog import Backlog, View, Watch
from tankwarden.store.database import Database
from tankwarden.store.feeder_writes import Begun
from tankwarden.store.rows import MeasurementRow, ReadingRow
from tankwarden.store.upkeep import Upkeep
from tankwarden.store.writer import ROWS_A_COMMIT, Writer

T = TypeVar("T")
_log = logging.getLogger(__name__)

MAX_WAITING_ROWS = 20_000  # 5 ½ hours of one a second, about 13 MB; then the oldest go


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """pending_rows: not yet on disk. error: None, or what is wrong and what to do. dropped_rows: since the start."""

    pending_rows: int
    error: str | None
    dropped_rows: int


class Recorder:
    """Takes from any thread.

    Never wait for the disk: measurement, reading, submit_…, claim_end, log, status. Wait for the commit:
    event, claim_store, config_set, measurements, flush, close; these are not for the engine's loop, which does
    `await asyncio.wrap_future(recorder.submit_event(event))` or `await asyncio.to_thread(recorder.claim_store, claim)`.
    All but status raise StoreError once the store is closed.
    """

    def __init__(
        self,
        database: Database,
        *,
        wall_ms: Callable[[], int],
        batch_s: float = 60.0,
        batch_rows: int = 60,
        retry_s: float = 5.0,
        max_waiting_rows: int = MAX_WAITING_ROWS,
        upkeep: Upkeep | None = None,
    ) -> None:
        self._database, self._wall_ms = database, wall_ms
        self._backlog = Backlog(max_waiting_rows)
        self._writer = Writer(
            database, self._backlog, wall_ms=wall_ms, batch_s=batch_s, batch_rows=batch_rows, retry_s=retry_s,
            upkeep=upkeep or Upkeep(),
        )  # fmt: skip

    def start(self) -> None:
        """Returns when the database is open, or its disk has failed (see status). NewerDatabaseError."""
        self._writer.start()

    # -- taking -------------------------------------------------------------------------------------------------

    def measurement(self, row: MeasurementRow) -> None:
        """On disk within batch_s or batch_rows; in every query at once. If too many wait, the oldest goes."""
        self._writer.rows_wait(self._backlog.take(row))

    def reading(self, reading: ReadingRow) -> None:
        """As measurement(), of a probe that does not hang on the Pico."""
        self._backlog.take_reading(reading)
        self._writer.rows_wait(0)

    def measurements(self, rows: Iterable[MeasurementRow]) -> int:
        """Many rows at once, past the waiting ones (the demo's past). How many, after the commit; StoreError."""
        count, iterator = 0, iter(rows)
        while chunk := tuple(islice(iterator, ROWS_A_COMMIT)):
            self._import(chunk).result()
            count += len(chunk)
        return count

    def event(self, event: Event) -> bool:
        """Durable when it returns: True if it is new, False if the Pico has told of it before.

        StoreError if it is not on disk: a Pico's event must then not be acknowledged, and will come again; the host's
        own is kept and written as soon as possible.
        """
        return self.submit_event(event).result()

    def submit_event(self, event: Event) -> "Future[bool]":
        """As event(), without waiting: the future has its result or its StoreError."""
        now_ms = self._wall_ms()
        return self._submit(lambda db: writes.insert_event(db, event, now_ms), keep=event.journal_id is None)

    def submit_waveform(self, waveform: Waveform) -> "Future[bool]":
        """Without waiting; the future has True if it is new, False if that trip's is there already, or its StoreError.

        One that fails is not kept: whoever has it reads it from the Pico again.
        """
        now_ms = self._wall_ms()
        return self._submit(lambda db: writes.insert_waveform(db, waveform, now_ms))

    def submit_feeder(self, feeder: Feeder) -> "Future[int]":
        """Without waiting; the future has its id, or TakenError for its servo, NotKnownError, StoreError."""
        now_ms = self._wall_ms()
        return self._submit(lambda db: feeder_writes.save_feeder(db, feeder, now_ms))

    def submit_feeder_end(self, feeder: int) -> "Future[None]":
        """It is there no more; its history is. The future may have NotKnownError, StoreError."""
        now_ms = self._wall_ms()
        return self._submit(lambda db: feeder_writes.delete_feeder(db, feeder, now_ms))

    def submit_food(self, food: Food) -> "Future[int]":
        """Without waiting; the future has its id, or TakenError for its name, NotKnownError, StoreError."""
        now_ms = self._wall_ms()
        return self._submit(lambda db: food_writes.save(db, food, now_ms))

    def submit_food_end(self, food: int) -> "Future[None]":
        """It is there no more. The future may have TakenError as long as a feeder holds it, NotKnownError."""
        now_ms = self._wall_ms()
        return self._submit(lambda db: food_writes.delete(db, food, now_ms))

    def submit_health(self, minutes: Sequence[Minute], keep_ms: int | None = None) -> "Future[None]":
        """Minutes of this computer's health; older ones than keep_ms go. Kept while the disk fails."""
        rows = tuple(minutes)
        return self._submit(lambda db: health_writes.insert(db, rows, keep_ms), keep=True, durable=False)

    def submit_feeding(self, feeding: Feeding) -> "Future[Begun]":
        """Durable when the future says STORED: now it may be asked for. StoreError if it is not on disk."""
        return self._submit(lambda db: feeder_writes.begin_feeding(db, feeding))

    def submit_outcome(self, outcome: Outcome) -> "Future[None]":
        """What a Pico said when it was asked; what it tells by an event comes with the event."""
        now_ms = self._wall_ms()
        return self._submit(lambda db: feeder_writes.settle_feeding(db, outcome, now_ms))

    def submit_unfed(self, operation_id: int, status: Status, reason: str) -> "Future[None]":
        """One that is pending never began, or nobody will ever know."""
        return self._submit(lambda db: feeder_writes.fail_feeding(db, operation_id, status, reason))

    def submit_write(self, write: Callable[[Connection], T]) -> "Future[T]":
        """A write of another part of the store's, in one transaction. Durable when the future has its result."""
        return self._submit(write)

    def claim_store(self, claim: Claim) -> None:
        """Durable when it returns: now it may act. Replaces the open claim of its output and id. StoreError if not."""
        now_ms = self._wall_ms()
        self._submit(lambda db: writes.insert_claim(db, claim, now_ms)).result()

    def claim_end(self, output: str, claim_id: str) -> None:
        """It was withdrawn before its time. Kept and retried while the disk fails, so that no restart revives it."""
        now_ms = self._wall_ms()
        self._submit(lambda db: writes.end_claim(db, output, claim_id, now_ms), keep=True)

    def log(self, level: str, category: str, text: str) -> None:
        """A line of the system log, stamped now. Kept and retried while the disk fails."""
        at_ms = self._wall_ms()
        self._submit(lambda db: writes.insert_log(db, at_ms, level, category, text), keep=True, durable=False)

    def config_set(self, key: str, value: object) -> None:
        """value: anything JSON can hold; TypeError if it cannot. Durable when it returns, StoreError if not."""
        text = json.dumps(value)
        self._submit(lambda db: writes.set_config(db, key, text)).result()

    def flush(self) -> None:
        """Every row taken before is in the file when it returns. StoreError if it cannot be."""
        self._writer.submit(self._writer.write_rows).result()

    # -- telling ------------------------------------------------------------------------------------------------

    def status(self) -> RecorderStatus:
        error, dropped = self._writer.error, self._backlog.dropped
        if error and dropped:
            error += f"; since the start {dropped} rows did not fit into memory and are lost"
        return RecorderStatus(len(self._backlog), error, dropped)

    @property
    def note(self) -> str | None:
        """What a person should know of the last opening: that a damaged file was set aside, and where it is."""
        return self._writer.note

    def view(self) -> View:
        """What waits; take it before the file is read."""
        return self._backlog.view()

    def watch(self) -> Watch:
        """For a reader that remembers sums."""
        return self._backlog.watch()

    def close(self) -> None:
        """Write what waits, then end. What the disk does not take now is lost, and logged. Safe to call twice."""
        self._writer.close()
        status = self.status()
        if status.pending_rows:
            _log.error("%d rows of measurements were not written: %s", status.pending_rows, status.error)

    # -- inside -------------------------------------------------------------------------------------------------

    def _submit(self, write: Callable[[Connection], T], *, keep: bool = False, durable: bool = True) -> "Future[T]":
        def run() -> T:
            with self._database.writing(durable=durable) as db:
                return write(db)

        return self._writer.submit(run, keep=keep)

    def _import(self, rows: tuple[MeasurementRow, ...]) -> "Future[None]":
        def run() -> None:
            self._writer.insert(rows)
            self._backlog.passed(rows)

        return self._writer.submit(run)
