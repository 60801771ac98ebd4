"""A servo's pulses at its pin, and what the edge detectors remember of a drop sensor's, on the chip."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .feeders import FALL, FEED_US, REST_US, SERVO_PIN, error_us, idle_chip, move, prompt
from .lab.client import MS, Chip
from .lab.repl import Repl

PULSE_ERROR_US, PERIOD_NS = 0.5, 20 * MS
PERIOD_TOLERANCE_NS = 20_000  # 0.1 %: a servo measures pulses, not pauses


@pytest.fixture(scope="module")
def bare(uf2: Path) -> Iterator[tuple[Chip, Repl]]:
    """At the REPL, with the servos and the drop sensors."""
    with idle_chip(uf2) as chip:
        yield chip, prompt(chip)


def test_pulses_are_what_was_asked_for_and_end_with_the_pin_low(bare: tuple[Chip, Repl]) -> None:
    chip, repl = bare
    movement = move(chip, repl)
    assert error_us(movement) <= PULSE_ERROR_US
    widths = movement.widths
    assert len(widths) > 60, "1.5 s of pulses"
    at_rest, feeding = REST_US * 1000, FEED_US * 1000
    tolerance = PULSE_ERROR_US * 1000
    assert widths[0] == pytest.approx(at_rest, abs=tolerance)
    assert widths[-1] == pytest.approx(at_rest, abs=tolerance)
    assert sum(abs(width - feeding) <= tolerance for width in widths) >= 9  # 200 ms there
    assert sum(abs(width - at_rest) <= tolerance for width in widths) >= 30  # before and after
    assert max(movement.periods) == pytest.approx(PERIOD_NS, abs=PERIOD_TOLERANCE_NS)
    assert min(movement.periods) == pytest.approx(PERIOD_NS, abs=PERIOD_TOLERANCE_NS)
    after = len(chip.edges)
    chip.run(100 * MS)
    assert [edge for edge in chip.edges[after:] if edge.pin == SERVO_PIN] == []


def test_a_fall_between_two_looks_is_remembered_once(bare: tuple[Chip, Repl]) -> None:
    _, repl = bare
    assert repl.run(FALL).split() == ["0", "1"]
