"""What every benchmark does: run in the project's environment, print figures, compare two things fairly."""

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_PYTHON = ROOT / ".venv" / "bin" / "python"


def use_environment() -> None:
    """Start again under .venv/bin/python, if there is one and this is another."""
    if _PYTHON.exists() and Path(sys.prefix) != ROOT / ".venv":
        os.execv(_PYTHON, [str(_PYTHON), *sys.argv])


def figure(name: str, value: float, unit: str) -> None:
    """Print one figure: a line of JSON, four significant digits."""
    print(json.dumps({"name": name, "value": float(f"{value:.4g}"), "unit": unit}), flush=True)


def interleaved_per_s(sides: dict[str, Callable[[], int]], rounds: int = 41) -> dict[str, float]:
    """Median rate of each side per second of CPU time. A side does its work once and returns how many it did.

    On a shared machine the load changes from second to second: taking turns, in pieces of milliseconds, all sides meet
    the same; and CPU time leaves out what others got.
    """
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for work in sides.values():
        work()  # warm
    for _ in range(rounds):
        for name, work in sides.items():
            gc.collect()
            start = time.process_time()
            done = work()
            rates[name].append(done / (time.process_time() - start))
    return {name: statistics.median(values) for name, values in rates.items()}


def quantile(values: list[float], q: float) -> float:
    """The value at the share q of the sorted values (nearest rank)."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]
