"""No viper function indexes 16- or 32-bit words by a plain variable: on the chip MicroPython 1.26 spoils that variable.

Its compiler shifts the register of the index in place before it loads or stores (micropython issue 18800), so that
`words[at]` leaves `at` doubled or quadrupled, if `at` is among the first locals. `words[at + 0]` goes through another
register. Only the chip does so: the unix port, and with it the simulation, is right.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
WIDE = ("ptr16", "ptr32")
SOURCES = sorted([*(REPO / "mcu").glob("*.py"), *(REPO / "protocol" / "tanklink").glob("*.py")])


def is_viper(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("viper") for decorator in function.decorator_list)


def wide_names(function: ast.FunctionDef) -> set[str]:
    """Parameters annotated, and locals made, as ptr16 or ptr32."""
    names = {a.arg for a in function.args.args if a.annotation is not None and ast.unparse(a.annotation) in WIDE}
    made = [n for n in ast.walk(function) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
    for node in made:
        if ast.unparse(node.value).startswith(tuple(f"{kind}(" for kind in WIDE)):
            names |= {ast.unparse(target) for target in node.targets}
    return names


def offences(source: str) -> Iterator[int]:
    """Line numbers."""
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or not is_viper(function):
            continue
        wide = wide_names(function)
        stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        variables = stored | {a.arg for a in function.args.args}
        for node in ast.walk(function):
            if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Name):
                continue
            pointer = node.value.id if isinstance(node.value, ast.Name) else ast.unparse(node.value).partition("(")[0]
            if (pointer in wide or pointer in WIDE) and node.slice.id in variables:
                yield node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_wide_index_is_a_plain_variable(path: Path) -> None:
    assert list(offences(path.read_text())) == []


def test_an_offence_is_found() -> None:
    head = "@micropython.viper\ndef f(a: ptr16, at: int) -> int:\n"
    source = head + "    b = ptr32(x)\n    b[at] = 1\n    return a[at] + a[at + 0]\n"
    assert list(offences(source)) == [4, 5]
