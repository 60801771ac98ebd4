"""What can go wrong in the simulated world: THE table of faults; command line, socket and documents derive from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tankwarden.sim.defaults import ADC_SUPPLY_V, RELAYS, ntc_counts
from tankwarden.sim.errors import FaultError
from tankwarden.sim.hopper import Hopper
from tankwarden.sim.plant import Circuit, Plant
from tankwarden.sim.probe import Wire
from tankwarden.sim.pv import PvSource
from tankwarden.sim.values import Choice, Value

SHORTED_OHM = 0.3
WEAK_SUN_W_M2 = 100.0
# About 12.4 A at 298 V: over the limit, no short, and as an element within the usual tolerance of its resistance.
STRAY_OHM, STRAY_PHOTOCURRENT_A = 24.0, 14.2
DRIFTED = 1.7  # × the element's own resistance
LEAKING_OHM = 400.0  # about 0.8 A
BOILING_DEGF = 195.0
RUNAWAY_DEGF_PER_S = 6.0
MORE_PANELS = 470 / 340  # × the voltage of the array
SAGGED_SUPPLY_V = 3.1  # of the converters, instead of 3.3


class CableFaults(Protocol):
    """What faults may do to the serial line."""

    noise_permille: int
    cut: bool


class World(Protocol):
    """What faults may act upon."""

    @property
    def cable(self) -> CableFaults: ...

    @property
    def plant(self) -> Plant: ...

    def circuit(self, number: int) -> Circuit: ...

    def hopper(self, feeder: int) -> Hopper: ...

    def set_loop(self, circuit: int, whole: bool) -> None: ...

    def set_line_short(self, circuit: int, short: bool) -> None: ...

    def set_chip_fault(self, name: str, there: bool) -> None:
        """name: one of CHIP_FAULTS."""

    def set_relay_stuck(self, relay: int, stuck: bool) -> None: ...

    def glitch(self, name: str) -> None:
        """name: one of GLITCHES."""

    def hang_cpu(self, ms: float | None) -> None: ...

    def resume_cpu(self) -> None: ...

    def cut_power(self, seconds: float) -> None: ...

    def restore_power(self) -> None: ...

    def cut_line(self, seconds: float | None) -> None: ...

    def mend_line(self) -> None: ...


CIRCUIT = Value("circuit", "", 1, 1, 2, whole=True)
FEEDER = Value("feeder", "", 1, 1, 2, whole=True)
RELAY = Choice("relay", tuple(f"{circuit}.{relay}" for circuit in (1, 2) for relay in RELAYS))
# What goes wrong inside the chip, until it is mended; and what does once.
CHIP_FAULTS = (
    "adc-slip", "adc-stop", "clock-off", "comparator-dead", "memory-stuck", "flash-dead", "program-damaged",
)  # fmt: skip
GLITCHES = ("bus-error", "bus-stall", "bit-flip")


@dataclass(frozen=True, slots=True)
class Fault:
    """One row. apply(world, what parse gave) breaks something, clear(world) mends it; both at any time."""

    help: str
    value: Value | Choice | None
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


def _weak_short(world: World, number: float) -> None:
    world.circuit(int(number)).most_irradiance_w_m2 = WEAK_SUN_W_M2
    _element(world, number, SHORTED_OHM)


def _mend_weak_short(circuit: Circuit) -> None:
    circuit.most_irradiance_w_m2 = math.inf
    _mend_element(circuit)


def _drift(world: World, number: float) -> None:
    _element(world, number, DRIFTED * world.circuit(int(number)).spec.element_ohm)


def _leak(world: World, number: float) -> None:
    circuit = world.circuit(int(number))
    circuit.leak_ohm = LEAKING_OHM
    circuit.settle()


def _mend_leak(circuit: Circuit) -> None:
    circuit.leak_ohm = math.inf
    circuit.settle()


def _weld(world: World, relay: str) -> None:
    number, _, contact = relay.partition(".")
    circuit = world.circuit(int(number))
    circuit.welded[RELAYS.index(contact)] = True
    circuit.settle()


def _replace_relays(circuit: Circuit) -> None:
    circuit.welded = [False, False]
    circuit.settle()


def _add_panels(world: World, number: float) -> None:
    circuit = world.circuit(int(number))
    array = circuit.spec.array
    circuit.source = PvSource(replace(array, voc_v=MORE_PANELS * array.voc_v, vmp_v=MORE_PANELS * array.vmp_v))
    circuit.settle()


def _remove_panels(circuit: Circuit) -> None:
    circuit.source = PvSource(circuit.spec.array)
    circuit.settle()


def _ntc(world: World, number: float, wire: Wire) -> None:
    world.circuit(int(number)).probe.wire = wire


def _detach(world: World, number: float) -> None:
    circuit = world.circuit(int(number))
    circuit.probe.detach(circuit.degf)


def _stick(world: World, number: float) -> None:
    circuit = world.circuit(int(number))
    circuit.probe.stuck_counts = round(ntc_counts(circuit.degf))


def _run_away(world: World, number: float) -> None:
    circuit = world.circuit(int(number))
    circuit.probe.run_away(circuit.degf, RUNAWAY_DEGF_PER_S)


def _mend_probe(circuit: Circuit) -> None:
    circuit.probe.mend()


def _kill_current_sensor(world: World, number: float) -> None:
    world.circuit(int(number)).current_sensor_dead = True


def _replace_current_sensor(circuit: Circuit) -> None:
    circuit.current_sensor_dead = False


def _overheat(world: World, number: float) -> None:
    world.circuit(int(number)).forced_degf = BOILING_DEGF


def _cool(circuit: Circuit) -> None:
    circuit.forced_degf = None


def _drain(world: World, number: float) -> None:
    world.circuit(int(number)).tank.dry = True


def _fill(circuit: Circuit) -> None:
    circuit.tank.dry = False


def _jam(world: World, number: float) -> None:
    world.hopper(int(number)).jammed = True


def _blind(world: World, number: float) -> None:
    world.hopper(int(number)).blind = True


def _unjam(world: World) -> None:
    for number in (1, 2):
        world.hopper(number).jammed = False


def _clean(world: World) -> None:
    for number in (1, 2):
        world.hopper(number).blind = False


def _set_supply(world: World, volts: float) -> None:
    world.plant.adc_supply_v = volts


def _mend_shorts(world: World) -> None:
    for number in (1, 2):
        world.set_line_short(number, False)


def _mend_loops(world: World) -> None:
    for number in (1, 2):
        world.set_loop(number, True)


def _stick_relay(world: World, relay: str) -> None:
    number, _, contact = relay.partition(".")
    world.set_relay_stuck(len(RELAYS) * (int(number) - 1) + RELAYS.index(contact), True)


def _free_relays(world: World) -> None:
    for relay in range(len(RELAY.options)):
        world.set_relay_stuck(relay, False)


def _in_chip(name: str, help_: str) -> Fault:
    return Fault(help_, None, lambda w, _: w.set_chip_fault(name, True), lambda w: w.set_chip_fault(name, False))


def _glitch(name: str, help_: str) -> Fault:
    return Fault(help_, None, lambda w, _: w.glitch(name), lambda _: None)


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
    "weak-short": Fault(
        "the same at a tenth of the sun: a dead short that draws less than the element does at noon", CIRCUIT,
        _weak_short, _each(_mend_weak_short),
    ),
    "over-current": Fault(
        "a second string is wired in parallel and part of the element bridged: 12 A, day or night", CIRCUIT,
        lambda w, n: _element(w, n, STRAY_OHM, STRAY_PHOTOCURRENT_A), _each(_mend_element),
    ),
    "over-voltage": Fault(
        "more panels are wired in series: 470 V at noon while the circuit is open", CIRCUIT,
        _add_panels, _each(_remove_panels),
    ),
    "element-open": Fault(
        "the heating element has burnt through", CIRCUIT, lambda w, n: _element(w, n, math.inf), _each(_mend_element),
    ),
    "element-drift": Fault(
        f"the heating element has {DRIFTED:g} times its resistance", CIRCUIT, _drift, _each(_mend_element),
    ),
    "leakage": Fault(
        f"the insulation passes current past the open relays: {LEAKING_OHM:g} Ω", CIRCUIT, _leak, _each(_mend_leak),
    ),
    "weld": Fault(
        "a relay's contact is welded: it conducts, whatever its coil does", RELAY, _weld, _each(_replace_relays),
    ),
    "dry-tank": Fault(
        "the tank runs empty: what is heated is not what its sensor touches", CIRCUIT, _drain, _each(_fill),
    ),
    "detached-ntc": Fault(
        "the tank's NTC falls out of its well and hangs in the air", CIRCUIT, _detach, _each(_mend_probe),
    ),
    "sensor-open": Fault(
        "the tank's NTC has a broken wire", CIRCUIT, lambda w, n: _ntc(w, n, Wire.OPEN), _each(_mend_probe),
    ),
    "sensor-short": Fault(
        "the tank's NTC is shorted", CIRCUIT, lambda w, n: _ntc(w, n, Wire.SHORT), _each(_mend_probe),
    ),
    "sensor-stuck": Fault(
        "the tank's NTC goes on giving the very same count", CIRCUIT, _stick, _each(_mend_probe),
    ),
    "sensor-rate": Fault(
        f"the tank's NTC corrodes: it reads {RUNAWAY_DEGF_PER_S:g} °F less every second", CIRCUIT,
        _run_away, _each(_mend_probe),
    ),
    "sensor-dead": Fault(
        "the circuit's current sensor has no supply: 0 V instead of its live zero", CIRCUIT,
        _kill_current_sensor, _each(_replace_current_sensor),
    ),
    "overheat": Fault(f"the tank is at {BOILING_DEGF:g} °F", CIRCUIT, _overheat, _each(_cool)),
    "fault-line": Fault(
        "the circuit's fault line is cut, as by its emergency stop", CIRCUIT,
        lambda w, n: w.set_loop(int(n), False), _mend_loops,
    ),
    "line-short": Fault(
        "the circuit's fault line is shorted to 3.3 V: its emergency stop has no effect", CIRCUIT,
        lambda w, n: w.set_line_short(int(n), True), _mend_shorts,
    ),
    "servo-jam": Fault(
        "the feeder's drum is blocked: its servo gets its pulses, and nothing falls", FEEDER, _jam, _unjam,
    ),
    "drop-sensor-stuck": Fault(
        "the feeder's drop sensor is dirty: it does not see what falls", FEEDER, _blind, _clean,
    ),
    "reference-off": Fault(
        f"the converters' supply sags to {SAGGED_SUPPLY_V:g} V: what they read is not what is there", None,
        lambda w, _: _set_supply(w, SAGGED_SUPPLY_V), lambda w: _set_supply(w, ADC_SUPPLY_V),
    ),
    "relay-stuck": Fault(
        "a relay's pin touches the coils' supply: it stays high, and the relay closed", RELAY,
        _stick_relay, _free_relays,
    ),
    "adc-slip": _in_chip("adc-slip", "the converter's samples slip by one channel"),
    "adc-stop": _in_chip("adc-stop", "the converter stops sampling"),
    "clock-off": _in_chip("clock-off", "the converter's clock runs at half its rate: seen at the Pico's next start"),
    "comparator-dead": _in_chip(
        "comparator-dead", "the comparator takes no samples, so it never pulls: seen at the Pico's next start"
    ),
    "memory-stuck": _in_chip("memory-stuck", "a bit of the Pico's memory sticks: seen at its next start"),
    "flash-dead": _in_chip(
        "flash-dead", "the Pico's flash takes nothing any more: seen when it has something to write, as at its start"
    ),
    "program-damaged": _in_chip(
        "program-damaged", "the program's files in the Pico's flash have changed: seen within a minute or two"
    ),
    "bus-error": _glitch(
        "bus-error", "the bus to the outer converter fails once: the Pico's program raises an exception"
    ),
    "bus-stall": _glitch("bus-stall", "a transfer on that bus takes 60 ms, once"),
    "bit-flip": _glitch("bit-flip", "a bit of the configuration in the Pico's memory falls over"),
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
    return [
        {"name": name, "value": fault.value.usage() if fault.value else "", "help": fault.help}
        for name, fault in FAULTS.items()
    ]
