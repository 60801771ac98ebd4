"""A pseudo-terminal at the emulated USB port, for programs that want a real one: mpremote, `tankwarden flash`.

Simulated time passes in a thread for as long as it is open; nothing else may touch the chip meanwhile. It never passes
faster than real time, and slower while the chip is busy. So whoever talks through it and goes by `clock` instead of the
machine's may be as impatient as with a real board, however loaded the machine is.
"""

import contextlib
import os
import pty
import select
import threading
import time
import tty
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from .client import MS, Chip, S
from .errors import EmulatorError

SLICE_NS = 2 * MS  # of simulated time, between two looks at the terminal
MOST_WAITING = 512  # bytes that the chip has not taken: no more are read from the terminal meanwhile
SHORT_S = 0.05  # a pause that only lets others run between two looks
LOOK_S = 0.001


class ChipTime:
    """What programs at the terminal use of the module time, in simulated seconds."""

    def __init__(self, chip: Chip, ended: threading.Event) -> None:
        self._chip, self._ended = chip, ended

    def monotonic(self) -> float:
        """Since the chip was first powered."""
        return self._chip.ns / S

    def sleep(self, seconds: float) -> None:
        """EmulatorError if time stands still meanwhile. Short pauses are not simulated: a busy chip makes them long."""
        if seconds <= SHORT_S:
            time.sleep(LOOK_S)
            return
        end = self.monotonic() + seconds
        while self.monotonic() < end:
            if self._ended.wait(LOOK_S):
                raise EmulatorError("the terminal was closed, or its emulator has ended")


class Terminal:
    """`path` is the port, `clock` the time that passes at it. Use it in a with statement."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._read = len(chip.received)
        self._folder = TemporaryDirectory(prefix="tankwarden-terminal-")
        self.path = str(Path(self._folder.name, "port"))
        self._master, self._slave = pty.openpty()
        for end in (self._master, self._slave):
            tty.setraw(end)
        os.symlink(os.ttyname(self._slave), self.path)
        self._ends = threading.Event()
        self.clock = ChipTime(chip, self._ends)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._chip.open_port(True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join(60)
        for end in (self._master, self._slave):
            os.close(end)
        self._folder.cleanup()
        if self._error is not None and error is None:
            raise self._error

    def _live(self) -> None:
        try:
            while not self._ends.is_set():
                self._pass()
        except BaseException as error:
            self._error = error
            self._ends.set()

    def _pass(self) -> None:
        heard = self._hears(0) and self._chip.unsent() < MOST_WAITING
        began_s, began_ns = time.monotonic(), self._chip.ns
        if heard:
            self._chip.send(os.read(self._master, MOST_WAITING))
        self._chip.run(SLICE_NS, end="received")
        for _, data in self._chip.received[self._read :]:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)
        self._read = len(self._chip.received)
        ahead_s = (self._chip.ns - began_ns) / S - (time.monotonic() - began_s)
        if ahead_s > 0:
            self._hears(ahead_s)

    def _hears(self, wait_s: float) -> bool:
        """Whether somebody has said something, or does so within that time."""
        return bool(select.select([self._master], [], [], wait_s)[0])
