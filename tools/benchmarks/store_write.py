"""Writing: how many ticks a second the recorder takes, what one costs on disk, and what a day wears of a card."""

import os
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from common import ROOT, figure

from tanklink.messages import CHANNELS
from tankwarden.store import MeasurementRow, Store, open_store

T0_MS = 1_781_000_400_000
DAY = 86_400
BATCH = 60
SAMPLES = 200  # in a second's row: one a pass of the Pico's program


def rows(count: int, first_ms: int = T0_MS, step_ms: int = 1000) -> list[MeasurementRow]:
    """Noisy, as a converter is: nothing that compresses by being the same."""
    chance = random.Random(5)
    made = []
    for k in range(count):
        means = [chance.randint(300, 4000) for _ in CHANNELS]
        counts = dict(zip(CHANNELS, means, strict=True))
        vi = tuple(SAMPLES * counts[f"voltage_{c}"] * counts[f"current_{c}"] for c in (1, 2))
        sums = tuple(SAMPLES * mean + chance.randint(0, SAMPLES) for mean in means)
        made.append(MeasurementRow(first_ms + k * step_ms, step_ms, SAMPLES, sums, vi, chance.randint(0, 1 << 14), 0))
    return made


def measure(quick: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="store-", dir=_on_a_disk()))
    try:
        _insert(folder / "insert.db", rounds=5 if quick else 15)
        _day(folder / "day.db", 3600 if quick else DAY)
    finally:
        shutil.rmtree(folder)


def _insert(path: Path, rounds: int) -> None:
    """In CPU time, as the other benchmarks: what others got of the machine is left out, and so is the disk's own."""
    count = 200 * BATCH
    rates = []
    with _opened(path) as store:
        for k in range(rounds + 1):
            ticks = rows(count, T0_MS + k * count * 1000)
            began = time.process_time()
            _write(store, ticks)
            rates.append(count / (time.process_time() - began))
    figure("store.insert_ticks_per_s", statistics.median(rates[1:]), "1/s")


def _day(path: Path, seconds: int) -> None:
    """A day of one row a second, a commit a minute, with the moments of every minute; scaled up from a part of it."""
    ticks = rows(seconds)
    with _opened(path) as store:
        began = _written_bytes()
        _write(store, ticks)
        written = _written_bytes() - began
    figure("store.written_mb_per_day", written / seconds * DAY / 1e6, "MB")
    figure("store.bytes_per_tick", path.stat().st_size / seconds, "B")


def _opened(path: Path) -> Store:
    return open_store(path, batch_rows=BATCH + 1, batch_s=3600.0)


def _write(store: Store, ticks: list[MeasurementRow]) -> None:
    """Batch after batch, each on disk before the next."""
    for start in range(0, len(ticks), BATCH):
        for tick in ticks[start : start + BATCH]:
            store.recorder.measurement(tick)
        store.recorder.flush()


def _written_bytes() -> int:
    """By this process: what it gave to the system, which is never less than what reaches the card in the end."""
    numbers = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return max(int(numbers["wchar"]), int(numbers["write_bytes"]))


def _on_a_disk() -> Path:
    folder = ROOT / ".cache"
    folder.mkdir(exist_ok=True)
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
