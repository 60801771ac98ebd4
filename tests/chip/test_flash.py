"""`tankwarden flash` and mpremote on the emulated chip: its own REPL and littlefs, the real program, end to end."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mpremote import transport_serial

from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tankwarden.drivers.pico.ports import open_port
from tankwarden.flashing import flash, talk
from tankwarden.flashing.board import Board
from tankwarden.flashing.errors import LimitsError, UnhealthyError
from tankwarden.flashing.flash import Flasher, Outcome, Timing
from tankwarden.flashing.plan import CHANGED, UNCHANGED
from tankwarden.resources import mcu_dir

from .lab.images import Image
from .lab.stand import Stand
from .lab.terminal import Terminal
from .measures import relay_edges

pytestmark = pytest.mark.timeout(2400)  # of real time; the flash tool's own bounds are of simulated time
NOTICE_S = 20
STARTING_S = (1.0,) * 5  # for an answer of a program that may just be starting
TIMING = Timing(button_s=2)


class FlashStand:
    """A chip that came with MicroPython alone, a terminal at its port, and sources that a test may edit."""

    def __init__(self, uf2: Path, folder: Path) -> None:
        self.stand = Stand(Image(uf2, program=False))
        self.terminal = Terminal(self.stand.chip)
        self.mcu = folder / "mcu"
        shutil.copytree(mcu_dir(), self.mcu, ignore=shutil.ignore_patterns("__pycache__"))
        self.original = {path.name: path.read_text() for path in self.mcu.glob("*.py")}

    def flash(self) -> Outcome:
        return self.flasher().run()

    def flasher(self) -> Flasher:
        return Flasher(
            self.terminal.path, "0.1.0", print, timing=TIMING, sleep=self.terminal.clock.sleep, mcu=self.mcu
        )  # fmt: skip

    def edit(self, name: str, old: str, new: str) -> None:
        assert old in self.original[name]
        (self.mcu / name).write_text(self.original[name].replace(old, new))

    def undo(self, name: str) -> None:
        (self.mcu / name).write_text(self.original[name])

    def firmware(self) -> bytes:
        welcome = talk.hello(self.terminal.path, STARTING_S)
        assert welcome is not None
        return welcome.firmware


@pytest.fixture(scope="module")
def bench(uf2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlashStand]:
    """Whoever talks through its terminal lives in the chip's time: bounds hold there as with a real board."""
    made = FlashStand(uf2, tmp_path_factory.mktemp("flash"))
    with made.stand, made.terminal, pytest.MonkeyPatch.context() as patch:
        for module in (transport_serial, flash, talk):
            patch.setattr(module, "time", made.terminal.clock)
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
    assert tells(bench.terminal, "rolled_back")


def tells(terminal: Terminal, name: str) -> bool:
    """Whether the chip's journal has such a notice. HELLO again and again: a second after it the chip is silent."""
    reader, port = FrameReader(), open_port(terminal.path)
    port.timeout = 0.5
    end, seq = terminal.clock.monotonic() + NOTICE_S, 0
    try:
        while terminal.clock.monotonic() < end:
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
    bench.flasher()._stop_program(bench.terminal.path)
    command = [sys.executable, "-m", "mpremote", "connect", bench.terminal.path, "resume", "fs", "ls", ":"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert listed.returncode == 0, listed.stderr
    assert {"a/", "slot", "boot.py", "main.py"} <= set(listed.stdout.split())
    with Board(bench.terminal.path, *TIMING.repl) as board:
        board.reset("/a")
