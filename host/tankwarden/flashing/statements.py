"""Statements of the linked program: what they define and use, which are needed, and their text."""

import ast
import re
from collections.abc import Iterable

from .names import LinkError, Platform


def is_document(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def import_of(name: str, binding: Platform) -> ast.stmt:
    if binding.name is None:
        return ast.Import([ast.alias(binding.module, None if name == binding.module else name)])
    return ast.ImportFrom(binding.module, [ast.alias(binding.name, None if name == binding.name else name)], 0)


def is_idle_import(statement: ast.stmt, used: set[str]) -> bool:
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return False
    return not any((alias.asname or alias.name) in used for alias in statement.names)


def used(statements: Iterable[ast.stmt]) -> set[str]:
    return {n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def defines(statement: ast.stmt) -> set[str]:
    """Names that it is there for; none if it does something by itself."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {n.id for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return set()


def all_defined(statements: Iterable[ast.stmt]) -> set[str]:
    return {name for statement in statements for name in defines(statement)}


def together(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Imports from one module as one: each looks for it anew."""
    made: list[ast.stmt] = []
    froms: dict[str, ast.ImportFrom] = {}
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            if statement.module in froms:
                froms[statement.module].names += statement.names
                continue
            froms[statement.module] = statement
        made.append(statement)
    return made


def reachable(statements: list[ast.stmt], wanted: set[str]) -> list[ast.stmt]:
    """Those that do something, and those that define what is used by these or wanted."""
    kept = [statement for statement in statements if not defines(statement)]
    names = set(wanted)
    while True:
        names |= used(kept)
        more = [s for s in statements if s in kept or defines(s) & names]
        if len(more) == len(kept):
            return more
        kept = more


def forbid_field_names(statements: list[ast.stmt]) -> None:
    """The compact table has none: whatever asks for them must come to a constant."""
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Attribute) and node.attr in ("index", "names", "check"):
            raise LinkError(f"{ast.unparse(node)} is asked while the program runs: give it a constant of its module")


_BARE = "_without_parentheses"


class _BareTuples(ast.NodeTransformer):
    """`a, b = x, y` makes no tuple on the chip, and `a, b = (x, y)`, as Python would write it, does."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple):
            node.value = ast.Call(ast.Name(_BARE, ast.Load()), node.value.elts, [])
        return node


def text_of(tree: ast.Module) -> str:
    """A simple statement is one line."""
    text = ast.unparse(ast.fix_missing_locations(_BareTuples().visit(tree)))
    return re.sub(rf" = {_BARE}\((.*)\)$", r" = \1", text, flags=re.MULTILINE) + "\n"
