"""The linked program under the names of its sources' modules, so that what was written for these runs on it."""

import re
from pathlib import Path
from typing import Any

from tankwarden.flashing.fold import NOTHING, is_literal
from tankwarden.flashing.link import Linker
from tankwarden.flashing.names import APART, LINKED


def write(folder: Path) -> None:
    """The linked files, and for each module of the sources one that has its names."""
    linker = Linker.of_sources()
    files = linker.run(keep=asked_for())
    folder.mkdir(exist_ok=True)
    for module in linker.modules.values():
        if module.name not in APART and "." not in module.name:
            text = _alias(linker, module.name)
            if module.name == LINKED:
                files[f"{LINKED}.py"] += text
            else:
                files[f"{module.name}.py"] = text
    for name, text in files.items():
        (folder / name).write_text(text)


def asked_for() -> set[str]:
    """Whatever scenarios call by its name keeps it: they were written for the sources."""
    texts = [path.read_text() for path in sorted((Path(__file__).parent / "scenarios").glob("*.py"))]
    return {name for text in texts for name in re.findall(r"[A-Za-z_]\w*", text)}


def _alias(linker: Linker, name: str) -> str:
    lines = []
    for own in sorted(linker.modules[name].own):
        final = linker.final[name, own]
        value: Any = linker.constant(name, own)
        home = linker.homes.get(final)
        if home == LINKED == name:
            lines += [f"{own} = {final}"] if own != final else []
        elif home is not None:
            lines.append(f"from {home} import {final} as {own}")
        elif home is None and value is not NOTHING and is_literal(value):
            lines.append(f"{own} = {value!r}")
    return "\n".join(lines) + "\n"
