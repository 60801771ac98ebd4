"""One relay state machine in rp2040-pio-emulator, running the opcodes of mcu/interlock.py cycle by cycle.

The emulator ends silently on what it does not know; here every step is counted and a missing one is an error.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Self

from pioemu import State, emulate

PIN, LINE = 2, 6
TRIP, LATCH, ARM, RUN = 0, 2, 3, 7


class EmulatedRelay:
    """step() by step. edges: (cycle, level) of the relay pin."""

    def __init__(self, words: Iterable[int], line: bool = True) -> None:
        self.words = list(words)
        self.steps = 0
        self.line = line
        self.state: State
        self.edges: list[tuple[int, int]] = []
        self._go_on(State(pin_directions=1 << PIN))

    @property
    def level(self) -> int:
        """Of the relay pin."""
        return self.state.pin_values >> PIN & 1

    @property
    def latched(self) -> bool:
        """Whether the program counter is where only a jump from outside leads on."""
        return self.state.program_counter <= LATCH

    def step(self, cycles: int = 1) -> Self:
        """Let cycles pass."""
        for _ in range(cycles):
            before = self.level
            step = next(self._emulation, None)
            assert step is not None, f"the emulator gave up at {self.words[self.state.program_counter]:#06x}"
            self.state = step[1]
            self.steps += 1
            assert self.state.clock == self.steps
            if self.level != before:
                self.edges.append((self.steps, self.level))
        return self

    def step_until(self, done: Callable[[Self], bool], most: int) -> int:
        """Cycles it took until done(self)."""
        for cycles in range(most + 1):
            if done(self):
                return cycles
            self.step()
        raise AssertionError(f"not within {most} cycles")

    def put(self, word: int) -> Self:
        """The processor writes TXF; a full FIFO drops the word."""
        if len(self.state.transmit_fifo) < 4:
            self.state.transmit_fifo.append(word)
        return self

    def arm(self) -> Self:
        """FJOIN_RX twice, then `jmp arm` by SMx_INSTR: one cycle, side-set 0."""
        return self._execute(ARM, transmit_fifo=deque(), receive_fifo=deque())

    def drop(self) -> Self:
        """`jmp trip` by SMx_INSTR."""
        return self._execute(TRIP)

    def with_x(self, x: int) -> Self:
        """Go on with another count in X."""
        self._go_on(replace(self.state, x_register=x))
        return self

    def _execute(self, target: int, **changes: Any) -> Self:
        if self.level:
            self.edges.append((self.steps + 1, 0))
        self.steps += 1
        self._go_on(
            replace(
                self.state,
                clock=self.steps,
                program_counter=target,
                pin_values=self.state.pin_values & ~(1 << PIN),
                **changes,
            )
        )
        return self

    def _go_on(self, state: State) -> None:
        def inputs(_: State) -> int:
            return self.line << LINE

        self.state = state
        self._emulation: Iterator[tuple[State, State]] = emulate(
            self.words,
            stop_when=lambda _opcode, _state: False,
            initial_state=state,
            input_source=inputs,
            side_set_base=PIN,
            side_set_count=1,
            jmp_pin=LINE,
            wrap_top=len(self.words) - 1,
        )
