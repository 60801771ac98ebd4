"""The chip's `rp2` on the simulated board: the PIO assembler and state machines that can run the relay program; flash."""

import flash
import pio_asm
import simboard
from machine import gpio_of

PIOASMError = pio_asm.PIOASMError
asm_pio = pio_asm.asm_pio
Flash = flash.Flash
_PROGRAM_WORDS, _OFFSET_PIO0, _SHIFTCTRL = 0, 1, 5
_N_MACHINES = 8  # of both PIO blocks


class PIO:
    """Constants of the PIO blocks."""

    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = 0, 1, 2, 3
    SHIFT_LEFT, SHIFT_RIGHT = 0, 1
    JOIN_NONE, JOIN_TX, JOIN_RX = 0, 1, 2


class StateMachine:
    """State machine 0 to 3 of PIO0. put() is left out on purpose: it blocks for ever on a latched machine."""

    def __init__(self, id, *args, **kwargs):
        if not 0 <= id < _N_MACHINES:
            raise ValueError("invalid StateMachine")
        if id > 3:
            raise NotImplementedError("the simulated board has no program for PIO1")
        self._machine = simboard.board().machines[id]
        if args or kwargs:
            self.init(*args, **kwargs)

    def init(self, prog, freq=-1, *, jmp_pin=None, sideset_base=None):
        """Stop the machine and give it a program and its pins."""
        if freq not in (-1, simboard.CLOCK_HZ):
            raise NotImplementedError("the relay program runs at the full clock, not at %d Hz" % freq)
        words = prog[_PROGRAM_WORDS]
        if prog[_OFFSET_PIO0] < 0:
            prog[_OFFSET_PIO0] = pio_asm.MAX_WORDS - len(words)  # the SDK fills the memory from its end
        self._machine.load(
            words,
            prog[_OFFSET_PIO0],
            prog[_SHIFTCTRL],
            None if sideset_base is None else gpio_of(sideset_base),
            None if jmp_pin is None else gpio_of(jmp_pin),
        )

    def active(self, *value):
        """Start or stop it; says whether it runs."""
        if value:
            self._machine.active = bool(value[0])
        return self._machine.active
