"""The backend of `tankwarden sim`: inputs from the page file, outputs into the pipe, the chip's clock.

That is the machine's clock less what the machine withheld from the simulation, which the world tells in the page (see
tankwarden/sim/chipclock.py). Until its next tick has told, the clock goes on for GRACE_US at most, then it stands.
"""

import os
import struct
import sys
import time
from array import array

import flash
import simwire

_MICROPYTHON = sys.implementation.name == "micropython"
_FRESH_US = 50  # the world writes its page every 4 ms; two system calls for each look at a pin would cost too much
_SUSPECT_US = 1_000_000
_LOOK_US = 300  # how often the board looks whether the world goes on
_SCRATCH_AT = 4 * simwire.W_SCRATCH


def _clock():
    if _MICROPYTHON:
        import utime  # the built-in one: `time` is the shim

        return utime.ticks_us  # on unix CLOCK_MONOTONIC in µs, which never wraps in 64 bits
    return lambda: time.monotonic_ns() // 1000


class ProcessBackend:
    """words: the page as of the last refresh(), an array of ints."""

    LAZY_US = 100  # who looks at a pin or a register makes samples, so often at most

    def __init__(self, page, out):
        self._page = open(page, "r+b", 0)  # noqa: SIM115  open as long as the board has power
        self._out = open(out, "wb", 0)  # noqa: SIM115  likewise
        self._record = bytearray(simwire.RECORD_BYTES)
        self._scratch = bytearray(4)
        self.interrupts = None  # the board's, which run as time passes
        self.stands = False  # whether it is one instant: in a hard callback
        self.words = array("i", [0] * simwire.N_WORDS)
        self._clock = _clock()
        self._read_us = -_FRESH_US
        self._withheld_us = self._known_until_us = self._last_us = 0
        self.refresh()
        if self.words[simwire.W_MAGIC] != simwire.MAGIC:
            raise ValueError(
                "%s is not a page of this version: word 0 is %d, not %d" % (page, self.words[0], simwire.MAGIC)
            )
        if self.words[simwire.W_RESET_CAUSE] == simwire.CAUSE_POWER_ON:
            for i in range(simwire.N_SCRATCH):
                self.set_scratch(i, 0)
                self.words[simwire.W_SCRATCH + i] = 0

    def now_us(self):
        """The chip's time, which never wraps and never runs back."""
        if self.stands:
            return self._last_us
        t = self._clock()
        while t >= self._known_until_us:
            self._read_page(t)
            if t < self._known_until_us:
                break
            _pause_us(_LOOK_US)
            t = self._clock()
        t -= self._withheld_us
        if t > self._last_us:
            self._last_us = t
        return self._last_us

    def refresh(self):
        """Read the page anew, if it was not done just now. Allocation-free under MicroPython."""
        t = self._clock()
        if not 0 <= t - self._read_us < _FRESH_US:
            self._read_page(t)

    def _read_page(self, t):
        self._read_us = t
        self._page.seek(0)
        self._page.readinto(self.words)
        self._withheld_us = 1000 * self.words[simwire.W_WITHHELD]
        self._known_until_us = t - ((t - self.words[simwire.W_TICK]) & simwire.TICK_MASK) + simwire.GRACE_US
        if t - self._known_until_us > _SUSPECT_US:
            self.emit(self._last_us, simwire.WAITS, 0, 0)  # ends this process if there is no world any more

    def emit(self, t, kind, a, b):
        """One record, one write: it is whole or not there even if this process is killed."""
        struct.pack_into(simwire.RECORD_FORMAT, self._record, 0, t, kind, a, b, 0)
        try:
            self._out.write(self._record)
        except OSError:  # the world has ended; an exception would only look like the firmware's own
            self.halt()

    def set_scratch(self, index, value):
        """Scratch registers live in the page, so they outlast this process."""
        struct.pack_into("<I", self._scratch, 0, value & 0xFFFFFFFF)
        self._page.seek(_SCRATCH_AT + 4 * index)
        self._page.write(self._scratch)

    def flash_store(self):
        """The board's flash is the folder it runs in."""
        return flash.FolderStore(".")

    def halt(self):
        """End the process so that no `finally` and no `except` of the firmware can run on, as on the chip."""
        if _MICROPYTHON:
            os.system("kill -9 $PPID")  # the shell's parent is this process; unix MicroPython has no os.kill
        else:
            import signal

            os.kill(os.getpid(), signal.SIGKILL)
        while True:
            pass

    def sleep_us(self, us):
        """Wait, with interrupts at their instants. RuntimeError in one that is hard."""
        if self.stands:
            raise RuntimeError("a hard callback waits: on the chip that would hold everything up")
        until_us = self.now_us() + us
        while self.interrupts is not None and self.interrupts.next_us < until_us:
            rest_us = self.interrupts.next_us - self.now_us()
            if rest_us > 0:
                _pause_us(rest_us)
            elif not self.interrupts.run():
                break
        rest_us = until_us - self.now_us()
        while rest_us > 0:
            _pause_us(rest_us)
            rest_us = until_us - self.now_us()


def _pause():
    """Waits, of the machine's time. Found once: where a hard timer's callback may wait, nothing can be allocated."""
    if _MICROPYTHON:
        import utime

        return utime.sleep_us
    return lambda us: time.sleep(us / 1_000_000)


_pause_us = _pause()
