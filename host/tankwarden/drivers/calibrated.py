"""A sensor that does not hang on the Pico, read by the calibration that holds now."""

import math
from collections.abc import Callable
from dataclasses import replace

from tankwarden.drivers.interfaces import Sensor
from tankwarden.logic import ph, probes
from tankwarden.logic.calibration import Version
from tankwarden.logic.quality import Sample


class CalibratedSensor:
    """target: sensor.ID. version: may be exchanged at any time; None = as its driver reads it. degf: the temperature
    that another sensor tells, by its target; None = none that can be trusted."""

    def __init__(self, sensor: Sensor, target: str, degf: Callable[[str], float | None]) -> None:
        self.sensor, self.target, self._degf = sensor, target, degf
        self.version: Version | None = None

    @property
    def unit(self) -> str:
        return self.sensor.unit if self.version is None or not self.version.unit else self.version.unit

    def sample(self) -> Sample | None:
        version, sample = self.version, self.sensor.sample()
        if sample is None or version is None or not math.isfinite(sample.value):
            return sample
        compensation = ph.compensation_of(version.parameters)
        degf = None if compensation is None else self._degf(compensation.by)
        return replace(sample, value=probes.value(version, sample.value, degf), measured=sample.value)
