"""A simulated Pico with a control socket and a configuration that fits it, and tankbench as a person runs it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tankwarden.demo.configuration import demo_config
from tankwarden.sim.control import ask

NOON_MS = 1_781_636_400_000  # 2026-06-16 12:00 at the simulated site: full sun
RELAYS = ("relay.1.outside", "relay.1.inside", "relay.2.outside", "relay.2.inside")


def bench(*arguments: object, timeout: float = 60, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without a terminal."""
    command = [sys.executable, "-m", "tankbench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, input=typed)


def in_terminal(*arguments: object, timeout: float = 20, cwd: Path | None = None) -> "pexpect.spawn[str]":
    """Run a command in a terminal of its own."""
    command = ["-m", "tankbench", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "120", "LINES": "40", "TERM": "xterm"}
    return pexpect.spawn(
        sys.executable, command, encoding="utf-8", timeout=timeout, dimensions=(40, 120), cwd=cwd,
        env=environment, preexec_fn=_as_a_terminal_does,
    )  # fmt: skip


def _as_a_terminal_does() -> None:
    """Tests that run in the background ignore Ctrl-C, and what they start would as well."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(child: "pexpect.spawn[str]") -> int:
    """Its exit code, once it has ended."""
    try:
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)  # one that hangs must not keep the port from the tests that follow
    assert child.exitstatus is not None, f"ended by signal {child.signalstatus}"
    return child.exitstatus


class Sim:
    """`tankwarden sim` as a process. tty, control, config: paths."""

    def __init__(self, folder: Path, *options: object) -> None:
        self.folder = folder
        self.tty, self.control, self.config = folder / "tty", folder / "control", folder / "tankwarden.toml"
        arguments = ["--tty", self.tty, "--control", self.control, "--flash", folder / "flash", "--epoch-ms", NOON_MS]
        command = [sys.executable, "-m", "tankwarden", "sim", *map(str, [*arguments, *options])]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"ready {self.tty}\n"
        self.config.write_text(demo_config(str(self.tty), ask(self.control, {"cmd": "clock"})))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def fault(self, name: str, value: object = None) -> None:
        answer = ask(self.control, {"cmd": "fault", "name": name, "value": value})
        assert answer["ok"], answer

    def state(self) -> dict[str, Any]:
        return ask(self.control, {"cmd": "state"})

    def edges(self) -> int:
        """How often pins have moved."""
        edges: int = self.state()["edges"]
        return edges

    def relays(self) -> str:
        """Levels of the pins as "1100": outside 1, inside 1, outside 2, inside 2."""
        levels = self.state()["relays"]
        return "".join(str(levels[name]) for name in RELAYS)

    def wait_relays(self, levels: str, timeout_s: float = 10) -> None:
        """Until relays() is so."""
        end = time.monotonic() + timeout_s
        while self.relays() != levels:
            assert time.monotonic() < end, self.relays()
            time.sleep(0.02)  # a real process on real time

    def at(self) -> tuple[object, ...]:
        """--port and --config for a command."""
        return "--port", self.tty, "--config", self.config


@contextlib.contextmanager
def running_sim(folder: Path, *options: object) -> Iterator[Sim]:
    """A simulated Pico in a folder of its own."""
    sim = Sim(folder, *options)
    try:
        yield sim
    finally:
        sim.close()


@pytest.fixture(scope="module", name="sim")
def sim_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sim]:
    """One simulated Pico for each file of tests. Import it as itself to have it there."""
    with running_sim(tmp_path_factory.mktemp("bench")) as sim:
        yield sim


@pytest.fixture(name="healthy")
def healthy_fixture(sim: Sim) -> Iterator[Sim]:
    """The same, and whatever was broken is mended after the test."""
    yield sim
    sim.fault("clear")
