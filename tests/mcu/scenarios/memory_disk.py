"""A disk in memory that can lose power at any byte, or refuse: what journal and black box are written to in scenarios.

Its files lie in blocks of NOR flash, one each, which can also be read and written raw, as rp2.Flash does.
"""

from flashpages import copy

BLOCK_BYTES, PAGE_BYTES = 4096, 256
_COUNT, _ERASE = 4, 6
_ERASE_STEP = 64  # bytes of a block that are erased between two chances of a cut


class PowerCut(BaseException):
    """The disk lost power in the middle of a write."""


def loses_power(function, *arguments):
    """Call it; whether it lost power on the way."""
    try:
        function(*arguments)
    except PowerCut:
        return True
    return False


class Disk:
    """Both what flashpages.find asks of a flash and of files.

    budget: steps until the power fails, None = never. A step is a byte of which bits are cleared, 64 bytes that are
    erased, or a file that is made or removed. fails: every write raises OSError, as the file system of worn flash
    does. deaf: raw writes change nothing, as worn flash itself does. backwards: an erase begins at a block's end.
    before_step: called before each step, when the disk is as a cut at that very byte leaves it.
    """

    def __init__(self, files=None):
        self._spare = []
        self.blocks = []
        self.load(files or {})

    def load(self, files):
        """As if new, with these files. What memory this disk has is used again: a chip's is soon in pieces."""
        self._spare += [block for block in self.blocks if len(block) == BLOCK_BYTES]
        self.files, self.blocks = {}, []
        for name in sorted(files):
            data = files[name]
            block = self.new_block() if len(data) == BLOCK_BYTES else bytearray(data)
            block[:] = data
            self.files[name] = block
            self.blocks.append(block)
        self.budget = None
        self.fails = self.deaf = self.backwards = False
        self.before_step = None
        self.written = 0  # steps so far
        self.erases = 0
        return self

    def new_block(self):
        return self._spare.pop() if self._spare else bytearray(BLOCK_BYTES)

    # -- as flashpages.Files ----------------------------------------------------------------------------------------

    def open(self, name, mode):
        if mode == "rb":
            if name not in self.files:
                raise OSError(2)
            return Reader(self.files[name])
        if self.fails:
            raise OSError(5)
        self.spend()
        self.files[name] = bytearray()
        return Writer(self, name)

    def remove(self, name):
        if name not in self.files:
            raise OSError(2)
        self.spend()
        del self.files[name]  # its block keeps what it held until the file system needs it

    def keep(self, name, data):
        """A file that was closed."""
        self.spend()
        self.files[name] = data
        self.blocks.append(data)

    # -- as rp2.Flash: allocates nothing ----------------------------------------------------------------------------

    def readblocks(self, number, buf, offset=0):
        block = self.blocks[number]
        if len(block) == BLOCK_BYTES:
            copy(buf, 0, block, offset, len(buf))

    def writeblocks(self, number, buf, offset):
        assert offset % PAGE_BYTES == 0
        assert len(buf) == PAGE_BYTES
        if self.fails:
            raise OSError(5)
        if self.deaf:
            return
        block = self.blocks[number]
        for i in range(PAGE_BYTES):
            old = block[offset + i]
            new = old & buf[i]
            if new != old:
                block[offset + i] = old & (buf[i] | 0x55)  # a byte is torn, too
                self.spend()
                block[offset + i] = new

    def ioctl(self, op, argument):
        if op == _COUNT:
            return len(self.blocks)
        assert op == _ERASE
        if self.fails:
            raise OSError(5)
        self.erases += 1
        if not self.deaf:
            for at in range(0, BLOCK_BYTES, _ERASE_STEP):
                self.spend()
                self._erase(self.blocks[argument], BLOCK_BYTES - _ERASE_STEP - at if self.backwards else at)
        return 0

    def _erase(self, block, at):
        for i in range(at, at + _ERASE_STEP):
            block[i] = 0xFF

    def spend(self):
        """A step, before it is taken; PowerCut comes with the first that is not."""
        if self.before_step is not None:
            self.before_step()
        if self.budget is not None:
            if self.budget == 0:
                raise PowerCut
            self.budget -= 1
        self.written += 1


class Reader:
    def __init__(self, data):
        self._data, self._at = data, 0

    def readinto(self, buf):
        n = min(len(buf), len(self._data) - self._at)
        for i in range(n):
            buf[i] = self._data[self._at + i]
        self._at += n
        return n

    def close(self):
        """Nothing is held back."""


class Writer:
    """As on the chip's file system, a file is empty until it is closed, and whole then."""

    def __init__(self, disk, name):
        self._disk, self._name, self._data, self._n = disk, name, disk.new_block(), 0

    def write(self, buf):
        for byte in buf:
            self._data[self._n] = byte
            self._n += 1
        return len(buf)

    def close(self):
        self._disk.keep(self._name, self._data if self._n == BLOCK_BYTES else self._data[: self._n])
