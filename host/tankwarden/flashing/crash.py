"""A crash of the chip in the names of its sources: python -m tankwarden.flashing.crash < crash.txt

On the chip names are short (shorten.py) and lines are those of the linked files. With the sources that were flashed,
each line of the traceback gets its function's long name back, and the statement that stands there.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping

from tankwarden.flashing.link import linked_sources

# MicroPython writes them so, of a compiled file too: py/obj.c, mp_obj_print_exception.
_PLACE = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>.+)$')


def explained(text: str, files: Mapping[str, str]) -> str:
    """The traceback with long names. files: name → linked text, long. What is of no such file stays as it is."""
    return "\n".join(line for written in text.splitlines() for line in _explained(written, files))


def _explained(written: str, files: Mapping[str, str]) -> Iterator[str]:
    place = _PLACE.match(written.rstrip())
    lines = files[place["file"]].splitlines() if place and place["file"] in files else []
    number = int(place["line"]) if place else 0
    if place is None or not 0 < number <= len(lines):
        yield written
        return
    name = ".".join(_around(ast.parse(files[place["file"]]), number)) or place["name"]
    yield f'  File "{place["file"]}", line {number}, in {name}'
    yield f"    {lines[number - 1].strip()}"


def _around(tree: ast.AST, number: int) -> Iterator[str]:
    """Classes and functions in which this line stands, the outermost first."""
    for node in ast.iter_child_nodes(tree):
        inside = isinstance(node, ast.stmt) and node.lineno <= number <= (node.end_lineno or node.lineno)
        if inside and isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name
        if inside:
            yield from _around(node, number)


if __name__ == "__main__":
    print(explained(sys.stdin.read(), linked_sources(short=False)))
