"""boot.py and main.py as the chip runs them, in a process, over a socket: link, crash, maintenance, power."""

import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import simwire

from tanklink import messages, records
from tanklink.frames import Frame, FrameReader, pack
from tanklink.records import Record

from .world_ticks import WorldTicks

REPO = Path(__file__).resolve().parents[2]
SHIMS = REPO / "host" / "tankwarden" / "sim" / "shims"
HEAP = "heapsize=240wK"
COUNTS = (372, 372, 2800, 2800, 2200, 2200, 3100, 2300)
PATIENCE_S = 20


class BoardProcess:
    """A board with its flash in `flash`; it may be started again and again."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command, self._page, self.flash = command, folder / "page", folder / "flash"
        self._log = folder / "stderr"
        self.flash.mkdir()
        self.program = REPO / "mcu"
        self._process: subprocess.Popen[bytes] | None = None
        self._words = [0] * simwire.N_WORDS
        self._words[simwire.W_MAGIC] = simwire.MAGIC
        self._words[simwire.W_COUNTS : simwire.W_COUNTS + 8] = COUNTS
        self._words[simwire.W_LEVELS] = 1 << 6 | 1 << 7
        self._words[simwire.W_ADC_REFERENCE] = simwire.ADC_REFERENCE_COUNTS
        self._words[simwire.W_ADC_DIE] = simwire.ADC_DIE_COUNTS
        self._write_page(simwire.W_MAGIC, simwire.N_WORDS)
        self._world = WorldTicks(self._page)
        self._seq = 0

    def _write_page(self, first: int, n: int) -> None:
        with open(self._page, "r+b" if self._page.exists() else "wb") as file:
            file.seek(4 * first)
            file.write(struct.pack(f"<{n}i", *self._words[first : first + n]))

    def set(self, word: int, value: int) -> None:
        self._words[word] = value
        self._write_page(word, 1)

    def start(self, cause: int = simwire.CAUSE_POWER_ON) -> None:
        self.set(simwire.W_RESET_CAUSE, cause)
        self.link, far = socket.socketpair()
        self._out, out = os.pipe()
        self._reader = FrameReader()
        self._heard: list[Frame] = []
        arguments = [SHIMS / "run_board.py", self._page, f"/dev/fd/{out}", self.program, REPO / "protocol"]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [*self._command, *map(str, arguments)],
                cwd=self.flash, stdin=far.fileno(), stdout=far.fileno(), stderr=log, pass_fds=(out,),
            )  # fmt: skip
        far.close()
        os.close(out)

    def stop(self) -> None:
        """Power off."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.link.close()
            os.close(self._out)
            self._process = None

    def end_world(self) -> None:
        """No board will be started here any more."""
        self._world.stop()

    def wait_for_reset(self) -> list[tuple[int, int, int]]:
        """Until the board has reset itself; its records as (kind, a, b)."""
        assert self._process is not None
        rows = self.chip_records(PATIENCE_S)
        self._process.wait(PATIENCE_S)
        assert not self._log.read_text(), self._log.read_text()
        return rows

    def chip_records(self, quiet_s: float) -> list[tuple[int, int, int]]:
        """What the chip did, as (kind, a, b), until it ended or did nothing for so long."""
        data = b""
        while select.select([self._out], [], [], quiet_s)[0] and (chunk := os.read(self._out, 65536)):
            data += chunk
        rows = struct.iter_unpack(simwire.RECORD_FORMAT, data[: len(data) // 24 * 24])
        return [(kind, a, b) for _, kind, a, b, _ in rows]

    def send(self, record: Record) -> int:
        self._seq += 1
        self.link.sendall(pack(record, self._seq))
        return self._seq

    def hear(self, wanted: Callable[[int, Record], bool], patience_s: float = PATIENCE_S) -> Record | None:
        """The first such message since the start, if need be after some waiting."""
        until = time.monotonic() + patience_s
        seen = 0
        while (rest := until - time.monotonic()) > 0 and not self._log.read_text():
            for frame in self._heard[seen:]:
                if wanted(frame.seq, frame.record):
                    return frame.record
            seen = len(self._heard)
            if select.select([self.link], [], [], rest)[0]:
                self._heard.extend(self._reader.feed(self.link.recv(4096)))
        return None

    def ask(self, record: Record) -> Record | None:
        """The reply; the request is repeated, since a board that starts does not hear."""
        for _ in range(PATIENCE_S * 5):
            seq = self.send(record)
            reply = self.hear(partial(is_reply, seq), 0.2)
            if reply is not None:
                return reply
        return None

    def hello(self) -> records.Welcome:
        welcome = self.ask(records.Hello(digest=messages.DIGEST, session=3))
        assert isinstance(welcome, records.Welcome), welcome
        return welcome


@pytest.fixture(params=["micropython", "python"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BoardProcess]:
    if request.param == "python":
        command = [sys.executable, "-B"]
    else:
        command = [request.getfixturevalue("micropython"), "-X", HEAP]
    process = BoardProcess(command, tmp_path)
    yield process
    process.stop()
    process.end_world()


def is_reply(asked_seq: int, seq: int, record: Record) -> bool:
    return seq == asked_seq and record.MESSAGE.kind == "reply"


def state(welcome: records.Welcome) -> str:
    return messages.BOARD_STATES[welcome.state]


def cause(welcome: records.Welcome) -> str:
    return messages.RESET_CAUSES[welcome.reset_cause]


def test_answers_hello(board: BoardProcess) -> None:
    board.start()
    welcome = board.hello()
    assert (state(welcome), cause(welcome), welcome.trip_id) == ("disarmed", "power_on", 0)
    assert welcome.digest == messages.DIGEST
    assert welcome.boot_id > 0
    assert welcome.firmware != bytes(8)
    status = board.hear(lambda _, record: isinstance(record, records.Status) and record.n > 5)
    assert isinstance(status, records.Status)
    assert status.voltage_1_min_counts == status.voltage_1_max_counts == 2800
    assert status.fault_lines == 3


def test_another_boot_is_told_apart(board: BoardProcess) -> None:
    board.start()
    first = board.hello()
    board.stop()
    board.start()
    second = board.hello()
    assert second.boot_id != first.boot_id
    assert (second.board_id, second.firmware) == (first.board_id, first.firmware)


def test_a_crash_drops_the_pins_and_trips(board: BoardProcess) -> None:
    """An exception in a pass: pins low, the journal knows, the chip resets, and comes back tripped."""
    board.start()
    board.hello()
    board.set(simwire.W_FAULTS, simwire.FAULT_EXCEPTION)
    rows = board.wait_for_reset()
    assert rows[-1] == (simwire.RESET, 0, 0)
    given_back = [(kind, a) for kind, a, b in rows if kind == simwire.FUNCTION and b == simwire.FUNCTION_SIO]
    assert given_back[-4:] == [(simwire.FUNCTION, gpio) for gpio in simwire.RELAY_GPIOS]
    assert "simulated failure" in (board.flash / "crash.txt").read_text()
    board.stop()
    board.set(simwire.W_FAULTS, 0)
    board.start(simwire.CAUSE_SOFT)
    welcome = board.hello()
    assert (state(welcome), cause(welcome)) == ("tripped", "soft")
    trip = board.hear(lambda _, record: isinstance(record, records.Trip))
    assert isinstance(trip, records.Trip)
    assert messages.TRIGGERS[trip.trigger] == "exception"
    assert trip.event_id == welcome.trip_id


def test_the_watchdog_runs_and_is_told(board: BoardProcess) -> None:
    board.start(simwire.CAUSE_WATCHDOG)
    welcome = board.hello()
    assert (state(welcome), cause(welcome)) == ("tripped", "watchdog")
    board.hear(lambda _, record: isinstance(record, records.Status))
    board.set(simwire.W_FAULTS, simwire.FAULT_EXCEPTION)
    rows = board.wait_for_reset()
    assert rows.count((simwire.WDT, 2000, 0)) == 1
    assert rows.count((simwire.FEED, 0, 0)) > 3


def test_maintenance_leaves_the_repl_free_once(board: BoardProcess) -> None:
    board.start()
    board.hello()
    assert isinstance(board.ask(records.Maintenance()), records.Ack)
    board.wait_for_reset()
    board.stop()
    board.start(simwire.CAUSE_SOFT)
    board.send(records.Hello(digest=messages.DIGEST, session=3))
    assert board.hear(lambda *_: True, 1.5) is None  # no program, and no watchdog that would end the session
    board.stop()
    board.start(simwire.CAUSE_SOFT)
    welcome = board.hello()
    assert (state(welcome), cause(welcome)) == ("disarmed", "maintenance")


@pytest.mark.parametrize("resets", [0, 1], ids=["before-the-repl-is-free", "while-the-repl-is-free"])
def test_power_that_fails_in_maintenance_brings_the_program_back(board: BoardProcess, resets: int) -> None:
    board.start()
    board.hello()
    board.ask(records.Maintenance())
    board.wait_for_reset()
    board.stop()
    for _ in range(resets):
        board.start(simwire.CAUSE_SOFT)
        board.send(records.Hello(digest=messages.DIGEST, session=3))
        assert board.hear(lambda *_: True, 1.5) is None
        board.stop()
    board.start(simwire.CAUSE_POWER_ON)
    welcome = board.hello()
    assert (state(welcome), cause(welcome)) == ("disarmed", "power_on")


def test_a_program_that_cannot_start_leaves_the_repl_free(board: BoardProcess, tmp_path: Path) -> None:
    """As one that was copied by half: no reset, no watchdog, the reason in crash.txt."""
    board.program = tmp_path / "broken"
    shutil.copytree(REPO / "mcu", board.program)
    (board.program / "telemetry.py").unlink()
    board.start()
    board.send(records.Hello(digest=messages.DIGEST, session=3))
    assert board.hear(lambda *_: True, 1.5) is None
    assert "telemetry" in (board.flash / "crash.txt").read_text()
    kinds = [kind for kind, _, _ in board.chip_records(0)]
    assert simwire.PIN in kinds
    assert simwire.WDT not in kinds
    assert simwire.RESET not in kinds


def test_power_cut_while_tripped(board: BoardProcess) -> None:
    board.start(simwire.CAUSE_WATCHDOG)
    first = board.hello()
    trip = board.hear(lambda _, record: isinstance(record, records.Trip))
    assert isinstance(trip, records.Trip)
    board.stop()
    board.start()
    second = board.hello()
    assert (state(second), second.trip_id) == ("tripped", trip.event_id)
    assert second.boot_id != first.boot_id


def test_same_program_same_fingerprint(tmp_path: Path) -> None:
    """Names and contents of the program files count, in any order; nothing else in the folder does."""
    from identity import fingerprint

    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    for folder, files in (
        ("one", {"b.py": "2", "a.py": "1", "journal.a": "x"}),
        ("two", {"a.py": "1", "b.py": "2"}),
        ("three", {"a.py": "12", "b.py": ""}),
    ):
        for file, content in files.items():
            (tmp_path / folder / file).write_text(content)
    one, two, three = (fingerprint(str(tmp_path / name)) for name in ("one", "two", "three"))
    assert one == two
    assert one != three
    assert len(one) == 8
