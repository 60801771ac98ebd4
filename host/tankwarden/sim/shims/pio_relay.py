"""What the relay program of mcu/interlock.py does to a pin, reckoned instead of clocked: used on both sides.

In the sim process a RelayBank gives the true relay edges, also while the board process hangs or is dead; in the board
process another one answers the firmware's read-backs. Pure, import-free but for simwire, allocation-free, both
interpreters. Times are ticks of the caller's choice (µs in the simulation); a test runs the model in single cycles
against an emulator of the real opcodes.
"""

import simwire

# The program this model stands for, as assembled at offset 0: a machine loaded with other words is refused.
PROGRAM = (0xA0C1, 0x8000, 0x0002, 0x80A0, 0x6036, 0x00C7, 0x0000, 0x1049, 0x0000, 0x9080, 0x7036, 0x10C7)
WRAP_TOP, WRAP_TARGET = 11, 0
TRIP, LATCH, ARM, LIVE = 0, 2, 3, 9  # addresses in it
PERMIT_MASK = (1 << 22) - 1  # `out x,22`: the cap of any permit, 134.2 ms at 125 MHz
CYCLES_PER_US = 125

_FAR = 1 << 62
_FED = 1 << simwire.FED_GPIOS[0] | 1 << simwire.FED_GPIOS[1]
LATCHED, WAITING, RUNNING = 0, 1, 2  # in `latch`; in `arm`, for a first permit; pin high


class RelayModel:
    """One state machine and its side-set pin.

    level, latched: as of the last call. rose_us, fell_us: the exact instants of the last edges (put + (4n + 1) cycles
    for a permit that ran out). end: when the present permit runs out.
    """

    def __init__(self, cycles_per_tick=CYCLES_PER_US):
        self._cycles = cycles_per_tick
        self._fault_ok = False
        self.end = 0
        self.state = LATCHED
        self.level = 0
        self.latched = True
        self.rose_us = 0
        self.fell_us = 0

    def advance(self, t):
        """Let time pass until t: a permit may run out on the way."""
        if self.state == RUNNING and t >= self.end:
            self._fall(self.end)

    def rearm(self, t, fault_ok):
        """FIFO cleared and `jmp arm`: pin low, waiting for a first permit."""
        self.advance(t)
        self._low(t)
        self._fault_ok = fault_ok
        self.state = WAITING
        self.latched = False

    def put(self, t, word):
        """A permit. A latched machine does not look at it."""
        self.advance(t)
        if self.state == LATCHED:
            return
        if not self._fault_ok:
            self._fall(t)
            return
        if self.state == WAITING:
            self.state = RUNNING
            self.level = 1
            self.rose_us = t
        self.end = t + (4 * (word & PERMIT_MASK) + 1) // self._cycles

    def drop(self, t):
        """`jmp trip`: low at once from any state, and latched."""
        self.advance(t)
        if self.state != LATCHED:
            self._fall(t)

    def fault(self, t, ok):
        """The fault line's level from t on. Only a running machine looks at it all the time."""
        self.advance(t)
        self._fault_ok = ok
        if self.state == RUNNING and not ok:
            self._fall(t)

    def reset(self):
        """The chip's reset: pin low, machine as new."""
        self.__init__(self._cycles)

    def _fall(self, t):
        self._low(t)
        self.state = LATCHED
        self.latched = True

    def _low(self, t):
        if self.level:
            self.level = 0
            self.fell_us = t


class RelayBank:
    """The four relay pins of a board with its two fault lines: records and loops in, pin levels out.

    pins: level of each relay pin, as list. changed: instant of each one's last edge. Read them after any call.
    """

    def __init__(self, cycles_per_tick=CYCLES_PER_US):
        self.relays = [RelayModel(cycles_per_tick) for _ in simwire.RELAY_GPIOS]
        self.pins = [0, 0, 0, 0]
        self.changed = [0, 0, 0, 0]
        self.pads = 0  # the pins again, as mask of GPIO bits
        self._plain = [0, 0, 0, 0]  # what the pin would drive as plain output
        self._by_pio = [False, False, False, False]
        self._feed = 0
        self._loops = 0
        self._stuck = 0
        self._held = 0  # _stuck, as of the last edges
        self.pulls = False
        self._pullable = 0  # fault lines that PIO1 may pull, as mask of GPIO bits
        self._still_until = 0  # before this no edge comes by itself: nothing to reckon if nothing is done
        self._believed = -1  # the last truth taken over, and the re-arms then
        self._believed_rearms = -1
        self.lines = 0  # level of the fault lines, as mask of GPIO bits
        self.rearms = 0

    def apply(self, t, kind, a, b):
        """One record of the board. Kinds that concern no relay are ignored."""
        self._still_until = 0
        if kind == simwire.PERMIT:
            self.relays[a].put(t, b)
        elif kind == simwire.REARM:
            self.rearms = (self.rearms + 1) & 0xFFFF
            self.relays[a].rearm(t, self.line_ok(a))
        elif kind == simwire.DROP:
            self.relays[a].drop(t)
        elif kind == simwire.FUNCTION:
            if a in simwire.RELAY_GPIOS:
                self._by_pio[simwire.RELAY_GPIOS.index(a)] = b == simwire.FUNCTION_PIO0
            elif a in simwire.FED_GPIOS:
                self._let_pull(t, 1 << a, b == simwire.FUNCTION_PIO1)
        elif kind == simwire.PIN or kind == simwire.INPUT:  # no tuple here: it would be built anew, and allocate
            level = b if kind == simwire.PIN else 0  # a pin that does not drive is pulled down
            if a == simwire.FEED_GPIO:
                self._feed = level
                self._refresh_lines(t)
            elif a in simwire.RELAY_GPIOS:
                self._plain[simwire.RELAY_GPIOS.index(a)] = level
        self.advance(t)

    def loops(self, t, whole, stuck):
        """The world's side of the lines from t on: masks of GPIO bits, as in the page's LEVELS and STUCK."""
        self._loops = whole
        self._stuck = stuck
        self._refresh_lines(t)
        self.advance(t)

    def pull(self, t, pulls):
        """The comparator pulls both fault lines, those that are still its own, or lets them go."""
        self.pulls = pulls
        self._refresh_lines(t)
        self.advance(t)

    def advance(self, t):
        """Let time pass until t and note the edges."""
        if t < self._still_until:
            return
        still_until = _FAR
        for i in range(4):
            relay = self.relays[i]
            relay.advance(t)
            level = relay.level if self._by_pio[i] else self._plain[i]
            pad = 1 << simwire.RELAY_GPIOS[i]
            if self._stuck & pad:
                level = 1
            if level != self.pins[i]:
                self.pins[i] = level
                self.pads ^= pad
                exact = self._by_pio[i] and not (self._stuck | self._held) & pad
                self.changed[i] = (relay.rose_us if level else relay.fell_us) if exact else t
            if relay.state == RUNNING and relay.end < still_until:
                still_until = relay.end
        self._held = self._stuck
        self._still_until = still_until

    def reset(self, t):
        """The chip resets or loses power: every pin floats, so its pull-down takes it."""
        for i in range(4):
            self.relays[i].reset()
            self._plain[i] = 0
            self._by_pio[i] = False
        self._feed = 0
        self.pulls = False
        self._pullable = 0
        self.rearms = 0
        self._believed = -1
        self._refresh_lines(t)
        self.advance(t)

    def line_ok(self, relay):
        """Whether the fault line of this relay's circuit is high."""
        return bool(self.lines >> simwire.FED_GPIOS[relay // 2] & 1)

    def truth(self):
        """For the page's TRUTH word: latched relays in bits 0-3, count of re-arms seen above."""
        word = self.rearms << 4
        for i in range(4):
            if self.relays[i].latched:
                word |= 1 << i
        return word

    def believe(self, t, truth):
        """Take over latches that only the other side saw, if it has seen the same re-arms."""
        if truth == self._believed and self.rearms == self._believed_rearms:
            return
        self._believed, self._believed_rearms = truth, self.rearms
        if truth >> 4 == self.rearms:
            self._still_until = 0
            for i in range(4):
                if truth >> i & 1:
                    self.relays[i].drop(t)
            self.advance(t)

    def _let_pull(self, t, line, pullable):
        self._pullable = self._pullable | line if pullable else self._pullable & ~line
        self._refresh_lines(t)

    def _refresh_lines(self, t):
        lines = self._loops if self._feed else 0
        if self.pulls:
            lines &= ~self._pullable
        self._still_until = 0
        lines |= self._stuck & _FED  # a short to 3V3 is stronger than a pad
        self.lines = lines
        for i in range(4):
            self.relays[i].fault(t, self.line_ok(i))
