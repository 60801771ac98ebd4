"""The charts' table: history boiled down to one row an hour, for screen readers and browsers without script. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tankwarden.web.present import NO_VALUE, Times, quantity

# Series of the history -> what a cell of the table says of an hour.
COLUMNS = {"power_w": ("mean", "W"), "temperature_degf": ("lowest to highest", "°F")}


@dataclass(frozen=True, slots=True)
class Table:
    """heads: (name, what a cell says) of each column; rows: (hour, cells as HTML), newest first."""

    heads: list[tuple[str, str]]
    rows: list[tuple[str, list[str]]]


def hourly(history: dict[str, Any], names: dict[str, dict[str, str]], times: Times) -> Table:
    """One row for each hour of the tank's zone that has points. `names` gives the column heads: series, id, name."""
    heads, columns = [], []
    for series, (cell, unit) in COLUMNS.items():
        for key, values in history["series"].get(series, {}).items():
            heads.append((names.get(series, {}).get(key, key), cell))
            columns.append((unit, values))
    rows = [
        (hour, [_cell(unit, values[first:end]) for unit, values in columns])
        for hour, first, end in _hours(history["t_ms"], times)
    ]
    return Table(heads, rows[::-1])


def _hours(t_ms: list[int], times: Times) -> Iterable[tuple[str, int, int]]:
    """(label, first, end) of each run of points within one hour."""
    first = 0
    labels = [times.hour(t) for t in t_ms]
    for index in range(1, len(t_ms) + 1):
        # The same hour of another day is an hour, too: tell them apart by their distance.
        if index == len(t_ms) or labels[index] != labels[first] or t_ms[index] - t_ms[first] > 7_200_000:
            yield labels[first], first, index
            first = index


def _cell(unit: str, values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return NO_VALUE
    if unit == "W":
        return quantity(round(sum(known) / len(known), 1), unit)
    return f"{quantity(min(known), unit)} – {quantity(max(known), unit)}"
