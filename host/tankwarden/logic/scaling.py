"""Raw counts to values: straight lines between points, as the Pico reckons them in integers.

Beyond the first and the last point the end segments go on. Raw rows are never rewritten: a value is made on read.
"""

from bisect import bisect_right
from collections.abc import Sequence

Points = Sequence[tuple[float, float]]  # (counts, value); the configuration's counts are whole


def value_at(points: Points, counts: float) -> float:
    """The value of `counts` (whole or a mean); points: at least 2, counts rising."""
    segment = bisect_right(points, counts, 1, len(points) - 1, key=lambda point: point[0])
    (x0, y0), (x1, y1) = points[segment - 1], points[segment]
    return y0 + (counts - x0) * (y1 - y0) / (x1 - x0)
