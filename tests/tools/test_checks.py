"""The project's own checks catch what they are there for: each is shown a planted offence and must name it."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy.main import process_options

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tools"))

import docs_check  # noqa: E402  found through the line above
import layers  # noqa: E402


@pytest.mark.parametrize(
    ("place", "line", "said"),
    [
        ("host/tankwarden/logic/x.py", "import socket", "imports socket"),
        ("host/tankwarden/logic/x.py", "import urllib.request", "imports urllib.request"),
        ("host/tankwarden/logic/x.py", "from tankwarden.store import rows", "imports tankwarden.store.rows"),
        ("host/tankwarden/logic/x.py", "from ..store import rows", "imports tankwarden.store.rows"),
        ("host/tankwarden/logic/x.py", "from datetime import datetime\nt = datetime.now()", "calls now()"),
        ("host/tankwarden/logic/x.py", "f = open('a')", "calls open()"),
        ("host/tankwarden/logic/x.py", "m = __import__('os')", "calls __import__()"),
        (
            "host/tankwarden/flows/x.py",
            "from tankwarden.drivers import registry",
            "imports tankwarden.drivers.registry",
        ),
        ("host/tankwarden/flows/x.py", "from tankwarden.web import api", "imports tankwarden.web.api"),
        ("host/tankwarden/web/x.py", "import sqlite3", "imports sqlite3"),
        ("host/tankwarden/web/x.py", "from tankwarden.flows import control", "imports tankwarden.flows.control"),
        ("host/tankwarden/store/x.py", "import tankwarden.web", "imports tankwarden.web"),
        ("host/tankwarden/sim/x.py", "from tankwarden.app import App", "imports tankwarden.app.App"),
        ("bench/tankbench/x.py", "from tankwarden import clock", "imports tankwarden.clock"),
        ("protocol/tanklink/x.py", "import time", "imports time"),
        ("mcu/x.py", "import asyncio", "imports asyncio"),
        ("mcu/x.py", "import typing", "imports typing"),
    ],
)
def test_a_forbidden_import_is_named(tmp_path: Path, place: str, line: str, said: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text(line + "\n")
    found = layers.violations(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"{place}:{line.count(chr(10)) + 1}: {said}; ")


def test_what_is_allowed_passes(tmp_path: Path) -> None:
    allowed = {
        "host/tankwarden/logic/x.py": "import math\nfrom tankwarden.logic import claims",
        "host/tankwarden/web/x.py": "from tankwarden.web import api\nfrom tankwarden.errors import StoreError",
        "mcu/x.py": "import machine\nimport y\nfrom tanklink.messages import TABLE",
        "mcu/y.py": "import struct",
    }
    for place, text in allowed.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text + "\n")
    assert layers.violations(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("see [this](nowhere.md)", "link to nowhere.md, which does not exist"),
        ("in `flows/contrl.py`", "`flows/contrl.py` does not exist"),
        ("in `drivers/pico/wyre.py`", "`drivers/pico/wyre.py` does not exist"),
        ("in `tripz.py`", "`tripz.py` does not exist"),
        ("the folder `host/tankwarden/logics`", "`host/tankwarden/logics` does not exist"),
        ("calls `_shrt`", "`_shrt` is no name in the code"),
        ("calls `session.lend_it`", "`session.lend_it` is no name in the code"),
    ],
)
def test_a_document_that_names_what_is_not_there_is_told(text: str, said: str) -> None:
    assert docs_check.check_links(REPO / "README.md", text) == [said]


def test_a_document_that_names_what_is_there_passes() -> None:
    text = (
        "[a](docs/architecture.md) `flows/control.py` `trips.py` `mcu` `_short` `session.lease` `resolve(a, b)` `_degf`"
    )
    assert docs_check.check_links(REPO / "README.md", text) == []


def test_commands_and_options_that_do_not_exist_are_told() -> None:
    usage = {"tankwarden run": {"--http"}}
    assert docs_check.check_commands("`tankwarden run --http a:1`", usage) == []
    assert docs_check.check_commands("    tankwarden walk\n", usage) == ["`tankwarden walk` is not a command"]
    assert docs_check.check_commands("`tankwarden run --fast`", usage) == ["`tankwarden run` has no option --fast"]


# What runs under MicroPython, which has no typing module. Nothing else may go without types.
MICROPYTHON = (
    "mcu/", "host/tankwarden/sim/shims/", "tests/mcu/scenarios/", "tests/mcu/soaks/", "tests/mcu/run_scenarios.py",
    "tests/mcu/run_soak.py",
    "tests/mcu/littlefs_cuts.py", "tests/protocol/on_micropython/", "tests/flash/on_board/",
    "tests/chip/on_chip/", "tools/benchmarks/on_micropython/",
)  # fmt: skip


def python_files() -> Iterator[str]:
    """Every Python file of the checkout, with or without a suffix."""
    for top in REPO.iterdir():
        for path in (top, *top.rglob("*")) if not top.name.startswith(".") else ():
            if path.suffix == ".py" or (not path.suffix and path.is_file() and is_script(path)):
                yield path.relative_to(REPO).as_posix()


def is_script(path: Path) -> bool:
    first, _, _ = path.read_bytes().partition(b"\n")
    return first.startswith(b"#!") and b"python" in first


def test_every_file_outside_micropython_is_checked_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPO)
    sources, options = process_options([])  # as mypy's own command line reads pyproject.toml
    checked = {source.path for source in sources}
    stubbed = {path for path in python_files() if path.startswith("protocol/tanklink/") and f"{path}i" in checked}
    unchecked = set(python_files()) - checked - stubbed
    assert not [path for path in unchecked if not path.startswith(MICROPYTHON)]
    assert not [place for place in MICROPYTHON if not any(path.startswith(place) for path in unchecked)]
    for source in sources:
        judged_by = options.clone_for_module(source.module)
        assert judged_by.disallow_untyped_defs, source.path
        assert judged_by.check_untyped_defs, source.path
        assert not judged_by.ignore_errors, source.path


def test_a_mistyped_file_is_named_wherever_it_lies(tmp_path: Path) -> None:
    shutil.copy(REPO / "pyproject.toml", tmp_path)
    listed = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["files"]
    named = {place if (REPO / place).is_file() else f"{place}/planted.py" for place in listed}
    named |= {"tests/conftest.py", "tests/mcu/conftest.py", "tests/web/conftest.py", "tests/web/test_planted.py"}
    named |= {"host/tankwarden/store/migrations/0002_planted.py", "tools/benchmarks/planted_too.py"}
    spared = {place if place.endswith(".py") else f"{place}planted.py" for place in MICROPYTHON}
    for place in named | spared:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("def f(x):\n    return x\n")
    mypy = [sys.executable, "-m", "mypy", "--cache-dir", os.devnull]
    done = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert {line.partition(":")[0] for line in done.stdout.splitlines() if "[no-untyped-def]" in line} == named
