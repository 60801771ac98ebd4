"""The true relay pins: the board's records and the fault lines, replayed through the models of the two PIO programs.

The models reckon with the records' own time stamps, so that a permit which ends without renewal gives its edge at the
exact instant, whether or not the board process ever runs again. Nor does the comparator need that process: the samples
that DMA brings it are the page's.
"""

from collections.abc import Iterator, Sequence

from tankwarden.sim.contacts import Contacts
from tankwarden.sim.trace import RELAY_NAMES, Trace
from tankwarden.sim.wire import new_bank, new_comparator, simwire

SAMPLE_TO_PULL_US = 11  # of a step at the converter's input: half a round of samples, the comparator's count
_ALL_WHOLE: int = sum(1 << gpio for gpio in simwire.FED_GPIOS)


class Outputs:
    """What the board really does to its relay pins. Every edge goes to the trace and to the contacts."""

    def __init__(self, trace: Trace, contacts: Contacts) -> None:
        self._trace, self._contacts = trace, contacts
        self._bank = new_bank()
        self._comparator = new_comparator()
        self._sampled = 0  # inputs whose samples reach the comparator, as mask
        self._flows = False  # whether they do, as last seen
        self._levels = [0, 0, 0, 0]
        self._at_us = 0
        self._whole = _ALL_WHOLE
        self._stuck = 0
        self._bank.loops(0, self._whole, self._stuck)

    @property
    def levels(self) -> dict[str, int]:
        """Relay pin by name, as far as settled."""
        return dict(zip(RELAY_NAMES, self._levels, strict=True))

    @property
    def whole(self) -> int:
        """The fault loops that are whole, as mask of GPIO bits: what the page's LEVELS word holds of them."""
        return self._whole

    @property
    def stuck(self) -> int:
        """The fault lines that are shorted to 3.3 V and the relay pins to theirs, likewise: the page's STUCK word."""
        return self._stuck

    @property
    def truth(self) -> int:
        """For the page's TRUTH word."""
        return self._bank.truth()

    @property
    def pulls(self) -> int:
        """For the page's PULLS word."""
        return self._comparator.truth()

    def record(self, at_us: int, kind: int, a: int, b: int) -> None:
        """One record of the board, in the order in which they were written."""
        at_us = self._not_before(at_us)
        if kind != simwire.PERMIT:
            self._bank.advance(at_us)  # what ended before must not be dated by who drives the pin after
            self._collect()
        self._bank.apply(at_us, kind, a, b)
        if kind == simwire.COMPARATOR:
            self._comparator.apply(at_us, a, b)
            self._bank.pull(at_us, self._comparator.pulls)
        elif kind == simwire.SAMPLES:
            if self._flows and not a:
                self._comparator.sample(at_us, 0)  # the last one; silence begins here
            self._sampled, self._flows = a, bool(a)
        self._collect()

    def sense(self, at_us: int, inputs: Sequence[int]) -> None:
        """What the inputs of the converter read from now on, in the order of its channels; none: it samples no more."""
        if not self._comparator.watches:
            return
        sampled = [counts for number, counts in enumerate(inputs) if self._sampled >> number & 1]
        if sampled or self._flows:
            self._flows = bool(sampled)  # if not: the last one came now
            self._comparator.sample(at_us, max(sampled, default=0))
            at_us += SAMPLE_TO_PULL_US
        else:
            at_us = self._comparator.silence(at_us)
        if self._comparator.pulls:
            self._bank.pull(self._not_before(at_us), True)
            self._collect()

    def settle(self, until_us: int) -> None:
        """No record from before this instant will come any more: permits that ended by then have ended."""
        self._bank.advance(self._not_before(until_us))
        self._collect()

    def set_loop(self, at_us: int, circuit: int, whole: bool) -> None:
        """The fault line's loop of a circuit is cut or mended."""
        self._whole = _with_bit(self._whole, circuit, whole)
        self._bank.loops(self._not_before(at_us), self._whole, self._stuck)
        self._collect()

    def set_line_short(self, at_us: int, circuit: int, short: bool) -> None:
        """The fault line of a circuit is shorted to 3.3 V, or no longer."""
        self._stuck = _with_bit(self._stuck, circuit, short)
        self._bank.loops(self._not_before(at_us), self._whole, self._stuck)
        self._collect()

    def set_relay_stuck(self, at_us: int, relay: int, stuck: bool) -> None:
        """The pin of a relay (0 to 3) touches the coils' supply, or no longer."""
        bit: int = 1 << simwire.RELAY_GPIOS[relay]
        self._stuck = self._stuck | bit if stuck else self._stuck & ~bit
        self._bank.loops(self._not_before(at_us), self._whole, self._stuck)
        self._collect()

    def reset(self, at_us: int) -> None:
        """The chip resets or loses power: every pin falls."""
        self.settle(at_us)
        self._comparator.reset()
        self._sampled, self._flows = 0, False
        self._bank.reset(self._not_before(at_us))
        self._collect()

    def _not_before(self, at_us: int) -> int:
        # A record can be late (its writer lost the processor between stamp and write); time does not run back for it.
        self._at_us = max(self._at_us, at_us)
        return self._at_us

    def _collect(self) -> None:
        if self._bank.pins == self._levels:
            return
        for at_us, relay, level in sorted(self._changes()):
            self._levels[relay] = level
            self._trace.edge(at_us * 1000, RELAY_NAMES[relay], level)
            self._contacts.edge(at_us, relay, bool(level))

    def _changes(self) -> Iterator[tuple[int, int, int]]:
        for relay, level in enumerate(self._bank.pins):
            if level != self._levels[relay]:
                yield self._bank.changed[relay], relay, level


def _with_bit(mask: int, circuit: int, on: bool) -> int:
    bit: int = 1 << simwire.FED_GPIOS[circuit - 1]
    return mask | bit if on else mask & ~bit
