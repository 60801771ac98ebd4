"""Names that no traceback shows, made short and alike: each different one costs the chip some seventeen bytes for ever.

Those are parameters without a default, which nobody can have to call by name, and private attributes that hold data
and that only methods of their own class, or of one built upon it, ask for. Classes, functions and methods keep theirs,
and so does every line its number: `python -m tankwarden.flashing.link` shows the long ones.
"""

import ast
from collections.abc import Collection, Iterable, Iterator
from itertools import count

_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


def shorten(program: Iterable[ast.Module], beside: Iterable[ast.Module], keep: Collection[str] = ()) -> None:
    """Rename within the program's files. beside: files of the chip that use it; keep: names somebody else asks for."""
    trees = list(program)
    nodes = [node for tree in trees for node in ast.walk(tree)]
    outside = [node for tree in beside for node in ast.walk(tree)]
    kept = {*keep, *(n.attr for n in outside if isinstance(n, ast.Attribute))}
    _shorten_attributes(nodes, kept)
    called_by = {k.arg for n in (*nodes, *outside) if isinstance(n, ast.Call) for k in n.keywords if k.arg}
    for function in (n for n in nodes if isinstance(n, ast.FunctionDef)):
        _shorten_parameters(function, called_by)


# -- attributes ------------------------------------------------------------------------------------------------------


def _shorten_attributes(nodes: list[ast.AST], kept: set[str]) -> None:
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    families = _families(classes)
    own = {id(a) for c in classes for a in _of_self(c)}
    kept |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    kept |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and id(node) not in own}
    for family in families:
        attributes = [a for c in family for a in _of_self(c)]
        private = {a.attr for a in attributes if a.attr.startswith("_") and not a.attr.startswith("__")}
        taken = {a.attr for a in attributes} - (private - kept)
        short = dict(zip(sorted(private - kept), _fresh(taken), strict=False))
        for attribute in attributes:
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
    """The same few names for all, but those that are taken here."""
    return (name for name in (f"_{number}" for number in count()) if name not in taken)
