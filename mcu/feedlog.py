"""The feedings of the last while, as the journal knows them: what each came to, and how much was fed within 24 hours.

The journal carries them over from block to block, long after the host has stored their events: they answer a repeated
operation, and the caps count them. A feeding whose beginning is in flash and whose report is not has not ended: at boot
that is one which a reset has cut. Allocates nothing after construction.
"""

from array import array

from journal_image import FED
from micropython import const

from tanklink.messages import FEED_REPORT, FEED_STARTED, FEEDING_REASONS, FEEDING_STATES

MAX_FEEDINGS = 24  # kept, of all feeders together: so many within 24 hours and no more
UNKNOWN, RUNNING, DONE, PARTIAL, FAILED = range(len(FEEDING_STATES))
NO_REASON, RESTART, NO_DROP, MISSED_DROP, TOO_LATE, JOURNAL = range(len(FEEDING_REASONS))
_DAY_S = const(86_400)

# Of a feeding, in one array.
_HI = const(0)
_LO = const(1)
_DAY = const(2)
_S = const(3)
_MG = const(4)
_FEEDER = const(5)
_STATE = const(6)
_REASON = const(7)
_TURNS = const(8)
_REST_US = const(9)
_DROPS = const(10)
_TOOK_MS = const(11)
_WIDTH = const(12)
# Of an event, as journal.py has them: message id, event id, boot id, s, ms, five fields, four small ones.
_OF_STARTED = ((5, _HI), (6, _LO), (7, _DAY), (8, _S), (9, _MG), (10, _FEEDER), (11, _TURNS), (12, _REST_US))
_OF_REPORT = ((7, _TOOK_MS), (8, _DROPS), (11, _STATE), (12, _REASON))
_OF_FED = ((1, _REST_US), (3, _TOOK_MS), (4, _DROPS), (5, _HI), (6, _LO), (7, _DAY), (8, _S), (9, _MG),
           (10, _FEEDER), (11, _STATE), (12, _REASON), (13, _TURNS))  # fmt: skip
_TURNS_IN_REPORT = const(9)


class FeedLog:
    """Feedings by place, oldest first; n of them. A place is good until the next begin()."""

    def __init__(self):
        self.n = 0
        self._all = array("i", bytes(4 * MAX_FEEDINGS * _WIDTH))
        self.fed_n = self.fed_turns = self.fed_mg = 0  # what count() found

    # -- reading ----------------------------------------------------------------------------------------------------

    def find(self, hi, lo):
        """Place of an operation, or -1."""
        rows = self._all
        for i in range(self.n):
            if rows[i * _WIDTH + _HI] == hi and rows[i * _WIDTH + _LO] == lo:
                return i
        return -1

    def running(self):
        """Place of the first feeding that has not ended, or -1."""
        for i in range(self.n):
            if self._all[i * _WIDTH + _STATE] == RUNNING:
                return i
        return -1

    def op_hi(self, place):
        """Of an operation's id the upper 30 bits."""
        return self._all[place * _WIDTH + _HI]

    def op_lo(self, place):
        """And the lower ones."""
        return self._all[place * _WIDTH + _LO]

    def feeder(self, place):
        """1 or 2."""
        return self._all[place * _WIDTH + _FEEDER]

    def state(self, place):
        """RUNNING, DONE, PARTIAL or FAILED."""
        return self._all[place * _WIDTH + _STATE]

    def reason(self, place):
        """Why it is not done."""
        return self._all[place * _WIDTH + _REASON]

    def turns(self, place):
        """Made; asked for, as long as it runs and if a reset has cut it."""
        return self._all[place * _WIDTH + _TURNS]

    def rest_us(self, place):
        """The pulse of its servo at rest."""
        return self._all[place * _WIDTH + _REST_US]

    def drops(self, place):
        """Seen by the sensor, or DROPS_UNKNOWN."""
        return self._all[place * _WIDTH + _DROPS]

    def took_ms(self, place):
        """From the first movement to rest."""
        return self._all[place * _WIDTH + _TOOK_MS]

    def count(self, feeder, day, s):
        """Sum up in fed_* what a feeder has been made to give within 24 hours of this instant of the host's clock.

        Either way: a host whose clock was set back has fed none the less.
        """
        self.fed_n = self.fed_turns = self.fed_mg = 0
        for i in range(self.n):
            if self.feeder(i) == feeder and self._counts(i, day, s):
                self.fed_n += 1
                self.fed_turns += self.turns(i)
                self.fed_mg += self._all[i * _WIDTH + _MG]

    def has_room(self, day, s):
        """Whether one more can be kept at this instant without forgetting one that counts."""
        return self.n < MAX_FEEDINGS or self._to_forget(day, s) >= 0

    # -- writing ----------------------------------------------------------------------------------------------------

    def begin(self, hi, lo, day, s, mg, feeder, turns, rest_us):
        """A feeding begins; has_room() must have said so. Returns its place."""
        if self.n == MAX_FEEDINGS:
            self._forget(max(0, self._to_forget(day, s)))
        at = self.n * _WIDTH
        rows = self._all
        for i in range(at, at + _WIDTH):
            rows[i] = 0
        rows[at + _HI], rows[at + _LO] = hi, lo
        rows[at + _DAY], rows[at + _S] = day, s
        rows[at + _MG], rows[at + _FEEDER] = mg, feeder
        rows[at + _TURNS], rows[at + _REST_US] = turns, rest_us
        rows[at + _STATE] = RUNNING
        self.n += 1
        return self.n - 1

    def end(self, place, state, reason, turns, drops, took_ms):
        """It has ended, and its report is where it is kept."""
        at = place * _WIDTH
        rows = self._all
        rows[at + _STATE], rows[at + _REASON] = state, reason
        rows[at + _TURNS], rows[at + _DROPS] = turns, drops
        rows[at + _TOOK_MS] = took_ms

    # -- flash ------------------------------------------------------------------------------------------------------

    def carry(self, writer):
        """Stage a record for each: to be read again by take()."""
        rows = self._all
        for i in range(self.n):
            at = i * _WIDTH
            writer.stage(
                FED, FEED_REPORT.id, rows[at + _REST_US], 0, rows[at + _TOOK_MS], rows[at + _DROPS],
                rows[at + _HI], rows[at + _LO], rows[at + _DAY], rows[at + _S], rows[at + _MG],
                rows[at + _FEEDER], rows[at + _STATE], rows[at + _REASON], rows[at + _TURNS],
            )  # fmt: skip

    def take(self, kind, event):
        """A record that was read at boot, in the order in which they were written: FED, or of one of the two events."""
        place = self.find(event[5], event[6])
        if place < 0 and kind != FED and event[0] == FEED_REPORT.id:
            return  # forgotten since
        if place < 0:
            place = self.begin(event[5], event[6], event[7], event[8], 0, 0, 0, 0)
        elif kind != FED and event[0] == FEED_STARTED.id:
            return  # carried along as an event, too: it may have ended since
        if kind == FED:
            self._set(place, _OF_FED, event)
        elif event[0] == FEED_STARTED.id:
            self._set(place, _OF_STARTED, event)
        else:
            self._set(place, _OF_REPORT, event)
            self._all[place * _WIDTH + _TURNS] = event[_TURNS_IN_REPORT]

    def _set(self, place, fields, event):
        for of_event, of_row in fields:
            self._all[place * _WIDTH + of_row] = event[of_event]

    # -- 24 hours ---------------------------------------------------------------------------------------------------

    def _counts(self, place, day, s):
        """Whether it moved, or may yet, within 24 hours of this instant."""
        at = place * _WIDTH
        rows = self._all
        if not rows[at + _TURNS]:
            return False
        days = day - rows[at + _DAY]
        if not -1 <= days <= 1:
            return False
        return -_DAY_S < days * _DAY_S + s - rows[at + _S] < _DAY_S

    def _to_forget(self, day, s):
        """Place of the oldest one that counts no more, or -1."""
        for i in range(self.n):
            if self.state(i) != RUNNING and not self._counts(i, day, s):
                return i
        return -1

    def _forget(self, place):
        rows = self._all
        for i in range((place + 1) * _WIDTH, self.n * _WIDTH):
            rows[i - _WIDTH] = rows[i]
        self.n -= 1
