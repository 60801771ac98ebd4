"""Lights on the emulated chip, without the rest of the program, for tests and for tools/benchmarks/chip."""

import binascii
import importlib.util
from itertools import pairwise
from pathlib import Path
from typing import Any

from tankwarden.resources import mcu_dir

from .lab.client import MS, Chip, Edge, S
from .lab.images import idle_image, taken
from .lab.repl import Repl

LEVELS = (1, 2, 777, 21_845, 32_768, 50_000, 65_533, 65_534)


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
KNOTS = b"".join((i * 540_000).to_bytes(4, "little") + (i * 9973 & 65_535).to_bytes(2, "little") for i in range(32))
SETUP = (
    taken("board", "clock.Clock", "lights.Lights")
    + f"""
import machine
from time import ticks_us
knots = {KNOTS!r}
crc = {binascii.crc32(KNOTS).to_bytes(4, "little")!r}
"""
    + """
clock = Clock(0)
lights = Lights(clock, [machine.PWM(pin, board.LIGHT_HZ, duty_u16=0) for pin in board.LIGHT_PINS])
lights.configure_all([600000])
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
)
# What tests ask of them besides.
ASKED = "lights.hold lights.take_effect lights._s lights._outputs lights.level clock.s clock.us noise cloud lightning"


def pulses(edges: list[Edge], pin: int) -> tuple[set[int], set[int]]:
    """Lengths of a pin's pulses and of its periods, in ns."""
    own = [edge for edge in edges if edge.pin == pin]
    highs = {b.ns - a.ns for a, b in pairwise(own) if a.level and not b.level}
    rises = [edge.ns for edge in own if edge.level]
    return highs, {b - a for a, b in pairwise(rises)}


def idle_chip(uf2: Path) -> Chip:
    """With the program's files, none of which starts; the lights' pins are watched."""
    return Chip(idle_image(uf2, SETUP, ASKED), watch=PINS)


def prompt(chip: Chip) -> Repl:
    """With lights and their plans."""
    repl = Repl(chip)
    repl.enter()
    repl.run(SETUP, 60 * S)
    return repl


def show(chip: Chip, repl: Repl, levels: tuple[int, ...], ns: int) -> list[Edge]:
    """Set a level for each light by LEVELS; every edge within so many ns after it shows."""
    data = b"".join(level.to_bytes(2, "little") for level in levels)
    repl.run(f"lights.hold([255, {data!r}, clock.s + 30, 0]); cost(20)")
    chip.run(3 * MS)
    at = chip.ns
    chip.run(ns)
    return [edge for edge in chip.edges if edge.ns > at]


def duties(edges: list[Edge], pin: int) -> tuple[float, int]:
    """Duty of 65535 and period in ns of a pin whose pulses are all the same."""
    highs, periods = pulses(edges, pin)
    assert len(highs) == len(periods) == 1, (pin, highs, periods)
    period = periods.pop()
    return highs.pop() / period * 65_535, period


def pwm_error_counts(uf2: Path) -> float:
    """The greatest error of a duty at its pin, in counts of 65535."""
    with idle_chip(uf2) as chip:
        edges = show(chip, prompt(chip), LEVELS, 5 * MS)
        return max(abs(duties(edges, pin)[0] - level) for pin, level in zip(PINS, LEVELS, strict=True))
