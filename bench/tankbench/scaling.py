"""From meter readings to the points of a scale, as the configuration's [[scale]] wants them. Pure.

Currents and voltages are straight lines (power is taken from sums of volts times amperes), so more than two readings
become the line of least squares; other channels keep their readings as points, at most eight.
"""

from dataclasses import dataclass
from itertools import pairwise

from tankbench.errors import BenchError
from tanklink.messages import MAX_POINTS
from tankwarden.logic.scaling import value_at

LEAST_APART = 4  # counts between two readings: closer ones are noise

Reading = tuple[float, float]  # mean counts, the meter's value
Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Fit:
    """points: of the scale. residuals: value by the scale minus the meter's, for each reading, counts rising."""

    points: Points
    residuals: tuple[tuple[Reading, float], ...]


def is_linear(channel: str) -> bool:
    """Whether the configuration wants exactly two points of it."""
    return channel.startswith(("current_", "voltage_"))


def fit(channel: str, readings: list[Reading]) -> Fit:
    """The scale of some readings in any order. BenchError, saying which reading does not fit and what to do."""
    ordered = sorted(readings)
    if len(ordered) < 2:
        raise BenchError(
            f"{channel}: a scale takes two readings at least, there are {len(ordered)}: nothing was written"
        )
    for (low, _), (high, value) in pairwise(ordered):
        if high - low < LEAST_APART:
            raise BenchError(
                f"{channel}: the readings at {low:.1f} and {high:.1f} counts (meter {value:g}) are too close: "
                "take them further apart"
            )
    if is_linear(channel):
        points = _line(ordered)
        if points[0][1] >= points[1][1]:
            raise BenchError(f"{channel}: its value does not rise with the counts: check the readings and the wiring")
    else:
        if len(ordered) > MAX_POINTS:
            raise BenchError(f"{channel}: {len(ordered)} readings, {MAX_POINTS} points are the most: leave some out")
        points = tuple((round(counts), value) for counts, value in ordered)
    return Fit(points, tuple((reading, value_at(points, reading[0]) - reading[1]) for reading in ordered))


def _line(ordered: list[Reading]) -> Points:
    """Least squares, from the first reading's counts to the last's (Press et al., Numerical Recipes, 15.2)."""
    n = len(ordered)
    x_mean, y_mean = sum(x for x, _ in ordered) / n, sum(y for _, y in ordered) / n
    slope = sum((x - x_mean) * (y - y_mean) for x, y in ordered) / sum((x - x_mean) ** 2 for x, _ in ordered)
    ends = (round(ordered[0][0]), round(ordered[-1][0]))
    first, last = ((x, round(y_mean + slope * (x - x_mean), 4)) for x in ends)
    return first, last
