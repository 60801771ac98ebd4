"""The files that the simulated world shares with the simulated board, loaded from the shims' folder.

They are written for MicroPython, where the shims are top-level modules; that folder must not be on this process's
own path, because it holds a `machine` and a `micropython` as well.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any, Protocol

SHIMS_DIR = Path(__file__).resolve().parent / "shims"


def _load(name: str) -> Any:
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, SHIMS_DIR / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{SHIMS_DIR / name}.py cannot be loaded: reinstall tankwarden")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Bank(Protocol):
    """What is used of pio_relay.RelayBank."""

    pins: list[int]
    changed: list[int]

    def apply(self, t: int, kind: int, a: int, b: int) -> None: ...

    def loops(self, t: int, whole: int, stuck: int) -> None: ...

    def pull(self, t: int, pulls: bool) -> None: ...

    def advance(self, t: int) -> None: ...

    def reset(self, t: int) -> None: ...

    def truth(self) -> int: ...


class Comparator(Protocol):
    """What is used of pio_comparator.Comparator."""

    pulls: bool
    watches: bool

    def apply(self, t: int, action: int, counts: int) -> None: ...

    def sample(self, t: int, counts: int) -> None: ...

    def silence(self, t: int) -> int: ...

    def truth(self) -> int: ...

    def reset(self) -> None: ...


simwire: Any = _load("simwire")


def new_bank() -> Bank:
    """The model of the four relay pins and two fault lines."""
    bank: Bank = _load("pio_relay").RelayBank()
    return bank


def new_comparator() -> Comparator:
    """The model of PIO1's machine that pulls the fault lines."""
    comparator: Comparator = _load("pio_comparator").Comparator()
    return comparator
