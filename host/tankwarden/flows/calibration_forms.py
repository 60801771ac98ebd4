"""Calibrations as requests write them and answers show them: points in, and out the days that they change."""

from collections.abc import Mapping, Sequence
from typing import Any

from tankwarden.errors import RefusedError
from tankwarden.logic import calibration
from tankwarden.logic.calibration import Curve, Points
from tankwarden.store.calibrator import DayChange

_UNITS = {"current": "A", "voltage": "V", "temperature": "°F", "reef": "°F", "reference": "V"}
Request = Mapping[str, Any]
Answer = dict[str, Any]


def unit_of(channel: str) -> str:
    """A channel's unit once it is calibrated."""
    return _UNITS[channel.partition("_")[0]]


def for_pico(points: Points) -> Answer:
    """The table that the Pico gets, and how far it is off at the points."""
    table = calibration.for_pico(points)
    kept, curve = Curve(table), Curve(points)
    return {"points": table, "error": max(abs(kept.value(x) - curve.value(x)) for x, _ in points)}


def change_json(change: DayChange) -> Answer:
    """As the API shows it; circuit null: all together."""
    return {
        "day": change.day.name, "circuit": change.circuit or None, "hours": change.day.hours,
        "before_kwh": change.before_kwh, "after_kwh": change.after_kwh, "change_kwh": change.change_kwh,
        "bound_kwh": change.bound_kwh,
    }  # fmt: skip


def told(changes: Sequence[DayChange]) -> str:
    """All days together, for people."""
    total = [change for change in changes if not change.circuit]
    before, after = sum(c.before_kwh for c in total), sum(c.after_kwh for c in total)
    return f"{len(total)} days: {before:.3f} kWh before, {after:.3f} kWh after, {after - before:+.3f} kWh"


def pairs(request: Request, key: str) -> list[tuple[float, float]]:
    """[[measured, actual], …]."""
    given = request.get(key) or []
    if not isinstance(given, list | tuple):
        raise RefusedError(f"{given!r} is no list of points: write [[measured, actual], …]", key)
    pairs = []
    for pair in given:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(_is_number(part) for part in pair):
            raise RefusedError(f"{pair!r} is no point: write [measured, actual], two numbers", key)
        pairs.append((float(pair[0]), float(pair[1])))
    return pairs


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
