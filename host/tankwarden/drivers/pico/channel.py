"""The driver `pico` of a sensor: one analog channel of the Pico, from the sums of its STATUS."""

from typing import TYPE_CHECKING

from tanklink import records
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.logic.energy import mean
from tankwarden.logic.quality import Sample
from tankwarden.logic.scaling import Points, value_at

if TYPE_CHECKING:
    from tankwarden.drivers.registry import Context

_UNITS = (("current_", "A"), ("voltage_", "V"), ("reference", "V"))


class PicoChannelSensor:
    """The newest mean of a channel, scaled. points: may be exchanged for others at any time."""

    def __init__(self, pico: PicoDriver, channel: str, points: Points) -> None:
        self._pico, self.channel, self.points = pico, channel, points
        self.unit = unit_of(channel)

    def sample(self) -> Sample | None:
        view = self._pico.view()
        if view.status is None or view.status_at is None:
            return None
        return sample_of(view.status, view.status_at, self.channel, self.points)


def sample_of(status: records.Status, at_s: float, channel: str, points: Points) -> Sample | None:
    """The mean of a channel in one STATUS; None without samples."""
    counts = mean(getattr(status, f"{channel}_sum_counts"), status.n)
    return None if counts is None else Sample(at_s, value_at(points, counts), counts)


def unit_of(channel: str) -> str:
    """A channel's unit once it is scaled."""
    return next((unit for prefix, unit in _UNITS if channel.startswith(prefix)), "°F")


def build(context: "Context") -> PicoChannelSensor:
    """From a [[sensor]] table with driver = "pico"; config has made sure that there is a scale."""
    channel = context.sensor.parameters.channel
    scale = context.config.scale(channel)
    assert scale is not None
    return PicoChannelSensor(context.pico, channel, scale.points)
