"""What a block of the journal says when it is read at boot: which of the two counts, and whether anything is lost.

Only a boot needs this: build.py takes it from memory again.
"""

import struct

from flashpages import BLOCK_BYTES, is_erased
from journal_image import (
    ACK,
    ADDED,
    CIRCUIT,
    CLOSED,
    CLOSING_SLOT,
    COMMIT_AT,
    COMMIT_BYTES,
    CRC_AT,
    FED,
    FIRST_SLOT,
    FORMAT,
    HEADER,
    LATCHING,
    RECORD_BYTES,
    SEAL,
)  # fmt: skip

from tanklink.crc import check_crc
from tanklink.messages import BOOT, FAULT, FEED_REPORT, FEED_STARTED, LEASE_OVER, NOTICE, RESET, TRIP

_EVENTS = (BOOT.id, TRIP.id, FAULT.id, LEASE_OVER.id, RESET.id, NOTICE.id, FEED_STARTED.id, FEED_REPORT.id)
FEEDINGS = (FEED_STARTED.id, FEED_REPORT.id)
_AFTER_SEAL = (ADDED, ACK)
_KIND, _MESSAGE, _SLOT, _GENERATION, _EVENT_ID, _ACKED = 0, 1, 2, 3, 4, 13


class Image:
    """One block. It counts only if it is sealed."""

    def __init__(self):
        self.generation = 0  # not known
        self.blank = True
        self.used = False  # blank, but it was erased once
        self.length = FIRST_SLOT  # the first slot that is free, and all behind it but CLOSED's
        self.uncommitted = 0  # slot of a last record that is whole and lacks its commit only; 0 = none
        self.sealed = False
        self.closed = False  # another block is sealed, and counts from then on
        self.added = False  # something came after the seal
        self.spoilt = False  # some record is not what was committed
        self.highest_id = self.acked = 0
        self.standing = (0, 0, 0)  # message id, event id, circuit
        self.events = []
        self.feedings = []  # (kind, event) of what FeedLog is to take, in order

    def sound(self):
        """Whether it says what stands."""
        return self.sealed and not (self.spoilt or self.closed)

    def take(self, slot, record):
        """The next record."""
        if is_erased(record, 0, RECORD_BYTES):
            return
        self.blank = False
        if slot < CLOSING_SLOT:
            if slot > self.length:
                self.spoilt = True  # records follow each other: what was there has faded
            self.length = slot + 1
            self.uncommitted = 0
        whole = check_crc(record, 0, CRC_AT)
        if is_erased(record, COMMIT_AT, COMMIT_BYTES):
            if whole and slot < CLOSING_SLOT:
                self.uncommitted = slot  # counts if nothing follows
            return
        fields = struct.unpack_from(FORMAT, record, 0) if whole else None
        if fields is None or not self._belongs(slot, fields):
            self.spoilt = True
            return
        self._take(fields)

    def finish(self, record):
        """Take the uncommitted one, read again into record: it counts from now on, and is to be committed."""
        fields = struct.unpack_from(FORMAT, record, 0)
        if self._belongs(self.uncommitted, fields):
            self._take(fields)

    def _belongs(self, slot, fields):
        if not self.generation:
            self.generation = fields[_GENERATION]
        headed = (slot == FIRST_SLOT) == (fields[_KIND] == HEADER)
        return fields[_SLOT] == slot and fields[_GENERATION] == self.generation and headed

    def _take(self, fields):
        kind, message_id, event_id = fields[_KIND], fields[_MESSAGE], fields[_EVENT_ID]
        self.acked = max(self.acked, fields[_ACKED])
        event = fields[_MESSAGE : _MESSAGE + 1] + fields[_EVENT_ID:_ACKED] + fields[_ACKED + 1 :]
        if message_id in FEEDINGS:
            self.feedings.append((kind, event))
        if kind == HEADER:
            self.standing = (message_id, event_id, event[CIRCUIT])
            self.highest_id = event[2] - 1  # it holds the next number to give
        elif kind == SEAL:
            self.sealed = True
        elif kind == CLOSED:
            self.closed = True
        elif kind not in (ACK, FED) and message_id in _EVENTS:
            self._take_event(kind, event)
        if kind in _AFTER_SEAL:
            self.added = True

    def _take_event(self, kind, event):
        message_id, event_id = event[0], event[1]
        self.events.append(event)
        self.highest_id = max(self.highest_id, event_id)
        if kind == ADDED and message_id in LATCHING:
            self.standing = (message_id, event_id, event[CIRCUIT])
        elif kind == ADDED and message_id == RESET.id:
            self.standing = (0, 0, 0)


def read(block):
    """The Image of a block. One of a file that is there and was not found may have held anything."""
    image = Image()
    image.used = block.was_used()
    if not block.found():
        image.blank = block.missing
        image.spoilt = not block.missing
        return image
    record = bytearray(RECORD_BYTES)
    try:
        for slot in range(FIRST_SLOT, BLOCK_BYTES // RECORD_BYTES):
            block.read(slot * RECORD_BYTES, record)
            image.take(slot, record)
        if image.uncommitted:
            block.read(image.uncommitted * RECORD_BYTES, record)
            image.finish(record)
    except OSError:
        image.blank, image.spoilt = False, True
    return image


def newest(images):
    """Side of the sealed block that counts, or None."""
    best = None
    for side in range(len(images)):
        image = images[side]
        if image.sealed and (best is None or image.generation > images[best].generation):
            best = side
    return best


def lost(images):
    """Whether something that stood may be missing from the sealed block that counts.

    The block beside a sealed one is erased, and then begun, while the sealed one still counts: whatever it looks like,
    a cut may have left it so. Only once it is sealed itself, the other one is closed.
    """
    best = newest(images)
    if best is not None:
        return not images[best].sound()
    begun = [image for image in images if not image.blank]
    if not begun:  # fresh; or one that was erased because the other counted, and that one is gone
        return images[0].used or images[1].used
    # Before the very first seal there is one block with its first few records, or the first ones torn.
    return len(begun) > 1 or begun[0].spoilt or begun[0].added or begun[0].generation > 1


def safer_side(images):
    """Of a lost journal the side that is to be made anew first: a cut in the middle of that must not hide the loss."""
    erased, torn = Image(), Image()
    torn.blank, torn.spoilt = False, True
    other = 1 - (newest(images) or 0)  # not the one that says so itself, as long as any other will do
    for side in (other, 1 - other):
        if lost(_replaced(images, side, erased)) and lost(_replaced(images, side, torn)):
            return side
    return other


def _replaced(images, side, image):
    return [image if i == side else images[i] for i in range(2)]
