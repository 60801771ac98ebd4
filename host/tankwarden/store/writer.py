"""The thread that writes: takes jobs and waiting rows, commits them, and goes on trying while the disk fails."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from tankwarden.errors import StoreError
from tankwarden.store import hours_made, writes
from tankwarden.store.backlog import Backlog
from tankwarden.store.database import Database, Failure, NewerDatabaseError
from tankwarden.store.rows import MeasurementRow
from tankwarden.store.upkeep import Keeper, Upkeep

T = TypeVar("T")
_log = logging.getLogger(__name__)

MAX_JOBS = 1_000
ROWS_A_COMMIT = 5_000  # so that what waited long is not written in one long transaction
CLOSE_S = 15.0
PORTION_S = 0.2  # between two portions of upkeep
THIN_S = 600.0  # until it is looked again whether there is some


class Job(Generic[T]):
    """Something to be committed at once. keep: retried until it is, even after its future has said that it failed."""

    def __init__(self, run: Callable[[], T], *, keep: bool) -> None:
        self._run, self.keep = run, keep
        self.future: Future[T] = Future()
        self.future.set_running_or_notify_cancel()  # whoever stops waiting does not stop the writing

    def run(self) -> None:
        """Whatever the disk raises; the future then is still open."""
        result = self._run()
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Writer:
    """The only one that writes. submit, rows_wait, error and close are for any thread, the rest for its own."""

    def __init__(
        self,
        database: Database,
        backlog: Backlog,
        *,
        wall_ms: Callable[[], int],
        batch_s: float,
        batch_rows: int,
        retry_s: float,
        upkeep: Upkeep,
    ) -> None:
        self._database, self._backlog, self._wall_ms = database, backlog, wall_ms
        self._batch_s, self._batch_rows, self._retry_s = batch_s, batch_rows, retry_s
        self.keeper = Keeper(upkeep)
        self._upkeep_at = 0.0  # monotonic
        self._wake = threading.Condition()  # guards the next three
        self._jobs: deque[Job[Any]] = deque()
        self._closing = False
        self._rows_since: float | None = None  # monotonic; when the oldest of the next batch began to wait

        self._kept: deque[Job[Any]] = deque()
        self._lost = 0  # of those, since the last recovery
        self._opened = False
        self._check = True  # look the file over when it is opened next
        self._failure: Failure | None = None
        self._failed_at = 0.0
        self._retry_at = 0.0
        self.note: str | None = None  # what a person should know of the last opening
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._main, name="recorder", daemon=True)

    # -- for any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when the database is open, or its disk has failed (see error). NewerDatabaseError."""
        self._thread.start()
        self._ready.result()

    def submit(self, run: Callable[[], T], *, keep: bool = False) -> "Future[T]":
        """Have it run by the thread, soon. StoreError at once if the store is closed."""
        job = Job(run, keep=keep)
        with self._wake:
            if self._closing:
                raise StoreError(f"the store {self._database.name} is closed: nothing more can be kept")
            if len(self._jobs) < MAX_JOBS:
                self._jobs.append(job)
                self._wake.notify()
                return job.future
        job.fail(StoreError(f"{MAX_JOBS} writes already wait for {self._database.name}: look at its disk"))
        return job.future

    def rows_wait(self, count: int) -> None:
        """The backlog has grown to so many rows. StoreError if the store is closed."""
        with self._wake:
            if self._closing:
                raise StoreError(f"the store {self._database.name} is closed: nothing more can be kept")
            if self._rows_since is None:
                self._rows_since = time.monotonic()
                self._wake.notify()
            elif count == self._batch_rows:
                self._wake.notify()

    @property
    def error(self) -> str | None:
        """What keeps rows from the disk, None if nothing does."""
        trouble = self._failure
        return None if trouble is None else trouble.text

    def close(self) -> None:
        """One last attempt for all that waits, then the end. Safe to call twice."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(CLOSE_S)

    # -- the thread -----------------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            self._attempt([], rows=False)
        except NewerDatabaseError as error:
            self._database.close()
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        closing = False
        while not closing:
            jobs, rows, closing = self._next()
            try:
                self._attempt(jobs, rows=rows)
            except NewerDatabaseError as error:  # somebody put another file there
                self._note_failure(Failure(str(error), check=True), jobs)
        self._database.close()
        if self._kept:
            _log.error("%d events, claims and log lines were not written: %s", len(self._kept), self.error)

    def _next(self) -> tuple[list[Job[Any]], bool, bool]:
        """Waits for something to do: jobs, whether to write rows, whether it is the end."""
        with self._wake:
            while not self._jobs and not self._closing:
                due_s = self._due_s()
                if due_s is not None and due_s <= 0:
                    break
                self._wake.wait(due_s)
            jobs = list(self._jobs)
            self._jobs.clear()
            due_s = self._due_s()
            return jobs, self._closing or (due_s is not None and due_s <= 0), self._closing

    def _due_s(self) -> float | None:
        """Seconds until rows or a new attempt are due; None if nothing waits."""
        now = time.monotonic()
        if self._failure is not None:
            return self._retry_at - now
        upkeep_s = self._upkeep_at - now
        if self._rows_since is None:
            return upkeep_s
        if len(self._backlog) >= self._batch_rows:
            return 0.0
        return min(upkeep_s, self._rows_since + self._batch_s - now)

    def _attempt(self, jobs: list[Job[Any]], *, rows: bool) -> None:
        """Do it all. What the disk refuses fails the jobs that are left, and is tried again later."""
        left = deque(jobs)
        try:
            self._be_open()
            self._run_all(self._kept)
            self._run_all(left)
            if rows or self._failure is not None:
                self.write_rows()
            if self._failure is not None:
                self._recover()
            if not jobs and time.monotonic() >= self._upkeep_at:
                self._upkeep_at = time.monotonic() + self._keep_up()
        except NewerDatabaseError:
            raise
        except Exception as error:
            trouble = self._database.failure(error)
            if trouble is None:
                _log.exception("the recorder met an error of its own")
                trouble = Failure(f"the recorder met an error of its own, see the log ({error!r})", check=True)
            self._note_failure(trouble, left)

    def _be_open(self) -> None:
        if self._opened and self._database.replaced:
            _log.warning("%s was moved or deleted: a new one is begun", self._database.name)
            self._opened, self._check = False, True
        if self._database.suspect:
            self._opened, self._check = False, True
        if self._opened:
            return
        note = self._database.open(check=self._check)
        with self._database.writing(durable=False) as db:
            state = self.keeper.opened(db)
            if note is not None:
                writes.insert_log(db, self._wall_ms(), "warning", "storage", note)
        self._opened, self._check = True, False
        self.keeper.state = state
        self._backlog.opened(state.newest_ms)
        if note is not None:
            self.note = note
            _log.warning("%s", note)

    def _run_all(self, jobs: "deque[Job[Any]]") -> None:
        """Each in its own transaction. A job that is itself wrong fails alone; what the disk refuses is raised."""
        while jobs:
            job = jobs[0]
            try:
                job.run()
            except Exception as error:
                if self._database.failure(error) is not None:
                    raise
                if job.keep:
                    _log.exception("something to be stored is wrong in itself")
                ours = isinstance(error, self._database.errors)
                job.fail(StoreError(f"{self._database.name} refuses it: {error}") if ours else error)
            jobs.popleft()

    def insert(self, rows: Sequence[MeasurementRow]) -> None:
        """In one transaction, with the minutes that they close."""
        values = [row.values() for row in rows]
        with self._database.writing(durable=False) as db:
            writes.insert_rows(db, values)
            state = self.keeper.stored(db, values)
        self.keeper.state = state

    def _keep_up(self) -> float:
        """One portion of what is done when there is time for it; seconds until the next."""
        if self.keeper.behind():
            with self._database.writing(durable=False) as db:
                state = self.keeper.catch_up(db)
            self.keeper.state = state
            return PORTION_S
        with self._database.writing(durable=False) as db:
            state, more = self.keeper.thin(db, self._wall_ms())
        self.keeper.state = state
        return PORTION_S if more else THIN_S

    def write_rows(self) -> None:
        """All that wait."""
        while (batch := self._backlog.oldest(ROWS_A_COMMIT)).rows:
            self.insert(batch.rows)
            self._backlog.written(batch)
        while (readings := self._backlog.oldest_readings(ROWS_A_COMMIT))[1]:
            with self._database.writing(durable=False) as db:
                writes.insert_readings(db, readings[1])
                hours_made.late(db, min(reading.ts_ms for reading in readings[1]))
            self._backlog.readings_written(readings[0], len(readings[1]))
        with self._wake:
            self._rows_since = time.monotonic() if len(self._backlog) else None

    def _note_failure(self, trouble: Failure, jobs: "deque[Job[Any]] | list[Job[Any]]") -> None:
        now = time.monotonic()
        if self._failure is None:
            self._failed_at = now
            _log.error("%s; what is to be stored waits in memory", trouble.text)
        self._failure, self._retry_at = trouble, now + self._retry_s
        self._check = self._check or trouble.check
        if trouble.reopen:
            self._opened = False
            self._database.close()
        for job in jobs:
            job.fail(StoreError(trouble.text))
            if job.keep:
                self._kept.append(job)
        while len(self._kept) > MAX_JOBS:
            self._kept.popleft()
            self._lost += 1

    def _recover(self) -> None:
        """Everything that waited is on disk; the line that says so is the proof that it takes writes again."""
        text = f"the database takes writes again, after {time.monotonic() - self._failed_at:.0f} s"
        if self._backlog.dropped:
            text += f"; since the start {self._backlog.dropped} rows did not fit into memory and are lost"
        if self._lost:
            text += f"; so are {self._lost} of the host's own events, ends of claims and log lines"
        with self._database.writing(durable=False) as db:
            writes.insert_log(db, self._wall_ms(), "warning", "storage", text)
        self._failure, self._lost = None, 0
        _log.warning("%s", text)
