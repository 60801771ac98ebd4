"""The dummies: a sensor that reads what it is told, for trying things out, and a switch that records what was done."""

from typing import TYPE_CHECKING

from tankwarden.clock import Clock
from tankwarden.logic.quality import Sample

if TYPE_CHECKING:
    from tankwarden.drivers.registry import Context


class DummySensor:
    """Reads `value`, anew every period; None = it has never spoken. Set `frozen_at` to let it fall silent."""

    def __init__(self, clock: Clock, value: float | None, unit: str, period_s: float) -> None:
        self._clock, self._period_s = clock, period_s
        self.value, self.unit = value, unit
        self.frozen_at: float | None = None

    def sample(self) -> Sample | None:
        if self.value is None:
            return None
        now = self._clock.mono() if self.frozen_at is None else self.frozen_at
        return Sample(now // self._period_s * self._period_s, self.value)


class DummySwitch:
    """done: every call, in order. refusal: what stands in the way of switching on."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.refusal: str | None = None
        self.on = False

    def ready(self) -> str | None:
        return self.refusal

    def hold(self) -> None:
        self.done.append("hold")
        self.on = self.refusal is None

    def release(self) -> None:
        self.done.append("release")
        self.on = False

    def is_off(self) -> bool | None:
        return not self.on


def build(context: "Context") -> DummySensor:
    """From a [[sensor]] table with driver = "dummy"."""
    own = context.sensor.parameters
    return DummySensor(context.clock, own.value, own.unit, context.sensor.period_s)
