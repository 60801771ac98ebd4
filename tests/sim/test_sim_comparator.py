"""The comparator's truth is the sim process's: it pulls the fault lines at its instant, whatever the board is doing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tankwarden.sim.contacts import Contacts
from tankwarden.sim.outputs import SAMPLE_TO_PULL_US, Outputs
from tankwarden.sim.trace import Trace
from tankwarden.sim.wire import simwire

MS = 1000
CEILING = 3712
PERMIT_100_MS = (100 * MS * 125 - 1) // 4
INPUTS = 0b10111
CALM = (400, 400, 2048, 0, 876)


class Pins:
    """Outputs of a board whose relays are closed and whose comparator watches."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "trace"
        self.trace = Trace(self._file)
        self.outputs = Outputs(self.trace, Contacts(4))
        record = self.outputs.record
        record(1 * MS, simwire.PIN, simwire.FEED_GPIO, 1)
        for gpio in simwire.FED_GPIOS:
            record(1 * MS, simwire.FUNCTION, gpio, simwire.FUNCTION_PIO1)
        record(1 * MS, simwire.SAMPLES, INPUTS, 5000)
        record(1 * MS, simwire.COMPARATOR, simwire.COMPARATOR_START, CEILING)
        self.close(2 * MS)

    def close(self, at_us: int) -> None:
        for relay, gpio in enumerate(simwire.RELAY_GPIOS):
            self.outputs.record(at_us, simwire.FUNCTION, gpio, simwire.FUNCTION_PIO0)
            self.outputs.record(at_us, simwire.REARM, relay, 0)
            self.outputs.record(at_us, simwire.PERMIT, relay, PERMIT_100_MS)

    @property
    def falls(self) -> dict[str, int]:
        lines = [line.split() for line in self._file.read_text().splitlines()]
        return {name: int(at) // 1000 for at, name, level in lines if level == "0"}


@pytest.fixture
def pins(tmp_path: Path) -> Iterator[Pins]:
    pins = Pins(tmp_path)
    yield pins
    pins.trace.close()


def test_nothing_falls_below_the_ceiling(pins: Pins) -> None:
    for at_us in range(3 * MS, 50 * MS, 4 * MS):
        pins.outputs.sense(at_us, (CEILING - 1, *CALM[1:]))
    assert pins.falls == {}
    assert set(pins.outputs.levels.values()) == {1}


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_any_sampled_input_at_the_ceiling_drops_both_circuits(pins: Pins, number: int) -> None:
    inputs = list(CALM)
    inputs[number] = CEILING
    pins.outputs.sense(10 * MS, inputs)
    assert set(pins.falls.values()) == {10 * MS + SAMPLE_TO_PULL_US}
    assert len(pins.falls) == 4
    assert pins.outputs.pulls & 3 == 2


def test_an_input_that_is_not_sampled_does_not_count(pins: Pins) -> None:
    pins.outputs.sense(10 * MS, (*CALM[:3], 4095, CALM[4]))
    assert pins.falls == {}


def test_silence_pulls_13_us_after_the_last_sample(pins: Pins) -> None:
    pins.outputs.sense(10 * MS, CALM)
    pins.outputs.sense(14 * MS, ())  # from here on
    assert pins.falls == {}
    pins.outputs.sense(18 * MS, ())
    assert set(pins.falls.values()) == {14 * MS + 13}
    assert pins.outputs.pulls & 3 == 3


def test_dma_that_stops_is_silence(pins: Pins) -> None:
    pins.outputs.record(10 * MS, simwire.SAMPLES, 0, 0)
    pins.outputs.sense(12 * MS, CALM)
    assert set(pins.falls.values()) == {10 * MS + 13}
    assert len(pins.falls) == 4
    assert pins.outputs.pulls & 3 == 3


def test_a_pull_is_held_until_the_release_and_latches_the_relays(pins: Pins) -> None:
    pins.outputs.sense(10 * MS, (4000, *CALM[1:]))
    pins.outputs.sense(14 * MS, CALM)
    pins.close(15 * MS)
    assert set(pins.outputs.levels.values()) == {0}
    pins.outputs.record(16 * MS, simwire.COMPARATOR, simwire.COMPARATOR_RELEASE, 0)
    assert set(pins.outputs.levels.values()) == {0}
    pins.close(17 * MS)
    assert set(pins.outputs.levels.values()) == {1}
    assert pins.outputs.pulls & 3 == 0


def test_a_board_learns_of_a_pull_only_if_it_has_released_as_often(pins: Pins) -> None:
    pins.outputs.sense(10 * MS, (4000, *CALM[1:]))
    assert pins.outputs.pulls == 1 << 2 | 2
    pins.outputs.record(16 * MS, simwire.COMPARATOR, simwire.COMPARATOR_RELEASE, 0)
    assert pins.outputs.pulls == 2 << 2


def test_a_line_whose_pin_was_taken_away_is_not_pulled(pins: Pins) -> None:
    pins.outputs.record(9 * MS, simwire.FUNCTION, simwire.FED_GPIOS[0], simwire.FUNCTION_SIO)
    pins.outputs.sense(10 * MS, (4000, *CALM[1:]))
    assert set(pins.falls) == {"relay.2.outside", "relay.2.inside"}


def test_a_sample_of_the_processor_pulls_too(pins: Pins) -> None:
    pins.outputs.record(10 * MS, simwire.COMPARATOR, simwire.COMPARATOR_SAMPLE, 0xFFF)
    assert set(pins.falls.values()) == {10 * MS}


def test_a_reset_ends_the_watch(pins: Pins) -> None:
    pins.outputs.reset(10 * MS)
    pins.outputs.sense(11 * MS, (4000, *CALM[1:]))
    assert pins.outputs.pulls == 0
    assert pins.falls == dict.fromkeys(pins.falls, 10 * MS)
