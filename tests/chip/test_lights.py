"""Lights on the chip: duty and frequency at the pins, weather to the last bit, the cost of a pass with eight plans."""

import importlib.util
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tanklink import effects
from tankwarden.resources import mcu_dir

from .lab.client import MS, Chip, Edge, S
from .lab.images import Image
from .lab.repl import Repl
from .measures import CYCLE_NS

LEVELS = (1, 2, 777, 21_845, 32_768, 50_000, 65_533, 65_534)
FREQUENCY_PPM = 50
EIGHT_PLANS_US = 800
STORM_US = 1_600  # with a cloud and lightning that drift over all eight
SAMPLES = 40


def board() -> Any:
    """mcu/board.py."""
    spec = importlib.util.spec_from_file_location("board_of_the_chip", mcu_dir() / "board.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PINS: tuple[int, ...] = board().LIGHT_PINS
HZ: int = board().LIGHT_HZ
# Lights as build.py makes them, and eight plans of 32 knots over 46 hours.
SETUP = """
import board, machine
from time import ticks_us
from clock import Clock
from lights import Lights
from tanklink.crc import crc32
clock = Clock(0)
lights = Lights(clock, [machine.PWM(pin, board.LIGHT_HZ, duty_u16=0) for pin in board.LIGHT_PINS])
lights.configure_all([600000])
knots = bytearray(192)
for i in range(32):
    knots[6 * i : 6 * i + 6] = (i * 540000).to_bytes(4, "little") + ((i * 9973) & 65535).to_bytes(2, "little")
crc = crc32(knots, 192).to_bytes(4, "little")
now = 0
def cost(n):
    global now
    worst = 0
    for i in range(n):
        now += 10000
        clock.advance(now)
        began = ticks_us()
        lights.step()
        worst = max(worst, ticks_us() - began)
    return worst
for n in range(1, 9):
    lights.configure([n, 65535, 1000000, 0, 1000])
    lights.gather([n, n, 0, 32, knots])
    lights.start([n, n, 32, crc, 0, 0])
cost(20)
"""
WEATHER = """
from tanklink import effects
print([[effects.noise(s, n, n %% 7), effects.cloud(s, n * 1201, 60000), effects.lightning(s, n * 79, 60000)]
       for s in (0, 1, 12345, 0x2AAAAAAA, 0x3FFFFFFF) for n in range(%d)])
"""


@pytest.fixture(scope="module")
def chip(uf2: Path) -> Iterator[tuple[Chip, Repl]]:
    """A chip at its prompt, with the program's files on it."""
    with Chip(Image(uf2, extra={"main.py": b"", "boot.py": b""}), watch=PINS) as made:
        repl = Repl(made)
        repl.enter()
        repl.run(SETUP, 60 * S)
        yield made, repl


def pulses(edges: list[Edge], pin: int) -> tuple[set[int], set[int]]:
    """Lengths of a pin's pulses and of its periods, in ns."""
    own = [edge for edge in edges if edge.pin == pin]
    highs = {b.ns - a.ns for a, b in pairwise(own) if a.level and not b.level}
    rises = [edge.ns for edge in own if edge.level]
    return highs, {b - a for a, b in pairwise(rises)}


def test_duty_and_frequency_at_the_pins(chip: tuple[Chip, Repl]) -> None:
    """Each light another level by LEVELS: within one count of 65535, at one frequency within 50 ppm."""
    made, repl = chip
    data = b"".join(level.to_bytes(2, "little") for level in LEVELS)
    repl.run(f"lights.hold([255, {data!r}, clock.s + 30, 0]); cost(20)")
    made.run(3 * MS)
    at = made.ns
    made.run(5 * MS)
    edges = [edge for edge in made.edges if edge.ns > at]
    for pin, level in zip(PINS, LEVELS, strict=True):
        highs, periods = pulses(edges, pin)
        assert len(highs) == len(periods) == 1, (pin, highs, periods)
        period = periods.pop()
        assert abs(period - 1e9 / HZ) / (1e9 / HZ) <= FREQUENCY_PPM / 1e6
        assert period % CYCLE_NS == 0
        assert abs(highs.pop() / period * 65_535 - level) <= 1, (pin, level)
    repl.run(f"lights.hold([255, {bytes(8) + bytes([255]) * 8!r}, clock.s + 30, 0]); cost(20)")
    made.run(MS)
    at = made.ns
    made.run(2 * MS)
    assert [edge for edge in made.edges if edge.ns > at] == []  # 0 is never high, 65535 never low
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
