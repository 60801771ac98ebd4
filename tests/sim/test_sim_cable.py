"""The cable: bytes pass whole both ways through a raw terminal; noise, cut, pulled plug, a host that does not read."""

import contextlib
import os
import select
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tankwarden.sim.cable import GIVE_UP_US, Cable
from tankwarden.sim.errors import SimError

EVERY_BYTE = bytes(range(256))


class Line:
    """A cable between a socket that stands for the board and the terminal at `link`; time is what `pump` is told."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.selector = selectors.DefaultSelector()
        self.link = folder / "tty"
        self.cable = Cable(self.link, self.selector, seed)
        self.now_us = 0
        self.plug()

    def plug(self) -> None:
        self.board, end = socket.socketpair()
        self.end = end
        self.end.setblocking(False)
        self.cable.plug(end)

    def open(self) -> int:
        return os.open(self.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def pump(self, rounds: int = 20) -> None:
        for _ in range(rounds):
            for key, _ in self.selector.select(0.001):
                key.data(self.now_us)
        self.cable.tick(self.now_us)

    def from_host(self, fd: int, data: bytes) -> None:
        """The host writes it, and the cable takes it all: the kernel hands it over in its own time."""
        self._carry(lambda: os.write(fd, data), "to_board", len(data))

    def from_board(self, data: bytes) -> None:
        self._carry(lambda: self.board.send(data), "to_host", len(data))

    def _carry(self, write: Callable[[], object], direction: str, count: int) -> None:
        counts, end = self.cable.counts, time.monotonic() + 30
        taken = counts[direction] + counts["cut_off"] + count
        write()
        while counts[direction] + counts["cut_off"] < taken:
            assert time.monotonic() < end, counts
            self.pump(1)
        self.pump()

    def close(self) -> None:
        self.cable.unplug()
        self.selector.close()
        self.board.close()
        self.end.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    line.close()


def read(fd: int, timeout_s: float = 0.02) -> bytes:
    """What there is."""
    got = b""
    while select.select([fd], [], [], timeout_s)[0]:
        part = os.read(fd, 4096)
        if not part:
            break
        got += part
    return got


def whole(fd: int, expected: bytes) -> bytes:
    """As many bytes as expected, and what else there is."""
    got, end = b"", time.monotonic() + 30
    while len(got) < len(expected) and time.monotonic() < end:
        got += read(fd)
    return got + read(fd)


def test_every_byte_passes_unchanged_both_ways(line: Line) -> None:
    fd = line.open()
    line.from_host(fd, EVERY_BYTE)
    assert line.board.recv(1000) == EVERY_BYTE
    line.from_board(EVERY_BYTE)
    assert whole(fd, EVERY_BYTE) == EVERY_BYTE
    os.close(fd)


def test_a_second_host_finds_the_terminal_raw_and_open(line: Line) -> None:
    for _ in range(2):
        fd = line.open()
        line.from_host(fd, b"\x03\x04\r\n\x7f")
        assert line.board.recv(100) == b"\x03\x04\r\n\x7f"
        assert read(fd) == b"", "the terminal echoes"
        os.close(fd)


def test_noise_flips_loses_and_adds_bytes_at_about_its_rate_and_repeats_with_the_seed(tmp_path: Path) -> None:
    sent, got = bytes(1000), []
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        with contextlib.closing(Line(tmp_path / place)) as line:
            line.cable.noise_permille = 100
            fd = line.open()
            line.from_host(fd, sent)
            got.append(line.board.recv(5000))
            assert 60 < line.cable.counts["damaged"] < 140
            os.close(fd)
    assert got[0] == got[1] != sent
    assert 0 < sum(byte != 0 for byte in got[0]) < 140, "flipped bytes and stray ones"
    assert 900 < len(got[0]) < 1100


def test_a_cut_line_loses_bytes_in_silence_and_mended_it_passes_only_new_ones(line: Line) -> None:
    fd = line.open()
    line.cable.cut = True
    line.from_host(fd, b"lost")
    line.from_board(b"lost too")
    assert line.cable.counts["cut_off"] == len(b"lost" + b"lost too")
    line.cable.cut = False
    line.from_host(fd, b"kept")
    line.from_board(b"kept too")
    assert line.board.recv(100) == b"kept"
    assert whole(fd, b"kept too") == b"kept too"
    os.close(fd)


def test_a_pulled_plug_ends_the_hosts_terminal_and_a_new_one_comes_at_the_same_link(line: Line) -> None:
    fd = line.open()
    line.cable.unplug()
    assert not line.link.is_symlink()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(fd, b"x")
    os.close(fd)
    line.board.close()
    line.end.close()
    line.plug()
    fd = line.open()
    line.from_host(fd, b"again")
    assert line.board.recv(100) == b"again"
    os.close(fd)


def fill(line: Line) -> int:
    """Let the board write until nothing more goes; how many bytes."""
    line.board.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += line.board.send(bytes(1024))
            line.pump(2)
    return sent


def test_bytes_for_a_host_that_does_not_read_wait_a_second_and_are_then_thrown_away(line: Line) -> None:
    fd = line.open()
    fill(line)
    line.now_us += GIVE_UP_US
    line.cable.tick(line.now_us)
    assert line.cable.counts["discarded"] == 0
    line.now_us += 1
    line.cable.tick(line.now_us)
    assert line.cable.counts["discarded"] > 0
    line.pump()
    line.board.setblocking(True)
    assert line.board.send(b"x") == 1, "the board can write again"
    os.close(fd)


def test_a_host_that_reads_in_time_loses_nothing(line: Line) -> None:
    fd = line.open()
    sent, got = fill(line), b""
    while len(got) < sent:
        line.now_us += GIVE_UP_US // 2
        got += read(fd, 0.05)
        line.pump()
        assert line.now_us < 1000 * GIVE_UP_US, "stalled"
    assert len(got) == sent
    assert line.cable.counts["discarded"] == 0
    os.close(fd)


def test_an_ended_board_does_not_spin_the_loop_and_keeps_the_terminal(line: Line) -> None:
    fd = line.open()
    line.board.close()
    line.pump()
    assert line.selector.select(0.01) == []
    assert line.link.is_symlink()
    os.close(fd)


def test_a_path_that_may_not_be_replaced_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tty").write_text("mine")
    with pytest.raises(SimError, match="no symbolic link"):
        Cable(tmp_path / "tty", selectors.DefaultSelector(), 0)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    board, end = socket.socketpair()
    with board, end, selectors.DefaultSelector() as selector:
        cable = Cable(tmp_path / "missing" / "tty", selector, 0)
        with pytest.raises(SimError, match=r"--tty .*missing/tty"):
            cable.plug(end)
        cable.unplug()
