"""A feeder's servo on the emulated chip, without the rest of the program, for tests and for tools/benchmarks/chip."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from .lab.client import WATCHED, Chip, S
from .lab.images import idle_image, taken
from .lab.repl import Repl

SERVO_PIN, DROP_PIN = 22, 20
REST_US, FEED_US = 600, 2400
STEADY_MS = 200  # there, and so long each way
SETUP = (
    "import time\nfrom machine import Pin\n"
    + taken("clock.Clock", "servo.Servos", "drops.Drops")
    + "c = Clock(time.ticks_us())\ns = Servos(c)\nd = Drops(c)\n"
)
MOVE = (
    f"c.advance(time.ticks_us())\ns.start(1, {REST_US}, {FEED_US}, {STEADY_MS}, {STEADY_MS}, 1)\n"
    "while s.phase:\n    time.sleep_ms(5)\n    c.advance(time.ticks_us())\n    s.step()\n"
)
FALL = (
    f"p = Pin({DROP_PIN}, Pin.OUT, value=1)\nd.watch(1)\nd.look()\nprint(d.n)\n"
    "p.value(0)\np.value(1)\nd.look()\nd.look()\nprint(d.n)\n"
)


@dataclass(frozen=True)
class Movement:
    """The pulses of one movement, in ns: their widths, and from each rise to the next."""

    widths: list[int]
    periods: list[int]


def idle_chip(uf2: Path) -> Chip:
    """With the program's files, none of which starts; the servo's pin is watched."""
    return Chip(idle_image(uf2, SETUP, MOVE, FALL), watch=(*WATCHED, SERVO_PIN))


def prompt(chip: Chip) -> Repl:
    """With the servos and the drop sensors."""
    repl = Repl(chip)
    repl.enter()
    repl.run(SETUP)
    return repl


def move(chip: Chip, repl: Repl) -> Movement:
    """Out, a while there, and back."""
    since = chip.ns
    repl.run(MOVE, 5 * S)
    edges = [edge for edge in chip.edges if edge.pin == SERVO_PIN and edge.ns >= since]
    rises, falls = edges[0::2], edges[1::2]
    assert all(edge.level for edge in rises)
    assert not any(edge.level for edge in falls)
    widths = [fell.ns - rose.ns for rose, fell in zip(rises, falls, strict=True)]
    return Movement(widths, [second.ns - first.ns for first, second in pairwise(rises)])


def error_us(movement: Movement) -> float:
    """The greatest error of a width: at rest and where it feeds of what was asked for, between them of a whole µs."""
    ends = (REST_US * 1000, FEED_US * 1000)
    assert all(ends[0] - 1000 <= width <= ends[1] + 1000 for width in movement.widths)
    wanted = [min((*ends, round(width, -3)), key=lambda ns: abs(ns - width)) for width in movement.widths]
    return max(abs(width - ns) for width, ns in zip(movement.widths, wanted, strict=True)) / 1000


def servo_error_us(uf2: Path) -> float:
    """Of every pulse of a movement."""
    with idle_chip(uf2) as chip:
        return error_us(move(chip, prompt(chip)))
