"""Curves as SQL: values, slopes and power of raw sums, for SQLite and PostgreSQL alike.

A CASE has one branch for each straight line; the choice of the line is that of logic/calibration.py. Numbers are
written in full (repr), so that SQL reckons with the very same ones.
"""

from collections.abc import Sequence

from tankwarden.logic.calibration import Curve, Segment
from tankwarden.logic.meters import CircuitMeter
from tankwarden.store.dialect import real
from tankwarden.store.rows import quality_mask

_BRANCHES = 16  # of one straight formula each: more are written as a product of two curves, which is shorter


def parts(known: str) -> tuple[str, str]:
    """Condition and value of what known_power or known_value gave."""
    condition, _, value = known.removeprefix("CASE WHEN ").removesuffix(" END").partition(" THEN ")
    return condition, value


def by_segment(curve: Curve, x: str, branches: Sequence[str]) -> str:
    """branches: one expression for each segment of the curve; the one that holds at x."""
    return _chosen(x, [segment.end for segment in curve.segments()], branches)


def _chosen(x: str, ends: Sequence[float], branches: Sequence[str]) -> str:
    """By halves, so that eight points cost three comparisons and not seven."""
    if len(branches) == 1:
        return f"({branches[0]})"
    half = len(branches) // 2
    low, high = _chosen(x, ends[:half], branches[:half]), _chosen(x, ends[half:], branches[half:])
    return f"(CASE WHEN {x} < {real(ends[half - 1])} THEN {low} ELSE {high} END)"


def value(curve: Curve, x: str) -> str:
    """The value at x. From the segment's first point on, as Curve.value reckons it, so that nothing cancels."""
    branches = []
    for segment, (x0, y0) in zip(curve.segments(), curve.points, strict=False):
        branches.append(f"{real(y0)} + ({x} - {real(x0)}) * {real(segment.slope)}")
    return by_segment(curve, x, branches)


def slope(curve: Curve, x: str) -> str:
    """The slope of the straight line that holds at x."""
    return by_segment(curve, x, [real(segment.slope) for segment in curve.segments()])


def mean(column: str, n: str = "n") -> str:
    """Σ / n; as a double, since both are whole numbers."""
    return f"({column} * {real(1.0)} / {n})"


def power(meter: CircuitMeter, table: str = "") -> str:
    """Mean power of a row, W; logic/energy.py has the formula. Only for rows with n > 0."""
    v, i, vi, n = (f"{table}{name}" for name in columns(meter))
    lines_v, lines_i = meter.voltage.segments(), meter.current.segments()
    mean_v, mean_i = mean(v, n), mean(i, n)
    if len(lines_v) * len(lines_i) <= _BRANCHES:
        branches = [
            by_segment(meter.current, mean_i, [_straight(line_v, line_i, v, i, vi, n) for line_i in lines_i])
            for line_v in lines_v
        ]
        return by_segment(meter.voltage, mean_v, branches)
    means = f"{value(meter.voltage, mean_v)} * {value(meter.current, mean_i)}"
    moves = f"{slope(meter.voltage, mean_v)} * {slope(meter.current, mean_i)}"
    return f"({means} + {moves} * ({mean(vi, n)} - {mean_v} * {mean_i}))"


def _straight(volts: Segment, amperes: Segment, v: str, i: str, vi: str, n: str) -> str:
    a, b, c, d = volts.slope, volts.offset, amperes.slope, amperes.offset
    whole = f"{real(a * c)} * {vi} + {real(a * d)} * {v} + {real(b * c)} * {i}"
    return f"(({whole}) / {n} + {real(b * d)})"


def columns(meter: CircuitMeter) -> tuple[str, str, str, str]:
    """Of measurements: Σv, Σi, Σvi, n."""
    k = meter.circuit
    return f"voltage_{k}_sum", f"current_{k}_sum", f"vi_{k}_sum", "n"


def circuit_mask(meter: CircuitMeter) -> int:
    """Of `quality`: 0 there means that both voltage and current were ok."""
    return quality_mask(f"voltage_{meter.circuit}", f"current_{meter.circuit}")


def known_power(meter: CircuitMeter, table: str = "") -> str:
    """As power; null where nothing is known: no sample, or voltage or current not ok."""
    known = f"{table}n > 0 AND {table}quality & {circuit_mask(meter)} = 0"
    return f"CASE WHEN {known} THEN {power(meter, table)} END"


def known_value(curve: Curve, channel: str, table: str = "") -> str:
    """The value of a channel's mean in a row; null where nothing is known."""
    known = f"{table}n > 0 AND {table}quality & {quality_mask(channel)} = 0"
    return f"CASE WHEN {known} THEN {value(curve, mean(f'{table}{channel}_sum', f'{table}n'))} END"
