"""The simulation's models and the emulated programs agree: the relay's on every edge of the same random sequences."""

from typing import Any

import comparator
import interlock
import pio_comparator
import pytest
import simwire
from hypothesis import given, settings
from hypothesis import strategies as st
from pio_relay import RelayModel

from .comparator_emulator import EmulatedComparator
from .relay_emulator import EmulatedRelay

SETTLE = 16  # cycles after which the emulated program has answered anything
RISE_CYCLES, FALL_CYCLES = 5, 9  # by which the program may be later than the model, which has no loop

ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 40)),
    st.tuples(st.just("line"), st.booleans()),
    st.tuples(st.just("arm"), st.none()),
    st.tuples(st.just("drop"), st.none()),
    st.tuples(st.just("wait"), st.integers(0, 150)),
)


class Pair:
    """Both, on one clock of single cycles."""

    def __init__(self) -> None:
        self.program = EmulatedRelay(interlock.relay_program[0]).step(SETTLE)
        self.model = RelayModel(cycles_per_tick=1)
        self.edges: list[tuple[int, int]] = []
        self._level = 0

    def act(self, name: str, argument: Any) -> None:
        t = self.program.steps
        if name == "put":
            # A latched machine would keep it in its FIFO until the next arm clears it; the model forgets it at once.
            self.program.put(argument)
            self.model.put(t, argument)
        elif name == "line":
            self.program.line = argument
            self.model.fault(t, argument)
        elif name == "arm":
            self.program.arm()
            self.model.rearm(t, self.program.line)
        elif name == "drop":
            self.program.drop()
            self.model.drop(t)
        self._note()
        self.wait(argument if name == "wait" else 0)

    def wait(self, cycles: int) -> None:
        end = self.program.steps + SETTLE + cycles
        while self.program.steps < end or self._near_an_end():
            self.program.step()
            self.model.advance(self.program.steps)
            self._note()

    def _near_an_end(self) -> bool:
        """In the very cycles in which a permit ends either may be first: nothing is done or compared there."""
        return bool(abs(self.model.end - self.program.steps) < SETTLE)

    def _note(self) -> None:
        if self.model.level != self._level:
            self._level = self.model.level
            self.edges.append((self.model.rose_us if self._level else self.model.fell_us, self._level))


@settings(max_examples=80, deadline=None)
@given(st.lists(ACTIONS, max_size=15))
def test_model_and_program_agree_on_edges(actions: list[tuple[str, Any]]) -> None:
    pair = Pair()
    for name, argument in actions:
        pair.act(name, argument)
    pair.wait(SETTLE)
    assert [level for _, level in pair.edges] == [level for _, level in pair.program.edges]
    for (modelled, level), (emulated, _) in zip(pair.edges, pair.program.edges, strict=True):
        assert 0 <= emulated - modelled <= (RISE_CYCLES if level else FALL_CYCLES)
    assert pair.model.latched == pair.program.latched
    assert pair.model.level == pair.program.level


def test_the_comparison_sees_permits_faults_and_rearms() -> None:
    """Guard against a differential test that compares nothing."""
    pair = Pair()
    for action in [("arm", None), ("put", 30), ("wait", 0), ("put", 30), ("wait", 200), ("arm", None), ("put", 40)]:
        pair.act(*action)
    pair.program.line = False
    pair.model.fault(pair.program.steps, False)
    pair.wait(SETTLE)
    assert [level for _, level in pair.program.edges] == [1, 0, 1, 0]
    assert [level for _, level in pair.edges] == [1, 0, 1, 0]


def test_the_comparators_model_stands_for_the_firmwares_program() -> None:
    words, execctrl = comparator.comparator_program[0], comparator.comparator_program[4]
    assert pio_comparator.ceiling(words) == comparator.TRIPS_AT_COUNTS
    assert (execctrl >> 12 & 31, execctrl >> 7 & 31) == (pio_comparator.WRAP_TOP, pio_comparator.WRAP_TARGET)
    assert pio_comparator.ceiling([*words[:-1], words[-1] ^ 1]) == 0
    assert (pio_comparator.STARVED_US - 1) * 125 < comparator.STARVED_CYCLES <= pio_comparator.STARVED_US * 125


@pytest.mark.parametrize("counts", [0, 127, 128, *range(3580, 4096, 43), 3711, 3712, 4095])
def test_the_comparators_model_and_program_pull_at_the_same_counts(counts: int) -> None:
    words, execctrl = comparator.comparator_program[0], comparator.comparator_program[4]
    program = EmulatedComparator(words, (execctrl >> 7 & 31, execctrl >> 12 & 31))
    model = pio_comparator.Comparator()
    model.apply(0, simwire.COMPARATOR_START, pio_comparator.ceiling(words))
    program.state.transmit_fifo.append(counts | counts << 16)
    model.sample(0, counts)
    for _ in range(100):  # more than the ceiling's 28 × 3, less than the patience's 32 × 3 after the smallest sample
        program.step()
        if program.pulling:
            break
    assert program.pulling == model.pulls
