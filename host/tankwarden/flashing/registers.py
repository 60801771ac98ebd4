"""The linked program's machine code for the RP2040: where it reads a register, it is one load.

`machine.mem32[address]` and `time.ticks_us()` are objects and calls even in viper: a thousand cycles each, twice and
twice again in the interrupt that comes 2,000 times a second. On this chip they are words of memory, which viper can
read by itself. Only the text changes that is compiled for the chip: simulation and tests have no such memory.
docs/decisions/0024 tells why.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

_TIMERAWL = 0x40054028  # µs since power-on (RP2040 datasheet, 4.6.4): what time_us_32() reads, and ticks_us() masks
_TICKS_MASK = (1 << 30) - 1
Places = Mapping[str, int]


def direct(files: Mapping[str, str]) -> dict[str, str]:
    """File name → text of linked files, with those reads replaced. Every line keeps its number."""
    trees = {name: ast.parse(text) for name, text in files.items()}
    places = dict(_integers(trees.values()))
    return {name: _replaced(files[name], _reads(tree), places) for name, tree in trees.items()}


def _integers(trees: Iterable[ast.Module]) -> Iterator[tuple[str, int]]:
    """Integers that are too great for the chip's small ones have names of their own, each once in the program."""
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                for target in statement.targets:
                    if isinstance(target, ast.Name) and type(statement.value.value) is int:
                        yield target.id, statement.value.value


def _reads(tree: ast.Module) -> list[ast.expr]:
    """Those of the viper functions, in the order of the text."""
    functions = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and _is_viper(f)]
    found = [n for f in functions for n in ast.walk(f) if isinstance(n, ast.expr) and _is_read(n)]
    return sorted(found, key=attrgetter("lineno", "col_offset"))


def _is_viper(function: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Attribute) and d.attr == "viper" for d in function.decorator_list)


def _is_read(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id == "mem32"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ticks_us"


def _replaced(text: str, reads: list[ast.expr], places: Places) -> str:
    lines = text.splitlines(keepends=True)
    for node in reversed(reads):  # from behind: the places before stay where they are
        line = lines[node.lineno - 1]
        assert line.isascii(), "columns are counted in bytes"
        assert node.lineno == node.end_lineno
        lines[node.lineno - 1] = line[: node.col_offset] + _load(node, places) + line[node.end_col_offset :]
    return "".join(lines)


def _load(node: ast.expr, places: Places) -> str:
    if isinstance(node, ast.Call):
        return f"({_word(_TIMERAWL)} & {_TICKS_MASK})"
    assert isinstance(node, ast.Subscript)
    if isinstance(node.slice, ast.Name) and node.slice.id in places:
        return _word(places[node.slice.id])
    return f"ptr32(int({ast.unparse(node.slice)}))[0]"


def _word(address: int) -> str:
    """A shift that is left to the chip: the address itself would be an object, and the compiler would reckon it."""
    return f"ptr32({address >> 2} << int(2))[0]"
