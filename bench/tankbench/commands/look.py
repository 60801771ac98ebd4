"""`tankbench ports, hello, watch`: who is there, and what it measures. Nothing is told to the board."""

import argparse
import sys
from typing import Any

from rich.live import Live

from tankbench import view
from tankbench.commands.options import add_command, add_seconds
from tankbench.errors import LostError, NoAnswerError, PortError
from tankbench.setup import Setup, find
from tankbench.talk import Talk
from tankbench.terminal import console, say, unbroken
from tanklink import messages, records
from tankwarden.drivers.pico.holder import holder
from tankwarden.drivers.pico.ports import pico_ports

BACK_S = 60.0  # so long an unplugged Pico is waited for
REFRESH_HZ = 5


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    add_command(subparsers, "ports", ports, "list the Picos plugged in, and who holds their ports", port=False)
    add_command(subparsers, "hello", hello, "open a session and print who answers")
    watching = add_command(subparsers, "watch", watch, "show what the board measures, live", config=True)
    add_seconds(watching, None, "stop after so many seconds; default: at Ctrl-C")


def ports(_: argparse.Namespace) -> int:
    """A line a Pico."""
    found = pico_ports()
    for path in found:
        who = holder(path)
        say(f"{path}  {'held by ' + who if who else 'free'}")
    if not found:
        say("no Raspberry Pi Pico is plugged in (USB 2e8a:0005)")
    return 0


def hello(arguments: argparse.Namespace) -> int:
    """Who answers."""
    with Talk(arguments.port) as talk:
        say(describe(talk.begin()))
    return 0


def describe(welcome: records.Welcome) -> str:
    """A WELCOME for people."""
    uptime = welcome.uptime_s + welcome.uptime_ms_part / 1000
    return (
        f"board    {welcome.board_id.hex()}\nprogram  {welcome.version} ({welcome.firmware.hex()})\n"
        f"messages {welcome.digest.hex()}\n"
        f"boot     {welcome.boot_id} ({messages.RESET_CAUSES[welcome.reset_cause]}), up {uptime:.3f} s\n"
        f"state    {messages.BOARD_STATES[welcome.state]}"
        + (f", standing trip {welcome.trip_id}" if welcome.trip_id else "")
    )


def watch(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C or --seconds. A board that goes away is waited for."""
    setup = find(arguments.config)
    with Talk(arguments.port) as talk:
        talk.begin()
        try:
            if sys.stdout.isatty():
                _live(talk, setup, arguments.seconds)
            else:
                _lines(talk, arguments.seconds)
        except KeyboardInterrupt:
            say(f"{sum(talk.reader.counts[1:])} damaged frames")
    return 0


def _lines(talk: Talk, seconds: float | None) -> None:
    say(view.heading())
    for status in _statuses(talk, seconds, say):
        say(view.row(status))


def _live(talk: Talk, setup: Setup | None, seconds: float | None) -> None:
    notes = "Ctrl-C ends" if setup else "Ctrl-C ends; values need --config FILE"
    live = Live(console=console(), refresh_per_second=REFRESH_HZ)

    def tell(text: str) -> None:
        with unbroken():
            live.console.print(text)

    try:
        with unbroken():
            live.start()
        for status in _statuses(talk, seconds, tell):
            with unbroken():
                live.update(view.board(status, setup, f"{notes}; {sum(talk.reader.counts[1:])} damaged frames"))
    finally:
        with unbroken():
            live.stop()


def _statuses(talk: Talk, seconds: float | None, tell: Any) -> Any:
    """Every STATUS; through cuts of the line, which are told."""
    end = None if seconds is None else talk.now() + seconds
    while end is None or talk.now() < end:
        try:
            for record in talk.listen(None if end is None else end - talk.now()):
                if isinstance(record, records.Status):
                    yield record
        except LostError as error:
            tell(f"{error}; waiting for it to come back")
            try:
                talk.restore(BACK_S if end is None else max(0.1, end - talk.now()))
            except (PortError, NoAnswerError):
                if end is None:
                    raise
                return
            tell("it is back")
