"""The chip's flash: blocks of 4096 bytes of NOR behind `rp2.Flash`, for those who write them raw.

A program can only clear bits, an erase sets those of a whole block. Of the board process every file of 4096 bytes in
its folder is a block, and no other is one; the file system itself is the PC's. Tests have their blocks in memory.
Reading and programming allocate nothing under MicroPython.
"""

import os

import simboard
import simwire

BLOCK_BYTES, PAGE_BYTES = 4096, 256
_COUNT, _SIZE, _ERASE = 4, 5, 6
_ST_INO, _ST_SIZE = 1, 6


class Flash:
    """All of it. What raises here would hang the chip, or spoil what lies behind."""

    def __init__(self):
        self._store = simboard.board().backend.flash_store()

    def readblocks(self, block_num, buf, offset=0):
        """Fill buf from this place on."""
        self._store.read(block_num, offset, buf)

    def writeblocks(self, block_num, buf, offset=None):
        """With an offset: program, whole pages. Without: erase the block before."""
        if offset is None:
            self._erase(block_num)
            offset = 0
        if offset % PAGE_BYTES or len(buf) % PAGE_BYTES or offset + len(buf) > BLOCK_BYTES:
            raise ValueError("a program of %d bytes at %d is no whole page of a block" % (len(buf), offset))
        if not _worn_out():
            self._store.program(block_num, offset, buf)

    def ioctl(self, op, arg):
        """Count and size of the blocks; erase one."""
        if op == _COUNT:
            return self._store.count()
        if op == _SIZE:
            return BLOCK_BYTES
        if op == _ERASE:
            self._erase(arg)
        return 0 if op <= _ERASE else None

    def _erase(self, block_num):
        if not _worn_out():
            self._store.erase(block_num)


def _worn_out():
    """Whether it takes nothing any more. It says nothing about that: whoever wants to know reads back."""
    backend = simboard.board().backend
    backend.refresh()
    return backend.words[simwire.W_FAULTS] & simwire.FAULT_FLASH


class MemoryStore:
    """Blocks in memory."""

    def __init__(self, n=0):
        self.blocks = [bytearray(b"\xff" * BLOCK_BYTES) for _ in range(n)]

    def count(self):
        return len(self.blocks)

    def read(self, number, at, buf):
        block = self.blocks[number]
        for i in range(len(buf)):
            buf[i] = block[at + i]

    def program(self, number, at, buf):
        block = self.blocks[number]
        for i in range(len(buf)):
            block[at + i] &= buf[i]

    def erase(self, number):
        block = self.blocks[number]
        for i in range(BLOCK_BYTES):
            block[i] = 0xFF


class FolderStore:
    """The files of a folder that are as long as a block. One that appears later comes behind the others."""

    def __init__(self, folder):
        self._folder = folder
        self._files = []  # open ones, in the order of their numbers
        self._known = []  # (name, inode) of each: one that was made anew is another block
        self._page = bytearray(PAGE_BYTES)
        self._ones = b"\xff" * BLOCK_BYTES

    def count(self):
        for name in sorted(os.listdir(self._folder)):
            path = self._folder + "/" + name
            stat = os.stat(path)
            if stat[_ST_SIZE] == BLOCK_BYTES and (name, stat[_ST_INO]) not in self._known:
                self._known.append((name, stat[_ST_INO]))
                self._files.append(open(path, "r+b", 0))  # noqa: SIM115  as long as the board has power
        return len(self._files)

    def read(self, number, at, buf):
        file = self._files[number]
        file.seek(at)
        file.readinto(buf)

    def program(self, number, at, buf):
        page = self._page
        for start in range(0, len(buf), PAGE_BYTES):
            self.read(number, at + start, page)
            for i in range(PAGE_BYTES):
                page[i] &= buf[start + i]
            file = self._files[number]
            file.seek(at + start)
            file.write(page)

    def erase(self, number):
        file = self._files[number]
        file.seek(0)
        file.write(self._ones)

    def close(self):
        """The end of this board, in a process that goes on."""
        for file in self._files:
            file.close()
