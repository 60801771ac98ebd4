"""Who may import whom: the table below, held against every import in the tree by an AST walk.

tools/layers.py [ROOT]      prints each forbidden import as FILE:LINE and exits 1 if there is one
"""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

PURE = ("tankwarden.errors", "tankwarden.config", "tankwarden.config_checks", "tankwarden.config_lights",
        "tankwarden.events", "tankwarden.fields")  # fmt: skip
BASE = (*PURE, "tankwarden.clock", "tankwarden.resources", "tankwarden.ceilings")
DATABASES = ("peewee", "playhouse", "sqlite3")
IO = ("asyncio", "bottle", "http", "importlib", "io", "os", "pathlib", "select", "selectors", "serial", "shutil",
      "signal", "socket", "subprocess", "tempfile", "threading", "time", "urllib", "waitress", *DATABASES)  # fmt: skip
# What of the host the bench tool may use: one session, one way to open the port, one configuration, one set of words.
# None of it is asynchronous, keeps a database or serves a page.
BORROWED = (
    *PURE, "tankwarden.version", "tankwarden.ceilings", "tankwarden.logic.pico_config", "tankwarden.logic.scaling",
    "tankwarden.drivers.pico.session", "tankwarden.drivers.pico.configuration", "tankwarden.drivers.pico.ports",
    "tankwarden.drivers.pico.holder", "tankwarden.drivers.pico.advice",
    "tankwarden.sim.control", "tankwarden.sim.errors",
)  # fmt: skip
# Calls that read a clock, a file or hide an import: whatever is pure makes none of them.
IMPURE_CALLS = ("open", "now", "utcnow", "today", "__import__", "import_module")
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
    pure: bool = False


LAYERS = (
    Layer("host/tankwarden/logic", "logic is pure: configuration, inputs and now go in, decisions come out",
          never=("tankwarden", *IO), except_for=("tankwarden.logic", *PURE), pure=True),
    Layer("host/tankwarden/flows", "a flow takes from one place, asks logic and gives to another",
          never=("tankwarden",),
          except_for=("tankwarden.flows", "tankwarden.logic", "tankwarden.drivers.interfaces",
                      "tankwarden.drivers.pico", "tankwarden.store", *BASE)),
    Layer("host/tankwarden/drivers", "a driver knows its device and the pure parts, not who uses it",
          never=("tankwarden",), except_for=("tankwarden.drivers", "tankwarden.logic", *BASE)),
    Layer("host/tankwarden/flashing", "flashing knows the Pico's link and its sources, and nothing of the engine",
          never=("tankwarden",), except_for=("tankwarden.flashing", "tankwarden.drivers.pico", *BASE)),
    Layer("host/tankwarden/store", "the store keeps and answers; it decides nothing",
          never=("tankwarden",), except_for=("tankwarden.store", "tankwarden.logic", *BASE)),
    Layer("host/tankwarden/web", "the web parses, calls and renders; it is given what it shows by the application",
          never=("tankwarden", "tanklink", "serial", *DATABASES),
          except_for=("tankwarden.web", "tankwarden.errors", "tankwarden.store.queries")),
    Layer("host/tankwarden/sim", "the simulation stands for hardware: it must not know the host that it is to test",
          never=("tankwarden",), except_for=("tankwarden.sim", "tankwarden.logic", *BASE)),
    Layer("host/tankwarden/sim/shims", "these run inside the simulated board, under MicroPython",
          never=("tankwarden",)),
    Layer("bench", "the bench tool works with no host running: it borrows the host's session, configuration and words",
          never=("tankwarden", "host"), except_for=BORROWED),
    Layer("protocol/tanklink", "the wire contract does no I/O and reads no clock",
          never=("tankwarden", "machine", "rp2", *IO), pure=True),
    Layer("mcu", "the chip has stock MicroPython and nothing else", only=MICROPYTHON),
)  # fmt: skip


def imports(path: Path, root: Path) -> list[tuple[int, str]]:
    """Every (line, dotted module) that the file imports; `from a import b` counts as a.b, relative ones as absolute."""
    found = []
    package = path.relative_to(root).parts[1:-1]  # below host/, protocol/ …
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            parts = (*base, *([node.module] if node.module else []))
            found += [(node.lineno, ".".join((*parts, alias.name))) for alias in node.names]
    return found


def impure_calls(path: Path) -> list[tuple[int, str]]:
    """Every (line, name) of a call in IMPURE_CALLS, be it a function or a method."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in IMPURE_CALLS:
                found.append((node.lineno, name))
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
            for line, module in imports(path, root):
                if layer.only is not None:
                    wrong = not _within(module, layer.only + siblings)
                else:
                    wrong = _within(module, layer.never) and not _within(module, layer.except_for)
                if wrong:
                    found.append(f"{path.relative_to(root)}:{line}: imports {module}; {layer.why}")
            if layer.pure:
                found += [
                    f"{path.relative_to(root)}:{line}: calls {name}(); {layer.why}" for line, name in impure_calls(path)
                ]
    return found


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = violations(root)
    print("\n".join(found) if found else f"layers: {len(LAYERS)} rules hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
