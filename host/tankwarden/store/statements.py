"""The SQL that sums measurements, made for one calibration. Plain text: these are window functions and scaled sums.

A row at ts holds the mean of the time that ended at ts. It covers the time since the row before it, but at most
max_gap_s: what is beyond nobody measured, and it counts as nothing. (Not its own period_ms: that is the Pico's
monotonic time, and a simulation's wall clock runs faster. Only the first row of all, which has none before it, covers
its period_ms.) Time is that of the wall clock and counts once: rows of a clock that was set back share it with those
that are there.
A row whose voltage or current was not ok covers its time with nothing.
"""

import math
from dataclasses import dataclass

from peewee import Database

from tanklink.messages import CHANNELS, N_CIRCUITS
from tankwarden.logic.scaling import Line, Points
from tankwarden.store.backlog import View
from tankwarden.store.dialect import execute, execute_many, real, words
from tankwarden.store.rows import COLUMNS, quality_mask


@dataclass(frozen=True, slots=True)
class CircuitMeter:
    """id: of the configuration's circuit; circuit: the Pico's number; its scales. ValueError if they are no use."""

    id: str
    circuit: int
    voltage: Line
    current: Line

    def __post_init__(self) -> None:
        numbers = (self.voltage.slope, self.voltage.offset, self.current.slope, self.current.offset)
        if not 1 <= self.circuit <= N_CIRCUITS or not all(map(math.isfinite, numbers)):
            raise ValueError(f"the Pico has circuits 1 to {N_CIRCUITS}, and scales are finite numbers: {self}")


@dataclass(frozen=True, slots=True)
class Thermometer:
    """id: under which its series appears; channel: of CHANNELS; points: its scale in °F. ValueError otherwise."""

    id: str
    channel: str
    points: Points

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS or len(self.points) < 2:
            raise ValueError(f"a thermometer takes one of {', '.join(CHANNELS)}, and two points or more: {self}")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns rows into values, as it is now. max_gap_s: the longest time that one row can cover."""

    circuits: tuple[CircuitMeter, ...]
    thermometers: tuple[Thermometer, ...]
    max_gap_s: float


@dataclass(frozen=True, slots=True)
class BucketSums:
    """Of one bucket: the first and last ts, and Σ, n of each circuit and then of each thermometer.

    A circuit's Σ is that of n·W, a thermometer's that of counts. Both leave out the rows in which it was not ok, and
    are None if none is left.
    """

    bucket: int
    first_ms: int
    last_ms: int
    sums: list[float | None]


class Rows:
    """The rows as readers see them: the file's and those that wait, which stand for the file's of the same ts.

    They wait in a temporary table of the connection, in memory: the statements need not know of them.
    """

    def __init__(self, db: Database, view: View) -> None:
        self._db = db
        self._source = "measurements"
        if view.waiting:
            columns = ", ".join(COLUMNS)
            execute(db, _WAITING.format(columns=columns))
            latest = {row.ts_ms: row.named() for row in view.waiting}
            execute_many(db, _INSERT_WAITING.format(marks=", ".join(f":{name}" for name in COLUMNS)), latest.values())
            self._source = _BOTH.format(columns=columns)

    def energy(self, calibration: Calibration, t0_ms: int, t1_ms: int) -> tuple[float, ...]:
        """Wh of each circuit between two instants: one statement, which adds up over adjoining spans."""
        if not calibration.circuits or t1_ms <= t0_ms:
            return (0.0,) * len(calibration.circuits)
        numbers = [meter.circuit for meter in calibration.circuits]
        statement = _ENERGY.format(
            **words(self._db),
            source=self._source,
            sums=", ".join(f"SUM(power_{k} * covered)" for k in numbers),
            powers=", ".join(f"power_{k}" for k in numbers),
            mean_powers=", ".join(f"{_mean_power(meter)} AS power_{meter.circuit}" for meter in calibration.circuits),
        )
        span = {"t0": t0_ms, "t1": t1_ms, "gap": round(calibration.max_gap_s * 1000)}
        sums = execute(self._db, statement, span).fetchone()
        return tuple((watt_ms or 0.0) / 3_600_000 for watt_ms in sums)

    def buckets(self, calibration: Calibration, width_ms: int, first: int, last: int) -> list[BucketSums]:
        """The buckets from first to last that have rows; bucket b holds b·width < ts ≤ (b + 1)·width."""
        sums = [_sum_and_n(_power_sum(meter), _power_mask(meter)) for meter in calibration.circuits]
        sums += [_sum_and_n(f"{meter.channel}_sum", quality_mask(meter.channel)) for meter in calibration.thermometers]
        statement = _BUCKETS.format(source=self._source, sums="".join(f", {each}" for each in sums))
        span = {"width": width_ms, "t0": first * width_ms, "t1": (last + 1) * width_ms}
        rows = execute(self._db, statement, span)
        return [BucketSums(bucket, first_ms, last_ms, sums) for bucket, first_ms, last_ms, *sums in rows]


_WAITING = "CREATE TEMPORARY TABLE waiting AS SELECT {columns} FROM measurements WHERE 1 = 0"
_INSERT_WAITING = "INSERT INTO waiting VALUES ({marks})"
_BOTH = """(
    SELECT {columns} FROM measurements WHERE ts NOT IN (SELECT ts FROM waiting) UNION ALL SELECT {columns} FROM waiting
) AS known"""

# From the last row before the span, which only says where the first one's time begins, to the first one after it, whose
# time may reach back into the span.
_ENERGY = """
SELECT {sums} FROM (
    SELECT {powers}, {least}(ts, :t1) - {greatest}(ts - covers, :t0) AS covered FROM (
        SELECT ts, {powers}, {least}(COALESCE(ts - before, period_ms), :gap) AS covers FROM (
            SELECT ts, period_ms, LAG(ts) OVER (ORDER BY ts) AS before, {mean_powers} FROM {source}
            WHERE ts >= COALESCE((SELECT MAX(ts) FROM measurements WHERE ts <= :t0), 0)
            AND ts <= COALESCE((SELECT MIN(ts) FROM measurements WHERE ts >= :t1), 9223372036854775807)
        ) AS followed
    ) AS lasting
) AS cut WHERE covered > 0
"""
_BUCKETS = """
SELECT (ts - 1) / :width AS bucket, MIN(ts), MAX(ts){sums} FROM {source} WHERE ts > :t0 AND ts <= :t1 GROUP BY bucket
"""


def _power_sum(meter: CircuitMeter) -> str:
    """n times a row's mean power in W; logic/energy.py has the formula."""
    k, v, i = meter.circuit, meter.voltage, meter.current
    return (
        f"({real(v.slope * i.slope)} * vi_{k}_sum + {real(v.slope * i.offset)} * voltage_{k}_sum"
        f" + {real(v.offset * i.slope)} * current_{k}_sum + {real(v.offset * i.offset)} * n)"
    )


def _mean_power(meter: CircuitMeter) -> str:
    return f"CASE WHEN n > 0 AND quality & {_power_mask(meter)} = 0 THEN {_power_sum(meter)} / n END"


def _power_mask(meter: CircuitMeter) -> int:
    return quality_mask(f"voltage_{meter.circuit}", f"current_{meter.circuit}")


def _sum_and_n(value: str, mask: int) -> str:
    ok = f"CASE WHEN quality & {mask} = 0 THEN"
    return f"SUM({ok} {value} * {real(1.0)} END), SUM({ok} n END)"
