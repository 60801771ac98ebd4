"""What may stand behind a fault's name: a number within bounds, or one of several names."""

import math
from dataclasses import dataclass

from tankwarden.sim.errors import FaultError


@dataclass(frozen=True, slots=True)
class Value:
    """What may stand after NAME=. default None: without a value the fault lasts until it ends or is cleared."""

    name: str
    unit: str
    default: float | None
    low: float
    high: float
    whole: bool = False

    def parse(self, fault: str, given: object) -> float | None:
        """The value to use. FaultError if it is none."""
        if given is None:
            return self.default
        try:
            value = float(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else math.nan
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            kind = "a whole number from" if self.whole else "a number from"
            unit = f" {self.unit}" if self.unit else ""
            raise FaultError(f"{fault}={given}: the {self.name} must be {kind} {self.low:g} to {self.high:g}{unit}")
        return value

    def usage(self) -> str:
        """For --list."""
        unit = f" {self.unit}" if self.unit else ""
        default = "until it ends or is cleared" if self.default is None else f"default {self.default:g}"
        return f"[={self.name}, {self.low:g} to {self.high:g}{unit}; {default}]"


@dataclass(frozen=True, slots=True)
class Choice:
    """What may stand after NAME= where it is a name: the first is the default."""

    name: str
    options: tuple[str, ...]

    def parse(self, fault: str, given: object) -> str:
        """The option. FaultError if it is none."""
        if given is None:
            return self.options[0]
        if given not in self.options:
            raise FaultError(f"{fault}={given}: the {self.name} must be one of {', '.join(self.options)}")
        return str(given)

    def usage(self) -> str:
        """For --list."""
        return f"[={self.name}, {' or '.join(self.options)}; default {self.options[0]}]"
