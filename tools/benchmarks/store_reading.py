"""How fast stored data come out: CSV of rows raw and calibrated, and histories of a day and of a year."""

import resource
import tempfile
import time
from pathlib import Path

from common import figure, quantile
from store_data import BEGIN_MS, CALIBRATION, DAY_MS, ZONE, fill

from tankwarden.logic.meters import Timeline
from tankwarden.store import Span, Store, Upkeep, export, open_store

NAMES = ("east.power", "west.power", "east.temperature", "west.temperature", "east.voltage", "east.current")
ROUNDS = 40


def measure_csv(path: Path) -> None:
    """Prints csv_ticks_per_s, in CPU time as insert_ticks_per_s, by the clock, and csv_growth_mb, of a database."""
    with open_store(path) as store:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, cpu, lines = time.perf_counter(), time.process_time(), 0
        for piece in export(store.database, Timeline(CALIBRATION), "measurements", Span()):
            lines += piece.count("\n")
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    figure("store.csv_ticks_per_s", (lines - 1) / cpu_s, "1/s")
    figure("store.csv_wall_ticks_per_s", (lines - 1) / took_s, "1/s")
    figure("store.csv_growth_mb", grown / 1024, "MB")


def measure(quick: bool) -> None:
    """Prints hours_year_s, history_day_p99_ms and history_year_p99_ms, with a year of rows every 5 s."""
    with tempfile.TemporaryDirectory() as folder:
        _measure_history(Path(folder) / "1y_5s.db", 30 if quick else 365)


def _measure_history(path: Path, days: int) -> None:
    fill(path, days, 5000)
    end = BEGIN_MS + days * DAY_MS
    with open_store(path, upkeep=Upkeep(gap_ms=CALIBRATION.gap_ms, meters=CALIBRATION.circuits)) as store:
        calibrator = store.calibrator(CALIBRATION, ZONE, lambda: end)
        calibrator.load()
        minutes_ms, _ = _asked_ms(
            store, BEGIN_MS, end, rounds=1
        )  # before there are hours: as right after a recalibration
        figure("store.history_year_without_hours_ms", max(minutes_ms), "ms")
        began = time.perf_counter()
        while calibrator.make_hours():  # as a running host does, every hour
            pass
        figure("store.hours_year_s", (time.perf_counter() - began) * 365 / days, "s")
        for name, begin in (("day", end - DAY_MS), ("year", BEGIN_MS)):
            first_ms, again_ms = _asked_ms(store, begin, end, rounds=ROUNDS)
            figure(f"store.history_{name}_first_ms", max(first_ms), "ms")
            figure(f"store.history_{name}_p99_ms", quantile(again_ms, 0.99), "ms")


def _asked_ms(store: Store, begin: int, end: int, *, rounds: int) -> tuple[list[float], list[float]]:
    """Each series for the first time since the start, and then as a page goes on, to another instant each time."""
    queries = store.queries(CALIBRATION)
    first: list[float] = []
    again: list[float] = []
    for step in range(rounds):
        for name in NAMES:
            began = time.perf_counter()
            found = queries.series(name, begin + step * 5000, end - (rounds - step) * 5000)
            (again if step else first).append((time.perf_counter() - began) * 1000)
            assert len(found["t_ms"]) > 100
    return first, again
