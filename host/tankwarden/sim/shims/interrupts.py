"""What interrupts the program, and when, as far as a simulation that runs no interrupts can tell.

Callbacks run where the program reads the time or lets it pass, each missed tick by a call of its own, back to back, as
on the chip after an interrupt gap. A hard callback runs with the heap locked; one that raises is reported and its timer
ends, as on the chip. Its instant lasts until it is done, however long this machine takes: a converter must not turn its
ring while the callback is about to look at it. A soft one comes late by as much as was ever measured there, and when
more wait than the scheduler has room for, the rest are lost. All of that was tried with MicroPython 1.26.1 on an
emulated RP2040.
"""

import sys

import micropython

NEVER = 1 << 62
SCHEDULER_DEPTH = 8
MOST_MISSED = 5_000  # ticks to make up for: no processor stands still longer, its watchdog resets it


class Interrupts:
    """The timers of a board. next_us: when run() is due next."""

    def __init__(self, backend):
        self._backend = backend
        self._timers = []
        self._busy = False
        self._disabled = False
        self.next_us = NEVER
        self.failed = 0  # hard callbacks that raised
        backend.interrupts = self

    def start(self, timer):
        """A timer's first tick lies ahead."""
        if timer not in self._timers:
            self._timers.append(timer)
        self._schedule()

    def stop(self, timer):
        """It ticks no more."""
        if timer in self._timers:
            self._timers.remove(timer)
        self._schedule()

    def disable(self):
        """Hold back everything; returns what enable() wants to know."""
        was = self._disabled
        self._disabled = True
        return 1 if was else 0

    def enable(self, state):
        """As it was before disable(); what was held back runs now."""
        self._disabled = bool(state)
        if self._backend.now_us() >= self.next_us:
            self.run()

    def run(self):
        """Call what is due. False if that must wait: in a callback, or while interrupts are disabled."""
        if self._busy or self._disabled:
            return False
        self._busy = True
        try:
            missed = 0
            while self.next_us <= self._backend.now_us():
                timer = self._due()
                missed += 1
                if missed > MOST_MISSED:
                    timer.skip_to(self._backend.now_us())
                else:
                    self._tick(timer)
                self._schedule()
        finally:
            self._busy = False
        return True

    def _due(self):
        for timer in self._timers:
            if timer.due_us + timer.late_us == self.next_us:
                return timer
        raise RuntimeError("no timer is due at %d" % self.next_us)

    def _schedule(self):
        next_us = NEVER
        for timer in self._timers:
            due_us = timer.due_us + timer.late_us
            if due_us < next_us:
                next_us = due_us
        self.next_us = next_us

    def _tick(self, timer):
        if timer.hard:
            timer.due_us += timer.period_us
            ok = self._call_hard(timer)
        else:
            timer.lose(self._backend.now_us())
            timer.due_us += timer.period_us
            ok = self._call_soft(timer)
        if not ok or timer.once:
            self.stop(timer)

    def _call_hard(self, timer):
        backend = self._backend
        micropython.heap_lock()
        backend.stands = True
        try:
            timer.callback(timer)
            return True
        except Exception as error:
            self.failed += 1
            failure = error
        finally:
            backend.stands = False
            micropython.heap_unlock()
        _say("uncaught exception in timer callback", failure)
        return False

    def _call_soft(self, timer):
        try:
            timer.callback(timer)
        except Exception as error:
            _say("", error)
        return True


def _say(words, error):
    try:
        if words:
            sys.stderr.write(words + "\n")
        sys.print_exception(error, sys.stderr)
    except MemoryError:
        pass  # the heap is locked by whoever is looking for allocations; `failed` tells
