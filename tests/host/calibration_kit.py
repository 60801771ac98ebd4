"""What the tests of recalibration share: a plant of a few days in raw counts, and a plain reckoning of its energy."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from store_kit import HOUR, opened

from tanklink.messages import CHANNELS
from tankwarden.logic.calibration import Curve, Version
from tankwarden.logic.energy import power_w
from tankwarden.logic.meters import Calibration, CircuitMeter, Thermometer, Timeline
from tankwarden.store import Calibrator, MeasurementRow, Store

ZONE = "America/Phoenix"
DAY = 24 * HOUR
BEGIN = 1_764_572_400_000  # 2025-12-01 00:00 in Phoenix
METERS = Calibration(
    (
        CircuitMeter("east", 1, Curve(((0, 0.0), (4000, 500.0))), Curve(((400, 0.0), (4000, 14.0)))),
        CircuitMeter("west", 2, Curve(((0, 0.0), (4000, 500.0))), Curve(((400, 0.0), (4000, 14.0)))),
    ),
    (Thermometer("east", "temperature_1", ((600, 212.0), (2000, 110.0), (3600, 32.0))),),
    60.0,
)
BENT = ((0.0, 0.0), (1500.0, 195.0), (4000.0, 510.0))  # a better voltage: it bends where clouds go through


def sunny(days: float, step_s: int, begin: int = BEGIN) -> Iterator[MeasurementRow]:
    """Clouds that come and go within the minute, over east and west; nothing at night."""
    n = 20
    for k in range(int(days * 86_400) // step_s):
        ts = begin + (k + 1) * step_s * 1000
        hour = (ts - begin) % DAY / HOUR
        light = max(0.0, math.sin((hour - 7) / 10 * math.pi)) if 7 < hour < 17 else 0.0
        light *= 0.4 if (k * step_s // 45) % 3 == 0 else 1.0
        v, i = round(2400 * n * math.sqrt(light)), 400 * n + round(2000 * n * math.sqrt(light))
        sums = dict.fromkeys(CHANNELS, n * 100)
        sums |= {
            "voltage_1": v,
            "current_1": i,
            "voltage_2": v // 2,
            "current_2": i,
            "temperature_1": n * 2000 - v // 9,
        }
        yield MeasurementRow(
            ts, step_s * 1000, n, tuple(sums[channel] for channel in CHANNELS), (v * i // n, v // 2 * i // n)
        )


@contextmanager
def plant(path: Path, rows: Iterable[MeasurementRow], *, now_ms: int = BEGIN + 30 * DAY, zone: str = ZONE,
          meters: Calibration = METERS) -> Iterator[tuple[Store, Calibrator]]:  # fmt: skip
    """A store with these rows, and its calibrator, long after."""
    with opened(path) as store:
        store.recorder.measurements(rows)
        calibrator = store.calibrator(meters, zone, lambda: now_ms)
        calibrator.load()
        yield store, calibrator


def version(target: str = "voltage_1", points: tuple[tuple[float, float], ...] = BENT, begin: int | None = None,
            end: int | None = None) -> Version:  # fmt: skip
    return Version(0, target, points, begin, end, BEGIN)


def hash_of_rows(store: Store) -> str:
    """Of every bit of every row of measurements."""
    with store.queries(METERS)._database.reading() as db:
        rows = db.execute_sql("SELECT * FROM measurements ORDER BY ts").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def plain_wh(rows: Iterable[MeasurementRow], timeline: Timeline, begin: int, end: int, place: int = 0) -> float:
    """Row by row, as energies.py's first lines say it."""
    watt_ms, before = 0.0, None
    for row in sorted(rows, key=lambda row: row.ts_ms):
        covers = min(row.period_ms if before is None else row.ts_ms - before, timeline.base.gap_ms)
        before = row.ts_ms
        meter = timeline.at(row.ts_ms - 1).circuits[place]
        k = meter.circuit
        sums = dict(zip(CHANNELS, row.sums, strict=True))
        watts = power_w(sums[f"voltage_{k}"], sums[f"current_{k}"], row.vi[k - 1], row.n, meter.voltage, meter.current)
        covered = min(row.ts_ms, end) - max(row.ts_ms - covers, begin)
        if watts is not None and covered > 0:
            watt_ms += watts * covered
    return watt_ms / 3_600_000
