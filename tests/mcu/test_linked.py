"""Scenarios of tests/mcu on the linked program, under MicroPython: what the chip runs does what its sources do."""

import re
import subprocess
from pathlib import Path

import pytest

from . import linked_aliases

RUNNER = Path(__file__).parent / "run_scenarios.py"
HEAP = "heapsize=8M"  # the linked file is compiled here, which on the chip it is not


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("linked")
    linked_aliases.write(folder)
    return folder


@pytest.mark.parametrize("module", ["allocation", "handshake", "tracing", "tripping"])
def test_on_the_linked_program(micropython: str, program: Path, module: str) -> None:
    command = [micropython, "-X", HEAP, str(RUNNER), "--program", str(program), module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=program)
    verdicts = re.findall(r"^(ok|FAIL) \w+\.(\w+)$", done.stdout, re.MULTILINE)
    assert [name for verdict, name in verdicts if verdict == "FAIL"] == [], done.stdout + done.stderr
    assert len(verdicts) > 5, done.stdout + done.stderr
