"""The backend of tests: a virtual clock and no files, so that whole passes of the firmware run in one process.

The clock moves only when the test says so, or when the firmware sleeps or waits for its link. Records land in a ring
that is allocated once. Allocation-free under MicroPython in steady state, so that the firmware can be shown to be.
"""

from array import array

import flash
import simwire

_WRAP_SOON_US = (1 << 30) - 5_000_000  # the ticks wrap five seconds after the start, unless told otherwise
_FLASH_BLOCKS = 16


class BoardReset(BaseException):
    """machine.reset() was called. Not an Exception, so that the firmware's own handlers do not stop it."""


class VirtualBackend:
    """words: the inputs, to be set by the test. clock_us: now.

    on_record: called with (t_us, kind, a, b) for each record if set; else read them with records().
    """

    LAZY_US = 0  # the clock stands still while the program runs, so samples are made only when it has moved

    def __init__(self, start_us=_WRAP_SOON_US, reset_cause=simwire.CAUSE_POWER_ON, ring=256, words=None):
        self.interrupts = None  # the board's, which run as time passes
        self.stands = False  # whether it is one instant: in a hard callback, where this time stands anyway
        self.words = words or array("i", [0] * simwire.N_WORDS)
        if words is None:
            self.words[simwire.W_ADC_REFERENCE] = simwire.ADC_REFERENCE_COUNTS
            self.words[simwire.W_ADC_DIE] = simwire.ADC_DIE_COUNTS
        self.words[simwire.W_MAGIC] = simwire.MAGIC
        self.words[simwire.W_RESET_CAUSE] = reset_cause
        self.clock_us = start_us
        self.on_record = None
        self.flash = None
        self.written = 0  # records since the start
        self._ring = ring
        self._records = array("q", [0] * (4 * ring))

    def now_us(self):
        """The virtual instant."""
        return self.clock_us

    def advance(self, us):
        """Let time pass in which the processor does nothing, not even its interrupts: they come late, all at once."""
        self.clock_us += us

    def sleep_us(self, us):
        """Let time pass in which the program waits: interrupts come each at its own instant."""
        until_us = self.clock_us + us
        interrupts = self.interrupts
        while interrupts is not None and interrupts.next_us <= until_us:
            self.clock_us = max(self.clock_us, interrupts.next_us)
            if not interrupts.run():
                break
        self.clock_us = max(self.clock_us, until_us)

    def refresh(self):
        """The words are always as the test left them."""

    def emit(self, t, kind, a, b):
        """Keep a record; the oldest are overwritten."""
        at = 4 * (self.written % self._ring)
        records = self._records
        records[at] = t
        records[at + 1] = kind
        records[at + 2] = a
        records[at + 3] = b
        self.written += 1
        if self.on_record is not None:
            self.on_record(t, kind, a, b)

    def records(self, kind=None):
        """The kept records, oldest first, as (t_us, kind, a, b); of one kind, if given. Allocates."""
        first = max(0, self.written - self._ring)
        rows = []
        for i in range(first, self.written):
            at = 4 * (i % self._ring)
            row = tuple(self._records[at : at + 4])
            if kind is None or row[1] == kind:
                rows.append(row)
        return rows

    def set_scratch(self, index, value):
        """Scratch registers survive in the words; hand those to the next backend for a reset."""
        value &= 0xFFFFFFFF
        self.words[simwire.W_SCRATCH + index] = value - (1 << 32) if value >> 31 else value

    def flash_store(self):
        """Blocks in memory, which end with this backend unless the test hands them to the next one."""
        if self.flash is None:
            self.flash = flash.MemoryStore(_FLASH_BLOCKS)
        return self.flash

    def halt(self):
        """The end of this board."""
        raise BoardReset

    # -- the world -------------------------------------------------------------------------------------------------

    def set_counts(self, channel, counts):
        """What the converters read on a channel (index into tanklink.messages.CHANNELS)."""
        self.words[simwire.W_COUNTS + channel] = counts

    def set_fault(self, fault, on):
        """One of simwire's FAULT_* comes or goes."""
        faults = self.words[simwire.W_FAULTS]
        self.words[simwire.W_FAULTS] = faults | fault if on else faults & ~fault

    def set_loop(self, circuit, whole):
        """Close or cut the loop of circuit 1 or 2."""
        self._set_bit(simwire.W_LEVELS, simwire.FED_GPIOS[circuit - 1], whole)

    def set_stuck(self, circuit, stuck):
        """Short the fault line of circuit 1 or 2 to 3V3."""
        self._set_bit(simwire.W_STUCK, simwire.FED_GPIOS[circuit - 1], stuck)

    def set_relay_stuck(self, relay, stuck):
        """Have the pin of relay 0 to 3 touch a supply."""
        self._set_bit(simwire.W_STUCK, simwire.RELAY_GPIOS[relay], stuck)

    def _set_bit(self, word, bit, on):
        if on:
            self.words[word] |= 1 << bit
        else:
            self.words[word] &= ~(1 << bit)


class VirtualPort:
    """A link port for the firmware's Link without USB: the test feeds bytes and takes what was written."""

    def __init__(self, backend, capacity=4096):
        self._backend = backend
        self._in = bytearray(capacity)
        self._first = 0
        self._last = 0
        self._out = bytearray(capacity)
        self._written = 0

    def feed(self, data):
        """Bytes from the host."""
        if self._first == self._last:
            self._first = self._last = 0
        for byte in data:
            self._in[self._last] = byte
            self._last += 1

    def take(self):
        """What the board has written since the last call. Allocates."""
        data = bytes(self._out[: self._written])
        self._written = 0
        return data

    def poll(self, timeout_ms):
        """Whether a byte is there; if not, the virtual clock has gone on by the timeout."""
        if self._first < self._last:
            return True
        self._backend.sleep_us(1000 * timeout_ms)
        return False

    def read_byte(self):
        """The next byte; poll() has said that there is one."""
        byte = self._in[self._first]
        self._first += 1
        return byte

    def writable(self):
        """A host that does not read makes the store full."""
        return self._written < len(self._out)

    def write(self, buf, start, n):
        """Take at most n bytes of buf from start on; says how many there was room for."""
        out = self._out
        n = min(n, len(out) - self._written)
        for i in range(start, start + n):
            out[self._written] = buf[i]
            self._written += 1
        return n
