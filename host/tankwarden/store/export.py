"""Tables as CSV, line by line, in bounded memory: measurements raw and calibrated, daily summaries, feedings, the log.

The lines of measurements are put together by the database itself, which is several times as fast as fetching the
numbers and writing them here; raw columns come out as they are stored, so that an export can be imported again.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from peewee import Database as Connection

from tankwarden.errors import NotKnownError
from tankwarden.logic.meters import Calibration, Timeline
from tankwarden.store import curves, probes
from tankwarden.store.calibrations import value_columns
from tankwarden.store.database import Database
from tankwarden.store.dialect import execute, is_postgresql, stream
from tankwarden.store.models import DailySummary, FeedingRecord, SystemHealth, SystemLog
from tankwarden.store.rows import COLUMNS, QUALITIES

_EVER_MS = 1 << 62
_DECIMALS = {"v": 3, "a": 4, "w": 3, "degf": 3}  # by the unit that a column's name ends in


@dataclass(frozen=True, slots=True)
class Span:
    """Instants t0 < ts ≤ t1, UTC ms; both ends may be left open."""

    t0_ms: int | None = None
    t1_ms: int | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        return (-1 if self.t0_ms is None else self.t0_ms), (_EVER_MS if self.t1_ms is None else self.t1_ms)


def export(database: Database, timeline: Timeline, what: str, span: Span) -> Iterator[str]:
    """Pieces of a CSV file, the header first. NotKnownError for a table that there is not; StoreError.

    One state of the database throughout, however long the reader takes.
    """
    if what not in EXPORTS:
        raise NotKnownError(f"there is no export of {what!r}: it is one of {', '.join(EXPORTS)}")
    return _pieces(database, timeline, what, span)


def _pieces(database: Database, timeline: Timeline, what: str, span: Span) -> Iterator[str]:
    with database.reading() as db:
        yield from EXPORTS[what](db, timeline, span)


# -- measurements -----------------------------------------------------------------------------------------------------


def _measurements(db: Connection, timeline: Timeline, span: Span) -> Iterator[str]:
    columns = value_columns(timeline.base)
    yield ",".join([*COLUMNS, *columns]) + "\n"
    bounds = execute(
        db, "SELECT MIN(ts), MAX(ts) FROM measurements WHERE ts > :t0 AND ts <= :t1", _named(span)
    ).fetchone()
    if bounds[0] is None:
        return
    for stretch in timeline.stretches(int(bounds[0]) - 1, int(bounds[1])):
        line = _line(stretch.calibration, columns, postgresql=is_postgresql(db))
        statement = f"SELECT {line} FROM measurements WHERE ts > :t0 AND ts <= :t1 ORDER BY ts"  # noqa: S608 - ours
        for rows in stream(db, statement, {"t0": stretch.from_ms, "t1": stretch.to_ms}):
            yield "\n".join([row[0] for row in rows]) + "\n"


def _line(calibration: Calibration, columns: dict[str, Callable[[Calibration], str]], *, postgresql: bool) -> str:
    """One row as text; an empty field is a value that nobody knows."""
    known = {name: sql(calibration) for name, sql in columns.items()}
    decimals = {name: _DECIMALS[name.rpartition("_")[2]] for name in columns}
    whole = ["%d"] * len(COLUMNS)
    if postgresql:
        raw = f"concat_ws(',', {', '.join(COLUMNS)})"
    else:
        raw = f"printf('{','.join(whole)}', {', '.join(COLUMNS)})"
    values = [_text(sql, decimals[name], postgresql=postgresql) for name, sql in known.items()]
    line = " || ',' || ".join([raw, *values])
    if postgresql:
        return line
    # Nearly every row is whole, and then one call writes it all: twice as fast.
    formats = ",".join([*whole, *(f"%.{decimals[name]}f" for name in known)])
    everything = ", ".join([*COLUMNS, *(curves.parts(sql)[1] for sql in known.values())])
    return f"CASE WHEN n > 0 AND quality = 0 THEN printf('{formats}', {everything}) ELSE {line} END"


def _text(known: str, decimals: int, *, postgresql: bool) -> str:
    """`known`: CASE WHEN … THEN value END."""
    condition, value = curves.parts(known)
    rounded = f"CAST(ROUND(CAST({value} AS NUMERIC), {decimals}) AS TEXT)" if postgresql else ""
    return f"CASE WHEN {condition} THEN {rounded or f'''printf('%.{decimals}f', {value})'''} ELSE '' END"


# -- the others -------------------------------------------------------------------------------------------------------


_READINGS = """
SELECT r.sensor, r.ts, r.measured, CASE WHEN r.measured IS NOT NULL THEN {value} END, r.quality FROM sensor_readings r
WHERE r.sensor = :sensor AND r.ts > :t0 AND r.ts <= :t1 ORDER BY r.ts
"""


def _readings(db: Connection, timeline: Timeline, span: Span) -> Iterator[str]:
    """Of the probes that do not hang on the Pico, sensor by sensor. value: calibrated, in `unit`."""
    yield _csv([("sensor", "ts", "measured", "value", "unit", "quality")])
    bounds = execute(
        db, "SELECT sensor, MIN(ts), MAX(ts) FROM sensor_readings WHERE ts > :t0 AND ts <= :t1 GROUP BY sensor"
        " ORDER BY sensor", _named(span),
    ).fetchall()  # fmt: skip
    for sensor, first_ms, last_ms in bounds:
        for stretch in probes.valued(timeline, sensor, int(first_ms) - 1, int(last_ms)):
            named = {"sensor": sensor, "t0": stretch.from_ms, "t1": stretch.to_ms}
            for rows in stream(db, _READINGS.format(value=stretch.sql), named):
                yield _csv((*row[:4], stretch.unit, str(QUALITIES[row[4]])) for row in rows)


def _summaries(db: Connection, _: Timeline, span: Span) -> Iterator[str]:
    t0, t1 = span.bounds
    query = DailySummary.select().where((DailySummary.end_ms > t0) & (DailySummary.begin_ms < t1))
    names = (
        "day", "circuit", "zone", "begin_ms", "end_ms", "energy_wh", "energy_bound_wh", "covered_s", "peak_w",
        "peak_ms", "min_degf", "max_degf",
    )  # fmt: skip
    return _table(db, query.order_by(DailySummary.begin_ms, DailySummary.circuit), names)


def _feedings(db: Connection, _: Timeline, span: Span) -> Iterator[str]:
    t0, t1 = span.bounds
    query = FeedingRecord.select().where((FeedingRecord.requested_ms > t0) & (FeedingRecord.requested_ms <= t1))
    names = (
        "id", "operation_id", "feeder_id", "requested_ms", "scheduled_for_ms", "day", "source", "status", "turns",
        "asked_g", "portion_g", "drops", "started_ms", "ended_ms", "reason",
        "food_id",
    )  # fmt: skip
    return _table(db, query.order_by(FeedingRecord.id), names)


def _logs(db: Connection, _: Timeline, span: Span) -> Iterator[str]:
    t0, t1 = span.bounds
    query = SystemLog.select().where((SystemLog.ts > t0) & (SystemLog.ts <= t1))
    return _table(db, query.order_by(SystemLog.id), ("id", "ts", "level", "category", "text"))


def _table(db: Connection, query: Any, names: tuple[str, ...]) -> Iterator[str]:
    """A query of few rows, quoted where text needs it."""
    yield _csv([names])
    chunk: list[tuple[object, ...]] = []
    for record in query.iterator(db):
        chunk.append(tuple(getattr(record, name) for name in names))
        if len(chunk) == 1000:
            yield _csv(chunk)
            chunk = []
    if chunk:
        yield _csv(chunk)


def _csv(rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _named(span: Span) -> dict[str, int]:
    t0, t1 = span.bounds
    return {"t0": t0, "t1": t1}


def _health(db: Connection, _: Timeline, span: Span) -> Iterator[str]:
    t0, t1 = span.bounds
    query = SystemHealth.select().where((SystemHealth.ts > t0) & (SystemHealth.ts <= t1))
    return _table(db, query.order_by(SystemHealth.ts), tuple(SystemHealth._meta.sorted_field_names))


EXPORTS: dict[str, Callable[[Connection, Timeline, Span], Iterator[str]]] = {
    "measurements": _measurements,
    "readings": _readings,
    "summaries": _summaries,
    "feedings": _feedings,
    "logs": _logs,
    "health": _health,
}
