"""What the chip's pulse-width slices give out at the pins that are wired, from the board's records. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from tankwarden.sim.wire import simwire

CLOCK_MHZ = 125
TOP_RESET, DIV_ONE = 0xFFFF, 16


@dataclass(frozen=True)
class Pulse:
    """high of whole counts are high, each of div16 sixteenths of a clock."""

    high: int
    whole: int
    div16: int

    @property
    def level_u16(self) -> int:
        """Share of the time that it is high, of 65535."""
        return min(65535, round(self.high * 65535 / self.whole))

    @property
    def high_us(self) -> float:
        """Length of the pulse."""
        return self.high * self.div16 / 16 / CLOCK_MHZ

    @property
    def period_us(self) -> float:
        """From one pulse to the next."""
        return self.whole * self.div16 / 16 / CLOCK_MHZ


class PulsePins:
    """The pulses at some GPIOs. A pin that PWM does not drive has none."""

    def __init__(self, gpios: tuple[int, ...]) -> None:
        self._channel_of = {gpio: (gpio >> 1 & 7) * 2 + (gpio & 1) for gpio in gpios}
        self.reset()

    def reset(self) -> None:
        """The chip's reset state."""
        self._driven = set[int]()
        self._slices = [(DIV_ONE, TOP_RESET)] * 8
        self._levels = [(0, False, False)] * 16  # counts, whether it runs, whether it is inverted

    def record(self, kind: int, a: int, b: int) -> Iterator[tuple[int, Pulse]]:
        """One record of FUNCTION, PWM_SLICE or PWM_LEVEL: the pins that it concerns, and their pulses now."""
        if kind == simwire.FUNCTION:
            if b == simwire.FUNCTION_PWM and a in self._channel_of:
                self._driven.add(a)
                yield a, self._pulse(self._channel_of[a])
            else:
                self._driven.discard(a)
            return
        if kind == simwire.PWM_SLICE:
            self._slices[a] = b >> 16, b & 0xFFFF
        else:
            self._levels[a] = b & 0x1FFFF, bool(b >> 17 & 1), bool(b >> 18 & 1)
        for gpio in sorted(self._driven):
            channel = self._channel_of[gpio]
            if a == (channel >> 1 if kind == simwire.PWM_SLICE else channel):
                yield gpio, self._pulse(channel)

    def _pulse(self, channel: int) -> Pulse:
        div16, top = self._slices[channel >> 1]
        counts, runs, inverted = self._levels[channel]
        high, whole = min(counts, top + 1), top + 1
        if not runs:  # its counter stands: the pin is low for sure only if it has no counts at all
            high = whole if high else 0
        return Pulse(whole - high if inverted else high, whole, div16)
