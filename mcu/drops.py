"""The feeders' drop sensors: a light barrier below each, whose output falls when food falls through it.

What falls is shorter than a pass. So the chip's own edge detector remembers it (RP2040 datasheet 2.19.3, INTR: it does
so whether or not there is an interrupt), and the loop asks once a pass. Nothing here allocates after construction.
"""

import board
import micropython
from machine import Pin, mem8, mem32

_INTR = 0x400140F0  # four bits a pin, eight pins a word: level low, level high, edge low, edge high
_EDGE_LOW = 4
_PAUSE_US = 50_000  # one portion is many grains: what follows sooner is the same drop


class Drops:
    """n: drops seen since watch(), of the sensor that it named."""

    def __init__(self, clock):
        self._clock = clock
        self.n = 0
        self._s = self._us = 0
        self._quiet = True
        # Addresses are large enough to be boxed: once. A byte of a register can be read, but one that is written fills
        # the whole word (2.1.4), so that bits are cleared by the word.
        self._bytes = [_INTR + pin // 8 * 4 + pin % 8 // 2 for pin in board.DROP_PINS]
        self._words = [_INTR + pin // 8 * 4 for pin in board.DROP_PINS]
        self._sensor = 0
        self._in_byte = self._in_word = 0
        for pin in board.DROP_PINS:
            Pin(pin, Pin.IN, Pin.PULL_UP)

    def watch(self, sensor):
        """Begin anew with sensor 0 or 1; what it has seen before does not count."""
        pin = board.DROP_PINS[sensor]
        self._sensor = sensor
        self._in_byte, self._in_word = _EDGE_LOW << 4 * (pin % 2), _EDGE_LOW << 4 * (pin % 8)
        mem32[self._words[sensor]] = self._in_word
        self.n = 0
        self._quiet = True

    @micropython.native
    def look(self):
        """Once a pass: count what has fallen since the last one."""
        if mem8[self._bytes[self._sensor]] & self._in_byte:
            mem32[self._words[self._sensor]] = self._in_word
            clock = self._clock
            if self._quiet or clock.since_us(self._s, self._us) >= _PAUSE_US:
                self.n += 1
            self._quiet = False
            self._s, self._us = clock.s, clock.us
