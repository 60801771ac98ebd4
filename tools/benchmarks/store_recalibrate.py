"""How fast stored data are recalibrated and exported.

How fast a calibration is applied to the past, daily kWh and all, and how fast the same is by peewee, row by row."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import figure
from peewee import BigIntegerField, FloatField, IntegerField, Model, SqliteDatabase
from store_data import BEGIN_MS, CALIBRATION, DAY_MS, ZONE, fill

from tankwarden.logic.calibration import Points, Version
from tankwarden.store import Upkeep, open_store

# Bends where clouds go through: a part of the minutes is then read from rows.
POINTS = ((0.0, 0.0), (1500.0, 186.0), (4095.0, 503.0))
NAIVE_ROWS = 20_000
ROUNDS = 3


def measure(quick: bool) -> None:
    """Makes its own data, and takes them away."""
    with tempfile.TemporaryDirectory() as folder:
        in_folder(Path(folder), quick=quick)
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("store_csv.py")), f"{folder}/30d_1s.db"], check=True
        )


def in_folder(folder: Path, *, quick: bool) -> None:
    """Prints recalibrate_30d_1s_s, recalibrate_1y_5s_s and recalibrate_vs_naive."""
    for name, days, step_ms in (("30d_1s", 5 if quick else 30, 1000), ("1y_5s", 30 if quick else 365, 5000)):
        path = folder / f"{name}.db"
        rows = fill(path, days, step_ms)
        rounds = [_recalibrate(path, days) for _ in range(ROUNDS)]
        took_s, cpu_s = (statistics.median(each) for each in zip(*rounds, strict=True))
        scale = (30 if name == "30d_1s" else 365) / days
        figure(f"store.recalibrate_{name}_s", took_s * scale, "s")
        figure(f"store.recalibrate_{name}_cpu_s", cpu_s * scale, "s")
        if name == "30d_1s":
            # Both by the CPU time of the process, which leaves out what others of a shared machine got.
            naive_s = statistics.median(_naive(path) for _ in range(ROUNDS)) / NAIVE_ROWS
            figure("store.recalibrate_vs_naive", naive_s * rows / cpu_s, "×")
            figure("store.recalibrate_naive_rows_per_s", 1 / naive_s, "rows/s")


def _recalibrate(path: Path, days: int) -> tuple[float, float]:
    """Seconds, and those of CPU, from the word to the last daily summary stored; moments are there, as with a host."""

    def now_ms() -> int:
        return BEGIN_MS + (days + 2) * DAY_MS

    upkeep = Upkeep(gap_ms=CALIBRATION.gap_ms, meters=CALIBRATION.circuits)
    with open_store(path, wall_ms=now_ms, upkeep=upkeep) as store:
        calibrator = store.calibrator(CALIBRATION, ZONE, now_ms)
        calibrator.load()
        calibrator.catch_up()
        before = sum(each.energy_wh for each in calibrator.summaries(0, 1 << 60))
        began, cpu = time.perf_counter(), time.process_time()
        number = calibrator.apply(Version(0, "voltage_1", POINTS, None, None, now_ms()), unit="V", who="benchmark")
        took = time.perf_counter() - began, time.process_time() - cpu
        assert sum(each.energy_wh for each in calibrator.summaries(0, 1 << 60)) > before > 0
        calibrator.undo(number, who="benchmark")
    return took


# -- the other way, as it is often done -------------------------------------------------------------------------------


class Tick(Model):
    """A row with values in it, which a calibration rewrites: of both circuits, as what it is measured against does."""

    ts = BigIntegerField(primary_key=True)
    n = IntegerField()
    voltage_1_sum = IntegerField()
    current_1_sum = IntegerField()
    voltage_2_sum = IntegerField()
    current_2_sum = IntegerField()
    temperature_1_sum = IntegerField()
    temperature_2_sum = IntegerField()
    volts_1 = FloatField()
    amperes_1 = FloatField()
    watts_1 = FloatField()
    volts_2 = FloatField()
    amperes_2 = FloatField()
    watts_2 = FloatField()
    degf_1 = FloatField()
    degf_2 = FloatField()

    class Meta:
        table_name = "ticks"


_RAW = "ts, n, voltage_1_sum, current_1_sum, voltage_2_sum, current_2_sum, temperature_1_sum, temperature_2_sum"


def _naive(source: Path) -> float:
    """Seconds of CPU for NAIVE_ROWS: read a row, reckon, save it, in one transaction; add up energy, note the peak."""
    path = source.with_name("naive.db")
    path.unlink(missing_ok=True)
    database = SqliteDatabase(str(path), pragmas={"journal_mode": "wal"})
    amperes = CALIBRATION.circuits[0].current.points
    volts_2, degf = CALIBRATION.circuits[1].voltage.points, CALIBRATION.thermometers[0].points
    with database.bind_ctx([Tick]):
        database.create_tables([Tick])
        database.execute_sql("ATTACH ? AS source", (str(source),))
        database.execute_sql(
            f"INSERT INTO ticks SELECT {_RAW}, 0, 0, 0, 0, 0, 0, 0, 0 FROM source.measurements"
            f" WHERE ts > {BEGIN_MS + DAY_MS // 3} ORDER BY ts LIMIT {NAIVE_ROWS}"
        )
        began = time.process_time()
        energy_wh, peak_w, before = [0.0, 0.0], [0.0, 0.0], None
        with database.atomic():
            for tick in Tick.select().order_by(Tick.ts):
                tick.volts_1 = _value(POINTS, tick.voltage_1_sum / tick.n)
                tick.volts_2 = _value(volts_2, tick.voltage_2_sum / tick.n)
                tick.amperes_1 = _value(amperes, tick.current_1_sum / tick.n)
                tick.amperes_2 = _value(amperes, tick.current_2_sum / tick.n)
                tick.watts_1, tick.watts_2 = tick.volts_1 * tick.amperes_1, tick.volts_2 * tick.amperes_2
                tick.degf_1 = _value(degf, tick.temperature_1_sum / tick.n)
                tick.degf_2 = _value(degf, tick.temperature_2_sum / tick.n)
                tick.save()
                for place, watts in enumerate((tick.watts_1, tick.watts_2)):
                    peak_w[place] = max(peak_w[place], watts)
                    if before is not None:
                        energy_wh[place] += watts * min(tick.ts - before, 60_000) / 3_600_000
                before = tick.ts
        took_s = time.process_time() - began
    database.close()
    return took_s


def _value(points: Points, measured: float) -> float:
    place = 1
    while place < len(points) - 1 and measured > points[place][0]:
        place += 1
    (x0, y0), (x1, y1) = points[place - 1], points[place]
    return y0 + (measured - x0) * (y1 - y0) / (x1 - x0)
