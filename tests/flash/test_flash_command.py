"""The command line of `tankwarden flash`: what it prints, whom it names, and that a running host makes room for it."""

import asyncio
import os
import pty
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flash_board import SimulatedPico, program

from tankwarden import places
from tankwarden.__main__ import main
from tankwarden.clock import SystemClock
from tankwarden.drivers.pico.configuration import board_config
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.flashing.holders import who_holds
from tankwarden.flashing.talk import hello
from tankwarden.flows.claims import ClaimBook
from tankwarden.flows.commands import Commands
from tankwarden.flows.door import Door
from tankwarden.flows.weather import Weather
from tankwarden.logic.claims import Claim


@pytest.fixture
def pico(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedPico]:
    """Fresh; what would be flashed to it is the stand-in's sources."""
    mcu = program(tmp_path / "mcu")
    monkeypatch.setattr("tankwarden.flashing.program.mcu_dir", lambda: mcu)
    with SimulatedPico(tmp_path / "pico") as made:
        yield made


def flash(pico: SimulatedPico, *further: str) -> int:
    return main(["flash", "--port", str(pico.tty), "--data", str(pico.folder), *further])


def test_it_tells_what_it_does_and_a_dry_run_lists_every_file(
    pico: SimulatedPico, capsys: pytest.CaptureFixture[str]
) -> None:
    assert flash(pico, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "  new        maintenance.mpy" in said
    assert re.search(r"^  \d+ new$", said, re.M)
    assert "nothing was written" in said
    assert flash(pico) == 0
    assert "; the one before it is kept" not in capsys.readouterr().out, "there was none"
    welcome = hello(str(pico.tty))
    assert welcome is not None


def test_a_port_that_another_program_holds_is_refused_naming_it(
    pico: SimulatedPico, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = os.fork()
    if holder == 0:  # pragma: no cover
        import fcntl
        import time

        fcntl.flock(os.open(pico.tty, os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX)
        time.sleep(30)
        os._exit(0)
    try:
        code = 0
        for _ in range(50):
            if (code := flash(pico, "--dry-run")) == 2:
                break
        assert code == 2
        said = capsys.readouterr().err
        assert f"is in use by process {holder} (" in said
        assert "stop it, and run the command again" in said
    finally:
        os.kill(holder, 9)
        os.waitpid(holder, 0)


class RunningHost:
    """The link and the door of a host, on a loop of their own."""

    def __init__(self, port: Path, data: Path) -> None:
        self.log: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._port, self._data = port, data
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(),))
        self._thread.start()
        assert self._up.wait(10)

    async def _main(self) -> None:
        clock = SystemClock()
        self._end = asyncio.Event()
        self._driver = driver = PicoDriver(
            str(self._port), board_config((), {}), clock, version="0.1.0", random_uint=lambda: random.getrandbits(30)
        )
        claims = ClaimBook(_NoClaims(), ())
        commands = Commands(
            driver, claims, (), clock, lambda *line: self.log.append(line[2]), (), Weather((), clock, driver), {}
        )
        door = Door(places.socket_path(self._data), commands.handle)
        await door.open()
        link = asyncio.create_task(driver.run(lambda: None))
        while driver.view().openings == 0:
            await asyncio.sleep(0.01)
        self._up.set()
        await self._end.wait()
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
        await door.close()

    def openings(self) -> int:
        return self._driver.view().openings

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        self._loop.close()


class _NoClaims:
    """Nobody claims here."""

    def claim_store(self, _claim: Claim) -> None:
        raise AssertionError

    def claim_end(self, _output: str, _claim_id: str) -> None:
        raise AssertionError


def test_a_running_host_stands_aside_and_takes_its_port_again(
    pico: SimulatedPico, capsys: pytest.CaptureFixture[str]
) -> None:
    host = RunningHost(pico.tty, pico.folder)
    try:
        assert flash(pico) == 0
        said = capsys.readouterr()
        assert "the host that runs stands aside" in said.out
        assert "the Pico runs program" in said.out
        assert "the host that runs has its port again" in said.err
        for _ in range(500):
            if (openings := host.openings()) >= 2:
                break
            threading.Event().wait(0.02)
    finally:
        host.close()
    assert openings >= 2, "it opened it again"
    assert [line.partition(":")[0] for line in host.log] == ["stand-aside", "stand-aside"]


def test_who_holds_a_device_is_found_in_proc(tmp_path: Path) -> None:
    device = tmp_path / "ttyACM0"
    device.touch()
    for number, target in (("17", "/dev/null"), ("812", str(device))):
        fds = tmp_path / "proc" / number / "fd"
        fds.mkdir(parents=True)
        (fds / "3").symlink_to(target)
        (tmp_path / "proc" / number / "cmdline").write_bytes(b"minicom\0-D\0ttyACM0\0")
    assert who_holds(str(device), tmp_path / "proc") == "process 812 (minicom -D ttyACM0)"
    assert who_holds(str(tmp_path / "other"), tmp_path / "proc") == "a process that this user may not see"


def test_no_board_and_more_than_one_are_told_with_the_option_to_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class Comport:
        def __init__(self, device: str) -> None:
            self.device, self.vid, self.pid = device, 0x2E8A, 0x0005

    found: list[Comport] = []
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    assert main(["flash", "--data", str(tmp_path)]) == 2
    assert "no Raspberry Pi Pico is plugged in (USB 2e8a): connect it, or set --port" in capsys.readouterr().err
    found += [Comport("/dev/ttyACM0"), Comport("/dev/ttyACM1")]
    assert main(["flash", "--data", str(tmp_path)]) == 2
    assert "set --port to the right one of /dev/ttyACM0, /dev/ttyACM1" in capsys.readouterr().err


def test_a_terminal_that_is_silent_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pico: SimulatedPico
) -> None:
    master, slave = pty.openpty()
    try:
        (tmp_path / "tty").symlink_to(os.ttyname(slave))
        assert main(["flash", "--port", str(tmp_path / "tty"), "--data", str(tmp_path)]) == 2
        assert "install MicroPython 1.26" in capsys.readouterr().err
    finally:
        os.close(master)
        os.close(slave)
