"""`tankbench servo`: move a feeder's servo out and back once, which counts as no feeding."""

import argparse
from typing import Any

from tankbench.commands.options import add_command, add_yes, between
from tankbench.talk import Talk
from tankbench.terminal import confirm, say
from tanklink import messages, records

RELEASED_S = 0.5  # it is held at rest so long before it is let go


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "servo", servo, "move a feeder's servo out and back once; counts as no feeding")
    feeders = range(1, messages.N_FEEDERS + 1)
    parser.add_argument("feeder", metavar="FEEDER", type=int, choices=feeders, help="1 or 2")
    pulse = between(500, 2500, "µs")
    for name, default, text in (("rest", 1000, "pulse at rest"), ("feed", 2000, "pulse where it feeds")):
        parser.add_argument(f"--{name}", metavar="US", type=pulse, default=default, help=f"{text}; default: {default}")
    parser.add_argument("--rotate", metavar="MS", type=between(100, 10_000, "ms"), default=800,
                        help="from one to the other; default: 800")  # fmt: skip
    parser.add_argument("--hold", metavar="MS", type=between(0, 10_000, "ms"), default=300,
                        help="it stays where it feeds; default: 300")  # fmt: skip
    add_yes(parser, "moving")


def servo(arguments: argparse.Namespace) -> int:
    """TEST_SERVO. Once it has begun nothing stops it: it goes back to rest by itself, as a feeding does."""
    rest, feed, rotate, hold = (round(getattr(arguments, name)) for name in ("rest", "feed", "rotate", "hold"))
    with Talk(arguments.port) as talk:
        talk.begin()
        confirm(
            f"Servo {arguments.feeder} will move from {rest} to {feed} µs and back; what is in its feeder may fall.",
            yes=arguments.yes, idle=talk.idle,
        )  # fmt: skip
        talk.ask(records.TestServo(arguments.feeder, rest, feed, rotate, hold))
        took_s = (2 * rotate + hold) / 1000 + RELEASED_S
        say(f"moving for {took_s:g} s")
        try:
            for _ in talk.listen(took_s):
                pass
        except KeyboardInterrupt:
            say("it moves on without this program, and comes to rest by itself")
            raise
    say(f"servo {arguments.feeder} is at rest, released")
    return 0
