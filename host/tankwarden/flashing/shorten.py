"""Names of the program made short and alike: each different one costs the chip some twenty bytes for ever.

Classes, functions and attributes get names that nothing else needs to know; what only a class itself (and those it is
built upon) asks of its objects shares them with all other classes. So do parameters without a default, which nobody can
have to call by name. Every line keeps its number, by which crash.py turns a traceback back into long names.
"""

import ast
import builtins
import io
import os
import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product

from .names import BUILTINS, LINKED, function_locals
from .statements import all_defined

_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_DIGITS = string.digits + string.ascii_letters
# Attributes of MicroPython's modules and of the chip's parts, which are nobody's to rename. Python's own come beside.
_CHIP_NAMES = (
    "active", "any", "callback", "channel", "close", "config", "count", "deinit", "duty_ns", "duty_u16", "exec", "feed",
    "freq", "get", "high", "init", "ioctl", "ipoll", "irq", "low", "mem_alloc", "mem_free", "modify", "off", "on",
    "pack_ctrl", "period", "poll", "put", "read", "read_u16", "readblocks", "readinto", "register", "restart",
    "rx_fifo", "threshold", "toggle", "tx_fifo", "unpack_ctrl", "unregister", "value", "write", "write_readinto",
    "writeblocks",
)  # fmt: skip
_PYTHON_TYPES = (*vars(builtins).values(), io.BytesIO, io.TextIOWrapper, os, io, string)
PLATFORM = frozenset((*_CHIP_NAMES, *(name for kind in _PYTHON_TYPES for name in dir(kind)), "digest", "update"))


def shorten(program: Iterable[ast.Module], beside: Iterable[ast.Module], keep: Collection[str] = ()) -> dict[str, str]:
    """Rename within the program's files. beside: files of the chip that use it; keep: names somebody else asks for.

    What has become of the names of their top levels: long → short.
    """
    trees = list(program)
    nodes = [node for tree in trees for node in ast.walk(tree)]
    outside = [node for tree in beside for node in ast.walk(tree)]
    kept = {*keep, *_names_in(outside), *_loaded_by_classes(nodes), *_of_modules(nodes)}
    tops = _shorten_tops(trees, nodes, kept)
    _shorten_attributes(nodes, kept | PLATFORM)
    called_by = {k.arg for n in (*nodes, *outside) if isinstance(n, ast.Call) for k in n.keywords if k.arg}
    for function in (n for n in nodes if isinstance(n, ast.FunctionDef)):
        _shorten_parameters(function, called_by)
    return tops


def _names_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Whatever is called something there."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def _loaded_by_classes(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that a class's own body asks for: they may be its own or those of its file."""
    for statement in (s for n in nodes if isinstance(n, ast.ClassDef) for s in n.body):
        asked: list[ast.AST] = [statement]
        if isinstance(statement, ast.FunctionDef):
            asked = [*statement.decorator_list, *statement.args.defaults]
        for node in (n for one in asked for n in ast.walk(one)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id


def _of_modules(nodes: list[ast.AST]) -> Iterator[str]:
    """What is asked of MicroPython's modules as a whole."""
    modules = {alias.asname or alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield node.attr


# -- the top level of a file -------------------------------------------------------------------------------------------


def _shorten_tops(trees: list[ast.Module], nodes: list[ast.AST], kept: Collection[str]) -> dict[str, str]:
    mine = {name for tree in trees for name in all_defined(tree.body)}
    errors = {name for name in mine if name.endswith("Error")}  # a traceback begins with its name
    bound_within = {name for n in nodes if isinstance(n, _FUNCTIONS) for name in function_locals(n)}
    mine -= {*kept, *errors, *bound_within, *BUILTINS}
    taken = {name for name in _names_in(nodes) if name not in mine} | bound_within
    short = dict(zip(sorted(mine), _fresh(taken), strict=False))
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                statement.name = short.get(statement.name, statement.name)
    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = short.get(node.id, node.id)
        elif isinstance(node, ast.Global):
            node.names = [short.get(name, name) for name in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition("_")[0] == LINKED:
            rename_imported(node, short)
    return short


def rename_imported(node: ast.ImportFrom, short: Mapping[str, str]) -> None:
    """Take it by its short name, and call it so, unless it is called otherwise there."""
    for alias in node.names:
        alias.name = short.get(alias.name, alias.name)


# -- attributes ------------------------------------------------------------------------------------------------------


def _shorten_attributes(nodes: list[ast.AST], kept: Collection[str]) -> None:
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    mine = {a.attr for a in attributes if isinstance(a.ctx, ast.Store)}
    mine |= {name for c in classes for name in all_defined(c.body)}
    mine = {name for name in mine if not name.startswith("__")} - set(kept)
    own = {id(a) for c in classes for a in _of_self(c)}
    shared = mine & {a.attr for a in attributes if id(a) not in own}
    taken = {a.attr for a in attributes} - mine | set(kept)
    public = dict(zip(sorted(shared), _fresh(taken), strict=False))
    for family in _families(classes):
        only_theirs = {name for one in family for name in _asked_by(one)} & mine - shared
        private = dict(zip(sorted(only_theirs), _fresh(taken | set(public.values())), strict=False))
        for one in family:
            _rename_class(one, {**public, **private})
    for attribute in attributes:
        attribute.attr = public.get(attribute.attr, attribute.attr)


def _asked_by(one: ast.ClassDef) -> Iterator[str]:
    yield from all_defined(one.body)
    yield from (attribute.attr for attribute in _of_self(one))


def _rename_class(one: ast.ClassDef, short: Mapping[str, str]) -> None:
    for statement in one.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            statement.name = short.get(statement.name, statement.name)
        elif isinstance(statement, ast.Assign):
            for name in (n for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)):
                name.id = short.get(name.id, name.id)
    for attribute in list(_of_self(one)):
        attribute.attr = short.get(attribute.attr, attribute.attr)


def _families(classes: list[ast.ClassDef]) -> list[list[ast.ClassDef]]:
    """Classes that share their objects' attributes, since one is built upon the other."""
    families: list[list[ast.ClassDef]] = []
    for one in classes:  # a class comes after those that it is built upon
        bases = {base.id for base in one.bases if isinstance(base, ast.Name)}
        related = [family for family in families if any(c.name in bases for c in family)]
        families = [family for family in families if family not in related]
        families.append([c for family in related for c in family] + [one])
    return families


def _of_self(node: ast.AST) -> Iterator[ast.Attribute]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "self":
            yield inner


# -- parameters ------------------------------------------------------------------------------------------------------


def _shorten_parameters(function: ast.FunctionDef, called_by: set[str]) -> None:
    arguments = function.args
    free = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    inner = [node for statement in function.body for node in ast.walk(statement)]
    used = {node.id for node in inner if isinstance(node, ast.Name)} | {a.arg for a in arguments.args}
    within = {a.arg for node in inner if isinstance(node, _FUNCTIONS) for a in node.args.args}
    old = [a.arg for a in free if a.arg != "self" and a.arg not in called_by | within]
    short = dict(zip(old, _fresh(used | within), strict=False))
    for argument in free:
        argument.arg = short.get(argument.arg, argument.arg)
    for node in inner:
        if isinstance(node, ast.Name):
            node.id = short.get(node.id, node.id)


def _fresh(taken: Collection[str]) -> Iterator[str]:
    """The same short names for all, but those that are taken here."""
    every = ("_" + "".join(digits) for length in (1, 2, 3) for digits in product(_DIGITS, repeat=length))
    return (name for name in every if name not in taken)
