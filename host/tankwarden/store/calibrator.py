"""Recalibration: a new version or one taken back, the view, and every day that it touches, reckoned anew.

A preview reckons the same and stores nothing. The version is stored first, together with the removal of the summaries
that it makes untrue; then they come back day by day. Whatever stops that half way leaves days that are missing, and not
days that are wrong: `catch_up` finds and makes them.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from peewee import Database as Connection

from tankwarden.errors import NotKnownError, NotNowError
from tankwarden.logic import probes
from tankwarden.logic.calibration import Version
from tankwarden.logic.days import Day, day_at, days_between
from tankwarden.logic.meters import Calibration, Timeline
from tankwarden.store import calibrations, hours, hours_made, summaries
from tankwarden.store.database import Database
from tankwarden.store.imports import Imported, import_measurements
from tankwarden.store.recorder import Recorder
from tankwarden.store.summaries import Summary

_EVER = 1 << 62
_AT_ONCE = 10  # days in one transaction


@dataclass(frozen=True, slots=True)
class Progress:
    """of: days to be reckoned, done: so far. what: for people; empty = nothing is going on."""

    what: str = ""
    done: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class DayChange:
    """kWh of one circuit's day before and after. bound_kwh: how far `after` may be off, where rows were thinned out."""

    day: Day
    circuit: str
    before_kwh: float
    after_kwh: float
    bound_kwh: float

    @property
    def change_kwh(self) -> float:
        return self.after_kwh - self.before_kwh


class Calibrator:
    """One at a time, in any thread but the engine's. StoreError if the database cannot be read or written.

    base: the configuration's scales. changed: called, in that same thread, with every new timeline.
    """

    def __init__(
        self, database: Database, recorder: Recorder, base: Calibration, zone: str, wall_ms: Callable[[], int],
        changed: Callable[[Timeline], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._database, self._recorder, self._wall_ms = database, recorder, wall_ms
        self._zone_name, self._zone = zone, ZoneInfo(zone)
        self.changed = changed
        self._busy = threading.Lock()
        self.timeline = Timeline(base)
        self.progress = Progress()

    def load(self) -> Timeline:
        """Read the versions, and make the view by them."""
        with self._database.reading() as db:
            self.timeline = Timeline(self.timeline.base, calibrations.versions(db))
        timeline = self.timeline
        self._recorder.submit_write(lambda db: calibrations.make_view(db, timeline)).result()
        self.changed(timeline)
        return timeline

    def versions(self) -> list[Version]:
        with self._database.reading() as db:
            return calibrations.versions(db)

    def preview(self, version: Version, told: Callable[[Progress], None] = lambda _: None) -> list[DayChange]:
        """What each day touched would come to. Nothing is stored."""
        calibrations.check_span(version.from_ms, version.to_ms)
        if _is_probe(version):
            return []  # no energy hangs on it
        newest = replace(version, id=_EVER)
        after = Timeline(self.timeline.base, (*self.timeline.versions, newest))
        days = self._days(version.from_ms, version.to_ms)
        found: list[DayChange] = []
        with self._alone():
            for number, day in enumerate(days, 1):
                found += self._compare(day, after)
                self._tell(told, Progress("preview", number, len(days)))
        return found

    def _compare(self, day: Day, after: Timeline) -> list[DayChange]:
        with self._database.reading() as db:
            old, new = (summaries.energies(db, timeline, day) for timeline in (self.timeline, after))
        names = [*(meter.id for meter in after.base.circuits), summaries.TOTAL]
        pairs = zip(names, (*old.circuits, old.total), (*new.circuits, new.total), strict=True)
        return [
            DayChange(day, name, was.wh / 1000, will.wh / 1000, will.bound_watt_ms / 3.6e9) for name, was, will in pairs
        ]

    def apply(
        self, version: Version, *, unit: str, who: str, told: Callable[[Progress], None] = lambda _: None
    ) -> int:  # fmt: skip
        """Add the version and reckon what it touches. Its id. NotNowError while another is at it."""
        with self._alone():

            def write(db: Connection) -> int:
                _spoil(db, version)
                return calibrations.insert(db, version, unit=unit, who=who)

            number = self._recorder.submit_write(write).result()
            self._renew(version, told)
        return number

    def undo(self, number: int, *, who: str, told: Callable[[Progress], None] = lambda _: None) -> Version:
        """Take a version back and reckon what it touched. NotKnownError if it does not stand."""
        with self._alone():
            now_ms = self._wall_ms()
            with self._database.reading() as db:
                known = {version.id: version for version in calibrations.versions(db)}
            if number not in known:
                raise NotKnownError(f"there is no calibration {number}: tankwarden calibrate list shows them all")
            version = known[number]

            def write(db: Connection) -> None:
                calibrations.undo(db, number, now_ms, who)
                _spoil(db, version)

            self._recorder.submit_write(write).result()
            self._renew(version, told)
        return version

    def _renew(self, version: Version, told: Callable[[Progress], None]) -> None:
        self.load()
        if not _is_probe(version):
            self._reckon(self._days(version.from_ms, version.to_ms), "recalibration", told)

    def catch_up(self, told: Callable[[Progress], None] = lambda _: None) -> int:
        """Reckon every day that is over and has no summary yet; how many there were."""
        with self._alone():
            with self._database.reading() as db:
                have = {summary.day.name for summary in summaries.stored(db, 0, _EVER, summaries.TOTAL)}
            days = [day for day in self._days(None, None) if day.name not in have]
            self._reckon(days, "daily summaries", told)
            return len(days)

    def make_hours(self) -> bool:
        """Make a portion of the hours that long charts are read from; whether there may be more. StoreError."""
        return hours.make(self._database, self._recorder, self.timeline.base)

    def renew_days(self, t0_ms: int, t1_ms: int) -> int:
        """Rows came late, as by an import: reckon the days between anew; how many there were."""
        with self._alone():
            days = self._days(t0_ms, t1_ms)
            self._reckon(days, "daily summaries", lambda _: None)
            return len(days)

    def take_in(self, path: Path) -> Imported:
        """Import measurements, and reckon their days anew. CsvError for a file with anything wrong in it."""

        def told(rows: int) -> None:
            self.progress = Progress(f"import of {rows} rows")

        with self._alone():
            done = import_measurements(self._database, self._recorder, path, told)
            days = self._days(done.first_ms - 1, done.last_ms)
            self._reckon(days, "daily summaries", lambda _: None)
        return done

    def day_end_ms(self, at_ms: int) -> int:
        """The end of the day that an instant falls into."""
        return day_at(at_ms, self._zone).end_ms

    def summaries(self, t0_ms: int, t1_ms: int) -> list[Summary]:
        """The stored days with a part in t0 ≤ t < t1."""
        with self._database.reading() as db:
            return summaries.stored(db, t0_ms, t1_ms)

    def _days(self, from_ms: int | None, to_ms: int | None) -> list[Day]:
        """Those that are over, and of which anything is kept."""
        with self._database.reading() as db:
            extent = summaries.extent(db)
        if extent is None:
            return []
        begin = max(extent[0] - 1, from_ms or 0)  # a row's time is that before its ts
        end = min(extent[1], _EVER if to_ms is None else to_ms)
        return [day for day in days_between(begin, end, self._zone) if day.end_ms <= self._wall_ms()]

    def _reckon(self, days: Sequence[Day], what: str, told: Callable[[Progress], None]) -> None:
        self._recorder.flush()  # what waits may be a day's last minute
        number = 0
        # One connection for several days: it remembers how their statements are to be run.
        for some in _parts(days):
            found: list[Summary] = []
            with self._database.reading() as db:
                for day in some:
                    found += summaries.summarize(db, self.timeline, day)
                    number += 1
                    self._tell(told, Progress(what, number, len(days)))
            self._store(found)

    def _store(self, found: list[Summary]) -> None:
        now_ms = self._wall_ms()
        self._recorder.submit_write(lambda db: summaries.replace(db, found, self._zone_name, now_ms)).result()

    def _tell(self, told: Callable[[Progress], None], progress: Progress) -> None:
        self.progress = progress
        told(progress)

    def _alone(self) -> "_Alone":
        return _Alone(self, self._busy)


class _Alone:
    """Nobody else reckons meanwhile."""

    def __init__(self, calibrator: Calibrator, busy: threading.Lock) -> None:
        self._calibrator, self._busy = calibrator, busy

    def __enter__(self) -> None:
        if not self._busy.acquire(blocking=False):
            doing = self._calibrator.progress
            raise NotNowError(f"{doing.what or 'a recalibration'} is going on ({doing.done} of {doing.of} days): wait")

    def __exit__(self, *_: object) -> None:
        self._calibrator.progress = Progress()
        self._busy.release()


def _parts(days: Sequence[Day]) -> Iterator[Sequence[Day]]:
    for begin in range(0, len(days), _AT_ONCE):
        yield days[begin : begin + _AT_ONCE]


def _spoil(db: Connection, version: Version) -> None:
    """What was reckoned without this version, or with it, holds no more."""
    # A row is of the time before its ts, a reading of its instant: one of the first instant is the version's already.
    hours_made.spoil(db, _span(version)[0] - _is_probe(version))
    if not _is_probe(version):
        summaries.discard(db, *_span(version))


def _is_probe(version: Version) -> bool:
    """Of a sensor that does not hang on the Pico: no day's energy hangs on it."""
    return version.target.startswith(probes.PREFIX)


def _span(version: Version) -> tuple[int, int]:
    return version.from_ms or 0, _EVER if version.to_ms is None else version.to_ms
