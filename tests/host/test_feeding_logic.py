"""Feeders as they are described, and when they feed: once a day by the wall of the tank, whatever the clock does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tanklink import messages
from tankwarden.config import Servo
from tankwarden.errors import RefusedError
from tankwarden.logic import feeding as rules
from tankwarden.logic.feeder import Entry, Feeder, ServoConfig, grams, pulse_us, read_feeder, succeed
from tankwarden.logic.feeding import Outcome, Status

SERVOS = (Servo(servo=1), Servo(servo=2, pulse_min_us=900, pulse_max_us=2100, max_turns=4))
TABLE: dict[str, Any] = {
    "name": " Pellets ", "enclosure": "reef", "servo": 1,
    "servo_config": {"portion_size": 0.5, "turns": 2},
    "schedule": [{"time": "08:30", "weekdays": ["mon", "sun"], "portion": 1.0}, {"time": "00:00", "name": "Night"}],
}  # fmt: skip


def read(table: object) -> Feeder:
    return read_feeder(table, enclosures=("reef", "cube"), servos=SERVOS, longest_ms=300_000)


def test_a_feeder_is_what_its_table_says_and_its_table_what_it_is() -> None:
    feeder = read(TABLE)
    assert (feeder.name, feeder.servo, feeder.missed_within_min) == ("Pellets", 1, 0)
    assert [(entry.time, entry.weekdays, entry.portion_g) for entry in feeder.schedule] == [
        ("08:30", 0b1000001, 1.0), ("00:00", 0b1111111, None),
    ]  # fmt: skip
    assert replace(read({k: v for k, v in feeder.to_json().items() if k != "id"}), id=feeder.id) == feeder


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": " "}, "name", "1 to 64"),
        ({"name": 7}, "name", "not a text"),
        ({"enclosure": "pond"}, "enclosure", "one of reef, cube"),
        ({"servo": 3}, "servo", r"no servo 3 \(1, 2\): add a \[\[servo\]\]"),
        ({"servo": 0}, "servo", "out of bounds"),
        ({"colour": "red"}, "feeder", "unknown key colour"),
        ({"missed_within": 721}, "missed_within", "0 to 720 min"),
        ({"servo_config": {}}, "servo_config", "portion_size"),
        ({"servo_config": {"portion_size": 1, "angle": 3}}, "servo_config", "unknown key angle"),
        ({"servo_config": {"portion_size": 1, "turns": 11}}, "servo_config.turns", "11 turns, .* at most 10"),
        ({"servo_config": {"portion_size": 1, "feed_angle": 200}}, "servo_config.feed_angle", "pulse of 2722 µs"),
        ({"servo_config": {"portion_size": 1, "feed_angle": 0}}, "servo_config.feed_angle", "nothing falls"),
        ({"servo": 2}, "servo_config.rest_angle", "pulse of 500 µs, and servo 2 takes 900 to 2100"),
        ({"servo_config": {"portion_size": 1, "pulse_high": 500}}, "servo_config.pulse_high", "two pulses that differ"),
        ({"schedule": {}}, "schedule", "a list"),
        ({"schedule": [{"time": "08:00"}] * 49}, "schedule", "at most 48"),
        ({"schedule": ["08:00"]}, "schedule.0", "an object|JSON object"),
        ({"schedule": [{"time": "8:00"}]}, "schedule.0.time", "write it as 08:30"),
        ({"schedule": [{"time": "24:00"}]}, "schedule.0.time", "no time of the day"),
        ({"schedule": [{"time": "08:00"}, {}]}, "schedule.1", "time"),
        ({"schedule": [{"time": "08:00", "weekdays": ["Monday"]}]}, "schedule.0.weekdays", "mon, tue"),
        ({"schedule": [{"time": "08:00", "weekdays": []}]}, "schedule.0.weekdays", "give a list"),
        ({"schedule": [{"time": "08:00", "portion": 5}]}, "schedule.0.portion", r"20 turns.*2.5 g.*more often"),
        ({"schedule": [{"time": "08:00", "id": 4}, {"time": "09:00", "id": 4}]}, "schedule", "twice"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_naming_its_field(change: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as refused:
        read({**TABLE, **change})
    assert refused.value.field == field


@pytest.mark.parametrize("table", [None, [], "feeder", 3])
def test_a_feeder_is_an_object(table: object) -> None:
    with pytest.raises(RefusedError, match="JSON object"):
        read(table)


def test_a_feeding_never_lasts_longer_than_the_pico_allows() -> None:
    slow = {"portion_size": 1, "rotate_duration": 10_000, "feed_hold_duration": 10_000, "turns": 10}
    assert read({**TABLE, "schedule": [], "servo_config": slow}).config.turns == 10
    with pytest.raises(RefusedError, match="at most 5"):
        read_feeder(
            {**TABLE, "servo_config": slow}, enclosures=("reef",), servos=SERVOS, longest_ms=150_000
        )  # fmt: skip


@pytest.mark.parametrize(
    ("angle", "points", "pulse"),
    [
        (0, (0, 500, 180, 2500), 500), (90, (0, 500, 180, 2500), 1500), (120, (0, 500, 180, 2500), 1833),
        (90, (0, 2400, 180, 600), 1500), (30, (0, 2400, 180, 600), 2100), (200, (10, 1000, 110, 2000), 2900),
    ],
)  # fmt: skip
def test_degrees_become_pulses_by_the_two_points(angle: float, points: tuple[int, int, int, int], pulse: int) -> None:
    low_angle, low, high_angle, high = points
    config = ServoConfig(
        portion_size=1, pulse_low_angle=low_angle, pulse_low=low, pulse_high_angle=high_angle, pulse_high=high
    )
    assert pulse_us(config, angle) == pulse


@pytest.mark.parametrize(
    ("portion", "turns", "fell"), [(None, 3, 1.2), (1.2, 3, 1.2), (0.1, 1, 0.4), (0.6, 2, 0.8), (4, 10, 4.0)]
)
def test_a_portion_is_whole_turns_and_at_least_one(portion: float | None, turns: int, fell: float) -> None:
    config = ServoConfig(portion_size=1.2, turns=3)
    motion = rules.motion(config, portion, 10)
    assert (motion.turns, motion.portion_mg, grams(config, turns)) == (turns, round(fell * 1000), fell)
    assert motion.length_ms == turns * 2100


# -- when ------------------------------------------------------------------------------------------------------------


def feeder(*entries: Entry, **changes: Any) -> Feeder:
    return Feeder(
        id=1, name="F", enclosure="reef", servo=1, config=ServoConfig(portion_size=1), schedule=entries, **changes
    )


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


@pytest.mark.parametrize("zone_name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Phoenix",
                                       "Asia/Kathmandu", "America/Santiago"])  # fmt: skip
def test_each_entry_comes_once_a_day_all_year(zone_name: str) -> None:
    """Every quarter of an hour of the day, over both changes of the clock: a row a day, at the time of the wall."""
    zone = ZoneInfo(zone_name)
    fed = feeder(*(Entry(id=minute, name="m", minute=minute) for minute in range(0, 1440, 15)))
    start = datetime(2026, 1, 1, tzinfo=zone)
    due = rules.due_between([fed], zone, ms(start) - 1, ms(datetime(2026, 12, 31, 23, 59, tzinfo=zone)))
    assert len(due) == 365 * 96
    assert len({row.key for row in due}) == len(due)
    assert [row.at_ms for row in due] == sorted(row.at_ms for row in due)
    moved = [row for row in due if _wall(row.at_ms, zone) != (row.day, row.entry.minute)]
    assert len(moved) <= 4, "only what the clocks skip comes at another time of the wall"
    assert all(abs(_wall(row.at_ms, zone)[1] - row.entry.minute) in (30, 60) for row in moved)


def _wall(at_ms: int, zone: ZoneInfo) -> tuple[str, int]:
    then = datetime.fromtimestamp(at_ms / 1000, zone)
    return then.date().isoformat(), then.hour * 60 + then.minute


def test_the_two_days_of_the_change() -> None:
    """Berlin: 2026-03-29 has no 02:30, which comes when the wall shows 03:30; 2026-10-25 has two: the first."""
    zone = ZoneInfo("Europe/Berlin")
    night = feeder(Entry(id=1, name="Night", minute=150))
    for day, expected in ((29, "2026-03-29T01:30:00+00:00"), (25, "2026-10-25T00:30:00+00:00")):
        start = datetime(2026, 3 if day == 29 else 10, day, tzinfo=zone)
        (due,) = rules.due_between([night], zone, ms(start), ms(start + timedelta(days=1)))
        assert datetime.fromtimestamp(due.at_ms / 1000, UTC).isoformat() == expected


def test_however_the_time_is_cut_up_each_meal_is_seen_once() -> None:
    """Looks of 7 minutes over the day of 25 hours find what one look finds."""
    zone = ZoneInfo("Europe/Berlin")
    fed = feeder(*(Entry(id=minute, name="m", minute=minute) for minute in range(0, 1440, 10)))
    start, end = (ms(datetime(2026, 10, day, 12, tzinfo=zone)) for day in (24, 26))
    whole = [row.key for row in rules.due_between([fed], zone, start, end)]
    parts = []
    for at in range(start, end, 420_000):
        parts += [row.key for row in rules.due_between([fed], zone, at, min(at + 420_000, end))]
    assert parts == whole


def test_a_day_that_the_zone_skips_is_no_day() -> None:
    """Samoa had no 2011-12-30: the meal of that day is not given together with the next one's."""
    zone = ZoneInfo("Pacific/Apia")
    start = datetime(2011, 12, 29, tzinfo=zone)
    due = rules.due_between([feeder(Entry(id=1, name="m", minute=480))], zone, ms(start), ms(start) + 3 * 86_400_000)
    assert [row.day for row in due] == ["2011-12-29", "2011-12-31", "2012-01-01"]
    assert len({row.at_ms for row in due}) == 3


def test_weekdays_enabled_and_since() -> None:
    zone = ZoneInfo("UTC")
    monday = datetime(2026, 6, 15, tzinfo=zone)
    span = (ms(monday), ms(monday + timedelta(days=7)))
    entry = Entry(id=1, name="m", minute=480, weekdays=0b0000101)
    assert [row.day for row in rules.due_between([feeder(entry)], zone, *span)] == ["2026-06-15", "2026-06-17"]
    assert not rules.due_between([feeder(replace(entry, enabled=False))], zone, *span)
    assert not rules.due_between([feeder(entry, enabled=False)], zone, *span)
    late = replace(entry, since_ms=ms(monday + timedelta(hours=9)))
    assert [row.day for row in rules.due_between([feeder(late)], zone, *span)] == ["2026-06-17"]


def test_the_next_meal() -> None:
    zone = ZoneInfo("UTC")
    now_ms = ms(datetime(2026, 6, 15, 7, tzinfo=zone))
    fed = feeder(Entry(id=1, name="m", minute=480))
    coming = rules.next_due(fed, zone, now_ms)
    assert coming is not None
    assert coming.day == "2026-06-15"
    after = rules.next_due(fed, zone, now_ms, {(1, "2026-06-15")})
    assert after is not None
    assert after.day == "2026-06-16", "the clock was set back after that one"
    assert rules.next_due(feeder(), zone, now_ms) is None


# -- changes ---------------------------------------------------------------------------------------------------------


def test_only_what_was_moved_or_not_followed_counts_anew() -> None:
    old = feeder(
        Entry(id=1, name="a", minute=480, since_ms=5), Entry(id=2, name="b", minute=600, since_ms=5),
        Entry(id=3, name="c", minute=700, since_ms=5, enabled=False), Entry(id=4, name="d", minute=800, since_ms=5),
    )  # fmt: skip
    kept, moved, on, off = old.schedule
    new = feeder(
        replace(kept, name="A", portion_g=2.0), replace(moved, minute=601), replace(on, enabled=True),
        replace(off, enabled=False), Entry(name="e", minute=900),
    )  # fmt: skip
    assert [entry.since_ms for entry in succeed(new, old, 99).schedule] == [5, 99, 99, 5, 99]
    again = succeed(old, replace(old, enabled=False), 99)
    assert [entry.since_ms for entry in again.schedule] == [99, 99, 99, 99], "it was not followed until now"
    with pytest.raises(RefusedError, match="no entry 9"):
        succeed(feeder(Entry(id=9, name="x", minute=1)), old, 99)


# -- what became of it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "drops", "fell"),
    [
        (Status.SUCCESS, "none", 0, 2.0), (Status.FAILED, "no_drop", 0, 0.0), (Status.PARTIAL, "missed_drop", 1, 0.5),
        (Status.PARTIAL, "missed_drop", 9, 2.0), (Status.PARTIAL, "restart", 3, None),
        (Status.SUCCESS, "none", None, 2.0), (Status.PARTIAL, "restart", None, None),
    ],
)  # fmt: skip
def test_what_fell(status: Status, reason: str, drops: int | None, fell: float | None) -> None:
    outcome = Outcome(
        operation_id=1, servo=1, status=status, reason=reason, turns=4, drops=drops, took_ms=0, ended_ms=None,
        board_id="b",
    )  # fmt: skip
    assert rules.portion_g(2.0, 4, outcome) == fell
    assert outcome.started_ms is None


def test_drops_that_nobody_counted_are_not_none_that_fell() -> None:
    assert [rules.drops_of(count) for count in (0, 3, messages.DROPS_UNKNOWN)] == [0, 3, None]


def test_a_reason_that_is_not_known_here_keeps_its_name() -> None:
    assert rules.reason_text("out_of_food") == "out of food"
    assert rules.status_of("running") is None
