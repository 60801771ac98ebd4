"""The drill's report: Markdown for the installer's folder. Pure: outcomes in, text out."""

from dataclasses import dataclass

from tankbench.drill import FAILED, PASSED, SKIPPED, Outcome
from tanklink import messages, records
from tankwarden.events import trigger_text, unit_of

COLUMNS = ("#", "trip", "circuit", "result", "channel", "value", "limit", "reaction", "remark")

FOOTNOTE = """\
*Reaction*: from the fault to the Pico's decision, by the Pico's own clock, as reported in the event; the delays of line
and simulator are in it. The relays open in the same pass. Of what is done by hand nobody knows the instant."""


@dataclass(frozen=True)
class Heading:
    """What the report is about."""

    date: str
    welcome: records.Welcome
    config: str
    config_crc: bytes
    tool: str
    by: str  # who had hands: "a person" or "the simulator"
    selftest: tuple[str, ...]


def report(heading: Heading, outcomes: list[Outcome]) -> str:
    """The whole text."""
    counts = {verdict: sum(o.verdict == verdict for o in outcomes) for verdict in (PASSED, FAILED, SKIPPED)}
    verdict = "**Not passed.**" if counts[FAILED] else "**Passed.**"
    lines = [
        "# Drill of the Pico's trips", "",
        f"{verdict} {counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped.", "",
        *_facts(heading), "", "## Self-test before the drill", "", "```", *heading.selftest, "```", "",
        "## Trips", "", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS),
        *(_row(number, outcome) for number, outcome in enumerate(outcomes, 1)), "",
        FOOTNOTE, "",
    ]  # fmt: skip
    return "\n".join(lines)


def _facts(heading: Heading) -> list[str]:
    welcome = heading.welcome
    return [
        "| | |", "|---|---|",
        f"| date | {heading.date} |",
        f"| board | {welcome.board_id.hex()} |",
        f"| program | {welcome.version}, files {welcome.firmware.hex()}, messages {welcome.digest.hex()} |",
        f"| configuration | {heading.config}, CRC {heading.config_crc.hex()} |",
        f"| done by | {heading.by}, with tankbench {heading.tool} |",
    ]  # fmt: skip


def _row(number: int, outcome: Outcome) -> str:
    record, trigger = outcome.record, outcome.step.trigger
    subject, value, limit = "", "", ""
    if record is not None:
        subject = messages.SUBJECTS[record.subject]
        unit = unit_of(subject, messages.TRIGGERS[record.trigger])
        value, limit = (unit.show(v / unit.per) for v in (record.value, record.limit))
    reaction = "" if outcome.reaction_ms is None else f"{outcome.reaction_ms} ms"
    cells = (
        str(number), f"{trigger}: {trigger_text(trigger)}", str(outcome.circuit or "board"), outcome.verdict, subject,
        value, limit, reaction, outcome.note.replace("|", "/"),
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"
