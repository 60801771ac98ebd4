"""The host's reckoning of the Pico's own clock, from which a lease's end is named. Never optimistic.

Every frame that carries the uptime was sent before it was received, so (uptime − time of receipt) is at most the true
difference of the two clocks: the largest of the last two seconds is the best, and still never beyond the truth. A
frame that lay in a buffer makes the estimate earlier, and a lease shorter: the safe side.
"""

from collections import deque

WINDOW_S = 2.0  # short enough that two crystals 100 ppm apart err by 0.2 ms
BACK_MS = 50  # an uptime this far behind an earlier one: the Pico started anew


class PicoClock:
    """Estimate of the Pico's uptime in ms. `now` is the host's monotonic clock in seconds."""

    def __init__(self) -> None:
        self._offsets: deque[tuple[float, float]] = deque()  # (received at, uptime_ms − received at in ms)
        self._last_ms = -1

    def reset(self) -> None:
        """Another boot or another session: nothing known."""
        self._offsets.clear()
        self._last_ms = -1

    def heard(self, uptime_ms: int, now: float) -> bool:
        """An uptime arrived. False if it went back: everything known is forgotten, the Pico has restarted."""
        if uptime_ms < self._last_ms - BACK_MS:
            self.reset()
            return False
        self._last_ms = uptime_ms
        self._drop_old(now)
        self._offsets.append((now, uptime_ms - now * 1000.0))
        return True

    def estimate_ms(self, now: float) -> int | None:
        """The Pico's uptime now, at most the true one; None if nothing was heard within the window."""
        self._drop_old(now)
        if not self._offsets:
            return None
        return int(now * 1000.0 + max(offset for _, offset in self._offsets))

    def _drop_old(self, now: float) -> None:
        while self._offsets and now - self._offsets[0][0] > WINDOW_S:
            self._offsets.popleft()
