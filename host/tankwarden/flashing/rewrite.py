"""One module's syntax as it stands in the linked program: names told apart, constants in their places, imports gone."""

import ast
from typing import TYPE_CHECKING, Any

from .fold import NOTHING, PLATFORM, evaluate, is_literal, is_word, literal
from .names import (
    APART,
    LINKED,
    Binding,
    LinkError,
    Module,
    Platform,
    Symbol,
    comprehension_locals,
    function_locals,
    imported,
    is_constant,
)
from .statements import import_of, is_document

if TYPE_CHECKING:
    from .link import Linker


class Constants:
    """A module of the program in an expression that is being reckoned."""

    def __init__(self, linker: "Linker", module: str) -> None:
        self._linker, self._module = linker, module

    def __getattr__(self, name: str) -> Any:
        value = self._linker.constant(self._module, name)
        if value is NOTHING:
            raise AttributeError(name)
        return value


class Rewriter(ast.NodeTransformer):
    """One module's statements as they stand on the chip."""

    def __init__(self, linker: "Linker", module: Module, apart: bool = False) -> None:
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
        node.body = self._statements([s for s in node.body if not is_document(s)]) or [ast.Pass()]
        self._scopes.pop()
        self._aliases.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(base) for base in node.bases]
        node.body = self._statements([s for s in node.body if not is_document(s)]) or [ast.Pass()]
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
                made.append(import_of(name, Platform(binding.module, binding.name)))
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
                if not any(node.id in aliases for aliases in self._aliases):  # else imported where it is needed
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
            return Constants(self._linker, binding.module)
        return PLATFORM.get(binding.module, NOTHING) if binding.name is None else NOTHING

    def _value(self, node: ast.expr) -> Any:
        return evaluate(node, self._constant)
