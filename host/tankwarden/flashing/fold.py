"""Constants of the program's sources, reckoned at build time: what the chip would look up by name becomes a number.

An expression is replaced if all that it names are constants (by the house's convention: capital letters) and it comes
to a small integer, a truth value, a word or None. Nothing else of a function changes.
"""

import ast
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from .names import comprehension_locals

SMALL = 1 << 30  # from here on the chip boxes an integer: such a constant stays a global, made once
_SAFE: dict[str, Any] = {
    "abs": abs, "bool": bool, "bytes": bytes, "dict": dict, "enumerate": enumerate, "int": int, "len": len,
    "max": max, "min": min, "range": range, "sorted": sorted, "str": str, "sum": sum, "tuple": tuple, "zip": zip,
    "const": lambda value: value,
}  # fmt: skip
_SAFE_METHODS = ("index", "encode", "values", "items", "split")
_BARRED = (ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.JoinedStr, ast.Starred)
# What decides on the chip which of two ways a file goes.
PLATFORM = {"sys": SimpleNamespace(implementation=SimpleNamespace(name="micropython"), modules=sys.modules)}
NOTHING = object()


def evaluate(node: ast.expr, look_up: Callable[[str], Any]) -> Any:
    """What the expression comes to, or NOTHING. look_up: the value of a constant's name, or NOTHING."""
    names: dict[str, Any] = {}
    own: set[str] = set()
    for part in ast.walk(node):
        own |= comprehension_locals(part)
    for part in ast.walk(node):
        if isinstance(part, _BARRED):
            return NOTHING
        if isinstance(part, ast.Call) and not _is_safe(part.func):
            return NOTHING
        if isinstance(part, ast.Name) and part.id not in own:
            value = _SAFE.get(part.id, NOTHING) if look_up(part.id) is NOTHING else look_up(part.id)
            if value is NOTHING:
                return NOTHING
            names[part.id] = value
    try:
        return eval(compile(ast.Expression(node), "<constant>", "eval"), {"__builtins__": {}, **names})  # noqa: S307
    except (AttributeError, LookupError, TypeError, ValueError, NameError):
        return NOTHING


def _is_safe(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in _SAFE
    return isinstance(called, ast.Attribute) and called.attr in _SAFE_METHODS


def is_word(value: object) -> bool:
    """Whether it may stand wherever its name stood."""
    if isinstance(value, bool) or value is None:
        return True
    if type(value) is int:
        return -SMALL < value < SMALL
    return type(value) is str and len(value) <= 20


def is_literal(value: object) -> bool:
    """Whether an assignment may have it instead of the expression that comes to it."""
    if is_word(value) or type(value) in (int, str, bytes):
        return True
    if isinstance(value, (tuple, list)):
        return all(map(is_literal, value))
    if type(value) is dict:
        return all(is_literal(key) and is_literal(item) for key, item in value.items())
    return False


def literal(value: object) -> ast.expr:
    """The syntax of a value of is_literal()."""
    return ast.parse(repr(value), mode="eval").body


def look_up_in(known: Mapping[str, Any]) -> Callable[[str], Any]:
    """Of a mapping, for evaluate()."""
    return lambda name: known.get(name, NOTHING)
