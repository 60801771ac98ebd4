"""Scenarios of tests/mcu on the linked program, under MicroPython: what the chip runs does what its sources do."""

import re
import subprocess
from pathlib import Path

import pytest
import simwire

from tanklink import messages, records
from tanklink.records import Record
from tankwarden.flashing.link import linked_sources

from . import linked_aliases
from .test_board_process import BoardProcess

HELLO = records.Hello(digest=messages.DIGEST, session=3)
# One of each that a host may ask a board without circuits.
ASKED: tuple[Record, ...] = (
    records.Ping(token=1), records.Selftest(), records.ConfigCheck(), records.ReadTrace(trip_id=1, part=0),
    records.FeedStatus(op_hi=1, op_lo=1),
    records.PlanStart(plan_id=1, light=1, count=0, knots_crc=bytes(4), origin_s=0, origin_ms_part=0),
    records.Disarm(), records.Maintenance(),
)  # fmt: skip
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


def test_the_program_with_its_short_names_answers_whatever_it_is_asked(micropython: str, tmp_path: Path) -> None:
    """The very files that are flashed, uncompiled, as a board runs them: no name is asked for that became another."""
    board = BoardProcess([micropython, "-X", HEAP], tmp_path)
    board.program = tmp_path / "program"
    board.program.mkdir()
    for name, text in linked_sources().items():
        (board.program / name).write_text(text)
    try:
        board.start()
        board.hello()
        for record in ASKED:
            assert board.ask(record) is not None, (record, crash_of(board))
        assert (simwire.RESET, 0, 0) in board.wait_for_reset(), "of MAINTENANCE"
        assert not crash_of(board)
        board.stop()
        board.start(simwire.CAUSE_SOFT)
        board.send(records.Hello(digest=messages.DIGEST, session=3))
        assert board.hear(lambda *_: True, 1.5) is None, "maintenance"
        board.stop()
        for cause, state in (  # a journal is read, then one with a trip
            (simwire.CAUSE_SOFT, "disarmed"), (simwire.CAUSE_WATCHDOG, "tripped"), (simwire.CAUSE_POWER_ON, "tripped"),
        ):  # fmt: skip
            board.start(cause)
            assert messages.BOARD_STATES[board.hello().state] == state, crash_of(board)
            board.stop()
    finally:
        board.stop()
        board.end_world()


def crash_of(board: BoardProcess) -> str:
    file = board.flash / "crash.txt"
    return file.read_text() if file.exists() else ""
