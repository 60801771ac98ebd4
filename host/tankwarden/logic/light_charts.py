"""A light's day as a chart: what its behavior alone would do, and what its plans, as they were sent, do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tankwarden.logic.lights import Channel, percent_shown
from tankwarden.logic.plans import Knot, counts_at

_BEHAVIOR_EVERY_MS = 900_000
_PLAN_EVERY_MS = 600_000

Points = tuple[tuple[int, float], ...]  # (UTC ms, percent)


@dataclass(frozen=True, slots=True)
class Chart:
    """From midnight to midnight by the wall clock. plan: as far as plans were sent; empty if there was none."""

    start_ms: int
    end_ms: int
    behavior: Points
    plan: Points


def day_of(at_ms: int, zone: str) -> tuple[int, int]:
    """The day around an instant, UTC ms: 23 or 25 hours long when the clock is set."""
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return round(midnight.timestamp() * 1000), round((midnight + timedelta(days=1)).timestamp() * 1000)


def chart(channel: Channel, track: Sequence[Knot], at_ms: int) -> Chart:
    """The day around at_ms. track: knots of the plans as sent, in order."""
    start_ms, end_ms = day_of(at_ms, channel.sky.zone)
    edges = channel.edges((), start_ms, end_ms)
    times = {*range(start_ms, end_ms, _BEHAVIOR_EVERY_MS), end_ms, *edges, *(edge - 1 for edge in edges)}
    behavior = tuple((at, round(channel.level_percent((), at), 1)) for at in sorted(times))
    return Chart(start_ms, end_ms, behavior, _plan_points(channel, track, start_ms, end_ms))


def _plan_points(channel: Channel, track: Sequence[Knot], start_ms: int, end_ms: int) -> Points:
    """Between knots the level is no straight line, since output goes with a power of it: so points in between, too."""
    if not track:
        return ()
    first, last = max(start_ms, track[0].at_ms), min(end_ms, track[-1].at_ms)
    if first > last:
        return ()
    times = {first, last, *(knot.at_ms for knot in track), *range(start_ms, end_ms, _PLAN_EVERY_MS)}
    return tuple(
        (at, round(percent_shown(counts_at(track, at), channel.light), 1))
        for at in sorted(times)
        if first <= at <= last
    )
