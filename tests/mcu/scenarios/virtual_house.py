"""The virtual board's backend with what hangs on its pins: contacts that travel, may weld, and carry a current.

What the sensors of a circuit show follows from its two contacts: `loaded` while both are closed, `idle` otherwise.
Integers only, and allocation-free, so that the program can be shown to be.
"""

import simwire
from backend_virtual import VirtualBackend

CLOSE_US, OPEN_US = 12_000, 8_000  # from the pin's edge to the contact
CURRENT, VOLTAGE = simwire.W_COUNTS, simwire.W_COUNTS + 2


class House(VirtualBackend):
    """loaded, idle: counts of current 1, current 2, voltage 1, voltage 2. welded: by relay, 1 = always closed."""

    def __init__(self, start_us, cause, words=None):
        super().__init__(start_us, cause, 16, words)
        self.bank = None  # of the board that runs on this
        self.loaded, self.idle = [0] * 4, [0] * 4
        self.welded = bytearray(4)

    def refresh(self):
        """The board reads its world: let it follow the contacts."""
        if self.bank is None:
            return
        words = self.words
        for c in (0, 1):
            counts = self.loaded if self._contact(2 * c) and self._contact(2 * c + 1) else self.idle
            words[CURRENT + c] = counts[c]
            words[VOLTAGE + c] = counts[2 + c]

    def _contact(self, relay):
        bank = self.bank
        since_us = self.clock_us - bank.changed[relay]
        closed = since_us >= CLOSE_US if bank.pins[relay] else bank.changed[relay] and since_us < OPEN_US
        return self.welded[relay] or closed
