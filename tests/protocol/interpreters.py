"""Run a script of on_micropython/ under the real MicroPython, or under CPython, as the chip and the simulation do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROTOCOL = HERE.parent.parent / "protocol"
VECTORS = HERE / "vectors.json"
# 190 KB of the chip's 4-byte words.
MICROPYTHON = ("micropython", "-X", "heapsize=190wK")


def found(program: str) -> str | None:
    return shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)


# Where it is promised, its absence is a failure: the tests then run and cannot start it.
needs_micropython = pytest.mark.skipif(
    found("micropython") is None and os.environ.get("CI") != "true", reason="there is no MicroPython for this machine"
)
both = pytest.mark.parametrize("interpreter", ["python", pytest.param("micropython", marks=needs_micropython)])


def run(interpreter: str, script: str, *arguments: object, protocol: Path = PROTOCOL) -> str:
    """What the script printed. The first argument it gets is the folder of tanklink, which is in `protocol`."""
    command = [sys.executable] if interpreter == "python" else [str(found("micropython")), *MICROPYTHON[1:]]
    command += [str(HERE / "on_micropython" / script), str(protocol), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout
