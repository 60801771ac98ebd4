"""Every driver of a sensor, in one literal dict. Modules, and vendors' libraries, load when one is configured."""

from dataclasses import dataclass
from importlib import import_module

from tankwarden.clock import Clock
from tankwarden.config import Config, Dummy, PicoChannel
from tankwarden.config import Sensor as SensorConfig
from tankwarden.drivers.interfaces import Sensor
from tankwarden.drivers.pico.driver import PicoDriver


@dataclass(frozen=True, slots=True)
class Driver:
    """parameters: frozen dataclass of its settings; module: has `build(context) -> Sensor`. unit: of what it reads,
    where no parameter says it. ds18b20: its numbers are judged as a DS18B20's."""

    parameters: type
    module: str
    unit: str = ""
    ds18b20: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What a driver may need to read one sensor."""

    sensor: SensorConfig
    config: Config
    pico: PicoDriver
    clock: Clock


DRIVERS = {
    "pico": Driver(PicoChannel, "tankwarden.drivers.pico.channel"),
    "dummy": Driver(Dummy, "tankwarden.drivers.dummy"),
}


def parameters() -> dict[str, type]:
    """name → class of the parameters, for config.load."""
    return {name: driver.parameters for name, driver in DRIVERS.items()}


def unit_of(sensor: SensorConfig) -> str:
    """The unit in which a sensor's driver reads; its parameters say it where it is for people to choose."""
    return str(getattr(sensor.parameters, "unit", DRIVERS[sensor.driver].unit))


def build(context: Context) -> Sensor:
    """The sensor of one [[sensor]] table."""
    sensor: Sensor = import_module(DRIVERS[context.sensor.driver].module).build(context)
    return sensor
