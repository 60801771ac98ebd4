"""What the board is to hold, from the very configuration file that the host runs with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tankbench.errors import BenchError
from tanklink.records import ConfigCircuit
from tankwarden import config as host_config
from tankwarden.drivers.pico.configuration import BoardConfig, board_config
from tankwarden.errors import ConfigError
from tankwarden.logic import pico_config
from tankwarden.logic.scaling import value_at

DEFAULT = Path("tankwarden.toml")
Change = Callable[[ConfigCircuit], ConfigCircuit]


@dataclass(frozen=True)
class Setup:
    """A configuration and what follows of it for the board."""

    config: host_config.Config
    board: BoardConfig

    def value(self, channel: str, counts: float) -> float | None:
        """A, V or °F of a channel's counts; None for a channel without a scale."""
        scale = self.config.scale(channel)
        return None if scale is None else value_at(scale.points, counts)

    def circuit(self, number: int) -> host_config.Circuit:
        """BenchError for a circuit that the file does not have."""
        circuit = self.config.circuit(number)
        if circuit is None:
            raise BenchError(f"{self.config.file}: there is no circuit {number}: add a [[circuit]] with its limits")
        return circuit


def find(file: Path | None) -> Setup | None:
    """The configuration named, or tankwarden.toml of this folder, or none. BenchError if it cannot be used."""
    if file is None and not DEFAULT.exists():
        return None
    return load(file)


def load(file: Path | None) -> Setup:
    """As find, for commands that cannot do without limits and scales."""
    if file is None and not DEFAULT.exists():
        raise BenchError("limits and scales are needed: name the host's configuration file with --config")
    try:
        config = host_config.load(file or DEFAULT)
    except ConfigError as error:
        raise BenchError(str(error)) from error
    return Setup(config, board_of(config))


def board_of(config: host_config.Config, change: Change = lambda row: row) -> BoardConfig:
    """What the Pico is to hold; change: what becomes of each circuit's limits on the way."""
    circuits = [change(pico_config.circuit_record(circuit)) for circuit in config.circuits]
    return board_config(circuits, pico_config.tables(config.scales), map(pico_config.feeder_record, config.servos))


def unit_of(channel: str) -> str:
    """Of a channel's scaled values."""
    units = {"current": "A", "voltage": "V", "reference": "V"}
    return next((unit for kind, unit in units.items() if channel.startswith(kind)), "°F")
