"""Leases, and the sequence in which a circuit's two relays close and open. Pure: the clock is a parameter.

A circuit is closed only while a lease runs. What is worked out here, once a pass, is a permit for each relay: how long
its pin may stay high without being renewed. The hardware ends a permit by itself, so the relay that breaks the current
falls at the very end of the lease, however busy the processor is. Nothing here allocates.
"""

import board
import limits

OPEN, CLOSING, CLOSED, OPENING = range(4)  # the order of tanklink's CIRCUIT_STATES
BREAKER = board.DC_RATED  # of a circuit's pair: makes last, breaks first
CARRIER = 1 - BREAKER  # makes first, breaks last: never under current
KEEP = -1  # push nothing to this relay
NOTHING, REARM, LEASE_OVER = range(3)  # what step() asks for
_DOUBT_US = 1000  # a permit that ended this shortly before a new one was pushed: only the next look tells who won

#            state     lease runs              lease ended, by itself or on purpose
#            OPEN      → CLOSING (re-arm)      stays
#            CLOSING   → CLOSED after the      → OPEN at once: the breaker never closed, so there is no current
#                        sequence time
#            CLOSED    stays                   → OPENING: breaker off
#            OPENING   → OPEN after the sequence time, and only then anew; a trip: → OPEN at once, from anywhere


class Circuit:
    """One circuit: its lease, its state and the permits of its pair of relays."""

    def __init__(self):
        self.state = OPEN
        self.leased = False
        self.end_s = 0  # of the lease
        self.end_us = 0
        self.over_ms = 0  # how long after its end the last lease was found to be over
        self.permits = [KEEP, KEEP]  # for outside and inside, µs, from permits_at()
        self.sequence_us = 0
        self._next_sequence_us = 0
        self._s = 0  # when the first relay of the present sequence moved
        self._us = 0
        self._lapses = False  # whether the permits last pushed end with a lease, not by their own cap
        self._lapse_s = 0  # and when
        self._lapse_us = 0
        self._moved = True  # False from entering a state until permits_at() has told the relays

    def configure(self, sequence_ms):
        """Set the time between the two relays; a sequence that is under way keeps its own."""
        self._next_sequence_us = sequence_ms * 1000

    def grant(self, s, us):
        """Keep the circuit closed until an instant; whoever calls has checked it against now and the longest lease."""
        self.leased = True
        self.end_s, self.end_us = s, us

    def release(self):
        """End the lease on purpose: the circuit opens in sequence. False if there is nothing to end."""
        if not (self.leased or self.ought_to_close()):
            return False
        self.leased = False
        self._open()
        return True

    def drop(self):
        """After a trip, when the interlock has already dropped both relays."""
        self.leased = False
        self.state = OPEN
        self._moved = True

    def ought_to_close(self):
        """Whether the relays are meant to hold: a latched one is then a finding."""
        return self.state == CLOSING or self.state == CLOSED

    def left_ms(self, clock):
        """Of the lease, for STATUS."""
        return max(0, clock.until_us(self.end_s, self.end_us) // 1000) if self.leased else 0

    def step(self, clock, dropped=False):
        """Once a pass: NOTHING, REARM (re-arm the interlock before the permits) or LEASE_OVER (it ran out).

        dropped: the interlock was found latched, though the fault line is whole and the circuit ought to hold.
        """
        if self.leased and clock.until_us(self.end_s, self.end_us) <= 0:
            self.leased = False
            self._lapse(clock, self.end_s, self.end_us)
            return LEASE_OVER
        if self._lapses:
            late_us = clock.since_us(self._lapse_s, self._lapse_us)
            if dropped and late_us >= 0:  # the new lease was heard after the relays had gone by the old one
                self._lapse(clock, self._lapse_s, self._lapse_us)
                return LEASE_OVER
            if late_us > _DOUBT_US:
                self._lapses = False  # the permit of the new lease came in time
        if self.state == OPEN:
            if self.leased:
                self.sequence_us = self._next_sequence_us
                self._lapses = False
                self._enter(CLOSING)
                return REARM
        elif self.state != CLOSED and self._moved and clock.since_us(self._s, self._us) >= self.sequence_us:
            self._enter(CLOSED if self.state == CLOSING else OPEN)
        return NOTHING

    def permits_at(self, clock):
        """Fill permits for this instant, the one at which they are pushed. µs; 0 = drop now; KEEP = push nothing."""
        permits = self.permits
        permits[BREAKER] = permits[CARRIER] = KEEP
        fresh = not self._moved
        if fresh:
            self._moved = True
            self._s, self._us = clock.s, clock.us
        if self.state == OPEN:
            if fresh:
                permits[BREAKER] = permits[CARRIER] = 0
            return
        if self.state == OPENING:
            permits[BREAKER] = 0
            permits[CARRIER] = _capped(self.sequence_us - clock.since_us(self._s, self._us))
            return
        rest_us = clock.until_us(self.end_s, self.end_us)
        if not (self._lapses and clock.until_us(self._lapse_s, self._lapse_us) < _DOUBT_US):
            self._lapses = rest_us <= limits.PERMIT_US
            self._lapse_s, self._lapse_us = self.end_s, self.end_us
        if self.state == CLOSED:
            permits[BREAKER] = _capped(rest_us)
            rest_us += self.sequence_us
        permits[CARRIER] = _capped(rest_us)

    def _lapse(self, clock, s, us):
        """A lease ended at that instant, and with it the permits: the breaker fell then, not now."""
        self._lapses = False
        self.over_ms = clock.since_us(s, us) // 1000
        closed = self.state == CLOSED
        self._open()
        if closed:
            self._s, self._us, self._moved = s, us, True

    def _open(self):
        if self.state == CLOSED:
            self._enter(OPENING)
        elif self.state == CLOSING:
            self._enter(OPEN)

    def _enter(self, state):
        self.state = state
        self._moved = False


def _capped(us):
    return 0 if us < 0 else min(us, limits.PERMIT_US)
