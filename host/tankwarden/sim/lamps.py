"""The output pins beside the relays: lights, and servos with a hopper each, driven plainly or by PWM.

Their changes go to the trace: `light.N` with its level (0 to 65535), `servo.N` with its edges or its pulse in µs.
"""

from typing import Any

from tankwarden.sim.hopper import Hopper
from tankwarden.sim.pulses import Pulse, PulsePins
from tankwarden.sim.servo import Servo
from tankwarden.sim.trace import Trace
from tankwarden.sim.wire import simwire

FULL_U16 = 65535


class Lamp:
    """A light pin: its level, for how long it has been on, and how much light it gave altogether."""

    def __init__(self) -> None:
        self.level = 0  # of 65535
        self._on_us = self._since_us = 0
        self._full_us = 0.0

    def set(self, at_us: int, level: int) -> None:
        """It goes to another level."""
        if self.level:
            self._on_us += at_us - self._since_us
            self._full_us += (at_us - self._since_us) * self.level / FULL_U16
        self.level, self._since_us = level, at_us

    def on_s(self, at_us: int) -> float:
        """Time on, at whatever level, in seconds of real time."""
        return (self._on_us + (at_us - self._since_us if self.level else 0)) / 1e6

    def full_s(self, at_us: int) -> float:
        """The time at full level that would have given as much light, in seconds of real time."""
        return (self._full_us + (at_us - self._since_us) * self.level / FULL_U16) / 1e6


class PlainPins:
    """Lamps and servos by GPIO number, fed with the board's records in the order in which they were written."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.lamps = {gpio: Lamp() for gpio in simwire.LIGHT_GPIOS}
        self.servos = {gpio: Servo() for gpio in simwire.SERVO_GPIOS}
        self.hoppers = {gpio: Hopper() for gpio in simwire.SERVO_GPIOS}
        self._names = {gpio: f"light.{n}" for n, gpio in enumerate(simwire.LIGHT_GPIOS, 1)}
        self._names |= {gpio: f"servo.{n}" for n, gpio in enumerate(simwire.SERVO_GPIOS, 1)}
        self._levels = dict.fromkeys(self._names, 0)  # as last traced
        self._pulses = PulsePins(tuple(self._names))

    def record(self, at_us: int, kind: int, a: int, b: int) -> None:
        """A pin was driven, or stopped driving: then its pull-down holds it low; or its pulse has changed."""
        if kind in (simwire.PIN, simwire.INPUT) and a in self._names:
            self._plain(at_us, a, b if kind == simwire.PIN else 0)
        elif kind in (simwire.FUNCTION, simwire.PWM_SLICE, simwire.PWM_LEVEL):
            for gpio, pulse in self._pulses.record(kind, a, b):
                self._pulse(at_us, gpio, pulse)

    def reset(self, at_us: int) -> None:
        """The chip resets or loses power."""
        self._pulses.reset()
        for gpio in self._names:
            self._plain(at_us, gpio, 0)

    def drops(self, at_us: int) -> list[int]:
        """For the page: how often each drop sensor has seen something fall."""
        self._turn(at_us)
        return [hopper.drops for hopper in self.hoppers.values()]

    def ledger(self, at_us: int) -> dict[str, Any]:
        """What the hoppers gave, for tests to compare with what the host says."""
        self._turn(at_us)
        return {"feeders": {str(n): hopper.truth() for n, hopper in enumerate(self.hoppers.values(), 1)}}

    def state(self, at_us: int) -> dict[str, Any]:
        """For the control socket."""
        lamps = enumerate(self.lamps.values(), 1)
        servos = enumerate(self.servos.values(), 1)
        return {
            "lights": {
                str(n): {"level": lamp.level, "on_s": lamp.on_s(at_us), "full_s": lamp.full_s(at_us)}
                for n, lamp in lamps
            },
            "servos": {str(n): {"pulse_us": s.pulse_us, "angle_deg": s.angle_deg(at_us)} for n, s in servos},
        }

    def _plain(self, at_us: int, gpio: int, level: int) -> None:
        self._turn(at_us)
        if gpio in self.lamps:
            self._light(at_us, gpio, FULL_U16 if level else 0)
        elif self._traced(at_us, gpio, level):
            self.servos[gpio].edge(at_us, level)

    def _pulse(self, at_us: int, gpio: int, pulse: Pulse) -> None:
        self._turn(at_us)
        if gpio in self.lamps:
            self._light(at_us, gpio, pulse.level_u16)
        elif self._traced(at_us, gpio, round(pulse.high_us)):
            self.servos[gpio].pulses(at_us, pulse.high_us)

    def _turn(self, at_us: int) -> None:
        for gpio, hopper in self.hoppers.items():
            hopper.turn(self.servos[gpio].angle_deg(at_us))

    def _light(self, at_us: int, gpio: int, level: int) -> None:
        if self._traced(at_us, gpio, level):
            self.lamps[gpio].set(at_us, level)

    def _traced(self, at_us: int, gpio: int, level: int) -> bool:
        if self._levels[gpio] == level:
            return False
        self._levels[gpio] = level
        self._trace.edge(at_us * 1000, self._names[gpio], level)
        return True
