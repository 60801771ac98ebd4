"""The trace: one line for each edge of an output, `time_ns name level`, times of CLOCK_MONOTONIC."""

from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from tankwarden.sim.errors import SimError

RELAY_NAMES = ("relay.1.outside", "relay.1.inside", "relay.2.outside", "relay.2.inside")


class Trace:
    """Appends to a file, each line at once; without a file it only counts."""

    def __init__(self, path: Path | None, monotonic_us: Callable[[int], int] = lambda at_us: at_us) -> None:
        self.edges = 0
        self._monotonic_us = monotonic_us  # of an instant of the chip's clock
        self._file: TextIO | None = None
        if path is not None:
            try:
                self._file = path.open("a", buffering=1)
            except OSError as error:
                raise SimError(f"--trace {path}: {error.strerror}: name a file that can be written") from error

    def edge(self, time_ns: int, name: str, level: int) -> None:
        """An output has changed, at an instant of the chip's clock; times of one name rise."""
        self.edges += 1
        if self._file is not None:
            self._file.write(f"{1000 * self._monotonic_us(time_ns // 1000)} {name} {level}\n")

    def close(self) -> None:
        """No more edges."""
        if self._file is not None:
            self._file.close()
