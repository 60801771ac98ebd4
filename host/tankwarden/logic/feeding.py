"""When a feeder is to feed, what its servo is to do then, and what a feeding's record says. Pure.

A meal of the schedule belongs to a local day and is given at most once on it, whatever the clock does: of an hour that
comes twice the first counts, and a time that the clocks skip is the instant at which the wall would have shown it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tanklink.messages import DROPS_UNKNOWN
from tankwarden.logic.feeder import Entry, Feeder, ServoConfig, grams, pulse_us, turns_for

MINUTE_MS, DAY_MS = 60_000, 86_400_000
ON_TIME_MS = MINUTE_MS  # a meal so late is not a missed one
LOOK_BACK_DAYS = 31  # meals missed longer ago are not told one by one any more
LOOK_AHEAD_DAYS = 8  # for the next one: every weekday, and a day that the clocks skip


class Status(StrEnum):
    """pending: asked for, and nobody knows yet. partial: some of it fell, or may have."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    PARTIAL = "partial"


class Source(StrEnum):
    """Who wished it. pico: the Pico told of it, and this database knows nothing of the wish."""

    SCHEDULE = "schedule"
    PERSON = "person"
    PICO = "pico"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """One row of the history. Instants: UTC ms. operation_id: 60 bits; None = it was never asked of a Pico.

    entry, day: of the schedule, the key that is there once. board_id, boot_id, not_after_ms: the Pico that was asked
    and the last instant of its own clock at which it may begin. asked_g: the portion; portion_g: what fell of it, None
    = nobody knows, or not yet. drops: that the sensor saw, None = there is no sensor, or nobody knows.
    """

    operation_id: int | None
    feeder: int | None
    requested_ms: int
    source: Source
    status: Status
    turns: int
    asked_g: float | None
    portion_g: float | None = None
    scheduled_for_ms: int | None = None
    entry: int | None = None
    day: str | None = None
    board_id: str | None = None
    boot_id: int | None = None
    not_after_ms: int | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    drops: int | None = None
    reason: str | None = None
    id: int | None = None

    @property
    def at_ms(self) -> int:
        """When it was, as well as is known."""
        return self.started_ms or self.ended_ms or self.requested_ms

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": self.id,
            "feeder": self.feeder,
            # 60 bits are more than a JavaScript number holds.
            "operation_id": None if self.operation_id is None else f"{self.operation_id:015x}",
            "time_ms": self.at_ms,
            "requested_ms": self.requested_ms,
            "scheduled_for_ms": self.scheduled_for_ms,
            "source": str(self.source),
            "status": str(self.status),
            "asked": self.asked_g,
            "portion": self.portion_g,
            "turns": self.turns,
            "started_ms": self.started_ms,
            "ended_ms": self.ended_ms,
            "drops": self.drops,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Motion:
    """What the servo is to do: from rest to the feeding pulse and back, `turns` times."""

    rest_us: int
    feed_us: int
    rotate_ms: int
    hold_ms: int
    return_to_rest: bool
    turns: int
    portion_mg: int

    @property
    def length_ms(self) -> int:
        """From the first movement to rest."""
        return self.turns * (2 * self.rotate_ms + self.hold_ms)


def motion(config: ServoConfig, portion_g: float | None, max_turns: int) -> Motion:
    """For a portion, None = the feeder's own. RefusedError if it cannot be fed at once."""
    turns = turns_for(config, portion_g, max_turns)
    return Motion(
        rest_us=pulse_us(config, config.rest_angle),
        feed_us=pulse_us(config, config.feed_angle),
        rotate_ms=config.rotate_duration,
        hold_ms=config.feed_hold_duration,
        return_to_rest=config.return_to_rest,
        turns=turns,
        portion_mg=round(1000 * grams(config, turns)),
    )


def with_operation(feeding: Feeding, operation_id: int) -> Feeding:
    """The same wish under an id."""
    return replace(feeding, operation_id=operation_id)


# -- when ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A meal of the schedule at its instant."""

    feeder: Feeder
    entry: Entry
    day: str  # local, as 2026-03-29
    at_ms: int

    @property
    def key(self) -> tuple[int | None, str]:
        """What is given at most once."""
        return self.entry.id, self.day


def instant_ms(day: date, minute: int, zone: ZoneInfo) -> int | None:
    """UTC ms at which a local day's minute comes; None if the zone skips the whole day.

    fold=0 (PEP 495): the first of a time that comes twice; of one that is skipped, what the wall would have shown by
    the rule of before, which is once and on the other side of the gap.
    """

    def at(of: date) -> float:
        return datetime.combine(of, time(minute // 60, minute % 60), zone).timestamp()

    if at(day) == at(day + timedelta(days=1)):
        return None
    return round(at(day) * 1000)


def due_between(feeders: Iterable[Feeder], zone: ZoneInfo, after_ms: int, until_ms: int) -> list[Due]:
    """Every meal with after_ms < its instant ≤ until_ms, by its instant: of feeders and entries that are enabled, from
    the instant on since which they are."""
    days = _days(zone, after_ms, until_ms)
    found = []
    for feeder in feeders:
        for entry in feeder.schedule if feeder.enabled else ():
            for day in days if entry.enabled else ():
                if not entry.weekdays >> day.weekday() & 1:
                    continue
                at_ms = instant_ms(day, entry.minute, zone)
                if at_ms is not None and max(after_ms, entry.since_ms) < at_ms <= until_ms:
                    found.append(Due(feeder, entry, day.isoformat(), at_ms))
    return sorted(found, key=lambda due: (due.at_ms, due.feeder.id or 0, due.entry.id or 0))


def next_due(feeder: Feeder, zone: ZoneInfo, now_ms: int, given: Collection[tuple[int | None, str]] = ()) -> Due | None:
    """The next meal of the schedule after now_ms; None if there is none. given: keys that had their meal already, as
    after the clock was set back."""
    coming = due_between((feeder,), zone, now_ms, now_ms + LOOK_AHEAD_DAYS * DAY_MS)
    return next((due for due in coming if due.key not in given), None)


def local_day(at_ms: int, zone: ZoneInfo) -> str:
    """As 2026-03-29."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat()


def _days(zone: ZoneInfo, after_ms: int, until_ms: int) -> list[date]:
    """The local days that an instant of the span may belong to; one on each side, for times the clocks skip."""
    first = datetime.fromtimestamp(after_ms / 1000, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(until_ms / 1000, zone).date() + timedelta(days=1)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def may_still_begin(due: Due, now_ms: int, on_time_ms: int = ON_TIME_MS) -> bool:
    """Whether a meal may be given now: in time, or within what the feeder's policy allows for a missed one."""
    return now_ms - due.at_ms <= max(on_time_ms, due.feeder.missed_within_min * MINUTE_MS)


RESTORED = "skipped: the history was restored from a backup, so nobody knows whether it was given"


def missed_reason(due: Due, running_since_ms: int, why_not: str) -> str:
    """Of a meal that was skipped. running_since_ms: when this program began; why_not: what kept it from feeding."""
    within = due.feeder.missed_within_min
    policy = f"was to be made up within {within} min" if within else "a missed meal is skipped"
    cause = "Tankwarden did not run" if due.at_ms < running_since_ms else why_not
    return f"missed: {cause}; {policy}"


# -- what became of it -----------------------------------------------------------------------------------------------

# By the name of the Pico's reason → words for a person; {turns} of {drops}.
REASONS = {
    "none": "",
    "restart": "the Pico restarted while it fed",
    "no_drop": "the drop sensor saw nothing fall: is the hopper empty?",
    "missed_drop": "not every turn made food fall: is the hopper low?",
    "too_late": "its last instant had passed before it could begin",
    "journal": "the Pico's journal did not take its beginning, so nothing moved",
}
_RESTART = "restart"
_STATUSES = {"done": Status.SUCCESS, "partial": Status.PARTIAL, "failed": Status.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A Pico tells that a feeding has begun, of turns and a portion as asked for. Instants: UTC ms."""

    operation_id: int
    servo: int
    started_ms: int
    turns: int
    portion_g: float
    board_id: str
    boot_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a Pico tells of a feeding that has ended. turns: made; by a restart: asked for. took_ms: 0 = not known.

    drops: None = nobody counted. ended_ms: UTC; None = not known.
    """

    operation_id: int
    servo: int | None
    status: Status
    reason: str
    turns: int
    drops: int | None
    took_ms: int
    ended_ms: int | None
    board_id: str

    @property
    def is_a_guess(self) -> bool:
        """Whether the Pico found the beginning only, after a restart: what it or anybody told before is better."""
        return self.reason == _RESTART

    @property
    def started_ms(self) -> int | None:
        return self.ended_ms - self.took_ms if self.ended_ms is not None and self.took_ms else None


def status_of(state: str) -> Status | None:
    """Of the Pico's word for it; None for one that is no end."""
    return _STATUSES.get(state)


def reason_text(reason: str) -> str:
    """Of the Pico's word for it. One that is not known here keeps its own name."""
    return REASONS.get(reason, reason.replace("_", " "))


def drops_of(count: int) -> int | None:
    """Of the Pico's word for it."""
    return None if count == DROPS_UNKNOWN else count


def portion_g(asked_g: float | None, asked_turns: int, outcome: Outcome) -> float | None:
    """What fell, of what was asked for. None: nobody knows (a restart came between)."""
    if outcome.status is Status.FAILED:
        return 0.0
    if outcome.status is Status.SUCCESS or asked_g is None or not asked_turns:
        return asked_g
    if outcome.reason == _RESTART or outcome.drops is None:
        return None
    return round(asked_g * min(outcome.drops, asked_turns) / asked_turns, 3)
