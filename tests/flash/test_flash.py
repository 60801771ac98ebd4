"""`tankwarden flash` against a simulated Pico: MicroPython's own REPL and littlefs behind a pseudo-terminal.

Fresh, unchanged, changed, cut half way, failing: whatever happens, a whole program runs after it.
"""

import os
import pty
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flash_board import BLOCK, BLOCKS, SimulatedPico, program

from tankwarden.drivers.pico.ports import PortBusyError, PortMissingError, open_port
from tankwarden.flashing.board import Board
from tankwarden.flashing.errors import (
    DigestError,
    FlashError,
    LimitsError,
    LostBoardError,
    NoRoomError,
    NotOursError,
    UnhealthyError,
)
from tankwarden.flashing.flash import Flasher, Outcome, Timing
from tankwarden.flashing.plan import CHANGED, NEW, REMOVED, Plan
from tankwarden.flashing.program import build
from tankwarden.flashing.talk import ask_for_maintenance, hello

TIMING = Timing(repl_s=10, health_s=10, button_s=0.3, step_s=0.05, enter_s=0.4)
IMPATIENT = Timing(repl_s=3, health_s=3, button_s=0.3, step_s=0.05, enter_s=0.3)

SETTLED_S = 0.5  # after a run, until flash has nothing more to do


class Bench:
    """A Pico, the sources of a program, and what the last flash said and showed."""

    def __init__(self, folder: Path, **board: object) -> None:
        self.pico = SimulatedPico(folder / "pico", **board)  # type: ignore[arg-type]
        self.mcu = program(folder / "mcu")
        self.said: list[str] = []
        self.plan: Plan | None = None

    def flash(self, dry: bool = False, timing: Timing = TIMING) -> Outcome:
        """As the command does."""
        self.said, self.plan = [], None
        return Flasher(
            str(self.pico.tty), "0.1.0", self.said.append, timing=timing, mcu=self.mcu, march="x64", show=self._show
        ).run(dry)

    def _show(self, plan: Plan) -> None:
        self.plan = plan

    def edit(self, name: str, old: str = "", new: str = "# edited\nEDITED = 1\n") -> None:
        """Change a file of the sources: at its end, or `old` for `new`."""
        path = self.mcu / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new) if old else text + new)

    def running(self) -> str:
        """The hash of the program that answers; waits for it."""
        for _ in range(40):
            # A board that starts is a process that is forked, and that has our port, and its lock, for an instant.
            with suppress(PortBusyError, PortMissingError, LostBoardError):
                if welcome := hello(str(self.pico.tty), (0.1, 0.2)):
                    return welcome.firmware.hex()
            time.sleep(0.05)
        raise AssertionError("no program answers")

    def what(self, kind: str) -> list[str]:
        """Names in the table of the last flash."""
        assert self.plan is not None
        return [row.name for row in self.plan.rows if row.what == kind]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Bench]:
    """A Pico with MicroPython and nothing else."""
    bench = Bench(tmp_path)
    yield bench
    bench.pico.close()


@pytest.fixture(scope="module")
def flashed_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with the program in one folder and an older one in the other."""
    bench = Bench(tmp_path_factory.mktemp("flashed"))
    with bench.pico:
        bench.edit("bootloop.py", new="OLDER = 1\n")
        bench.flash()
        bench.edit("bootloop.py", "OLDER = 1\n", "")
        bench.flash()
        assert bench.running()
    return bench.pico.folder / "disk.bin"


@pytest.fixture
def flashed(tmp_path: Path, flashed_disk: Path) -> Iterator[Bench]:
    """A Pico that runs the program, with an older one kept."""
    (tmp_path / "pico").mkdir()
    shutil.copy(flashed_disk, tmp_path / "pico")
    bench = Bench(tmp_path)
    yield bench
    bench.pico.close()


# -- what is written -------------------------------------------------------------------------------------------------


def test_a_fresh_board_gets_the_whole_program_and_runs_it(fresh: Bench) -> None:
    outcome = fresh.flash()
    assert outcome.written
    assert fresh.running() == outcome.firmware.hex(), "the board reckons the hash as the host does"
    assert fresh.plan is not None
    assert {row.what for row in fresh.plan.rows} == {NEW}
    with_manifest = fresh.flash()
    assert not with_manifest.written


def test_an_unchanged_program_is_told_by_the_board_itself_and_not_even_stopped(flashed: Bench) -> None:
    flashed.running()
    starts, disk = flashed.pico.starts, (flashed.pico.folder / "disk.bin").read_bytes()
    outcome = flashed.flash()
    assert (outcome.written, outcome.plan) == (False, None)
    assert flashed.pico.starts == starts
    assert (flashed.pico.folder / "disk.bin").read_bytes() == disk


def test_only_what_changed_is_sent(flashed: Bench) -> None:
    flashed.edit("maintenance.py")
    outcome = flashed.flash()
    assert (flashed.what(CHANGED), flashed.what(NEW), flashed.what(REMOVED)) == (["maintenance.mpy"], [], [])
    assert flashed.plan is not None
    assert flashed.plan.send == ("maintenance.mpy",)
    assert [name for _, name in flashed.plan.copy] == ["bootloop.mpy"], "the rest lay in the other folder already"
    assert flashed.running() == outcome.firmware.hex()


def test_what_no_program_of_ours_has_is_removed_from_its_folder(flashed: Bench) -> None:
    ask_for_maintenance(str(flashed.pico.tty))
    with _prompt(flashed) as board:
        slot = board.files().slot[0]
        for folder in ("a", "b"):
            board.write(f"/{folder}/spare.mpy", b"M\x06\x00\x1f")
    flashed.edit("maintenance.py")
    flashed.flash()
    assert flashed.what(REMOVED) == ["spare.mpy"]
    assert flashed.plan is not None
    assert flashed.plan.current == slot
    assert set(flashed.plan.drop) == {"bootloop.mpy", "maintenance.mpy", "spare.mpy"}


def test_a_dry_run_shows_the_table_writes_nothing_and_lets_the_program_run_on(flashed: Bench) -> None:
    before = flashed.running()
    flashed.edit("maintenance.py")
    outcome = flashed.flash(dry=True)
    assert flashed.what(CHANGED) == ["maintenance.mpy"]
    assert not outcome.written
    assert flashed.running() == before


def test_the_program_before_is_kept_whole(flashed: Bench) -> None:
    before = flashed.running()
    flashed.edit("maintenance.py")
    flashed.flash()
    _spoil(flashed)
    flashed.pico.power_on()
    assert flashed.running() == before


def test_a_program_that_was_copied_to_the_root_by_hand_is_replaced_and_cleared_at_the_next_flash(fresh: Bench) -> None:
    with Board(str(fresh.pico.tty)) as board:
        board.mkdir("/tanklink")
        for name in ("limits.py", "board.py", "tanklink/old.py"):
            board.write("/" + name, (fresh.mcu / "limits.py").read_bytes())
    fresh.flash()
    assert sorted(fresh.what(REMOVED)) == ["board.py", "limits.py", "tanklink/old.py"]
    fresh.edit("maintenance.py")
    fresh.flash()
    fresh.edit("maintenance.py")
    fresh.flash(dry=True)
    assert fresh.plan is not None
    assert fresh.plan.leftovers == ()


# -- cuts ------------------------------------------------------------------------------------------------------------


def _cut_everywhere(bench: Bench, disk: Path, old: str | None, step: int = 1) -> int:
    """Power fails at every step-th operation of flash, and the next run goes well. The number of cuts.

    old: the program on that disk. If there is one, a whole program answers after every cut.
    """
    new = _firmware(bench)
    for n, budget in enumerate(range(0, 1000, step)):
        bench.pico.power_off()
        shutil.copy(disk, bench.pico.folder)
        bench.pico.power_on(budget)
        with suppress(FlashError, PortMissingError):
            bench.flash(timing=IMPATIENT)
        if not bench.pico.lost_power(SETTLED_S):
            assert bench.running() == new
            return n
        bench.pico.power_on()
        if old is not None:
            assert bench.running() in (old, new), f"after a cut at operation {budget} a whole program runs"
        assert bench.flash().firmware.hex() == bench.running() == new, f"after a cut at operation {budget}"
    raise AssertionError("power fails for ever")


def _firmware(bench: Bench) -> str:
    return build("0.1.0", bench.mcu, march="x64").firmware.hex()


# Every operation takes minutes; a few of them each time the tests run.
@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_power_that_fails_leaves_a_whole_program_and_the_next_run_mends_it(
    flashed: Bench, flashed_disk: Path, step: int
) -> None:
    old = flashed.running()
    flashed.edit("maintenance.py")
    flashed.edit("bootloop.py")
    assert _cut_everywhere(flashed, flashed_disk, old, step) >= 20 // step


@pytest.mark.parametrize("step", [23, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_power_that_fails_on_a_fresh_board_leaves_one_that_can_be_flashed(
    fresh: Bench, tmp_path: Path, step: int
) -> None:
    """Fresh indeed: it has no file system yet."""
    (tmp_path / "disk.bin").write_bytes(b"\xff" * BLOCK * BLOCKS)
    assert _cut_everywhere(fresh, tmp_path / "disk.bin", None, step) >= 60 // step


@pytest.mark.parametrize("prompted", [False, True], ids=["on-its-way-to-the-prompt", "at-the-prompt"])
def test_power_that_fails_while_the_program_is_stopped_brings_it_back(flashed: Bench, prompted: bool) -> None:
    before = flashed.running()
    ask_for_maintenance(str(flashed.pico.tty))
    if prompted:
        _prompt(flashed).close()
    flashed.pico.power_on()
    assert flashed.running() == before


# -- programs that fail ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("program.py", "STATE = 2", "STATE = 5", "its self-test fails"),
        ("program.py", "self.who = identity.read()", "raise OSError(5)", "the Pico went back by itself"),
        ("boot.py", "import board\n", "import board\n\nraise OSError(5)\n", "the Pico went back by itself"),
        (
            "program.py",
            "while self._poll.poll(0):",
            "raise OSError(5)\n        while 0:",
            "the Pico went back by itself",
        ),
    ],
    ids=["its-self-test-fails", "it-cannot-be-built", "it-cannot-be-imported", "it-crashes-in-its-loop"],
)
def test_a_failing_program_makes_place_for_the_one_before(
    flashed: Bench, name: str, old: str, new: str, said: str
) -> None:
    before = flashed.running()
    flashed.edit(name, old, new)
    with pytest.raises(UnhealthyError, match=said) as refused:
        flashed.flash()
    assert refused.value.restored
    assert flashed.running() == before
    flashed.pico.power_on()
    assert flashed.running() == before, "and at the next start, too"
    assert _slot(flashed).endswith(" back"), "so that the real program tells its host; the stand-in has none"


def test_a_program_that_hangs_goes_back_after_three_starts(flashed: Bench) -> None:
    before = flashed.running()
    flashed.edit("program.py", "self.who = identity.read()", "while True: sleep_ms(50)")
    with pytest.raises(UnhealthyError, match=r"cannot be stopped from here .* unplug the Pico") as refused:
        flashed.flash(timing=IMPATIENT)
    assert not refused.value.restored
    cycles = 0
    while _answers(flashed) is None:
        cycles += 1
        assert cycles <= 6, "a busy machine may not even get to the program before the plug is pulled again"
        flashed.pico.power_on()
    assert cycles >= 3
    assert flashed.running() == before


def test_a_program_that_nobody_shook_hands_with_is_given_up(flashed: Bench) -> None:
    """The command died at the switch: the board does not wait for it for ever."""
    before = flashed.running()
    _on_trial(flashed, 2)
    flashed.pico.power_on()
    kept = flashed.running()
    assert kept != before, "the older one, on trial; it answered, and so is kept"
    flashed.pico.power_on(None)
    assert flashed.running() == kept
    _on_trial(flashed, 0)
    flashed.pico.power_on()
    assert flashed.running() == kept
    assert _slot(flashed).endswith(" back")


def _on_trial(bench: Bench, starts: int) -> None:
    ask_for_maintenance(str(bench.pico.tty))
    with _prompt(bench) as board:
        slot = board.files().slot[0]
        board.replace("/slot", f"{'b' if slot == 'a' else 'a'} {starts}".encode())


def _slot(bench: Bench) -> str:
    ask_for_maintenance(str(bench.pico.tty))
    with _prompt(bench) as board:
        return board.files().slot


def _spoil(bench: Bench) -> None:
    """Take the manifest of the folder that runs away."""
    ask_for_maintenance(str(bench.pico.tty))
    board = _prompt(bench)
    board.remove(f"/{board.files().slot[0]}/manifest")
    board.close()


def _prompt(bench: Bench) -> Board:
    for _ in range(20):
        try:
            return Board(str(bench.pico.tty))
        except LostBoardError:
            continue
    raise AssertionError("no prompt")


def _answers(bench: Bench) -> object:
    return hello(str(bench.pico.tty), (0.3, 0.6, 0.9))


# -- refusals --------------------------------------------------------------------------------------------------------


def test_other_ceilings_want_the_button(flashed: Bench) -> None:
    before = flashed.running()
    flashed.edit("limits.py", "MAX_LEASE_MS = 5_000", "MAX_LEASE_MS = 9_000")
    with pytest.raises(LimitsError, match=r"MAX_LEASE_MS 5000 → 9000.*hold the button"):
        flashed.flash()
    assert flashed.running() == before, "and the program runs again"
    flashed.pico.hold_button()
    with pytest.raises(LimitsError, match="let go of it"):
        flashed.flash()
    assert flashed.running() == before


def test_other_ceilings_are_flashed_while_the_button_is_held(flashed: Bench) -> None:
    flashed.edit("limits.py", "MAX_LEASE_MS = 5_000", "MAX_LEASE_MS = 4_000")
    flashed.pico.hold_button()

    class LetsGo(list[str]):
        def append(self, line: str) -> None:
            super().append(line)
            if line == "let go of the button":
                flashed.pico.hold_button(False)

    said = LetsGo()
    outcome = Flasher(
        str(flashed.pico.tty), "0.1.0", said.append, timing=TIMING, mcu=flashed.mcu, march="x64"
    ).run()  # fmt: skip
    assert outcome.written
    assert flashed.running() == outcome.firmware.hex()
    assert "let go of the button" in said


def test_a_board_without_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path, blocks=26)
    with bench.pico, pytest.raises(NoRoomError, match=r"lacks \d+ KiB .*mpremote rm.*nothing was written"):
        bench.flash()


def test_a_file_that_reads_back_otherwise_is_named_and_the_old_program_runs_on(
    flashed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = flashed.running()
    flashed.edit("maintenance.py")
    write = Board.write

    def worn(self: Board, path: str, data: bytes) -> None:
        write(self, path, data[:-1] + b"?" if path.endswith("maintenance.mpy") else data)

    monkeypatch.setattr(Board, "write", worn)
    with pytest.raises(DigestError, match=r"maintenance\.mpy in /[ab] read back"):
        flashed.flash()
    assert flashed.running() == before


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ({"version": "1.25.0"}, r"MicroPython 1\.25, which is too old: install MicroPython 1\.26"),
        ({"name": "circuitpython"}, "runs circuitpython, not MicroPython: install MicroPython 1.26"),
    ],
)
def test_another_firmware_is_refused(tmp_path: Path, board: dict[str, object], said: str) -> None:
    bench = Bench(tmp_path, **board)
    with bench.pico, pytest.raises(NotOursError, match=said):
        bench.flash()


def test_a_port_where_nothing_answers_is_said_to_be_so(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    try:
        (tmp_path / "tty").symlink_to(os.ttyname(slave))
        with pytest.raises(NotOursError, match="neither the Tankwarden program nor a MicroPython prompt answers"):
            Flasher(str(tmp_path / "tty"), "0.1.0", print, timing=IMPATIENT, mcu=program(tmp_path / "mcu")).run()
    finally:
        os.close(master)
        os.close(slave)


def test_a_busy_port_and_a_missing_one_are_refused(fresh: Bench, tmp_path: Path) -> None:
    port = open_port(str(fresh.pico.tty))
    with pytest.raises(PortBusyError, match="is in use"):
        fresh.flash()
    port.close()
    with pytest.raises(PortMissingError, match="is not there: plug the Pico in"):
        Flasher(str(tmp_path / "none"), "0.1.0", print, mcu=fresh.mcu).run()
