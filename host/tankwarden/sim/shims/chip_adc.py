"""The chip's own converter as its registers show it: single conversions, round robin, FIFO, and what can go wrong.

Free-running samples are not made one by one: advance() reckons how many have come since it was last called, and hands
them over in bulk, to DMA or to the FIFO. They hold what the page holds now. RP2040 datasheet, 4.9.
"""

from array import array

import simwire
from dma_memory import gather

CS, RESULT, FCS, FIFO, DIV = 0x00, 0x04, 0x08, 0x0C, 0x10
N_INPUTS = 5
FIFO_DEPTH = 4
_CLOCK_MHZ = 48
_LEAST_CLOCKS = 96
_EN, _TS_EN, _START_ONCE, _START_MANY, _READY = 1, 2, 4, 8, 0x100
_CS_KEEPS = _EN | _TS_EN | _START_MANY | 7 << 12 | 31 << 16
_FCS_EN, _FCS_SHIFT, _FCS_ERR, _DREQ_EN, _EMPTY, _FULL = 1, 2, 4, 8, 0x100, 0x200
_UNDER, _OVER = 0x400, 0x800
_FCS_KEEPS = _FCS_EN | _FCS_SHIFT | _FCS_ERR | _DREQ_EN | 15 << 24


class ChipAdc:
    """The converter. counts_of_round: what each of the `inputs` of the round robin reads; `at` is the next one."""

    def __init__(self, board):
        self._board = board
        self.running = False
        self.counts_of_round = array("H", [0] * N_INPUTS)
        self._round = bytearray(N_INPUTS)  # its inputs
        self._sources = bytearray(N_INPUTS)  # where in the page each finds its counts
        self.highest = 0  # of counts_of_round
        self.inputs = 1
        self.at = 0
        self.period_ns = 2000
        self.t = 0  # up to here samples have been made
        self._cs = 0
        self._fcs = 0
        self._sticky = 0  # UNDER, OVER
        self._div = 0
        self._result = 0
        self._fifo = array("H", [0] * FIFO_DEPTH)
        self._level = 0
        self._began_us = 0  # of the present run of samples
        self._made = 0  # samples since
        self._slow = 0  # FAULT_ADC_SLOW, as of the last advance()
        self.set_rate(0)

    # -- registers ---------------------------------------------------------------------------------------------------

    def read(self, register):
        """One register, or -1 if there is none."""
        self._board.refresh_samples()
        if register == CS:
            return self._cs | _READY
        if register == RESULT:
            return self._result
        if register == FIFO:
            return self._pop()
        if register == FCS:
            flags = (0 if self._level else _EMPTY) | (_FULL if self._level == FIFO_DEPTH else 0)
            return self._fcs | self._sticky | flags | self._level << 16
        return self._div if register == DIV else -1

    def write(self, register, value):
        """One register; False if there is none."""
        self._board.refresh_samples()
        if register == CS:
            self._set_cs(value)
        elif register == FCS:
            if value & (_FCS_SHIFT | _FCS_ERR) or (value & _DREQ_EN and value >> 24 & 15 != 1):
                raise NotImplementedError(
                    "FCS %#x: 12 bits, no error bit, and DMA wanted from the first sample" % value
                )
            self._fcs = value & _FCS_KEEPS
            self._sticky &= ~(value & (_UNDER | _OVER))
        elif register == DIV:
            self.set_rate(value)
        else:
            return False
        self._board.tell_samples()
        return True

    def _set_cs(self, value):
        self._cs = value & _CS_KEEPS
        self._select(value >> 12 & 7)
        running = value & (_EN | _START_MANY) == _EN | _START_MANY
        if running and not self.running:
            self._begin(self._board.backend.now_us())
        self.running = running
        if value & _START_ONCE and value & _EN:
            self.convert(value >> 12 & 7)

    def set_rate(self, div):
        """DIV: 48 MHz clocks between two samples, less one, in 1/256; never below the 96 that a conversion takes."""
        self._div = div & 0xFFFFFF
        self._clocks_256 = max(_LEAST_CLOCKS << 8, self._div + 256)
        self.period_ns = self._clocks_256 * 1000 // (_CLOCK_MHZ << 8)
        self._begin(self._board.backend.now_us())

    def power(self):
        """As the constructor of machine.ADC does: on, if it was not."""
        self._cs |= _EN

    @property
    def dma_wanted(self):
        """Whether each sample asks for DMA."""
        return self._fcs & (_FCS_EN | _DREQ_EN) == _FCS_EN | _DREQ_EN

    def input_mask(self):
        """The inputs that are sampled in turn."""
        mask = 0
        for i in range(self.inputs):
            mask |= 1 << self._round[i]
        return mask

    # -- conversions -------------------------------------------------------------------------------------------------

    def convert(self, channel):
        """One conversion on purpose, of this input. The round robin, if it runs, goes on from there: its slots slip."""
        self._result = self.counts(channel)
        self._select(channel)
        if self.dma_wanted and self._board.dma.adc_channel() >= 0:
            self.counts_of_round[self.at] = self.highest = self._result
            self._deliver(1)
        elif self._fcs & _FCS_EN:
            self._push(self._result)
        self._step(1)
        return self._result

    def counts(self, channel):
        """12 bits of one input, now."""
        return self._board.words[self._source(channel)] & 0xFFF

    def _source(self, channel):
        if channel < 2:
            return simwire.W_COUNTS + channel
        if channel == 2:
            return simwire.W_ADC_REFERENCE
        return simwire.W_ADC_DIE if channel == simwire.ADC_DIE_INPUT and self._cs & _TS_EN else simwire.W_ZERO

    def advance(self, t):
        """Make the samples up to t."""
        words = self._board.words
        faults = words[simwire.W_FAULTS]
        if faults & simwire.FAULT_ADC_OVER:
            self._sticky |= _OVER
        if not self.running or faults & simwire.FAULT_ADC_STOP:
            self._begin(t)
            self._board.comparator.silence(t)
            return
        if faults & simwire.FAULT_ADC_SLOW != self._slow:
            self._slow = faults & simwire.FAULT_ADC_SLOW
            self._begin(t)
        n = (t - self._began_us) * (_CLOCK_MHZ << 8) // self._clocks_256
        if self._slow:
            n >>= 1
        n -= self._made
        if n > 0:
            self._made += n
            self.t = t
            slip = 1 if faults & simwire.FAULT_ADC_SLIP else 0
            self.highest = gather(words, self._sources, slip, self.counts_of_round, self.inputs)
            self._deliver(n)
            self._step(n)
            self._result = self.counts_of_round[self.at - 1]

    def _begin(self, t):
        self._began_us = self.t = t
        self._made = 0

    def _deliver(self, n):
        dma = self._board.dma
        took = dma.take(n) if self.dma_wanted else 0
        if took == n:
            return
        self._board.comparator.silence(self.t)
        if self._fcs & _FCS_EN:
            for i in range(took, min(n, took + FIFO_DEPTH + 1)):
                self._push(self.counts_of_round[(self.at + i) % self.inputs])

    def _push(self, counts):
        if self._level == FIFO_DEPTH:
            self._sticky |= _OVER
            return
        self._fifo[self._level] = counts
        self._level += 1

    def _pop(self):
        if not self._level:
            self._sticky |= _UNDER
            return self._result
        counts = self._fifo[0]
        self._level -= 1
        for i in range(self._level):
            self._fifo[i] = self._fifo[i + 1]
        return counts

    # -- the round ---------------------------------------------------------------------------------------------------

    def _select(self, channel):
        """Write AINSEL: the round goes on from this input, or from the next of its own."""
        self._cs = self._cs & ~(7 << 12) | (channel & 7) << 12
        mask = self._cs >> 16 & 31 or 1 << (channel & 7)
        n = 0
        self.at = 0
        for i in range(N_INPUTS):
            if mask >> i & 1:
                if i < channel:
                    self.at = n + 1
                self._round[n] = i
                self._sources[n] = self._source(i)
                n += 1
        self.inputs = n
        self.at %= n

    def _step(self, n):
        """AINSEL goes on by n samples."""
        self.at = (self.at + n) % self.inputs
        self._cs = self._cs & ~(7 << 12) | self._round[self.at] << 12
