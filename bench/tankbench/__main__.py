"""The command line of tankbench: a table of commands, each a function of the arguments."""

import argparse
import os
import sys
import time
from collections.abc import Callable

from tankbench.errors import BenchError, PortError
from tankbench.line import Line, picos
from tanklink import messages, records

SILENT_S = 2.0


def ports(_: argparse.Namespace) -> None:
    """List the Picos plugged in."""
    found = picos()
    print("\n".join(found) if found else "no Raspberry Pi Pico is plugged in (USB 2e8a:0005)")


def hello(arguments: argparse.Namespace) -> None:
    """Open a session and print who answers."""
    line = _open(arguments)
    try:
        welcome = line.hello()
    finally:
        line.close()
    uptime = welcome.uptime_s + welcome.uptime_ms_part / 1000
    print(
        f"board    {welcome.board_id.hex()}\nprogram  {welcome.version} ({welcome.firmware.hex()})\n"
        f"messages {welcome.digest.hex()}\n"
        f"boot     {welcome.boot_id} ({messages.RESET_CAUSES[welcome.reset_cause]}), up {uptime:.3f} s\n"
        f"state    {messages.BOARD_STATES[welcome.state]}"
        + (f", standing trip {welcome.trip_id}" if welcome.trip_id else "")
    )


def watch(arguments: argparse.Namespace) -> None:
    """Print the STATUS as it comes, raw counts as means, until Ctrl-C or --seconds."""
    line = _open(arguments)
    try:
        line.hello()
        heard = time.monotonic()
        print("uptime/s  state     relays  " + "  ".join(f"{name:>13}" for name in messages.CHANNELS))
        for record in line.listen(arguments.seconds):
            if isinstance(record, records.Status):
                print(_status_row(record), flush=True)
            if record is not None:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENT_S:
                print(f"nothing for {SILENT_S:g} s: cable or power?", flush=True)
                heard = time.monotonic()
    except KeyboardInterrupt:
        print(f"\n{line.damaged} damaged frames")
    finally:
        line.close()


def _status_row(status: records.Status) -> str:
    n = max(status.n, 1)
    means = [getattr(status, f"{name}_sum_counts") / n for name in messages.CHANNELS]
    return (
        f"{status.uptime_s:>4}.{status.uptime_ms_part:03}  {messages.BOARD_STATES[status.state]:<8}  "
        f"{status.relays:04b}    " + "  ".join(f"{mean:>13.1f}" for mean in means)
    )


def _open(arguments: argparse.Namespace) -> Line:
    if arguments.port:
        return Line(arguments.port)
    found = picos()
    if len(found) != 1:
        what = "no Pico is plugged in" if not found else f"{len(found)} Picos are plugged in: {', '.join(found)}"
        raise PortError(f"{what}; name the port with --port")
    return Line(found[0])


COMMANDS: tuple[Callable[[argparse.Namespace], None], ...] = (ports, hello, watch)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="tankbench", description="Bring a Pico up and look at it, with no host running.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.__name__, help=(command.__doc__ or "").rstrip("."), description=command.__doc__
        )
        sub.set_defaults(run=command)
        if command is not ports:
            sub.add_argument("--port", metavar="PATH", help="serial port (default: the one Pico plugged in)")
        if command is watch:
            sub.add_argument("--seconds", type=float, metavar="S", help="stop after this many seconds")
    return top


def main() -> int:
    """Exit code 0, or 2 with one line on standard error."""
    arguments = parser().parse_args()
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains at its end
    except BenchError as error:
        print(f"tankbench: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
