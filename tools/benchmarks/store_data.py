"""Data for the store's benchmarks: days of sun and clouds over two circuits, in raw sums of counts, written by SQL."""

import math
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tankwarden.logic.calibration import Curve
from tankwarden.logic.meters import Calibration, CircuitMeter, Thermometer
from tankwarden.store import MeasurementRow, Upkeep, minutes, open_store

ZONE = "America/Phoenix"
BEGIN_MS = 1_764_572_400_000  # 2025-12-01 00:00 there
DAY_MS, N = 86_400_000, 20
VOLTS, AMPERES = Curve(((0, 0.0), (4095, 500.0))), Curve(((372, 0.0), (4068, 14.0)))
NTC = ((267, 212.0), (484, 173.0), (658, 153.5), (904, 133.5), (1260, 112.0), (1825, 86.0), (2978, 40.0))
CALIBRATION = Calibration(
    (CircuitMeter("east", 1, VOLTS, AMPERES), CircuitMeter("west", 2, VOLTS, AMPERES)),
    (Thermometer("east", "temperature_1", NTC), Thermometer("west", "temperature_2", NTC)),
    60.0,
)


def rows(days: float, step_ms: int, begin_ms: int = BEGIN_MS, seed: int = 1) -> Iterator[tuple[int, ...]]:
    """In the order of COLUMNS: a row every step_ms; noise at night, sun by day, clouds that come and go."""
    chance = random.Random(seed)
    noise = [round(chance.gauss(0, 6)) for _ in range(4096)]
    cloud = 1.0
    for k in range(int(days * DAY_MS) // step_ms):
        ts = begin_ms + (k + 1) * step_ms
        hour = (ts - begin_ms) % DAY_MS / 3_600_000
        sun = max(0.0, math.sin((hour - 6.5) / 11 * math.pi)) if 6.5 < hour < 17.5 else 0.0
        if k % 37 == 0:
            cloud = chance.choice((1.0, 1.0, 0.35, 0.8))
        light = sun * cloud
        a, b, c = noise[k & 4095], noise[k * 7 & 4095], noise[k * 13 & 4095]
        v = (int(2300 * math.sqrt(light)) if light else 0) * N + abs(a)
        i = (372 + int(2200 * math.sqrt(light) * 0.9)) * N + b
        w = (372 + int(1500 * math.sqrt(light))) * N + c
        tank = (1500 - int(400 * sun)) * N + a
        yield (ts, step_ms, N, i, w, v, v + abs(c), tank, tank + 90, 61_000, 40_000 + b,
               v * i // N, (v + abs(c)) * w // N, 0, 0)  # fmt: skip


def fill(path: Path, days: int, step_ms: int) -> int:
    """Make a database of so many days, with the moments of its minutes; how many rows.

    One day is reckoned and goes through the recorder, all others are its copies, made by SQL: a year in seconds.
    """
    upkeep = Upkeep(gap_ms=CALIBRATION.gap_ms, meters=CALIBRATION.circuits)
    with open_store(path, upkeep=upkeep) as store:
        store.recorder.measurements(map(_row, rows(1, step_ms)))
        # The last row of the day closes its last minute, which a running host does with the next one.
        store.recorder.submit_write(
            lambda db: minutes.make(db, BEGIN_MS, BEGIN_MS + DAY_MS, upkeep.gap_ms, upkeep.meters)
        ).result()
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    for table in ("measurements", "measurement_minutes"):
        names = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
        shifted = ", ".join(["ts + :by", *names[1:]])
        for day in range(1, days):
            database.execute(
                f"INSERT INTO {table} SELECT {shifted} FROM {table} WHERE ts <= :end",
                {"by": day * DAY_MS, "end": BEGIN_MS + DAY_MS},
            )
        database.commit()
    (count,) = database.execute("SELECT COUNT(*) FROM measurements").fetchone()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return int(count)


def _row(values: tuple[int, ...]) -> MeasurementRow:
    ts, period, n, states, quality = *values[:3], *values[-2:]
    return MeasurementRow(ts, period, n, values[3:11], values[11:13], states, quality)
