"""The command line of tankbench: a table of commands. Each module adds its own."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from tankbench.errors import BenchError

# Modules with add_parsers(subparsers), in the order of the help.
COMMANDS = ("look", "adc", "relay", "lights", "servo", "selftest", "drill", "soak", "tape", "calibrate")
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="tankbench", description="Bring a Pico up and look at it, with no host running. Manual: docs/bench.md."
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        import_module(f"tankbench.commands.{module}").add_parsers(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. What goes wrong is one line on standard error."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        parsed = parser().parse_args(arguments)
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains at its end
        return 0
    except BenchError as error:
        print(f"tankbench: {error}", file=sys.stderr)
        return error.code
    except ModuleNotFoundError as error:
        print(f"tankbench: {error.name} is not installed: pip install 'tankwarden[bench]'", file=sys.stderr)
        return BenchError.code
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _terminate(_number: int, _frame: object) -> None:
    """As Ctrl-C: whatever is leased is released on the way out."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
