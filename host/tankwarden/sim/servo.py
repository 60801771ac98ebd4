"""A hobby servo as its maker describes it: the last pulse's width is where it goes, and it goes there at its own pace.

500 µs is 0°, 2500 µs is 180°, 60° take 0.1 s (the data sheet values of the common 180° servo, e.g. Tower Pro SG90's
extended range); a pulse outside 400-2600 µs is not one, and with no pulse it stays where it is.
"""

LEAST_US, MOST_US = 400, 2600
ZERO_US, US_PER_DEG = 500, 2000 / 180
DEG_PER_S = 600.0


class Servo:
    """Pure: instants in µs come with every call and never run back."""

    def __init__(self) -> None:
        self.pulse_us: float | None = None  # width of the last pulse that counted
        self._angle_deg = 0.0
        self._at_us = 0
        self._rose_us: int | None = None

    def edge(self, at_us: int, level: int) -> None:
        """The signal rises or falls."""
        if level:
            self._rose_us = at_us
        elif self._rose_us is not None:
            width_us = at_us - self._rose_us
            self._rose_us = None
            self.pulses(at_us, width_us)

    def pulses(self, at_us: int, width_us: float) -> None:
        """Pulses of this width come from now on, or only one; what is no pulse of a servo moves nothing."""
        if LEAST_US <= width_us <= MOST_US:
            self._angle_deg, self._at_us = self.angle_deg(at_us), at_us
            self.pulse_us = width_us

    def angle_deg(self, at_us: int) -> float:
        """Where the horn is."""
        if self.pulse_us is None:
            return self._angle_deg
        goal = min(max((self.pulse_us - ZERO_US) / US_PER_DEG, 0.0), 180.0)
        reach = DEG_PER_S * max(0, at_us - self._at_us) / 1e6
        return min(goal, self._angle_deg + reach) if goal > self._angle_deg else max(goal, self._angle_deg - reach)
