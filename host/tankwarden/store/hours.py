"""Hours of every series, made of its minutes in the background: a year is 8,760 of them, and half a million minutes.

An hour holds what the minutes of its time come to (mean, least, greatest), by the calibrations of their time, so a
chart read from hours says exactly what it says when it is read from minutes. hours_made.py says how far they can be
believed; for the rest minutes are read, as where no hour was made yet.
"""

import hashlib
from typing import Any

from peewee import Database as Connection

from tankwarden.logic.meters import MINUTE_MS, Calibration, Timeline
from tankwarden.logic.probes import PREFIX
from tankwarden.store import calibrations, energies, series
from tankwarden.store.database import Database
from tankwarden.store.dialect import execute, execute_many
from tankwarden.store.hours_made import HOUR_MS, Made, remember, told
from tankwarden.store.recorder import Recorder

PORTION_MS = 10 * 24 * HOUR_MS
_EXTENT = "SELECT MIN(ts), MAX(ts) FROM sensor_readings WHERE sensor = :sensor AND ts > :t0"
_INSERT = """INSERT INTO series_hours (series, ts, first_ms, last_ms, total, weight, low, high)
VALUES (:series, :ts, :first, :last, :total, :weight, :low, :high)"""
_DELETE = "DELETE FROM series_hours WHERE series = :series AND ts > :t0 AND ts <= :t1"


def key_of(base: Calibration) -> str:
    """Of the scales and sensors in the configuration: with others, all hours are others."""
    parts = (base.circuits, base.thermometers, base.gap_ms, base.probes)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def believed(db: Connection, base: Calibration) -> tuple[int, int]:
    """From where to where hours say what minutes say; an empty span if they do nowhere."""
    made = told(db)
    return (made.from_ms, made.to_ms) if made is not None and made.key == key_of(base) else (0, 0)


def make(database: Database, recorder: Recorder, base: Calibration) -> bool:
    """Make one portion of those that are missing, the oldest first; whether there may be more. StoreError."""
    with database.reading() as db:
        before = told(db)
        # By the versions of this very state of the database: one that comes meanwhile spoils what is reckoned here.
        timeline = Timeline(base, calibrations.versions(db))
        span = _next(db, timeline, before)
        if span is None:
            return False
        fresh, begin_ms, end_ms = span
        rows = _reckoned(db, timeline, begin_ms, end_ms)

    def write(db: Connection) -> bool:
        if told(db) != before:
            return False
        if fresh:
            execute(db, "DELETE FROM series_hours")
        for name in (*series.kinds(base), *(PREFIX + probe.id for probe in base.probes)):
            execute(db, _DELETE, {"series": name, "t0": begin_ms, "t1": end_ms})
        if rows:
            execute_many(db, _INSERT, rows)
        turn = 0 if before is None else before.turn
        from_ms = begin_ms if fresh or before is None else before.from_ms
        remember(db, Made(from_ms, end_ms, key_of(base), turn + fresh))
        return True

    recorder.submit_write(write).result()
    return True


def _next(db: Connection, timeline: Timeline, before: Made | None) -> tuple[bool, int, int] | None:
    """Whether all begins anew, and the span to be made now; None if there is none."""
    reach = energies.reach_of(db, timeline)
    if reach.from_ms > 0:  # minutes are still being made
        return None
    fresh = before is None or before.key != key_of(timeline.base) or before.to_ms <= before.from_ms
    begin_ms = -1 if fresh or before is None else before.to_ms
    (first,) = execute(db, "SELECT MIN(ts) FROM measurement_minutes WHERE ts > :t0", {"t0": begin_ms}).fetchone()
    firsts = [] if first is None else [int(first) - MINUTE_MS]
    last_ms = reach.to_ms
    for probe in timeline.base.probes:
        span = {"sensor": probe.id, "t0": begin_ms}
        first, last = execute(db, _EXTENT, span).fetchone()
        firsts += [] if first is None else [int(first) - 1]
        # Where there is no Pico that says how far minutes are made, readings do: one that comes later is in its order.
        last_ms = max(last_ms, int(last or 0)) if not reach.to_ms else last_ms
    if not firsts:
        return None
    first_ms = min(firsts) // HOUR_MS * HOUR_MS
    end_ms = min(first_ms + PORTION_MS, last_ms // HOUR_MS * HOUR_MS)
    begin_ms = first_ms if fresh else begin_ms
    return None if end_ms <= begin_ms else (fresh, begin_ms, end_ms)


def _reckoned(db: Connection, timeline: Timeline, t0_ms: int, t1_ms: int) -> list[dict[str, Any]]:
    found = {name: hours.items() for name, hours in
             series.hours_of_minutes(db, timeline, t0_ms, t1_ms, HOUR_MS).items()}  # fmt: skip
    span = (t0_ms, t1_ms)
    readings = {
        PREFIX + probe.id: series.buckets_of_readings(db, timeline, probe.id, span, HOUR_MS, "sensor_readings")
        for probe in timeline.base.probes
    }
    return [
        {"series": name, "ts": (hour + 1) * HOUR_MS, "first": sums[0], "last": sums[1], "total": sums[2],
         "weight": sums[3], "low": sums[4], "high": sums[5]}
        for name, hours in (found | readings).items()
        for hour, sums in hours
    ]  # fmt: skip
