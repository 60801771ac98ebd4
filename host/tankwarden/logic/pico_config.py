"""The configuration in the Pico's integers: mΩ, mA, m°F, ‰, ms, and points in mV, mA or m°F."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tanklink.records import ConfigCircuit, ConfigFeeder
from tankwarden.config import Circuit, Config, Scale, Servo
from tankwarden.logic.calibration import Points, for_pico


def circuit_record(circuit: Circuit) -> ConfigCircuit:
    """CONFIG_CIRCUIT of a circuit that is in use."""
    return ConfigCircuit(
        circuit=circuit.circuit,
        enabled=True,
        resistance_mohm=_milli(circuit.resistance_ohm),
        current_limit_ma=_milli(circuit.current_limit_a),
        temperature_limit_m_degf=_milli(circuit.temperature_limit_degf),
        short_min_ma=_milli(circuit.short_min_a),
        short_tolerance_permille=_milli(circuit.short_tolerance),
        sequence_ms=circuit.sequence_ms,
        voltage_limit_mv=_milli(circuit.voltage_limit_v),
        voltage_min_mv=_milli(circuit.voltage_min_v),
        impedance_tolerance_permille=_milli(circuit.impedance_tolerance),
        leak_ma=_milli(circuit.leak_a),
        no_rise_wh=circuit.no_rise_wh,
        no_rise_m_degf=_milli(circuit.no_rise_degf),
        stuck_s=circuit.stuck_s,
        rate_m_degf_per_s=_milli(circuit.rate_degf_per_s),
        watch_impedance=circuit.watch_impedance,
        watch_leakage=circuit.watch_leakage,
    )


def feeder_record(servo: Servo) -> ConfigFeeder:
    """CONFIG_FEEDER of a servo that is in use."""
    return ConfigFeeder(
        feeder=servo.servo,
        enabled=True,
        pulse_min_us=servo.pulse_min_us,
        pulse_max_us=servo.pulse_max_us,
        max_turns=servo.max_turns,
        max_feedings_24h=servo.max_feedings_24h,
        max_turns_24h=servo.max_turns_24h,
        max_mg_24h=_milli(servo.max_g_24h),
        drop_sensor=servo.drop_sensor,
    )


def calibrated(config: Config, points: Mapping[str, Points]) -> Config:
    """The configuration as it would be with these points for scales, by channel, as the Pico can hold them."""
    scales = tuple(
        replace(scale, points=for_pico(points[scale.channel])) if scale.channel in points else scale
        for scale in config.scales
    )
    return replace(config, scales=scales)


def tables(scales: Iterable[Scale]) -> dict[str, tuple[tuple[int, int], ...]]:
    """channel → (counts, mV, mA or m°F) of each point."""
    return {scale.channel: tuple((counts, _milli(value)) for counts, value in scale.points) for scale in scales}


def _milli(value: float) -> int:
    return round(value * 1000)
