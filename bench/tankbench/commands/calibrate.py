"""`tankbench calibrate`: a channel against a meter, reading by reading, into a [[scale]] of the configuration."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from tankbench.commands.adc import measure
from tankbench.commands.options import add_command, add_seconds, add_yes
from tankbench.scalefile import write_scale
from tankbench.scaling import Fit, Reading, fit, is_linear
from tankbench.setup import unit_of
from tankbench.talk import Talk
from tankbench.terminal import confirm, console, read_number, say
from tanklink import messages

UNSTEADY_COUNTS = 8.0  # σ of means: the value moved while it was measured


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "calibrate", calibrate, "compare a channel with a meter, and write its [[scale]]")
    parser.add_argument("channel", metavar="CHANNEL", choices=messages.CHANNELS, help=", ".join(messages.CHANNELS))
    parser.add_argument(
        "--out", metavar="FILE", type=Path, default=Path("scales.toml"),
        help="TOML file to write the scale into, such as the host's configuration; default: scales.toml",
    )  # fmt: skip
    add_seconds(parser, 2.0, "how long each reading is averaged", most=600)
    add_yes(parser, "writing")


def calibrate(arguments: argparse.Namespace) -> int:
    """Ask, measure, show how well it fits, write."""
    channel, unit = arguments.channel, unit_of(arguments.channel)
    say(
        f"Bring {channel} to a steady value, and type what the meter shows, in {unit}; an empty line ends.\n"
        + ("Two readings are needed, more make a better line." if is_linear(channel) else "Two to eight readings.")
        + " Far apart is better than many."
    )
    with Talk(arguments.port) as talk:
        talk.begin()
        readings = _readings(talk, channel, unit, arguments.seconds)
    found = fit(channel, readings)
    console().print(table(found, unit))
    confirm(f"[[scale]] of {channel}, points {[list(p) for p in found.points]}, goes into {arguments.out}",
            yes=arguments.yes)  # fmt: skip
    note = f"against a meter, {datetime.now(UTC).date()}"
    existed = write_scale(arguments.out, channel, found.points, note)
    say(f"{'updated' if existed else 'made'} {arguments.out}: restart the host to use it")
    return 0


def _readings(talk: Talk, channel: str, unit: str, seconds: float) -> list[Reading]:
    """Until an empty line."""
    readings: list[Reading] = []
    while True:
        meter = read_number(f"reading {len(readings) + 1}, meter [{unit}]: ", unit=unit, idle=talk.idle)
        if meter is None:
            return readings
        noise = measure(talk, seconds)[channel]
        if noise.drift > UNSTEADY_COUNTS:
            say(
                f"  it moves: {noise.drift:.1f} counts from mean to mean: let it come to rest, and read the meter again"
            )
            continue
        readings.append((noise.mean, meter))
        say(f"  {noise.mean:.2f} counts, σ {noise.sigma:.2f}, of {noise.samples} samples")


def table(found: Fit, unit: str) -> Table:
    """How well the scale fits its readings."""
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("counts", f"meter {unit}", f"scale {unit}", "off by"):
        shown.add_column(title, justify="right")
    for (counts, meter), off in found.residuals:
        shown.add_row(f"{counts:.2f}", f"{meter:g}", f"{meter + off:.3f}", f"{off:+.3f}")
    return shown
