"""The table of faults: each changes what it says and clear mends it; none is mistaken for another trigger's cause."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sim_kit import NOON_MS

from tanklink.messages import CHANNELS
from tankwarden.sim import faults
from tankwarden.sim.defaults import CIRCUITS
from tankwarden.sim.errors import FaultError
from tankwarden.sim.plant import Circuit, Plant

HOUR_MS = 3_600_000
LIMITS = CIRCUITS[0]


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

    def circuit(self, number: int) -> Circuit:
        return self.plant.circuits[number]

    def set_loop(self, circuit: int, whole: bool) -> None:
        self.done.append(("loop", circuit, whole))

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
    """The Pico's rule, with the limits of the demo."""
    least_v = LIMITS.element_ohm * (1 - LIMITS.short_tolerance) * circuit.current_a
    return circuit.current_a > LIMITS.short_min_a and circuit.voltage_v < least_v


def is_over_current(circuit: Circuit) -> bool:
    return circuit.current_a > LIMITS.current_limit_a


PLANT_FAULTS: dict[str, Callable[[Plant, int], bool]] = {
    "element-short": lambda plant, n: is_short(plant.circuits[n]) and not is_over_current(plant.circuits[n]),
    "over-current": lambda plant, n: is_over_current(plant.circuits[n]) and not is_short(plant.circuits[n]),
    "sensor-open": lambda plant, n: plant.true_counts()[CHANNELS.index(f"temperature_{n}")] == 4095,
    "sensor-short": lambda plant, n: plant.true_counts()[CHANNELS.index(f"temperature_{n}")] == 0,
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


def test_electrical_faults_are_not_mistaken_for_each_other_at_any_hour_with_sun(bench: Bench) -> None:
    for hour in range(6):
        bench.plant.advance(NOON_MS + hour * HOUR_MS, longest_step_ms=60_000)
        for name in ("element-short", "over-current"):
            faults.apply(bench, name, 1)
            assert PLANT_FAULTS[name](bench.plant, 1), f"{name} at noon + {hour} h"
            faults.apply(bench, "clear")


def test_measured_over_current_lies_within_the_converters_range(bench: Bench) -> None:
    faults.apply(bench, "over-current")
    assert max(sample[0] for sample in (bench.plant.counts() for _ in range(200))) < 4095


BOARD_FAULTS = (
    ("fault-line", None, [("loop", 1, False)]),
    ("fault-line", "2", [("loop", 2, False)]),
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
    assert set(bench.done) >= {("loop", 1, True), ("loop", 2, True), ("resume",), ("power on",), ("mend",)}


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
    walked = set(PLANT_FAULTS) | {name for name, _, _ in BOARD_FAULTS} | {"serial-noise", "clear"}
    assert walked == set(faults.FAULTS)
    for row in faults.describe():
        assert row["name"] in faults.FAULTS
        assert row["help"]
