"""The comparator's state machine in rp2040-pio-emulator, running the opcodes of mcu/comparator.py.

The emulator does not know `mov x, status` and would end silently there: that one instruction is done here, as the
datasheet says (3.4.8.2: STATUS is all ones while the FIFO holds less than STATUS_N words, here 1), and a test pins that
it is this very word. Every other instruction is the emulator's; each is counted, and one that does not happen is an
error.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from pioemu import State, emulate

FIRST_LINE = 6
BOTH_LINES = 3 << FIRST_LINE
MOV_X_STATUS_15 = 0xAF25
FIFO_DEPTH = 4
ALL_ONES = 0xFFFFFFFF


class EmulatedComparator:
    """step() by instruction. clock: cycles; steps: instructions; pulls: (cycle, whether the lines are pulled)."""

    def __init__(self, words: Iterable[int], wrap: tuple[int, int]) -> None:
        self.words = list(words)
        self.wrap_target, self.wrap_top = wrap
        self.steps = 0
        self.status_reads = 0
        self.state = State()
        self.pulls: list[tuple[int, bool]] = []
        self._coming: deque[tuple[int, int]] = deque()  # (cycle, word) that DMA will write
        self.dropped = 0

    @property
    def clock(self) -> int:
        return self.state.clock

    @property
    def pulling(self) -> bool:
        """Whether both outputs are on; their level is 0 always."""
        assert self.state.pin_values & BOTH_LINES == 0, "open drain: never driven high"
        directions = self.state.pin_directions & BOTH_LINES
        assert directions in (0, BOTH_LINES), "one line without the other"
        return directions == BOTH_LINES

    def step(self) -> Self:
        """One instruction, with its delay."""
        self._receive()
        before = self.pulling
        at = self.state.program_counter
        if self.words[at] == MOV_X_STATUS_15:
            self.status_reads += 1
            x = 0 if self.state.transmit_fifo else ALL_ONES
            self.state = replace(self.state, x_register=x, program_counter=at + 1, clock=self.clock + 16)
        else:
            self.state = self._emulated()
        self.steps += 1
        if self.pulling != before:
            self.pulls.append((self.clock, self.pulling))
        return self

    def _emulated(self) -> State:
        was = self.state
        emulation = emulate(
            self.words,
            stop_when=lambda _opcode, _state: False,
            initial_state=was,
            set_base=FIRST_LINE,
            set_count=2,
            wrap_target=self.wrap_target,
            wrap_top=self.wrap_top,
        )
        _, state = next(emulation, (None, None))
        assert state is not None, f"the emulator gave up at {self.words[was.program_counter]:#06x}"
        assert state.clock > was.clock
        return state

    def run_to(self, cycle: int) -> Self:
        """Until that many cycles have passed since the start."""
        while self.clock < cycle:
            self.step()
        return self

    def run_until(self, done: Callable[[Self], bool], most: int) -> int:
        """Cycles it took until done(self)."""
        began = self.clock
        while not done(self):
            assert self.clock - began <= most, f"not within {most} cycles"
            self.step()
        return self.clock - began

    def feed(self, samples: Iterable[int], period: int, after: int = 0) -> int:
        """Samples as DMA will bring them, one every `period` cycles from now; returns the cycle of the last one."""
        at = self.clock + after
        for sample in samples:
            self._coming.append((at, sample | sample << 16))  # the bus repeats a halfword in both halves
            at += period
        return at - period

    def release(self) -> Self:
        """FJOIN_RX twice, then `jmp start` by SMx_INSTR: one cycle."""
        self.state = replace(self.state, transmit_fifo=deque(), program_counter=0, clock=self.clock + 1)
        return self

    def _receive(self) -> None:
        while self._coming and self._coming[0][0] <= self.clock:
            _, word = self._coming.popleft()
            if len(self.state.transmit_fifo) < FIFO_DEPTH:
                self.state.transmit_fifo.append(word)
            else:
                self.dropped += 1  # DMA does not wait for it
