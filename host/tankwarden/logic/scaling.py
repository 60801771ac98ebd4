"""Raw counts to values: straight lines between points, as the Pico reckons them in integers.

Beyond the first and the last point the end segments go on. Raw rows are never rewritten: a value is made on read.
"""

from bisect import bisect_right
from dataclasses import dataclass

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """value = slope · counts + offset."""

    slope: float
    offset: float

    def value(self, counts: float) -> float:
        return self.slope * counts + self.offset


def value_at(points: Points, counts: float) -> float:
    """The value of `counts` (whole or a mean); points: at least 2, counts rising."""
    segment = bisect_right(points, counts, 1, len(points) - 1, key=lambda point: point[0])
    (x0, y0), (x1, y1) = points[segment - 1], points[segment]
    return y0 + (counts - x0) * (y1 - y0) / (x1 - x0)


def line(points: Points) -> Line:
    """The straight line of a scale of exactly 2 points, as currents and voltages have. ValueError otherwise.

    Power comes from sums of products of counts, and only straight lines can be taken out of such a sum (energy.py).
    """
    if len(points) != 2:
        raise ValueError(f"a straight line takes exactly 2 points, not {len(points)}")
    (x0, y0), (x1, y1) = points
    slope = (y1 - y0) / (x1 - x0)
    return Line(slope, y0 - slope * x0)
