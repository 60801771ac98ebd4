"""The simulated chip's own clock: CLOCK_MONOTONIC less the time in which this machine did not run the simulation.

A chip does not stand still because a PC is busy, or because the virtual machine around it was not run. If its time went
on meanwhile, permits would end and passes be late, and the program would rightly trip for what no board ever sees. So
what the machine withholds, from the whole simulation or from the board's process alone, did not happen to the chip:
pins, permits, watchdog and program stand still together. A processor that hangs, computes or sleeps has its time.
"""

import time
from bisect import bisect_right
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

from tankwarden.sim.page import Page
from tankwarden.sim.wire import simwire

GRACE_US: int = simwire.GRACE_US  # a tick that comes no later than this after the one before lost nothing
_TICK_MASK: int = simwire.TICK_MASK


def monotonic_us() -> int:
    """CLOCK_MONOTONIC of the machine."""
    return time.monotonic_ns() // 1000


class ChipClock:
    """Both sides read it: this process by `now_us`, the board's by the page's TICK and WITHHELD words.

    The board never runs more than GRACE_US ahead of the last tick, so what was withheld is known before it goes on.
    """

    def __init__(self, page: Page, read_us: Callable[[], int] = monotonic_us) -> None:
        self._page, self._read_us = page, read_us
        self._ticked_us = read_us()
        self._withheld_ms = 0
        self._stalls: list[tuple[int, int]] = []  # instants of the chip's at which it stood still, ms withheld so far
        self._tell()

    def now_us(self) -> int:
        """The chip's time in µs, on CLOCK_MONOTONIC's scale; never beyond what the next tick may still withhold."""
        return min(self._read_us(), self._ticked_us + GRACE_US) - 1000 * self._withheld_ms

    def tick(self, starved: bool = False) -> int:
        """Time goes on; the instant in µs. starved: since the tick before, the board wanted to run and could not."""
        t = self._read_us()
        passed_us = t - self._ticked_us
        lost_ms = (passed_us if starved else max(0, passed_us - GRACE_US)) // 1000
        if lost_ms:
            stood_us = t - 1000 * (self._withheld_ms + lost_ms)
            self._withheld_ms += lost_ms
            self._stalls.append((stood_us, self._withheld_ms))
        self._ticked_us = t
        self._tell()
        return self.now_us()

    def monotonic_us(self, at_us: int) -> int:
        """The machine's time of an instant of the chip's."""
        found = bisect_right(self._stalls, at_us, key=itemgetter(0))
        return at_us + (1000 * self._stalls[found - 1][1] if found else 0)

    def stalls_ns(self) -> list[tuple[int, int]]:
        """When the chip stood still: (from, to) on CLOCK_MONOTONIC."""
        before_ms, spans = 0, []
        for at_us, withheld_ms in self._stalls:
            end_us = at_us + 1000 * withheld_ms
            spans.append((1000 * end_us - 1_000_000 * (withheld_ms - before_ms), 1000 * end_us))
            before_ms = withheld_ms
        return spans

    def _tell(self) -> None:
        self._page.write(simwire.W_WITHHELD, [self._withheld_ms])
        self._page.write(simwire.W_TICK, [self._ticked_us & _TICK_MASK])


_HARDLY_NS = 500_000


class Starvation:
    """Whether a process waits for a processor, as Linux tells; elsewhere never."""

    def __init__(self) -> None:
        self._ran: tuple[int, int] | None = None  # pid, its ns on a processor at the last look

    def forget(self) -> None:
        """It has just been seen to run."""
        self._ran = None

    def seen(self, pid: int | None) -> bool:
        """Runnable, or waiting for a disk, both now and since the last look, in which it has hardly run at all."""
        if pid is None:
            return False
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
            ran = (pid, int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]))
        except (OSError, ValueError, IndexError):
            return False
        before, self._ran = self._ran, ran
        return state in ("R", "D") and before is not None and before[0] == pid and ran[1] - before[1] < _HARDLY_NS
