"""The true pins: edges at the exact instants at which permits end, lines fall and chips reset, come what may late."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tankwarden.sim.contacts import Contacts
from tankwarden.sim.outputs import Outputs
from tankwarden.sim.trace import RELAY_NAMES, Trace
from tankwarden.sim.wire import simwire

MS = 1000
PERMIT_MS = 100
WORD = (PERMIT_MS * 1000 * 125 - 1) // 4
ENDS_US = (4 * WORD + 1) // 125  # after it was put


class Pins:
    """Outputs with a trace in a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "trace"
        self.trace = Trace(self._file)
        self.outputs = Outputs(self.trace, Contacts(4))

    def arm(self, at_us: int) -> None:
        self.outputs.record(at_us, simwire.PIN, simwire.FEED_GPIO, 1)
        for relay, gpio in enumerate(simwire.RELAY_GPIOS):
            self.outputs.record(at_us, simwire.FUNCTION, gpio, simwire.FUNCTION_PIO0)
            self.outputs.record(at_us, simwire.REARM, relay, 0)

    def permit(self, at_us: int, word: int = WORD, relays: range = range(4)) -> None:
        for relay in relays:
            self.outputs.record(at_us, simwire.PERMIT, relay, word)

    @property
    def edges(self) -> list[tuple[int, str, int]]:
        lines = [line.split() for line in self._file.read_text().splitlines()]
        return [(int(at), name, int(level)) for at, name, level in lines]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Pins]:
    pins = Pins(tmp_path)
    yield pins
    pins.trace.close()


@pytest.fixture
def pins(fresh: Pins) -> Pins:
    fresh.arm(1 * MS)
    return fresh


def all_at(at_us: int, level: int, names: tuple[str, ...] = RELAY_NAMES) -> list[tuple[int, str, int]]:
    return [(at_us * 1000, name, level) for name in names]


def test_nothing_rises_without_a_permit_and_none_without_arming(fresh: Pins) -> None:
    fresh.permit(5 * MS)
    fresh.arm(10 * MS)
    fresh.outputs.settle(500 * MS)
    assert fresh.edges == []


def test_a_permit_without_renewal_ends_at_its_exact_instant_however_late_anyone_looks(pins: Pins) -> None:
    pins.permit(10 * MS)
    pins.permit(70 * MS)
    pins.outputs.settle(10_000 * MS)
    assert pins.edges == all_at(10 * MS, 1) + all_at(70 * MS + ENDS_US, 0)
    assert set(pins.outputs.levels.values()) == {0}


def test_a_permit_of_zero_drops_at_once_and_a_latched_relay_stays_low(pins: Pins) -> None:
    pins.permit(10 * MS)
    pins.permit(30 * MS, 0)
    pins.permit(40 * MS)
    pins.outputs.settle(45 * MS)
    assert pins.edges == all_at(10 * MS, 1) + all_at(30 * MS, 0)


def test_a_fault_line_drops_its_own_circuit_only(pins: Pins) -> None:
    pins.permit(10 * MS)
    pins.outputs.set_loop(20 * MS, 2, False)
    assert pins.edges[4:] == all_at(20 * MS, 0, RELAY_NAMES[2:])
    pins.outputs.set_loop(30 * MS, 2, True)
    pins.permit(40 * MS)
    pins.outputs.settle(50 * MS)
    assert len(pins.edges) == 6, "mending the line must not close what it opened"


def test_a_line_shorted_to_its_supply_neither_falls_with_its_loop_nor_with_its_feed(pins: Pins) -> None:
    pins.permit(10 * MS)
    pins.outputs.set_line_short(20 * MS, 1, True)
    assert pins.outputs.stuck == 1 << simwire.FED_GPIOS[0]
    pins.outputs.set_loop(25 * MS, 1, False)
    pins.outputs.record(30 * MS, simwire.PIN, simwire.FEED_GPIO, 0)
    assert pins.edges[4:] == all_at(30 * MS, 0, RELAY_NAMES[2:])
    pins.outputs.set_line_short(40 * MS, 1, False)
    assert pins.outputs.stuck == 0
    assert pins.edges[6:] == all_at(40 * MS, 0, RELAY_NAMES[:2])


def test_a_reset_drops_everything_and_dates_what_had_ended_before(pins: Pins) -> None:
    pins.permit(10 * MS, relays=range(2))
    pins.permit(60 * MS, relays=range(2, 4))
    pins.outputs.reset(130 * MS)
    assert pins.edges[4:] == all_at(10 * MS + ENDS_US, 0, RELAY_NAMES[:2]) + all_at(130 * MS, 0, RELAY_NAMES[2:])


def test_a_pin_taken_over_as_plain_low_output_falls_then(pins: Pins) -> None:
    pins.permit(10 * MS)
    pins.outputs.record(20 * MS, simwire.FUNCTION, simwire.RELAY_GPIOS[0], simwire.FUNCTION_SIO)
    assert pins.edges[4:] == all_at(20 * MS, 0, RELAY_NAMES[:1])


def test_a_record_that_comes_late_does_not_turn_time_back(pins: Pins) -> None:
    pins.permit(10 * MS)
    pins.outputs.settle(300 * MS)
    pins.outputs.record(50 * MS, simwire.REARM, 0, 0)
    pins.outputs.record(60 * MS, simwire.PERMIT, 0, WORD)
    pins.outputs.settle(900 * MS)
    by_name = [at for at, name, _ in pins.edges if name == RELAY_NAMES[0]]
    assert by_name == sorted(by_name)
    assert by_name[-2:] == [300_000_000, 300_000_000 + ENDS_US * 1000]


def test_loops_and_latches_are_told_to_the_board(pins: Pins) -> None:
    both = sum(1 << gpio for gpio in simwire.FED_GPIOS)
    assert pins.outputs.whole == both
    pins.permit(10 * MS)
    assert pins.outputs.truth & 0b1111 == 0
    pins.outputs.set_loop(20 * MS, 1, False)
    assert pins.outputs.whole == both & ~(1 << simwire.FED_GPIOS[0])
    assert pins.outputs.truth & 0b1111 == 0b0011
