"""Uptime as two small integers, so that the chip never boxes a time, not even past day 13. Pure; allocates nothing.

An instant is the pair (s, us): whole seconds since the start and microseconds below a million. Differences are given
in microseconds, clamped to ± 500 s: 5·10^8 is below 2^30. Compiled to machine code: a pass asks a dozen times.
"""

import micropython
from micropython import const

TICKS_MASK = const(0x3FFFFFFF)  # the chip's ticks_us() wraps at 2^30: every 18 minutes
FAR_S = 500
FAR_US = FAR_S * 1_000_000


class Clock:
    """The one clock of the program: advanced by whoever reads the ticks, read by everyone else."""

    def __init__(self, ticks_us):
        self.s = 0
        self.us = 0
        self._last = ticks_us & TICKS_MASK

    @micropython.native
    def advance(self, ticks_us):
        """Follow the ticks, which must be called for at least every 17 minutes.

        As time.ticks_diff, but for forward steps only: the mask undoes the wrap wherever the port's ticks wrap
        (2^30 on the chip, 2^62 on the unix port).
        """
        ticks_us &= TICKS_MASK
        us = (ticks_us - self._last) & TICKS_MASK
        self._last = ticks_us
        if us >= 1_000_000:  # seldom: spare the others the divisions
            self.s += us // 1_000_000
            us %= 1_000_000
        us += self.us
        if us >= 1_000_000:
            us -= 1_000_000
            self.s += 1
        self.us = us

    def ms_part(self):
        """Milliseconds below a second, as messages carry them."""
        return self.us // 1000

    @micropython.native
    def until_us(self, s, us):
        """Microseconds from now until an instant; negative when it has passed."""
        seconds = s - self.s
        if seconds > FAR_S:
            return FAR_US
        if seconds < -FAR_S:
            return -FAR_US
        return seconds * 1_000_000 + us - self.us

    @micropython.native
    def since_us(self, s, us):
        """Microseconds from an instant until now; negative when it is still to come."""
        seconds = self.s - s
        if seconds > FAR_S:
            return FAR_US
        if seconds < -FAR_S:
            return -FAR_US
        return seconds * 1_000_000 + self.us - us


class Every:
    """Says once a period that it is due, in step with its start, starting anew after a long pause."""

    def __init__(self, clock, period_ms):
        self._period_us = period_ms * 1000
        self.restart(clock)

    def restart(self, clock):
        """Due one period from now."""
        self._s, self._us = clock.s, clock.us  # of the next time it is due
        self._go_on()

    @micropython.native
    def due(self, clock):
        s = clock.s
        if s < self._s or (s == self._s and clock.us < self._us):
            return False
        if clock.since_us(self._s, self._us) >= self._period_us:
            self.restart(clock)
        else:
            self._go_on()
        return True

    def _go_on(self):
        self._us += self._period_us % 1_000_000
        self._s += self._period_us // 1_000_000
        if self._us >= 1_000_000:
            self._us -= 1_000_000
            self._s += 1
