"""What can go wrong in the simulated world: THE table of faults; command line, socket and documents derive from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tankwarden.sim.errors import FaultError
from tankwarden.sim.plant import Circuit, Wire

SHORTED_OHM = 0.3
STRAY_OHM, STRAY_PHOTOCURRENT_A = 21.0, 13.0  # about 12.4 A at 261 V: over the limit, and no short
BOILING_DEGF = 195.0


class CableFaults(Protocol):
    """What faults may do to the serial line."""

    noise_permille: int
    cut: bool


class World(Protocol):
    """What faults may act upon."""

    @property
    def cable(self) -> CableFaults: ...

    def circuit(self, number: int) -> Circuit: ...

    def set_loop(self, circuit: int, whole: bool) -> None: ...

    def hang_cpu(self, ms: float | None) -> None: ...

    def resume_cpu(self) -> None: ...

    def cut_power(self, seconds: float) -> None: ...

    def restore_power(self) -> None: ...

    def cut_line(self, seconds: float | None) -> None: ...

    def mend_line(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Value:
    """What may stand after NAME=. default None: without a value the fault lasts until it ends or is cleared."""

    name: str
    unit: str
    default: float | None
    low: float
    high: float
    whole: bool = False

    def parse(self, fault: str, given: object) -> float | None:
        """The value to use. FaultError if it is none."""
        if given is None:
            return self.default
        try:
            value = float(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else math.nan
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            kind = "a whole number from" if self.whole else "a number from"
            unit = f" {self.unit}" if self.unit else ""
            raise FaultError(f"{fault}={given}: the {self.name} must be {kind} {self.low:g} to {self.high:g}{unit}")
        return value


CIRCUIT = Value("circuit", "", 1, 1, 2, whole=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row. apply(world, what Value.parse gave) breaks something, clear(world) mends it; both at any time."""

    help: str
    value: Value | None
    apply: Callable[[World, Any], None]
    clear: Callable[[World], None]


def _each(mend: Callable[[Circuit], None]) -> Callable[[World], None]:
    def clear(world: World) -> None:
        for number in (1, 2):
            mend(world.circuit(number))

    return clear


def _element(world: World, number: float, ohm: float, photocurrent_a: float = 0.0) -> None:
    circuit = world.circuit(int(number))
    circuit.element_ohm, circuit.least_photocurrent_a = ohm, photocurrent_a
    circuit.settle()


def _mend_element(circuit: Circuit) -> None:
    circuit.element_ohm, circuit.least_photocurrent_a = circuit.spec.element_ohm, 0.0
    circuit.settle()


def _ntc(world: World, number: float, wire: Wire) -> None:
    world.circuit(int(number)).ntc = wire


def _mend_ntc(circuit: Circuit) -> None:
    circuit.ntc = Wire.WHOLE


def _overheat(world: World, number: float) -> None:
    world.circuit(int(number)).forced_degf = BOILING_DEGF


def _cool(circuit: Circuit) -> None:
    circuit.forced_degf = None


def _mend_loops(world: World) -> None:
    for number in (1, 2):
        world.set_loop(number, True)


def _set_noise(world: World, permille: float) -> None:
    world.cable.noise_permille = round(permille)


def _clear_all(world: World) -> None:
    for name, fault in FAULTS.items():
        if name != "clear":
            fault.clear(world)


FAULTS: dict[str, Fault] = {
    "element-short": Fault(
        "a dead short across the heating element: the array's voltage collapses", CIRCUIT,
        lambda w, n: _element(w, n, SHORTED_OHM), _each(_mend_element),
    ),
    "over-current": Fault(
        "a second string is wired in parallel and part of the element bridged: 12 A, day or night", CIRCUIT,
        lambda w, n: _element(w, n, STRAY_OHM, STRAY_PHOTOCURRENT_A), _each(_mend_element),
    ),
    "sensor-open": Fault(
        "the tank's NTC has a broken wire", CIRCUIT, lambda w, n: _ntc(w, n, Wire.OPEN), _each(_mend_ntc),
    ),
    "sensor-short": Fault(
        "the tank's NTC is shorted", CIRCUIT, lambda w, n: _ntc(w, n, Wire.SHORT), _each(_mend_ntc),
    ),
    "overheat": Fault(f"the tank is at {BOILING_DEGF:g} °F", CIRCUIT, _overheat, _each(_cool)),
    "fault-line": Fault(
        "the circuit's fault line is cut, as by its emergency stop", CIRCUIT,
        lambda w, n: w.set_loop(int(n), False), _mend_loops,
    ),
    "cpu-hang": Fault(
        "the Pico's processor stops, for a time or until its watchdog bites", Value("time", "ms", None, 1, 600_000),
        lambda w, ms: w.hang_cpu(ms), lambda w: w.resume_cpu(),
    ),
    "power-cut": Fault(
        "the Pico's power and USB go away and come back", Value("time off", "s", 2.0, 0.01, 86_400),
        lambda w, s: w.cut_power(s), lambda w: w.restore_power(),
    ),
    "serial-noise": Fault(
        "bytes are flipped, lost and added, both ways", Value("share of bytes", "‰", 10, 1, 1000, whole=True),
        _set_noise, lambda w: _set_noise(w, 0),
    ),
    "serial-cut": Fault(
        "no byte comes through either way: for a time, or until cleared", Value("time", "s", None, 0.01, 86_400),
        lambda w, s: w.cut_line(s), lambda w: w.mend_line(),
    ),
    "clear": Fault("mends everything above", None, lambda w, _: _clear_all(w), lambda _: None),
}  # fmt: skip


def apply(world: World, name: object, given: object = None) -> None:
    """Apply a fault by name. FaultError, and nothing done, for an unknown name or a value that does not fit."""
    fault = FAULTS.get(name) if isinstance(name, str) else None
    if fault is None:
        raise FaultError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
    if fault.value is None:
        if given is not None:
            raise FaultError(f"{name} takes no value")
        fault.apply(world, 0)
        return
    fault.apply(world, fault.value.parse(str(name), given))


def describe() -> list[dict[str, str]]:
    """For --list and the socket: name, what may follow it, help."""
    return [{"name": name, "value": _usage(fault.value), "help": fault.help} for name, fault in FAULTS.items()]


def _usage(value: Value | None) -> str:
    if value is None:
        return ""
    unit = f" {value.unit}" if value.unit else ""
    default = "until it ends or is cleared" if value.default is None else f"default {value.default:g}"
    return f"[={value.name}, {value.low:g} to {value.high:g}{unit}; {default}]"
