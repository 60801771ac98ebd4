"""The journal: events and the standing trip, in flash, safe against a cut of power at any byte.

Two files take turns. A file is a header, what was carried over from the other one, a seal, and then records as they
come; of two sealed files the later generation counts. A record is 64 bytes with a CRC, so a torn one is no record; a
file with anything torn or spoilt in it is left for the other one before anything is added. A cut only ever tears an
end; a file that is spoilt otherwise may have held a standing trip, so it counts as lost. Events are numbered here, and
a number is shown to the host only once its record is in flash, so no number is ever given twice.
"""

import os
import struct

from journal_image import (
    ACK,
    ADDED,
    CARRIED,
    CIRCUIT,
    CRC_AT,
    FORMAT,
    HEADER,
    LATCHING,
    RECORD_BYTES,
    SEAL,
    lost,
    newest,
    read,
)  # fmt: skip

from tanklink.crc import write_crc
from tanklink.messages import BOOT, FAULT, LEASE_OVER, RESET
from tanklink.schema import SMALL_MAX

NAMES = ("journal.a", "journal.b")
FILE_RECORDS = 64
MAX_EVENTS = 24  # waiting for the host; the rest of a file is room for new ones
ROOM = 24  # records to be had after opening, so that no file is rotated while it matters

# An event in memory is a list: message id, then the message's fields in their order, then whether it is in flash.
_ID, _EVENT, _DURABLE = 0, 1, 10
_CHEAP = (BOOT.id, LEASE_OVER.id)  # dropped first when too many wait
_AFTER_LOSS, _IN_MEMORY = 1 << 28, 1 << 29  # where numbers go on when the last one is not known or cannot be kept


class Journal:
    """events: those that wait for the host, oldest first, of which the first `count` are valid.

    open_file: as the builtin, with paths relative to `folder`.
    """

    def __init__(self, boot_id, folder="", open_file=open):
        self.boot_id = boot_id
        self._folder, self._open = folder, open_file
        self._record = bytearray(RECORD_BYTES)
        self._file = None
        self._side = 1  # which of NAMES is sealed and written to
        self._generation = 0  # of what is written
        self._sealed_generation = 0
        self._length = 0  # records in it
        self._next_id = 1
        self._acked = 0  # the host has every event up to this one
        self._ack_told = 0  # and flash knows of it up to here
        self._standing = [0] * (_DURABLE + 1)
        self.events = [[0] * (_DURABLE + 1) for _ in range(MAX_EVENTS)]
        self.count = 0
        self.dropped = 0  # events that found no room
        self.broken = False  # flash refuses: events live in memory only
        self.lost = False  # flash was spoilt at boot: what stood before is not known
        self._renews_both = False
        self._load()

    # -- what stands ------------------------------------------------------------------------------------------------

    def standing_id(self):
        """Number of the trip or fault that stands, 0 = none."""
        return self._standing[_EVENT]

    def standing_is_fault(self):
        return self._standing[_ID] == FAULT.id

    def standing_circuit(self):
        """1 or 2; 0 if it is of the whole board, or nothing stands."""
        return self._standing[CIRCUIT]

    def shown_trip_id(self):
        """As standing_id, for the host: 0 until the record is in flash."""
        return self._standing[_EVENT] if self._standing[_DURABLE] else 0

    # -- events -----------------------------------------------------------------------------------------------------

    def add(self, message, clock, a=0, b=0, c=0, d=0, e=0):
        """Note an event now, in memory; record() brings it to flash. Returns its number. Allocates nothing."""
        event = self._place()
        event[_ID] = message.id
        event[1], event[2] = self._next_id, self.boot_id
        event[3], event[4] = clock.s, clock.ms_part()
        event[5], event[6], event[7] = a, b, c  # more than three at once would make a tuple
        event[8], event[9] = d, e
        event[_DURABLE] = False
        self._next_id += 1
        if message.id in LATCHING:
            self._stand(event)
        elif message.id == RESET.id:
            self._stand(None)
        return event[_EVENT]

    def fill(self, index, values):
        """The values of the message of event `index`."""
        event = self.events[index]
        for i in range(len(values)):
            values[i] = event[1 + i]

    def durable(self):
        """How many of the waiting events, oldest first, are in flash and so may be sent."""
        n = 0
        while n < self.count and self.events[n][_DURABLE]:
            n += 1
        return n

    def place_after(self, event_id):
        """Index of the first waiting event with a higher number: events may leave from anywhere in the list."""
        for i in range(self.count):
            if self.events[i][_EVENT] > event_id:
                return i
        return self.count

    def acknowledge(self, event_id):
        """The host has stored every event up to this one. Returns how many left the list."""
        n = 0
        while n < self.count and self.events[n][_DURABLE] and self.events[n][_EVENT] <= event_id:
            n += 1
        if n:
            self._acked = self.events[n - 1][_EVENT]
            for _ in range(n):
                self._remove(0)
        return n

    def waits(self):
        """Whether record() has something to write."""
        return self._acked != self._ack_told or self.durable() < self.count

    def record(self):
        """Bring what is new to flash, which may stall the chip: only while no circuit is closed.

        False, and broken is set, if flash refuses.
        """
        if self.broken:
            self._keep_in_memory()
            return False
        try:
            self._write_news()
        except OSError:
            # The end of this file is unknown now: the other one takes over, whole.
            try:
                self._renew()
            except OSError:
                self._give_up()
        return not self.broken

    def repair(self):
        """Try flash again after it was found broken."""
        try:
            self._renew()
            self.broken = False
        except OSError:
            self._give_up()
        return not self.broken

    # -- memory -----------------------------------------------------------------------------------------------------

    def _place(self):
        """A free place at the end of the list. If there is none, the oldest cheap event makes room, else the oldest."""
        if self.count == MAX_EVENTS:
            self.dropped = min(self.dropped + 1, SMALL_MAX)
            victim = 0
            for i in range(MAX_EVENTS):
                if self.events[i][_ID] in _CHEAP:
                    victim = i
                    break
            self._remove(victim)
        self.count += 1
        return self.events[self.count - 1]

    def _remove(self, index):
        events = self.events
        gone = events[index]
        for i in range(index, self.count - 1):
            events[i] = events[i + 1]
        self.count -= 1
        events[self.count] = gone

    def _stand(self, event):
        for i in range(len(self._standing)):
            self._standing[i] = event[i] if event else 0

    def _set_durable(self, event):
        event[_DURABLE] = True
        if event[_EVENT] == self._standing[_EVENT]:
            self._standing[_DURABLE] = True

    def _give_up(self):
        """Flash is gone. Numbers now come from a range that the next boot will hardly meet again."""
        self.broken = True
        self._next_id = max(self._next_id, _far_number(_IN_MEMORY))
        self._keep_in_memory()

    def _keep_in_memory(self):
        for i in range(self.count):
            event = self.events[i]
            if not event[_DURABLE]:
                if event[_EVENT] < _IN_MEMORY:
                    self._renumber(event)
                self._set_durable(event)

    def _renumber(self, event):
        stands = event[_EVENT] == self._standing[_EVENT]
        event[_EVENT] = self._next_id
        self._next_id += 1
        if stands:
            self._standing[_EVENT] = event[_EVENT]

    # -- flash: writing ---------------------------------------------------------------------------------------------

    def _write_news(self):
        if self._renews_both:
            self._renew()
            return
        for i in range(self.count):
            event = self.events[i]
            if not event[_DURABLE]:
                if self._length >= FILE_RECORDS:
                    self._rotate()  # which brings over everything, this one too
                    return
                self._put_event(ADDED, event)
                self._file.flush()
                self._set_durable(event)
        if self._acked != self._ack_told:
            if self._length >= FILE_RECORDS:
                self._rotate()
                return
            self._put(ACK, 0, self._acked, 0, 0, 0, 0, 0, 0, 0, 0)
            self._file.flush()
            self._ack_told = self._acked

    def _renew(self):
        """Leave the file that is written to; and the other one too, if it would be found spoilt again."""
        self._rotate()
        if self._renews_both:
            self._rotate()
            self._renews_both = False

    def _rotate(self):
        """Begin the other file with all that is still wanted. It counts only once it is sealed."""
        self._close()
        self._generation = self._sealed_generation + 1
        self._length = 0
        self._file = self._open(self._folder + NAMES[1 - self._side], "wb")
        stands = self._standing
        self._put(HEADER, stands[_ID], stands[_EVENT], self._next_id, self._acked, 0, stands[CIRCUIT], 0, 0, 0, 0)
        for i in range(self.count):
            self._put_event(CARRIED, self.events[i])
        self._put(SEAL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        self._file.flush()
        self._side = 1 - self._side  # not before: a failed attempt must not be followed by one on the good file
        self._sealed_generation = self._generation
        self._ack_told = self._acked
        for i in range(self.count):
            self._set_durable(self.events[i])
        self._standing[_DURABLE] = self._standing[_EVENT] != 0

    def _close(self):
        file, self._file = self._file, None
        if file:
            try:
                file.close()
            except OSError:
                pass  # it is given up anyway

    def _put_event(self, kind, event):
        self._put(
            kind, event[0], event[1], event[2], event[3], event[4],
            event[5], event[6], event[7], event[8], event[9],
        )  # fmt: skip

    def _put(self, kind, message_id, event_id, boot_id, at_s, at_ms, a, b, c, d, e):
        record = self._record
        struct.pack_into(
            FORMAT, record, 0,
            kind, message_id, self._length, self._generation, event_id, boot_id, at_s, at_ms, a, b, c, d, e,
        )  # fmt: skip
        write_crc(record, 0, CRC_AT)
        if self._file.write(record) != RECORD_BYTES:
            raise OSError("the journal's flash is full")
        self._length += 1

    # -- flash: reading ---------------------------------------------------------------------------------------------

    def _load(self):
        images = [read(self._open, self._folder + name) for name in NAMES]
        best = newest(images)
        for image in images:
            if image:
                self._next_id = max(self._next_id, image.highest_id + 1)
        if best is not None:
            self._adopt(images[best], best)
        self.lost = lost(images, best)
        if self.lost:
            self._distrust(images)
            return
        if best is not None and images[best].clean() and self._length <= FILE_RECORDS - ROOM:
            try:
                self._file = self._open(self._folder + NAMES[self._side], "ab")
                return
            except OSError:
                pass
        self.repair()

    def _distrust(self, images):
        """Nothing is written until the program has said what stands now; then both files are made anew.

        The worse one is left to the last, so that a cut in between finds it again.
        """
        self._renews_both = True
        first, second = images
        self._side = 0 if first and (first.spoilt or not second) else 1
        self._sealed_generation = max([image.generation for image in images if image])
        self._next_id = max(self._next_id, _far_number(_AFTER_LOSS))

    def _adopt(self, image, side):
        self._side, self._length = side, image.length
        self._generation = self._sealed_generation = image.generation
        self._acked = self._ack_told = image.acked
        self._standing[_ID], self._standing[_EVENT], self._standing[CIRCUIT] = image.standing
        self._standing[_DURABLE] = True
        for event in image.events:
            if event[_EVENT] > image.acked:
                place = self._place()
                for i in range(len(event)):
                    place[i] = event[i]
                place[_DURABLE] = True


def _far_number(base):
    """One of the 2^24 numbers from base on, which another boot will hardly meet again."""
    random = os.urandom(3)
    return base + (random[0] | random[1] << 8 | random[2] << 16)
