"""The plant: energy is conserved, both contacts are needed, and the ledger is the integral over their real time."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_kit import NOON_MS

from tanklink.messages import CHANNELS
from tankwarden.sim import defaults
from tankwarden.sim.plant import Plant

HOUR_MS = 3_600_000


def close(plant: Plant, circuit: int, closed: bool = True) -> None:
    for contact in (0, 1):
        plant.set_contact(circuit, contact, closed)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 100), st.integers(0, 23), st.lists(st.booleans(), min_size=4, max_size=12))
def test_what_a_tank_gains_is_what_went_in_less_what_was_lost_and_drawn(
    seed: int, hour: int, switching: list[bool]
) -> None:
    plant = Plant(NOON_MS + hour * HOUR_MS, seed=seed)
    tank = plant.circuits[1].tank
    start_degf = tank.degf
    for closed in switching:
        close(plant, 1, closed)
        plant.advance(plant.now_ms + 20 * 60_000, longest_step_ms=5000)
    gained_wh = (tank.degf - start_degf) * tank.wh_per_degf
    assert gained_wh == pytest.approx(tank.heat_wh - tank.loss_wh - tank.draw_wh, abs=1e-6)
    assert plant.circuits[1].energy_wh == pytest.approx(tank.heat_wh)


def test_current_flows_through_two_closed_contacts_only() -> None:
    plant = Plant(NOON_MS)
    circuit = plant.circuits[1]
    open_v = circuit.voltage_v
    assert open_v > 300
    for contacts in ((True, False), (False, True), (False, False)):
        for contact, closed in enumerate(contacts):
            plant.set_contact(1, contact, closed)
        assert (circuit.current_a, circuit.voltage_v) == (0, open_v)
    close(plant, 1)
    assert circuit.current_a > 5
    assert circuit.voltage_v == pytest.approx(32 * circuit.current_a)
    assert plant.circuits[2].current_a == 0


def test_ledger_counts_the_time_of_both_contacts_and_each_closure() -> None:
    plant = Plant(NOON_MS)
    plant.set_contact(1, 0, True)
    plant.advance(NOON_MS + 10_000)
    plant.set_contact(1, 1, True)
    plant.set_contact(1, 1, True)
    plant.advance(NOON_MS + 17_250.5)
    plant.set_contact(1, 0, False)
    plant.advance(NOON_MS + 60_000)
    plant.set_contact(1, 0, True)
    ledger = plant.ledger()
    one = ledger["circuits"]["1"]
    assert ledger["plant_ms"] == NOON_MS + 60_000
    assert one["closed_s"] == pytest.approx(7.2505)
    assert one["closures"] == {"outside": 2, "inside": 1}
    assert one["wh"] == pytest.approx(one["power_w"] * 7.2505 / 3600, rel=0.01)
    assert ledger["circuits"]["2"]["wh"] == 0


def test_ledger_hardly_depends_on_the_length_of_the_steps() -> None:
    totals = []
    for step_ms in (4, 1000, 3600):
        plant = Plant(NOON_MS, seed=7)
        close(plant, 1)
        until_ms = NOON_MS + 300_000
        while plant.now_ms < until_ms:
            plant.advance(min(until_ms, plant.now_ms + step_ms))
        totals.append(plant.circuits[1].energy_wh)
    assert totals == pytest.approx([totals[0]] * 3, rel=1e-3)


def test_a_past_instant_is_left_alone() -> None:
    plant = Plant(NOON_MS)
    plant.advance(NOON_MS - 5000)
    assert plant.now_ms == NOON_MS


def test_draws_cool_the_tank_at_their_hours_by_the_sites_own_clock() -> None:
    plant = Plant(NOON_MS)
    assert plant.local_hour() == 12
    plant.advance(NOON_MS + round(6.7 * HOUR_MS), longest_step_ms=5000)
    before = plant.circuits[1].tank.draw_wh
    plant.advance(NOON_MS + round(7.0 * HOUR_MS), longest_step_ms=5000)
    drawn = plant.circuits[1].tank.draw_wh - before
    assert before == 0
    assert drawn == pytest.approx(9 * 1.5 * 8.345 * 0.293071 * (plant.circuits[1].degf + 3 - 70), rel=0.15)


def test_summer_time_moves_the_hours_of_a_site_that_has_it() -> None:
    berlin = defaults.Site("Berlin", 52.5, 13.4, "Europe/Berlin")
    change_ms = 1_774_746_000_000  # 2026-03-29 01:00 UTC
    plant = Plant(change_ms - 60_000, site=berlin)
    assert plant.local_hour() == pytest.approx(1 + 59 / 60)
    plant.advance(change_ms + 60_000)
    assert plant.local_hour() == pytest.approx(3 + 1 / 60)


# -- what the converters see -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.floats(34, 211))
def test_ntc_counts_go_back_to_the_temperature(degf: float) -> None:
    assert defaults.ntc_degf(defaults.ntc_counts(degf)) == pytest.approx(degf)


def interpolated(points: list[tuple[int, float]], counts: float) -> float:
    for (low, value), (high, following) in itertools.pairwise(points):
        if counts <= high:
            return value + (counts - low) * (following - value) / (high - low)
    raise AssertionError(f"{counts} beyond the points")


@settings(deadline=None)
@given(st.floats(40.1, 211.9))
def test_temperature_table_is_true_within_a_degree(degf: float) -> None:
    points = defaults.scaling_points("temperature_1")
    assert interpolated(points, defaults.ntc_counts(degf)) == pytest.approx(degf, abs=0.9)


@pytest.mark.parametrize("channel", CHANNELS)
def test_scaling_tables_fit_the_pico(channel: str) -> None:
    points = defaults.scaling_points(channel)
    counts = [c for c, _ in points]
    assert 2 <= len(points) <= 8
    assert counts == sorted(set(counts))
    assert 0 <= counts[0] < counts[-1] <= 4095


def test_an_unknown_channel_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="humidity"):
        defaults.scaling_points("humidity")


def test_scaled_counts_are_the_plants_own_volts_amperes_and_degrees() -> None:
    plant = Plant(NOON_MS)
    close(plant, 1)
    circuit = plant.circuits[1]
    truth = {
        "current_1": circuit.current_a, "voltage_1": circuit.voltage_v, "temperature_1": circuit.degf, "current_2": 0.0,
        "reference": 2.5, "reef_temperature": plant.reef_degf(),
    }  # fmt: skip
    counts = dict(zip(CHANNELS, plant.true_counts(), strict=True))
    for channel, value in truth.items():
        scaled = interpolated(defaults.scaling_points(channel), counts[channel])
        assert scaled == pytest.approx(value, rel=0.01, abs=0.01), channel


def test_noise_is_fresh_each_time_repeatable_by_seed_and_has_no_bias() -> None:
    one, again, other = Plant(NOON_MS, seed=1), Plant(NOON_MS, seed=1), Plant(NOON_MS, seed=2)
    samples = [one.counts() for _ in range(2000)]
    assert samples[:20] == [again.counts() for _ in range(20)]
    assert samples[:20] != [other.counts() for _ in range(20)]
    for place, true in enumerate(one.true_counts()):
        values = [sample[place] for sample in samples]
        assert len(set(values)) > 2
        assert sum(values) / len(values) == pytest.approx(true, abs=0.2)
        assert all(0 <= value <= 4095 for value in values)
