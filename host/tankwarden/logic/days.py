"""Days by the wall of a zone: 24 hours as a rule, 23 or 25 when the clocks change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Day:
    """name: as 2026-03-29. begin_ms, end_ms: UTC of its first instant and of the next day's."""

    name: str
    begin_ms: int
    end_ms: int

    @property
    def hours(self) -> float:
        return (self.end_ms - self.begin_ms) / 3_600_000


def day_at(at_ms: int, zone: ZoneInfo) -> Day:
    """The day that an instant falls into."""
    return _day(datetime.fromtimestamp(at_ms / 1000, zone).date(), zone)


def days_between(t0_ms: int, t1_ms: int, zone: ZoneInfo) -> Iterator[Day]:
    """Every day that has a part in t0 ≤ t < t1, in order."""
    at_ms = t0_ms
    while at_ms < t1_ms:
        day = day_at(at_ms, zone)
        yield day
        at_ms = day.end_ms


def _day(local: date, zone: ZoneInfo) -> Day:
    return Day(local.isoformat(), _first_ms(local, zone), _first_ms(local + timedelta(days=1), zone))


def _first_ms(local: date, zone: ZoneInfo) -> int:
    """Where midnight does not exist (some zones change then), the first instant that does."""
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    return round(midnight.timestamp() * 1000)
