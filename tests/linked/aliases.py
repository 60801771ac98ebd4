"""The linked program under the names of its sources' modules, so that what was written for these runs on it."""

import ast
from pathlib import Path
from typing import Any

from tankwarden.flashing.fold import NOTHING, is_literal
from tankwarden.flashing.link import APART, LINKED, Linker


def write(folder: Path) -> None:
    """The linked files, and for each module of the sources one that has its names."""
    linker = Linker.of_sources()
    files = linker.run()
    whole = ast.parse(files[f"{LINKED}.py"])
    there = {name.id for s in whole.body for name in ast.walk(s) if isinstance(name, ast.Name)}
    there |= {s.name for s in whole.body if isinstance(s, (ast.FunctionDef, ast.ClassDef))}
    files[f"{LINKED}.py"] = files.pop(f"{LINKED}.py")
    folder.mkdir(exist_ok=True)
    (folder / "tanklink").mkdir(exist_ok=True)
    (folder / "tanklink" / "__init__.py").write_text("")
    for module in linker.modules.values():
        if module.name not in APART and module.name != LINKED:
            path = folder / (module.name.replace(".", "/") + ".py")
            path.write_text(_alias(linker, module.name, there))
    own = _alias(linker, LINKED, there, itself=True)
    for name, text in files.items():
        (folder / name).write_text(text + (own if name == f"{LINKED}.py" else ""))


def _alias(linker: Linker, name: str, there: set[str], itself: bool = False) -> str:
    module = linker.modules[name]
    lines = []
    for own in sorted(module.own):
        final = linker.final[name, own]
        value: Any = linker.constant(name, own)
        if final in there:
            lines.append(f"{own} = {final}" if itself else f"from {LINKED} import {final} as {own}")
        elif value is not NOTHING and is_literal(value):
            lines.append(f"{own} = {value!r}")
    return "\n".join(lines) + "\n"
