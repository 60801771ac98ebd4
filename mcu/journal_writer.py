"""Writes records of the journal into a block: staged by the page, programmed, and only then committed.

Nothing here allocates after construction.
"""

import struct

import micropython
from flashpages import PAGE_BYTES, copy
from journal_image import (
    CLOSED,
    CLOSING_SLOT,
    COMMIT_AT,
    COMMIT_BYTES,
    CRC_AT,
    FIRST_SLOT,
    FORMAT,
    LAST_SLOT,
    RECORD_BYTES,
)  # fmt: skip

from tanklink.crc import write_crc

_PAGE_SLOTS = PAGE_BYTES // RECORD_BYTES


class Writer:
    """acked: what every record says of the host, set by the journal. Raises OSError if flash does not take a record."""

    def __init__(self):
        self.block = None  # the one that is written to
        self.generation = 0  # of it
        self.length = LAST_SLOT + 1  # its first free slot
        self.acked = 0
        self._record = bytearray(b"\xff" * RECORD_BYTES)  # its commit stays all ones
        self._page = bytearray(PAGE_BYTES)  # records that are programmed together
        self._commits = bytearray(b"\xff" * PAGE_BYTES)  # and what commits them
        for at in range(COMMIT_AT, PAGE_BYTES, RECORD_BYTES):
            self._commits[at : at + COMMIT_BYTES] = bytes(COMMIT_BYTES)
        self._first = self._staged = 0  # slot of the first of them, and how many

    def begin(self, block, generation):
        """Write to this block from now on, which is erased."""
        self.go_on(block, generation, FIRST_SLOT)

    def go_on(self, block, generation, length):
        """Write to this block from now on, behind what it has."""
        self.block, self.generation, self.length = block, generation, length
        self._staged = 0

    @micropython.native
    def room(self):
        """How many more records the block can take."""
        return LAST_SLOT + 1 - self.length

    def stage_event(self, kind, event):
        """As stage(), of an event: message id, number, boot, s, ms, five fields and four small ones."""
        self.stage(
            kind, event[0], event[1], event[2], event[3], event[4],
            event[5], event[6], event[7], event[8], event[9], event[10], event[11], event[12], event[13],
        )  # fmt: skip

    def stage(self, kind, message_id=0, event_id=0, boot_id=0, at_s=0, at_ms=0,
              a=0, b=0, c=0, d=0, e=0, f=0, g=0, h=0, i=0):  # fmt: skip
        """Another record for the page that commit() programs; a page that is full is committed at once."""
        if not self._staged:
            self._first = self.length
        self._pack(
            self.length, self.generation, kind, message_id, event_id, boot_id, at_s, at_ms, a, b, c, d, e, f, g, h, i
        )
        copy(self._page, self._staged * RECORD_BYTES, self._record, 0, RECORD_BYTES)
        self._staged += 1
        self.length += 1
        if self.length % _PAGE_SLOTS == 0:
            self.commit()

    def commit(self):
        """Program what is staged, and only when it is there, the bits that make it count."""
        n = self._staged * RECORD_BYTES
        self._staged = 0
        if n:
            at = self._first * RECORD_BYTES
            self.block.program(at, self._page, 0, n)
            self.block.program(at, self._commits, 0, n, False)

    def commit_slot(self, slot):
        """Commit a record that was programmed before a cut."""
        self.block.program(slot * RECORD_BYTES, self._commits, 0, RECORD_BYTES, False)

    def close(self, block, generation):
        """Say in the block of before that another one is sealed: if that is spoilt, this one is no excuse."""
        try:
            self._pack(CLOSING_SLOT, generation, CLOSED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            at = CLOSING_SLOT * RECORD_BYTES
            block.program(at, self._record, 0, RECORD_BYTES)
            block.program(at, self._commits, 0, RECORD_BYTES, False)
        except OSError:
            pass  # the new block is whole, and this one is erased next

    def _pack(self, slot, generation, kind, message_id, event_id, boot_id, at_s, at_ms,
              a, b, c, d, e, f, g, h, i):  # fmt: skip
        record = self._record
        struct.pack_into(
            FORMAT, record, 0,
            kind, message_id, slot, generation, event_id, boot_id, at_s, at_ms, a, b, c, d, e, self.acked,
            f, g, h, i,
        )  # fmt: skip
        write_crc(record, 0, CRC_AT)
