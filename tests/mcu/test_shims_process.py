"""The board process: page in, records out, link on stdin and stdout; resets that nothing in the firmware survives."""

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import simwire

from .world_ticks import WorldTicks

SHIMS = Path(simwire.__file__).resolve().parent
REPO = Path(__file__).resolve().parents[2]
MCU = REPO / "mcu"
RECORD = struct.Struct(simwire.RECORD_FORMAT)
PATIENCE_S = 20


class Process:
    """run_board.py on a small program of its own."""

    def __init__(self, interpreter: list[str], folder: Path, main: str, boot: str = "", **words: int) -> None:
        self.mcu = folder / "mcu"
        self.mcu.mkdir()
        (self.mcu / "boot.py").write_text(boot)
        (self.mcu / "main.py").write_text(main)
        self.page = folder / "page"
        self.set(**{"magic": simwire.MAGIC, "levels": 0xC0, **words})
        self._world = WorldTicks(self.page)
        self._records, out = os.pipe()
        self.link, far = socket.socketpair()
        self.link.settimeout(PATIENCE_S)
        command: list[str | Path] = [*interpreter, SHIMS / "run_board.py", self.page, f"/dev/fd/{out}", self.mcu, MCU]
        self.process = subprocess.Popen(
            command, stdin=far.fileno(), stdout=far.fileno(), stderr=subprocess.PIPE, pass_fds=(out,), cwd=folder
        )
        os.close(out)
        far.close()

    def set(self, **words: int) -> None:
        """Page words by name, as W_NAME without W_."""
        data = bytearray(self.page.read_bytes() if self.page.exists() else bytes(simwire.PAGE_BYTES))
        for name, value in words.items():
            struct.pack_into("<i", data, 4 * getattr(simwire, "W_" + name.upper()), value)
        with open(self.page, "r+b" if self.page.exists() else "wb") as file:
            file.write(data)

    def word(self, name: str) -> int:
        value: int
        (value,) = struct.unpack_from("<i", self.page.read_bytes(), 4 * getattr(simwire, "W_" + name.upper()))
        return value

    def records(self) -> list[tuple[Any, ...]]:
        """All until the process ends: (time_us, kind, a, b)."""
        with open(self._records, "rb") as pipe:
            self._records = -1
            return [record[:4] for record in RECORD.iter_unpack(pipe.read())]

    def end(self) -> tuple[int, str]:
        """Unplug the link; (return code, what it said)."""
        self.link.close()
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said.decode()

    def clean_up(self) -> None:
        self.link.close()
        if self._records >= 0:
            os.close(self._records)
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._world.stop()


Starter = Callable[..., Process]  # takes what Process does after the folder


@pytest.fixture(params=["cpython", "micropython"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Starter]:
    """Starts a board under each interpreter."""
    interpreter = [sys.executable]
    if request.param == "micropython":
        interpreter = [request.getfixturevalue("micropython"), "-X", "heapsize=240wK"]
    started: list[Process] = []

    def start(main: str, boot: str = "", **words: int) -> Process:
        started.append(Process(interpreter, tmp_path, main, boot, **words))
        return started[-1]

    yield start
    for process in started:
        process.clean_up()


def test_the_link_is_stdin_and_stdout(start: Starter) -> None:
    board = start(
        "from port import UsbPort\np, b = UsbPort(), bytearray(2)\n"
        "while p.poll(10_000):\n    b[0] = p.read_byte()\n    p.write(b, 0, 1)"
    )
    board.link.sendall(b"\x00\x03\xff")
    assert [board.link.recv(1) for _ in range(3)] == [b"\x00", b"\x03", b"\xff"]


def test_records_tell_pins_in_order_with_the_machines_clock(start: Starter) -> None:
    before = time.monotonic_ns() // 1000
    board = start(
        "import machine\np = machine.Pin(9, machine.Pin.OUT, value=0)\np.on()\nmachine.WDT(timeout=2000).feed()\n"
        "machine.reset()"
    )
    records = board.records()
    assert [record[1:] for record in records] == [
        (simwire.PIN, 9, 0),
        (simwire.FUNCTION, 9, simwire.FUNCTION_SIO),
        (simwire.PIN, 9, 1),
        (simwire.WDT, 2000, 0),
        (simwire.FEED, 0, 0),
        (simwire.RESET, 0, 0),
    ]
    times = [record[0] for record in records]
    assert before <= times[0] <= times[-1] <= time.monotonic_ns() // 1000
    assert times == sorted(times)


def test_a_reset_ends_the_program_where_it_stands(start: Starter) -> None:
    board = start(
        "import machine, sys\ntry:\n    machine.reset()\nexcept BaseException:\n    sys.stdout.write('caught')\n"
        "finally:\n    sys.stdout.write('finally')\n    sys.stdout.flush()"
    )
    assert board.records()[-1][1] == simwire.RESET
    assert board.link.recv(100) == b""
    assert board.end()[0] == -9


def test_inputs_are_read_as_they_are_now(start: Starter) -> None:
    board = start(
        "import machine\na, p = machine.ADC(26), machine.Pin(9, machine.Pin.OUT, value=0)\np.on()\n"
        "while a.read_u16() >> 4 != 1234: pass\nmachine.reset()"
    )
    assert board.process.poll() is None
    board.set(counts=1234)
    assert board.records()[-1][1] == simwire.RESET


def test_ticks_wrap_as_on_the_chip(start: Starter) -> None:
    board = start("import time, sys\nsys.stdout.write(str(time.ticks_us()) + ' ')\nsys.stdout.flush()")
    ticks = int(board.link.recv(100))
    now = time.monotonic_ns() // 1000
    assert 0 <= ticks < 1 << 30
    assert (now - ticks) % (1 << 30) < PATIENCE_S * 1_000_000


def test_a_hard_callback_is_one_instant(start: Starter) -> None:
    board = start(
        "from machine import Timer\nfrom time import ticks_diff, ticks_us, sleep_ms\nseen = [0, 0]\n"
        "def tick(timer):\n    begun = ticks_us()\n    for _ in range(1_000):\n        pass\n"
        "    seen[0] += 1\n    seen[1] += ticks_diff(ticks_us(), begun)\n"
        "timer = Timer(-1, period=4, callback=tick, hard=True)\nbegun = ticks_us()\nsleep_ms(20)\n"
        "timer.deinit()\nprint('%d %d %d' % (seen[0] >= 4, seen[1], ticks_diff(ticks_us(), begun) >= 20_000))"
    )
    assert board.link.recv(100).strip() == b"1 0 1"


def test_a_hard_callback_that_waits_ends_its_timer(start: Starter) -> None:
    board = start(
        "from machine import Timer\nfrom time import sleep_ms\n"
        "timer = Timer(-1, period=1, callback=lambda timer: sleep_ms(5), hard=True)\nsleep_ms(20)\nprint('on')"
    )
    assert board.link.recv(100).split() == [b"on"]
    _, said = board.end()
    assert said.count("RuntimeError: a hard callback waits") == 1


def test_who_counts_samples_finds_them_all(start: Starter) -> None:
    board = start(
        f"import sys\nsys.path.append({str(REPO / 'protocol')!r})\n"
        "from adcring import AdcRing\nfrom machine import mem32\nfrom time import ticks_diff, ticks_us\n"
        "ring, came = AdcRing(), 0\n"
        "for _ in range(100):\n    first, begun = mem32[ring.write_at], ticks_us()\n"
        "    while ticks_diff(ticks_us(), begun) < 40:\n        pass\n"
        "    came += mem32[ring.write_at] != first\nprint(came >= 95)",  # the ring may have gone round
    )
    assert board.link.recv(100).strip() == b"True"


def test_scratch_registers_live_in_the_page(start: Starter) -> None:
    program = "import machine\nmachine.mem32[0x4005800c] += 1\nmachine.reset()"
    board = start(program, reset_cause=simwire.CAUSE_SOFT, scratch=41)
    assert board.records()[-1][1] == simwire.RESET
    assert board.word("scratch") == 42


def test_power_clears_the_scratch_registers(start: Starter) -> None:
    board = start("import machine\nmachine.reset()", reset_cause=simwire.CAUSE_POWER_ON, scratch=41)
    assert board.records()[-1][1] == simwire.RESET
    assert board.word("scratch") == 0


def test_a_program_that_fails_is_reported_and_leaves_the_board_idle(start: Starter) -> None:
    board = start("raise ValueError('from main')", "raise ValueError('from boot')")
    board.link.sendall(b"nobody listens")
    assert board.process.poll() is None
    code, said = board.end()
    assert code == 0
    assert said.index("from boot") < said.index("from main")  # main.py ran although boot.py failed


def test_a_page_of_another_version_is_refused(start: Starter) -> None:
    board = start("", magic=7)
    code, said = board.end()
    assert code == 1
    assert "page is not a page of this version: word 0 is 7" in said


def test_a_dead_sim_ends_the_board(start: Starter) -> None:
    board = start("import machine\nw = machine.WDT(timeout=2000)\nwhile True: w.feed()")
    os.close(board._records)
    board._records = -1
    board.process.communicate(timeout=PATIENCE_S)
    assert board.process.returncode < 0


def test_wrong_arguments_show_the_usage() -> None:
    done = subprocess.run([sys.executable, SHIMS / "run_board.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "usage: run_board.py PAGE OUT MCU_DIR PROTOCOL_DIR" in done.stderr
