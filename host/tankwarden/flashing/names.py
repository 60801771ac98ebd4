"""What a name of the program's sources means: bindings of modules and functions, found in their syntax trees."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
VIPER = ("ptr8", "ptr16", "ptr32")  # the compiler's own on the chip, whoever offers them elsewhere
BUILTINS = frozenset((*dir(builtins), *VIPER, "uint"))


LINKED = "program"  # its name on the chip
STARTERS = ("boot", "main")
# Some run before the program is loaded, or without it, and share what they note in their globals; and what only a
# board needs that comes from an older program, or only a boot, takes no memory of others.
APART = (*STARTERS, "bootloop", "maintenance", "journal_files", "journal_reading")


class LinkError(Exception):
    """The sources use Python in a way that cannot be linked; says where."""


@dataclass(frozen=True)
class Symbol:
    """A name at the top of a module of the program; name None: the module itself."""

    module: str
    name: str | None = None


@dataclass(frozen=True)
class Platform:
    """A module of MicroPython's, or a name in it."""

    module: str
    name: str | None = None


Binding = Symbol | Platform


@dataclass
class Module:
    """A source file. own: what its top level defines; imports: what it takes from elsewhere; known: its constants."""

    name: str
    body: list[ast.stmt]
    own: set[str] = field(default_factory=set)
    imports: dict[str, Binding] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)


def is_constant(name: str) -> bool:
    """By the house's convention; the names of other globals may be bound anew."""
    return name.isupper()


def imported(statement: ast.stmt, program: frozenset[str]) -> dict[str, Binding]:
    """What an import statement binds. program: names of the program's own modules."""
    found: dict[str, Binding] = {}
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            make: type[Symbol] | type[Platform] = Symbol if alias.name in program else Platform
            found[alias.asname or alias.name] = make(alias.name)
    elif isinstance(statement, ast.ImportFrom):
        module = statement.module or ""
        for alias in statement.names:
            if alias.name in VIPER:
                continue
            whole = f"{module}.{alias.name}"
            binding: Binding
            if whole in program:
                binding = Symbol(whole)
            else:
                binding = (Symbol if module in program else Platform)(module, alias.name)
            found[alias.asname or alias.name] = binding
    return found


def bound(nodes: list[ast.stmt]) -> Iterator[str]:
    """Names that these statements bind in their own scope, imports left out."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
            continue
        yield from _bound_within(node)


def _bound_within(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (*_FUNCTIONS, *_COMPREHENSIONS)):
        return
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        yield node.id
    if isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            yield child.name
        else:
            yield from _bound_within(child)


def function_locals(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    """Parameters and what the body binds; not what it declares global, nor its imports."""
    arguments = function.args
    every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    names = {argument.arg for argument in every}
    names |= {argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument}
    if isinstance(function, ast.FunctionDef):
        names |= set(bound(function.body))
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                names -= set(node.names)
    return names


def comprehension_locals(node: ast.AST) -> set[str]:
    """The loop variables of a comprehension."""
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    return {name.id for g in generators for name in ast.walk(g.target) if isinstance(name, ast.Name)}
