"""`tankbench record, replay`: keep everything that passes on the line, and look at it again, or play it as a board."""

import argparse
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tankbench.commands.options import add_command, add_seconds, between
from tankbench.errors import BenchError, LostError
from tankbench.player import Player, play
from tankbench.talk import Talk
from tankbench.tape import Tape, Writer, summary
from tankbench.terminal import say
from tanklink import messages
from tanklink.frames import REASONS

BACK_S = 60.0


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    recording = add_command(subparsers, "record", record, "write every message of the line into a file")
    recording.add_argument("file", metavar="FILE", type=Path, help="to be made: JSON lines")
    add_seconds(recording, None, "stop after so many seconds; default: at Ctrl-C")
    replaying = add_command(
        subparsers, "replay", replay, "print a recording as a table, or play it as if it were a board", port=False
    )
    replaying.add_argument("file", metavar="FILE", type=Path, help="that record has written")
    replaying.add_argument("--message", metavar="NAME", choices=[m.name for m in messages.TABLE], action="append",
                           help="print only these, such as TRIP; can be given more than once")  # fmt: skip
    replaying.add_argument("--tty", metavar="PATH", type=Path, help="play it as a board behind a terminal at PATH")
    replaying.add_argument("--speed", metavar="X", type=between(0.1, 100, "times"), default=1.0,
                           help="with --tty: so many times as fast; default: 1")  # fmt: skip


def record(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C or --seconds; through cuts of the line. An existing file is never written over."""
    try:
        file = arguments.file.open("x", encoding="utf-8")
    except OSError as error:
        raise BenchError(
            f"{arguments.file} cannot be made ({error.strerror}): name a file that is not there"
        ) from error
    with file, Talk(arguments.port) as talk:
        header = {"started": datetime.now(UTC).isoformat(timespec="seconds"), "port": talk.path}
        talk.tap = writer = Writer(file, talk.now(), header)
        damaged: Counter[str] = Counter()
        try:
            _keep(talk, arguments.seconds, damaged)
        except KeyboardInterrupt:
            say()
        finally:
            damaged.update(_damaged(talk))
            writer.end(talk.now(), {reason: n for reason, n in damaged.items() if n})
    say(f"{writer.frames} messages in {arguments.file}")
    return 0


def _keep(talk: Talk, seconds: float | None, damaged: Counter[str]) -> None:
    talk.begin()
    end = None if seconds is None else talk.now() + seconds
    while end is None or talk.now() < end:
        try:
            for _ in talk.listen(None if end is None else end - talk.now()):
                pass
        except LostError as error:
            say(f"{error}; waiting for it to come back")
            damaged.update(_damaged(talk))
            talk.restore(BACK_S)


def _damaged(talk: Talk) -> dict[str, int]:
    return dict(zip(REASONS[1:], talk.reader.counts[1:], strict=True))


def replay(arguments: argparse.Namespace) -> int:
    """A table on standard output, or a board behind --tty. What was recorded is never sent to a board."""
    tape = Tape(arguments.file)
    if arguments.tty:
        player = Player(tape, arguments.speed)
        play(player, arguments.tty, lambda: say(f"ready {arguments.tty}: waiting for somebody's HELLO"))
        say("the recording is over")
        return 0
    say(f"recorded {tape.header.get('started')} at {tape.header.get('port')}, version {tape.header.get('version')}")
    for entry in tape:
        if not arguments.message or entry.message in arguments.message:
            say(f"{entry.at_s:>10.3f} {'→' if entry.sent else '←'} {entry.seq:>5} {entry.message:<14} {summary(entry)}")
    for reason, count in tape.damaged.items():
        say(f"damaged frames: {reason} {count}")
    return 0
