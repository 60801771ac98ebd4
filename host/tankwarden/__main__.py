"""The command line: a table of commands. Each module adds its own; what a command needs is imported when it runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from tankwarden.errors import TankwardenError

# Modules with add_parsers(subparsers), in the order of the help.
COMMANDS = (
    "tankwarden.cli.run",
    "tankwarden.cli.command",
    "tankwarden.cli.feed",
    "tankwarden.cli.foods",
    "tankwarden.cli.store",
    "tankwarden.cli.flash",
    "tankwarden.cli.calibrate",
    "tankwarden.cli.table",
    "tankwarden.demo.cli",
    "tankwarden.sim.cli",
)
REFUSED = 2  # exit code: nothing was begun, and the message says what to do


class _Version(argparse.Action):
    """As argparse's own, but the version is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from tankwarden.version import version

        print(f"tankwarden {version()}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="tankwarden", description="One controller for a home's water.")
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        import_module(module).add_parsers(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. What Tankwarden refuses is one line on standard error, and exit code 2."""
    parsed = parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains at its end
        return 0
    except TankwardenError as error:
        print(f"tankwarden: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
