"""Feedings, each exactly once: the beginning is in flash before the servo moves, the report after it has come to rest.

An operation has an id. One that is known moves nothing and is answered with how it stands; one whose last instant is
past, or of another boot, moves nothing either. So the host may ask as often as it likes, and a cut of power at any
instant leaves one of three: the journal knows nothing, and nothing moved; it knows the beginning only, and the next
boot makes that partial; or it knows the report. Nothing is ever done again. A feeding ends by itself, whatever becomes
of the host, of the circuits or of the loop's other work. Nothing here allocates after construction.
"""

import limits
import micropython
from drops import Drops
from feedlog import DONE, FAILED, JOURNAL, MISSED_DROP, NO_DROP, NO_REASON, PARTIAL, RESTART, TOO_LATE, UNKNOWN
from micropython import const
from servo import Servos

from tanklink.messages import (
    CONFIG_FEEDER,
    DROPS_UNKNOWN,
    FEED,
    FEED_REPORT,
    FEED_STARTED,
    FEED_STATE,
    N_FEEDERS,
    NAK_REASONS,
    TEST_SERVO,
)  # fmt: skip

# What is going on.
IDLE, BEGUN, FEEDING, ENDED, MOVING = range(5)  # BEGUN, ENDED: a record is on its way to flash; MOVING: no feeding

_BAD_RANGE, _NOT_CONFIGURED = NAK_REASONS.index("range"), NAK_REASONS.index("not_configured")
_BAD_BOOT_ID, _TOO_LATE = NAK_REASONS.index("boot_id"), NAK_REASONS.index("too_late")
_CAP, SERVO_BUSY = NAK_REASONS.index("feeding_cap"), NAK_REASONS.index("servo_busy")
_JOURNAL_FULL = NAK_REASONS.index("journal_full")

# Places of fields: as constants they cost no memory. Of FEED:
_OP_HI = const(0)
_OP_LO = const(1)
_FEEDER = const(2)
_BOOT_ID = const(3)
_AFTER_S = const(4)
_AFTER_MS = const(5)
_DAY = const(6)
_WALL_S = const(7)
_REST = const(8)
_RETURNS = const(12)
_TURNS = const(13)
_MG = const(14)
# From rest_us on, in FEED and TEST_SERVO alike:
_TEST_REST = const(1)
_FEED_US = const(1)
_ROTATE_MS = const(2)
_HOLD_MS = const(3)
# Of CONFIG_FEEDER:
_ENABLED = const(1)
_PULSE_MIN = const(2)
_PULSE_MAX = const(3)
_MAX_TURNS = const(4)
_MAX_FEEDINGS = const(5)
_MAX_TURNS_24H = const(6)
_MAX_MG = const(7)
_SENSOR = const(8)
assert (FEED.index["rest_us"], FEED.index["portion_mg"]) == (_REST, _MG)
assert (TEST_SERVO.index["rest_us"], CONFIG_FEEDER.index["drop_sensor"]) == (_TEST_REST, _SENSOR)
# field of CONFIG_FEEDER: least and greatest value that an enabled feeder may have
_BOUNDS = (
    (_PULSE_MIN, limits.MIN_PULSE_US, limits.MAX_PULSE_US),
    (_PULSE_MAX, limits.MIN_PULSE_US, limits.MAX_PULSE_US),
    (_MAX_TURNS, 1, limits.MAX_TURNS),
    (_MAX_FEEDINGS, 1, limits.MAX_FEEDINGS_24H),
    (_MAX_TURNS_24H, 1, limits.MAX_TURNS_24H),
    (_MAX_MG, 1, limits.MAX_MG_24H),
)


class Feeder:
    """All feeders, of which one may be moving. state: IDLE to MOVING."""

    def __init__(self, clock, journal):
        self._clock, self._journal, self._log = clock, journal, journal.feedings
        self.servos, self._drops = Servos(clock), Drops(clock)
        self.state = IDLE
        self._asked = FEED.new()  # of the feeding that goes on
        self._place = -1  # of it in the log
        self._has_sensor = False
        self._event_id = 0  # whose record is awaited
        self._s = self._us = 0  # when it began to move
        self._turns = self._seen_turns = self._drops_before = 0
        self._outcome = self._reason = self._took_ms = 0
        self._tested_s = [-limits.TESTS_WINDOW_S - 1] * limits.MAX_TESTS

    def busy(self):
        """Whether a servo moves, or will, or the report of a feeding is not yet kept."""
        return self.state != IDLE

    # -- at boot ----------------------------------------------------------------------------------------------------

    def recall(self):
        """A feeding that has begun and has no report was cut by the reset: partial, and its servo goes to rest."""
        log = self._log
        place = log.running()
        while place >= 0:
            self._journal.add(
                FEED_REPORT, self._clock, log.op_hi(place), log.op_lo(place), 0, DROPS_UNKNOWN, log.turns(place),
                log.feeder(place), PARTIAL, RESTART,
            )  # fmt: skip
            log.end(place, PARTIAL, RESTART, log.turns(place), DROPS_UNKNOWN, 0)
            if not self.busy() and 1 <= log.feeder(place) <= N_FEEDERS:
                self.state = MOVING
                rest_us = log.rest_us(place)
                self.servos.start(log.feeder(place) - 1, rest_us, rest_us, limits.MIN_ROTATE_MS, 0, 0)
            place = log.running()

    # -- the pass ---------------------------------------------------------------------------------------------------

    @micropython.native
    def step(self):
        """Once a pass."""
        if self.state:
            self.servos.step()
            self._go_on()

    def _go_on(self):
        state = self.state
        if state == FEEDING:
            self._look_for_drops()
            if not self.servos.phase:
                self._judge()
        elif state == MOVING:
            if not self.servos.phase:
                self.state = IDLE
        elif not self._journal.pending(self._event_id):
            if state == BEGUN:
                self._move()
            else:
                self._settle()

    def _move(self):
        """The beginning is in flash: now the servo may move, unless that took too long or did not work."""
        asked, clock = self._asked, self._clock
        if self._journal.broken:
            self._end(FAILED, JOURNAL)
        elif self._is_too_late(asked):
            self._end(FAILED, TOO_LATE)
        else:
            servo = asked[_FEEDER] - 1
            self._s, self._us = clock.s, clock.us
            self._turns = self._seen_turns = self._drops_before = 0
            self._drops.watch(servo)
            self.servos.start(
                servo, asked[_REST], asked[_REST + _FEED_US], asked[_REST + _ROTATE_MS], asked[_REST + _HOLD_MS],
                asked[_TURNS], asked[_RETURNS],
            )  # fmt: skip
            self.state = FEEDING

    def _look_for_drops(self):
        """What falls from one way out to the next belongs to the turn between."""
        if self._has_sensor:
            self._drops.look()
        if self.servos.starts_turn:
            self.servos.starts_turn = False
            self._count_turn(self.servos.turns)

    def _count_turn(self, made):
        if made and self._drops.n > self._drops_before:
            self._seen_turns += 1
        self._drops_before = self._drops.n

    def _judge(self):
        """The servo is at rest again."""
        self._turns = self.servos.turns
        self._count_turn(self._turns)
        self._took_ms = self._clock.since_us(self._s, self._us) // 1000
        if not self._has_sensor or self._seen_turns >= self._turns:
            self._end(DONE, NO_REASON)
        elif self._seen_turns:
            self._end(PARTIAL, MISSED_DROP)
        else:
            self._end(FAILED, NO_DROP)

    def _end(self, outcome, reason):
        self._outcome, self._reason = outcome, reason
        asked = self._asked
        self._event_id = self._journal.add(
            FEED_REPORT, self._clock, asked[_OP_HI], asked[_OP_LO], self._took_ms, self._seen(), self._turns,
            asked[_FEEDER], outcome, reason,
        )  # fmt: skip
        self.state = ENDED

    def _seen(self):
        """Drops, for the report. Without a sensor nobody knows, unless nothing moved."""
        return self._drops.n if self._has_sensor or not self._turns else DROPS_UNKNOWN

    def _settle(self):
        """The report is in flash: now it may be told."""
        self._log.end(self._place, self._outcome, self._reason, self._turns, self._seen(), self._took_ms)
        self.state = IDLE

    # -- what the host asks -----------------------------------------------------------------------------------------

    def objection(self, p, values):
        """Why a FEED must not begin: the index of a NAK reason, or None."""
        if not 1 <= values[_FEEDER] <= N_FEEDERS:
            return _BAD_RANGE
        config = p.received.feeders[values[_FEEDER]]
        if not config[_ENABLED]:
            return _NOT_CONFIGURED
        if values[_BOOT_ID] != p.identity.boot_id:
            return _BAD_BOOT_ID
        if self._is_too_late(values):
            return _TOO_LATE
        motion_ms = 2 * values[_REST + _ROTATE_MS] + values[_REST + _HOLD_MS]
        if (
            not self._fits(values, _REST, config)
            or values[_AFTER_S] - self._clock.s > limits.MAX_FEED_AHEAD_S
            or values[_TURNS] < 1
            or values[_TURNS] * motion_ms > limits.MAX_FEEDING_MS
        ):
            return _BAD_RANGE
        if self.busy():
            return SERVO_BUSY
        if self._is_over(values, config):
            return _CAP
        return None if self._journal.takes_feeding(p.all_open()) else _JOURNAL_FULL

    def begin(self, values, has_sensor):
        """Begin a feeding that nothing objects to: its first record is on its way to flash from now on."""
        for i in range(len(values)):
            self._asked[i] = values[i]
        hi, lo, feeder = values[_OP_HI], values[_OP_LO], values[_FEEDER]
        day, s, mg = values[_DAY], values[_WALL_S], values[_MG]
        turns, rest_us = values[_TURNS], values[_REST]
        self._place = self._log.begin(hi, lo, day, s, mg, feeder, turns, rest_us)
        self._event_id = self._journal.add(FEED_STARTED, self._clock, hi, lo, day, s, mg, feeder, turns, rest_us)
        self._has_sensor = has_sensor
        self._turns = self._took_ms = 0
        self._drops.n = 0
        self.state = BEGUN

    def test(self, p, values):
        """Move out and back once. Returns the index of a NAK reason, or None."""
        feeder = values[0]
        if not 1 <= feeder <= N_FEEDERS or not self._fits(values, _TEST_REST, p.received.feeders[feeder]):
            return _BAD_RANGE
        if self.busy():
            return SERVO_BUSY
        tested_s, now_s = self._tested_s, self._clock.s
        if now_s - tested_s[0] <= limits.TESTS_WINDOW_S:
            return _CAP
        for i in range(len(tested_s) - 1):
            tested_s[i] = tested_s[i + 1]
        tested_s[-1] = now_s
        at = _TEST_REST
        self.servos.start(
            feeder - 1, values[at], values[at + _FEED_US], values[at + _ROTATE_MS], values[at + _HOLD_MS], 1
        )
        self.state = MOVING
        return None

    def tell(self, hi, lo, answer):
        """Fill FEED_STATE: how an operation stands."""
        log = self._log
        place = log.find(hi, lo)
        answer[0], answer[1] = hi, lo
        answer[2] = log.state(place) if place >= 0 else UNKNOWN
        answer[3] = log.reason(place) if place >= 0 else NO_REASON
        answer[4] = log.turns(place) if place >= 0 else 0
        answer[5] = log.drops(place) if place >= 0 else 0
        answer[6] = log.took_ms(place) if place >= 0 else 0
        answer[7] = self._journal.lost

    def _is_too_late(self, values):
        return self._clock.until_us(values[_AFTER_S], 1000 * values[_AFTER_MS]) < 0

    def _fits(self, values, at, config):
        """Whether a motion keeps to limits.py and, if there is a configuration, to the servo's own range."""
        low = config[_PULSE_MIN] if config[_ENABLED] else limits.MIN_PULSE_US
        high = config[_PULSE_MAX] if config[_ENABLED] else limits.MAX_PULSE_US
        return (
            low <= values[at] <= high
            and low <= values[at + _FEED_US] <= high
            and limits.MIN_ROTATE_MS <= values[at + _ROTATE_MS] <= limits.MAX_ROTATE_MS
            and values[at + _HOLD_MS] <= limits.MAX_HOLD_MS
        )

    def _is_over(self, values, config):
        """Whether it would be too much, in one feeding or within 24 hours."""
        log, turns, mg = self._log, values[_TURNS], values[_MG]
        if turns > config[_MAX_TURNS] or not log.has_room(values[_DAY], values[_WALL_S]):
            return True
        log.count(values[_FEEDER], values[_DAY], values[_WALL_S])
        return (
            log.fed_n >= config[_MAX_FEEDINGS]
            or log.fed_turns + turns > config[_MAX_TURNS_24H]
            or mg > config[_MAX_MG] - log.fed_mg
        )


# -- handlers, as commands.py has them ----------------------------------------------------------------------------


def config_feeder(p, values):
    """CONFIG_FEEDER. True if it is taken."""
    if values[_ENABLED]:
        for field, low, high in _BOUNDS:
            if not low <= values[field] <= high:
                return False
        if values[_PULSE_MIN] >= values[_PULSE_MAX]:
            return False
    return p.receiving().set_feeder(values)


def feed(p, values):
    """FEED. FEED_STATE, or the index of a NAK reason."""
    feeder = p.feeder
    hi, lo = values[_OP_HI], values[_OP_LO]
    if p.journal.feedings.find(hi, lo) < 0:
        refusal = feeder.objection(p, values)
        if refusal is not None:
            return refusal
        feeder.begin(values, p.received.feeders[values[_FEEDER]][_SENSOR])
    return feed_status(p, values)


def feed_status(p, values):
    """FEED_STATUS: hi and lo come first in both messages."""
    p.feeder.tell(values[0], values[1], p.commands.answers[FEED_STATE.id])
    return FEED_STATE
