"""Under MicroPython: the journal in blocks of the chip's own file system, cut at every program and erase of its flash.

What is programmed last may be torn: of the bytes of that one call only the first half arrives. The file system must
not notice that blocks of it are written raw: other files are written before, between and behind, and read again.
Prints the number of cuts tried; an assertion ends it.
"""

import gc
import os
import sys

HERE = __file__.rpartition("/")[0] or "."
REPO = HERE + "/../.."
sys.path[0:0] = [REPO + "/host/tankwarden/sim/shims", REPO + "/mcu", REPO + "/protocol", HERE + "/scenarios"]

from blackbox import NAMES as TRACES  # noqa: E402  (found through the line above)
from blackbox import BlackBox  # noqa: E402
from flashpages import BLOCK_BYTES, copy, find  # noqa: E402
from journal import NAMES  # noqa: E402
from journaling import check_after_cut, course  # noqa: E402
from memory_disk import PowerCut, loses_power  # noqa: E402

BLOCKS = 24
ROUNDS_BEFORE, ROUNDS = 17, 4  # the rotation is among the latter
TEXT = b"another file of the board\n" * 30


class Flash:
    """As rp2.Flash, in memory. budget: operations until power fails; None = never."""

    def __init__(self, image=None):
        self.image = bytearray(image) if image else bytearray(b"\xff" * (BLOCK_BYTES * BLOCKS))
        self.budget = None
        self.erases = 0
        self.operations = 0

    def readblocks(self, block, buf, offset=0):
        copy(buf, 0, self.image, block * BLOCK_BYTES + offset, len(buf))

    def writeblocks(self, block, buf, offset):
        """Clears bits only. The file system programs no page twice, so it cannot tell the difference."""
        fails = self._fails()
        at = block * BLOCK_BYTES + offset
        for i in range(len(buf) // 2 if fails else len(buf)):
            self.image[at + i] &= buf[i]
        self._end(fails)

    def ioctl(self, op, argument):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            self.erases += 1
            fails = self._fails()
            at = argument * BLOCK_BYTES
            n = BLOCK_BYTES // 2 if fails else BLOCK_BYTES
            self.image[at : at + n] = b"\xff" * n
            self._end(fails)
        return 0

    def _fails(self):
        self.operations += 1
        return self.budget is not None and self.operations > self.budget

    def _end(self, fails):
        if fails:
            raise PowerCut  # and so does whatever is tried next


class Chip:
    """What the journal gets on the chip: the raw flash, and the files on it."""

    def __init__(self, flash):
        self._fs = os.VfsLfs2(flash, progsize=256)
        self.open, self.remove = self._fs.open, self._fs.remove
        self.readblocks, self.writeblocks, self.ioctl = flash.readblocks, flash.writeblocks, flash.ioctl

    def write(self, name):
        with self._fs.open(name, "wb") as file:
            file.write(TEXT)

    def check(self, names):
        """The files that were written are whole, and so is the file system."""
        found = [entry[0] for entry in self._fs.ilistdir("/")]
        for name in names:
            with self._fs.open(name, "rb") as file:
                assert file.read() == TEXT, (name, found)
        assert self._fs.statvfs("/")[3] > 0


def first_boot(flash, told):
    """Journal and black box are made beside other files."""
    chip = Chip(flash)
    blocks = find(chip, chip, NAMES + TRACES[:2])
    BlackBox(blocks[2:], 1)
    course(chip, told, 1)


def main():
    flash = Flash()
    os.VfsLfs2.mkfs(flash, progsize=256)
    Chip(flash).write("before")
    cuts = cut_everywhere(flash.image, first_boot)
    first_boot(flash, [])
    course(Chip(flash), [], ROUNDS_BEFORE)
    Chip(flash).write("between")
    cuts += cut_everywhere(flash.image, lambda cut, told: course(Chip(cut), told, ROUNDS), "between")
    erases = flash.erases
    course(Chip(flash), [], ROUNDS)
    assert flash.erases > erases
    Chip(flash).write("behind")
    Chip(flash).check(("before", "between", "behind"))
    blocks = [block.number for block in find(Chip(flash), Chip(flash), NAMES + TRACES[:2])]
    assert min(blocks) >= 0, blocks
    print("cuts", cuts)


def cut_everywhere(image, boot, *names):
    """How many operations boot(flash, told) has; each was the last one once."""
    whole = Flash(image)
    boot(whole, [])
    n = whole.operations
    for budget in range(n):
        gc.collect()
        whole.image[:] = image
        whole.budget, whole.operations, told = budget, 0, []
        assert loses_power(boot, whole, told), budget
        left, whole.image, whole.budget = whole.image, bytearray(whole.image), None
        gc.collect()  # closes what was left open, in the copy
        whole.image = left
        check_after_cut(Chip(whole), told)
        Chip(whole).check(("before",) + names)  # noqa: RUF005  (MicroPython)
    return n


main()
