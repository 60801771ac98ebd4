"""The chip's converter in a round robin, and the DMA pair that carries each sample to the ring and to the comparator.

The converter samples the inputs of board.ADC_ROUND in turn, for ever. Channel A moves each sample into the ring and
wakes channel B, which moves the same one on to the comparator and wakes A. Neither needs the processor. Each moves one
sample at a time, for a count of 2^32 - 1 would end after 6 hours; B waits for nothing, so that a comparator that holds
the lines and takes no more samples does not stop the ring.

Place in the ring tells the input: index modulo 4. That holds only while no sample is lost: FCS.OVER says when one was.
"""

from array import array

import board
import rp2
from comparator import TXF
from machine import ADC, mem32
from micropython import const
from scan import ORIGIN, RING, new_state

# RP2040 datasheet, 4.9.6 and 2.5.7. Addresses are boxed integers on the chip: made once, no arithmetic later.
_CS, _FCS, _FIFO, _DIV = 0x4004C000, 0x4004C008, 0x4004C00C, 0x4004C010
_DMA, _DMA_STRIDE, _WRITE_ADDR = 0x50000000, 0x40, 0x04
REGISTERS = (_CS, _FCS, _FIFO, _DIV)  # and WRITE_ADDR of channel A, whichever is given
_CS_ON = const(0x3)  # EN, TS_EN
_CS_START_MANY = const(0x8)
_CS_READY = const(0x100)
_CS_ROUND = const(16)  # a bit for each input; the round begins with AINSEL, which is 0
_FCS_ON = const(0x01000009)  # EN, DREQ_EN, wanted from the first sample on
_FCS_LOST = const(0xC00)  # OVER, UNDER: cleared by writing them
_FCS_OVER = const(0x800)
_FCS_LEVEL = const(0xF0000)
_DIV_INT = const(8)
_HALFWORDS = const(1)
_DREQ_ADC = const(36)
_AT_ONCE = const(0x3F)
_RING_BITS = const(10)  # 1024 bytes
_SETTLE_READS = const(1000)
_ROUNDS_MASK = const(508)


class AdcRing:
    """samples: the ring. state: of scan.py. write_at: address of the register that says where the next sample goes.

    starved: whether the comparator was found to have been without samples, in the present pass.
    """

    def __init__(self):
        for pin in board.ADC_PINS + (board.ADC_REFERENCE_PIN,):
            ADC(pin)  # makes it an analog input
        self._to_ring, self._to_comparator = rp2.DMA(), rp2.DMA()
        self.write_at = _DMA + _DMA_STRIDE * self._to_ring.channel + _WRITE_ADDR
        # The hardware wraps at a multiple of the ring's size: twice the room, of which the fitting half is used.
        room = memoryview(array("H", bytes(4 * RING)))
        self._to_ring.config(write=room)
        skip = -mem32[self.write_at] % (2 * RING) // 2
        self.samples = room[skip : skip + RING]
        self.state = new_state()
        self.starved = False
        self.start()

    def start(self):
        """Begin with input 0 at place 0 of the ring. Also after a slip or a stop; the comparator starves meanwhile."""
        mem32[_CS] = _CS_ON
        for _ in range(_SETTLE_READS):  # until the sample under way is done
            if mem32[_CS] & _CS_READY:
                break
        self._unchain()
        mem32[_FCS] = _FCS_ON | _FCS_LOST
        while mem32[_FCS] & _FCS_LEVEL:
            mem32[_FIFO]
        mem32[_FCS] = _FCS_ON | _FCS_LOST
        mem32[_DIV] = board.ADC_CLOCKS - 1 << _DIV_INT
        self._chain()
        inputs = 0
        for channel in board.ADC_ROUND:
            inputs |= 1 << channel
        mem32[_CS] = _CS_ON | _CS_START_MANY | inputs << _CS_ROUND

    def _unchain(self):
        for channel in (self._to_ring, self._to_comparator):
            channel.config(ctrl=channel.pack_ctrl(enable=False))  # chained to itself: to nothing
            channel.active(0)

    def _chain(self):
        ring, comparator = self._to_ring, self._to_comparator
        comparator.config(
            read=self.samples, write=TXF, count=1,
            ctrl=comparator.pack_ctrl(
                size=_HALFWORDS, inc_read=True, inc_write=False, ring_sel=False, ring_size=_RING_BITS,
                treq_sel=_AT_ONCE, chain_to=ring.channel, bswap=False,
            ),
        )  # fmt: skip
        ring.config(
            read=_FIFO, write=self.samples, count=1,
            ctrl=ring.pack_ctrl(
                size=_HALFWORDS, inc_read=False, inc_write=True, ring_sel=True, ring_size=_RING_BITS,
                treq_sel=_DREQ_ADC, chain_to=comparator.channel, bswap=False,
            ),
        )  # fmt: skip
        self.state[ORIGIN] = mem32[self.write_at]
        ring.active(1)

    def newest(self):
        """Place of the newest whole round in the ring."""
        return ((mem32[self.write_at] - self.state[ORIGIN]) >> 1) - 4 & _ROUNDS_MASK

    def lost(self):
        """Whether the converter had to drop a sample since start(): places no longer tell the input."""
        return mem32[_FCS] & _FCS_OVER != 0
