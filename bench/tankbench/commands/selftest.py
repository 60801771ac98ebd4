"""`tankbench selftest`: the Pico's own checks of itself, now; every circuit is open meanwhile."""

import argparse
from typing import Any

from tankbench.commands.options import add_command
from tankbench.errors import FOUND
from tankbench.talk import Talk
from tankbench.terminal import say
from tanklink import messages, records

# In the order in which the Pico goes through them: triggers of the table, and what is looked at.
CHECKS = (
    ("relay_stuck", "all relays read back open"),
    ("memory", "patterns stand in memory"),
    ("line_stuck", "each fault line falls with its feed"),
    ("clock", "the converter's clock and the timer's agree"),
    ("comparator", "the comparator pulls both fault lines"),
)


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    add_command(subparsers, "selftest", selftest, "let the Pico test itself, and print what it found")


def selftest(arguments: argparse.Namespace) -> int:
    """0 if all is well, FOUND if something failed: the board is at FAULT then, until a person resets it."""
    with Talk(arguments.port) as talk:
        talk.begin()
        result = talk.expect(records.Selftest(), records.SelftestResult)
    for text in lines(result):
        say(text)
    if not result.trigger:
        return 0
    say("The board is at FAULT: mend it, then reset-trip, which runs these checks again.")
    return FOUND


def lines(result: records.SelftestResult) -> list[str]:
    """A line a check: ok, FAILED with what was measured, or not reached."""
    failed = messages.TRIGGERS[result.trigger]
    shown, verdict = [], "ok"
    for trigger, text in CHECKS:
        if trigger == failed:
            part = messages.SUBJECTS[result.subject]
            shown.append(f"FAILED       {text}: {part} reads {result.value}, limit {result.limit}")
            verdict = "not reached"
        else:
            shown.append(f"{verdict:<12} {text}")
    if result.trigger and all(trigger != failed for trigger, _ in CHECKS):
        shown.append(f"FAILED       {failed}: {result.value}, limit {result.limit}")
    journal = "FAILED       flash does not take the journal's records" if result.journal_broken else (
        "ok           flash takes the journal's records")  # fmt: skip
    whole = f"ok           program and configuration were found whole {result.checked_s} s ago"
    return [*shown, journal, whole]
