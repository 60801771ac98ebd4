"""The registry of drivers, and what each sensor driver gives."""

import subprocess
import sys

import pytest
from house import TOML, House, parse

from tankwarden import config
from tankwarden.drivers import registry
from tankwarden.drivers.dummy import DummySensor
from tankwarden.drivers.pico.channel import unit_of
from tankwarden.errors import ConfigError


def test_the_registry_and_the_configuration_know_the_same_drivers() -> None:
    assert registry.parameters() == config.SENSOR_PARAMETERS


@pytest.mark.parametrize("name", sorted(registry.DRIVERS))
def test_every_driver_can_be_configured_and_reads(name: str) -> None:
    house = House().run(2)
    sensor = next(s for s in house.config.sensors if s.driver == name)
    driver = registry.build(registry.Context(sensor, house.config, house.driver, house.clock))
    sample = driver.sample()
    assert sample is not None
    assert house.clock.mono() - sample.at_s < 1.2
    assert driver.unit == "°F"


def test_an_unknown_driver_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="use one of dummy, pico"):
        parse(TOML.replace('driver = "dummy"', 'driver = "dumy"'))


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="unknown key vaule: did you mean value"):
        parse(TOML.replace("value = 64.5", "vaule = 64.5"))


@pytest.mark.parametrize(
    ("channel", "unit"),
    [("current_2", "A"), ("voltage_1", "V"), ("temperature_2", "°F"), ("reef_temperature", "°F"), ("reference", "V")],
)
def test_units_of_channels(channel: str, unit: str) -> None:
    assert unit_of(channel) == unit


def test_a_pico_channel_has_no_sample_before_the_first_status() -> None:
    house = House()
    assert house.probes._probes["current_1"].sensor.sample() is None
    house.run(2)
    sample = house.probes._probes["current_1"].sensor.sample()
    assert sample is not None
    assert sample.counts == 2000
    assert sample.value == pytest.approx((2000 - 372) * 14 / 3696)


def test_a_dummy_speaks_once_a_period_and_can_fall_silent() -> None:
    house = House()
    sensor = DummySensor(house.clock, 7.0, "V", period_s=2.0)
    first = sensor.sample()
    house.clock.advance(1.0)
    assert sensor.sample() == first
    house.clock.advance(1.5)
    assert sensor.sample() != first
    sensor.value = None
    assert sensor.sample() is None


def test_the_registry_itself_loads_no_driver() -> None:
    code = "import sys, tankwarden.drivers.registry; print('tankwarden.drivers.dummy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
