"""The chip's `rp2` on the simulated board: PIO assembler, machines that can run the firmware's programs, DMA, flash."""

import dma
import flash
import pio_asm
import simboard
from machine import gpio_of

PIOASMError = pio_asm.PIOASMError
asm_pio = pio_asm.asm_pio
DMA = dma.DMA
Flash = flash.Flash
_PROGRAM_WORDS, _OFFSET_PIO0, _OFFSET_PIO1, _EXECCTRL, _SHIFTCTRL = 0, 1, 2, 4, 5
_N_MACHINES = 8  # of both PIO blocks
_COMPARATOR = 4


class PIO:
    """Constants of the PIO blocks."""

    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = 0, 1, 2, 3
    SHIFT_LEFT, SHIFT_RIGHT = 0, 1
    JOIN_NONE, JOIN_TX, JOIN_RX = 0, 1, 2


class StateMachine:
    """Machine 0 to 3, the relays', or 4, the comparator. put() is left out: it blocks for ever on a latched machine."""

    def __init__(self, id, *args, **kwargs):
        if not 0 <= id < _N_MACHINES:
            raise ValueError("invalid StateMachine")
        if id > _COMPARATOR:
            raise NotImplementedError("the simulated board has no program for machine %d" % id)
        self._id = id
        board = simboard.board()
        self._machine = board.comparator if id == _COMPARATOR else board.machines[id]
        if args or kwargs:
            self.init(*args, **kwargs)

    def init(self, prog, freq=-1, *, jmp_pin=None, sideset_base=None, set_base=None):
        """Stop the machine and give it a program and its pins."""
        if freq not in (-1, simboard.CLOCK_HZ):
            raise NotImplementedError("the simulated board's programs run at the full clock, not at %d Hz" % freq)
        words, pio1 = prog[_PROGRAM_WORDS], self._id == _COMPARATOR
        place = _OFFSET_PIO1 if pio1 else _OFFSET_PIO0
        if prog[place] < 0:
            prog[place] = pio_asm.MAX_WORDS - len(words)  # the SDK fills the memory from its end
        if pio1:
            self._machine.load(words, prog[place], prog[_EXECCTRL], prog[_SHIFTCTRL], _gpio(set_base))
        else:
            self._machine.load(words, prog[place], prog[_SHIFTCTRL], _gpio(sideset_base), _gpio(jmp_pin))

    def active(self, *value):
        """Start or stop it; says whether it runs."""
        if value:
            self._machine.active = bool(value[0])
        return self._machine.active


def _gpio(pin):
    return None if pin is None else gpio_of(pin)
