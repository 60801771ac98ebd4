"""The journal as programs up to 0.1 kept it, in two growing files: read once, when a newer program first starts.

What stood then stands on. A file that was begun and never sealed is a cut rotation: good records and at most a torn
end. Anything else that is not as it was written is spoilt flash, and what stood in it is not known any more.
"""

import struct

from tanklink.crc import check_crc
from tanklink.messages import BOOT, FAULT, LEASE_OVER, RESET, TRIP

NAMES = ("journal.a", "journal.b")
RECORD_BYTES = 64
# kind, generation, index in the file, message id, event id, boot id, at s, at ms, five fields; unused ones are 0
FORMAT = "<BBHIIIIIiiiii"
CRC_AT = RECORD_BYTES - 4
HEADER, CARRIED, SEAL, ADDED, ACK = 0x51, 0x52, 0x53, 0x54, 0x55
EVENTS = (BOOT.id, TRIP.id, FAULT.id, LEASE_OVER.id, RESET.id)
LATCHING = (TRIP.id, FAULT.id)
CIRCUIT = 5  # place of a trip's circuit in an event: message id, event id, boot id, s, ms, then the fields
_NO_SUCH_FILE = 2


class Image:
    """One file. It counts only if it is sealed."""

    def __init__(self):
        self.generation = 0  # not known
        self.length = 0
        self.sealed = False
        self.torn = False  # it ends within a record, as a cut leaves it
        self.spoilt = False  # some record is not what was written
        self.highest_id = self.acked = 0
        self.standing = (0, 0, 0)  # message id, event id, circuit
        self.events = []
        self.feedings = []  # there were none then

    def clean(self):
        """Whether more may be added to it."""
        return not (self.torn or self.spoilt)

    def take(self, fields):
        """The next record, as unpacked; None if its CRC is wrong."""
        first = self.length == 0
        self.length += 1
        if fields is None:
            self.spoilt = True
            return
        if not self.generation:
            self.generation = fields[3]
        in_place = fields[2] == self.length - 1 and fields[3] == self.generation and first == (fields[0] == HEADER)
        if in_place:
            self._take(fields[0], fields[1:2] + fields[4:])
        else:
            self.spoilt = True

    def _take(self, kind, event):
        message_id, event_id = event[0], event[1]
        if kind == HEADER:
            self.standing = (message_id, event_id, event[CIRCUIT])
            self.highest_id, self.acked = event[2] - 1, event[3]  # it holds the next number to give
        elif kind == SEAL:
            self.sealed = True
        elif kind == ACK:
            self.acked = max(self.acked, event_id)
        elif message_id in EVENTS:
            self.events.append(event)
            self.highest_id = max(self.highest_id, event_id)
            if kind == ADDED and message_id in LATCHING:
                self.standing = (message_id, event_id, event[CIRCUIT])
            elif kind == ADDED and message_id == RESET.id:
                self.standing = (0, 0, 0)


def read_both(files):
    """The Images of both files, each None if there is none. files: as flashpages.Files."""
    return [_read(files, name) for name in NAMES]


def remove(files):
    """They are not needed any more."""
    for name in NAMES:
        try:
            files.remove(name)
        except OSError:
            pass  # there is none


def _read(files, path):
    image = Image()
    try:
        file = files.open(path, "rb")
    except OSError as error:
        if error.args[0] == _NO_SUCH_FILE:
            return None
        image.spoilt = True
        return image
    record = bytearray(RECORD_BYTES)
    try:
        n = file.readinto(record)
        while n == RECORD_BYTES:
            image.take(struct.unpack_from(FORMAT, record, 0) if check_crc(record, 0, CRC_AT) else None)
            n = file.readinto(record)
        image.torn = n > 0
    except OSError:
        image.spoilt = True
    finally:
        file.close()
    return image


def newest(images):
    """Side of the sealed file that counts, or None."""
    best = None
    for side in range(len(images)):
        image = images[side]
        if image and image.sealed and (best is None or image.generation > images[best].generation):
            best = side
    return best


def lost(images, best):
    """Whether something that stood may be missing from the sealed file `best` (a side, or None).

    A file that was only begun is a rotation that was cut: what was told by then is in the other file. With no other
    file it can only be the very first one.
    """
    if best is None:
        first, second = images
        if first is None and second is None:
            return False
        return second is not None or first.spoilt or first.generation > 1
    if images[best].spoilt:
        return True
    other = images[1 - best]
    if other is None:  # the two take turns: from the second generation on there are two
        return images[best].generation > 1
    if not other.spoilt:
        return False
    return other.generation == 0 or other.generation > images[best].generation
