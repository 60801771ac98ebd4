"""A feeder's hopper: a drum on the servo's horn, whose pocket fills below and empties over the water.

So it gives one portion each time the horn gets past OPEN_DEG, and takes the next one once it is back below SHUT_DEG.
What fell is the truth that reports are compared with; the drop sensor below it may not see it.
"""

SHUT_DEG, OPEN_DEG = 30.0, 60.0


class Hopper:
    """jammed: its drum does not turn; blind: its drop sensor is dirty. Both are set by faults.py."""

    def __init__(self) -> None:
        self.portions = 0
        self.drops = 0  # of them, those that the sensor saw
        self.jammed = self.blind = False
        self._full = True

    def turn(self, angle_deg: float) -> None:
        """The horn is there now."""
        if self.jammed:
            return
        if angle_deg < SHUT_DEG:
            self._full = True
        elif angle_deg > OPEN_DEG and self._full:
            self._full = False
            self.portions += 1
            self.drops += not self.blind

    def truth(self) -> dict[str, int]:
        """For the ledger."""
        return {"portions": self.portions, "drops": self.drops}
