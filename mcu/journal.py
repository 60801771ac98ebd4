"""The journal: events and the standing trip, in flash, safe against a cut of power at any byte.

Two blocks of flash take turns. A block is a header, what was carried over from the other one, a seal, and then records
as they come; of two sealed ones the later generation counts. A record is 64 bytes with a CRC and a commit of its own,
so a torn one is no record, and one that was committed and is not whole is spoilt flash: it may have held a standing
trip, so the journal counts as lost. Events are numbered here, and a number is shown to the host only once its record
is in flash, so no number is ever given twice.

A record takes a few milliseconds, at any time. An erase stalls the chip for up to 400 ms and so is done only with every
circuit open, ahead of need: the block that does not count is erased at the first opportunity.
"""

import os

import micropython
from feedlog import MAX_FEEDINGS, FeedLog
from flashpages import exists
from journal_image import ACK, ADDED, CARRIED, CIRCUIT, FIRST_SLOT, HEADER, LAST_SLOT, LATCHING, SEAL
from journal_writer import Writer

from tanklink.messages import BOOT, FAULT, FEED_STARTED, LEASE_OVER, NOTICE, RESET, TRIP
from tanklink.schema import SMALL_MAX

NAMES = ("journal.1", "journal.2")
_OLD_NAMES = ("journal.a", "journal.b")  # of journal_files.py
MAX_EVENTS = 24  # waiting for the host; the rest of a block is room for new ones
_OF_FEEDING = 2  # records of one
_KEPT_FREE = 4  # which a feeding leaves to whatever else happens meanwhile: records, and places for events
SPARE = _KEPT_FREE + _OF_FEEDING  # fewer records than these left without an erase: the circuits must open for one
_AMPLE = LAST_SLOT + 1 - SPARE  # up to this slot there is room enough in any case
# Records that find room at least once blocks were changed.
_ROTATED = LAST_SLOT + 1 - FIRST_SLOT - MAX_EVENTS - MAX_FEEDINGS - 2

# An event in memory is a list: message id, then the message's fields in their order, then whether it is in flash.
_ID, _EVENT, _DURABLE = 0, 1, 14
_CHEAP = (BOOT.id, LEASE_OVER.id, NOTICE.id, FEED_STARTED.id)  # dropped first when too many wait; a report follows
_AFTER_LOSS, _IN_MEMORY = 1 << 28, 1 << 29  # where numbers go on when the last one is not known or cannot be kept


class Journal:
    """events: those that wait for the host, oldest first, of which the first `count` are valid.

    blocks: flashpages.Blocks of NAMES; facts: FirstFacts; files: where the journal of an older program may be.
    """

    def __init__(self, boot_id, blocks, facts, files):
        self.boot_id = boot_id
        self._blocks, self._facts, self._files = blocks, facts, files
        self._writer = Writer()
        self.feedings = FeedLog()  # carried over from block to block
        self._side = 1  # which of NAMES is sealed and written to
        self._sealed_generation = 0
        self._erased = [False, False]
        self._starts = False  # nothing is sealed that could be added to
        self._has_files = False  # of an older program
        self._next_id = 1
        self._acked = 0  # the host has every event up to this one
        self._ack_told = 0  # and flash knows of it up to here
        self._standing = [0] * (_DURABLE + 1)
        self.events = [[0] * (_DURABLE + 1) for _ in range(MAX_EVENTS)]
        self.count = 0
        self.dropped = 0  # events that found no room
        self.broken = False  # flash refuses: events live in memory only
        self.lost = False  # flash was spoilt at boot: what stood before is not known
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

    def add(self, message, clock, a=0, b=0, c=0, d=0, e=0, f=0, g=0, h=0):
        """Note an event now, in memory; record() brings it to flash. Returns its number. Allocates nothing.

        f, g, h: within ±2^15; the others within ±2^30.
        """
        event = self._place()
        event[_ID] = message.id
        event[1], event[2] = self._next_id, self.boot_id
        event[3], event[4] = clock.s, clock.ms_part()
        event[5], event[6], event[7] = a, b, c  # more than three at once would make a tuple
        event[8], event[9] = d, e
        event[10], event[11], event[12] = f, g, h
        event[13] = 0
        event[_DURABLE] = False
        self._next_id += 1
        if message.id in LATCHING:
            self._stand(event)
            self._facts.note(event)
        elif message.id == RESET.id:
            self._stand(None)
        return event[_EVENT]

    def fill(self, index, values):
        """The values of the message of event `index`."""
        event = self.events[index]
        for i in range(len(values)):
            values[i] = event[1 + i]

    @micropython.native
    def durable(self):
        """How many of the waiting events, oldest first, are in flash and so may be sent."""
        n = 0
        while n < self.count and self.events[n][_DURABLE]:
            n += 1
        return n

    def pending(self, event_id):
        """Whether an event is still to come to flash. False of one that lives in memory only: see broken."""
        for i in range(self.count):
            if self.events[i][_EVENT] == event_id:
                return not self.events[i][_DURABLE]
        return False

    @micropython.native
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

    def recall(self, clock):
        """At boot: a trip that outlived its record in the first facts becomes an event now. True if there was one."""
        facts = self._facts
        if not facts.read():
            return False
        if facts.are_of(self.standing_id(), self.standing_is_fault()):
            facts.clear()
            return False
        message = FAULT if facts.is_fault else TRIP
        self.add(message, clock, facts.circuit, facts.trigger, facts.subject, facts.value, facts.limit)
        return True

    @micropython.native
    def waits(self, all_open=True):
        """Whether record() has something to write. What can wait, does while a circuit is closed."""
        if self.count and self.durable() < self.count:
            return True
        return all_open and not self.broken and (self._acked != self._ack_told or self._erase_is_due())

    @micropython.native
    def free(self):
        """How many records still fit before the circuits must open for an erase."""
        rest = self._writer.room()
        return rest + _ROTATED if self._erased[1 - self._side] else rest

    @micropython.native
    def needs_erase(self):
        """Whether so little room is left that the circuits must open for an erase."""
        if self._writer.length <= _AMPLE or self.broken:  # the usual case, every pass
            return False
        return self.free() < SPARE

    def takes_feeding(self, all_open):
        """Whether both records of a feeding will find room behind all that waits, and no event is lost for them."""
        if self.broken or self.count + _OF_FEEDING + _KEPT_FREE > MAX_EVENTS:
            return False
        if all_open:
            return True
        return not self._starts and self.free() - (self.count - self.durable()) >= SPARE

    def may_append(self):
        """Whether all that waits can be written while a circuit is closed."""
        return self.broken or (not self._starts and self.count - self.durable() <= self.free())

    def record(self, all_open=True):
        """Bring what is new to flash; erases only with all_open, that is with no circuit closed.

        False, and broken is set, if flash refuses.
        """
        if self.broken:
            self._keep_in_memory()
            return False
        try:
            self._write_news(all_open)
        except OSError:
            # What this block holds is unknown now: the other one takes over, whole.
            try:
                self._rotate(all_open)
            except OSError:
                self._give_up()
        self._forget_facts()
        return not self.broken

    def repair(self):
        """Try flash again after it was found broken; every circuit is open."""
        try:
            self._rotate(True)
            self.broken = False
        except OSError:
            self._give_up()
        self._forget_facts()
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

    def _write_news(self, all_open):
        self._writer.acked = self._acked
        if self._starts:
            self._rotate(all_open)
        for i in range(self.count):
            event = self.events[i]
            if not event[_DURABLE]:
                if not self._writer.room():
                    self._rotate(all_open)  # which brings over everything, this one too
                    break
                self._writer.stage_event(ADDED, event)
                self._commit()
                self._set_durable(event)
        if all_open:
            if self._acked != self._ack_told:
                self._tell_acked()
            self._erase_ahead()

    def _tell_acked(self):
        if not self._writer.room():
            self._rotate(True)
        else:
            self._writer.stage(ACK)
            self._commit()

    def _erase_is_due(self):
        return not self._starts and (not self._erased[1 - self._side] or self._has_files)

    def _erase_ahead(self):
        """With every circuit open: the block that does not count, and what an older program has left."""
        other = 1 - self._side
        if not self._erased[other]:
            self._blocks[other].erase()
            self._erased[other] = True
        if self._has_files:
            self._has_files = False
            import journal_files

            journal_files.remove(self._files)

    def _rotate(self, all_open):
        """Begin the other block with all that is still wanted. It counts only once it is sealed."""
        side = 1 - self._side
        block = self._blocks[side]
        if not self._erased[side]:
            if not all_open:
                raise OSError("no erased block of the journal")
            block.erase(self.lost or not self._starts)
        self._erased[side] = False
        before = None if self._starts else self._blocks[self._side]
        self._fill(block, self._sealed_generation + 1)
        if before:
            self._writer.close(before, self._sealed_generation)
        self._side = side  # not before: a failed attempt must not be followed by one on the good block
        self._sealed_generation = self._writer.generation
        self._starts = False
        for i in range(self.count):
            self._set_durable(self.events[i])
        self._standing[_DURABLE] = self._standing[_EVENT] != 0

    def _fill(self, block, generation):
        """An erased block: header, what is wanted, seal."""
        writer, stands = self._writer, self._standing
        writer.begin(block, generation)
        writer.acked = self._acked
        writer.stage(HEADER, stands[_ID], stands[_EVENT], self._next_id, 0, 0, stands[CIRCUIT])
        self.feedings.carry(writer)
        for i in range(self.count):
            writer.stage_event(CARRIED, self.events[i])
        writer.commit()
        writer.stage(SEAL)
        self._commit()

    def _commit(self):
        self._writer.commit()
        self._ack_told = self._acked

    def _forget_facts(self):
        """Of a trip that is in flash."""
        if self._facts.held and not self.broken:
            self._facts.clear()

    # -- flash: reading ---------------------------------------------------------------------------------------------

    def _load(self):
        import journal_reading

        images = [journal_reading.read(block) for block in self._blocks]
        for side in range(2):
            self._erased[side] = images[side].blank and self._blocks[side].found()
            self._next_id = max(self._next_id, images[side].highest_id + 1)
        best = journal_reading.newest(images)
        self.lost = journal_reading.lost(images)
        if best is not None:
            self._adopt(images[best])
        self._has_files = exists(self._files, _OLD_NAMES)
        if self._has_files and best is None and not self.lost:
            self._load_files()
        if best is None or self.lost:
            self._start(images)
        else:
            self._go_on(images[best], best)

    def _start(self, images):
        """Both blocks are made anew: of a fresh board at once, of a lost journal when it is known what stands now."""
        import journal_reading

        self._starts = True
        self._sealed_generation = max(images[0].generation, images[1].generation) if self.lost else 0
        self._side = 1 - journal_reading.safer_side(images) if self.lost else 1
        if self.lost:
            self._next_id = max(self._next_id, _far_number(_AFTER_LOSS))
        else:
            self.repair()

    def _go_on(self, image, side):
        self._side, self._sealed_generation = side, image.generation
        self._writer.go_on(self._blocks[side], image.generation, image.length)
        if image.uncommitted:
            try:
                self._writer.commit_slot(image.uncommitted)
            except OSError:
                self.repair()

    def _adopt(self, image):
        """Take over what a journal says; the events of it that the host has not stored wait for it again."""
        self._acked = self._ack_told = image.acked
        self._standing[_ID], self._standing[_EVENT], self._standing[CIRCUIT] = image.standing
        self._standing[_DURABLE] = True
        for kind, event in image.feedings:
            self.feedings.take(kind, event)
        for event in image.events:
            if event[_EVENT] > image.acked:
                place = self._place()
                for i in range(len(event)):
                    place[i] = event[i]
                place[_DURABLE] = True

    def _load_files(self):
        """The journal of an older program: what stood then stands on."""
        import journal_files

        images = journal_files.read_both(self._files)
        best = journal_files.newest(images)
        self.lost = journal_files.lost(images, best)
        for image in images:
            if image:
                self._next_id = max(self._next_id, image.highest_id + 1)
        if best is not None:
            self._adopt(images[best])


def _far_number(base):
    """One of the 2^24 numbers from base on, which another boot will hardly meet again."""
    random = os.urandom(3)
    return base + (random[0] | random[1] << 8 | random[2] << 16)
