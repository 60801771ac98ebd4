"""rp2.DMA of the simulated board: the class of MicroPython's rp2 port over chip_dma.py, with its checks and errors.

irq() is left out: nothing in the firmware needs to hear of a transfer's end.
"""

import chip_dma
import simboard

_CLOSED = 0xFF
_FIELDS = {  # shift, bits; read-only ones are ignored when packing
    "enable": (0, 1), "high_pri": (1, 1), "size": (2, 2), "inc_read": (4, 1), "inc_write": (5, 1), "ring_size": (6, 4),
    "ring_sel": (10, 1), "chain_to": (11, 4), "treq_sel": (15, 6), "irq_quiet": (21, 1), "bswap": (22, 1),
    "sniff_en": (23, 1), "busy": (24, 1), "write_err": (29, 1), "read_err": (30, 1), "ahb_err": (31, 1),
}  # fmt: skip
_READ_ONLY = ("busy", "ahb_err")
_DEFAULT = 0x3F8039  # enabled, words, both addresses rise, not paced, quiet


class DMA:
    """One channel of the twelve."""

    def __init__(self):
        self._channel = simboard.board().dma.claim()

    def __repr__(self):
        return "DMA(%d)" % self.channel

    @property
    def channel(self):
        """Its number; 255 once it is closed."""
        return self._channel.number if self._channel else _CLOSED

    @property
    def read(self):
        """READ_ADDR."""
        return self._get(chip_dma.READ)

    @read.setter
    def read(self, value):
        self._set(chip_dma.READ, _address(value, False))

    @property
    def write(self):
        """WRITE_ADDR."""
        return self._get(chip_dma.WRITE)

    @write.setter
    def write(self, value):
        self._set(chip_dma.WRITE, _address(value, True))

    @property
    def count(self):
        """TRANS_COUNT: what is left; written, what the next trigger begins with."""
        return self._get(chip_dma.COUNT)

    @count.setter
    def count(self, value):
        self._set(chip_dma.COUNT, _integer(value))

    @property
    def ctrl(self):
        """CTRL."""
        return self._get(chip_dma.CTRL)

    @ctrl.setter
    def ctrl(self, value):
        self._set(chip_dma.CTRL, _integer(value))

    @property
    def registers(self):
        """Its 16 words."""
        return Registers(self._channel)

    def config(self, **values):
        """Set read, write, count and ctrl, whichever are given; trigger=True: the last of them starts it."""
        self._check()
        trigger = bool(values.pop("trigger", False))
        if trigger and not values:
            simboard.board().dma.start(self._channel)
            return
        rest = len(values)
        for name in values:
            if name not in ("read", "write", "count", "ctrl"):
                raise TypeError("extra keyword arguments given")
        for register, name in enumerate(("read", "write", "count", "ctrl")):
            if name in values:
                rest -= 1
                value = values[name]
                value = _address(value, name == "write") if register < chip_dma.COUNT else _integer(value)
                self._set(register, value, trigger and rest == 0)

    def active(self, *value):
        """Whether it runs; with a value it is started or stopped first."""
        self._check()
        dma = simboard.board().dma
        if value:
            (dma.start if value[0] else dma.abort)(self._channel)
        return bool(dma.get(self._channel, chip_dma.CTRL) >> 24 & 1)

    def pack_ctrl(self, *positional, **fields):
        """A value for ctrl."""
        if positional:
            raise TypeError("pack_ctrl only takes keyword arguments")
        value = _integer(fields.pop("default", _DEFAULT | (self.channel & 15) << 11))
        for name in fields:
            if name not in _FIELDS:
                raise TypeError
            shift, bits = _FIELDS[name]
            field, mask = _integer(fields[name]), (1 << bits) - 1
            if name in _READ_ONLY:
                continue
            if field & mask != field:
                raise ValueError("bad field value")
            value = value & ~(mask << shift) | field << shift
        return value

    @staticmethod
    def unpack_ctrl(value):
        """Every field of a ctrl value, by name."""
        return {name: value >> shift & (1 << bits) - 1 for name, (shift, bits) in _FIELDS.items()}

    def close(self):
        """Give the channel back. A second time does nothing."""
        if self._channel:
            simboard.board().dma.release(self._channel)
            self._channel = None

    def _check(self):
        if not self._channel:
            raise ValueError("channel closed")

    def _get(self, register):
        self._check()
        return simboard.board().dma.get(self._channel, register)

    def _set(self, register, value, trigger=False):
        self._check()
        simboard.board().dma.set(self._channel, register, value, trigger)


class Registers:
    """What DMA.registers gives: like an array of 16 words that are the registers themselves."""

    def __init__(self, channel):
        self._channel = channel

    def __len__(self):
        return 16

    def __getitem__(self, i):
        return simboard.board().dma.get(self._channel, chip_dma.ALIASES[i])

    def __setitem__(self, i, value):
        simboard.board().dma.set(self._channel, chip_dma.ALIASES[i], value, i & 3 == 3)


def _integer(value):
    if isinstance(value, (int, bool)):
        return int(value)
    raise TypeError("can't convert %s to int" % type(value).__name__)


def _address(value, to_write):
    if isinstance(value, (int, float)) or value is None:
        return _integer(value)
    return simboard.board().dma.memory.place(value, to_write)
