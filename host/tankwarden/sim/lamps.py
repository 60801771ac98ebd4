"""The plain output pins beside the relays: lights and servos. Their edges go to the trace as `light.N`, `servo.N`."""

from typing import Any

from tankwarden.sim.servo import Servo
from tankwarden.sim.trace import Trace
from tankwarden.sim.wire import simwire


class Lamp:
    """A light pin: whether it is on, and for how long it has been altogether."""

    def __init__(self) -> None:
        self.level = 0
        self._on_us = self._since_us = 0

    def edge(self, at_us: int, level: int) -> None:
        """It goes on or off."""
        if self.level:
            self._on_us += at_us - self._since_us
        self.level, self._since_us = level, at_us

    def on_s(self, at_us: int) -> float:
        """Time on, in seconds of real time."""
        return (self._on_us + (at_us - self._since_us if self.level else 0)) / 1e6


class PlainPins:
    """Lamps and servos by GPIO number, fed with the board's records in the order in which they were written."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.lamps = {gpio: Lamp() for gpio in simwire.LIGHT_GPIOS}
        self.servos = {gpio: Servo() for gpio in simwire.SERVO_GPIOS}
        self._names = {gpio: f"light.{n}" for n, gpio in enumerate(simwire.LIGHT_GPIOS, 1)}
        self._names |= {gpio: f"servo.{n}" for n, gpio in enumerate(simwire.SERVO_GPIOS, 1)}
        self._levels = dict.fromkeys(self._names, 0)

    def record(self, at_us: int, kind: int, gpio: int, level: int) -> None:
        """A pin was driven, or stopped driving: then its pull-down holds it low."""
        if kind == simwire.PIN:
            self._set(at_us, gpio, level)
        elif kind == simwire.INPUT:
            self._set(at_us, gpio, 0)

    def reset(self, at_us: int) -> None:
        """The chip resets or loses power."""
        for gpio in self._names:
            self._set(at_us, gpio, 0)

    def state(self, at_us: int) -> dict[str, Any]:
        """For the control socket."""
        lamps = enumerate(self.lamps.values(), 1)
        servos = enumerate(self.servos.values(), 1)
        return {
            "lights": {str(n): {"level": lamp.level, "on_s": lamp.on_s(at_us)} for n, lamp in lamps},
            "servos": {str(n): {"pulse_us": s.pulse_us, "angle_deg": s.angle_deg(at_us)} for n, s in servos},
        }

    def _set(self, at_us: int, gpio: int, level: int) -> None:
        if self._levels.get(gpio, level) == level:
            return
        self._levels[gpio] = level
        self._trace.edge(at_us * 1000, self._names[gpio], level)
        (self.lamps.get(gpio) or self.servos[gpio]).edge(at_us, level)
