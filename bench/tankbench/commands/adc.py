"""`tankbench adc`: raw counts and values of every channel, with their noise over some seconds."""

import argparse
from typing import Any

from rich.table import Table

from tankbench.commands.options import add_command, add_seconds
from tankbench.errors import NoAnswerError
from tankbench.noise import Noise
from tankbench.setup import Setup, find
from tankbench.talk import Talk
from tankbench.terminal import console, say
from tankbench.view import value_text
from tanklink import messages, records


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "adc", adc, "measure every channel: counts, values and noise", config=True)
    add_seconds(parser, 3.0, "how long to measure", most=3600)
    parser.add_argument("--channel", choices=messages.CHANNELS, help="only this one")


def adc(arguments: argparse.Namespace) -> int:
    """Measure, then one table."""
    setup = find(arguments.config)
    with Talk(arguments.port) as talk:
        talk.begin()
        noises = measure(talk, arguments.seconds)
    names = [arguments.channel] if arguments.channel else list(messages.CHANNELS)
    console().print(table({name: noises[name] for name in names}, setup))
    if setup is None:
        say("values need the scales of a configuration: --config FILE")
    return 0


def measure(talk: Talk, seconds: float) -> dict[str, Noise]:
    """Noise of every channel. NoAnswerError if nothing came."""
    noises = {name: Noise() for name in messages.CHANNELS}
    for record in talk.listen(seconds):
        if isinstance(record, records.Status):
            for name, noise in noises.items():
                sums = (getattr(record, f"{name}_{what}_counts") for what in ("sum", "min", "max"))
                noise.add(record.n, *sums)
    if not noises[messages.CHANNELS[0]].samples:
        raise NoAnswerError(f"{talk.path}: no readings within {seconds:g} s: measure for longer")
    return noises


def table(noises: dict[str, Noise], setup: Setup | None) -> Table:
    """Counts and values of each channel."""
    shown = Table(box=None, pad_edge=False, header_style="dim")
    shown.add_column("channel", no_wrap=True)
    for title in ("value", "± σ", "mean", "σ", "σ means", "min", "max", "n"):
        shown.add_column(title, justify="right", no_wrap=True)
    for name, noise in noises.items():
        shown.add_row(
            name, value_text(setup, name, noise.mean), _sigma_text(setup, name, noise), f"{noise.mean:.2f}",
            f"{noise.sigma:.2f}", f"{noise.drift:.2f}", str(noise.least), str(noise.most), str(noise.samples),
        )  # fmt: skip
    return shown


def _sigma_text(setup: Setup | None, channel: str, noise: Noise) -> str:
    """σ in the channel's unit, by the slope of its scale at the mean."""
    low, high = (setup.value(channel, noise.mean + half) if setup else None for half in (-0.5, 0.5))
    if low is None or high is None:
        return "–"
    return f"{abs(high - low) * noise.sigma:.3f}"
