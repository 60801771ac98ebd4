"""The board behind the shims `machine` and `rp2`: pins, relay bank, converter, DMA, timers, over one backend.

A backend gives the clock, the inputs (a page of words, see simwire) and takes the records. There are two: the process
backend of `tankwarden sim` and the virtual one of tests. Module state, because the chip is one, too: `use(backend)`
starts a new board, `board()` is the present one. Steady state allocates nothing under MicroPython.
"""

import chip_adc
import chip_dma
import chip_edges
import chip_pwm
import comparator_machine
import interrupts
import pio_machine
import pio_relay
import simwire

N_GPIOS = 30
CLOCK_HZ = 1_000_000 * pio_relay.CYCLES_PER_US
PULL_UP, PULL_DOWN = 1, 2
_FED = (1 << simwire.FED_GPIOS[0]) | (1 << simwire.FED_GPIOS[1])
_SLOWEST_NS = 12_000  # samples further apart let the comparator starve between them

_board = None


def use(backend):
    """Power up a board over this backend; the shims speak to it from now on."""
    global _board
    _board = Board(backend)
    return _board


def board():
    """The present board. RuntimeError without one: the shims were imported outside a simulation."""
    if _board is None:
        raise RuntimeError("no simulated board: call simboard.use(backend) before using the chip's modules")
    return _board


class Board:
    """What the chip's peripherals know of the world."""

    def __init__(self, backend):
        self.backend = backend
        self.words = backend.words
        self.started_us = backend.now_us()
        self.bank = pio_relay.RelayBank()
        self.machines = [pio_machine.RelayMachine(self, i) for i in range(4)]
        self.comparator = comparator_machine.ComparatorMachine(self)
        self.adc = chip_adc.ChipAdc(self)
        self.dma = chip_dma.ChipDma(self)
        self.pwm = chip_pwm.ChipPwm(self)
        self.edges = chip_edges.Edges(self.words)
        self.interrupts = interrupts.Interrupts(backend)
        self._lazy_us = backend.LAZY_US
        self._sampled_us = self.started_us  # up to here samples have been made
        self._inputs, self._period_ns = 0, 0  # whose samples reach the comparator, and how often, as last told
        self.scratch = [backend.words[simwire.W_SCRATCH + i] for i in range(simwire.N_SCRATCH)]
        self._function = bytearray([simwire.FUNCTION_NULL] * N_GPIOS)
        # Masks, a bit for each GPIO. The chip's reset state: every pad has its pull-down.
        self._driving = self._out = self._pulled_up = 0
        self._plain = self._by_pio0 = 0  # those of SIO, those of a relay's machine
        self._loops = -1
        self._suffered = 0  # of the page's FAULTS, those that the last transfer met
        self.flip_a_bit = None  # see ailing.py
        self.spi_selected = False

    # -- inputs ----------------------------------------------------------------------------------------------------

    def now_us(self):
        """The backend's clock, which never wraps (the shim of `time` does). Interrupts happen here."""
        t = self.backend.now_us()
        if t >= self.interrupts.next_us and self.interrupts.run():
            t = self.backend.now_us()
        return t

    def refresh(self):
        """Read the world as it is now; the relay bank learns of it. Returns the instant."""
        backend = self.backend
        backend.refresh()
        t = backend.now_us()
        words = self.words
        bank = self.bank
        if self.comparator.model.watches:
            self.comparator.believe(t, words[simwire.W_PULLS])
            if t - self._sampled_us > self._lazy_us:
                self._sampled_us = t
                self.adc.advance(t)
        loops = words[simwire.W_LEVELS] ^ words[simwire.W_STUCK] << 30
        if loops != self._loops:
            self._loops = loops
            bank.loops(t, words[simwire.W_LEVELS], words[simwire.W_STUCK])
        else:
            bank.advance(t)
        bank.believe(t, words[simwire.W_TRUTH])
        return t

    def refresh_samples(self, exactly=False):
        """For whoever looks at the converter, DMA or the comparator: everything up to now has happened.

        exactly: up to this very instant, for whoever counts samples; others need no more than a recent one.
        """
        t = self.backend.now_us()
        if t - self._sampled_us < (1 if exactly else self._lazy_us):
            return
        self.backend.refresh()
        if self.comparator.model.watches:
            self.comparator.believe(t, self.words[simwire.W_PULLS])
        self._sampled_us = t
        self.adc.advance(t)

    def tell_samples(self):
        """Say to the world which samples reach the comparator, if that has changed."""
        adc = self.adc
        feeds = self.dma.feeds_comparator() and adc.running and adc.dma_wanted and adc.period_ns <= _SLOWEST_NS
        inputs, period_ns = (adc.input_mask(), adc.period_ns) if feeds else (0, 0)
        if inputs != self._inputs or period_ns != self._period_ns:
            self._inputs, self._period_ns = inputs, period_ns
            self.emit(simwire.SAMPLES, inputs, period_ns)

    def counts(self, index):
        """12-bit counts of one sensor channel."""
        self.backend.refresh()
        return self.words[simwire.W_COUNTS + index] & 0xFFF

    def suffer(self):
        """At a transfer on the SPI bus: what goes wrong once for each time its bit is set.

        OSError if the bus fails, as a real one may.
        """
        faults = self.words[simwire.W_FAULTS]
        fresh = faults & ~self._suffered
        self._suffered = faults
        if fresh & simwire.FAULT_BIT_FLIP and self.flip_a_bit:
            self.flip_a_bit()
        if fresh & simwire.FAULT_BUS_STALL:
            self.backend.sleep_us(simwire.BUS_STALL_US)
        if fresh & simwire.FAULT_EXCEPTION:
            raise OSError(5, "simulated failure of the SPI bus")

    # -- pins ------------------------------------------------------------------------------------------------------

    def level(self, gpio):
        """What the pad reads."""
        if (self._driving & self._plain) >> gpio & 1:
            return self._out >> gpio & 1
        return self.levels() >> gpio & 1

    def levels(self):
        """Every pad at one instant, as mask."""
        self.refresh()
        bank = self.bank
        driven = self._driving & self._plain
        pads = (self.words[simwire.W_LEVELS] | self._pulled_up) & ~_FED | bank.lines
        pads = pads & ~driven | self._out & driven
        return pads & ~self._by_pio0 | bank.pads & self._by_pio0

    def set_function(self, gpio, function):
        """Give the pin to SIO (plain), to PIO0 (a relay's machine), PIO1 (the comparator) or to a peripheral."""
        if function == simwire.FUNCTION_PIO0 and gpio not in simwire.RELAY_GPIOS:
            raise NotImplementedError("the simulated board has no relay at GP%d" % gpio)
        if function == simwire.FUNCTION_PIO1 and gpio not in simwire.FED_GPIOS:
            raise NotImplementedError("the simulated board has no fault line at GP%d" % gpio)
        if self._function[gpio] != function:
            self._function[gpio] = function
            self._plain = _with_bit(self._plain, gpio, function == simwire.FUNCTION_SIO)
            self._by_pio0 = _with_bit(self._by_pio0, gpio, function == simwire.FUNCTION_PIO0)
            self.emit(simwire.FUNCTION, gpio, function)

    def drive(self, gpio, driving):
        """Switch the plain output driver of a pin."""
        if self._driving >> gpio & 1 != driving:
            self._driving = _with_bit(self._driving, gpio, driving)
            self.emit(simwire.PIN if driving else simwire.INPUT, gpio, self.driven(gpio) if driving else 0)

    def write(self, gpio, level):
        """Set the output latch of a pin; it shows only while the pin drives."""
        if self._out >> gpio & 1 != level:
            self._out = _with_bit(self._out, gpio, level)
            # Chip select ends at the converter, which is here: 2,400 records a second that nobody would read.
            if self._driving >> gpio & 1 and gpio != simwire.SPI_CS_GPIO:
                self.emit(simwire.PIN, gpio, level)
        if gpio == simwire.SPI_CS_GPIO and level:
            self.spi_selected = False

    def driven(self, gpio):
        """The output latch of a pin."""
        return self._out >> gpio & 1

    def pull(self, gpio, pull):
        """Set the pull resistors of a pin."""
        self._pulled_up = _with_bit(self._pulled_up, gpio, pull == PULL_UP)

    # -- outputs ---------------------------------------------------------------------------------------------------

    def emit(self, kind, a, b):
        """Say to the world what the chip does; the own relay bank hears it at the same instant."""
        t = self.refresh()
        self.bank.apply(t, kind, a, b)
        self.backend.emit(t, kind, a, b)

    def set_scratch(self, index, value):
        """A watchdog scratch register: survives every reset but power."""
        self.scratch[index] = value
        self.backend.set_scratch(index, value)

    def reset(self):
        """machine.reset(): never returns."""
        self.emit(simwire.RESET, 0, 0)
        self.backend.halt()


def _with_bit(mask, bit, on):
    return mask | 1 << bit if on else mask & ~(1 << bit)
