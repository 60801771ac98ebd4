"""Leases, and the sequence in which a circuit's two relays close and open. Pure: the clock is a parameter.

A circuit is closed only while a lease runs. What is worked out here, once a pass, is a permit for each relay: how long
its pin may stay high without being renewed. The hardware ends a permit by itself, so the relay that breaks the current
falls at the very end of the lease, however busy the processor is. Nothing here allocates.

A relay that is welded shut shows while the other one is closed alone: the carrier is so whenever a circuit closes or
opens; the breaker is so once a day, in PROVING. step() only makes the occasion, the judges look: see phase().
"""

import board
import limits

OPEN, CLOSING, CLOSED, OPENING, PROVING = range(5)  # the order of tanklink's CIRCUIT_STATES
BREAKER = board.DC_RATED  # of a circuit's pair: makes last, breaks first
CARRIER = 1 - BREAKER  # makes first, breaks last: never under current
KEEP = -1  # push nothing to this relay
NOTHING, REARM, LEASE_OVER = range(3)  # what step() asks for
# What a judge may take for granted of a circuit's contacts: phase(). In MOVING nothing.
MOVING, OFF, LONG_OFF, ON, CARRIER_ALONE, BREAKER_ALONE = range(6)
_DOUBT_US = 1000  # a permit that ended this shortly before a new one was pushed: only the next look tells who won

#            state     lease runs              lease ended, by itself or on purpose
#            OPEN      → PROVING (re-arm) if   stays
#                        the proof is due and the sun shines, else
#                      → CLOSING (re-arm)
#            PROVING   → OPEN for REST_US, and then CLOSING: breaker alone for the sequence time
#                                              → OPEN at once: the carrier never closed, so there is no current
#            CLOSING   → CLOSED after the      → OPEN at once: the breaker never closed, so there is no current
#                        sequence time: carrier alone
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
        self._proof_due = True  # that the carrier is not welded
        self._proven_s = 0  # when that was last shown
        self._resting = False  # open, between a proof and the closing that it was for
        self._looks = self._bright_looks = 0  # of the judges in this stage; those with sun enough to see a current

    def configure(self, sequence_ms):
        """Set the time between the two relays; a sequence that is under way keeps its own."""
        self._next_sequence_us = sequence_ms * 1000

    def demand_proof(self):
        """Have the carrier proven at the next closing: after arming."""
        self._proof_due = True

    def prove(self, clock):
        """The carrier has been seen to be open on its own."""
        self._proof_due = False
        self._proven_s = clock.s

    def proof_due(self, clock):
        """Whether the carrier is to be proven before the circuit closes."""
        return self._proof_due or clock.s - self._proven_s > limits.PROOF_S

    def looked(self, bright):
        """The judges have seen the circuit in phase CARRIER_ALONE or BREAKER_ALONE. bright: a current would show."""
        self._looks += 1
        if bright:
            self._bright_looks += 1

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

    def drop(self, clock):
        """After a trip, when the interlock has already dropped both relays."""
        self.leased = False
        if self.state != OPEN or not self._moved:
            self.state = OPEN
            self._s, self._us = clock.s, clock.us
        self._moved = True
        self._resting = False

    def ought_to_close(self):
        """Whether the relays are meant to hold: a latched one is then a finding."""
        return self.state == CLOSING or self.state == CLOSED or self.state == PROVING

    def phase(self, clock):
        """What the contacts must have come to by now: a relay's travel and bounce are over, or it is MOVING."""
        if not self._moved:
            return MOVING
        since_us = clock.since_us(self._s, self._us)
        if self.state == OPEN:
            if since_us < limits.OFF_US:
                return MOVING
            return OFF if since_us < limits.LONG_OFF_US else LONG_OFF
        if self.state == CLOSED:
            return ON if since_us >= limits.SETTLED_US else MOVING
        if since_us < self._travel_us():
            return MOVING
        return BREAKER_ALONE if self.state == PROVING else CARRIER_ALONE

    def _travel_us(self):
        """Whoever chose the sequence time knows the relays: by its end the first has moved, and 20 ms are to look."""
        return max(limits.LEAST_TRAVEL_US, min(limits.TRAVEL_US, self.sequence_us - 20_000))

    def left_ms(self, clock):
        """Of the lease, for STATUS."""
        return max(0, clock.until_us(self.end_s, self.end_us) // 1000) if self.leased else 0

    def step(self, clock, dropped=False, bright=False):
        """Once a pass: NOTHING, REARM (re-arm the interlock before the permits) or LEASE_OVER (it ran out).

        dropped: the interlock was found latched, though the fault line is whole and the circuit ought to hold.
        bright: a current would show now, so that a proof is worth its while.
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
            if self.leased and self._rested(clock):
                self.sequence_us = self._next_sequence_us
                self._lapses = False
                self._enter(PROVING if bright and not self._resting and self.proof_due(clock) else CLOSING)
                return REARM
        elif self.state != CLOSED and self._moved:
            self._go_on(clock)
        return NOTHING

    def _rested(self, clock):
        return not self._resting or (self._moved and clock.since_us(self._s, self._us) >= limits.REST_US)

    def _go_on(self, clock):
        """End the stage if its time is over; of one that is to show a weld, not before it was looked at."""
        stage_us = max(self.sequence_us, limits.PROVING_US) if self.state == PROVING else self.sequence_us
        if clock.since_us(self._s, self._us) < stage_us:
            return
        if self.state == OPENING:
            self._enter(OPEN)
        elif self._looks >= limits.WELD_N:
            if self.state == CLOSING:
                self._enter(CLOSED)
                return
            if self._bright_looks >= limits.WELD_N:  # else it waits for a closing with more sun
                self.prove(clock)
            self._enter(OPEN)
            self._resting = True

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
        if self.state == CLOSED or self.state == PROVING:
            permits[BREAKER] = _capped(rest_us)
            if self.state == PROVING:
                return
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
        elif self.state == CLOSING or self.state == PROVING:
            self._enter(OPEN)
        self._resting = False

    def _enter(self, state):
        self.state = state
        self._moved = False
        self._looks = self._bright_looks = 0
        self._resting = False


def _capped(us):
    return 0 if us < 0 else min(us, limits.PERMIT_US)
