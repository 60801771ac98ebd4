"""The rows that wait in memory for their batch, and what readers must know of them.

Readers see waiting rows too, so that a chart moves every second although the disk is written once a minute, and also
while the disk takes nothing at all. (Writing whenever a page asks was the other way: an open page would then write to
the card as often as it looks.)
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from weakref import WeakSet

from tankwarden.store.rows import MeasurementRow, ReadingRow


@dataclass(frozen=True, slots=True)
class View:
    """What a reader must know besides the file, of one instant.

    waiting, readings: rows that may not be in the file yet (or may already be). settled_ms: up to here no row of
    measurements waits and the file reaches at least that far: only a row that comes out of its order can still change
    what was then.
    """

    waiting: tuple[MeasurementRow, ...]
    settled_ms: int
    readings: tuple[ReadingRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """The oldest waiting rows; first: the running number of the first of them."""

    first: int
    rows: tuple[MeasurementRow, ...]


class Watch:
    """Tells a reader that remembers sums from which instant on they hold no more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._from_ms: int | None = None

    def mark(self, from_ms: int) -> None:
        with self._lock:
            self._from_ms = from_ms if self._from_ms is None else min(self._from_ms, from_ms)

    def take(self) -> int | None:
        """The instant; None if nothing changed since this was last asked."""
        with self._lock:
            from_ms, self._from_ms = self._from_ms, None
            return from_ms

    @property
    def marked(self) -> bool:
        return self._from_ms is not None


class Backlog:
    """A bounded queue of rows, safe from any thread; no method waits for the disk. Full, it drops its oldest row."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._rows: deque[MeasurementRow] = deque()
        self._first = 0  # running number of the oldest
        self._newest_ms = -1  # of every row known, waiting or stored
        self._stored_ms = -1  # the newest in the file
        self._watches: WeakSet[Watch] = WeakSet()
        self.dropped = 0

        self._readings: deque[ReadingRow] = deque()
        self._first_reading = 0

    def __len__(self) -> int:
        return len(self._rows) + len(self._readings)

    def take(self, row: MeasurementRow) -> int:
        """How many wait then."""
        with self._lock:
            if len(self._rows) >= self._limit:
                self._rows.popleft()
                self._first += 1
                self.dropped += 1
            self._rows.append(row)
            self._note(row.ts_ms, row.ts_ms)
            return len(self._rows)

    def take_reading(self, reading: ReadingRow) -> None:
        """They have as much room as the rows, of their own."""
        with self._lock:
            if len(self._readings) >= self._limit:
                self._readings.popleft()
                self._first_reading += 1
                self.dropped += 1
            self._readings.append(reading)

    def oldest_readings(self, count: int) -> tuple[int, tuple[ReadingRow, ...]]:
        """The running number of the first, and at most so many. They stay until readings_written() is told."""
        with self._lock:
            return self._first_reading, tuple(islice(self._readings, count))

    def readings_written(self, first: int, count: int) -> None:
        """Some may have been dropped in the meantime, to make room."""
        with self._lock:
            while self._first_reading < first + count and self._readings:
                self._readings.popleft()
                self._first_reading += 1

    def oldest(self, count: int) -> Batch:
        """At most so many rows, in the order in which they came. They stay until written() is told."""
        with self._lock:
            return Batch(self._first, tuple(islice(self._rows, count)))

    def written(self, batch: Batch) -> None:
        """These are on disk. Some may have been dropped in the meantime, to make room."""
        end = batch.first + len(batch.rows)
        with self._lock:
            while self._first < end and self._rows:
                self._rows.popleft()
                self._first += 1
            self._stored_ms = max(self._stored_ms, *(row.ts_ms for row in batch.rows))

    def passed(self, rows: Sequence[MeasurementRow]) -> None:
        """These were written without waiting here."""
        low_ms, high_ms = min(row.ts_ms for row in rows), max(row.ts_ms for row in rows)
        with self._lock:
            self._note(low_ms, high_ms)
            self._stored_ms = max(self._stored_ms, high_ms)

    def opened(self, stored_ms: int) -> None:
        """The file was opened, perhaps another one; stored_ms: its newest row, -1 if it has none."""
        with self._lock:
            self._stored_ms = stored_ms
            self._newest_ms = max(self._newest_ms, stored_ms)
            self._mark(-1)

    def view(self) -> View:
        """Take it before the file is opened: a row may then be seen in both, but never in neither."""
        with self._lock:
            waiting, stored_ms, readings = tuple(self._rows), self._stored_ms, tuple(self._readings)
        return View(waiting, min([stored_ms, *(row.ts_ms - 1 for row in waiting)]), readings)

    def watch(self) -> Watch:
        """For a reader that remembers sums; hold it as long as they are kept."""
        watch = Watch()
        with self._lock:
            self._watches.add(watch)
        return watch

    def _note(self, low_ms: int, high_ms: int) -> None:
        if low_ms <= self._newest_ms:  # out of order, as after a clock that was set back
            self._mark(low_ms)
        self._newest_ms = max(self._newest_ms, high_ms)

    def _mark(self, from_ms: int) -> None:
        for watch in self._watches:
            watch.mark(from_ms)
