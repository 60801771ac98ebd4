"""The comparator: a PIO machine that sees every sample of the chip's converter and pulls both fault lines by itself.

DMA hands it each sample (adcring.py). It pulls when one reaches the coarse ceiling, or when no sample comes for
STARVED_CYCLES, and then holds the lines down until it is released: with the processor hung, in a crash, or during an
erase of the flash alike. What it pulls is what a cut wire would let fall, so the relays' own machines do the rest.

The ceiling has steps of STEP_COUNTS, because a PIO machine counts but cannot compare: the top 5 of 12 bits are counted
down against limits.COARSE_STEPS. Everything that passes through the converter's round robin meets the same ceiling, so
the reference and the chip's own temperature must stay below it, too.

All but the constructor allocates nothing, never blocks and may be called from an interrupt.
"""

import limits
import rp2
from machine import Pin, mem32
from micropython import const
from scan import OVER, STARVED

STEP_COUNTS = 128
TRIPS_AT_COUNTS = STEP_COUNTS * (limits.COARSE_STEPS + 1)  # one count less passes
STARVED_CYCLES = 1 + 32 * 3 * 16  # without a sample

MACHINE = 4  # the first of PIO 1
# RP2040 datasheet, 3.7: machine 0 of PIO 1. Addresses are boxed integers on the chip: made once, no arithmetic later.
TXF = 0x50300010
_EXECCTRL_SET = 0x503020CC
_SHIFTCTRL_XOR = 0x503010D0
ADDR = 0x503000D4
_INSTR = 0x503000D8
REGISTERS = (TXF, _EXECCTRL_SET, _SHIFTCTRL_XOR, ADDR, _INSTR)
_FJOIN_RX = 0x80000000
_STATUS_EMPTY = const(1)  # STATUS_SEL 0, STATUS_N 1: `status` is all ones while the FIFO holds less than one word

START, STARVED_AT, OVER_AT = 0, 5, 14  # places in the program; between the last two it takes a sample
_STARVED_AT, _STARVED_END, _OVER_AT = const(5), const(6), const(14)


# fmt: off
@rp2.asm_pio(set_init=(rp2.PIO.IN_LOW, rp2.PIO.IN_LOW), out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def comparator_program(steps=limits.COARSE_STEPS):  # a parameter: in here the assembler hides the file's own names
    set(pindirs, 0)                # start: both lines are let go
    label("next")
    set(y, 31)                     # patience: 32 rounds of 48 cycles
    label("wait")
    mov(x, status)          [15]   # all ones while there is no sample
    jmp(not_x, "take")      [15]
    jmp(y_dec, "wait")      [15]
    label("starved")
    set(pindirs, 3)                # open drain: the outputs are 0, so driving them is pulling
    jmp("starved")                 # only a jump from outside leads on
    label("take")
    pull(block)
    out(null, 7)                   # 12 bits, replicated by the bus into both halves of the word: the lower goes first
    out(x, 5)
    set(y, steps)
    label("compare")
    jmp(not_x, "next")             # the sample was used up first, or at the same time: fine
    jmp(x_dec, "down")
    label("down")
    jmp(y_dec, "compare")          # else the sample has outlasted the ceiling
    wrap_target()
    set(pindirs, 3)                # over: held, as starved
    wrap()
# fmt: on


class Comparator:
    """Machine 4, on the pins of both fault lines."""

    def __init__(self, board):
        """After the Interlock, which makes the lines inputs; from here on `Pin(n, mode)` would take them away."""
        first, second = board.FAULT_PINS
        if second != first + 1:
            raise ValueError(
                "the comparator pulls two fault lines next to each other, not GP%d and GP%d" % (first, second)
            )
        self._machine = rp2.StateMachine(MACHINE, comparator_program, set_base=Pin(first))
        mem32[_EXECCTRL_SET] = _STATUS_EMPTY
        self.origin = mem32[ADDR]  # where the program was loaded: an idle machine stands at its first instruction

    def start(self):
        """Samples must come from now on."""
        self._machine.active(1)

    def pulls(self):
        """0, or why it holds the lines down: OVER or STARVED."""
        at = mem32[ADDR] - self.origin
        if at >= _OVER_AT:
            return OVER
        return STARVED if _STARVED_AT <= at <= _STARVED_END else 0

    def release(self):
        """Let the lines go, and forget what waited. It pulls again at the next sample that is too high."""
        mem32[_SHIFTCTRL_XOR] = _FJOIN_RX  # joining and parting the FIFOs empties them
        mem32[_SHIFTCTRL_XOR] = _FJOIN_RX
        mem32[_INSTR] = self.origin + START  # the opcode of `jmp` is its address

    def provoke(self):
        """For the self-test: a sample beyond every ceiling."""
        mem32[TXF] = 0xFFF
