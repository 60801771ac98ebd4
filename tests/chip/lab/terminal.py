"""A pseudo-terminal at the emulated USB port, for programs that want a real one: mpremote, `tankwarden flash`.

Simulated time passes in a thread for as long as it is open; nothing else may touch the chip meanwhile. A busy chip is
much slower than real time, an idle one faster: whoever talks through it needs patience.
"""

import contextlib
import os
import pty
import select
import threading
import tty
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from .client import MS, Chip

SLICE_NS = 2 * MS  # of simulated time, between two looks at the terminal
IDLE_NS = 20 * MS  # while nobody says anything
MOST_WAITING = 512  # bytes that the chip has not taken: no more are read from the terminal meanwhile


class Terminal:
    """`path` is the port. Use it in a with statement."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._read = len(chip.received)
        self._folder = TemporaryDirectory(prefix="tankwarden-terminal-")
        self.path = str(Path(self._folder.name, "port"))
        self._master, self._slave = pty.openpty()
        for end in (self._master, self._slave):
            tty.setraw(end)
        os.symlink(os.ttyname(self._slave), self.path)
        self._ends = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._chip.open_port(True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends = True
        self._thread.join(60)
        for end in (self._master, self._slave):
            os.close(end)
        self._folder.cleanup()
        if self._error is not None and error is None:
            raise self._error

    def _live(self) -> None:
        try:
            while not self._ends:
                self._pass()
        except BaseException as error:
            self._error = error

    def _pass(self) -> None:
        heard = select.select([self._master], [], [], 0)[0] and self._chip.unsent() < MOST_WAITING
        if heard:
            self._chip.send(os.read(self._master, MOST_WAITING))
        n = len(self._chip.received)
        self._chip.run(SLICE_NS if heard or n > self._read else IDLE_NS, end="received")
        for _, data in self._chip.received[self._read :]:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)
        self._read = len(self._chip.received)
