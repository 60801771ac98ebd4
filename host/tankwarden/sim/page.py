"""The page: a small file in memory through which the simulated world reaches the board's inputs."""

import mmap
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tankwarden.sim.wire import simwire

_SHM = Path("/dev/shm")  # noqa: S108 - memory is the point; the file is made with mode 600 and an unguessable name


class Page:
    """The sim process's side. The board may read at any instant, so every word is written by a single store: never with
    struct.pack_into, which zeroes its target first, so that a board that looks in between sees broken wires.
    """

    def __init__(self, unique_id: int) -> None:
        folder = _SHM if os.access(_SHM, os.W_OK) else None
        handle, name = tempfile.mkstemp(prefix="tankwarden-page-", dir=folder)
        self.path = Path(name)
        os.ftruncate(handle, simwire.PAGE_BYTES)
        self._map = mmap.mmap(handle, simwire.PAGE_BYTES)
        os.close(handle)
        self._words = memoryview(self._map).cast("i")  # int32 in the machine's order, as the board reads it
        self.write(simwire.W_ID_LOW, [unique_id & 0x7FFFFFFF, unique_id >> 31 & 0x7FFFFFFF])
        self.write(simwire.W_ADC_REFERENCE, [simwire.ADC_REFERENCE_COUNTS, simwire.ADC_DIE_COUNTS])
        self.write(simwire.W_MAGIC, [simwire.MAGIC])

    def write(self, word: int, values: Sequence[int]) -> None:
        """The words from index `word` on."""
        for place, value in enumerate(values, word):
            self._words[place] = value

    def read(self, word: int, count: int = 1) -> tuple[int, ...]:
        """What the words hold."""
        return tuple(self._words[word : word + count])

    def forget_scratch(self) -> None:
        """Power is gone: the chip's scratch registers lose what they held."""
        self.write(simwire.W_SCRATCH, [0] * simwire.N_SCRATCH)

    def close(self) -> None:
        """Unmap and remove the file."""
        self._words.release()
        self._map.close()
        self.path.unlink(missing_ok=True)
