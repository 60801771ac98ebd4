"""What the chip's edge detectors remember of the drop sensors' pins: INTR of IO_BANK0 (RP2040 datasheet 2.19.6.1).

A pin's latch is set by an edge, whether or not there is an interrupt, and cleared by writing its bit. The world counts
what falls; an edge is a count that differs from the one at the last clearing. Falling edges of these pins only.
"""

import simwire

INTR0, INTR_END = 0x400140F0, 0x40014100
_EDGE_LOW = 4  # of a pin's four bits


class Edges:
    """Allocates nothing after construction."""

    def __init__(self, words):
        self._words = words
        self._cleared = [words[simwire.W_DROPS + i] for i in range(len(simwire.DROP_GPIOS))]

    def read_byte(self, address):
        """Two pins' bits."""
        value = 0
        for i in range(len(self._cleared)):
            gpio = simwire.DROP_GPIOS[i]
            if address == INTR0 + gpio // 2 and self._words[simwire.W_DROPS + i] != self._cleared[i]:
                value |= _EDGE_LOW << 4 * (gpio % 2)
        return value

    def clear(self, address, value):
        """A whole word; False if it has a bit of a pin that is not modelled."""
        for i in range(len(self._cleared)):
            gpio = simwire.DROP_GPIOS[i]
            bit = _EDGE_LOW << 4 * (gpio % 8)
            if address == INTR0 + gpio // 8 * 4 and value & bit:
                self._cleared[i] = self._words[simwire.W_DROPS + i]
                value &= ~bit
        return value == 0
