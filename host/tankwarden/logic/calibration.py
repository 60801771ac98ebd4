"""Calibration: what was measured against what was actual, as straight lines between points, in versions that each hold
for a span of time.

The one rule of the house: a raw row is never rewritten. A better calibration is a new version, perhaps one that holds
from a date in the past on; values are made when they are read. Between two points a value lies on the straight line
through them; beyond the first and the last point the end segments go on.
"""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tankwarden.errors import RefusedError

Points = tuple[tuple[float, float], ...]  # (measured, actual), measured rising

MAX_POINTS = 64  # of one version: more are noise
COUNTS_MAX = 4095  # the Pico's converters have 12 bits
VALUE_MAX = 10_000.0  # A, V or °F: as tanklink's VALUE_MAX, which a test holds to this


class CalibrationError(RefusedError):
    """Points that make no calibration; the message names the point and says what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "")


@dataclass(frozen=True, slots=True)
class Segment:
    """value = slope · measured + offset for start ≤ measured < end; the first and the last reach to infinity."""

    start: float
    end: float
    slope: float
    offset: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines between points. CalibrationError for points that make none; see `checked`."""

    points: Points
    _segments: tuple[Segment, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        points = checked(self.points)
        edges = (-math.inf, *(measured for measured, _ in points[1:-1]), math.inf)
        lines = zip(edges, edges[1:], points, points[1:], strict=False)
        object.__setattr__(self, "points", points)
        object.__setattr__(
            self, "_segments", tuple(Segment(begin, end, *_line(one, other)) for begin, end, one, other in lines)
        )

    @classmethod
    def straight(cls, slope: float, offset: float) -> "Curve":
        """value = slope · measured + offset."""
        return cls(((0.0, offset), (4096.0, slope * 4096.0 + offset)))

    @property
    def breaks(self) -> tuple[float, ...]:
        """Where the line bends: every point but the first and the last."""
        return tuple(measured for measured, _ in self.points[1:-1])

    def segments(self) -> tuple[Segment, ...]:
        """All of them, in order: one fewer than there are points."""
        return self._segments

    def value(self, measured: float) -> float:
        """The actual value of one measured."""
        place = bisect_right(self.points, measured, 1, len(self.points) - 1, key=lambda point: point[0])
        (x0, y0), (x1, y1) = self.points[place - 1], self.points[place]
        return y0 + (measured - x0) * ((y1 - y0) / (x1 - x0))

    def measured(self, value: float) -> float:
        """What was measured where this value was shown. CalibrationError if the curve turns, so that nobody knows."""
        slopes = [segment.slope for segment in self.segments()]
        if not (all(slope > 0 for slope in slopes) or all(slope < 0 for slope in slopes)):
            raise CalibrationError("the values neither rise nor fall all along: give the measured counts instead")
        mirrored = tuple(sorted((actual, measured) for measured, actual in self.points))
        return Curve(mirrored).value(value)

    def bends_between(self, low: float, high: float) -> bool:
        """Whether a bend lies strictly between two measured: a mean over them is then no point of the line."""
        return any(low < bend < high for bend in self.breaks)


def checked(points: Iterable[tuple[float, float]]) -> Points:
    """At least 2 points, in order of what was measured. CalibrationError naming the one that is wrong.

    Two points of the same measured value would be a wall, and one alone tells no slope: see `shifted`.
    """
    ordered = tuple(sorted((float(measured), float(actual)) for measured, actual in points))
    for measured, actual in ordered:
        if not (math.isfinite(measured) and math.isfinite(actual)):
            raise CalibrationError(f"the point {measured:g} → {actual:g} is not a number: take it out")
    if len(ordered) < 2:
        raise CalibrationError(f"there are {len(ordered)} points: a line takes at least 2")
    if len(ordered) > MAX_POINTS:
        raise CalibrationError(f"there are {len(ordered)} points: at most {MAX_POINTS} can be kept, take some out")
    for (one, first), (other, second) in itertools.pairwise(ordered):
        if one == other:
            raise CalibrationError(
                f"{one:g} was measured twice, once as {first:g} and once as {second:g}: keep one of the two"
            )
    return ordered


def monotonic(points: Points, *, rising: bool = False) -> Points:
    """The points, if values rise all along, or (unless `rising`) fall all along. CalibrationError naming the pair."""
    steps = [second - first for (_, first), (_, second) in itertools.pairwise(points)]
    up = rising or sum(step > 0 for step in steps) * 2 >= len(steps)
    for (one, other), step in zip(itertools.pairwise(points), steps, strict=True):
        if (step <= 0) if up else (step >= 0):
            raise CalibrationError(
                f"from {one[0]:g} → {one[1]:g} to {other[0]:g} → {other[1]:g} the value does not"
                f" {'rise' if up else 'fall'} as everywhere else: one of the two is wrong, measure it again"
            )
    return points


def of_channel(channel: str, points: Iterable[tuple[float, float]]) -> Points:
    """Points of a channel of the Pico: (counts, A, V or °F). CalibrationError if it could not use them.

    Currents and voltages rise with the counts; a thermistor's temperature may fall with them.
    """
    ordered = monotonic(checked(points), rising=channel.startswith(("current_", "voltage_", "reference")))
    for counts, value in ordered:
        if not 0 <= counts <= COUNTS_MAX:
            raise CalibrationError(f"{counts:g} counts are not 0 to {COUNTS_MAX}: the converter has 12 bits")
        if abs(value) > VALUE_MAX:
            raise CalibrationError(f"the value {value:g} is beyond ±{VALUE_MAX:g}: write A, V or °F")
        # The Pico holds whole counts: two points within one would be the same to it.
    for (one, _), (other, _) in itertools.pairwise(ordered):
        if other - one < 1:
            raise CalibrationError(f"{one:g} and {other:g} lie within one count: keep one of the two")
    return ordered


def of_probe(points: Iterable[tuple[float, float]]) -> Points:
    """Points of a probe that does not hang on the Pico: (as its driver read it, as it was). CalibrationError."""
    ordered = monotonic(checked(points))
    for _, value in ordered:
        if abs(value) > VALUE_MAX:
            raise CalibrationError(f"the value {value:g} is beyond ±{VALUE_MAX:g}: write it in another unit")
    return ordered


def shifted(base: Points, measured: float, actual: float) -> Points:
    """What one point says: the base's line, moved up or down so that it goes through it. A slope takes two points."""
    if not (math.isfinite(measured) and math.isfinite(actual)):
        raise CalibrationError(f"the point {measured:g} → {actual:g} is not a number: take it out")
    by = actual - Curve(base).value(measured)
    return tuple((x, y + by) for x, y in base)


def completed(points: Sequence[tuple[float, float]], base: Points) -> Points:
    """Points as a person gave them, made into those of a curve: one alone moves the base, two and more stand alone."""
    if len(points) == 1:
        return shifted(base, *points[0])
    return checked(points)


@dataclass(frozen=True, slots=True)
class Residual:
    """One point. before: what was shown for it so far. straight: what the best straight line says. unit as actual."""

    measured: float
    actual: float
    before: float
    straight: float

    @property
    def error_before(self) -> float:
        return self.before - self.actual

    @property
    def error_straight(self) -> float:
        return self.straight - self.actual


def residuals(points: Sequence[tuple[float, float]], before: Points) -> list[Residual]:
    """Each point beside what was shown and beside the straight line of least squares through all of them.

    The curve itself goes through every point: a point that was misread shows only by its distance from the line.
    """
    slope, offset = least_squares(points)
    curve = Curve(before)
    return [Residual(x, y, curve.value(x), slope * x + offset) for x, y in sorted(points)]


def least_squares(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(slope, offset) of the straight line of least squares; a single point, or one place: slope 0.

    Source: any text on linear regression, such as Draper & Smith, Applied Regression Analysis, 3rd ed., 1.2.
    """
    n = len(points)
    mean_x, mean_y = math.fsum(x for x, _ in points) / n, math.fsum(y for _, y in points) / n
    spread = math.fsum((x - mean_x) ** 2 for x, _ in points)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    return slope, mean_y - slope * mean_x


# -- versions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Version:
    """A calibration of one sensor for a span of time.

    target: a channel of the Pico, or sensor.ID. from_ms, to_ms: UTC; to_ms is the first instant at which it
    holds no more; None = since ever, for ever. undone_ms: when a person took it back; None = it stands. unit: of the
    actual values. parameters: what a wizard remembers besides the points, see ph.py.
    """

    id: int
    target: str
    points: Points
    from_ms: int | None
    to_ms: int | None
    made_ms: int
    note: str = ""
    undone_ms: int | None = None
    unit: str = ""
    parameters: Mapping[str, Any] | None = field(default=None, hash=False)

    def covers(self, at_ms: int) -> bool:
        return (self.from_ms is None or self.from_ms <= at_ms) and (self.to_ms is None or at_ms < self.to_ms)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with one curve. version: its id, None = the configuration's [[scale]]."""

    from_ms: int | None
    to_ms: int | None
    curve: Curve
    version: int | None


def in_force(base: Points, versions: Iterable[Version], at_ms: int) -> tuple[Points, int | None]:
    """The points that hold at an instant and their version's id: of those that cover it the one made last."""
    standing = [version for version in versions if version.undone_ms is None and version.covers(at_ms)]
    last = max(standing, key=lambda version: version.id, default=None)
    return (base, None) if last is None else (last.points, last.id)


def timeline(base: Points, versions: Iterable[Version]) -> tuple[Span, ...]:
    """All of time, in order and without a gap, each stretch with the curve that holds in it."""
    standing = [version for version in versions if version.undone_ms is None]
    edges = sorted({edge for version in standing for edge in (version.from_ms, version.to_ms) if edge is not None})
    spans: list[Span] = []
    for start, end in zip((None, *edges), (*edges, None), strict=True):
        inside = edges[0] - 1 if start is None and edges else start or 0
        points, number = in_force(base, standing, inside)
        if spans and spans[-1].version == number:
            spans[-1] = Span(spans[-1].from_ms, end, spans[-1].curve, number)
        else:
            spans.append(Span(start, end, Curve(points), number))
    return tuple(spans)


# -- the Pico's tables ----------------------------------------------------------------------------------------------


def for_pico(points: Points, most: int = 8) -> tuple[tuple[int, float], ...]:
    """The curve as the Pico can hold it: whole counts, at most so many points.

    A point between two counts moves along the curve to the nearest one. Of more points than there is room for those are
    kept that leave the least greatest error (dynamic programming over the segments that may be left out).
    """
    curve = Curve(points)
    whole = sorted({min(max(round(counts), 0), COUNTS_MAX) for counts, _ in curve.points})
    exact = dict(curve.points)  # where the line is reckoned, it is so up to rounding only
    table = [(counts, exact[counts] if counts in exact else curve.value(counts)) for counts in whole]
    return tuple(table) if len(table) <= most else tuple(table[place] for place in _kept(table, most))


def _kept(table: list[tuple[int, float]], most: int) -> list[int]:
    """Places of the points to keep, the first and the last among them."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, -1)}]  # by how many: place → (error so far, place before)
    for _ in range(most - 1):
        row: dict[int, tuple[float, int]] = {}
        for end in range(1, len(table)):
            ways = [
                (max(error, _sag(table, start, end)), start) for start, (error, _) in best[-1].items() if start < end
            ]
            if ways:
                row[end] = min(ways)
        best.append(row)
    place, kept = len(table) - 1, []
    for row in reversed(best):
        kept.append(place)
        place = row[place][1]
    return kept[::-1]


def _sag(table: list[tuple[int, float]], start: int, end: int) -> float:
    """How far the points between two lie from the straight line through the two."""
    slope, offset = _line(table[start], table[end])
    return max((abs(slope * x + offset - y) for x, y in table[start + 1 : end]), default=0.0)


def _line(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    (x0, y0), (x1, y1) = one, other
    slope = (y1 - y0) / (x1 - x0)
    return slope, y0 - slope * x0
