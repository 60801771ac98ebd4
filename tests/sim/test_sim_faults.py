"""The table of faults: each changes what it says and clear mends it; none is mistaken for another trigger's cause."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
from sim_kit import NOON_MS

from tanklink.messages import CHANNELS
from tankwarden.config import Circuit as CircuitConfig
from tankwarden.sim import defaults, faults
from tankwarden.sim.defaults import CIRCUITS, RELAYS
from tankwarden.sim.errors import FaultError
from tankwarden.sim.hopper import Hopper
from tankwarden.sim.plant import Circuit, Plant

HOUR_MS = 3_600_000
LIMITS = CIRCUITS[0]
# What the demo's configuration leaves as it is by default.
DEFAULTS: dict[str, Any] = {setting.name: setting.default for setting in fields(CircuitConfig)}
VOLTAGE_LIMIT_V, VOLTAGE_MIN_V = DEFAULTS["voltage_limit_v"], DEFAULTS["voltage_min_v"]
IMPEDANCE_TOLERANCE, LEAK_A = DEFAULTS["impedance_tolerance"], DEFAULTS["leak_a"]
RATE_DEGF_PER_S = DEFAULTS["rate_degf_per_s"]


@dataclass
class Line:
    noise_permille: int = 0
    cut: bool = False


@dataclass
class Bench:
    """A World without a board: what is done to the board is written down."""

    plant: Plant = field(default_factory=lambda: Plant(NOON_MS))
    cable: Line = field(default_factory=Line)
    done: list[tuple[object, ...]] = field(default_factory=list)
    hoppers: tuple[Hopper, Hopper] = field(default_factory=lambda: (Hopper(), Hopper()))

    def hopper(self, feeder: int) -> Hopper:
        return self.hoppers[feeder - 1]

    def circuit(self, number: int) -> Circuit:
        return self.plant.circuits[number]

    def set_loop(self, circuit: int, whole: bool) -> None:
        self.done.append(("loop", circuit, whole))

    def set_line_short(self, circuit: int, short: bool) -> None:
        self.done.append(("line short", circuit, short))

    def set_chip_fault(self, name: str, there: bool) -> None:
        self.done.append(("chip", name, there))

    def set_relay_stuck(self, relay: int, stuck: bool) -> None:
        self.done.append(("relay", relay, stuck))

    def glitch(self, name: str) -> None:
        self.done.append(("glitch", name))

    def hang_cpu(self, ms: float | None) -> None:
        self.done.append(("hang", ms))

    def resume_cpu(self) -> None:
        self.done.append(("resume",))

    def cut_power(self, seconds: float) -> None:
        self.done.append(("power off", seconds))

    def restore_power(self) -> None:
        self.done.append(("power on",))

    def cut_line(self, seconds: float | None) -> None:
        self.done.append(("cut", seconds))

    def mend_line(self) -> None:
        self.done.append(("mend",))


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    for circuit in (1, 2):
        for contact in (0, 1):
            bench.plant.set_contact(circuit, contact, True)
    return bench


def is_short(circuit: Circuit) -> bool:
    """The Pico's rule, with the limits of the demo; the next ones likewise."""
    least_v = LIMITS.element_ohm * (1 - LIMITS.short_tolerance) * circuit.current_a
    return circuit.current_a > LIMITS.short_min_a and circuit.voltage_v < least_v


def is_over_current(circuit: Circuit) -> bool:
    return circuit.current_a > LIMITS.current_limit_a


def has_drifted(circuit: Circuit) -> bool:
    """I outside V/(R(1 ± tolerance)), where there is voltage enough to judge by. An open element is that, too."""
    expected_a = circuit.voltage_v / LIMITS.element_ohm
    low_a, high_a = expected_a / (1 + IMPEDANCE_TOLERANCE), expected_a / (1 - IMPEDANCE_TOLERANCE)
    closed = all(circuit.contacts) and circuit.voltage_v > VOLTAGE_MIN_V
    return closed and not low_a <= circuit.current_a <= high_a


def counts(plant: Plant, channel: str) -> float:
    return plant.true_counts()[CHANNELS.index(channel)]


# What the Pico judges while the circuit heats, each by its own rule.
ELECTRICAL: dict[str, Callable[[Circuit], bool]] = {
    "short": is_short, "over-current": is_over_current, "over-voltage": lambda c: c.voltage_v > VOLTAGE_LIMIT_V,
    "drift": has_drifted,
}  # fmt: skip

# fault: which of ELECTRICAL must show while the circuit heats
SHOWS_CLOSED = {
    "element-short": {"short"},
    "weak-short": {"short"},
    "over-current": {"over-current"},
    "over-voltage": set(),
    "element-open": {"drift"},
    "element-drift": {"drift"},
    "leakage": set(),
    "weld": set(),
}

PLANT_FAULTS: dict[str, Callable[[Plant, int], bool]] = {
    "element-short": lambda plant, n: is_short(plant.circuits[n]),
    "weak-short": lambda plant, n: is_short(plant.circuits[n]) and plant.circuits[n].current_a < 1,
    "over-current": lambda plant, n: is_over_current(plant.circuits[n]),
    "element-open": lambda plant, n: has_drifted(plant.circuits[n]) and plant.circuits[n].current_a == 0,
    "element-drift": lambda plant, n: has_drifted(plant.circuits[n]) and plant.circuits[n].current_a > 4,
    "sensor-open": lambda plant, n: counts(plant, f"temperature_{n}") == 4095,
    "sensor-short": lambda plant, n: counts(plant, f"temperature_{n}") == 0,
    "sensor-dead": lambda plant, n: counts(plant, f"current_{n}") == 0,
    "overheat": lambda plant, n: plant.circuits[n].degf > LIMITS.temperature_limit_degf,
}


@pytest.mark.parametrize("circuit", [1, 2])
@pytest.mark.parametrize("name", PLANT_FAULTS)
def test_fault_of_a_circuit_shows_there_alone_and_clear_restores_it(bench: Bench, name: str, circuit: int) -> None:
    shows, before = PLANT_FAULTS[name], bench.plant.true_counts()
    assert not shows(bench.plant, circuit)
    faults.apply(bench, name, circuit)
    assert shows(bench.plant, circuit)
    assert not shows(bench.plant, 3 - circuit)
    faults.apply(bench, "clear")
    assert bench.plant.true_counts() == before


@pytest.mark.parametrize("feeder", [1, 2])
@pytest.mark.parametrize(("name", "truth"), [("servo-jam", (0, 0)), ("drop-sensor-stuck", (1, 0)), ("clear", (1, 1))])
def test_a_feeder_gives_nothing_or_is_not_seen_to_and_the_other_one_does(
    bench: Bench, name: str, truth: tuple[int, int], feeder: int
) -> None:
    for broken in ("servo-jam", "drop-sensor-stuck"):
        faults.apply(bench, broken, feeder)
    faults.apply(bench, "clear")
    faults.apply(bench, name, None if name == "clear" else feeder)
    for hopper in bench.hoppers:
        for angle_deg in (0.0, 45.0, 90.0, 45.0):
            hopper.turn(angle_deg)
    assert tuple(bench.hopper(feeder).truth().values()) == truth
    assert tuple(bench.hopper(3 - feeder).truth().values()) == (1, 1)


@pytest.mark.parametrize("name", SHOWS_CLOSED)
def test_electrical_faults_are_not_mistaken_for_each_other_at_any_hour_with_sun(bench: Bench, name: str) -> None:
    for hour in range(6):
        bench.plant.advance(NOON_MS + hour * HOUR_MS, longest_step_ms=60_000)
        faults.apply(bench, name)
        shown = {rule for rule, broken in ELECTRICAL.items() if broken(bench.circuit(1))}
        assert shown == SHOWS_CLOSED[name], f"noon + {hour} h"
        faults.apply(bench, "clear")
        assert not any(broken(bench.circuit(1)) for broken in ELECTRICAL.values())


def open_all(bench: Bench) -> None:
    for circuit in (1, 2):
        for contact in (0, 1):
            bench.plant.set_contact(circuit, contact, False)


@pytest.mark.parametrize("circuit", [1, 2])
def test_more_panels_show_once_the_circuit_is_open(bench: Bench, circuit: int) -> None:
    faults.apply(bench, "over-voltage", circuit)
    open_all(bench)
    assert VOLTAGE_LIMIT_V < bench.circuit(circuit).voltage_v < 490  # the divider's range ends at 500 V
    assert bench.circuit(3 - circuit).voltage_v < VOLTAGE_LIMIT_V
    faults.apply(bench, "clear")
    assert bench.circuit(circuit).voltage_v < VOLTAGE_LIMIT_V


@pytest.mark.parametrize("circuit", [1, 2])
def test_leaking_insulation_draws_through_the_sensor_of_an_open_circuit_and_heats_nothing(
    bench: Bench, circuit: int
) -> None:
    open_all(bench)
    faults.apply(bench, "leakage", circuit)
    leaking = bench.circuit(circuit)
    assert LEAK_A < leaking.current_a < 1.2
    assert leaking.power_w == 0
    assert bench.circuit(3 - circuit).current_a == 0
    faults.apply(bench, "clear")
    assert leaking.current_a == 0


@pytest.mark.parametrize("relay", ["1.outside", "1.inside", "2.outside", "2.inside"])
def test_a_welded_contact_conducts_whatever_its_coil_and_the_other_one_still_breaks(bench: Bench, relay: str) -> None:
    number, welded = int(relay[0]), RELAYS.index(relay[2:])
    circuit = bench.circuit(number)
    faults.apply(bench, "weld", relay)
    assert bench.circuit(3 - number).welded == [False, False]
    assert circuit.current_a > 5
    bench.plant.set_contact(number, welded, False)
    assert circuit.current_a > 5
    bench.plant.set_contact(number, 1 - welded, False)
    assert circuit.current_a == 0
    bench.plant.set_contact(number, 1 - welded, True)
    assert circuit.current_a > 5
    faults.apply(bench, "clear")
    assert circuit.current_a == 0
    assert bench.plant.ledger()["circuits"][str(number)]["contacts"] == {
        **dict.fromkeys(RELAYS, True), RELAYS[welded]: False,
    }  # fmt: skip


def test_both_contacts_welded_heat_with_both_coils_off(bench: Bench) -> None:
    faults.apply(bench, "weld", "1.outside")
    faults.apply(bench, "weld", "1.inside")
    open_all(bench)
    assert bench.circuit(1).power_w > 2000
    assert bench.circuit(2).power_w == 0


def felt_degf(bench: Bench, seconds: int) -> list[float]:
    """What circuit 1's sensor says, second by second."""
    found = []
    for _ in range(seconds):
        bench.plant.advance(bench.plant.now_ms + 1000)
        found.append(defaults.ntc_degf(counts(bench.plant, "temperature_1")))
    return found


def steps_degf(values: list[float]) -> list[float]:
    return [b - a for a, b in itertools.pairwise(values)]


def test_the_sensor_of_a_dry_tank_does_not_move_though_the_element_heats(bench: Bench) -> None:
    faults.apply(bench, "dry-tank")
    before_wh = bench.circuit(1).energy_wh
    felt = felt_degf(bench, 600)
    assert felt[-1] == pytest.approx(felt[0], abs=1e-6)
    assert bench.circuit(1).energy_wh - before_wh > 300
    samples = {bench.plant.counts()[CHANNELS.index("temperature_1")] for _ in range(100)}
    assert len(samples) > 2  # it is not stuck: its noise is still there
    faults.apply(bench, "clear")
    assert felt_degf(bench, 600)[-1] > felt[0] + 1


def test_a_detached_sensor_settles_in_the_air_more_slowly_than_the_limit_of_rate(bench: Bench) -> None:
    bench.circuit(1).tank.degf = 134.0
    faults.apply(bench, "detached-ntc")
    felt = felt_degf(bench, 300)
    assert felt[-1] == pytest.approx(bench.circuit(1).spec.tank.ambient_degf, abs=0.2)
    assert max(map(abs, steps_degf(felt))) < RATE_DEGF_PER_S
    faults.apply(bench, "clear")
    assert felt_degf(bench, 1)[-1] > 134


def test_a_stuck_sensor_gives_one_count_and_no_noise(bench: Bench) -> None:
    at = CHANNELS.index("temperature_2")
    faults.apply(bench, "sensor-stuck", 2)
    samples = [bench.plant.counts() for _ in range(200)]
    assert len({sample[at] for sample in samples}) == 1
    assert 45 < samples[0][at] < 4050
    assert len({sample[at - 1] for sample in samples}) > 2
    faults.apply(bench, "clear")
    assert len({bench.plant.counts()[at] for _ in range(200)}) > 2


def test_a_corroding_sensor_falls_faster_than_any_tank_and_never_looks_open(bench: Bench) -> None:
    faults.apply(bench, "sensor-rate")
    felt = felt_degf(bench, 30)
    assert all(step < -RATE_DEGF_PER_S for step in steps_degf(felt[:9]))
    assert felt[-1] == pytest.approx(40)
    assert counts(bench.plant, "temperature_1") < 4050
    faults.apply(bench, "clear")
    assert felt_degf(bench, 1)[-1] > 100


def test_a_sagging_supply_moves_the_reference_and_is_no_electrical_fault(bench: Bench) -> None:
    before = bench.plant.true_counts()
    faults.apply(bench, "reference-off")
    after = bench.plant.true_counts()
    assert counts(bench.plant, "reference") / before[CHANNELS.index("reference")] == pytest.approx(3.3 / 3.1)
    assert [after[CHANNELS.index(f"temperature_{n}")] for n in (1, 2)] == [
        before[CHANNELS.index(f"temperature_{n}")] for n in (1, 2)
    ]
    ampere = (counts(bench.plant, "current_1") - defaults.CURRENT_ZERO_COUNTS) / defaults.CURRENT_COUNTS_PER_A
    volt = counts(bench.plant, "voltage_1") * defaults.VOLTAGE_SPAN_V / 4095
    assert ampere < LIMITS.current_limit_a
    assert volt / ampere == pytest.approx(LIMITS.element_ohm, rel=0.05)
    faults.apply(bench, "clear")
    assert bench.plant.true_counts() == before


def test_measured_over_current_lies_within_the_converters_range(bench: Bench) -> None:
    faults.apply(bench, "over-current")
    assert max(sample[0] for sample in (bench.plant.counts() for _ in range(200))) < 4095


BOARD_FAULTS = (
    ("fault-line", None, [("loop", 1, False)]),
    ("fault-line", "2", [("loop", 2, False)]),
    ("line-short", None, [("line short", 1, True)]),
    ("line-short", 2, [("line short", 2, True)]),
    ("relay-stuck", None, [("relay", 0, True)]),
    ("relay-stuck", "2.inside", [("relay", 3, True)]),
    *[(name, None, [("chip", name, True)]) for name in faults.CHIP_FAULTS],
    *[(name, None, [("glitch", name)]) for name in faults.GLITCHES],
    ("cpu-hang", None, [("hang", None)]),
    ("cpu-hang", 250, [("hang", 250)]),
    ("power-cut", None, [("power off", 2)]),
    ("power-cut", "0.5", [("power off", 0.5)]),
    ("serial-cut", None, [("cut", None)]),
    ("serial-cut", 3, [("cut", 3)]),
)


@pytest.mark.parametrize(("name", "value", "done"), BOARD_FAULTS)
def test_fault_of_the_board_or_line_is_asked_for_with_its_value(
    bench: Bench, name: str, value: object, done: list[object]
) -> None:
    faults.apply(bench, name, value)
    assert bench.done == done


def test_noise_has_a_default_and_a_value(bench: Bench) -> None:
    faults.apply(bench, "serial-noise")
    assert bench.cable.noise_permille == 10
    faults.apply(bench, "serial-noise", 250)
    assert bench.cable.noise_permille == 250
    faults.apply(bench, "clear")
    assert bench.cable.noise_permille == 0


def test_clear_mends_everything_the_board_and_line_can_have(bench: Bench) -> None:
    faults.apply(bench, "clear")
    mended = {
        *((what, n, ok) for n in (1, 2) for what, ok in (("loop", True), ("line short", False))),
        *(("chip", name, False) for name in faults.CHIP_FAULTS),
        *(("relay", relay, False) for relay in range(4)),
    }
    assert set(bench.done) >= mended | {("resume",), ("power on",), ("mend",)}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("no-such", None, "no fault 'no-such': there are element-short, "),
        (None, None, "no fault None"),
        (["overheat"], None, "no fault"),
        ("overheat", 3, "overheat=3: the circuit must be a whole number from 1 to 2"),
        ("overheat", 1.5, "whole number"),
        ("overheat", "one", "overheat=one"),
        ("overheat", True, "whole number"),
        ("overheat", [1], "whole number"),
        ("overheat", float("nan"), "whole number"),
        ("power-cut", -1, "from 0.01 to 86400 s"),
        ("power-cut", "1e999", "from 0.01 to 86400 s"),
        ("serial-noise", 2000, "from 1 to 1000 ‰"),
        ("clear", 1, "takes no value"),
        ("adc-stop", "1", "takes no value"),
        ("weld", "3.outside", "weld=3.outside: the relay must be one of 1.outside, 1.inside, 2.outside, 2.inside"),
        ("weld", 1, "weld=1: the relay must be one of"),
        ("weld", ["1.inside"], "the relay must be one of"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_changes_nothing(
    bench: Bench, name: object, value: object, message: str
) -> None:
    before = bench.plant.true_counts()
    with pytest.raises(FaultError) as caught:
        faults.apply(bench, name, value)
    assert message in str(caught.value)
    assert (bench.plant.true_counts(), bench.done, bench.cable) == (before, [], Line())


def test_every_fault_is_walked_through_here_and_described() -> None:
    walked = set(PLANT_FAULTS) | set(SHOWS_CLOSED) | {name for name, _, _ in BOARD_FAULTS}
    in_time = {"dry-tank", "detached-ntc", "sensor-stuck", "sensor-rate", "reference-off", "serial-noise", "clear"}
    assert walked | in_time | {"servo-jam", "drop-sensor-stuck"} == set(faults.FAULTS)
    for row in faults.describe():
        assert row["name"] in faults.FAULTS
        assert row["help"]
