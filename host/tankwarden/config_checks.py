"""What no table of the configuration can tell by itself: names and channels used twice, what refers to what, ceilings.

The ceilings are the Pico's own (mcu/limits.py), read here and written nowhere else: the Pico would refuse what goes
beyond them, and a person shall hear it from the file they are editing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tanklink.config import VALUE_MAX
from tanklink.messages import MAX_POINTS
from tankwarden.ceilings import ceilings
from tankwarden.errors import ConfigError
from tankwarden.logic.scaling import value_at

if TYPE_CHECKING:
    from tankwarden.config import Circuit, Config, Scale


def circuit_channels(number: int) -> tuple[str, str, str]:
    """The Pico's channels that belong to a circuit: current, voltage, temperature."""
    return f"current_{number}", f"voltage_{number}", f"temperature_{number}"


def check(config: Config) -> None:
    """ConfigError for the first thing that does not fit together."""
    _site(config)
    _energy(config)
    _names(config)
    _enclosures(config)
    for circuit in config.circuits:
        _circuit(circuit, config.file)
    for scale in config.scales:
        _scale(scale, config.file)
    _channels(config)
    _pairs(config)
    _scales_present(config)
    for circuit in config.circuits:
        _measurable(circuit, config)
    _ceilings(config)
    _plausible(config)
    _lamps(config)


def _site(config: Config) -> None:
    where = f"{config.file}, [site], key zone"
    try:
        ZoneInfo(config.site.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        fix = "write one like America/Phoenix (see `timedatectl list-timezones`)"
        raise ConfigError(f"{config.site.zone!r} is no time zone", where=where, fix=fix) from error
    try:
        host, port = config.http.address
        ok = bool(host) and 0 <= port <= 65535
    except ValueError:
        ok = False
    if not ok:
        where = f"{config.file}, [http], key listen"
        raise ConfigError(f"{config.http.listen!r} is not HOST:PORT", where=where, fix="write one like 127.0.0.1:8080")


def _energy(config: Config) -> None:
    if config.energy.max_gap_s < config.recorder.period_s:
        what = f"{config.energy.max_gap_s} s is less than [recorder] period_s {config.recorder.period_s} s"
        where = f"{config.file}, [energy], key max_gap_s"
        raise ConfigError(what, where=where, fix="raise it, or every row counts for less than it covers")


def _names(config: Config) -> None:
    """One name, one thing: the API and the store know them by id alone."""
    rows = [("enclosure", number, row.id, row.name) for number, row in enumerate(config.enclosures, 1)]
    rows += [("circuit", number, row.id, row.name) for number, row in enumerate(config.circuits, 1)]
    rows += [("sensor", number, row.id, row.name) for number, row in enumerate(config.sensors, 1)]
    rows += [("light", number, row.id, row.name) for number, row in enumerate(config.lights, 1)]
    taken: dict[str, str] = {}
    for kind, number, name, title in rows:
        if name in taken:
            where = f"{config.file}, [[{kind}]] {number}, key id"
            raise ConfigError(f"{name} is already the id of {taken[name]}", where=where, fix="give it another id")
        taken[name] = f"[[{kind}]] {number} ({title})"


def _enclosures(config: Config) -> None:
    """What a circuit or sensor belongs to must be there, and only water to be heated gets a circuit."""
    kinds = {enclosure.id: enclosure.kind for enclosure in config.enclosures}
    known = ", ".join(kinds) or "none yet: add an [[enclosure]]"
    owned: list[tuple[str, str, str]] = [("circuit", row.id, row.enclosure) for row in config.circuits]
    owned += [("sensor", row.id, row.enclosure) for row in config.sensors]
    owned += [("light", row.id, row.enclosure) for row in config.lights]
    for kind, name, enclosure in owned:
        where = f"{config.file}, [[{kind}]] {name}, key enclosure"
        if enclosure not in kinds:
            raise ConfigError(f"there is no enclosure {enclosure!r}", where=where, fix=f"use one of: {known}")
        if kind == "circuit" and kinds[enclosure] != "hot_water":
            fix = "put it into an enclosure of kind hot_water"
            raise ConfigError(f"a circuit heats hot water, {enclosure} is a {kinds[enclosure]}", where=where, fix=fix)


def _circuit(circuit: Circuit, file: str) -> None:
    """The numbers of one circuit among themselves."""
    where = f"{file}, [[circuit]] {circuit.id}"
    if circuit.target_degf >= circuit.temperature_limit_degf:
        what = f"target_degf {circuit.target_degf:g} °F is not below the trip at {circuit.temperature_limit_degf:g} °F"
        raise ConfigError(what, where=where, fix="lower target_degf, or every heating ends in a trip")
    if circuit.short_min_a >= circuit.current_limit_a:
        what = f"short_min_a {circuit.short_min_a:g} A is not below current_limit_a {circuit.current_limit_a:g} A"
        raise ConfigError(what, where=where, fix="lower short_min_a, or a short is never judged")


def _scale(scale: Scale, file: str) -> None:
    """Points that make a scale: enough, not too many, rising, and a straight line where power is reckoned."""
    where = f"{file}, [[scale]] {scale.channel}, key points"
    number = len(scale.points)
    if _linear(scale.channel) and number != 2:
        fix = "give exactly 2: power is taken from sums of volts times amperes, which needs a straight line"
        raise ConfigError(f"there are {number} points", where=where, fix=fix)
    if not 2 <= number <= MAX_POINTS:
        raise ConfigError(f"there are {number} points", where=where, fix=f"give 2 to {MAX_POINTS}")
    for counts, value in scale.points:
        if not 0 <= counts <= 4095:
            raise ConfigError(f"{counts} counts are not 0 to 4095", where=where, fix="the converter has 12 bits")
        most = VALUE_MAX / 1000
        if abs(value) > most:
            raise ConfigError(f"the value {value:g} is beyond ±{most:g}", where=where, fix="write A, V or °F")
    for (before, _), (after, _) in zip(scale.points, scale.points[1:], strict=False):
        if after <= before:
            raise ConfigError(f"counts go from {before} to {after}", where=where, fix="order the points, counts rising")
    if _linear(scale.channel) and scale.points[0][1] >= scale.points[1][1]:
        raise ConfigError("the value does not rise with the counts", where=where, fix="check the two points")


def _linear(channel: str) -> bool:
    return channel.startswith(("current_", "voltage_"))


def _pairs(config: Config) -> None:
    """A sensor can agree only with another one that is there."""
    known = [sensor.id for sensor in config.sensors]
    for sensor in config.sensors:
        other = sensor.agrees_with
        if other is not None and (other not in known or other == sensor.id):
            where = f"{config.file}, [[sensor]] {sensor.id}, key agrees_with"
            raise ConfigError(
                f"there is no other sensor {other!r}", where=where, fix="name another [[sensor]] by its id"
            )


def _channels(config: Config) -> None:
    """A channel of the Pico, and a scale of it, has one owner."""
    taken: dict[str, str] = {}

    def take(channel: str, owner: str, key: str) -> None:
        if channel in taken:
            where = f"{config.file}, {owner}, key {key}"
            raise ConfigError(f"{channel} is already taken by {taken[channel]}", where=where, fix="use a free one")
        taken[channel] = owner

    for circuit in config.circuits:
        owner = f"[[circuit]] {circuit.id}"
        take(f"circuit {circuit.circuit}", owner, "circuit")
        for channel in circuit_channels(circuit.circuit):
            take(channel, owner, "circuit")
    for sensor in config.sensors:
        if sensor.driver == "pico":
            take(sensor.parameters.channel, f"[[sensor]] {sensor.id}", "channel")
    for number, servo in enumerate(config.servos, 1):
        take(f"servo {servo.servo}", f"[[servo]] {number}", "servo")
    for light in config.lights:
        take(f"light channel {light.channel}", f"[[light]] {light.id}", "channel")
    taken.clear()
    for number, scale in enumerate(config.scales, 1):
        take(scale.channel, f"[[scale]] {number}", "channel")


def _scales_present(config: Config) -> None:
    """Whatever is read from the Pico needs its scale."""
    needed = [(f"[[circuit]] {c.id}", channel) for c in config.circuits for channel in circuit_channels(c.circuit)]
    needed += [(f"[[sensor]] {s.id}", s.parameters.channel) for s in config.sensors if s.driver == "pico"]
    for owner, channel in needed:
        if config.scale(channel) is None:
            fix = f'add [[scale]] with channel = "{channel}" and points = [[counts, value], …]'
            raise ConfigError(f"there is no scale for {channel}", where=f"{config.file}, {owner}", fix=fix)


def check_reach(config: Config) -> None:
    """ConfigError if a limit of a circuit lies beyond what its channels can measure."""
    for circuit in config.circuits:
        _measurable(circuit, config)


def _measurable(circuit: Circuit, config: Config) -> None:
    """A limit that the channel cannot reach would never trip.

    Currents are straight lines, which may be drawn on to the converter's end. A thermistor beyond its last point is
    hotter than the line says, so its limit must lie within the points, and within the counts that are no broken wire.
    """
    current, voltage, temperature = (config.scale(channel) for channel in circuit_channels(circuit.circuit))
    assert current is not None  # _scales_present
    assert voltage is not None
    assert temperature is not None
    # A short must show from the least current on from which it is judged.
    least_v, short_v = value_at(voltage.points, 0), circuit.resistance_ohm * (1 - circuit.short_tolerance)
    if least_v >= short_v * circuit.short_min_a:
        where = f"{config.file}, [[circuit]] {circuit.id}, key short_min_a"
        what = f"a dead short of {circuit.short_min_a:g} A would not show: {voltage.channel} reads {least_v:.3g} V at 0"
        raise ConfigError(what, where=where, fix="correct the channel's [[scale]], which must go down to about 0 V")
    short, broken = ceilings()["SENSOR_SHORT_COUNTS"], ceilings()["SENSOR_OPEN_COUNTS"]
    most_degf = max((value for counts, value in temperature.points if short < counts < broken), default=0.0)
    for key, limit, most, unit in (
        ("current_limit_a", circuit.current_limit_a, value_at(current.points, 4095), "A"),
        ("temperature_limit_degf", circuit.temperature_limit_degf, most_degf, "°F"),
    ):
        if limit >= most:
            where = f"{config.file}, [[circuit]] {circuit.id}, key {key}"
            what = f"{limit:g} {unit} might never trip: the channel's [[scale]] goes to {most:.6g} {unit}"
            raise ConfigError(what, where=where, fix="lower the limit, or let the scale's points go beyond it")


class Ceiling(NamedTuple):
    """What the host may only tighten: a key of [[circuit]], its ceiling in mcu/limits.py, and how the two convert."""

    key: str
    ceiling: str
    per: int  # units of the ceiling in one of the key's
    unit: str


CIRCUIT_CEILINGS = (
    Ceiling("current_limit_a", "MAX_CURRENT_MA", 1000, " A"),
    Ceiling("temperature_limit_degf", "MAX_TEMPERATURE_M_DEGF", 1000, " °F"),
    Ceiling("resistance_ohm", "MAX_RESISTANCE_MOHM", 1000, " Ω"),
    Ceiling("short_min_a", "MAX_SHORT_MIN_MA", 1000, " A"),
    Ceiling("short_tolerance", "MAX_SHORT_TOLERANCE_PERMILLE", 1000, ""),
    Ceiling("sequence_ms", "MAX_SEQUENCE_MS", 1, " ms"),
    Ceiling("voltage_limit_v", "MAX_VOLTAGE_MV", 1000, " V"),
    Ceiling("voltage_min_v", "MAX_VOLTAGE_MIN_MV", 1000, " V"),
    Ceiling("impedance_tolerance", "MAX_IMPEDANCE_TOLERANCE_PERMILLE", 1000, ""),
    Ceiling("leak_a", "MAX_LEAK_MA", 1000, " A"),
    Ceiling("no_rise_wh", "MAX_NO_RISE_WH", 1, " Wh"),
    Ceiling("no_rise_degf", "MAX_NO_RISE_M_DEGF", 1000, " °F"),
    Ceiling("stuck_s", "MAX_STUCK_S", 1, " s"),
    Ceiling("rate_degf_per_s", "MAX_RATE_M_DEGF_PER_S", 1000, " °F/s"),
)
SERVO_CEILINGS = (
    Ceiling("max_turns", "MAX_TURNS", 1, ""),
    Ceiling("max_feedings_24h", "MAX_FEEDINGS_24H", 1, ""),
    Ceiling("max_turns_24h", "MAX_TURNS_24H", 1, ""),
    Ceiling("max_g_24h", "MAX_MG_24H", 1000, " g"),
)
_ONE_LIGHT = Ceiling("full_power_w", "MAX_LIGHT_MW", 1000, " W")
_ALL_LIGHTS = Ceiling("total_power_w", "MAX_LIGHTS_MW", 1000, " W")
_TTL = Ceiling("ttl_ms", "MAX_LEASE_MS", 1, " ms")


def _ceilings(config: Config) -> None:
    """What the Pico would refuse."""
    _at_most(_TTL, config.pico.ttl_ms, f"{config.file}, [pico]")
    least = ceilings()["MIN_RESISTANCE_MOHM"] / 1000
    for circuit in config.circuits:
        where = f"{config.file}, [[circuit]] {circuit.id}"
        for row in CIRCUIT_CEILINGS:
            _at_most(row, getattr(circuit, row.key), where)
        if circuit.resistance_ohm < least:
            what = (
                f"{circuit.resistance_ohm:g} Ω is below the least of {least:g} Ω (MIN_RESISTANCE_MOHM in mcu/limits.py)"
            )
            raise ConfigError(what, where=f"{where}, key resistance_ohm", fix="measure the element")

    for servo in config.servos:
        where = f"{config.file}, [[servo]] {servo.servo}"
        for row in SERVO_CEILINGS:
            _at_most(row, getattr(servo, row.key), where)
        if servo.pulse_min_us >= servo.pulse_max_us:
            what = f"{servo.pulse_min_us} µs is not below pulse_max_us {servo.pulse_max_us} µs"
            raise ConfigError(what, where=f"{where}, key pulse_min_us", fix="swap or correct them")


def _at_most(row: Ceiling, value: float, where: str) -> None:
    ceiling = ceilings()[row.ceiling] / row.per
    if value > ceiling:
        what = f"{value:g}{row.unit} is above the Pico's ceiling ({row.ceiling} in mcu/limits.py)"
        raise ConfigError(what, where=f"{where}, key {row.key}", fix=f"write at most {ceiling:g}")


def _plausible(config: Config) -> None:
    for sensor in config.sensors:
        low, high = sensor.plausible_low, sensor.plausible_high
        if low is not None and high is not None and low >= high:
            where = f"{config.file}, [[sensor]] {sensor.id}, key plausible_low"
            raise ConfigError(f"{low:g} is not below plausible_high {high:g}", where=where, fix="swap or correct them")


def _lamps(config: Config) -> None:
    """A lamp must be able to do more than its least, and no more than the Pico lets it."""
    _at_most(_ALL_LIGHTS, config.lighting.total_power_w, f"{config.file}, [lights]")
    for light in config.lights:
        _at_most(_ONE_LIGHT, light.full_power_w, f"{config.file}, [[light]] {light.id}")
        least = (light.min_percent / 100) ** light.gamma * 100
        if least >= light.cap_percent:
            where = f"{config.file}, [[light]] {light.id}, key min_percent"
            what = (
                f"at {light.min_percent:g} % it gives {least:.3g} %, not less than cap_percent {light.cap_percent:g} %"
            )
            raise ConfigError(what, where=where, fix="lower min_percent or raise cap_percent")
