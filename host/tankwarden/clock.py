"""The only place where the host reads a clock: everything else is handed `now`.

Two times are told apart. `wall_ms` is UTC and may jump or, in the demo, run fast: it is for people, rows and schedules.
`mono` never jumps and never runs fast: it is for leases, timeouts, ages and everything that safety hangs on.
"""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """What the host needs of time."""

    @property
    def speed(self) -> float:
        """Seconds of wall time that pass in one monotonic second."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""

    def mono(self) -> float:
        """Seconds since an arbitrary instant (CLOCK_MONOTONIC)."""


class SystemClock:
    """The machine's clocks."""

    speed = 1.0

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """Wall time that runs `speed` times as fast as the machine's monotonic clock, as the simulated plant's does."""

    epoch_wall_ms: int
    epoch_mono_s: float
    speed: float = 1.0

    def wall_ms(self) -> int:
        return self.epoch_wall_ms + round((time.monotonic() - self.epoch_mono_s) * 1000 * self.speed)

    def mono(self) -> float:
        return time.monotonic()


class ManualClock:
    """Time that stands still until a test advances it."""

    def __init__(self, wall_ms: int = 0, mono_s: float = 0.0, speed: float = 1.0) -> None:
        self._wall_ms, self._mono_s, self.speed = wall_ms, mono_s, speed

    def wall_ms(self) -> int:
        return self._wall_ms

    def mono(self) -> float:
        return self._mono_s

    def advance(self, seconds: float) -> None:
        """Let monotonic seconds pass, and wall time with them."""
        if seconds < 0:
            raise ValueError(f"monotonic time cannot pass backwards ({seconds} s)")
        self._mono_s += seconds
        self._wall_ms += round(seconds * 1000 * self.speed)

    def jump(self, milliseconds: int) -> None:
        """Set wall time forward or back, as NTP or a person does; monotonic time does not notice."""
        self._wall_ms += milliseconds
