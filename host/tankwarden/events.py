"""Facts worth keeping: frozen, with a text that a person understands and the numbers behind it.

The Pico's events are numbered in its own journal; (board_id, journal_id) makes each land once. Its integers (mA, mV,
m°F) become A, V and °F here, on the way in.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from tanklink import records
from tanklink.messages import (
    BOARD_STATES,
    FEEDING_REASONS,
    FEEDING_STATES,
    NOTICES,
    RESET_CAUSES,
    SUBJECTS,
    TRIGGERS,
)
from tankwarden.logic.feeding import Outcome, Started, Status, drops_of, reason_text, status_of

INFO, WARNING, ALARM = "info", "warning", "alarm"  # severities, least first


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. at_ms: UTC. circuit: the Pico's number, None = the whole board or not about a circuit.

    id: given by the store. board_id, boot_id, journal_id: of an event of the Pico's, else None. feeding: what it says
    of one, for the history; the event's own row has it in words.
    """

    at_ms: int
    kind: str
    severity: str
    text: str
    circuit: int | None = None
    trigger: str | None = None
    subject: str | None = None
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    board_id: str | None = None
    boot_id: int | None = None
    journal_id: int | None = None
    feeding: Started | Outcome | None = None
    id: int | None = None

    def with_id(self, id: int) -> "Event":  # noqa: A002 - the field's own name
        """The same fact as the store knows it."""
        return replace(self, id=id)

    def log_line(self) -> str:
        """For the system log: the text, and behind it the names and numbers that somebody may search for."""
        facts = [name for name in (self.kind, self.trigger, self.subject) if name and name != "none"]
        facts += [
            f"{name} {number:g} {self.unit}".rstrip()
            for name, number in (("value", self.value), ("limit", self.limit))
            if number is not None
        ]
        return f"{self.text} [{', '.join(facts)}]"

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": self.id,
            "at_ms": self.at_ms,
            "kind": self.kind,
            "severity": self.severity,
            "text": self.text,
            "circuit": self.circuit,
            "trigger": self.trigger,
            "subject": self.subject,
            "value": self.value,
            "limit": self.limit,
            "unit": self.unit,
        }


Caused = records.Trip | records.Fault | records.LeaseOver
Fed = records.FeedStarted | records.FeedReport
Journaled = Caused | records.Boot | records.Reset | records.Notice | Fed


# -- when -----------------------------------------------------------------------------------------------------------


class PicoTime(NamedTuple):
    """The Pico's clock beside the wall clock, at one instant: what turns an uptime into UTC."""

    boot_id: int
    uptime_ms: int
    wall_ms: int
    speed: float = 1.0

    def wall_of(self, record: Journaled) -> int:
        """UTC ms of an event. Of an earlier boot nobody knows the uptime's beginning: then it is when it was told."""
        if record.boot_id != self.boot_id:
            return self.wall_ms
        at_ms = record.at_uptime_s * 1000 + record.at_uptime_ms_part
        return self.wall_ms - round(max(0, self.uptime_ms - at_ms) * self.speed)


# -- what the numbers mean ------------------------------------------------------------------------------------------


class Unit(NamedTuple):
    """How an integer of the wire reads to people: divided by `per`, shown with `digits` places."""

    name: str
    per: int = 1
    digits: int = 0

    def show(self, value: float) -> str:
        if self.name == "ms" and abs(value) >= 1000:
            return f"{round(value / 1000, 1):g} s"
        return f"{value:.{self.digits}f} {self.name}".rstrip()


_COUNT = Unit("")
_BY_QUANTITY = {
    "current": Unit("A", 1000, 1),
    "voltage": Unit("V", 1000, 1),
    "temperature": Unit("°F", 1000, 1),
}
_BY_SUBJECT = {
    "reference": Unit("V", 1000, 3),
    "reef_temperature": Unit("°F", 1000, 1),
    "cpu": Unit("ms"),
    "lease": Unit("ms"),
    "relays": Unit("ms"),
}
# Triggers that compare something else than their subject's own quantity.
_BY_TRIGGER = {
    "sensor_open": Unit("counts"),
    "sensor_short": Unit("counts"),
    "sensor_dead": Unit("counts"),
    "sensor_stuck": Unit("ms"),
    "sensor_rate": Unit("°F/s", 1000, 1),
    "weld": _BY_QUANTITY["current"],
    "relay_stuck": _COUNT,
}


class Phrase(NamedTuple):
    """A trigger for people: its name and what is said of value and limit.

    {part}: which of a circuit's relays. {cause}: of _CAUSES.
    """

    name: str
    facts: str = ": {value}, limit {limit}"


_PHRASES = {
    "none": Phrase("no cause", ""),
    "over_current": Phrase("over-current"),
    "short": Phrase("short circuit", ": {value}, at least {limit} expected at this current"),
    "over_temperature": Phrase("over-temperature"),
    "sensor_open": Phrase("sensor open", ": {value}, open from {limit} on"),
    "sensor_short": Phrase("sensor shorted", ": {value}, shorted up to {limit}"),
    "fault_line": Phrase("fault line broken", ""),
    "permit": Phrase("relay permit not renewed in time"),
    "watchdog": Phrase("processor hung, reset by the watchdog", ": it did not run for {value}"),
    "exception": Phrase("program failed", ""),
    "too_many_trips": Phrase("too many trips"),
    "relay_stuck": Phrase("relay stuck", ""),
    "journal": Phrase("journal unreadable", ""),
    "over_voltage": Phrase("over-voltage"),
    "element_open": Phrase("heating element open", ": {value}, at least {limit} expected at this voltage"),
    "element_drift": Phrase("heating element drifted", ": {value}, its bound at this voltage is {limit}"),
    "leakage": Phrase("leakage", ": {value} with the relays open, limit {limit}"),
    "weld": Phrase("relay welded", ", {part}: {value} where none may flow"),
    # A difference is written ±, so that nobody takes it for a temperature.
    "no_rise": Phrase("tank does not get warmer", ": moved by ±{value} for the energy put in, ±{limit} expected"),
    "sensor_stuck": Phrase("sensor stuck", ": the very same count for {value}, limit {limit}"),
    "sensor_rate": Phrase("sensor changes too fast"),
    "sensor_dead": Phrase("current sensor dead", ": {value}, alive from {limit} on"),
    "reference": Phrase("reference voltage off"),
    "adc_slot": Phrase("converter's samples slipped", ""),
    "adc_stopped": Phrase("converter stopped", ": {cause}"),
    "slow_pass": Phrase("program too slow", ": a pass took {value}, limit {limit}"),
    "config": Phrase("configuration damaged in memory", ""),
    "program": Phrase("program files damaged", ""),
    "memory": Phrase("memory failed its test", ""),
    "clock": Phrase("clock failed its test", ""),
    "line_stuck": Phrase("fault line shorted to its supply", ""),
    "comparator": Phrase("over-current comparator failed its test", ""),
}
# {cause}, by value.
_CAUSES = {
    "adc_stopped": (
        "not said by what",  # by a program of before there were the others
        "the comparator got no sample",
        "its ring got no sample",
        "the timer that looks at its samples came no more",
    )
}
# {what}: of the trigger that value names.
_NOTICE_TEXTS = {
    "slow_pass": "a pass of the Pico's program took {value} ms; told from {limit} ms on",
    "not_watched": "{what} is not watched on {where}: turned off in the configuration",
    "journal_full": "the Pico's journal was full: every circuit opened for a moment to make room",
    "boot_loop": "the Pico restarted {value} times in quick succession and then waited for a person, its outputs off",
    "rolled_back": "the new program did not report healthy: the previous one runs again",
}
_NOTICE_SEVERITIES = {"slow_pass": INFO, "journal_full": INFO}
_RESET_CAUSES = {
    "power_on": "power came on",
    "watchdog": "the watchdog reset it",
    "soft": "it was reset by its program",
    "maintenance": "maintenance",
}


def unit_of(subject: str, trigger: str = "") -> Unit:
    """The unit of an event's value and limit, by what was judged; a bare count where nothing is known."""
    if trigger in _BY_TRIGGER:
        return _BY_TRIGGER[trigger]
    return _BY_SUBJECT.get(subject) or _BY_QUANTITY.get(subject.rpartition("_")[0]) or _COUNT


def trigger_text(trigger: str) -> str:
    """A trigger for people. One that is not known here keeps its own name."""
    return _phrase(trigger).name


def reset_cause_text(cause: str) -> str:
    """Why the Pico started, for people. One that is not known here keeps its own name."""
    return _RESET_CAUSES.get(cause, cause)


def _phrase(trigger: str) -> Phrase:
    return _PHRASES.get(trigger) or Phrase(trigger.replace("_", " "))


def _name(names: tuple[str, ...], index: int, what: str) -> str:
    return names[index] if 0 <= index < len(names) else f"{what}_{index}"


# -- from the Pico's records ----------------------------------------------------------------------------------------


def from_pico(record: Journaled, board_id: str, time: PicoTime) -> Event:
    """The event that a record of the Pico's tells of. TypeError for a record that is no event."""
    kind, severity = _KINDS.get(type(record), ("", ""))
    if not kind:
        raise TypeError(f"{type(record).__name__} is no event of the Pico's")
    event = Event(
        at_ms=time.wall_of(record),
        kind=kind,
        severity=severity,
        text="",
        board_id=board_id,
        boot_id=record.boot_id,
        journal_id=record.event_id,
    )
    if isinstance(record, records.Boot):
        return _boot(event, record)
    if isinstance(record, records.Reset):
        return replace(event, text=f"trip {record.trip_id} was reset by a person")
    if isinstance(record, records.Notice):
        return _notice(event, record)
    if isinstance(record, records.FeedStarted):
        return _feed_started(event, record, board_id, time)
    if isinstance(record, records.FeedReport):
        return _feed_report(event, record, board_id, time)
    return _cause(event, record)


_KINDS: dict[type, tuple[str, str]] = {
    records.Trip: ("trip", ALARM),
    records.Fault: ("fault", ALARM),
    records.LeaseOver: ("lease_over", WARNING),
    records.Boot: ("boot", INFO),
    records.Reset: ("reset", INFO),
    records.Notice: ("notice", WARNING),
    records.FeedStarted: ("feeding_started", INFO),
    records.FeedReport: ("feeding", INFO),
}


def _boot(event: Event, record: records.Boot) -> Event:
    cause = _name(RESET_CAUSES, record.reset_cause, "cause")
    state = _name(BOARD_STATES, record.state, "state")
    severity = WARNING if cause == "watchdog" else event.severity
    text = f"the Pico started ({reset_cause_text(cause)}), circuits {state}"
    return replace(event, text=text, severity=severity)


def _notice(event: Event, record: records.Notice) -> Event:
    """trigger: the notice's name."""
    notice = _name(NOTICES, record.notice, "notice")
    where = f"circuit {record.circuit}" if record.circuit else "the board"
    text = _NOTICE_TEXTS.get(notice, notice.replace("_", " ") + " on {where}: {value}, limit {limit}").format(
        where=where, value=record.value, limit=record.limit, what=trigger_text(_name(TRIGGERS, record.value, "trigger"))
    )
    return replace(
        event, text=text, circuit=record.circuit or None, trigger=notice, value=float(record.value),
        limit=float(record.limit), severity=_NOTICE_SEVERITIES.get(notice, event.severity),
    )  # fmt: skip


def operation_id(record: Fed | records.FeedState) -> int:
    """The 60 bits that the wire carries in two halves."""
    return record.op_hi << 30 | record.op_lo


def _feed_started(event: Event, record: records.FeedStarted, board_id: str, time: PicoTime) -> Event:
    """Of an earlier boot, the instant is that of the request, as the host's clock had it then."""
    asked_ms = (record.wall_day * 86_400 + record.wall_s) * 1000
    started = Started(
        operation_id=operation_id(record), servo=record.feeder, turns=record.turns, board_id=board_id,
        started_ms=event.at_ms if record.boot_id == time.boot_id else asked_ms, portion_g=record.portion_mg / 1000,
        boot_id=record.boot_id,
    )  # fmt: skip
    text = f"the feeder on servo {record.feeder} feeds: {record.portion_mg / 1000:g} g in {_turns(record.turns)}"
    return replace(event, at_ms=started.started_ms, text=text, feeding=started)


def _feed_report(event: Event, record: records.FeedReport, board_id: str, time: PicoTime) -> Event:
    status = status_of(_name(FEEDING_STATES, record.outcome, "state")) or Status.PARTIAL
    reason = _name(FEEDING_REASONS, record.reason, "reason")
    outcome = Outcome(
        operation_id=operation_id(record), servo=record.feeder, status=status, reason=reason, turns=record.turns,
        drops=drops_of(record.drops), took_ms=round(record.took_ms * time.speed), board_id=board_id,
        ended_ms=event.at_ms if record.boot_id == time.boot_id else None,
    )  # fmt: skip
    text = f"the feeder on servo {record.feeder}: {_FED_TEXTS[status].format(turns=_turns(record.turns))}"
    if reason_text(reason):
        text += f": {reason_text(reason)}"
    severity = event.severity if status is Status.SUCCESS else WARNING
    return replace(event, text=text, severity=severity, feeding=outcome)


_FED_TEXTS = {
    Status.SUCCESS: "fed, {turns}",
    Status.PARTIAL: "fed in part",
    Status.FAILED: "nothing was fed",
    Status.PENDING: "feeds",
}


def _turns(count: int) -> str:
    return f"{count} turn" + ("" if count == 1 else "s")


def _cause(event: Event, record: Caused) -> Event:
    trigger = _name(TRIGGERS, record.trigger, "trigger")
    subject = _name(SUBJECTS, record.subject, "subject")
    unit = unit_of(subject, trigger)
    value, limit = record.value / unit.per, record.limit / unit.per
    event = replace(
        event,
        circuit=record.circuit or None,
        trigger=trigger,
        subject=subject,
        value=value,
        limit=limit,
        unit=unit.name,
    )
    return replace(event, text=_cause_text(event, trigger, unit.show(value), unit.show(limit)))


def _cause_text(event: Event, trigger: str, value: str, limit: str) -> str:
    """E.g. `over-current on circuit 1: 12.8 A, limit 11.0 A`."""
    where = f"circuit {event.circuit}" if event.circuit else "the board"
    if event.kind == "lease_over":
        return f"the lease of {where} ran out, it was opened: the host had not renewed it"
    phrase = _phrase(trigger)
    causes = _CAUSES.get(trigger, ())
    return f"{phrase.name} on {where}" + phrase.facts.format(
        value=value, limit=limit, part=_part(event.subject or ""), cause=_name(causes, round(event.value or 0), "cause")
    )


def _part(subject: str) -> str:
    """relay_1_outside → the outside one."""
    relay = subject.rpartition("_")[2]
    return f"the {relay} one" if relay in ("outside", "inside") else "both"
