"""Under MicroPython: the journal on the chip's own file system, cut at every program and erase of its flash.

What is programmed last may be torn: of the bytes of that one call only the first half arrives. Prints the number of
cuts tried; an assertion ends it.
"""

import gc
import os
import sys

HERE = __file__.rpartition("/")[0] or "."
REPO = HERE + "/../.."
sys.path[0:0] = [REPO + "/host/tankwarden/sim/shims", REPO + "/mcu", REPO + "/protocol", HERE + "/scenarios"]

from journaling import check_after_cut, course  # noqa: E402  (found through the line above)
from memory_disk import PowerCut, loses_power  # noqa: E402

BLOCK, BLOCKS = 512, 48
ROUNDS_BEFORE, ROUNDS = 15, 5  # the rotation is among the latter


class Flash:
    """A block device in memory. budget: operations until power fails; None = never."""

    def __init__(self, image=None):
        self.image = bytearray(image) if image else bytearray(b"\xff" * (BLOCK * BLOCKS))
        self.budget = None
        self.off = False  # its power: what is written now goes nowhere
        self.operations = 0

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self.image[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        n = len(buf) // 2 if self._fails() else len(buf)
        if self.off:
            return
        self.image[at : at + n] = bytes(buf[:n])
        self._end_if_failed()

    def ioctl(self, op, argument):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            if not self._fails():
                self.image[argument * BLOCK : (argument + 1) * BLOCK] = b"\xff" * BLOCK
            self._end_if_failed()
        return 0

    def _fails(self):
        self.operations += 1
        if self.off:
            return True
        return self.budget is not None and self.operations > self.budget

    def _end_if_failed(self):
        if not self.off and self.budget is not None and self.operations > self.budget:
            raise PowerCut


class Disk:
    """What the journal opens its files on."""

    def __init__(self, flash):
        self._flash, self._fs, self._files = flash, os.VfsLfs2(flash), []

    def open(self, name, mode):
        file = self._fs.open(name, mode)
        self._files.append(file)
        return file

    def forget(self):
        """Close what a journal left open, without a trace in flash: else the collector would, at a time of its own."""
        self._flash.off = True
        for file in self._files:
            try:  # noqa: SIM105  (MicroPython has no contextlib)
                file.close()
            except OSError:
                pass  # already, or in pieces


def main():
    flash = Flash()
    os.VfsLfs2.mkfs(flash)
    before = played(flash, [], ROUNDS_BEFORE)
    whole = Flash(before)
    played(whole, [], ROUNDS)
    for budget in range(whole.operations):
        cut, told = Flash(before), []
        cut.budget = budget
        after = Disk(Flash(played(cut, told, ROUNDS)))
        assert cut.operations == budget + 1
        check_after_cut(after, told)
        after.forget()
        gc.collect()
    print("cuts", whole.operations)


def played(flash, told, rounds):
    """What flash holds after so many rounds, or when the power failed."""
    disk = Disk(flash)
    loses_power(course, disk, told, rounds)
    operations = flash.operations
    disk.forget()
    flash.operations = operations
    return bytes(flash.image)


main()
