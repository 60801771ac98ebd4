"""What only shows over time: how much energy a tank took, whether its sensor moves, and how fast. Pure; no allocation.

Told ten times a second; ten of those make a window. A window's mean is what keeps the converter's noise out of a
temperature's movement.
"""

TICK_US = 100_000
WINDOW_TICKS = 10
_MJ_PER_WH = 3_600_000
_MAX_MS = 1_000_000_000
_MAX_STEP = 1_000_000  # m°F: × 1000 stays below 2^30


class Heating:
    """One circuit and its tank."""

    def __init__(self):
        self.m_degf = 0  # mean of the last whole window
        self.rate = 0  # m°F per second: the least of the last three windows, if they all went the same way, else 0
        self.stuck_ms = 0  # heated, and the sensor gave the very same count all the time
        self._counts = -1
        self._whole = False  # whether m_degf is of a window in which the sensor was well
        self._last_rate = self._rate_before = 0  # with sign
        self._sum = self._n = self._ms = 0
        self.begin_energy()

    def begin_energy(self):
        """What was taken so far is forgotten, and movement is measured from here on."""
        self.wh = self._mj = 0
        self._from = None

    def moved(self):
        """m°F, up or down, since the energy is counted."""
        return 0 if self._from is None else abs(self.m_degf - self._from)

    def tick(self, ms, watts, counts, m_degf, well):
        """So many ms with a power (0 = not heated), at most 1,000 and 200,000; well: the sensor is whole."""
        self._mj += ms * watts
        if self._mj >= _MJ_PER_WH:
            self.wh = min(self.wh + self._mj // _MJ_PER_WH, _MAX_MS)
            self._mj %= _MJ_PER_WH
        if counts != self._counts:
            self._counts = counts
            self.stuck_ms = 0
        elif watts:
            self.stuck_ms = min(self.stuck_ms + ms, _MAX_MS)
        self._ms += ms
        if well:
            self._sum += m_degf
            self._n += 1

    def close_window(self):
        """After WINDOW_TICKS ticks. A window in which the sensor was broken says nothing."""
        n, ms = self._n, self._ms
        mean = self._sum // n if n else 0
        self._sum = self._n = self._ms = 0
        step = mean - self.m_degf if self._whole else 0
        self._whole = n >= WINDOW_TICKS
        if not self._whole:
            step = 0
        rate = max(-_MAX_STEP, min(step, _MAX_STEP)) * 1000 // max(1, ms)
        self.rate = _least(rate, self._last_rate, self._rate_before)
        self._rate_before = self._last_rate
        self._last_rate = rate
        if not self._whole:
            return
        self.m_degf = mean
        if self._from is None:
            self._from = mean


def _least(a, b, c):
    """The least of three rates of one direction; a sensor that only jumped, or jumped and came back, has none."""
    if a > 0:
        return max(0, min(a, min(b, c)))
    return max(0, min(-a, min(-b, -c)))
