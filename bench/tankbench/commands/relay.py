"""`tankbench relay` and `reset-trip`: close a circuit for some seconds as the host would, and reset what stands."""

import argparse
from typing import Any

from tankbench import circuits
from tankbench.commands.options import add_command, add_seconds, add_yes, between
from tankbench.errors import FOUND
from tankbench.setup import Setup, load
from tankbench.talk import Talk
from tankbench.terminal import confirm, say
from tankbench.view import bits, mean_counts, value_text
from tanklink import messages, records
from tankwarden.drivers.pico.advice import reset_text

LONGEST_S = 600.0


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    parser = add_command(
        subparsers, "relay", relay, "close a circuit's relays for some seconds, by leases, under the Pico's watch",
        config=True,
    )  # fmt: skip
    parser.add_argument("circuit", metavar="CIRCUIT", type=int, choices=(1, 2), help="1 or 2")
    add_seconds(parser, 5.0, "how long it stays closed", most=LONGEST_S)
    parser.add_argument(
        "--ttl", metavar="MS", type=between(500, 5000, "ms"), default=circuits.TTL_MS,
        help=f"length of each lease: so long it outlives this program; default: {circuits.TTL_MS}",
    )  # fmt: skip
    add_yes(parser, "closing")
    reset = add_command(
        subparsers, "reset-trip", reset_trip, "reset the standing trip or fault, naming it", config=True
    )
    reset.add_argument("id", metavar="ID", type=int, help="its number, as hello and watch show it")
    add_yes(reset, "resetting")


def relay(arguments: argparse.Namespace) -> int:
    """Configure, arm, lease, release. Ctrl-C releases at once."""
    number, seconds = arguments.circuit, arguments.seconds
    setup = load(arguments.config)
    what = circuits.describe_setup(setup, number)
    with Talk(arguments.port, setup.board) as talk:
        talk.begin()
        say(what)
        confirm(f"Both relays of circuit {number} will close for {seconds:g} s, and its element gets power.",
                yes=arguments.yes, idle=talk.idle)  # fmt: skip
        try:
            circuits.arm(talk)
            shown = 0.0
            for status in circuits.hold(talk, number, seconds, round(arguments.ttl)):
                if talk.now() >= shown:
                    shown = talk.now() + 0.5
                    say(line(status, setup, number))
        except circuits.TrippedError as error:
            say(str(error))
            return FOUND
        finally:  # also at Ctrl-C
            if circuits.release(talk):
                say("released: both relays open, disarmed")
            else:
                say(f"not seen to open: the Pico opens it by itself within {arguments.ttl:g} ms; look with watch")
    return 0


def line(status: records.Status, setup: Setup, number: int) -> str:
    """How the circuit stands."""
    values = (
        f"{name} {value_text(setup, f'{name}_{number}', mean_counts(status, f'{name}_{number}'))}"
        for name in ("current", "voltage", "temperature")
    )
    circuit = messages.CIRCUIT_STATES[getattr(status, f"circuit_{number}")]
    return f"{circuit:<8} relays {bits(status.relays >> (2 * number - 2) & 3, 2)}  {'  '.join(values)}"


def reset_trip(arguments: argparse.Namespace) -> int:
    """With the configuration that can see whether its cause is gone."""
    setup = load(arguments.config)
    with Talk(arguments.port, setup.board) as talk:
        talk.begin()
        record = circuits.find_trip(talk, arguments.id, 1.5)
        trigger = messages.TRIGGERS[record.trigger] if record else ""
        say(circuits.trip_text(talk, arguments.id, 0))
        confirm(f"Before it is reset: {reset_text(trigger)} reset it.", yes=arguments.yes, idle=talk.idle)
        circuits.reset(talk, arguments.id)
    say(f"trip {arguments.id} is reset")
    return 0
