"""A feeder as a person describes it: its servo, its schedule, what is done about a missed meal; and what is refused.

What is written here becomes the API's words and bounds: a table from outside is read by the very same declarations as
the configuration file, so that an error always says what, where and what to do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from tankwarden.config import Servo
from tankwarden.errors import ConfigError, RefusedError
from tankwarden.fields import read_table, refuse_unknown, setting

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = (1 << len(WEEKDAYS)) - 1
MAX_ENTRIES = 48  # of one feeder's schedule
LEAST_US, MOST_US = 500, 2500  # of a pulse that a hobby servo takes for one
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServoConfig:
    """How the servo feeds. The calibration: two angles of this very servo, and the pulses that bring it there."""

    feed_angle: float = setting("where the food falls", unit="°", low=0, high=360, default=120.0)
    rest_angle: float = setting("where it waits", unit="°", low=0, high=360, default=0.0)
    rotate_duration: int = setting(
        "of the way there, and of the way back", unit="ms", low=100, high=10_000, default=800
    )
    feed_hold_duration: int = setting("how long it stays there", unit="ms", low=0, high=10_000, default=500)
    portion_size: float = setting("food that falls in `turns` turns", unit="g", low=0.01, high=1000)
    return_to_rest: bool = setting("whether it goes back to rest after the last turn", default=True)
    turns: int = setting("there and back, this often, for one portion", low=1, high=20, default=1)
    pulse_low_angle: float = setting("one angle of the calibration", unit="°", low=0, high=360, default=0.0)
    pulse_low: int = setting("the pulse that brings it there", unit="µs", low=LEAST_US, high=MOST_US, default=500)
    pulse_high_angle: float = setting("another angle of it", unit="°", low=0, high=360, default=180.0)
    pulse_high: int = setting("the pulse that brings it there", unit="µs", low=LEAST_US, high=MOST_US, default=2500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One meal of the schedule. minute: of the day, by the tank's wall. weekdays: bit 0 = Monday.

    since_ms: UTC; what was due before is none of its business (it was added, moved or enabled only then).
    """

    name: str
    minute: int
    enabled: bool = True
    portion_g: float | None = None  # None: the feeder's own portion
    weekdays: int = EVERY_DAY
    since_ms: int = 0
    id: int | None = None

    @property
    def time(self) -> str:
        """HH:MM."""
        return f"{self.minute // 60:02d}:{self.minute % 60:02d}"

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        days = [name for bit, name in enumerate(WEEKDAYS) if self.weekdays >> bit & 1]
        return {
            "id": self.id, "name": self.name, "time": self.time, "enabled": self.enabled, "portion": self.portion_g,
            "weekdays": days,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """One feeder. servo: the Pico's number of its servo. missed_within_min: a meal that could not be given in time is
    still given within so many minutes, 0 = it is skipped. food: number of what it holds."""

    name: str
    enclosure: str
    servo: int
    config: ServoConfig
    schedule: tuple[Entry, ...] = ()
    missed_within_min: int = 0
    notification: bool = True
    enabled: bool = True
    food: int | None = None
    id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As the API shows it, and takes it."""
        return {
            "id": self.id,
            "name": self.name,
            "enclosure": self.enclosure,
            "servo": self.servo,
            "servo_config": asdict(self.config),
            "schedule": [entry.to_json() for entry in self.schedule],
            "missed_within": self.missed_within_min,
            "notification": self.notification,
            "enabled": self.enabled,
            "food": self.food,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """The keys of a feeder that stand for themselves."""

    name: str = setting("shown on the page")
    enclosure: str = setting("id of its enclosure")
    servo: int = setting("the Pico's number of its servo", low=1)
    missed_within: int = setting("a missed meal is made up for so long", unit="min", low=0, high=720, default=0)
    notification: bool = setting("whether a failure is told as a warning", default=True)
    enabled: bool = setting("whether its schedule is followed", default=True)
    food: int | None = setting("number of the food that it holds", low=1, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlainEntry:
    """The keys of an entry that stand for themselves."""

    id: int | None = setting("of the entry that this replaces", low=1, default=None)
    name: str = setting("of the meal", default="Feeding")
    time: str = setting("HH:MM by the tank's wall")
    enabled: bool = setting("whether it is followed", default=True)
    portion: float | None = setting("food; without it the feeder's portion", unit="g", low=0.01, default=None)


# -- reading ---------------------------------------------------------------------------------------------------------


def read_feeder(table: object, *, enclosures: Sequence[str], servos: Sequence[Servo], longest_ms: int) -> Feeder:
    """A feeder from JSON. enclosures: their ids; servos: as the configuration has them, with their caps; longest_ms: no
    feeding of the Pico's lasts longer.

    RefusedError, naming the field, for anything that does not fit.
    """
    if not isinstance(table, Mapping):
        raise RefusedError("a feeder is a JSON object of keys and values", "")
    plain, parts = _split(table, _Plain, ("id", "servo_config", "schedule"), "feeder")
    config = _read(ServoConfig, parts.get("servo_config", {}), "servo_config")
    rows = parts.get("schedule", [])
    if not isinstance(rows, list) or len(rows) > MAX_ENTRIES:
        raise RefusedError(f"schedule is a list of at most {MAX_ENTRIES} entries", "schedule")
    feeder = Feeder(
        name=_name(plain.name, "name"), enclosure=plain.enclosure, servo=plain.servo, config=config,
        schedule=tuple(_entry(row, f"schedule.{place}") for place, row in enumerate(rows)),
        missed_within_min=plain.missed_within, notification=plain.notification, enabled=plain.enabled,
        food=plain.food,
    )  # fmt: skip
    check(feeder, enclosures=enclosures, servos=servos, longest_ms=longest_ms)
    return feeder


def check(feeder: Feeder, *, enclosures: Sequence[str], servos: Sequence[Servo], longest_ms: int) -> None:
    """What no single key tells. RefusedError."""
    if feeder.enclosure not in enclosures:
        known = ", ".join(enclosures) or "none: the configuration names no enclosure"
        raise RefusedError(f"there is no enclosure {feeder.enclosure!r}: it is one of {known}", "enclosure")
    servo = next((servo for servo in servos if servo.servo == feeder.servo), None)
    if servo is None:
        known = ", ".join(str(servo.servo) for servo in servos) or "none"
        raise RefusedError(f"the configuration has no servo {feeder.servo} ({known}): add a [[servo]]", "servo")
    _check_pulses(feeder.config, servo)
    most = most_turns(feeder.config, servo, longest_ms)
    turns_for(feeder.config, None, most, "servo_config.turns")
    for place, entry in enumerate(feeder.schedule):
        turns_for(feeder.config, entry.portion_g, most, f"schedule.{place}.portion")
    given = [entry.id for entry in feeder.schedule if entry.id is not None]
    if len(given) != len(set(given)):
        raise RefusedError("an entry's id stands twice: leave it out of the new one", "schedule")


def _check_pulses(config: ServoConfig, servo: Servo) -> None:
    if config.pulse_low_angle == config.pulse_high_angle or config.pulse_low == config.pulse_high:
        raise RefusedError("the calibration needs two angles and two pulses that differ", "servo_config.pulse_high")
    if config.feed_angle == config.rest_angle:
        raise RefusedError("nothing falls where it rests: give another angle", "servo_config.feed_angle")
    for key in ("feed_angle", "rest_angle"):
        angle = getattr(config, key)
        pulse = pulse_us(config, angle)
        if not servo.pulse_min_us <= pulse <= servo.pulse_max_us:
            raise RefusedError(
                f"{angle:g}° needs a pulse of {pulse} µs, and servo {servo.servo} takes {servo.pulse_min_us} to "
                f"{servo.pulse_max_us}: choose another angle, or calibrate the servo",
                f"servo_config.{key}",
            )


def succeed(new: Feeder, old: Feeder | None, now_ms: int) -> Feeder:
    """`new` in the place of `old`, None for a first one: an entry that is new, was moved or was not followed until now
    counts from now on only, so that no change makes a meal that is long past a missed one. RefusedError for an entry's
    id that `old` has not."""
    before = {} if old is None else {entry.id: entry for entry in old.schedule}
    entries = []
    for place, entry in enumerate(new.schedule):
        was = before.get(entry.id) if entry.id is not None else None
        if entry.id is not None and was is None:
            raise RefusedError(f"this feeder has no entry {entry.id}: leave its id out", f"schedule.{place}.id")
        followed = old is not None and old.enabled and was is not None and was.enabled
        same = was is not None and (was.minute, was.weekdays) == (entry.minute, entry.weekdays)
        since_ms = was.since_ms if was is not None and same and followed else now_ms
        entries.append(replace(entry, since_ms=since_ms))
    return replace(new, id=None if old is None else old.id, schedule=tuple(entries))


def _split(table: Mapping[Any, Any], plain: type[T], further: Sequence[str], where: str) -> tuple[T, dict[str, Any]]:
    try:
        for key in table:
            refuse_unknown(str(key), (*plain.__dataclass_fields__, *further), where)  # type: ignore[attr-defined]
    except ConfigError as error:
        raise RefusedError(str(error), where) from error
    own = {key: value for key, value in table.items() if key not in further or key in plain.__dataclass_fields__}  # type: ignore[attr-defined]
    parts = {key: value for key, value in table.items() if key not in own}
    return _read(plain, own, where), parts


def _read(cls: type[T], table: object, where: str) -> T:
    try:
        if isinstance(table, Mapping):  # JSON says null for what is left out
            table = {key: value for key, value in table.items() if value is not None}
        return read_table(cls, table, where)
    except ConfigError as error:
        key = error.where.rpartition(", key ")[2] if ", key " in error.where else ""
        raise RefusedError(str(error), ".".join(part for part in (where, key) if part and part != "feeder")) from error


def _entry(row: object, where: str) -> Entry:
    if not isinstance(row, Mapping):
        raise RefusedError("an entry is a JSON object with at least a time", where)
    plain, parts = _split(row, _PlainEntry, ("weekdays",), where)
    found = _TIME.fullmatch(plain.time)
    if found is None:
        raise RefusedError(f"{plain.time!r} is no time of the day: write it as 08:30", f"{where}.time")
    minute = int(found[1]) * 60 + int(found[2])
    return Entry(
        name=_name(plain.name, f"{where}.name"), minute=minute, enabled=plain.enabled, portion_g=plain.portion,
        weekdays=_weekdays(parts.get("weekdays"), f"{where}.weekdays"), id=plain.id,
    )  # fmt: skip


def _weekdays(given: object, where: str) -> int:
    if given is None:
        return EVERY_DAY
    if not isinstance(given, list) or not given or not all(day in WEEKDAYS for day in given):
        raise RefusedError(f"weekdays is {given!r}: give a list of {', '.join(WEEKDAYS)}", where)
    return sum(1 << WEEKDAYS.index(day) for day in set(given))


def _name(text: str, field: str) -> str:
    if not text.strip() or len(text) > 64:
        raise RefusedError("a name has 1 to 64 characters", field)
    return text.strip()


# -- from degrees and grams to what the servo gets -------------------------------------------------------------------


def pulse_us(config: ServoConfig, angle: float) -> int:
    """The pulse for an angle, by the straight line through the two points of the calibration."""
    slope = (config.pulse_high - config.pulse_low) / (config.pulse_high_angle - config.pulse_low_angle)
    return round(config.pulse_low + slope * (angle - config.pulse_low_angle))


def most_turns(config: ServoConfig, servo: Servo, longest_ms: int) -> int:
    """That one feeding can have, by the servo's cap and by how long a feeding may last."""
    return min(servo.max_turns, longest_ms // (2 * config.rotate_duration + config.feed_hold_duration))


def turns_for(config: ServoConfig, portion_g: float | None, max_turns: int, field: str = "portion") -> int:
    """Whole turns for a portion, at least one. RefusedError for one that the Pico would not feed at once."""
    turns = config.turns if portion_g is None else max(1, round(config.turns * portion_g / config.portion_size))
    if turns > max_turns:
        most_g = config.portion_size * max_turns / config.turns
        raise RefusedError(
            f"that takes {turns} turns, and a feeding has at most {max_turns} ({most_g:g} g): feed less, more often",
            field,
        )
    return turns


def grams(config: ServoConfig, turns: int) -> float:
    """What falls in so many turns."""
    return round(config.portion_size * turns / config.turns, 3)
