"""What the host may say, and when: one literal table from message to handler, and the session in which it counts.

A handler gets the program and the values, and returns the reply (its values stand in program.commands.answers), None
for silence, or the index of a NAK reason; a refusal changes nothing. Every refusal is counted. Grants and PING
allocate nothing.
"""

import feeder
import identity
import limits
import micropython
import selftest
from link import NOBODY
from relays import OPEN
from trips import ANY, ARMED, DISARMED, FAULT, RAISED, TRIPPED

from tanklink.messages import (
    ACK,
    ARM,
    CONFIG_CHECK,
    CONFIG_CIRCUIT,
    CONFIG_FEEDER,
    CONFIG_LIGHT,
    CONFIG_LIGHTS,
    CONFIG_POINT,
    CONFIG_STATE,
    DIGEST,
    DISARM,
    EFFECT,
    EVENT_ACK,
    FEED,
    FEED_STATE,
    FEED_STATUS,
    HELLO,
    LEASE,
    LEVELS,
    MAINTENANCE,
    N_CIRCUITS,
    NAK,
    NAK_REASONS,
    PING,
    PLAN_KNOTS,
    PLAN_START,
    PONG,
    READ_TRACE,
    RESET,
    RESET_TRIP,
    SELFTEST,
    SELFTEST_RESULT,
    TEST_SERVO,
    TRACE,
    TRACE_PART_BYTES,
    TRACE_PERIOD_US,
    WELCOME,
)  # fmt: skip
from tanklink.schema import COMMAND, SMALL_MAX

# The names of NAK_REASONS, as indices.
(
    BAD_DIGEST, NO_SESSION, BAD_STATE, BAD_RANGE, BAD_RATE, BAD_NONCE, BAD_BOOT_ID, BAD_CONFIG_CRC, CONFIG_INCOMPLETE,
    LEASE_EXPIRED, LEASE_TOO_LONG, NOT_CONFIGURED, WRONG_TRIP, CAUSE_PRESENT, TOO_SOON, FAULT_LINE, SELFTEST_FAILED,
    NO_TRACE, OLD_ARMING,
) = range(NAK_REASONS.index("old_arming") + 1)  # fmt: skip

_W, _T = WELCOME.index, TRACE.index
_CIRCUIT_FIELDS = CONFIG_CIRCUIT.index
_ENABLED = _CIRCUIT_FIELDS["enabled"]
# field of CONFIG_CIRCUIT: least and greatest value that limits.py lets an enabled circuit have
_BOUNDS = tuple(
    (_CIRCUIT_FIELDS[name], low, high)
    for name, low, high in (
        ("resistance_mohm", limits.MIN_RESISTANCE_MOHM, limits.MAX_RESISTANCE_MOHM),
        ("current_limit_ma", 1, limits.MAX_CURRENT_MA),
        ("temperature_limit_m_degf", 1, limits.MAX_TEMPERATURE_M_DEGF),
        ("short_min_ma", 1, limits.MAX_SHORT_MIN_MA),
        ("short_tolerance_permille", 0, limits.MAX_SHORT_TOLERANCE_PERMILLE),
        ("sequence_ms", 0, limits.MAX_SEQUENCE_MS),
        ("voltage_limit_mv", 1, limits.MAX_VOLTAGE_MV),
        ("voltage_min_mv", limits.MIN_VOLTAGE_MIN_MV, limits.MAX_VOLTAGE_MIN_MV),
        (
            "impedance_tolerance_permille",
            limits.MIN_IMPEDANCE_TOLERANCE_PERMILLE,
            limits.MAX_IMPEDANCE_TOLERANCE_PERMILLE,
        ),
        ("leak_ma", limits.MIN_LEAK_MA, limits.MAX_LEAK_MA),
        ("no_rise_wh", 1, limits.MAX_NO_RISE_WH),
        ("no_rise_m_degf", 1, limits.MAX_NO_RISE_M_DEGF),
        ("stuck_s", 1, limits.MAX_STUCK_S),
        ("rate_m_degf_per_s", 1, limits.MAX_RATE_M_DEGF_PER_S),
    )
)


# -- session ----------------------------------------------------------------------------------------------------


def _hello(p, values):
    commands = p.commands
    digest, session = values
    if not commands.open or session != commands.session:
        p.disarm()
        p.link.forget()
        commands.begin(session)
        p.telemetry.begin()
    commands.compatible = digest == DIGEST
    return WELCOME


def _ping(p, values):
    answer = p.commands.answers[PONG.id]
    answer[0], answer[1], answer[2] = values[0], p.clock.s, p.clock.ms_part()
    return PONG


def _maintenance(p, _values):
    if p.feeder.busy():
        return feeder.SERVO_BUSY  # a few seconds, and it has come to rest: a reset would leave it half way
    p.disarm()
    p.drop_everything()
    p.leave_for_maintenance()
    return ACK


# -- configuration and arming -----------------------------------------------------------------------------------


def _config_circuit(p, values):
    if values[_ENABLED]:
        for field, low, high in _BOUNDS:
            if not low <= values[field] <= high:
                return BAD_RANGE
    p.commands.nonce_holds = p.commands.checked = False
    return ACK if p.receiving().set_circuit(values) else BAD_RANGE


def _config_point(p, values):
    p.commands.nonce_holds = p.commands.checked = False
    return ACK if p.receiving().set_point(values) else BAD_RANGE


def _config_feeder(p, values):
    p.commands.nonce_holds = p.commands.checked = False
    return ACK if feeder.config_feeder(p, values) else BAD_RANGE


def _config_check(p, _values):
    commands = p.commands
    if p.machine.within(_CONFIGURABLE) and p.all_open() and not p.unfit_config():
        p.judge_anew()  # no current is seen from here on; and the quiet time before a reset runs from here
        off = p.machine.state == DISARMED and p.judges() and selftest.reference(p.sampler)
        if off:
            p.fail(*off)
    commands.nonce = identity.random_number()
    commands.nonce_holds = commands.checked = True
    answer = commands.answers[CONFIG_STATE.id]
    answer[0], answer[1], answer[2] = p.received.crc(), commands.nonce, p.received.complete()
    return CONFIG_STATE


def _arm(p, values):
    nonce, boot_id, config_crc = values
    commands = p.commands
    if not commands.nonce_holds or nonce != commands.nonce:
        return BAD_NONCE
    commands.nonce_holds = False
    if boot_id != p.identity.boot_id:
        return BAD_BOOT_ID
    if config_crc != p.received.crc():
        return BAD_CONFIG_CRC
    if p.unfit_config():
        return CONFIG_INCOMPLETE
    for circuit in p.circuits:
        if circuit.state != OPEN:  # of the last session: the feed's pulse would part it under current
            return BAD_STATE
    p.adopt_config()
    if not selftest.lines_answer(p.interlock, p.facts.enabled, p.sleep_us):
        return SELFTEST_FAILED
    for c in range(N_CIRCUITS):
        if p.facts.enabled[c] and not p.interlock.fault_line(c + 1):
            return FAULT_LINE
    if p.finds_cause():
        return CAUSE_PRESENT
    p.arm()
    commands.arming = nonce
    return ACK


def _disarm(p, _values):
    p.disarm()
    return ACK


@micropython.native
def _lease(p, values):
    number, s, ms, arming = values
    if number < 1:
        return BAD_RANGE
    us = 1000 * ms
    rest_us = p.clock.until_us(s, us)
    if rest_us <= 0:  # this is how the host switches off; here it already is
        return None
    if p.machine.state != ARMED:
        return BAD_STATE
    if arming != p.commands.arming:
        return OLD_ARMING
    if not p.facts.enabled[number - 1]:
        return NOT_CONFIGURED
    if rest_us > limits.MAX_LEASE_MS * 1000:
        return LEASE_TOO_LONG
    if not p.clears:  # else the journal is about to be erased: the next renewal closes the circuit again
        p.circuits[number - 1].grant(s, us)
        p.overcurrent.grant(number - 1, rest_us)
    return None


@micropython.native
def _switched_off(p, values):
    """Do at once what a LEASE asks whose end is past: open its circuit. False if it is none, or there is nothing to do.

    It goes before every condition and is never refused, whoever sends it: all it can do is open.
    """
    number, s, ms, _ = values
    if number < 1 or p.clock.until_us(s, 1000 * ms) > 0:
        return False
    return p.circuits[number - 1].release()


# -- trips and events -------------------------------------------------------------------------------------------


def _reset_trip(p, values):
    trip_id = values[0]
    if trip_id != p.journal.standing_id():
        return WRONG_TRIP
    if not p.commands.checked or p.unfit_config():  # half of a configuration may look whole
        return CONFIG_INCOMPLETE
    p.judge_anew()  # after a reset of the board nothing has looked at the circuits yet
    if not p.sees_cause():
        return CONFIG_INCOMPLETE
    if p.cause_stands():
        return CAUSE_PRESENT
    if p.quiet_us() < limits.RESET_QUIET_MS * 1000:
        return TOO_SOON
    if p.machine.state == FAULT and not selftest.passes(p):
        return SELFTEST_FAILED
    p.journal.add(RESET, p.clock, trip_id)
    p.machine.move("reset")
    return ACK


def _selftest(p, _values):
    if not p.all_open():
        return BAD_STATE
    p.collect()  # its memory test wants a large piece
    try:
        failed = selftest.at_boot(p.interlock, p.sampler, p.ticks_us, p.sleep_us)
    except MemoryError:
        return SELFTEST_FAILED
    answer = p.commands.answers[SELFTEST_RESULT.id]
    for i in range(5):
        answer[i] = 0
    if failed:
        name, answer[0], answer[3], answer[4] = failed
        answer[1], answer[2], _ = RAISED[name]
        p.fail(*failed)
    answer[5], answer[6] = p.integrity.checked_s(), p.journal.broken
    return SELFTEST_RESULT


def _read_trace(p, values):
    trip_id, part = values
    answer = p.commands.answers[TRACE.id]
    if not p.black_box.read(trip_id, part, answer[_T["samples"]]):
        return TOO_SOON if p.black_box.keeps(trip_id) else NO_TRACE
    answer[_T["trip_id"]], answer[_T["part"]] = trip_id, part
    answer[_T["at_tick"]], answer[_T["period_us"]] = p.black_box.at_tick, TRACE_PERIOD_US
    return TRACE


def _test_servo(p, values):
    refusal = p.feeder.test(p, values)
    return ACK if refusal is None else refusal


def _event_ack(p, values):
    if p.journal.acknowledge(values[0]):
        p.telemetry.acknowledged()


# -- lights -----------------------------------------------------------------------------------------------------


def _config_light(p, values):
    return _done(p.lights.configure(values))


def _config_lights(p, values):
    return _done(p.lights.configure_all(values))


def _plan_knots(p, values):
    return _done(p.lights.gather(values))


def _plan_start(p, values):
    return _done(p.lights.start(values))


def _effect(p, values):
    return _done(p.lights.take_effect(values))


def _levels(p, values):
    return p.lights.hold(values)


def _done(objection):
    return ACK if objection is None else objection


# -- the table --------------------------------------------------------------------------------------------------

_ALWAYS, _IN_SESSION, _SAME_TABLE = range(3)  # what must hold: nothing, a session, one with the same digest
_CONFIGURABLE = 1 << DISARMED | 1 << TRIPPED | 1 << FAULT
_RUNNING = _CONFIGURABLE | 1 << ARMED  # animals eat whatever has become of the circuits

# message: (handler, states in which it is allowed, what else must hold)
HANDLERS = {
    HELLO.id: (_hello, ANY, _ALWAYS),
    PING.id: (_ping, ANY, _ALWAYS),
    MAINTENANCE.id: (_maintenance, ANY, _IN_SESSION),
    CONFIG_CIRCUIT.id: (_config_circuit, _CONFIGURABLE, _SAME_TABLE),
    CONFIG_POINT.id: (_config_point, _CONFIGURABLE, _SAME_TABLE),
    CONFIG_FEEDER.id: (_config_feeder, _CONFIGURABLE, _SAME_TABLE),
    CONFIG_CHECK.id: (_config_check, ANY, _SAME_TABLE),
    ARM.id: (_arm, 1 << DISARMED, _SAME_TABLE),
    DISARM.id: (_disarm, 1 << DISARMED | 1 << ARMED, _SAME_TABLE),
    LEASE.id: (_lease, ANY, _SAME_TABLE),  # one that closes: ARMED only
    RESET_TRIP.id: (_reset_trip, 1 << TRIPPED | 1 << FAULT, _SAME_TABLE),
    READ_TRACE.id: (_read_trace, ANY, _SAME_TABLE),
    SELFTEST.id: (_selftest, _CONFIGURABLE, _SAME_TABLE),
    FEED.id: (feeder.feed, _RUNNING, _SAME_TABLE),
    FEED_STATUS.id: (feeder.feed_status, ANY, _SAME_TABLE),
    TEST_SERVO.id: (_test_servo, _RUNNING, _SAME_TABLE),
    EVENT_ACK.id: (_event_ack, ANY, _SAME_TABLE),
    CONFIG_LIGHT.id: (_config_light, ANY, _SAME_TABLE),
    CONFIG_LIGHTS.id: (_config_lights, ANY, _SAME_TABLE),
    PLAN_KNOTS.id: (_plan_knots, ANY, _SAME_TABLE),
    PLAN_START.id: (_plan_start, ANY, _SAME_TABLE),
    EFFECT.id: (_effect, ANY, _SAME_TABLE),
    LEVELS.id: (_levels, ANY, _SAME_TABLE),
}
# Their answer is about this very moment, so a repeated one is answered anew instead of replayed.
_FRESH = (HELLO.id, PING.id)


class Window:
    """At most `most` in a second, counted from the first one after the last window."""

    def __init__(self, most):
        self._most = most
        self._n = 0
        self._s = self._us = 0

    def admit(self, clock):
        if self._n == 0 or clock.since_us(self._s, self._us) >= 1_000_000:
            self._n = 0
            self._s, self._us = clock.s, clock.us
        if self._n >= self._most:
            return False
        self._n += 1
        return True


class Commands:
    """The session, and the way of every message that comes in."""

    def __init__(self, program):
        self._p = program
        replies = (WELCOME, NAK, ACK, PONG, CONFIG_STATE, TRACE, FEED_STATE, SELFTEST_RESULT)
        self.answers = {m.id: m.new() for m in replies}
        self.answers[TRACE.id][_T["samples"]] = bytearray(TRACE_PART_BYTES)
        self.open = False
        self.session = 0
        self.compatible = False  # a session is open and its host has the same digest
        self.nonce = self.arming = 0  # what the next ARM must name; what the leases of the last one do
        self.nonce_holds = False
        self.checked = True  # nothing was sent since the host last asked what the Pico holds
        self.bad_state = self.bad_rate = 0
        self._messages = Window(limits.MAX_MESSAGES_PER_S)
        self._naks = Window(limits.MAX_NAKS_PER_S)

    def begin(self, session):
        """A new session: the old one's nonce is void."""
        self.open = True
        self.session = session
        self.nonce_holds = False

    @micropython.native
    def take(self, message, seq, values):
        """Handle one message."""
        p = self._p
        off = message.id == LEASE.id and _switched_off(p, values)
        if not self._messages.admit(p.clock):
            self.bad_rate = min(self.bad_rate + 1, SMALL_MAX)
            if off:
                return
            self._refuse(message.id, seq, BAD_RATE)
            return
        if off:
            return
        id = message.id
        command = message.kind == COMMAND
        if command and id not in _FRESH and p.link.replay(seq, id):
            return
        outcome = self._objection(id)
        if outcome is None:
            outcome = HANDLERS[id][0](p, values)
        if outcome is None:
            return
        if type(outcome) is int:
            self.bad_state = min(self.bad_state + 1, SMALL_MAX)
            self._refuse(id, seq, outcome)
            return
        if outcome is ACK:
            self.answers[ACK.id][0] = id
        elif outcome is WELCOME:
            self._fill_welcome()
        p.link.reply(outcome, self.answers[outcome.id], seq, id)

    @micropython.native
    def _objection(self, id):
        """Why a message does not even reach its handler: the reason, or None."""
        _, states, condition = HANDLERS[id]
        if condition != _ALWAYS and not self.open:
            return NO_SESSION
        if condition == _SAME_TABLE and not self.compatible:
            return BAD_DIGEST
        allowed = self._p.machine.within(states) and not self._p.leaving
        return None if allowed else BAD_STATE

    def _refuse(self, id, seq, reason):
        if self._naks.admit(self._p.clock):
            answer = self.answers[NAK.id]
            answer[0], answer[1] = id, reason
            # One that was merely too much may be tried again under the same seq: it is not kept.
            self._p.link.reply(NAK, answer, seq, NOBODY if reason == BAD_RATE else id)

    def _fill_welcome(self):
        p, values = self._p, self.answers[WELCOME.id]
        identity = p.identity
        values[_W["digest"]] = DIGEST
        values[_W["firmware"]], values[_W["board_id"]] = identity.firmware, identity.board_id
        values[_W["boot_id"]], values[_W["reset_cause"]] = identity.boot_id, identity.reset_cause
        values[_W["state"]], values[_W["trip_id"]] = p.machine.state, p.journal.shown_trip_id()
        values[_W["uptime_s"]], values[_W["uptime_ms_part"]] = p.clock.s, p.clock.ms_part()
        values[_W["version"]] = identity.version
