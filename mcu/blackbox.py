"""The black box: what every channel read just before and after a trip, kept in flash over the last 8 trips.

A ring in memory takes every channel at 2 kHz; at a trip it goes on for half its length and stops. Then it is written,
a part in each pass, into one of the blocks; one block more than trips are kept is always erased, ahead of need, so
that no kept trip is given up before the next one is whole.
"""

import struct
from array import array

from flashpages import copy
from scan import KEPT_ANY, KEPT_AT, KEPT_LEFT, KEPT_RUNS, KEPT_TICKS

from tanklink._compat import const, micropython, ptr8, ptr16
from tanklink.crc import check_crc, write_crc
from tanklink.messages import N_CHANNELS, TRACE_PART_BYTES, TRACE_PART_TICKS, TRACE_PARTS, TRACE_TICKS

KEPT_TRIPS = 8
NAMES = tuple(["trace.%d" % (i + 1) for i in range(KEPT_TRIPS + 1)])

_CHANNELS = const(8)
_PART_TICKS = const(16)
assert (KEPT_TICKS, _PART_TICKS, _CHANNELS) == (TRACE_TICKS, TRACE_PART_TICKS, N_CHANNELS)

_HEADER_AT, _PARTS_AT = 64, 256
_HEADER_BYTES, _HEADER_CRC_AT = 64, 60
_HEADER_FORMAT = "<BBHIIIH"  # kind, shared, instants, trip id, number of the trace, boot id, instant of the trip
_KIND = 0x71
_PART_BYTES = TRACE_PART_BYTES + 4  # with its CRC
_UNUSABLE = -1  # a block that flash gave up on


class Ring:
    """The last 256 instants of every channel, a word a sample: what 2,000 times a second comes in, is packed later.

    samples, state: what the hard timer needs to add another one (fill() in scan.py).
    """

    def __init__(self):
        self.samples = array("H", bytes(2 * KEPT_TICKS * _CHANNELS))
        self.state = array("i", [0, KEPT_RUNS, 0])

    def freeze(self):
        """Half the ring more, then stop. False if a trip is being kept already, or nothing was ever put."""
        state = self.state
        if state[KEPT_LEFT] != KEPT_RUNS or not state[KEPT_ANY]:
            return False
        state[KEPT_LEFT] = KEPT_TICKS // 2
        return True

    def frozen(self):
        """Whether it has stopped."""
        return self.state[KEPT_LEFT] == 0

    def release(self):
        """Go on, from nothing: what is older than this belongs to the trip before."""
        self.state[KEPT_ANY] = 0
        self.state[KEPT_LEFT] = KEPT_RUNS

    def oldest(self):
        """Place of the oldest instant."""
        return self.state[KEPT_AT]


@micropython.viper
def _pack(part, samples, first: int):
    """A part of the ring from this instant on, as TRACE has it: 12 bits each, two samples in three bytes."""
    p = ptr8(part)
    counts = ptr16(samples)
    to = 0
    tick = 0
    while tick < _PART_TICKS:
        at = ((first + tick) & 255) << 3
        end = at + _CHANNELS
        while at < end:
            a = int(counts[at + 0])
            b = int(counts[at + 1])
            p[to] = a & 255
            p[to + 1] = (a >> 8) & 15 | (b & 15) << 4
            p[to + 2] = (b >> 4) & 255
            to += 3
            at += 2
        tick += 1


class BlackBox:
    """The ring and the blocks. blocks: flashpages.Blocks of NAMES; missing ones are made now, so: with all open."""

    def __init__(self, blocks, boot_id):
        self.ring = Ring()
        self._blocks, self._boot_id = blocks, boot_id
        self._part = bytearray(_PART_BYTES)
        self._header = bytearray(_HEADER_BYTES)
        self._trips = [0] * len(blocks)  # whose trace each block holds, 0 = none
        self._shared = bytearray(len(blocks))  # whether the event after that trip has the same one
        self._numbers = [0] * len(blocks)  # of that trace; the greatest is the newest; or _UNUSABLE
        self._erased = [False] * len(blocks)
        self._next_number = 1
        self._trip_id = 0  # that is being kept
        self._shares = 0
        self._target = -1  # where it is written to
        self._done = 0  # parts of it
        self.at_tick = 0  # of the part that read() has read
        for i in range(len(blocks)):
            self._open(i)

    # -- keeping ----------------------------------------------------------------------------------------------------

    def freeze(self, trip_id):
        """A trip: keep what was and what comes. Allocates nothing. One that comes while another is kept, is not."""
        if self.ring.freeze():
            self._trip_id, self._shares = trip_id, 0

    def share(self, event_id):
        """This event follows of the trip just before it, whose trace is its own, too: if that is being kept."""
        if self._trip_id and event_id == self._trip_id + 1:
            self._shares = 1

    def keeps(self, trip_id):
        """Whether this trip's trace is on its way to flash."""
        return _is_of(self._trip_id, self._shares, trip_id)

    @micropython.native
    def step(self, all_open):
        """Once a pass: a part of what waits to be written; an erase, only with all_open. Allocates nothing."""
        if self._trip_id and self.ring.frozen():
            self._write(all_open)
        elif all_open and self._erased_side() < 0:
            self._make_room()

    def _write(self, all_open):
        if self._target < 0:
            self._target, self._done = self._erased_side(), 0
            if self._target < 0:
                if all_open and not self._make_room():
                    self._end()  # flash refuses
                return
            self._erased[self._target] = False
        try:
            if self._done < TRACE_PARTS:
                self._write_part(self._done)
                self._done += 1
            else:
                self._seal()
                self._end()
        except OSError:
            self._give_up(self._target)
            self._target = -1

    def _write_part(self, index):
        """Of the ring, whose oldest instant comes first."""
        part, ring = self._part, self.ring
        _pack(part, ring.samples, ring.oldest() + index * TRACE_PART_TICKS)
        write_crc(part, 0, TRACE_PART_BYTES)
        self._blocks[self._target].program(_PARTS_AT + index * _PART_BYTES, part, 0, _PART_BYTES)

    def _seal(self):
        """The header comes last: without it the block holds nothing."""
        header, number = self._header, self._next_number
        struct.pack_into(
            _HEADER_FORMAT, header, 0,
            _KIND, self._shares, TRACE_TICKS, self._trip_id, number, self._boot_id, TRACE_TICKS // 2,
        )  # fmt: skip
        write_crc(header, 0, _HEADER_CRC_AT)
        self._blocks[self._target].program(_HEADER_AT, header, 0, _HEADER_BYTES)
        self._trips[self._target], self._numbers[self._target] = self._trip_id, number
        self._shared[self._target] = self._shares
        self._next_number += 1

    def _end(self):
        self._trip_id, self._target = 0, -1
        self.ring.release()

    # -- blocks -----------------------------------------------------------------------------------------------------

    def _erased_side(self):
        for i in range(len(self._erased)):
            if self._erased[i]:
                return i
        return -1

    def _make_room(self):
        """Erase what is no trace, else the oldest. False if no block is usable."""
        victim = -1
        for i in range(len(self._numbers)):
            if self._numbers[i] >= 0 and (victim < 0 or self._numbers[i] < self._numbers[victim]):
                victim = i
        if victim < 0:
            return False
        self._trips[victim] = self._numbers[victim] = 0
        try:
            self._blocks[victim].erase()
            self._erased[victim] = True
        except OSError:
            self._give_up(victim)
        return True

    def _give_up(self, index):
        """Of a block that flash refuses; until the next boot."""
        self._trips[index], self._numbers[index] = 0, _UNUSABLE

    def _open(self, index):
        """At boot: what a block holds."""
        block, header = self._blocks[index], self._header
        try:
            if not block.found():
                block.erase()
            block.read(_HEADER_AT, header)
            self._erased[index] = block.is_blank()
            if header[0] == _KIND and check_crc(header, 0, _HEADER_CRC_AT):
                fields = struct.unpack_from(_HEADER_FORMAT, header, 0)
                self._trips[index], self._numbers[index] = fields[3], fields[4]
                self._shared[index] = fields[1]
                self._next_number = max(self._next_number, fields[4] + 1)
        except OSError:
            self._give_up(index)

    # -- reading ----------------------------------------------------------------------------------------------------

    def read(self, trip_id, part, samples):
        """Fill samples with a part of a trip's trace and set at_tick. False if it is not there. Allocates nothing."""
        for i in range(len(self._trips)):
            if _is_of(self._trips[i], self._shared[i], trip_id):
                return self._read(self._blocks[i], part, samples)
        return False

    def _read(self, block, part, samples):
        try:
            block.read(_PARTS_AT + part * _PART_BYTES, self._part)
        except OSError:
            return False
        if not check_crc(self._part, 0, TRACE_PART_BYTES):
            return False
        copy(samples, 0, self._part, 0, TRACE_PART_BYTES)
        self.at_tick = TRACE_TICKS // 2
        return True


def _is_of(kept, shared, trip_id):
    """Whether the trace of trip `kept` is that of trip_id, which may be the event after it."""
    return kept != 0 and (trip_id == kept or (shared != 0 and trip_id == kept + 1))
