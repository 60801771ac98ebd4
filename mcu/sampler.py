"""Raw counts of every channel, and their sums between two STATUS messages. Allocates nothing after construction.

The voltage of a circuit is read directly after its current, so that their product is the power of one instant.
"""

from array import array
from time import ticks_us

import board
import micropython
from adcring import AdcRing
from comparator import Comparator
from machine import mem32
from micropython import const
from scan import ASTRAY, LAST_US, QUIET, latest

from tanklink._compat import ptr32
from tanklink.messages import CHANNELS, MAX_SAMPLES, N_CHANNELS, N_CIRCUITS, STATUS

_N_ADC, _N_CONVERSIONS = len(board.ADC_PINS), len(board.MCP3208_CHANNELS)
_ASTRAY_ENOUGH = const(3)  # looks: 1.5 ms
_QUIET_ENOUGH = const(2)
_NEGATIVE_US = const(1 << 29)
_UNSEEN_US = const(20_000)  # the hard timer comes every 500 µs, an interrupt gap later at most
_MEND_PASSES = const(200)
_STARVED, _NO_SAMPLE, _UNSEEN = const(1), const(2), const(3)


class Sampler:
    """The chip's own converter and the MCP3208. counts: the last sample of every channel, 12 bit.

    After the Interlock: the comparator takes the fault lines' pins over from it.
    """

    def __init__(self):
        from machine import SPI, Pin

        self.counts = array("H", bytes(2 * N_CHANNELS))  # which the hard timer reads, too
        self.ring = AdcRing()
        self.comparator = Comparator(board)
        self.comparator.start()
        self.slips = 0  # times that samples were lost; those out of place are counted by the scan
        self._unwell = 0  # 0, or passes since samples were found missing or out of place, or the ring begun anew
        self._select = Pin(board.SPI_CS_PIN, Pin.OUT, value=1)
        self._spi = SPI(
            board.SPI_ID, baudrate=board.SPI_BAUD,
            sck=Pin(board.SPI_SCK_PIN), mosi=Pin(board.SPI_MOSI_PIN), miso=Pin(board.SPI_MISO_PIN),
        )  # fmt: skip
        # Start bit, single ended, three bits of channel, so placed that the 12 bits end with the third byte.
        self._commands = [bytes((0x06 | ch >> 2, (ch & 3) << 6, 0)) for ch in board.MCP3208_CHANNELS]
        self._answer = bytearray(3)

    @micropython.native
    def sample(self):
        """Read every channel once; a current is the mean of 16 samples, the last third of a millisecond."""
        counts, ring = self.counts, self.ring
        select, spi = self._select, self._spi  # four at once would make a tuple
        commands, answer = self._commands, self._answer
        for i in range(_N_CONVERSIONS):
            if i < _N_ADC:  # directly before the voltage of the same circuit
                counts[i] = latest(ring.state, ring.samples, mem32[ring.write_at], i)
            select.value(0)
            spi.write_readinto(commands[i], answer)
            select.value(1)
            counts[_N_ADC + i] = (answer[1] & 15) << 8 | answer[2]
        if self._unwell:
            self._mend()

    @micropython.native
    def slipped(self):
        """How many samples in a row, or 1, were lost or not where they belong: 0 if all is well."""
        n = self.ring.state[ASTRAY]
        if n < _ASTRAY_ENOUGH:
            n = 1 if self.ring.lost() else 0
        if n and not self._unwell:
            self._unwell = 1
        return n

    @micropython.native
    def stopped(self):
        """How it is seen that the chip's own converter gives nothing any more, or nothing looks at what it gives: 0 if
        neither; 1 the comparator got no sample, 2 nor did the ring, 3 the hard timer, which looks at it, came no more.
        """
        ring = self.ring
        now_us = ticks_us()
        unseen_us = (now_us - ring.state[LAST_US]) & 0x3FFFFFFF  # negative, if the timer came in between
        if ring.starved:
            n = _STARVED
        elif ring.state[QUIET] >= _QUIET_ENOUGH:
            n = _NO_SAMPLE
        elif _UNSEEN_US < unseen_us < _NEGATIVE_US:
            n = _UNSEEN
        else:
            return 0
        self._unwell = self._unwell or 1
        return n

    def _mend(self):
        """Begin the ring anew once a second while it is unwell: a lost sample shifts every later one."""
        self._unwell += 1
        if self._unwell < _MEND_PASSES:
            return
        if self.ring.lost():
            self.slips += 1
        again = self.slipped() or self.stopped()
        self._unwell = 1 if again else 0
        if again:
            self.ring.start()


_N = STATUS.index["n"]
_PERIOD = STATUS.index["period_ms"]
_SUMS = STATUS.index[CHANNELS[0] + "_sum_counts"]  # sum, least, greatest of each channel, one after the other
_VI = STATUS.index["vi_1_hi"]  # high and low part of each circuit's ΣV·I
_CHANNELS = const(8)  # for viper, to which an imported name is no number
_CIRCUITS = const(2)
_CURRENT = const(0)  # of circuit 1 among CHANNELS; circuit 2's follows
_VOLTAGE = const(2)
assert (_CHANNELS, _CIRCUITS) == (N_CHANNELS, N_CIRCUITS)
assert (CHANNELS[_CURRENT], CHANNELS[_VOLTAGE]) == ("current_1", "voltage_1")
assert _VI == _SUMS + 3 * N_CHANNELS


class Sums:
    """What STATUS carries of the samples since the last one: at most MAX_SAMPLES, the first of the period.

    The sums are kept in the values of the message itself. ΣV·I is split at 2^12, so each part stays below 2^18.
    """

    def __init__(self, clock):
        self.values = array("i", STATUS.new())
        self._s = self._ms = 0
        self.clear(clock)

    def clear(self, clock):
        """Begin a period."""
        self.values[_N] = 0
        _clear(self.values, _SUMS)
        self._s, self._ms = clock.s, clock.ms_part()

    @micropython.native
    def add(self, counts):
        """Take one sample of every channel."""
        values = self.values
        n = values[_N]
        if n >= MAX_SAMPLES:
            return
        values[_N] = n + 1
        _add(values, counts, n, _SUMS)

    def close(self, clock):
        """Set the period's length, as differences of the uptime in whole ms, so that no ms is lost between periods."""
        seconds = min(clock.s - self._s, 60)
        self.values[_PERIOD] = min(1000 * seconds + clock.ms_part() - self._ms, 60_000)


@micropython.viper
def _clear(values, at: int):
    v = ptr32(values)
    end = at + 3 * _CHANNELS + 2 * _CIRCUITS
    while at < end:
        v[at + 0] = 0
        at += 1


@micropython.viper
def _add(values, counts, n: int, at: int):
    """Add a sample to values, an array('i'), from the first sum on; n: how many it holds. No sum reaches 2^30."""
    v = ptr32(values)
    i = 0
    while i < _CHANNELS:
        x = int(counts[i])
        v[at + 0] += x
        if n == 0 or x < v[at + 1]:
            v[at + 1] = x
        if x > v[at + 2]:
            v[at + 2] = x
        at += 3
        i += 1
    i = 0
    while i < _CIRCUITS:
        product = int(counts[_CURRENT + i]) * int(counts[_VOLTAGE + i])
        v[at + 0] += product >> 12
        v[at + 1] += product & 4095
        at += 2
        i += 1
