"""A trip's first facts in the chip's own registers, from the instant it is found until its record is in flash.

Scratch registers 1 to 3 of the watchdog outlive every reset but a power cut, and take a few microseconds to write. The
check word is written last, so a reset in between leaves nothing rather than half.
"""

import board
from machine import mem32

from tanklink.messages import FAULT

# The check word: 8 bits of sum, 7 of the event's number, 6 of subject, 6 of trigger, 2 of circuit, 1 of fault. It and
# the two numbers stay below 2^30, so that the chip boxes none.
_ID, _SUBJECT, _TRIGGER, _CIRCUIT, _FAULT = 8, 15, 21, 27, 29


class FirstFacts:
    """The registers. After read(): is_fault, circuit, trigger, subject, value, limit."""

    def __init__(self):
        self.held = False  # something stands in them that is not in flash
        self.is_fault = False
        self._low_id = self.circuit = self.trigger = self.subject = self.value = self.limit = 0

    def note(self, event):
        """Keep the first trip; a fault after it takes its place, for it demands more. Allocates nothing.

        event: as the journal has them: message id, number, boot, s, ms, circuit, trigger, subject, value, limit.
        """
        is_fault = event[0] == FAULT.id
        if self.held and (self.is_fault or not is_fault):
            return
        self.clear()
        self.held, self.is_fault = True, is_fault
        word = (event[1] & 127) << _ID | event[7] << _SUBJECT | event[6] << _TRIGGER | event[5] << _CIRCUIT
        if is_fault:
            word |= 1 << _FAULT
        registers = board.FACTS_ADDRESSES
        mem32[registers[1]] = event[8]
        mem32[registers[2]] = event[9]
        mem32[registers[0]] = word | _sum(word, event[8], event[9])

    def clear(self):
        """They are in flash, or nothing is to be kept."""
        self.held = False
        mem32[board.FACTS_ADDRESSES[0]] = 0

    def read(self):
        """At boot: whether the run before left any. Allocates."""
        word, value, limit = [mem32[address] for address in board.FACTS_ADDRESSES]
        self.value, self.limit = _signed(value), _signed(limit)
        self.held = word != 0 and word >> 30 == 0 and word & 255 == _sum(word & ~255, self.value, self.limit)
        self._low_id = word >> _ID & 127
        self.subject, self.trigger = word >> _SUBJECT & 63, word >> _TRIGGER & 63
        self.circuit, self.is_fault = word >> _CIRCUIT & 3, bool(word >> _FAULT & 1)
        return self.held

    def are_of(self, event_id, is_fault):
        """Whether this is the event that they tell of."""
        return event_id != 0 and event_id & 127 == self._low_id and is_fault == self.is_fault


def _sum(word, value, limit):
    """8 bits over everything but themselves; not 0 for nothing."""
    total = 0x5A
    for shift in (8, 16, 24):
        total += word >> shift & 255
    for shift in (0, 8, 16, 24):
        total += (value >> shift & 255) + 3 * (limit >> shift & 255)
    return total & 255


def _signed(word):
    return word - (1 << 32) if word >> 31 else word
