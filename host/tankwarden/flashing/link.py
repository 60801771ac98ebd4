"""The program's sources linked for the chip: one file with every constant reckoned, and the few that start it.

Each of forty files costs the chip ten milliseconds of searching, a dictionary of globals and a table of names. So the
modules are laid behind each other in the order in which they would be imported, constants become numbers (fold.py),
names that two modules have are told apart, and what nothing refers to is left out. No function changes otherwise.
docs/decisions/0013 tells why; `python -m tankwarden.flashing.link` prints the files, whose lines a traceback names.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tanklink import messages, schema
from tankwarden.resources import mcu_dir, protocol_dir

from . import table
from .fold import NOTHING, PLATFORM, evaluate, is_literal, literal
from .names import (
    APART,
    BUILTINS,
    LINKED,
    Binding,
    LinkError,
    Module,
    Platform,
    Symbol,
    bound,
    comprehension_locals,
    function_locals,
    imported,
    is_constant,
)
from .rewrite import Constants, Rewriter
from .shorten import shorten
from .statements import (
    all_defined,
    forbid_field_names,
    import_of,
    is_document,
    is_idle_import,
    reachable,
    text_of,
    together,
    used,
)

_ENTRY = "build"
# The chip's tables of names fill up before they grow and are searched one by one: with hundreds in one, a miss of its
# small cache costs fifty microseconds.
_MOST_GLOBALS = 80
_HOT_BUILTINS = ("abs", "len", "max", "min", "type")
_BESIDE = "board"  # not imported, but by whoever looks at the chip by hand
_FULL_TABLE = {"tanklink.messages": messages, "tanklink.schema": schema}


def linked_sources(
    mcu: Path | None = None, protocol: Path | None = None, *, short: bool = True, keep: Collection[str] = ()
) -> dict[str, str]:
    """File name on the chip, with .py → source text, of the whole program. short, keep: as Linker.run()."""
    return Linker.of_sources(mcu, protocol).run(short, keep)


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

    def run(self, short: bool = True, keep: Collection[str] = ()) -> dict[str, str]:
        """File name → text. short: as shorten.py does it, but these names. LinkError."""
        for name in (*APART, _ENTRY, _BESIDE):
            if name in self.texts:
                self.load(name)
        flat = [module for module in self.modules.values() if module.name not in APART]
        self._name(flat)
        pieces = {m.name: [new for s in m.body for new in Rewriter(self, m).top(s)] for m in flat}
        apart = {name: self._apart(self.modules[name]) for name in APART if name in self.modules}
        apart[_BESIDE] = self._apart(self.modules[_BESIDE])
        every = [statement for piece in pieces.values() for statement in piece]
        for name in sorted(self.values):
            pieces[name].append(self._namespace(self.modules[name], every))
        kept = reachable([s for piece in pieces.values() for s in piece], self._wanted(apart.values()))
        forbid_field_names(kept)
        trees = self._parts([[s for s in piece if s in kept] for piece in pieces.values()])
        for node in (node for tree in apart.values() for node in ast.walk(tree)):
            if isinstance(node, ast.ImportFrom) and node.module == LINKED:
                node.module = self.homes[node.names[0].name]
        if short:
            self._rename(shorten(trees.values(), apart.values(), {*keep, self.final["program", "Program"]}))
        return {f"{name}.py": text_of(tree) for name, tree in {**trees, **apart}.items()}

    def _rename(self, short: Mapping[str, str]) -> None:
        self.final = {place: short.get(name, name) for place, name in self.final.items()}
        self.homes = {short.get(name, name): home for name, home in self.homes.items()}

    def _parts(self, pieces: list[list[ast.stmt]]) -> dict[str, ast.Module]:
        """Files of so few globals that the chip finds one quickly; each imports what it uses of those before."""
        parts: list[list[ast.stmt]] = [[]]
        for piece in pieces:
            if len(all_defined([*parts[-1], *piece])) > _MOST_GLOBALS and parts[-1]:
                parts.append([])
            parts[-1] += piece
        files: dict[str, ast.Module] = {}
        homes: dict[str, str] = {}
        for number, part in enumerate(parts, 1):
            name = LINKED if number == len(parts) else f"{LINKED}_{number}"
            asked = used(part)
            head = [import_of(n, b) for n, b in sorted(self.platform.items()) if n in asked]
            head += [import_of(n, Platform(homes[n], n)) for n in sorted(asked) if n in homes]
            # A builtin is found only after a search of all globals in vain.
            head += [
                ast.Assign([ast.Name(n, ast.Store())], ast.Name(n, ast.Load()), lineno=1)
                for n in _HOT_BUILTINS if n in asked
            ]  # fmt: skip
            files[name] = ast.Module(together(head) + part, [])
            homes |= dict.fromkeys(all_defined(part), name)
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
        if is_document(statement):
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
            return Constants(self, binding.module)
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
        if name == "__file__":  # every module lies in the program's folder
            return ast.Name(name, ast.Load())
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
        rewriter = Rewriter(self, module, apart=True)
        body = [new for statement in module.body for new in rewriter.top(statement)]
        used = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name)}
        return ast.Module([s for s in body if not is_idle_import(s, used)], [])

    def _wanted(self, trees: Iterable[ast.Module]) -> set[str]:
        nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        wanted = {alias.name for node in nodes if node.module == LINKED for alias in node.names}
        return wanted | {self.final["program", "Program"]}  # what looks at the chip from outside begins there


if __name__ == "__main__":
    for _name, _source in linked_sources(short=False).items():
        print(f"# -- {_name}\n{_source}")
