"""`tankbench drill`: walk through every trip with the installer, and write a report."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from tankbench import circuits
from tankbench.commands.options import add_command, add_yes
from tankbench.commands.selftest import lines as selftest_lines
from tankbench.drill import FAILED, PASSED, SKIPPED, Drill, Hands, Outcome, Person, Simulator, with_too_many
from tankbench.drill_report import Heading, report
from tankbench.drill_steps import STEPS, TRIGGERS, Step
from tankbench.errors import FOUND, BenchError, NotConfirmedError
from tankbench.journal_file import JournalFile
from tankbench.setup import Setup, load
from tankbench.talk import Talk
from tankbench.terminal import confirm, say
from tanklink import records
from tankwarden.version import version

WARNING = (
    "The drill closes circuits and asks for faults to be made. Put a lamp in place\n"
    "of the element and a supply with a current limit in place of the array where\n"
    "you can; open the array's switch before you touch its wires."
)


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        subparsers, "drill", drill, "walk through every trip with the installer, and write a report", config=True
    )
    parser.add_argument("--report", metavar="FILE", type=Path, default=Path("drill.md"),
                        help="Markdown, to be made; beside it the Pico's events; default: drill.md")  # fmt: skip
    parser.add_argument("--only", metavar="TRIGGER", action="append", choices=TRIGGERS,
                        help="only this trip; can be given more than once")  # fmt: skip
    parser.add_argument("--circuit", type=int, choices=(1, 2), help="only this circuit; default: every one configured")
    parser.add_argument("--control", metavar="SOCKET", type=Path,
                        help="against tankwarden sim: make its faults through its control socket")  # fmt: skip
    add_yes(parser, "beginning")


def drill(arguments: argparse.Namespace) -> int:
    """0 if nothing failed, FOUND otherwise. A drill that is ended early still has its report."""
    setup = load(arguments.config)
    numbers = [setup.circuit(arguments.circuit).circuit] if arguments.circuit else [
        c.circuit for c in setup.config.circuits]  # fmt: skip
    if not numbers:
        raise BenchError(f"{setup.config.file}: there is no [[circuit]]: nothing can trip")
    if arguments.report.exists():
        raise BenchError(f"{arguments.report} exists: name another file with --report")
    hands: Hands = Simulator(arguments.control) if arguments.control else Person()
    with Talk(arguments.port, setup.board) as talk:
        welcome = talk.begin()
        if talk.session.trip_id:
            raise circuits.TrippedError(circuits.standing_text(talk))
        if hands.by_hand:
            say(WARNING)
            confirm("The drill begins.", yes=arguments.yes, idle=talk.idle)
        journal = JournalFile(arguments.report.with_suffix(".events.jsonl"))
        try:
            found = tuple(selftest_lines(talk.expect(records.Selftest(), records.SelftestResult)))
            heading = Heading(
                f"{datetime.now().astimezone():%Y-%m-%d %H:%M %z}", welcome, Path(setup.config.file).name,
                setup.board.crc, version(), "the simulator" if arguments.control else "a person", found,
            )  # fmt: skip
            outcomes = _walk(talk, setup, hands, journal, chosen(arguments.only, numbers))
        finally:
            journal.close()
    arguments.report.write_text(report(heading, outcomes), encoding="utf-8")
    say(f"{_counts(outcomes)}: {arguments.report}, events in {journal.path}")
    return FOUND if any(outcome.verdict == FAILED for outcome in outcomes) else 0


def chosen(only: list[str] | None, numbers: list[int]) -> list[tuple[Step, int]]:
    """Each step with the circuits it is done with; those of the whole board once, with the first circuit."""
    steps = [step for step in STEPS if only is None or step.trigger in only]
    return [(step, number) for step in steps for number in (numbers[:1] if step.once else numbers)]


def _walk(talk: Talk, setup: Setup, hands: Hands, journal: JournalFile, steps: list[tuple[Step, int]]) -> list[Outcome]:
    """Every step; after an end before time, with what there is. The board is left configured as the file says."""
    walking = Drill(talk, setup, hands, journal)
    outcomes: list[Outcome] = []
    try:
        for place, (step, number) in enumerate(steps, 1):
            say(f"{place}/{len(steps)} {step.trigger}" + ("" if step.once else f", circuit {number}"))
            outcomes.append(walking.walk(step, number))
            say(f"  {told(outcomes[-1])}")
    except (KeyboardInterrupt, NotConfirmedError):
        say("\nended early")
        rest = steps[len(outcomes) :]
        outcomes += [Outcome(s, 0 if s.once else n, SKIPPED, "the drill was ended before it") for s, n in rest]
    finally:
        circuits.release(talk)
    talk.use(setup.board)
    return with_too_many(outcomes, walking.too_many)


def told(outcome: Outcome) -> str:
    """One line for the person who stands there."""
    record = outcome.record
    text = "" if record is None else f" {circuits.event_text(record, b'')}"
    reaction = "" if outcome.reaction_ms is None else f" ({outcome.reaction_ms} ms)"
    note = f" – {outcome.note}" if outcome.note else ""
    return f"{outcome.verdict}{text}{reaction}{note}"


def _counts(outcomes: list[Outcome]) -> str:
    return ", ".join(f"{sum(o.verdict == v for o in outcomes)} {v.lower()}" for v in (PASSED, FAILED, SKIPPED))
