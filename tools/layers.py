"""Who may import whom: the table below, held against every import in the tree by an AST walk.

tools/layers.py [ROOT]      prints each forbidden import as FILE:LINE and exits 1 if there is one
"""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

PURE = ("tankwarden.errors", "tankwarden.config", "tankwarden.config_checks", "tankwarden.events")
BASE = (*PURE, "tankwarden.clock", "tankwarden.resources", "tankwarden.fields", "tankwarden.ceilings")
IO = ("asyncio", "io", "os", "pathlib", "peewee", "playhouse", "select", "selectors", "serial", "shutil", "signal",
      "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "bottle", "waitress")  # fmt: skip
# What stock MicroPython 1.26 has on the chip, as far as we use it.
MICROPYTHON = ("array", "binascii", "errno", "gc", "hashlib", "machine", "micropython", "os", "random", "rp2", "select",
               "struct", "sys", "time", "tanklink")  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One row: files below `place` may not import `never`; with `only`, nothing but that and siblings."""

    place: str
    why: str
    never: tuple[str, ...] = ()
    except_for: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None


LAYERS = (
    Layer("host/tankwarden/logic", "logic is pure: configuration, inputs and now go in, decisions come out",
          never=("tankwarden", *IO), except_for=("tankwarden.logic", *PURE)),
    Layer("host/tankwarden/flows", "a flow takes from one place, asks logic and gives to another",
          never=("tankwarden",),
          except_for=("tankwarden.flows", "tankwarden.logic", "tankwarden.drivers", "tankwarden.store", *BASE)),
    Layer("host/tankwarden/drivers", "a driver knows its device and the pure parts, not who uses it",
          never=("tankwarden",), except_for=("tankwarden.drivers", "tankwarden.logic", *BASE)),
    Layer("host/tankwarden/store", "the store keeps and answers; it decides nothing",
          never=("tankwarden",), except_for=("tankwarden.store", "tankwarden.logic", *BASE)),
    Layer("host/tankwarden/web", "the web parses, calls and renders; it is given what it shows by the application",
          never=("tankwarden", "tanklink"),
          except_for=("tankwarden.web", "tankwarden.errors", "tankwarden.store.queries")),
    Layer("host/tankwarden/sim", "the simulation stands for hardware: it must not know the host that it is to test",
          never=("tankwarden",), except_for=("tankwarden.sim", "tankwarden.logic", *BASE)),
    Layer("host/tankwarden/sim/shims", "these run inside the simulated board, under MicroPython",
          never=("tankwarden",)),
    Layer("bench", "the bench tool works with no host: it needs tanklink and pyserial only", never=("tankwarden",)),
    Layer("protocol/tanklink", "the wire contract does no I/O and reads no clock",
          never=("tankwarden", "machine", "rp2", "time", "asyncio", "socket", "serial", "select")),
    Layer("mcu", "the chip has stock MicroPython and nothing else", only=MICROPYTHON),
)  # fmt: skip


def imports(path: Path) -> list[tuple[int, str]]:
    """Every (line, dotted module) that the file imports; `from a import b` counts as a and as a.b."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def _within(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in names)


def violations(root: Path) -> list[str]:
    """One line for each import that the table forbids; empty if the tree is in order."""
    found = []
    for layer in LAYERS:
        folder = root / layer.place
        siblings = tuple(p.stem for p in folder.glob("*.py"))
        for path in sorted(folder.rglob("*.py")):
            for line, module in imports(path):
                if layer.only is not None:
                    wrong = not _within(module, layer.only + siblings)
                else:
                    wrong = _within(module, layer.never) and not _within(module, layer.except_for)
                if wrong:
                    found.append(f"{path.relative_to(root)}:{line}: imports {module}; {layer.why}")
    return found


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = violations(root)
    print("\n".join(found) if found else f"layers: {len(LAYERS)} rules hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
