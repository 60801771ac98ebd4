"""The chip's DMA: twelve channels, as far as a firmware can use them that moves samples and memory.

Transfers without a request run at once; those that the converter asks for are done in bulk when chip_adc.py says how
many samples have come. A pair of channels that wake each other for one sample each, into a ring and on to the
comparator, is done in bulk as well. Anything else that waits is refused.

Addresses look like the chip's (SRAM from 0x20000000): whatever buffer was given to a channel has a place there, aligned
as in truth, and what reaches beyond it is refused, where the chip would overwrite a stranger. RP2040 datasheet, 2.5.
"""

from dma_memory import Memory

N_CHANNELS = 12
READ, WRITE, COUNT, CTRL = 0, 1, 2, 3  # the order of the first four registers
# In each of the four groups of registers, which stands where; the last of a group triggers.
ALIASES = bytes(
    (READ, WRITE, COUNT, CTRL, CTRL, READ, WRITE, COUNT, CTRL, COUNT, READ, WRITE, CTRL, WRITE, COUNT, READ)
)
DREQ_ADC, UNPACED = 36, 0x3F
ADC_FIFO, PIO1_TXF0 = 0x4004C00C, 0x50300010
_EN, _INCR_READ, _INCR_WRITE, _RING_WRITE, _BUSY = 1, 1 << 4, 1 << 5, 1 << 10, 1 << 24
_CTRL_KEEPS = 0x00FFFFFF


class Channel:
    """One channel's registers. count: what is left; reload: what a trigger sets it to."""

    def __init__(self, number):
        self.number = number
        self.claimed = False
        self.clear()

    def clear(self):
        self.read = self.write = self.count = self.reload = self.ctrl = 0
        self.busy = False

    def enabled(self):
        return self.ctrl & _EN

    def size(self):
        """Bytes of a transfer."""
        return 1 << (self.ctrl >> 2 & 3)

    def request(self):
        """What it waits for before each transfer."""
        return self.ctrl >> 15 & 0x3F

    def chain_to(self):
        """The channel that it wakes at its end; itself: none."""
        return self.ctrl >> 11 & 15

    def step(self, n):
        """Addresses after n transfers."""
        by = n << (self.ctrl >> 2 & 3)
        if self.ctrl & _INCR_READ:
            self.read = self._moved(self.read, by, not self.ctrl & _RING_WRITE)
        if self.ctrl & _INCR_WRITE:
            self.write = self._moved(self.write, by, self.ctrl & _RING_WRITE)

    def _moved(self, address, by, in_ring):
        bits = self.ctrl >> 6 & 15
        if bits and in_ring:
            mask = (1 << bits) - 1
            return address & ~mask | (address + by) & mask
        return address + by


class ChipDma:
    """The twelve, and the memory that they reach."""

    def __init__(self, board):
        self._board = board
        self.channels = [Channel(i) for i in range(N_CHANNELS)]
        self.memory = Memory()
        self._adc = -1  # the busy channel that waits for the converter
        self._paired = False

    def claim(self):
        """A channel for the caller alone. OSError as on the chip if there is none."""
        for channel in self.channels:
            if not channel.claimed:
                channel.claimed = True
                return channel
        raise OSError(16)

    def release(self, channel):
        """Nobody's any more."""
        self.abort(channel)
        channel.clear()
        channel.claimed = False

    # -- registers ---------------------------------------------------------------------------------------------------

    def get(self, channel, register):
        """READ, WRITE, COUNT or CTRL as it is now."""
        self._board.refresh_samples(True)
        if register == READ:
            return channel.read
        if register == WRITE:
            return channel.write
        if register == COUNT:
            return channel.count
        return channel.ctrl | (_BUSY if channel.busy else 0)

    def set(self, channel, register, value, trigger=False):
        """Write one; the new count holds from the next trigger on."""
        self._board.refresh_samples()
        if register == READ:
            channel.read = value
        elif register == WRITE:
            channel.write = value
        elif register == COUNT:
            channel.reload = value & 0xFFFFFFFF
        else:
            channel.ctrl = value & _CTRL_KEEPS
        if trigger:
            self.trigger(channel)
        self._board.tell_samples()

    def start(self, channel):
        """As a write to the trigger register."""
        self._board.refresh_samples()
        self.trigger(channel)
        self._board.tell_samples()

    def abort(self, channel):
        """Stop where it is."""
        self._board.refresh_samples()
        channel.busy = False
        if self._adc == channel.number:
            self._adc = -1
        self._board.tell_samples()

    # -- transfers ---------------------------------------------------------------------------------------------------

    def trigger(self, channel):
        """Begin, if it is enabled and idle."""
        if channel.busy or not channel.enabled():
            return
        channel.count = channel.reload
        channel.busy = True
        if channel.request() == UNPACED:
            while channel.count:
                self._transfer(channel)
            self._end(channel)
            return
        if channel.request() != DREQ_ADC or channel.read != ADC_FIFO or channel.ctrl & _INCR_READ:
            raise NotImplementedError("the simulated DMA waits for the converter's FIFO only: ctrl 0x%x" % channel.ctrl)
        if self._adc >= 0:
            raise NotImplementedError("two channels wait for the converter: %d and %d" % (self._adc, channel.number))
        self._adc = channel.number

    def _end(self, channel):
        channel.busy = False
        if self._adc == channel.number:
            self._adc = -1
        if channel.chain_to() != channel.number:
            self.trigger(self.channels[channel.chain_to()])

    def _transfer(self, channel):
        size = channel.size()
        value = self.memory.load(channel.read, size)
        if channel.write == PIO1_TXF0:
            self._board.comparator.feed(self._board.adc.t, value & 0xFFF)
        else:
            self.memory.store(channel.write, size, value)
        channel.step(1)
        channel.count -= 1

    # -- samples -----------------------------------------------------------------------------------------------------

    def adc_channel(self):
        """Number of the channel that waits for the converter, or -1."""
        return self._adc

    def feeds_comparator(self):
        """Whether every sample goes on to the comparator, for ever. To be asked after each change of a register."""
        self._paired = self._adc >= 0 and self._pair(self._adc, self.channels[self._adc].chain_to())
        if self._paired:
            ring = self.channels[self._adc]
            self.memory.find_ring(ring.write, ring.ctrl >> 6 & 15)
        return self._paired

    def take(self, n):
        """n samples have come; says how many were moved before the count ended."""
        if self._adc < 0:
            return 0
        ring = self.channels[self._adc]
        if self._paired:
            adc = self._board.adc
            self.memory.fill_ring(ring.write, n, adc.counts_of_round, adc.inputs, adc.at)
            ring.step(n)
            self.channels[ring.chain_to()].read = ring.write
            self._board.comparator.feed(adc.t, adc.highest if n >= adc.inputs else self._highest(n))
            return n
        if ring.chain_to() != ring.number:
            return self._one_by_one(n)
        took = min(n, ring.count)
        self._fill(ring, took)
        ring.count -= took
        if not ring.count:
            self._end(ring)
        return took

    def _pair(self, first, second):
        """Whether both wake each other for one transfer at a time, the second one without waiting."""
        ring, other = self.channels[first], self.channels[second]
        return (
            first != second and other.chain_to() == first and other.enabled() and ring.enabled()
            and ring.reload == 1 and other.reload == 1 and other.request() == UNPACED and not other.ctrl & _INCR_WRITE
            and other.write == PIO1_TXF0 and other.read == ring.write and ring.size() == 2 and other.size() == 2
            and ring.ctrl & _RING_WRITE and ring.ctrl >> 6 & 15 == other.ctrl >> 6 & 15 and ring.ctrl & _INCR_WRITE
        )  # fmt: skip

    def _one_by_one(self, n):
        """The long way, for chains of other shapes."""
        adc = self._board.adc
        took = 0
        while took < n and self._adc >= 0:
            ring = self.channels[self._adc]
            size = ring.size()
            self.memory.store(ring.write, size, adc.counts_of_round[(adc.at + took) % adc.inputs])
            ring.step(1)
            ring.count -= 1
            took += 1
            if not ring.count:
                self._end(ring)
        return took

    def _highest(self, n):
        adc = self._board.adc
        highest = 0
        for i in range(n):
            counts = adc.counts_of_round[(adc.at + i) % adc.inputs]
            if counts > highest:
                highest = counts
        return highest

    def _fill(self, channel, n):
        """n samples to where the channel writes."""
        adc = self._board.adc
        bits = channel.ctrl >> 6 & 15
        if n and (channel.size() != 2 or not channel.ctrl & _INCR_WRITE or (not channel.ctrl & _RING_WRITE and bits)):
            raise NotImplementedError("samples go into halfwords, one after the other: ctrl 0x%x" % channel.ctrl)
        self.memory.fill(channel.write, n, bits, adc.counts_of_round, adc.inputs, adc.at)
        channel.step(n)
