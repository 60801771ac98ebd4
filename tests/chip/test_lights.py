"""Lights on the chip: duty and frequency at the pins, weather to the last bit, the cost of a pass with eight plans."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanklink import effects

from .lab.client import MS, Chip
from .lab.images import taken
from .lab.repl import Repl
from .lamps import HZ, LEVELS, PINS, duties, idle_chip, prompt, show
from .measures import CYCLE_NS

FREQUENCY_PPM = 50
EIGHT_PLANS_US = 800
STORM_US = 1_600  # with a cloud and lightning that drift over all eight
SAMPLES = 40
WEATHER = (
    taken("tanklink.effects.noise", "tanklink.effects.cloud", "tanklink.effects.lightning")
    + """
print([[noise(s, n, n %% 7), cloud(s, n * 1201, 60000), lightning(s, n * 79, 60000)]
       for s in (0, 1, 12345, 0x2AAAAAAA, 0x3FFFFFFF) for n in range(%d)])
"""
)


@pytest.fixture(scope="module")
def chip(uf2: Path) -> Iterator[tuple[Chip, Repl]]:
    """A chip at its prompt, with lights that have plans."""
    with idle_chip(uf2) as made:
        yield made, prompt(made)


def test_duty_and_frequency_at_the_pins(chip: tuple[Chip, Repl]) -> None:
    """Each light another level: within one count of 65535, at one frequency within 50 ppm."""
    made, repl = chip
    edges = show(made, repl, LEVELS, 5 * MS)
    for pin, level in zip(PINS, LEVELS, strict=True):
        duty, period = duties(edges, pin)
        assert abs(duty - level) <= 1, (pin, level)
        assert abs(period * HZ / 1e9 - 1) <= FREQUENCY_PPM / 1e6
        assert period % CYCLE_NS == 0


def test_dark_is_never_high_and_full_never_low(chip: tuple[Chip, Repl]) -> None:
    made, repl = chip
    assert show(made, repl, (0,) * 4 + (65_535,) * 4, 2 * MS) == []
    levels = made.levels()
    assert [levels[pin] for pin in PINS] == [0] * 4 + [1] * 4
    repl.run("lights.hold([255, bytes(16), 0, 0])")


def test_weather_is_the_hosts_to_the_last_bit(chip: tuple[Chip, Repl]) -> None:
    """Machine words wrap at 32 bits here, at 64 in the simulation, and never on the host."""
    _, repl = chip
    seeds = (0, 1, 12345, 0x2AAAAAAA, 0x3FFFFFFF)
    wanted = [
        [effects.noise(s, n, n % 7), effects.cloud(s, n * 1201, 60_000), effects.lightning(s, n * 79, 60_000)]
        for s in seeds
        for n in range(SAMPLES)
    ]
    assert json.loads(repl.run(WEATHER % SAMPLES)) == wanted


def test_a_plan_at_the_pins_is_the_plan(chip: tuple[Chip, Repl]) -> None:
    """A day into the plan, past day 13 of the uptime."""
    _, repl = chip
    got = json.loads(
        repl.run(
            "got = []\n"
            "for s in (1, 86400, 123456, 167399):\n"
            "    lights._s = s - 1\n    clock.s = s\n    clock.us = 0\n    lights.step()\n"
            "    got.append([s, lights.level(0), lights._outputs[7].duty_u16()])\n"
            "clock.s = lights._s = 100\nprint(got)"
        )
    )
    for s, level, duty in got:
        k, rest = divmod(100 * s, 540_000)
        low, high = k * 9973 & 65535, (k + 1) * 9973 & 65535
        assert abs(level - (low + (high - low) * rest / 540_000)) <= 1, (s, level)
        assert abs(duty - level) <= 1


def test_what_a_pass_costs(chip: tuple[Chip, Repl]) -> None:
    _, repl = chip
    assert int(repl.run("print(cost(50))")) <= EIGHT_PLANS_US
    repl.run("lights.take_effect([1, 1, 255, clock.s, 0, 14000000, 60000, 100, 5])")
    repl.run("lights.take_effect([2, 0, 255, clock.s, 0, 14000000, 60000, 10, 5])")
    assert int(repl.run("print(cost(50))")) <= STORM_US
