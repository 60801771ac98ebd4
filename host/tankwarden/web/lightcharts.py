"""Today's curves of the lights as lines of a drawing, and the same hour by hour for the table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tankwarden.web.present import Times, number

WIDTH, HEIGHT = 1440, 400  # of the drawing; the page stretches it
_HOUR_MS = 3_600_000

Points = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """One light. plan, behavior: points of an SVG polyline, empty where there is nothing to draw."""

    id: str
    name: str
    colour: str
    plan: str
    behavior: str


@dataclass(frozen=True, slots=True)
class Day:
    """All lights of one enclosure. now: x of this instant. ticks: (x in percent, wall time). rows: (hour, levels)."""

    curves: tuple[Curve, ...]
    now: int
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def day(charts: Sequence[dict[str, Any]], times: Times) -> Day | None:
    """None without a chart."""
    if not charts:
        return None
    start_ms, end_ms = int(charts[0]["start_ms"]), int(charts[0]["end_ms"])

    def x(at_ms: float) -> int:
        return round((at_ms - start_ms) / (end_ms - start_ms) * WIDTH)

    def line(points: Points) -> str:
        return " ".join(f"{x(at_ms)},{round((100 - percent) * HEIGHT / 100)}" for at_ms, percent in points)

    curves = tuple(
        Curve(one["id"], one["name"], one["colour"], line(one["plan"]), line(one["behavior"])) for one in charts
    )
    hours = range(start_ms, end_ms + 1, 6 * _HOUR_MS)
    ticks = tuple(((at - start_ms) / (end_ms - start_ms) * 100, times.hour(at)) for at in hours)
    return Day(curves, x(times.now_ms), ticks, _rows(charts, times, start_ms, end_ms))


def _rows(charts: Sequence[dict[str, Any]], times: Times, start_ms: int, end_ms: int) -> Any:
    """The plan where there is one, else what the behavior does."""
    return tuple(
        (times.hour(at_ms), tuple(number(_at(one["plan"], at_ms, one["behavior"]), "%") for one in charts))
        for at_ms in range(start_ms, end_ms, _HOUR_MS)
    )


def _at(points: Points, at_ms: int, otherwise: Points) -> float | None:
    """By straight lines between points; from the others where these do not reach."""
    for (one_ms, one), (two_ms, two) in pairwise(points):
        if one_ms <= at_ms < two_ms:
            return one + (two - one) * (at_ms - one_ms) / (two_ms - one_ms)
    return _at(otherwise, at_ms, ()) if otherwise else None
