"""Frozen dataclasses from TOML tables: each field carries its unit, bounds, choices and help in its metadata.

config.py and the drivers' parameters are declared with `setting`; `read_table` turns a TOML table into such a class
and refuses unknown keys, missing keys, wrong types and values out of bounds, saying where and what to do.
"""

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tankwarden.errors import ConfigError

IDENTIFIER = r"[a-z][a-z0-9_-]{0,31}"
COLOUR = r"#[0-9a-fA-F]{6}"
_PATTERN_HELP = {
    IDENTIFIER: ("a name for programs", "use a small letter first, then at most 31 small letters, digits, - or _"),
    COLOUR: ("a colour", "write # and six hexadecimal digits, such as #2f6fde"),
}
_WALL_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_MARK = "tankwarden"
_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}
Points = tuple[tuple[int, float], ...]
TimedPoints = tuple[tuple[str, float], ...]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What is known of a field besides its name, type and default."""

    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int, ...] = ()
    pattern: str | None = None

    @property
    def bounds(self) -> str:
        """What is allowed, for people; empty where anything of the type is."""
        unit = f" {self.unit}" if self.unit else ""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}{unit}"
        if self.low is not None:
            return f"at least {self.low:g}{unit}"
        return f"at most {self.high:g}{unit}" if self.high is not None else ""


def setting(
    help: str,  # noqa: A002 - the field's own word, as in argparse
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str | int, ...] = (),
    pattern: str | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A dataclass field that people set. Without a default it must be given."""
    metadata = {_MARK: Setting(help, unit, low, high, choices, pattern)}
    return dataclasses.field(default=default, metadata=metadata)


def settings_of(cls: type) -> dict[str, tuple[dataclasses.Field[Any], Setting, Any]]:
    """name → (dataclass field, Setting, type) of every field of `cls` that was made by `setting`."""
    hints = typing.get_type_hints(cls)
    return {
        field.name: (field, field.metadata[_MARK], hints[field.name])
        for field in dataclasses.fields(cls)
        if _MARK in field.metadata
    }


def read_table(cls: type[T], table: object, where: str) -> T:
    """`table` as a `cls`. where: file and table, for messages. ConfigError for anything that does not fit."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"this is {_kind(table)}, not a table", where=where, fix="write it as a [table] of keys")
    known = settings_of(cls)
    for key in table:
        refuse_unknown(key, known, where)
    values = {}
    for name, (field, rule, kind) in known.items():
        if name in table:
            values[name] = _read(table[name], rule, kind, f"{where}, key {name}")
        elif field.default is dataclasses.MISSING:
            what = f"{name} ({rule.help}) is missing"
            raise ConfigError(what, where=where, fix=f"add {name} = …" + (f", {rule.bounds}" if rule.bounds else ""))
    return cls(**values)


def refuse_unknown(key: str, known: Iterable[str], where: str) -> None:
    """ConfigError if key is not one of `known`; it names the nearest one."""
    names = sorted(known)
    if key in names:
        return
    near = difflib.get_close_matches(key, names, 1, 0.5)
    fix = f"did you mean {near[0]}?" if near else "it takes " + ", ".join(names)
    raise ConfigError(f"unknown key {key}", where=where, fix=fix)


def _read(value: object, rule: Setting, kind: Any, where: str) -> object:
    """One value, checked against its field's type and rule."""
    if kind == Points:
        return _points(value, where)
    if kind == TimedPoints:
        return _timed_points(value, where)
    expected = next(base for base in (bool, int, float, str) if base in _alternatives(kind))
    fix = f"write {_KINDS[expected]}" + (f", {rule.bounds}" if rule.bounds else "")
    if expected is float and type(value) is int:  # TOML writes 12 for 12.0
        value = float(value)
    if type(value) is not expected:
        raise ConfigError(f"{value!r} is {_kind(value)}, not {_KINDS[expected]}", where=where, fix=fix)
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{value} is no number to work with", where=where, fix=fix)
    below = isinstance(value, int | float) and rule.low is not None and value < rule.low
    above = isinstance(value, int | float) and rule.high is not None and value > rule.high
    if below or above or (rule.choices and value not in rule.choices):
        raise ConfigError(f"{value!r} is out of bounds", where=where, fix=fix)
    if rule.pattern is not None and isinstance(value, str) and not re.fullmatch(rule.pattern, value):
        what, fix = _PATTERN_HELP[rule.pattern]
        raise ConfigError(f"{value!r} will not do as {what}", where=where, fix=fix)
    return value


def _points(value: object, where: str) -> Points:
    """A list of [counts, value] pairs."""
    fix = "write points as [[counts, value], …], e.g. [[372, 0.0], [4095, 14.1]]"
    if not isinstance(value, list):
        raise ConfigError(f"this is {_kind(value)}, not a list of points", where=where, fix=fix)
    points = []
    for number, pair in enumerate(value, 1):
        if not isinstance(pair, list) or len(pair) != 2 or type(pair[0]) is not int:
            raise ConfigError(f"point {number} is {pair!r}", where=where, fix=fix)
        if type(pair[1]) not in (int, float) or not math.isfinite(pair[1]):
            raise ConfigError(f"the value of point {number} is {pair[1]!r}", where=where, fix=fix)
        points.append((pair[0], float(pair[1])))
    return tuple(points)


def _timed_points(value: object, where: str) -> TimedPoints:
    """A list of ["HH:MM", percent] pairs with rising times."""
    fix = 'write points as [["HH:MM", percent], …], times rising, e.g. [["08:00", 0], ["12:00", 80], ["20:00", 0]]'
    if not isinstance(value, list) or not value:
        raise ConfigError(f"this is {_kind(value)} without points", where=where, fix=fix)
    points: list[tuple[str, float]] = []
    for number, pair in enumerate(value, 1):
        if not isinstance(pair, list) or len(pair) != 2 or type(pair[1]) not in (int, float):
            raise ConfigError(f"point {number} is {pair!r}", where=where, fix=fix)
        time, percent = pair
        if not isinstance(time, str) or not re.fullmatch(_WALL_TIME, time):
            raise ConfigError(f"the time of point {number} is {time!r}", where=where, fix=fix)
        if not 0 <= percent <= 100:  # nan is neither
            raise ConfigError(f"the level of point {number} is {percent!r}", where=where, fix="write 0 to 100 percent")
        if points and time <= points[-1][0]:
            raise ConfigError(f"{time} does not come after {points[-1][0]}", where=where, fix=fix)
        points.append((time, float(percent)))
    return tuple(points)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """The members of `X | None`, or the type alone."""
    return typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), f"a {type(value).__name__}")
