"""`tankwarden flash` and mpremote on the emulated chip: its own REPL and littlefs, the real program, end to end."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tankwarden.drivers.pico.ports import open_port
from tankwarden.flashing.board import Board
from tankwarden.flashing.errors import LimitsError, UnhealthyError
from tankwarden.flashing.flash import Flasher, Outcome, Timing
from tankwarden.flashing.plan import CHANGED, UNCHANGED
from tankwarden.flashing.talk import hello
from tankwarden.resources import mcu_dir

from .lab.images import Image
from .lab.stand import Stand
from .lab.terminal import Terminal
from .measures import relay_edges

# Of real time, in which the emulated chip may be a hundred times slower, or much faster when it idles.
pytestmark = pytest.mark.timeout(2400)  # 160 KB go through a raw REPL that is emulated
PATIENT_S = (10.0, 20.0, 40.0)
NOTICE_S = 240
TIMING = Timing(repl_s=400, health_s=400, button_s=2, step_s=0.5, enter_s=20, reply_s=120, tries_s=PATIENT_S)


class FlashStand:
    """A chip that came with MicroPython alone, a terminal at its port, and sources that a test may edit."""

    def __init__(self, uf2: Path, folder: Path) -> None:
        self.stand = Stand(Image(uf2, program=False))
        self.terminal = Terminal(self.stand.chip)
        self.mcu = folder / "mcu"
        shutil.copytree(mcu_dir(), self.mcu, ignore=shutil.ignore_patterns("__pycache__"))
        self.original = {path.name: path.read_text() for path in self.mcu.glob("*.py")}

    def flash(self) -> Outcome:
        return Flasher(self.terminal.path, "0.1.0", print, timing=TIMING, mcu=self.mcu).run()

    def edit(self, name: str, old: str, new: str) -> None:
        assert old in self.original[name]
        (self.mcu / name).write_text(self.original[name].replace(old, new))

    def undo(self, name: str) -> None:
        (self.mcu / name).write_text(self.original[name])

    def firmware(self) -> bytes:
        welcome = hello(self.terminal.path, PATIENT_S)
        assert welcome is not None
        return welcome.firmware


@pytest.fixture(scope="module")
def bench(uf2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlashStand]:
    made = FlashStand(uf2, tmp_path_factory.mktemp("flash"))
    with made.stand, made.terminal:
        yield made


def test_a_chip_with_micropython_alone_gets_the_program_and_passes_its_self_test(bench: FlashStand) -> None:
    outcome = bench.flash()
    assert (outcome.written, outcome.warnings) == (True, ())
    assert bench.firmware() == outcome.firmware, "the chip reckons the hash as the host does"
    assert not bench.flash().written, "and is not written again"


def test_one_changed_file_is_sent_and_the_rest_is_copied_on_the_chip(bench: FlashStand) -> None:
    bench.edit("maintenance.py", "active = False", "EDITED = 1\nactive = False")
    outcome = bench.flash()
    assert outcome.plan is not None
    assert [row.name for row in outcome.plan.rows if row.what == CHANGED] == ["maintenance.mpy"]
    assert outcome.plan.send == ("maintenance.mpy",)
    assert {row.what for row in outcome.plan.rows} == {CHANGED, UNCHANGED}
    assert bench.firmware() == outcome.firmware


def test_a_program_that_cannot_start_makes_place_for_the_one_before(bench: FlashStand) -> None:
    before = bench.firmware()
    bench.edit("build.py", "who = identity.read()", "raise OSError(5)")
    with pytest.raises(UnhealthyError, match="the Pico went back by itself"):
        bench.flash()
    bench.undo("build.py")
    assert bench.firmware() == before
    assert tells(bench.terminal.path, "rolled_back")


def tells(path: str, name: str) -> bool:
    """Whether the chip's journal has such a notice. HELLO again and again: a second after it the chip is silent."""
    reader, port = FrameReader(), open_port(path)
    port.timeout = 0.5
    end, seq = time.monotonic() + NOTICE_S, 0
    try:
        while time.monotonic() < end:
            seq += 1
            port.write(pack(records.Hello(digest=messages.DIGEST, session=7), seq))
            for frame in reader.feed(port.read(4096)):
                if isinstance(frame.record, records.Notice) and messages.NOTICES[frame.record.notice] == name:
                    return True
        return False
    finally:
        port.close()


def test_other_ceilings_want_the_button(bench: FlashStand) -> None:
    """The emulator's BOOTSEL pad reads as held for ever, which is refused as well: both ends are asked on the chip."""
    before = bench.firmware()
    bench.edit("limits.py", "MAX_LEASE_MS = 5_000", "MAX_LEASE_MS = 9_000")
    with pytest.raises(LimitsError, match="BOOTSEL button stays down"):
        bench.flash()
    bench.undo("limits.py")
    assert bench.firmware() == before


def test_no_relay_pin_moved_in_all_of_it(bench: FlashStand) -> None:
    assert [edge for edge in relay_edges(bench.stand.chip) if edge[2]] == []


def test_mpremote_itself_sees_the_files_once_the_program_has_left_the_repl_free(bench: FlashStand) -> None:
    flasher = Flasher(bench.terminal.path, "0.1.0", print, timing=TIMING, mcu=bench.mcu)
    flasher._stop_program(bench.terminal.path)
    command = [sys.executable, "-m", "mpremote", "connect", bench.terminal.path, "resume", "fs", "ls", ":"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert listed.returncode == 0, listed.stderr
    assert {"a/", "slot", "boot.py", "main.py"} <= set(listed.stdout.split())
    with Board(bench.terminal.path, *TIMING.repl) as board:
        board.reset("/a")
