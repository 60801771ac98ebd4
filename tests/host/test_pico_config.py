"""The configuration in the Pico's integers, which the Pico must take and find complete."""

from pathlib import Path

import pytest

from tanklink.config import Config
from tanklink.messages import CHANNELS, CONFIG_CIRCUIT, CONFIG_POINT
from tankwarden import config
from tankwarden.logic.pico_config import circuit_record, tables

EXAMPLE = config.load(Path(__file__).resolve().parents[2] / "docs" / "example.toml")


def test_units() -> None:
    record = circuit_record(EXAMPLE.circuits[0])
    assert record._asdict() == {
        "circuit": 1,
        "enabled": True,
        "resistance_mohm": 32_000,
        "current_limit_ma": 11_000,
        "temperature_limit_m_degf": 160_000,
        "short_min_ma": 300,
        "short_tolerance_permille": 600,
        "sequence_ms": 100,
        "voltage_limit_mv": 450_000,
        "voltage_min_mv": 60_000,
        "impedance_tolerance_permille": 300,
        "leak_ma": 300,
        "no_rise_wh": 2000,
        "no_rise_m_degf": 1000,
        "stuck_s": 900,
        "rate_m_degf_per_s": 2000,
        "watch_impedance": True,
        "watch_leakage": True,
    }
    assert tables(EXAMPLE.scales)["voltage_1"] == ((0, 0), (4095, 500_000))


def test_the_pico_takes_it_and_finds_it_complete() -> None:
    pico = Config()
    record = list(circuit_record(EXAMPLE.circuits[0]))
    CONFIG_CIRCUIT.check(record)
    assert pico.set_circuit(record)
    for channel, points in tables(EXAMPLE.scales).items():
        assert not pico.complete() or channel == "reef_temperature"
        for index, (counts, value) in enumerate(points):
            point = [CHANNELS.index(channel), index, counts, value]
            CONFIG_POINT.check(point)
            assert pico.set_point(point)
    assert pico.complete()


@pytest.mark.parametrize("value", [0.05, 0.1, 0.3, 0.7, 11.0, 14.999])
def test_a_decimal_fraction_becomes_the_nearest_whole_number(value: float) -> None:
    circuit = config.Circuit(
        id="c", name="c", enclosure="e", circuit=1, resistance_ohm=32, current_limit_a=value,
        temperature_limit_degf=160, target_degf=135,
    )  # fmt: skip
    assert circuit_record(circuit).current_limit_ma == pytest.approx(value * 1000)
