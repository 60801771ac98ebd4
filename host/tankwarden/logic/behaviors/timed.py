"""The behavior `timed`: levels at times of the wall clock, joined by straight lines or a smooth curve, day after day.

It follows the wall clock: when that is set forward or back for summer time, so does the light, by a step where the
level differs.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from tankwarden.logic.behaviors.sky import Sky

DAY_S = 86_400
_HOUR_MS = 3_600_000
TimedPoints = tuple[tuple[str, float], ...]


class Parameters(Protocol):
    """As config_lights.Timed: (HH:MM, percent) with rising times, and linear or smooth."""

    @property
    def points(self) -> TimedPoints: ...
    @property
    def shape(self) -> str: ...


def level(at_ms: int, parameters: Parameters, sky: Sky, _seed: int) -> float:
    """Percent, 0 to 100, at the wall time that the sky's zone has then; over midnight the points go round."""
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(sky.zone))
    second = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
    times, levels = _table(parameters.points)
    place = bisect_right(times, second) - 1  # −1: before the first point, on the way from yesterday's last
    after = (place + 1) % len(times)
    width = (times[after] - times[place]) % DAY_S or DAY_S
    part = (second - times[place]) % DAY_S / width
    if parameters.shape == "linear":
        return levels[place] + (levels[after] - levels[place]) * part
    return _hermite(parameters.points, place % len(times), after, width, part)


def edges(start_ms: int, end_ms: int, parameters: Parameters, sky: Sky) -> Sequence[int]:
    """The instants (UTC ms) of its points within the span, and those at which the wall clock is set."""
    zone = ZoneInfo(sky.zone)
    day = datetime.fromtimestamp(start_ms / 1000, zone).date() - timedelta(days=1)
    found = set(_changes(start_ms, end_ms, zone))
    while (midnight := datetime(day.year, day.month, day.day, tzinfo=zone)).timestamp() * 1000 <= end_ms:
        for second in _table(parameters.points)[0]:
            wall = midnight + timedelta(seconds=second)  # wall arithmetic: the zone is asked afterwards
            found |= {round(wall.replace(fold=fold).timestamp() * 1000) for fold in (0, 1)}
        day += timedelta(days=1)
    return sorted(at for at in found if start_ms < at < end_ms)


def why(parameters: Parameters) -> str:
    points = parameters.points
    first, last = points[0][0], points[-1][0]
    return f"by its {len(points)} times of day from {first} to {last}" if len(points) > 1 else "by its time of day"


def second_of(wall: str) -> int:
    """Of the day, of an HH:MM."""
    hours, minutes = wall.split(":")
    return int(hours) * 3600 + int(minutes) * 60


@lru_cache(maxsize=64)
def _table(points: TimedPoints) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return tuple(second_of(wall) for wall, _ in points), tuple(percent for _, percent in points)


def _hermite(points: TimedPoints, place: int, after: int, width: float, part: float) -> float:
    """Cubic Hermite segment: it passes through the points, and never beyond them."""
    levels, slopes = _table(points)[1], _slopes(points)
    square, cube = part * part, part * part * part
    return (
        (2 * cube - 3 * square + 1) * levels[place]
        + (cube - 2 * square + part) * width * slopes[place]
        + (3 * square - 2 * cube) * levels[after]
        + (cube - square) * width * slopes[after]
    )


@lru_cache(maxsize=64)
def _slopes(points: TimedPoints) -> tuple[float, ...]:
    """Percent per second at each point, so chosen that the curve is monotone between points, around the day.

    Fritsch and Butland, A method for constructing local monotone piecewise cubic interpolants, SIAM J. Sci. Stat.
    Comput. 5 (1984): the weighted harmonic mean of the neighbouring slopes, 0 where they differ in sign.
    """
    times, levels = _table(points)
    count = len(times)
    widths = [(times[(i + 1) % count] - times[i]) % DAY_S or DAY_S for i in range(count)]
    rises = [(levels[(i + 1) % count] - levels[i]) / widths[i] for i in range(count)]
    slopes = []
    for i in range(count):
        before, after = rises[i - 1], rises[i]
        if before * after <= 0:
            slopes.append(0.0)
            continue
        weight_before, weight_after = 2 * widths[i] + widths[i - 1], widths[i] + 2 * widths[i - 1]
        slopes.append((weight_before + weight_after) / (weight_before / before + weight_after / after))
    return tuple(slopes)


def _changes(start_ms: int, end_ms: int, zone: ZoneInfo) -> list[int]:
    """Instants at which the zone's offset from UTC changes."""
    found = []
    for hour_ms in range(start_ms, end_ms, _HOUR_MS):
        low, high = hour_ms, min(hour_ms + _HOUR_MS, end_ms)
        if _offset(low, zone) == _offset(high, zone):
            continue
        while high - low > 1:
            middle = math.floor((low + high) / 2)
            low, high = (middle, high) if _offset(middle, zone) == _offset(low, zone) else (low, middle)
        found.append(high)
    return found


def _offset(at_ms: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).utcoffset()
