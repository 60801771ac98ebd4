"""The rows as readers see them, and the SQL that sums them up into buckets of a chart.

Plain text: these are sums of scaled columns. energies.py sums energy, curves.py writes a curve as SQL.
"""

from dataclasses import dataclass

from peewee import Database

from tankwarden.logic.calibration import Curve
from tankwarden.logic.meters import Calibration
from tankwarden.store import curves
from tankwarden.store.backlog import View
from tankwarden.store.dialect import execute, execute_many, real
from tankwarden.store.energies import Source
from tankwarden.store.rows import COLUMNS, quality_mask


@dataclass(frozen=True, slots=True)
class BucketSums:
    """Of one bucket: the first and last ts, and Σ, n of each circuit and then of each thermometer.

    Σ is that of n·W or n·°F. Both leave out the rows in which it was not ok, and are None if none is left.
    """

    bucket: int
    first_ms: int
    last_ms: int
    sums: list[float | None]


class Rows:
    """The rows as readers see them: the database's and those that wait, which stand for its own of the same ts.

    They wait in a temporary table of the connection, in memory: the statements need not know of them.
    source, readings: where statements find them, and the readings of other probes.
    """

    def __init__(self, db: Database, view: View) -> None:
        self._db = db
        self.source = Source()
        if view.waiting:
            columns = ", ".join(COLUMNS)
            execute(db, _WAITING.format(columns=columns))
            latest = {row.ts_ms: row.named() for row in view.waiting}
            execute_many(db, _INSERT_WAITING.format(marks=", ".join(f":{name}" for name in COLUMNS)), latest.values())
            execute(db, _INDEX_WAITING)
            self.source = Source(_BOTH.format(columns=columns), ("measurements", "waiting"))
        self.readings = "sensor_readings"
        if view.readings:
            execute(db, _WAITING_READINGS)
            newest = {(row.sensor, row.ts_ms): row.named() for row in view.readings}
            execute_many(db, _INSERT_READING, newest.values())
            execute(db, _INDEX_READINGS)
            self.readings = _BOTH_READINGS

    def buckets(self, calibration: Calibration, width_ms: int, first: int, last: int) -> list[BucketSums]:
        """The buckets from first to last that have rows; bucket b holds b·width < ts ≤ (b + 1)·width."""
        return self.buckets_between(calibration, width_ms, first * width_ms, (last + 1) * width_ms)

    def buckets_between(self, calibration: Calibration, width_ms: int, t0_ms: int, t1_ms: int) -> list[BucketSums]:
        """As buckets, of the rows with t0 < ts ≤ t1."""
        sums = [
            _sum_and_n(curves.power(meter), curves.circuit_mask(meter)) for meter in calibration.circuits
        ]  # fmt: skip
        sums += [
            _sum_and_n(_mean_value(meter.curve, meter.channel), quality_mask(meter.channel))
            for meter in calibration.thermometers
        ]
        statement = _BUCKETS.format(source=self.source.sql, sums="".join(f", {each}" for each in sums))
        rows = execute(self._db, statement, {"width": width_ms, "t0": t0_ms, "t1": t1_ms})
        return [BucketSums(bucket, first_ms, last_ms, sums) for bucket, first_ms, last_ms, *sums in rows]


_WAITING = "CREATE TEMPORARY TABLE waiting AS SELECT {columns} FROM measurements WHERE 1 = 0"
_INSERT_WAITING = "INSERT INTO waiting VALUES ({marks})"
_INDEX_WAITING = "CREATE UNIQUE INDEX waiting_ts ON waiting (ts)"
_BOTH = """(
    SELECT {columns} FROM measurements WHERE ts NOT IN (SELECT ts FROM waiting) UNION ALL SELECT {columns} FROM waiting
)"""
_WAITING_READINGS = "CREATE TEMPORARY TABLE waiting_readings AS SELECT * FROM sensor_readings WHERE 1 = 0"
_INSERT_READING = (
    "INSERT INTO waiting_readings (sensor, ts, measured, quality) VALUES (:sensor, :ts, :measured, :quality)"
)
_INDEX_READINGS = "CREATE UNIQUE INDEX waiting_readings_ts ON waiting_readings (sensor, ts)"
_BOTH_READINGS = """(
    SELECT s.sensor, s.ts, s.measured, s.quality FROM sensor_readings s WHERE NOT EXISTS (
        SELECT 1 FROM waiting_readings w WHERE w.sensor = s.sensor AND w.ts = s.ts
    ) UNION ALL SELECT sensor, ts, measured, quality FROM waiting_readings
)"""
_BUCKETS = """
SELECT (ts - 1) / :width AS bucket, MIN(ts), MAX(ts){sums} FROM {source} AS r
WHERE ts > :t0 AND ts <= :t1 GROUP BY bucket ORDER BY bucket
"""


def _mean_value(curve: Curve, channel: str) -> str:
    return curves.value(curve, curves.mean(f"{channel}_sum"))


def _sum_and_n(value: str, mask: int) -> str:
    ok = f"CASE WHEN n > 0 AND quality & {mask} = 0 THEN"
    return f"SUM({ok} {value} * n END), SUM({ok} n * {real(1.0)} END)"
