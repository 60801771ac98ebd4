"""The one thing of the simulated world that a board's process cannot do without: word that time goes on."""

import os
import struct
import threading
import time
from pathlib import Path

import simwire

TICK_S = 0.004


class WorldTicks:
    """Writes the page's TICK word until stop(). Nothing is ever withheld, so the chip's clock is the machine's."""

    def __init__(self, page: Path) -> None:
        self._page = os.open(page, os.O_WRONLY)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tick()
        self._thread.start()

    def stop(self) -> None:
        """Time stands still for whoever reads the page."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._thread.join()
            os.close(self._page)

    def _run(self) -> None:
        while not self._stopped.wait(TICK_S):
            self._tick()

    def _tick(self) -> None:
        at_us = time.monotonic_ns() // 1000 & simwire.TICK_MASK
        os.pwrite(self._page, struct.pack("<i", at_us), 4 * simwire.W_TICK)
