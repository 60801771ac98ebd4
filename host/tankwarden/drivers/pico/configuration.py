"""The configuration as the Pico is to hold it: the messages that bring it there, and the CRC both sides must agree on.

Every circuit, channel and feeder is sent, also those that are not used (disabled; a table of one point at zero), so
that nothing of an earlier configuration survives on the board.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tanklink import messages
from tanklink.config import Config
from tanklink.records import ConfigCircuit, ConfigFeeder, ConfigPoint

UNUSED_TABLE = ((0, 0),)
Step = ConfigCircuit | ConfigPoint | ConfigFeeder


@dataclass(frozen=True)
class BoardConfig:
    """What the Pico is to hold. steps: in the order in which they are sent."""

    steps: tuple[Step, ...]
    crc: bytes
    enabled: tuple[int, ...]


def board_config(
    circuits: Iterable[ConfigCircuit],
    tables: Mapping[str, Iterable[tuple[int, int]]],
    feeders: Iterable[ConfigFeeder] = (),
) -> BoardConfig:
    """From one record per used circuit and feeder, and a table of (counts, mV, mA or m°F) per used channel.

    Raises ValueError, naming the channel, for points whose counts do not rise or that are too many.
    """
    given = {record.circuit: record for record in circuits}
    config = Config()
    steps: list[Step] = []
    for number in range(1, messages.N_CIRCUITS + 1):
        record = given.get(number) or _unused(number)
        if not config.set_circuit(list(record)):
            raise ValueError(f"circuit {number}: the Pico will not take {record}")
        steps.append(record)
    for index, channel in enumerate(messages.CHANNELS):
        for place, (counts, value) in enumerate(tables.get(channel, UNUSED_TABLE)):
            point = ConfigPoint(channel=index, index=place, counts=counts, value=value)
            if place >= messages.MAX_POINTS or not config.set_point(list(point)):
                raise ValueError(
                    f"scaling of {channel}: point {place + 1} at {counts} counts: the counts must rise from point to "
                    f"point, and {messages.MAX_POINTS} points are the most"
                )
            steps.append(point)
    feeding = {record.feeder: record for record in feeders}
    for number in range(1, messages.N_FEEDERS + 1):
        feeder = feeding.get(number) or _unused_feeder(number)
        config.set_feeder(list(feeder))
        steps.append(feeder)
    enabled = tuple(number for number, record in sorted(given.items()) if record.enabled)
    return BoardConfig(tuple(steps), bytes(config.crc()), enabled)


def describe_step(step: Step) -> str:
    """A message of the configuration, for people."""
    if isinstance(step, ConfigFeeder):
        return f"the caps of servo {step.feeder}"
    if isinstance(step, ConfigCircuit):
        return f"the limits of circuit {step.circuit}"
    return f"point {step.index + 1} of the scaling of {messages.CHANNELS[step.channel]}"


def _unused(number: int) -> ConfigCircuit:
    return ConfigCircuit(
        circuit=number, enabled=False, resistance_mohm=0, current_limit_ma=0, temperature_limit_m_degf=0,
        short_min_ma=0, short_tolerance_permille=0, sequence_ms=0, voltage_limit_mv=0, voltage_min_mv=0,
        impedance_tolerance_permille=0, leak_ma=0, no_rise_wh=0, no_rise_m_degf=0, stuck_s=0, rate_m_degf_per_s=0,
        watch_impedance=False, watch_leakage=False,
    )  # fmt: skip


def _unused_feeder(number: int) -> ConfigFeeder:
    return ConfigFeeder(
        feeder=number, enabled=False, pulse_min_us=0, pulse_max_us=0, max_turns=0, max_feedings_24h=0, max_turns_24h=0,
        max_mg_24h=0, drop_sensor=False,
    )  # fmt: skip
