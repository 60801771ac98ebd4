"""The configuration file: what may stand in it, and nothing that could be told too late that it does not fit.

A TOML file becomes frozen dataclasses; docs/configuration.md is derived from the same declarations. Each table is
checked for itself (fields.py), then the whole: ids, circuits, channels, scales, and the Pico's ceilings.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tanklink.messages import CHANNELS, N_CIRCUITS, N_FEEDERS
from tankwarden import config_checks
from tankwarden.config_checks import circuit_channels as circuit_channels  # for those who read the configuration
from tankwarden.config_lights import BEHAVIOR_PARAMETERS, Light, Lights
from tankwarden.errors import ConfigError
from tankwarden.fields import IDENTIFIER, read_table, refuse_unknown, setting, settings_of

T = TypeVar("T")
P = TypeVar("P", bound="Sensor | Light")  # a row whose kind has parameters of its own
_ID_HELP = "name for programs: small letters, digits, - and _"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where it stands: for the sun and for wall times."""

    name: str = setting("shown at the top of the page", default="Tankwarden")
    latitude: float = setting("north positive", unit="°", low=-90, high=90)
    longitude: float = setting("east positive", unit="°", low=-180, high=180)
    zone: str = setting("time zone of the tanks, such as America/Phoenix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """The page and the API."""

    listen: str = setting("HOST:PORT to serve on; 0.0.0.0:8080 lets the whole network in", default="127.0.0.1:8080")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port. [::1]:8080 is an IPv6 address."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pico:
    """The safety co-processor."""

    port: str = setting("path of its serial port, or auto to look in /dev/serial/by-id", default="auto")
    ttl_ms: int = setting("how long a lease keeps a circuit closed", unit="ms", low=500, default=2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """What is stored."""

    period_s: int = setting("one row of measurements per period", unit="s", low=1, high=60, default=1)
    keep_raw_days: int = setting(
        "rows are deleted after so long, and their minutes stay; 0 = never", unit="days", low=0, default=0
    )
    keep_health_days: int = setting(
        "how this computer fared, minute by minute, is kept so long", unit="days", low=1, high=3650, default=90
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The database is copied every night into the folder backups of the data folder, from which a damaged one is
    restored. A server's database is its administrator's to back up; simulated time makes no backups."""

    keep: int = setting("so many are kept; 0 = none is made", low=0, high=1000, default=7)
    hour: int = setting("of the site's day at which it is made", low=0, high=23, default=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """Simulated wall time, as the simulated plant reckons it. Leave the table out on a real tank."""

    epoch_wall_ms: int = setting("UTC at the epoch", unit="ms", low=0)
    epoch_mono_ns: int = setting("CLOCK_MONOTONIC at the epoch", unit="ns", low=0)
    speed: float = setting("seconds of wall time per second", low=0.01, high=100_000, default=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """The night lock-out of every hot-water circuit, by the sun at the site."""

    enabled: bool = setting("whether there is one", default=True)
    before_sunset_min: int = setting("it begins so long before sunset", unit="min", low=0, high=360, default=30)
    after_sunrise_min: int = setting("it ends so long after sunrise", unit="min", low=0, high=360, default=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """How energy is summed."""

    max_gap_s: int = setting("a longer gap between rows counts as nothing", unit="s", low=1, high=86_400, default=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A reef, a terrarium or a hot-water tank; everything belongs to one."""

    id: str = setting(_ID_HELP, pattern=IDENTIFIER)
    name: str = setting("shown on the page")
    kind: str = setting("what it is", choices=("reef", "terrarium", "hot_water"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """One PV circuit: two relays in series, an element and a tank's temperature."""

    id: str = setting(_ID_HELP, pattern=IDENTIFIER)
    name: str = setting("shown on the page")
    enclosure: str = setting("id of the hot-water enclosure it heats")
    circuit: int = setting("the Pico's number for it", choices=tuple(range(1, N_CIRCUITS + 1)))
    resistance_ohm: float = setting("of the heating element, cold", unit="Ω", low=1)
    current_limit_a: float = setting("over-current trip", unit="A", low=0.1)
    temperature_limit_degf: float = setting("over-temperature trip", unit="°F", low=50)
    target_degf: float = setting("the thermostat's target: off above it", unit="°F", low=32, high=250)
    hysteresis_degf: float = setting("on below target − hysteresis", unit="°F", low=0.5, high=50, default=5.0)
    samples: int = setting("readings that must agree before it heats", low=1, high=60, default=5)
    short_min_a: float = setting("a short is judged above this current", unit="A", low=0.05, default=0.3)
    short_tolerance: float = setting("short if V < R·(1 − tolerance)·I", low=0.05, default=0.6)
    sequence_ms: int = setting("between its two relays, both ways", unit="ms", low=0, default=100)
    min_on_s: int = setting("stays on so long, safety and people excepted", unit="s", low=0, high=3600, default=60)
    min_off_s: int = setting("stays off so long", unit="s", low=0, high=3600, default=60)
    voltage_limit_v: float = setting("over-voltage trip", unit="V", low=10, default=450.0)
    voltage_min_v: float = setting("element and relays are judged above this voltage", unit="V", low=5, default=60.0)
    impedance_tolerance: float = setting(
        "element open or drifted beyond V / (R·(1 ± tolerance))", low=0.05, default=0.3
    )
    leak_a: float = setting("greatest current while it is open", unit="A", low=0.05, default=0.3)
    no_rise_wh: int = setting("so much energy must move the tank's temperature", unit="Wh", low=1, default=2000)
    no_rise_degf: float = setting("by this much, up or down", unit="°F", low=0.5, default=1.0)
    stuck_s: int = setting("its sensor, heated, may give the very same count so long", unit="s", low=1, default=900)
    rate_degf_per_s: float = setting("no tank changes faster", unit="°F/s", low=0.1, default=2.0)
    watch_impedance: bool = setting("trip on an open or drifted element", default=True)
    watch_leakage: bool = setting("trip on current while it is open", default=True)
    auto_arm: bool = setting("after a power cut with a clean record it may close without a person", default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servo:
    """A feeder's servo, as it is wired, and the caps that the Pico keeps by itself. The feeders are in the database."""

    servo: int = setting("the Pico's number for it", choices=tuple(range(1, N_FEEDERS + 1)))
    pulse_min_us: int = setting("shortest pulse that it may be given", unit="µs", low=500, high=2500, default=500)
    pulse_max_us: int = setting("and the longest", unit="µs", low=500, high=2500, default=2500)
    drop_sensor: bool = setting("there is one: a turn that it does not see has fed nothing", default=False)
    max_turns: int = setting("in one feeding", low=1, default=10)
    max_feedings_24h: int = setting("within 24 h", low=1, default=12)
    max_turns_24h: int = setting("within 24 h", low=1, default=48)
    max_g_24h: float = setting("food within 24 h", unit="g", low=0.01, default=50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Raw counts to a value: straight lines between points; the end segments go on beyond the ends."""

    channel: str = setting("the Pico's channel", choices=CHANNELS)
    points: tuple[tuple[int, float], ...] = setting(
        "[[counts, value], …] in A, V or °F, counts rising; currents and voltages exactly 2, others 2 to 8"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A probe that belongs to no circuit. Its driver's own parameters stand in the same table."""

    id: str = setting(_ID_HELP, pattern=IDENTIFIER)
    name: str = setting("shown on the page")
    enclosure: str = setting("id of its enclosure")
    driver: str = setting("how it is read")
    period_s: int = setting("polled so often", unit="s", low=1, high=3600, default=1)
    stale_after: int = setting("stale after so many periods without a reading", low=1, high=100, default=3)
    plausible_low: float | None = setting("a lesser value is a fault, in the sensor's unit", default=None)
    plausible_high: float | None = setting("a greater value is a fault, in the sensor's unit", default=None)
    median: int = setting("the middle one of so many readings counts: a spike moves nothing", low=1, high=15, default=1)
    rate_per_s: float | None = setting("a faster change is a fault, in the sensor's unit per s", default=None)
    stuck_after_s: int | None = setting("a fault if it does not move at all for so long", unit="s", default=None)
    agrees_with: str | None = setting("id of another sensor in the same water: they must agree", default=None)
    agrees_within: float = setting("by this much at most, in the sensor's unit", low=0.1, default=2.0)
    parameters: Any = None  # a frozen dataclass of the driver's


@dataclass(frozen=True, slots=True, kw_only=True)
class PicoChannel:
    """Parameters of the driver pico: an analog channel of the Pico."""

    channel: str = setting("the Pico's channel", choices=CHANNELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dummy:
    """Parameters of the driver dummy: a reading for trying things out."""

    value: float = setting("what it reads", low=-1000, high=1000, default=77.0)
    unit: str = setting("shown after the value", default="°F")


# Drivers of sensors that ship with Tankwarden: name → class of its parameters.
SENSOR_PARAMETERS: dict[str, type] = {"pico": PicoChannel, "dummy": Dummy}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of it, checked. file: where it came from, for messages."""

    file: str
    site: Site
    http: Http
    pico: Pico
    recorder: Recorder
    backup: Backup
    clock: ClockSettings | None
    lockout: Lockout
    energy: Energy
    lighting: Lights
    enclosures: tuple[Enclosure, ...]
    circuits: tuple[Circuit, ...]
    scales: tuple[Scale, ...]
    sensors: tuple[Sensor, ...]
    lights: tuple[Light, ...]
    servos: tuple[Servo, ...]

    def scale(self, channel: str) -> Scale | None:
        """The scale of a channel of the Pico."""
        return next((scale for scale in self.scales if scale.channel == channel), None)

    def circuit(self, number: int) -> Circuit | None:
        """The circuit with the Pico's number 1 or 2."""
        return next((circuit for circuit in self.circuits if circuit.circuit == number), None)


_SECTIONS: dict[str, type] = {
    "site": Site,
    "http": Http,
    "pico": Pico,
    "recorder": Recorder,
    "backup": Backup,
    "clock": ClockSettings,
    "lockout": Lockout,
    "energy": Energy,
    "lights": Lights,
}
_LISTS: dict[str, type] = {
    "enclosure": Enclosure,
    "circuit": Circuit,
    "scale": Scale,
    "sensor": Sensor,
    "light": Light,
    "servo": Servo,
}
# Title → class of every table of the file, for its documentation.
TABLES = {f"[{name}]": cls for name, cls in _SECTIONS.items()} | {f"[[{name}]]": cls for name, cls in _LISTS.items()}


def load(path: Path | str, drivers: Mapping[str, type] = SENSOR_PARAMETERS) -> Config:
    """The configuration in a file. drivers: name of a sensor's driver → class of its parameters.

    ConfigError, saying what, where and what to do, if it cannot be used.
    """
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})", where=str(path), fix="give the path of a file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=str(path), fix="save it as UTF-8") from error
    return parse(text, str(path), drivers)


def parse(text: str, file: str = "configuration", drivers: Mapping[str, type] = SENSOR_PARAMETERS) -> Config:
    """The configuration in a text; file: what to call it in messages. ConfigError as load."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML ({error})", where=file, fix="correct that line") from error
    for name in tables:
        refuse_unknown(name, (*_SECTIONS, *_LISTS), file)

    def section(name: str, cls: type[T]) -> T:
        return read_table(cls, tables.get(name, {}), f"{file}, [{name}]")

    def rows(name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        return tuple(read(table, where) for where, table in _rows(tables, name, file))

    config = Config(
        file=file,
        site=section("site", Site),
        http=section("http", Http),
        pico=section("pico", Pico),
        recorder=section("recorder", Recorder),
        backup=section("backup", Backup),
        clock=section("clock", ClockSettings) if "clock" in tables else None,
        lockout=section("lockout", Lockout),
        energy=section("energy", Energy),
        lighting=section("lights", Lights),
        enclosures=rows("enclosure", lambda table, where: read_table(Enclosure, table, where)),
        circuits=rows("circuit", lambda table, where: read_table(Circuit, table, where)),
        scales=rows("scale", lambda table, where: read_table(Scale, table, where)),
        servos=rows("servo", lambda table, where: read_table(Servo, table, where)),
        sensors=rows("sensor", lambda table, where: _with_parameters(Sensor, "driver", drivers, table, where)),
        lights=rows(
            "light", lambda table, where: _with_parameters(Light, "behavior", BEHAVIOR_PARAMETERS, table, where)
        ),
    )
    config_checks.check(config)
    return config


def _rows(tables: Mapping[str, Any], name: str, file: str) -> list[tuple[str, object]]:
    """(where, table) of each [[name]]."""
    rows = tables.get(name, [])
    if not isinstance(rows, list):
        raise ConfigError(f"[{name}] can occur more than once", where=file, fix=f"write [[{name}]]")
    return [(f"{file}, [[{name}]] {number}", table) for number, table in enumerate(rows, 1)]


def _with_parameters(cls: type[P], key: str, kinds: Mapping[str, type], table: object, where: str) -> P:
    """A row of `cls`: the keys common to all, and those of the kind that `key` names: a driver's, a behavior's."""
    common = settings_of(cls)
    if not isinstance(table, dict):
        return read_table(cls, table, where)  # which says what is wrong
    kind = table.get(key)
    if not isinstance(kind, str) or kind not in kinds:
        near = ", ".join(sorted(kinds))
        raise ConfigError(f"{key} is {kind!r}, which there is not", where=where, fix=f"use one of {near}")
    own = settings_of(kinds[kind])
    for name in table:
        refuse_unknown(name, (*common, *own), where)
    row = read_table(cls, {name: value for name, value in table.items() if name in common}, where)
    parameters: Any = read_table(kinds[kind], {name: v for name, v in table.items() if name not in common}, where)
    return replace(row, parameters=parameters)
