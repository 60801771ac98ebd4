"""The program: every part built once, and the pass that is done over and over.

A pass samples, hears the host, looks at the interlock, ends leases, judges, and only then renews the permits, in one
place. What may stall (journal, collection, sending) comes after that. Nothing in a steady pass and nothing on the way
of a trip allocates.
"""

import gc

import board
import identity
import limits
import selftest
from clock import Clock, Every
from commands import Commands
from journal import Journal
from link import Link
from relays import LEASE_OVER, OPEN, REARM, Circuit
from sampler import Sums
from telemetry import Loop, Telemetry
from trips import ARMED, FAULT, RAISED, Facts, History, Judge, Machine, within_reach

from tanklink import messages
from tanklink.config import Config

PERIOD_US = 5000
COLLECT_MS = 60_000
LEAVE_US = 200_000  # for the ACK of MAINTENANCE to get out
_LEASE = messages.SUBJECTS.index("lease")
_NO_TRIGGER = messages.TRIGGERS.index("none")
_ENABLED = messages.CONFIG_CIRCUIT.index["enabled"]
_SEQUENCE = messages.CONFIG_CIRCUIT.index["sequence_ms"]
_FREE_BYTES = getattr(gc, "mem_free", None)  # CPython has none


class Program:
    """All parts together. who: an Identity; ticks_us, sleep_us: as of `time`; reset(note) never returns on the chip."""

    def __init__(self, who, interlock, sampler, port, journal, ticks_us, sleep_us, reset):
        self.identity, self.interlock, self.sampler, self.journal = who, interlock, sampler, journal
        self.ticks_us, self.sleep_us, self._reset = ticks_us, sleep_us, reset
        self.clock = Clock(ticks_us())
        self.machine = Machine()
        self.config = Config()  # the one that circuits are judged by
        self.received = self.config  # and the one that CONFIG speaks about
        self._other_config = Config()
        self.facts, self._judge, self._history = Facts(), Judge(), History()
        self.circuits = [Circuit() for _ in range(messages.N_CIRCUITS)]
        self.sums = Sums(self.clock)
        self.loop = Loop()
        self.link = Link(port, self.clock)
        self.commands = Commands(self)
        self.telemetry = Telemetry(self)
        self.leases_over = 0
        self._cause_s = self._cause_us = 0  # when some rule was last found broken
        self._pushed_s = self._pushed_us = 0  # when the permits were last renewed
        self._held = False  # and whether there were any
        self._last_gap_us = 0  # between the last two renewals: a pass may hang after its leases were looked at
        self.leaving = False  # for maintenance: nothing is accepted any more
        self._left_s = self._left_us = 0
        self._collection = Every(self.clock, COLLECT_MS)
        self._take = self.commands.take  # bound once: binding allocates
        self._boot()

    def _boot(self):
        """Self-test, then DISARMED unless a trip stands, the last run ended by itself, or something is wrong."""
        self.machine.move("start")
        healthy = selftest.relays_open(self.interlock)
        journal, cause = self.journal, self.identity.reset_cause
        stands = journal.standing_id() != 0
        hung = cause == identity.WATCHDOG and not stands
        crashed = cause == identity.SOFT and not stands  # and could not even say so
        no_journal = journal.broken or journal.lost
        if not healthy or no_journal or journal.standing_is_fault():
            self.machine.move("fault")
        else:
            self.machine.move("trip" if stands or hung or crashed else "pass")
        self.journal.add(messages.BOOT, self.clock, self.identity.reset_cause, self.machine.state)
        if hung:
            self._note("watchdog", 0, board.WATCHDOG_MS, board.WATCHDOG_MS)
        elif crashed:
            self._note("exception", 0, 0, 0)
        if not healthy:
            self._note("relay_stuck", 0, self.interlock.pins(), 0)
        elif no_journal and not journal.standing_is_fault():
            self._note("journal", journal.standing_circuit(), 1, 0)
        self.journal.record()
        self.collect()

    # -- the pass ---------------------------------------------------------------------------------------------------

    def step(self, now_us):
        """One pass, at these ticks."""
        clock = self.clock
        clock.advance(now_us)
        self.sampler.sample()
        self.sums.add(self.sampler.counts)
        self.link.receive(self._take)
        self._look_at_interlock()
        clock.advance(self.ticks_us())  # after the latches were read: one that fell with its lease finds it over
        self._keep_leases()
        self._judge_all()
        self._renew_permits()
        self._record()
        self.telemetry.tick()
        self.link.send(self.telemetry)
        self._housekeeping()
        clock.advance(self.ticks_us())
        self.loop.add_pass((self.ticks_us() - now_us) & 0x3FFFFFFF)

    def wait(self, began_us):
        """The rest of the period that began at these ticks: answer the host at once, else sleep."""
        link, port = self.link, self.link.port
        while True:
            rest_us = PERIOD_US - ((self.ticks_us() - began_us) & 0x3FFFFFFF)
            if rest_us <= 0:
                return
            if link.send(self.telemetry):
                continue
            rest_ms = rest_us // 1000
            if port.poll(min(rest_ms, 1) if link.sending() else rest_ms):
                self.clock.advance(self.ticks_us())
                if not link.receive(self._take):
                    self.sleep_us(min(rest_us, 1000))  # the other end hung up
            elif rest_ms == 0:
                self.sleep_us(rest_us)

    def _look_at_interlock(self):
        facts = self.facts
        for c in range(messages.N_CIRCUITS):
            facts.dropped[c] = self.circuits[c].ought_to_close() and self.interlock.latched(c + 1)
            facts.line_whole[c] = self.interlock.fault_line(c + 1)

    def _keep_leases(self):
        facts, clock = self.facts, self.clock
        facts.gap_us = max(clock.since_us(self._pushed_s, self._pushed_us), self._last_gap_us)
        for c in range(messages.N_CIRCUITS):
            circuit = self.circuits[c]
            asks = circuit.step(clock, facts.dropped[c] and facts.line_whole[c])
            if asks == REARM:
                facts.line_whole[c] = self.interlock.arm(c + 1)
            elif asks == LEASE_OVER:
                self.leases_over += 1
                facts.dropped[c] = False  # as it should be
                self.journal.add(messages.LEASE_OVER, clock, c + 1, _NO_TRIGGER, _LEASE, circuit.over_ms, 0)

    def _judge_all(self):
        judge, facts = self._judge, self.facts
        facts.set_readings(self.sampler.counts, self.config)
        fired = judge.look(facts)
        if judge.broken:
            self._cause_s, self._cause_us = self.clock.s, self.clock.us
        if fired and (self.machine.state == ARMED or not self._all_open()):
            self._trip(judge.row, judge.circuit, judge.value, judge.limit)

    def _renew_permits(self):
        """The one place. Only a pass that got here, with every check done, keeps a relay closed."""
        clock, interlock = self.clock, self.interlock
        clock.advance(self.ticks_us())
        held = False
        for c in range(messages.N_CIRCUITS):
            circuit = self.circuits[c]
            circuit.permits_at(clock)
            for i in range(2):
                if circuit.permits[i] >= 0:
                    interlock.permit(2 * c + i, circuit.permits[i])
            held = held or circuit.state != OPEN
        self._last_gap_us = clock.since_us(self._pushed_s, self._pushed_us)
        if held and self._held:
            self.loop.add_gap(self._last_gap_us)
        self._held = held
        self._pushed_s, self._pushed_us = clock.s, clock.us

    def _record(self):
        """A write to flash stalls the chip, so only with every circuit open."""
        due = self._all_open() and self.journal.waits()
        if due and not self.journal.record() and self.machine.state != FAULT:
            self._raise("journal", self.journal.standing_circuit(), 1, 0)  # of a trip that it stands before

    def _housekeeping(self):
        if self._collection.due(self.clock):
            self.collect()
        if self.leaving and self.clock.since_us(self._left_s, self._left_us) >= LEAVE_US:
            self._reset(board.NOTE_MAINTENANCE)

    def collect(self):
        """Collect garbage: what a handshake leaves behind. The steady pass leaves none."""
        began_us = self.ticks_us()
        gc.collect()
        free = _FREE_BYTES() if _FREE_BYTES else 0
        self.loop.add_collection((self.ticks_us() - began_us) & 0x3FFFFFFF, free)

    # -- trips ------------------------------------------------------------------------------------------------------

    def drop_everything(self):
        """Every relay low now."""
        self.interlock.drop_all()
        for circuit in self.circuits:
            circuit.drop()

    def crash(self):
        """For main.py, when a pass raised: drop everything and leave the reason in the journal."""
        self.drop_everything()
        if not self.journal.standing_id():
            self._raise("exception", 0, 0, 0)
        self.journal.record()

    def _trip(self, row, c, value, limit):
        """A row of the table fired: everything opens at once, the first cause is noted and latched."""
        self.drop_everything()
        if not self.machine.move("trip"):
            return
        self._latch(messages.TRIP, c + 1, row.trigger, row.subjects[c], value, limit)
        if row.counts and self._history.add(c, self.clock.s):
            self._raise("too_many_trips", c + 1, limits.MAX_TRIPS + 1, limits.MAX_TRIPS)

    def _raise(self, name, circuit, value, limit):
        """A trigger of the whole board: as _trip, by its row in RAISED."""
        self.drop_everything()
        if self.machine.move(RAISED[name][2]):
            self._note(name, circuit, value, limit)

    def _note(self, name, circuit, value, limit):
        trigger, subject, outcome = RAISED[name]
        message = messages.FAULT if outcome == "fault" else messages.TRIP
        self._latch(message, circuit, trigger, subject, value, limit)

    def _latch(self, message, circuit, trigger, subject, value, limit):
        self.journal.add(message, self.clock, circuit, trigger, subject, value, limit)
        self._cause_s, self._cause_us = self.clock.s, self.clock.us

    def _all_open(self):
        return self.circuits[0].state == OPEN and self.circuits[1].state == OPEN

    # -- what the commands ask and do ---------------------------------------------------------------------------------

    def receiving(self):
        """The configuration that CONFIG fills: the first message after arming begins a new one, from nothing."""
        if self.received is self.config:
            self.received, self._other_config = self._other_config, self.config
            self.received.clear()
        return self.received

    def unfit_config(self):
        """Whether the judges could not go by what was received: something is missing, or a scale cannot reach."""
        if not self.received.complete():
            return True
        for c in range(messages.N_CIRCUITS):
            if self.received.circuits[c + 1][_ENABLED] and not within_reach(self.received, c):
                return True
        return False

    def sees_cause(self):
        """Whether the circuit of the standing trip is enabled, and so judged in every pass.

        Of a trip of the whole board nothing is asked, but that something is judged if nobody knows what stood.
        """
        enabled, circuit = self.facts.enabled, self.journal.standing_circuit()
        if circuit:
            return enabled[circuit - 1]
        return not self.journal.lost or enabled[0] or enabled[1]

    def judge_anew(self):
        """Judge by what was received, if that is not done yet; the quiet time before a reset begins anew.

        For a board that came up tripped: only arming would make it look at its circuits otherwise.
        """
        if self.received is not self.config:
            self.adopt_config()
            self.finds_cause()
            self._cause_s, self._cause_us = self.clock.s, self.clock.us

    def adopt_config(self):
        """Judge by what was received from now on."""
        self.config = self.received
        for c in range(messages.N_CIRCUITS):
            values = self.config.circuits[c + 1]
            self.facts.set_limits(c, values)
            self.circuits[c].configure(values[_SEQUENCE])

    def finds_cause(self):
        """Whether some rule is broken right now, by the present configuration."""
        self._look_at_interlock()
        self.facts.set_readings(self.sampler.counts, self.config)
        self._judge.look(self.facts)
        return self._judge.broken

    def cause_stands(self):
        """Whether some rule was broken in the last pass."""
        return self._judge.broken

    def quiet_us(self):
        """Since some rule was last found broken."""
        return self.clock.since_us(self._cause_s, self._cause_us)

    def arm(self):
        """DISARMED → ARMED."""
        self.machine.move("arm")
        self.collect()

    def disarm(self):
        """ARMED → DISARMED; whatever is closed opens in sequence."""
        self.machine.move("disarm")
        for circuit in self.circuits:
            circuit.release()

    def leave_for_maintenance(self):
        """Reset once the ACK had time to get out."""
        self.leaving = True
        self._left_s, self._left_us = self.clock.s, self.clock.us


def build():
    """The program on this chip."""
    from time import sleep_us, ticks_us

    import machine
    from interlock import Interlock
    from port import UsbPort
    from sampler import Sampler

    def reset(note):
        identity.leave_note(note)
        machine.reset()

    who = identity.read()
    interlock = Interlock(board)
    return Program(who, interlock, Sampler(), UsbPort(), Journal(who.boot_id), ticks_us, sleep_us, reset)
