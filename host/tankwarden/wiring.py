"""From the configuration to the parts: what the Pico is to hold, which probes there are, how rows become values."""

import zlib
from collections.abc import Callable, Iterable, Mapping

from tankwarden.ceilings import ceilings
from tankwarden.clock import Clock, SimulatedClock, SystemClock
from tankwarden.config import Config, circuit_channels
from tankwarden.drivers import registry
from tankwarden.drivers.calibrated import CalibratedSensor
from tankwarden.drivers.interfaces import Sensor, Switch
from tankwarden.drivers.pico.channel import PicoChannelSensor
from tankwarden.drivers.pico.circuit import PicoCircuit
from tankwarden.drivers.pico.configuration import BoardConfig, board_config
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.flows.readings import probe_of
from tankwarden.flows.snapshot import Scales
from tankwarden.logic import pico_config
from tankwarden.logic.behaviors import Sky
from tankwarden.logic.calibration import Curve, Version
from tankwarden.logic.lights import Channel
from tankwarden.logic.meters import Probe
from tankwarden.logic.quality import Rules
from tankwarden.logic.scaling import Points
from tankwarden.store import Calibration, CircuitMeter, Thermometer, Upkeep

# STATUS comes at 10 Hz: a circuit's probe that is silent for three of these periods is stale, as the link then is.
PROBE_PERIOD_S, PROBE_STALE_AFTER = 0.5, 3


def channels_of(config: Config) -> list[Channel]:
    """The lights, under the sky of the site. Each light has a seed of its own."""
    site = config.site
    sky = Sky(site.latitude, site.longitude, site.zone)
    return [Channel(light, sky, zlib.crc32(light.id.encode())) for light in config.lights]


def clock_of(config: Config) -> Clock:
    """The machine's clock, or the simulated plant's."""
    simulated = config.clock
    if simulated is None:
        return SystemClock()
    return SimulatedClock(simulated.epoch_wall_ms, simulated.epoch_mono_ns / 1e9, simulated.speed)


def board_of(config: Config) -> BoardConfig:
    """What the Pico is to hold; its scaling tables are the configuration's, or those of the calibrations that hold."""
    return board_config(
        map(pico_config.circuit_record, config.circuits),
        pico_config.tables(config.scales),
        map(pico_config.feeder_record, config.servos),
    )


def points_of(config: Config, channel: str) -> tuple[tuple[float, float], ...]:
    """The scale of a channel that config has made sure to have one."""
    scale = config.scale(channel)
    assert scale is not None
    return tuple(scale.points)


def probes_of(
    config: Config, pico: PicoDriver, clock: Clock, degf: Callable[[str], float | None]
) -> dict[str, tuple[Sensor, Rules]]:
    """Every probe by its name: the channels of the circuits, and the sensors. degf: what one of them tells now."""
    probes: dict[str, tuple[Sensor, Rules]] = {}
    for circuit in config.circuits:
        for channel in circuit_channels(circuit.circuit):
            wire = _wire_limits(channel)
            rules = Rules(PROBE_PERIOD_S, PROBE_STALE_AFTER, open_counts=wire[0], short_counts=wire[1])
            probes[channel] = (PicoChannelSensor(pico, channel, points_of(config, channel)), rules)
    for sensor in config.sensors:
        channel = sensor.parameters.channel if sensor.driver == "pico" else ""
        wire = _wire_limits(channel)
        rules = Rules(
            sensor.period_s, sensor.stale_after, open_counts=wire[0], short_counts=wire[1],
            plausible_low=sensor.plausible_low, plausible_high=sensor.plausible_high, median=sensor.median,
            rate_per_s=sensor.rate_per_s, stuck_after_s=sensor.stuck_after_s,
            ds18b20=registry.DRIVERS[sensor.driver].ds18b20,
        )  # fmt: skip
        built = registry.build(registry.Context(sensor, config, pico, clock))
        if sensor.driver != "pico":
            built = CalibratedSensor(built, probe_of(sensor.id), degf)
        probes[probe_of(sensor.id)] = (built, rules)
    return probes


def pairs_of(config: Config) -> dict[str, tuple[str, float]]:
    """Probes that must agree with another one, and within what. Both of a pair: nobody knows which is right."""
    pairs: dict[str, tuple[str, float]] = {}
    for sensor in config.sensors:
        if sensor.agrees_with is not None:
            one, other = probe_of(sensor.id), probe_of(sensor.agrees_with)
            pairs[one] = (other, sensor.agrees_within)
            pairs.setdefault(other, (one, sensor.agrees_within))
    return pairs


def _wire_limits(channel: str) -> tuple[int | None, int | None]:
    """Counts of an open and of a shorted wire, of channels with a thermistor: the Pico's own."""
    if "temperature" not in channel:
        return None, None
    return ceilings()["SENSOR_OPEN_COUNTS"], ceilings()["SENSOR_SHORT_COUNTS"]


def probe_of_channel(config: Config) -> dict[str, str]:
    """The Pico's channel → the name of the probe that reads it."""
    own = {channel: channel for circuit in config.circuits for channel in circuit_channels(circuit.circuit)}
    return own | {s.parameters.channel: probe_of(s.id) for s in config.sensors if s.driver == "pico"}


def probe_names(config: Config) -> dict[str, str]:
    """The name of a probe → what people call it."""
    names = {probe_of(sensor.id): sensor.name for sensor in config.sensors}
    for circuit in config.circuits:
        for channel in circuit_channels(circuit.circuit):
            names[channel] = f"{circuit.name} {channel.rpartition('_')[0]}"
    return names


def switches_of(config: Config, pico: PicoDriver) -> dict[int, Switch]:
    """By the Pico's number of the circuit."""
    return {c.circuit: PicoCircuit(pico, c.circuit, config.pico.ttl_ms) for c in config.circuits}


def scales_of(config: Config, points: Mapping[str, Points] | None = None) -> dict[int, Scales]:
    """By the Pico's number of the circuit: the configuration's, or others, by channel."""
    given = points or {}

    def curve(channel: str) -> Curve:
        return Curve(tuple(given.get(channel) or points_of(config, channel)))

    return {c.circuit: Scales(curve(f"voltage_{c.circuit}"), curve(f"current_{c.circuit}")) for c in config.circuits}


def recalibrate(probes: Iterable[Sensor], points: Mapping[str, Points]) -> None:
    """Let the probes on the Pico's channels read by these points."""
    for probe in probes:
        if isinstance(probe, PicoChannelSensor) and probe.channel in points:
            probe.points = points[probe.channel]


def recalibrate_probes(probes: Iterable[Sensor], held: Mapping[str, Version]) -> None:
    """Let the other probes read by these versions, by sensor.ID; one that is left out by none."""
    for probe in probes:
        if isinstance(probe, CalibratedSensor):
            probe.version = held.get(probe.target)


def calibration_of(config: Config) -> Calibration:
    """How stored rows become values: as the scales are now."""
    scales = scales_of(config)
    meters = tuple(
        CircuitMeter(c.id, c.circuit, scales[c.circuit].volts, scales[c.circuit].amperes) for c in config.circuits
    )
    thermometers = [
        Thermometer(c.id, f"temperature_{c.circuit}", points_of(config, f"temperature_{c.circuit}"))
        for c in config.circuits
    ]
    thermometers += [
        Thermometer(s.id, s.parameters.channel, points_of(config, s.parameters.channel))
        for s in config.sensors
        if s.driver == "pico" and "temperature" in s.parameters.channel
    ]
    probes = tuple(Probe(s.id, registry.unit_of(s)) for s in config.sensors if s.driver != "pico")
    return Calibration(meters, tuple(thermometers), config.energy.max_gap_s, probes)


def upkeep_of(config: Config) -> Upkeep:
    """What the recorder does besides writing: minutes by the same gap and scales as everything else."""
    scales = calibration_of(config)
    return Upkeep(gap_ms=scales.gap_ms, keep_raw_days=config.recorder.keep_raw_days, meters=scales.circuits)


def other_probes(config: Config) -> dict[str, str]:
    """Probe → id of the sensors that do not hang on the Pico, whose channels have rows of their own."""
    return {probe_of(sensor.id): sensor.id for sensor in config.sensors if sensor.driver != "pico"}
