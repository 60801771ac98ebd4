"""Every trigger of the wire's table as a step of the drill: how it comes about, what must be told, how it is mended.

One row a trigger and cause; THE table: the walk, the report and docs/bench.md follow from it. Texts are for the
installer; {n} is the circuit, other names are settings of the circuit in its own units.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tanklink import messages
from tanklink.records import ConfigCircuit
from tankwarden.ceilings import ceilings

CLOSED, ARMED, CLOSING, IDLE = "closed", "armed", "closing", "idle"  # what the circuit is to do when it happens
WITHIN_S = 20.0  # of the person's word that it is done; the simulator's faults are there at once

Tighten = Callable[[ConfigCircuit], ConfigCircuit]


@dataclass(frozen=True)
class Step:
    """do, mend: what the installer is told; do "" = it comes about by itself, mend "" = nothing to mend.

    state: what the circuit does meanwhile; CLOSING: it is closed when the thing is done. subject: whom the event must
    name. over: value over its limit, under it, or (None) not compared. fault: (name, value) of the simulator's fault;
    None = none is needed. tighten: how the circuit is configured for this step, within what the Pico takes. why_not:
    why an installer cannot bring it about, if so. once: for the board, not for each circuit. resets:
    the Pico restarts. by_limit: on hardware, the limit is brought to the circuit instead of the fault.
    """

    trigger: str
    do: str
    mend: str
    subject: str
    state: str = ARMED
    over: bool | None = None
    fault: tuple[str, str] | None = None
    tighten: Tighten | None = None
    by_limit: Tighten | None = None
    why_not: str = ""
    once: bool = False
    resets: bool = False
    kind: str = "TRIP"
    within_s: float = WITHIN_S


def _no_tank_rises_so_fast(circuit: ConfigCircuit) -> ConfigCircuit:
    """10 °F after 3 Wh: a healthy tank trips by it, so the way from energy to trip is shown without a dry tank."""
    return circuit._replace(no_rise_wh=min(circuit.no_rise_wh, 3), no_rise_m_degf=10_000)


def _stuck_soon(circuit: ConfigCircuit) -> ConfigCircuit:
    return circuit._replace(stuck_s=min(circuit.stuck_s, 3))


def _below_its_own_current(circuit: ConfigCircuit) -> ConfigCircuit:
    """Tripped by whatever more than half an ampere the element draws."""
    return circuit._replace(current_limit_ma=min(circuit.current_limit_ma, 500), short_min_ma=300)


def _as_of_a_larger_element(circuit: ConfigCircuit) -> ConfigCircuit:
    """Configured at 1.6 times its resistance, the element looks drifted, and not yet shorted."""
    tolerance = max(500, circuit.short_tolerance_permille)
    return circuit._replace(resistance_mohm=_ohm(circuit, 1.6), short_tolerance_permille=tolerance)


def _as_of_a_huge_element(circuit: ConfigCircuit) -> ConfigCircuit:
    """At eight times its resistance and with a narrow tolerance, the element looks like a short."""
    return circuit._replace(resistance_mohm=_ohm(circuit, 8), short_tolerance_permille=400)


def _ohm(circuit: ConfigCircuit, times: float) -> int:
    """mΩ, at most what the Pico takes."""
    return min(ceilings()["MAX_RESISTANCE_MOHM"], round(circuit.resistance_mohm * times))


_INSIDE_CHIP = "nothing outside the chip brings it about; the self-test of every start looks for it"
_BY_PROGRAM = "only a program that fails brings it about; tests of the program do"

STEPS = (
    Step("fault_line", "Press the emergency stop of circuit {n}, or open its fault line.", "Release it.",
         "fault_line_{n}", CLOSED, fault=("fault-line", "{n}")),
    Step("sensor_open", "Disconnect the NTC of tank {n}.", "Connect it again.", "temperature_{n}", CLOSED, over=True,
         fault=("sensor-open", "{n}")),
    Step("sensor_short", "Bridge the two wires of the NTC of tank {n}.", "Take the bridge away.", "temperature_{n}",
         over=False, fault=("sensor-short", "{n}")),
    Step("sensor_dead", "Disconnect the output of circuit {n}'s current sensor.", "Connect it again.", "current_{n}",
         over=False, fault=("sensor-dead", "{n}")),
    Step("sensor_rate", "Take the NTC of tank {n} from ice water into hot water.", "Put it back into its well.",
         "temperature_{n}", over=True, fault=("sensor-rate", "{n}"), within_s=60),
    Step("sensor_stuck", "", "", "temperature_{n}", CLOSED, over=True, fault=("sensor-stuck", "{n}"),
         tighten=_stuck_soon, why_not="no wiring fault makes a converter with its noise give one and the same count"),
    Step("over_temperature", "Heat the NTC of tank {n} above {limit_degf:g} °F, or put a resistor in its place that "
         "stands for it.", "Put it back into its well.", "temperature_{n}", over=True, fault=("overheat", "{n}"),
         within_s=120),
    Step("over_voltage", "Raise the supply of circuit {n} above {limit_v:g} V (a bench supply, never more panels).",
         "Bring it back.", "voltage_{n}", over=True, fault=("over-voltage", "{n}"), within_s=60),
    Step("over_current", "", "", "current_{n}", CLOSED, over=True, fault=("over-current", "{n}"),
         by_limit=_below_its_own_current),
    Step("short", "", "", "voltage_{n}", CLOSED, over=False, fault=("element-short", "{n}"),
         by_limit=_as_of_a_huge_element),
    Step("element_open", "Open the array's switch, disconnect one lead of element {n}, close the switch again.",
         "Open the switch, connect the lead, close the switch.", "current_{n}", CLOSING, over=False,
         fault=("element-open", "{n}")),
    Step("element_drift", "", "", "current_{n}", CLOSED, fault=("element-drift", "{n}"),
         by_limit=_as_of_a_larger_element),
    Step("leakage", "Bridge both open relays of circuit {n} with a resistor that lets more than {leak_a:g} A pass, "
         "and far less than the element.", "Take it away.", "current_{n}", over=True, fault=("leakage", "{n}")),
    Step("no_rise", "", "", "temperature_{n}", CLOSED, over=False, tighten=_no_tank_rises_so_fast, within_s=120),
    Step("weld", "Open the array's switch, bridge the contacts of the outside relay of circuit {n}, close it again.",
         "Open the switch, take the bridge away, close the switch.", "relay_{n}_outside", CLOSING, over=True,
         fault=("weld", "{n}.outside"), kind="FAULT"),
    Step("weld", "Open the array's switch, bridge the contacts of the inside relay of circuit {n}, close it again.",
         "Open the switch, take the bridge away, close the switch.", "relay_{n}_inside", CLOSING, over=True,
         fault=("weld", "{n}.inside"), kind="FAULT"),
    Step("line_stuck", "Bridge the fault line of circuit {n} to 3.3 V at the Pico.", "Take the bridge away.",
         "fault_line_{n}", IDLE, fault=("line-short", "{n}"), kind="FAULT"),
    Step("reference", "Disconnect the 2.5 V reference from the outer converter.", "Connect it again.", "reference",
         once=True, fault=("reference-off", ""), kind="TRIP"),
    Step("adc_slot", "Disconnect the divider from GP28.", "Connect it again.", "adc", once=True,
         fault=("adc-slip", "")),
    Step("adc_stopped", "", "", "adc", once=True, fault=("adc-stop", ""), why_not=_INSIDE_CHIP),
    Step("permit", "", "", "relays", CLOSED, over=True, once=True, fault=("cpu-hang", "400"), why_not=_BY_PROGRAM),
    Step("exception", "", "", "cpu", once=True, resets=True, fault=("bus-error", ""), why_not=_BY_PROGRAM),
    Step("watchdog", "", "", "cpu", once=True, resets=True, fault=("cpu-hang", ""), why_not=_BY_PROGRAM),
    Step("too_many_trips", "", "", "trips",
         once=True, kind="FAULT",
         why_not="it follows of itself when one circuit's rows above trip a fourth time within ten minutes"),
    Step("slow_pass", "", "", "cpu", once=True, why_not=_BY_PROGRAM),
    Step("relay_stuck", "", "", "relays", once=True, kind="FAULT", why_not=_INSIDE_CHIP),
    Step("journal", "", "", "journal", once=True, kind="FAULT", why_not="it takes flash that fails"),
    Step("config", "", "", "config", once=True, kind="FAULT", why_not="it takes memory that fails"),
    Step("program", "", "", "program", once=True, kind="FAULT", why_not="it takes flash that fails"),
    Step("memory", "", "", "memory", once=True, kind="FAULT", why_not=_INSIDE_CHIP),
    Step("clock", "", "", "clock", once=True, kind="FAULT", why_not=_INSIDE_CHIP),
    Step("comparator", "", "", "comparator", once=True, kind="FAULT", why_not=_INSIDE_CHIP),
)  # fmt: skip

TRIGGERS = tuple(dict.fromkeys(step.trigger for step in STEPS))
assert set(TRIGGERS) <= set(messages.TRIGGERS)
