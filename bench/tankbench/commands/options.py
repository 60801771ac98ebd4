"""Options that several commands share, spelled alike everywhere."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONFIG_HELP = "the host's configuration file; default: tankwarden.toml in this folder"


def add_command(
    subparsers: Any, name: str, run: Callable[[argparse.Namespace], int], help: str,  # noqa: A002 - argparse's own
    *, port: bool = True, config: bool = False,
) -> argparse.ArgumentParser:  # fmt: skip
    """A command of its own, with the options named."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=help, description=help[0].upper() + help[1:] + "."
    )
    parser.set_defaults(run=run)
    if port:
        parser.add_argument(
            "--port", metavar="PATH", default="auto", help="serial port; default: the one Pico there is"
        )
    if config:
        parser.add_argument("--config", metavar="FILE", type=Path, help=CONFIG_HELP)
    return parser


def add_seconds(parser: argparse.ArgumentParser, default: float | None, help: str, most: float = 86_400) -> None:  # noqa: A002
    """--seconds, bounded."""
    text = help if default is None else f"{help}; default: {default:g}"
    parser.add_argument("--seconds", metavar="S", type=between(0.1, most, "s"), default=default, help=text)


def add_yes(parser: argparse.ArgumentParser, what: str) -> None:
    """--yes, for scripts."""
    parser.add_argument("--yes", action="store_true", help=f"do not ask before {what}")


def between(low: float, high: float, unit: str) -> Callable[[str], float]:
    """An argparse type: a number within bounds."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text} is not {low:g} to {high:g} {unit}")
        return number

    return parse
