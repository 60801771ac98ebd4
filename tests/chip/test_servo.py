"""A servo's pulses at its pin, and what the edge detectors remember of a drop sensor's, on the chip."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from .lab.client import MS, WATCHED, Chip, S
from .lab.images import idle_image, taken
from .lab.repl import Repl

SERVO_PIN, DROP_PIN = 22, 20
REST_US, FEED_US = 600, 2400
PULSE_TOLERANCE_NS, PERIOD_NS = 500, 20 * MS
PERIOD_TOLERANCE_NS = 20_000  # 0.1 %: a servo measures pulses, not pauses
_SETUP = (
    "import time\nfrom machine import Pin\n"
    + taken("clock.Clock", "servo.Servos", "drops.Drops")
    + "c = Clock(time.ticks_us())\ns = Servos(c)\nd = Drops(c)\n"
)
_MOVE = (
    f"c.advance(time.ticks_us())\ns.start(1, {REST_US}, {FEED_US}, 200, 200, 1)\n"
    "while s.phase:\n    time.sleep_ms(5)\n    c.advance(time.ticks_us())\n    s.step()\n"
)
_FALL = (
    f"p = Pin({DROP_PIN}, Pin.OUT, value=1)\nd.watch(1)\nd.look()\nprint(d.n)\n"
    "p.value(0)\np.value(1)\nd.look()\nd.look()\nprint(d.n)\n"
)


@pytest.fixture(scope="module")
def bare(uf2: Path) -> Iterator[tuple[Chip, Repl]]:
    """At the REPL, with the servos and the drop sensors."""
    with Chip(idle_image(uf2, _SETUP, _MOVE, _FALL), watch=(*WATCHED, SERVO_PIN)) as chip:
        repl = Repl(chip)
        repl.enter()
        repl.run(_SETUP)
        yield chip, repl


def test_pulses_are_what_was_asked_for_and_end_with_the_pin_low(bare: tuple[Chip, Repl]) -> None:
    chip, repl = bare
    since = chip.ns
    repl.run(_MOVE, 5 * S)
    edges = [edge for edge in chip.edges if edge.pin == SERVO_PIN and edge.ns >= since]
    rises, falls = edges[0::2], edges[1::2]
    assert [edge.level for edge in rises] == [1] * len(rises)
    assert [edge.level for edge in falls] == [0] * len(falls)
    widths = [fell.ns - rose.ns for rose, fell in zip(rises, falls, strict=True)]
    assert len(widths) > 60, "1.5 s of pulses"
    at_rest, feeding = REST_US * 1000, FEED_US * 1000
    assert all(at_rest - PULSE_TOLERANCE_NS <= width <= feeding + PULSE_TOLERANCE_NS for width in widths)
    for place, us in ((0, at_rest), (len(widths) - 1, at_rest)):
        assert widths[place] == pytest.approx(us, abs=PULSE_TOLERANCE_NS)
    assert sum(abs(width - feeding) <= PULSE_TOLERANCE_NS for width in widths) >= 9  # 200 ms there
    assert sum(abs(width - at_rest) <= PULSE_TOLERANCE_NS for width in widths) >= 30  # before and after
    periods = [second.ns - first.ns for first, second in pairwise(rises)]
    assert max(periods) == pytest.approx(PERIOD_NS, abs=PERIOD_TOLERANCE_NS)
    assert min(periods) == pytest.approx(PERIOD_NS, abs=PERIOD_TOLERANCE_NS)
    after = len(chip.edges)
    chip.run(100 * MS)
    assert [edge for edge in chip.edges[after:] if edge.pin == SERVO_PIN] == []


def test_a_fall_between_two_looks_is_remembered_once(bare: tuple[Chip, Repl]) -> None:
    _, repl = bare
    assert repl.run(_FALL).split() == ["0", "1"]
