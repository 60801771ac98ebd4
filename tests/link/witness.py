"""Watches whether this machine runs its processes at all: one real-time process a processor, asleep but for a look.

A simulated chip stands still when the whole machine does, as a virtual machine on a busy host can; a chip does not.
Its permits then run out, rightly, and it trips. Only a stall that these processes, which have nothing to do with the
product, saw at that very time may excuse such a trip.

    witness.py FILE CPU       appends "from_ns to_ns" (CLOCK_MONOTONIC) for each stall
"""

import contextlib
import os
import sys
import time
from pathlib import Path

STALL_NS = 40_000_000  # enough of one to excuse a trip
HITCH_NS = 20_000_000  # and to excuse a word about a pass above 25 ms
SLEEP_S = 0.01


def watch(file: Path, cpu: int) -> None:
    os.sched_setaffinity(0, {cpu})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(50))
    parent = os.getppid()
    before = time.monotonic_ns()
    with file.open("a", buffering=1) as out:
        while os.getppid() == parent:
            time.sleep(SLEEP_S)
            now = time.monotonic_ns()
            if now - before > HITCH_NS:
                out.write(f"{before} {now}\n")
            before = now


def stalls(file: Path, least_ns: int = STALL_NS) -> list[tuple[int, int]]:
    """Every stall of that length seen so far: (from, to) monotonic ns."""
    if not file.exists():
        return []
    seen = [(int(line.split()[0]), int(line.split()[1])) for line in file.read_text().splitlines()]
    return [(start, end) for start, end in seen if end - start > least_ns]


if __name__ == "__main__":
    watch(Path(sys.argv[1]), int(sys.argv[2]))
