"""The servos of the feeders, one at a time: hardware pulses at 50 Hz, whose width the loop moves evenly.

A movement is out to where it feeds, a while there, and back, so often as asked; then the pulses end and the pin is a
plain low output again: a servo at rest is not driven. A slice goes on by itself when the processor hangs: the watchdog
ends that. Times are those of the program's clock, so that a slow pass makes a movement coarser, never longer.
Nothing here allocates after construction.
"""

import board
import limits
import micropython
from machine import PWM, Pin
from micropython import const

from tanklink.messages import N_FEEDERS

HZ = 50
IDLE, TO_REST, OUT, HOLD, BACK, SETTLE, FADE = range(7)
_UNKNOWN = const(0)  # where a servo stands that was not moved since the start
# A hobby servo turns 60° in 0.1 to 0.2 s: so long it may need to rest from wherever it was left.
_FIND_MS = const(600)
_SETTLE_MS = const(300)  # it follows its pulses with a lag
_FADE_MS = const(45)  # pulses of no length, two periods of them: the last true one ends whole


class Servos:
    """phase: one of IDLE to FADE. turns: how many times it has fed in this movement."""

    def __init__(self, clock):
        self._clock = clock
        self._pwm = None
        self._stands_us = [_UNKNOWN] * N_FEEDERS
        self._servo = 0
        self._rest_us = self._feed_us = self._pulse_us = 0
        self._from_us = self._to_us = 0
        self._rotate_ms = self._hold_ms = self._phase_ms = 0
        self._asked = 0
        self._returns = True
        self._s = self._us = 0  # when the phase began
        self.phase = IDLE
        self.turns = 0
        self.starts_turn = False  # set when it sets out; whoever cares sets it back
        self._pins = [Pin(pin, Pin.OUT, value=0) for pin in board.SERVO_PINS]

    def start(self, servo, rest_us, feed_us, rotate_ms, hold_ms, turns, returns=True):
        """Begin a movement of servo 0 or 1; none is under way. Pulses end at limits.py whatever is asked.

        turns: 0 = only to rest. returns: else it is left where it feeds after the last turn.
        """
        self._servo = servo
        self._rest_us, self._feed_us = _bounded(rest_us), _bounded(feed_us)
        self._rotate_ms, self._hold_ms = rotate_ms, hold_ms
        self._asked, self._returns = turns, returns
        self.turns = 0
        self.starts_turn = False
        self._pulse_us = 0
        self._pwm = PWM(self._pins[servo], freq=HZ, duty_ns=0)
        stands_us = self._stands_us[servo]
        self._s, self._us = self._clock.s, self._clock.us
        if stands_us == _UNKNOWN:
            self._enter(TO_REST, _FIND_MS, self._rest_us, self._rest_us)
        else:
            self._enter(TO_REST, 0 if stands_us == self._rest_us else rotate_ms, stands_us, self._rest_us)

    @micropython.native
    def step(self):
        """Once a pass: go on with the movement."""
        if not self.phase:
            return
        clock = self._clock
        ms = clock.since_us(self._s, self._us) // 1000
        while self.phase and ms >= self._phase_ms:
            ms -= self._phase_ms
            self._next()
        if self.phase:
            # |rise| below 3000, ms at most a minute: below 2^28
            self._set(self._from_us + (self._to_us - self._from_us) * ms // self._phase_ms)

    def _next(self):
        """The phase is over: on to the next one, from the very instant at which it should have begun."""
        phase = self.phase
        self._us += self._phase_ms % 1000 * 1000
        self._s += self._phase_ms // 1000
        if self._us >= 1_000_000:
            self._us -= 1_000_000
            self._s += 1
        rest_us, feed_us = self._rest_us, self._feed_us
        if phase == OUT:
            self._enter(HOLD, self._hold_ms, feed_us, feed_us)
        elif phase == HOLD:
            self.turns += 1
            if self._returns or self.turns < self._asked:
                self._enter(BACK, self._rotate_ms, feed_us, rest_us)
            else:
                self._enter(SETTLE, _SETTLE_MS, feed_us, feed_us)
        elif phase == SETTLE:
            self._stands_us[self._servo] = self._to_us
            self._enter(FADE, _FADE_MS, 0, 0)
        elif phase == FADE:
            self._release()
        elif self.turns < self._asked:  # at rest
            self.starts_turn = True
            self._enter(OUT, self._rotate_ms, rest_us, feed_us)
        else:
            self._enter(SETTLE, _SETTLE_MS, rest_us, rest_us)

    def _enter(self, phase, ms, from_us, to_us):
        self.phase, self._phase_ms = phase, ms
        self._from_us, self._to_us = from_us, to_us

    @micropython.native
    def _set(self, pulse_us):
        if pulse_us != self._pulse_us:
            self._pulse_us = pulse_us
            self._pwm.duty_ns(pulse_us * 1000)

    def _release(self):
        """No pulses any more: first the pin is made a plain low output, since a slice that stops may leave it high."""
        self._pins[self._servo].init(Pin.OUT, value=0)
        self._pwm.deinit()
        self._pwm = None
        self.phase = IDLE


def _bounded(us):
    return min(max(us, limits.MIN_PULSE_US), limits.MAX_PULSE_US)
