"""Runs every scenario of tests/mcu/scenarios under CPython and under MicroPython with the chip's memory.

Under CPython each is called here; under MicroPython each file is run once, and every scenario reports for itself.
"""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FOLDER = HERE / "scenarios"
# The chip's 190, and what it has not: the world around it (flash, host, peripherals), and a program that is not linked
# (docs/decisions/0013). What the chip itself has left is measured there: tests/chip, tools/benchmarks/chip.
HEAP = "heapsize=420wK"
DEFINITION = re.compile(r"^def (scenario_\w+)\(", re.MULTILINE)

sys.path.append(str(FOLDER))

FILES = {path.stem: DEFINITION.findall(path.read_text()) for path in sorted(FOLDER.glob("*.py"))}
Reports = dict[str, tuple[str, dict[str, str]]]
CASES = [(module, name) for module, names in FILES.items() for name in names]


@pytest.fixture(scope="session")
def reports() -> Reports:
    """Filled by `on_micropython`: module → (output, verdict by scenario)."""
    return {}


def on_micropython(micropython: str, module: str) -> tuple[str, dict[str, str]]:
    """Run a file of scenarios; returns its output and a verdict for each."""
    command = [micropython, "-X", HEAP, str(HERE / "run_scenarios.py"), module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    output = done.stdout + done.stderr
    return output, {name: verdict for verdict, name in re.findall(r"^(ok|FAIL) \w+\.(\w+)$", output, re.MULTILINE)}


def test_every_file_has_scenarios() -> None:
    assert len(CASES) > 50
    assert [module for module, names in FILES.items() if not names] == [
        "memory_disk", "virtual_feeder", "virtual_house", "virtual_rig",
    ]  # fmt: skip


@pytest.mark.parametrize(("module", "name"), CASES)
def test_under_cpython(module: str, name: str) -> None:
    getattr(importlib.import_module(module), name)()


@pytest.mark.parametrize(("module", "name"), CASES)
def test_under_micropython(micropython: str, reports: Reports, module: str, name: str) -> None:
    if module not in reports:
        reports[module] = on_micropython(micropython, module)
    output, verdicts = reports[module]
    assert verdicts.get(name) == "ok", output
