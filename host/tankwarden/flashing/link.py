"""The program's sources linked for the chip: one file with every constant reckoned, and the few that start it.

Each of forty files costs the chip ten milliseconds of searching, a dictionary of globals and a table of names. So the
modules are laid behind each other in the order in which they would be imported, constants become numbers (fold.py),
names that two modules have are told apart, and what nothing refers to is left out. No function changes otherwise.
docs/decisions/0013 tells why; `python -m tankwarden.flashing.link` prints the files, whose lines a traceback names.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tanklink import messages, schema
from tankwarden.resources import mcu_dir, protocol_dir

from . import table
from .fold import NOTHING, PLATFORM, evaluate, is_literal, is_word, literal
from .names import (
    BUILTINS,
    Binding,
    Module,
    Platform,
    Symbol,
    bound,
    comprehension_locals,
    function_locals,
    imported,
    is_constant,
)

LINKED = "program"  # its name on the chip
STARTERS = ("boot", "main")
# They run before the program is loaded, or without it, and share what they note in their globals.
APART = (*STARTERS, "bootloop", "maintenance")
_ENTRY = "build"
# The chip's tables of names fill up before they grow and are searched one by one: with hundreds in one, a miss of its
# small cache costs fifty microseconds.
_MOST_GLOBALS = 80
_HOT_BUILTINS = ("abs", "len", "max", "min", "type")
_BESIDE = "board"  # not imported, but by whoever looks at the chip by hand
_FULL_TABLE = {"tanklink.messages": messages, "tanklink.schema": schema}


class LinkError(Exception):
    """The sources use Python in a way that cannot be linked; says where."""


def linked_sources(mcu: Path | None = None, protocol: Path | None = None) -> dict[str, str]:
    """File name on the chip, with .py → source text, of the whole program."""
    return Linker.of_sources(mcu, protocol).run()


class Linker:
    """texts: module name → its source."""

    @classmethod
    def of_sources(cls, mcu: Path | None = None, protocol: Path | None = None) -> "Linker":
        """Of these folders, or those of this copy."""
        mcu, protocol = mcu or mcu_dir(), protocol or protocol_dir()
        paths = {path.stem: path for path in sorted(mcu.glob("*.py"))}
        paths |= {f"tanklink.{path.stem}": path for path in sorted((protocol / "tanklink").glob("*.py"))}
        texts = {name: path.read_text() for name, path in paths.items()}
        texts["tanklink.messages"] = table.source()
        return cls(texts)

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.program = frozenset(texts) | {"tanklink"}
        self.modules: dict[str, Module] = {}
        self.final: dict[tuple[str, str], str] = {}
        self.platform: dict[str, Platform] = {}
        self.homes: dict[str, str] = {}  # final name → the file that defines it
        self.values: set[str] = set()  # modules of constants that are handed on as a value

    def run(self) -> dict[str, str]:
        """File name → text. LinkError."""
        for name in (*APART, _ENTRY, _BESIDE):
            if name in self.texts:
                self.load(name)
        flat = [module for module in self.modules.values() if module.name not in APART]
        self._name(flat)
        pieces = {m.name: [new for s in m.body for new in _Rewriter(self, m).top(s)] for m in flat}
        apart = {name: self._apart(self.modules[name]) for name in APART if name in self.modules}
        apart[_BESIDE] = self._apart(self.modules[_BESIDE])
        every = [statement for piece in pieces.values() for statement in piece]
        for name in sorted(self.values):
            pieces[name].append(self._namespace(self.modules[name], every))
        kept = _reachable([s for piece in pieces.values() for s in piece], self._wanted(apart.values()))
        _forbid_field_names(kept)
        trees = self._parts([[s for s in piece if s in kept] for piece in pieces.values()])
        for node in (node for tree in apart.values() for node in ast.walk(tree)):
            if isinstance(node, ast.ImportFrom) and node.module == LINKED:
                node.module = self.homes[node.names[0].name]
        return {f"{name}.py": _text(tree) for name, tree in {**trees, **apart}.items()}

    def _parts(self, pieces: list[list[ast.stmt]]) -> dict[str, ast.Module]:
        """Files of so few globals that the chip finds one quickly; each imports what it uses of those before."""
        parts: list[list[ast.stmt]] = [[]]
        for piece in pieces:
            if len(_all_defined([*parts[-1], *piece])) > _MOST_GLOBALS and parts[-1]:
                parts.append([])
            parts[-1] += piece
        files: dict[str, ast.Module] = {}
        homes: dict[str, str] = {}
        for number, part in enumerate(parts, 1):
            name = LINKED if number == len(parts) else f"{LINKED}_{number}"
            used = _used(part)
            head = [_import(n, b) for n, b in sorted(self.platform.items()) if n in used]
            head += [_import(n, Platform(homes[n], n)) for n in sorted(used) if n in homes]
            # A builtin is found only after a search of all globals in vain.
            head += [
                ast.Assign([ast.Name(n, ast.Store())], ast.Name(n, ast.Load()), lineno=1)
                for n in _HOT_BUILTINS if n in used
            ]  # fmt: skip
            files[name] = ast.Module(_together(head) + part, [])
            homes |= dict.fromkeys(_all_defined(part), name)
        self.homes = homes
        return files

    # -- reading -----------------------------------------------------------------------------------------------------

    def load(self, name: str) -> Module:
        """The module, after those that it imports."""
        if name in self.modules:
            return self.modules[name]
        module = Module(name, [])
        for statement in ast.parse(self.texts[name], name + ".py").body:
            self._take(module, statement)
        module.own = set(bound(module.body))
        self.modules[name] = module
        return module

    def _take(self, module: Module, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self._import(module, statement)
            return
        if isinstance(statement, ast.If):
            test = evaluate(statement.test, lambda name: self.known(module, name))
            if test is not NOTHING:
                for inner in statement.body if test else statement.orelse:
                    self._take(module, inner)
                return
        for node in ast.walk(statement):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._load_all(imported(node, self.program))
        if _is_document(statement):
            return
        module.body.append(statement)
        if isinstance(statement, ast.Assign):
            self._note_constants(module, statement)

    def _import(self, module: Module, statement: ast.Import | ast.ImportFrom) -> None:
        bindings = imported(statement, self.program)
        self._load_all(bindings)
        module.imports |= bindings
        if module.name in APART:
            module.body.append(statement)

    def _load_all(self, bindings: Mapping[str, Binding]) -> None:
        for binding in bindings.values():
            if isinstance(binding, Symbol) and binding.module in self.texts:
                self.load(binding.module)

    def _note_constants(self, module: Module, statement: ast.Assign) -> None:
        value = evaluate(statement.value, lambda name: self.known(module, name))
        for target in statement.targets:
            if value is NOTHING:
                continue
            if isinstance(target, ast.Name):
                module.known[target.id] = value
            elif isinstance(target, ast.Tuple):
                names = [element.id for element in target.elts if isinstance(element, ast.Name)]
                module.known |= dict(zip(names, list(value), strict=True))

    def known(self, module: Module, name: str) -> Any:
        """The value of a constant as this module names it, a module for a namespace of them; or NOTHING."""
        binding = module.imports.get(name)
        if binding is None:
            return module.known.get(name, NOTHING) if is_constant(name) else NOTHING
        if isinstance(binding, Platform):
            return PLATFORM.get(binding.module, NOTHING) if binding.name is None else NOTHING
        if binding.name is None:
            return _Constants(self, binding.module)
        return self.constant(binding.module, binding.name)

    def constant(self, module: str, name: str) -> Any:
        """The same, of a module by its own name."""
        if not is_constant(name):
            return NOTHING
        if module in _FULL_TABLE:
            return getattr(_FULL_TABLE[module], name, NOTHING)
        return self.known(self.modules[module], name) if module in self.modules else NOTHING

    # -- naming ------------------------------------------------------------------------------------------------------

    def _name(self, flat: list[Module]) -> None:
        taken = set(BUILTINS)
        for module in flat:
            self.platform |= {n: b for n, b in module.imports.items() if isinstance(b, Platform)}
            for node in ast.walk(ast.Module(module.body, [])):
                if isinstance(node, (ast.FunctionDef, ast.Lambda)):
                    taken |= function_locals(node)
                taken |= comprehension_locals(node)
        taken |= {*self.platform, *APART, _BESIDE}
        counts = Counter(name for module in flat for name in module.own)
        for module in flat:
            for name in module.own:
                alone = counts[name] == 1 and name not in taken
                prefix = "_" if name.startswith("_") else ""
                base = module.name.rpartition(".")[2]
                self.final[module.name, name] = name if alone else f"{prefix}{base}_{name.lstrip('_')}"

    def resolve(self, module: str, name: str) -> ast.expr:
        """What stands for a module's name in the linked file."""
        if module in APART:
            self.platform[module] = Platform(module)
            return ast.Attribute(ast.Name(module, ast.Load()), name, ast.Load())
        source = self.modules[module]
        binding = source.imports.get(name)
        if isinstance(binding, Symbol) and binding.name is not None:
            return self.resolve(binding.module, binding.name)
        if binding is not None:
            return ast.Name(name, ast.Load())
        if (module, name) not in self.final:
            raise LinkError(f"{module}.py has no {name}")
        return ast.Name(self.final[module, name], ast.Load())

    def _namespace(self, module: Module, statements: list[ast.stmt]) -> ast.stmt:
        """A module that is handed on as a value: a class with those of its constants that anybody asks for."""
        asked = {node.attr for s in statements for node in ast.walk(s) if isinstance(node, ast.Attribute)}
        names = sorted(name for name in asked & set(module.known) if is_literal(module.known[name]))
        body = [ast.Assign([ast.Name(name, ast.Store())], literal(module.known[name]), lineno=1) for name in names]
        return ast.ClassDef(module.name, [], [], list(body), [])

    # -- what stays apart ----------------------------------------------------------------------------------------------

    def _apart(self, module: Module) -> ast.Module:
        rewriter = _Rewriter(self, module, apart=True)
        body = [new for statement in module.body for new in rewriter.top(statement)]
        used = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name)}
        return ast.Module([s for s in body if not _is_idle_import(s, used)], [])

    def _wanted(self, trees: Iterable[ast.Module]) -> set[str]:
        nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        wanted = {alias.name for node in nodes if node.module == LINKED for alias in node.names}
        return wanted | {self.final["program", "Program"]}  # what looks at the chip from outside begins there


class _Constants:
    """A module of the program in an expression that is being reckoned."""

    def __init__(self, linker: Linker, module: str) -> None:
        self._linker, self._module = linker, module

    def __getattr__(self, name: str) -> Any:
        value = self._linker.constant(self._module, name)
        if value is NOTHING:
            raise AttributeError(name)
        return value


class _Rewriter(ast.NodeTransformer):
    """One module's statements as they stand on the chip."""

    def __init__(self, linker: Linker, module: Module, apart: bool = False) -> None:
        self._linker, self._module, self._apart = linker, module, apart
        self._scopes: list[set[str]] = []
        self._aliases: list[dict[str, Binding]] = []

    def top(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement of the top level: none, one, or an assignment for each name."""
        if isinstance(statement, ast.Assign) and not self._apart_name(statement):
            return self._assignment(statement)
        if isinstance(statement, ast.Assert):
            return [] if self._value(statement.test) is not NOTHING else [self.visit(statement)]
        new = self.visit(statement)
        if new is None:
            return []
        if isinstance(new, list):
            return new
        if isinstance(new, (ast.FunctionDef, ast.ClassDef)):
            new.name = self._final(new.name)
        return [new]

    def _apart_name(self, statement: ast.Assign) -> bool:
        return self._apart and not all(isinstance(t, ast.Name) and is_constant(t.id) for t in statement.targets)

    def _assignment(self, statement: ast.Assign) -> list[ast.stmt]:
        value = self._value(statement.value)
        made: list[ast.stmt] = []
        if value is not NOTHING:
            values = {
                name: self._module.known[name]
                for target in statement.targets
                for name in (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            }
            if all(map(is_literal, values.values())):
                for name, one in values.items():
                    made.append(ast.Assign([ast.Name(self._final(name), ast.Store())], literal(one), lineno=1))
                return made
        new = self.generic_visit(statement)
        assert isinstance(new, ast.Assign)
        return [new]

    def _final(self, name: str) -> str:
        return name if self._apart else self._linker.final[self._module.name, name]

    # -- scopes ------------------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.args.defaults = [self.visit(d) for d in node.args.defaults]
        aliases: dict[str, Binding] = {}
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                aliases |= imported(inner, self._linker.program)
        self._scopes.append(function_locals(node) - set(aliases))
        self._aliases.append(aliases)
        node.body = self._statements([s for s in node.body if not _is_document(s)]) or [ast.Pass()]
        self._scopes.pop()
        self._aliases.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(base) for base in node.bases]
        node.body = self._statements([s for s in node.body if not _is_document(s)]) or [ast.Pass()]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._scopes.append(function_locals(node))
        self.generic_visit(node)
        self._scopes.pop()
        return node

    def _comprehension(self, node: ast.expr) -> ast.AST:
        self._scopes.append(comprehension_locals(node))
        self.generic_visit(node)
        self._scopes.pop()
        return node

    def _statements(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in statements:
            new = self.visit(statement)
            made += new if isinstance(new, list) else [] if new is None else [new]
        return made

    def visit_If(self, node: ast.If) -> Any:
        test = self._value(node.test)
        if test is not NOTHING:
            return self._statements(node.body if test else node.orelse)
        node.test = self.visit(node.test)
        node.body = self._statements(node.body) or [ast.Pass()]
        node.orelse = self._statements(node.orelse)
        return node

    # -- imports and names -------------------------------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> Any:
        return self._kept_import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        return self._kept_import(node)

    def _kept_import(self, node: ast.Import | ast.ImportFrom) -> Any:
        """Of the platform and of what is apart: as it is. Of the linked modules: from the linked file, or nothing."""
        made: list[ast.stmt] = []
        for name, binding in imported(node, self._linker.program).items():
            if binding.module in APART or isinstance(binding, Platform):
                made.append(_import(name, Platform(binding.module, binding.name)))
            elif self._apart and binding.name is not None and self._constant(name) is NOTHING:
                final = self._linker.final[binding.module, binding.name]
                made.append(ast.ImportFrom(LINKED, [ast.alias(final, None if final == name else name)], 0))
        return made

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            if not isinstance(node, ast.Constant):
                value = self._value(node)
                if value is not NOTHING and (is_literal(value) if self._apart else is_word(value)):
                    return literal(value)
            if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                return self._comprehension(node)
        return super().visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            binding = self._binding(node.value.id)
            if isinstance(binding, Symbol) and binding.name is None and binding.module not in APART:
                if self._apart:
                    raise LinkError(f"{self._module.name}.py: import {node.attr} from {binding.module}, not that")
                return self._linker.resolve(binding.module, node.attr)
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        binding = self._binding(node.id)
        if binding is None:
            if not self._apart and not self._is_local(node.id) and node.id in self._module.own:
                return ast.Name(self._final(node.id), node.ctx)
            return node
        if self._apart or isinstance(binding, Platform):
            return node
        if binding.name is None:
            if binding.module in APART:
                self._linker.platform[binding.module] = Platform(binding.module)
                return ast.Name(binding.module, ast.Load())
            if not self._linker.modules[binding.module].own <= set(self._linker.modules[binding.module].known):
                raise LinkError(f"{self._module.name}.py, line {node.lineno}: {binding.module} has more than constants")
            self._linker.values.add(binding.module)
            return ast.Name(binding.module, ast.Load())
        return self._linker.resolve(binding.module, binding.name)

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)

    def _binding(self, name: str) -> Binding | None:
        for aliases in reversed(self._aliases):
            if name in aliases:
                return aliases[name]
        return None if self._is_local(name) else self._module.imports.get(name)

    def _constant(self, name: str) -> Any:
        binding = self._binding(name)
        if binding is None:
            return NOTHING if self._is_local(name) else self._linker.known(self._module, name)
        if isinstance(binding, Symbol) and binding.name is not None:
            return self._linker.constant(binding.module, binding.name)
        if isinstance(binding, Symbol):
            return _Constants(self._linker, binding.module)
        return PLATFORM.get(binding.module, NOTHING) if binding.name is None else NOTHING

    def _value(self, node: ast.expr) -> Any:
        return evaluate(node, self._constant)


def _is_document(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _import(name: str, binding: Platform) -> ast.stmt:
    if binding.name is None:
        return ast.Import([ast.alias(binding.module, None if name == binding.module else name)])
    return ast.ImportFrom(binding.module, [ast.alias(binding.name, None if name == binding.name else name)], 0)


def _is_idle_import(statement: ast.stmt, used: set[str]) -> bool:
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return False
    return not any((alias.asname or alias.name) in used for alias in statement.names)


def _used(statements: Iterable[ast.stmt]) -> set[str]:
    return {n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _defines(statement: ast.stmt) -> set[str]:
    """Names that it is there for; none if it does something by itself."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {n.id for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return set()


def _all_defined(statements: Iterable[ast.stmt]) -> set[str]:
    return {name for statement in statements for name in _defines(statement)}


def _together(statements: list[ast.stmt]) -> list[ast.stmt]:
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


def _reachable(statements: list[ast.stmt], wanted: set[str]) -> list[ast.stmt]:
    """Those that do something, and those that define what is used by these or wanted."""
    kept = [statement for statement in statements if not _defines(statement)]
    names = set(wanted)
    while True:
        names |= _used(kept)
        more = [s for s in statements if s in kept or _defines(s) & names]
        if len(more) == len(kept):
            return more
        kept = more


def _forbid_field_names(statements: list[ast.stmt]) -> None:
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


def _text(tree: ast.Module) -> str:
    """A simple statement is one line."""
    text = ast.unparse(ast.fix_missing_locations(_BareTuples().visit(tree)))
    return re.sub(rf" = {_BARE}\((.*)\)$", r" = \1", text, flags=re.MULTILINE) + "\n"


if __name__ == "__main__":
    for _name, _source in linked_sources().items():
        print(f"# -- {_name}\n{_source}")
