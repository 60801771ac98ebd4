"""The hard timer: 2,000 times a second it looks at the currents and at the leases, whatever the loop is doing.

It withdraws permits: when a current was above its fine limit for limits.FINE_SAMPLES samples in a row, when the
comparator pulls, and when a relay holds beyond the lease that was counted out to it here. That and the black box's row
is all it does; the loop learns of it, names the trip and journals it. scan.py is what it makes of the numbers.
"""

from array import array
from time import ticks_us

import comparator
import limits
import scan as scanning
from machine import Timer, mem32
from micropython import const
from scan import fill, scan

from tanklink._compat import micropython, ptr32
from tanklink.messages import CHANNELS, CONFIG_CIRCUIT, N_CIRCUITS

_GPIO_IN = 0xD0000004
REGISTERS = (_GPIO_IN,)  # and those of adcring.py, comparator.py and interlock.py
_FREQUENCY_HZ = const(2000)
_SPARE_US = const(1500)  # permits end by themselves and to the microsecond; this countdown comes behind, never before
_CARRIER_SPARE_US = const(100_000)  # it is not under current
_TICKS_MASK = const(0x3FFFFFFF)
_NEGATIVE_US = const(1 << 29)
_CURRENT = CHANNELS.index("current_1")
_ENABLED = CONFIG_CIRCUIT.index["enabled"]
_SEQUENCE_MS = CONFIG_CIRCUIT.index["sequence_ms"]
_LIMIT_MA = CONFIG_CIRCUIT.index["current_limit_ma"]

_AT = const(1)  # of scan.py, again, for the compiler
_SCAN_US_MAX = const(4)
_LINES = const(32)


class OverCurrent:
    """From its making on the timer runs."""

    def __init__(self, interlock, sampler):
        self._interlock, self._comparator, self._ring = interlock, sampler.comparator, sampler.ring
        self._state, self._samples, self._write_at = self._ring.state, self._ring.samples, self._ring.write_at
        self._counts = sampler.counts
        self._sequence_us = [0] * N_CIRCUITS
        self._rows, self._kept = array("H"), array("i", [0, 0])  # of no black box yet: it has stopped
        self._first_relay = interlock.first_pin
        self._pulls = self._comparator.pulls
        self._state[scanning.LAST_US] = ticks_us()
        self._timer = Timer(-1, mode=Timer.PERIODIC, freq=_FREQUENCY_HZ, hard=True, callback=self._tick)

    @micropython.viper
    def _tick(self, _timer):
        now = int(ticks_us())
        state = self._state
        samples = self._samples
        s = ptr32(state)
        pins = int(mem32[_GPIO_IN])
        pulls = 0
        if pins & s[_LINES] != s[_LINES]:
            pulls = int(self._pulls())
        address = int(mem32[self._write_at])
        drop = int(scan(state, samples, address, now, pins, pulls))
        if drop:
            self._interlock.drop(drop >> int(self._first_relay))
        fill(self._rows, samples, self._counts, self._kept, s[_AT] - 4)  # after a look: the newest whole round
        us = (int(ticks_us()) - now) & _TICKS_MASK
        if us > s[_SCAN_US_MAX]:
            s[_SCAN_US_MAX] = us

    def keep_in(self, ring):
        """The black box's, which takes the counts of every channel from now on."""
        self._rows, self._kept = ring.samples, ring.state

    # -- for the loop -------------------------------------------------------------------------------------------------

    def configure(self, config):
        """Take the fine limits of the enabled circuits, and the time between their relays."""
        for c in range(N_CIRCUITS):
            values = config.circuits[c + 1]
            most = scanning.NEVER
            if values[_ENABLED]:
                most = scanning.most_counts(config, _CURRENT + c, min(values[_LIMIT_MA], limits.MAX_CURRENT_MA))
            self._state[scanning.MOST + c] = most
            self._sequence_us[c] = 1000 * values[_SEQUENCE_MS]

    @micropython.native
    def grant(self, c, us):
        """Circuit c may hold for us from now on, its carrier for the sequence more."""
        state = self._state
        now_us = ticks_us()
        since_us = (now_us - state[scanning.LAST_US]) & _TICKS_MASK  # the next tick counts from the last
        us += _SPARE_US
        if since_us < _NEGATIVE_US:  # else a tick came in between, just now
            us += since_us
        state[scanning.HOLD_US + c] = us + self._sequence_us[c] + _CARRIER_SPARE_US
        state[scanning.LEFT_US + c] = us

    @micropython.native
    def look(self, facts, config):
        """Put into facts for which current each circuit was dropped; what the comparator pulled, is let go.

        For a pass that has just looked at the latches: what fell because of this is not the fault line's doing.
        """
        state = self._state
        why = self._comparator.pulls()
        if why and not state[scanning.PULLED]:  # found here first
            for c in range(N_CIRCUITS):
                state[scanning.PEAK + c] = scanning.peak(self._samples, c)
            state[scanning.PULLED] = why
        why = state[scanning.PULLED]
        self._ring.starved = why == scanning.STARVED
        if not (why or state[scanning.FIRED] or state[scanning.FIRED + 1]):
            facts.peak_ma[0] = facts.peak_ma[1] = 0
            return
        culprit = self._culprit(facts.enabled) if why == scanning.OVER else -1
        found = why != 0
        for c in range(N_CIRCUITS):
            counts = state[scanning.FIRED + c]
            if counts:
                found = True
                state[scanning.FIRED + c] = 0
            if c == culprit:
                counts = max(counts, state[scanning.PEAK + c], comparator.TRIPS_AT_COUNTS)
            facts.peak_ma[c] = max(1, config.scale(_CURRENT + c, counts)) if counts else 0
        if why:
            self._comparator.release()
            state[scanning.PULLED] = 0
        if found:
            for c in range(N_CIRCUITS):
                facts.dropped[c] = False
                facts.line_whole[c] = facts.line_whole[c] or why != 0

    def _culprit(self, enabled):
        """Which circuit's current the comparator saw: of those enabled, the one with the greater peak."""
        if not enabled[1]:
            return 0
        first, second = self._state[scanning.PEAK], self._state[scanning.PEAK + 1]
        return 1 if second > first or not enabled[0] else 0

    def scans(self):
        """Since begin_anew(), as the next three, for BUDGET."""
        return self._state[scanning.SCANS]

    def scan_us_max(self):
        """The longest."""
        return self._state[scanning.SCAN_US_MAX]

    def scan_gap_us_max(self):
        """The longest time between two."""
        return self._state[scanning.GAP_US_MAX]

    def slips(self):
        """Since the start: times that samples were not where they belong."""
        return self._state[scanning.SLIPS]

    def begin_anew(self):
        """After BUDGET has taken them."""
        state = self._state
        state[scanning.SCANS] = 0
        state[scanning.SCAN_US_MAX] = 0
        state[scanning.GAP_US_MAX] = 0
