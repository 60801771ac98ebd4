"""A tank's temperature sensor: an NTC on two wires. It follows its water, until a fault makes it say something else."""

import math
from enum import Enum

from tankwarden.sim.defaults import ADC_MAX

DETACHED_S = 45.0  # a sheathed thermistor in still air: time constant
COLDEST_DEGF = 40.0  # as far as a runaway goes: beyond it would look like a broken wire


class Wire(Enum):
    """How an NTC is connected; the value is what its divider gives, None = what the temperature says."""

    WHOLE = None
    OPEN = ADC_MAX
    SHORT = 0


class Probe:
    """Every field is set by faults.py. stuck_counts: what the converter gives, without noise, None = the truth."""

    def __init__(self) -> None:
        self.wire = Wire.WHOLE
        self.stuck_counts: int | None = None
        self.forced_degf: float | None = None  # what it feels instead of the water
        self.runaway_degf_per_s = 0.0  # how fast that falls
        self.detached = False

    def degf(self, water_degf: float) -> float:
        """What it feels in water of this temperature."""
        return water_degf if self.forced_degf is None else self.forced_degf

    def detach(self, degf: float) -> None:
        """It falls out of its well, being so warm, and hangs in the air from now on."""
        self.forced_degf, self.detached = degf, True

    def run_away(self, degf: float, degf_per_s: float) -> None:
        """Its contact corrodes: from so warm on it reads colder and colder."""
        self.forced_degf, self.runaway_degf_per_s = degf, degf_per_s

    def mend(self) -> None:
        """As new, and back in its well."""
        self.__init__()  # type: ignore[misc]  # every field anew, whatever is added

    def step(self, seconds: float, air_degf: float) -> None:
        """Let time pass."""
        if self.forced_degf is None:
            return
        if self.detached:
            self.forced_degf = air_degf + (self.forced_degf - air_degf) * math.exp(-seconds / DETACHED_S)
        elif self.runaway_degf_per_s:
            self.forced_degf = max(COLDEST_DEGF, self.forced_degf - self.runaway_degf_per_s * seconds)
