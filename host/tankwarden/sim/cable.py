"""The USB cable: pumps bytes between the board and a raw pseudo-terminal, and can be noisy, cut or pulled out.

A host that does not read: its bytes wait, and after a second without progress they are thrown away, as a CDC write
gives up. A board that does not read: the host's bytes wait in the terminal.
"""

import contextlib
import os
import pty
import selectors
import socket
import tty
from pathlib import Path

from tankwarden.sim.chance import seeded
from tankwarden.sim.errors import SimError

GIVE_UP_US = 1_000_000
_CHUNK = 4096


class Cable:
    """One board's end, one terminal. `noise_permille` and `cut` are set by faults.py."""

    def __init__(self, link: Path, selector: selectors.BaseSelector, seed: int) -> None:
        if link.exists() and not link.is_symlink():
            raise SimError(f"--tty {link}: exists and is no symbolic link: name a path that may be replaced")
        self._link, self._selector = link, selector
        self._chance = seeded(seed, "line")
        self._board: socket.socket | None = None
        self._master = self._slave = -1
        self._to_host, self._to_board = bytearray(), bytearray()
        self._progress_us = 0
        self._board_ended = False
        self.noise_permille = 0
        self.cut = False
        self.counts = {"to_host": 0, "to_board": 0, "discarded": 0, "damaged": 0, "cut_off": 0}

    def plug(self, board: socket.socket) -> None:
        """A new terminal appears at the link. SimError if the link cannot be made."""
        self.unplug()
        self._board, self._board_ended = board, False
        self._master, self._slave = pty.openpty()
        # The slave stays open here: so it stays raw, and no host coming or going ends the terminal.
        tty.setraw(self._master)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        fresh = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(self._link)
        except OSError as error:
            raise SimError(f"--tty {self._link}: {error.strerror}: name a path that can be written") from error
        self._watch()

    def unplug(self) -> None:
        """The terminal vanishes: a host that has it open gets an error at its next read."""
        if self._board is None:
            return
        for file in (self._master, self._board):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(file)
        with contextlib.suppress(OSError):
            if self._link.is_symlink() and os.readlink(self._link) == os.ttyname(self._slave):
                self._link.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._board, self._master, self._slave = None, -1, -1
        self._to_host.clear()
        self._to_board.clear()

    def pump(self, now_us: int) -> None:
        """Move what can be moved. To be called when the selector names one of its files."""
        if self._board is None:
            return
        if not self._to_board:
            self._to_board += self._pass_on(self._read_host(), "to_board")
        if not self._to_host:
            self._to_host += self._pass_on(self._read_board(), "to_host")
            self._progress_us = now_us
        self._write_board()
        self._write_host(now_us)
        self._watch()

    def tick(self, now_us: int) -> None:
        """Give up on a host that does not read."""
        if self._to_host and now_us - self._progress_us > GIVE_UP_US:
            self.counts["discarded"] += len(self._to_host)
            self._to_host.clear()
            self._watch()

    def _watch(self) -> None:
        if self._board is None:
            return
        host = (0 if self._to_board else selectors.EVENT_READ) | (selectors.EVENT_WRITE if self._to_host else 0)
        board = (0 if self._to_host else selectors.EVENT_READ) | (selectors.EVENT_WRITE if self._to_board else 0)
        self._want(self._master, host)
        self._want(self._board, 0 if self._board_ended else board)

    def _want(self, file: int | socket.socket, events: int) -> None:
        known = self._selector.get_map().get(file)
        if known is None:
            if events:
                self._selector.register(file, events, self.pump)
        elif not events:
            self._selector.unregister(file)
        elif known.events != events:
            self._selector.modify(file, events, self.pump)

    def _read_host(self) -> bytes:
        try:
            return os.read(self._master, _CHUNK)
        except OSError:
            return b""

    def _read_board(self) -> bytes:
        try:
            data = self._board.recv(_CHUNK) if self._board else b""
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._board_ended = True  # its end would be readable for ever; the terminal stays until unplug()
        return data

    def _write_board(self) -> None:
        try:
            sent = self._board.send(self._to_board) if self._board and self._to_board else 0
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._to_board)
        del self._to_board[:sent]

    def _write_host(self, now_us: int) -> None:
        if not self._to_host:
            return
        with contextlib.suppress(BlockingIOError):
            sent = os.write(self._master, self._to_host)
            del self._to_host[:sent]
            self._progress_us = now_us

    def _pass_on(self, data: bytes, direction: str) -> bytes:
        if self.cut:
            self.counts["cut_off"] += len(data)
            return b""
        self.counts[direction] += len(data)
        return self._damage(data) if self.noise_permille else data

    def _damage(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            if self._chance.random() * 1000 >= self.noise_permille:
                out.append(byte)
                continue
            self.counts["damaged"] += 1
            kind = self._chance.randrange(3)  # flipped, followed by a stray byte, or lost
            if kind == 0:
                out.append(byte ^ 1 << self._chance.randrange(8))
            elif kind == 1:
                out += bytes((byte, self._chance.randrange(256)))
        return bytes(out)
