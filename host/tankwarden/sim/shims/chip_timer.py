"""machine.Timer of the simulated board: settings, and when it is due. interrupts.py calls back."""

import interrupts
import simboard

SOFT_LATE_US = 11_500  # behind flash, collection or a long C function
_SHORTEST_US = 50  # a shorter period leaves the chip no time for anything else


class Timer:
    """machine.Timer: only the virtual one exists on this chip."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id=-1, **settings):
        if id != -1:
            raise ValueError("Timer doesn't exist")
        self.due_us, self.period_us, self.late_us = interrupts.NEVER, 0, 0
        self.hard, self.once, self.callback = False, True, None
        if settings:
            self.init(**settings)

    def init(self, *, mode=PERIODIC, callback=None, period=0xFFFFFFFF, tick_hz=1000, freq=None, hard=False):
        """Start, or start anew. period: in 1/tick_hz s, by default ms."""
        self.deinit()
        period_us = period * 1_000_000 // tick_hz if freq is None else int(1_000_000 / freq)
        if period_us < _SHORTEST_US:
            raise NotImplementedError("a timer of %d us would take the chip's whole time" % period_us)
        self.period_us, self.callback = period_us, callback
        self.hard, self.once = bool(hard), mode == Timer.ONE_SHOT
        self.late_us = 0 if hard else SOFT_LATE_US
        board = simboard.board()
        self.due_us = board.backend.now_us() + period_us
        board.interrupts.start(self)

    def deinit(self):
        """Stop."""
        simboard.board().interrupts.stop(self)

    def skip_to(self, t):
        """Forget the ticks before t."""
        self.due_us += max(0, (t - self.due_us) // self.period_us) * self.period_us

    def lose(self, t):
        """Of a soft timer: forget the ticks that found the scheduler full."""
        waiting = (t - self.due_us - self.late_us) // self.period_us
        if waiting >= interrupts.SCHEDULER_DEPTH:
            self.due_us += (waiting - interrupts.SCHEDULER_DEPTH + 1) * self.period_us

    def __repr__(self):
        mode = "ONE_SHOT" if self.once else "PERIODIC"
        return "Timer(mode=%s, tick_hz=1000000, period=%d)" % (mode, self.period_us)
