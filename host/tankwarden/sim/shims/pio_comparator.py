"""What the comparator program of mcu/comparator.py makes of the samples, reckoned instead of clocked: for both sides.

In the sim process a Comparator pulls the true fault lines, also while the board process hangs or is dead; in the board
process another one answers the firmware's read-backs. Pure, import-free but for simwire, allocation-free, both
interpreters. Times are µs.
"""

import simwire

# The program this model stands for, as assembled at offset 0, but for the steps in the low bits of STEPS_AT.
PROGRAM = (
    0xE080, 0xE05F, 0xAF25, 0x0F27, 0x0F82, 0xE083, 0x0005, 0x80A0, 0x6067, 0x6025, 0xE040, 0x0021, 0x004D, 0x008B,
    0xE083,
)  # fmt: skip
WRAP_TOP, WRAP_TARGET = 14, 14
STEPS_AT = 10
START, WAIT, STARVED_AT, OVER_AT = 0, 2, 5, 14  # addresses in it
STEP_COUNTS = 128
STARVED_US = 13  # 1537 cycles without a sample, in whole µs

IDLE, WATCHING, OVER, STARVED = 0, 1, 2, 3


def ceiling(words):
    """The least counts at which a program pulls; 0 if it is not the one that this model stands for."""
    if len(words) != len(PROGRAM):
        return 0
    for i in range(len(words)):
        if words[i] & ~(31 if i == STEPS_AT else 0) != PROGRAM[i]:
            return 0
    return STEP_COUNTS * ((words[STEPS_AT] & 31) + 1)


class Comparator:
    """The machine. state: as of the last call. watches: whether it takes samples. pulls: whether it holds the lines
    down; only a release ends that.
    """

    def __init__(self):
        self.state = IDLE
        self.watches = False
        self.pulls = False
        self.ceiling = 0
        self.releases = 0
        self._last_us = 0  # the last sample, or whatever began the wait for the first

    def apply(self, t, action, counts):
        """One record of the board."""
        if action == simwire.COMPARATOR_SAMPLE:
            self.sample(t, counts)
        elif action == simwire.COMPARATOR_STOP:
            self.state = IDLE  # pins stay as they are: a machine that stands still lets nothing go
            self.watches = False
        else:
            if action == simwire.COMPARATOR_START:
                self.ceiling = counts
            self.releases = (self.releases + 1) & 0xFFFF
            self.state = WATCHING
            self.watches = True
            self.pulls = False
            self._last_us = t

    def sample(self, t, counts):
        """A sample came at t, or several: the highest."""
        self._last_us = max(self._last_us, t)
        if self.watches and counts >= self.ceiling:
            self._pull(OVER)

    def silence(self, t):
        """No sample came until t. Returns when it began to pull, if that is why it does, else t."""
        if self.watches and t - self._last_us >= STARVED_US:
            self._pull(STARVED)
            return self._last_us + STARVED_US
        return t

    def truth(self):
        """For the page's PULLS word: why it pulls, or 0; above that the releases it has seen."""
        return self.releases << 2 | (self.state if self.pulls else 0)

    def believe(self, truth):
        """Take over a pull that only the other side saw, if it has seen the same releases."""
        if truth & 3 and truth >> 2 == self.releases and self.watches:
            self._pull(truth & 3)

    def reset(self):
        """The chip's reset: nothing runs."""
        self.__init__()

    def _pull(self, why):
        self.state = why
        self.watches = False
        self.pulls = True
