"""Whole blocks of flash, written raw: a page at a time takes a millisecond, where the file system takes a hundred.

Each block is the one of a preallocated file of 4096 bytes, so the file system keeps everything else away from it and
never looks into it. Which block that is, is found at every boot: the file's beginning, read through the file system,
is a marker with a random tag, and exactly one block of the flash begins with it. An erase takes the marker along; if
power fails before it is back, the block is not found, and the file is made anew when it is erased the next time.

Flash is NOR: a program can only clear bits, 256 bytes at most and within one page; 0xff leaves what is there.
"""

import os

from tanklink._compat import micropython, ptr8
from tanklink.crc import check_crc, write_crc

BLOCK_BYTES, PAGE_BYTES = 4096, 256
MARKER_BYTES = 64  # the first of a block: not to be used for anything else
_MAGIC = b"tankpage"
_NAME_AT, _USED_AT, _TAG_AT, _CRC_AT = 8, 36, 40, 60
_COUNT, _ERASE = 4, 6  # what ioctl() is asked
_EIO, _ENOENT = 5, 2
_NOWHERE, _TWICE = -1, -2


class Files:
    """The chip's file system."""

    def open(self, name, mode):
        return open(name, mode)

    def remove(self, name):
        os.remove(name)


def exists(files, names):
    """Whether there is any of these files; one that cannot be opened is there."""
    for name in names:
        try:
            files.open(name, "rb").close()
            return True
        except OSError as error:
            if error.args[0] != _ENOENT:
                return True
    return False


def find(flash, files, names):
    """The Blocks of these files, in order, found or not. flash: an rp2.Flash; files: as Files."""
    workspace = bytearray(PAGE_BYTES), bytearray(PAGE_BYTES)
    blocks = [Block(flash, files, name, workspace) for name in names]
    _locate(flash, blocks)
    return blocks


def _locate(flash, blocks):
    """Find each block by the marker that its file begins with."""
    head = bytearray(MARKER_BYTES)
    for block in blocks:
        block.number = _NOWHERE
    for number in range(flash.ioctl(_COUNT, 0)):
        flash.readblocks(number, head, 0)
        if head[0] != _MAGIC[0] or not check_crc(head, 0, _CRC_AT):
            continue
        for block in blocks:
            if block.marker == head:
                block.number = number if block.number == _NOWHERE else _TWICE


class Block:
    """One block. It may be not found; then it can only be erased, which makes it anew.

    Reading and programming allocate nothing.
    """

    def __init__(self, flash, files, name, workspace):
        self._flash, self._files, self.name = flash, files, name
        self._page, self._back = workspace
        self.number = _NOWHERE
        self.marker = None
        self.missing = False  # there is not even a file
        self._read_marker()

    def found(self):
        """Whether it can be read and programmed."""
        return self.number >= 0

    def read(self, at, buf):
        """Fill buf with what stands at this place. OSError if flash refuses."""
        self._flash.readblocks(self._placed(), buf, at)

    def is_blank(self):
        """Whether nothing was programmed since the last erase but the marker."""
        flash, number, page = self._flash, self._placed(), self._page
        for at in range(0, BLOCK_BYTES, PAGE_BYTES):
            flash.readblocks(number, page, at)
            start = 0 if at else MARKER_BYTES
            if not is_erased(page, start, PAGE_BYTES - start):
                return False
        return True

    def program(self, at, buf, start, n, anew=True):
        """Clear the bits at this place that are 0 in buf[start:start+n]. OSError if they cannot be read back so.

        anew: nothing was programmed there before, so the other bits must be ones.
        """
        number, page, back = self._placed(), self._page, self._back
        done = 0
        while done < n:
            inside = (at + done) % PAGE_BYTES
            page_at = at + done - inside
            size = min(PAGE_BYTES - inside, n - done)
            _lay(page, inside, buf, start + done, size)
            self._flash.writeblocks(number, page, page_at)
            self._flash.readblocks(number, back, page_at)
            if not _took(page, back, inside, size, anew):
                raise OSError(_EIO)
            done += size

    def was_used(self):
        """Whether it was erased since it was first made: it must have held something."""
        return self.marker is not None and self.marker[_USED_AT] != 0

    def erase(self, used=True):
        """All ones again, but for the marker. Stops interrupts for up to 400 ms; allocates only to make it anew.

        used: else it never held anything that counted, and a cut must leave it as if it had never been made.
        """
        if self.number < 0 or not used:
            self._create(used and not self.missing)
            return
        self.marker[_USED_AT] = 1
        write_crc(self.marker, 0, _CRC_AT)
        self._flash.ioctl(_ERASE, self.number)
        page = self._page
        for at in range(0, BLOCK_BYTES, PAGE_BYTES):
            self.read(at, page)
            if not is_erased(page, 0, PAGE_BYTES):
                raise OSError(_EIO)
        self.program(0, self.marker, 0, MARKER_BYTES)

    def _placed(self):
        if self.number < 0:
            raise OSError(_EIO)
        return self.number

    def _read_marker(self):
        marker = bytearray(MARKER_BYTES)
        try:
            file = self._files.open(self.name, "rb")
        except OSError as error:
            self.missing = error.args[0] == _ENOENT
            return
        try:
            n = file.readinto(marker)
        except OSError:
            n = -1
        finally:
            file.close()
        self.missing = n == 0  # begun, and never closed
        if n == MARKER_BYTES and check_crc(marker, 0, _CRC_AT):
            self.marker = marker

    def _create(self, used):
        """The file, through the file system: it chooses the block, and takes back the one of before."""
        try:
            self._files.remove(self.name)
        except OSError:
            pass  # there was none
        self.marker = _new_marker(self.name, used)
        ones = b"\xff" * MARKER_BYTES
        file = self._files.open(self.name, "wb")
        try:
            file.write(self.marker)
            for _ in range(MARKER_BYTES, BLOCK_BYTES, MARKER_BYTES):
                file.write(ones)
        finally:
            file.close()
        self.missing = False
        _locate(self._flash, [self])
        self._placed()


def _new_marker(name, used):
    """One that no block has begun with before."""
    marker = bytearray(MARKER_BYTES)
    marker[: len(_MAGIC)] = _MAGIC
    marker[_NAME_AT : _NAME_AT + len(name)] = name.encode()
    marker[_USED_AT] = used
    marker[_TAG_AT : _TAG_AT + 8] = os.urandom(8)
    write_crc(marker, 0, _CRC_AT)
    return marker


@micropython.viper
def is_erased(buf, start: int, n: int) -> bool:
    """Whether buf[start:start+n] is all ones."""
    p = ptr8(buf)
    end = start + n
    while start < end:
        if p[start] != 255:
            return False
        start += 1
    return True


@micropython.viper
def copy(to, at: int, buf, start: int, n: int):
    """to[at:at+n] = buf[start:start+n], without the copy that a slice is."""
    p = ptr8(to)
    q = ptr8(buf)
    i = 0
    while i < n:
        p[at + i] = q[start + i]
        i += 1


@micropython.viper
def _lay(page, at: int, buf, start: int, n: int):
    """A page of ones, but for buf[start:start+n] at this place."""
    p = ptr8(page)
    i = 0
    while i < 256:
        p[i] = 255
        i += 1
    q = ptr8(buf)
    i = 0
    while i < n:
        p[at + i] = q[start + i]
        i += 1


@micropython.viper
def _took(page, back, at: int, n: int, anew: bool) -> bool:
    """Whether what was read back is what was programmed: the zeros at least, and anew the ones, too."""
    p = ptr8(page)
    q = ptr8(back)
    end = at + n
    while at < end:
        if (q[at] & p[at]) != q[at] or (anew and q[at] != p[at]):
            return False
        at += 1
    return True
