"""The guard: what keeps the circuits safe, whoever leads the pass. program.py does, and is built upon it.

A look at the interlock, leases, judging, the permits in one place; trips and faults; the configuration that is judged
by, and arming. Nothing in a steady pass and nothing on the way of a trip allocates.
"""

import limits
import micropython
from clock import Clock
from facts import Facts, within_reach
from integrity import Integrity
from micropython import const
from overcurrent import OverCurrent
from relays import CARRIER_ALONE, LEASE_OVER, NOTHING, OPEN, REARM, Circuit
from telemetry import Loop
from trips import ANY_KIND, ARMED, FAULT, FAULT_OPEN, RAISED, TRIP_OPEN, TRIPPED, History, Judge, Machine

from tanklink import messages
from tanklink.config import Config

_N_CIRCUITS = const(2)
assert _N_CIRCUITS == messages.N_CIRCUITS
_LEASE = messages.SUBJECTS.index("lease")
_NO_TRIGGER = messages.TRIGGERS.index("none")
_ENABLED = messages.CONFIG_CIRCUIT.index["enabled"]
_SEQUENCE = messages.CONFIG_CIRCUIT.index["sequence_ms"]
_NOT_WATCHED = messages.NOTICES.index("not_watched")
_LEAKAGE, _IMPEDANCE = messages.TRIGGERS.index("leakage"), messages.TRIGGERS.index("element_drift")


class Guard:
    """The circuits' part of the Program, which makes it, gives it time and collects its garbage (collect())."""

    def __init__(self, who, interlock, sampler, journal, black_box, ticks_us, folder):
        self.identity, self.interlock, self.sampler, self.journal = who, interlock, sampler, journal
        self.black_box = black_box
        self.ticks_us = ticks_us
        self.overcurrent = OverCurrent(interlock, sampler)
        self.overcurrent.keep_in(black_box.ring)
        self.clock = Clock(ticks_us())
        self.machine = Machine()
        self.config = Config()  # the one that circuits are judged by
        self.received = self.config  # and the one that CONFIG speaks about
        self._other_config = Config()
        self.facts, self._judge, self._history = Facts(), Judge(), History()
        self.circuits = [Circuit() for _ in range(messages.N_CIRCUITS)]
        self.integrity = Integrity(self.clock, who.firmware, folder)
        self.loop = Loop()
        self.leases_over = 0
        self._cause_s = self._cause_us = 0  # when some rule was last found broken
        self._pushed_s = self._pushed_us = 0  # when the permits were last renewed
        self._held = False  # and whether there were any
        self._told_unwatched = 0  # of what this boot has said that it is not watched: two bits a circuit
        self._last_gap_us = 0  # between the last two renewals: a pass may hang after its leases were looked at

    # -- in every pass ------------------------------------------------------------------------------------------------

    @micropython.native
    def _look_at_interlock(self):
        facts = self.facts
        dropped, line_whole, circuits = facts.dropped, facts.line_whole, self.circuits
        bits = self.interlock.look()
        for c in range(_N_CIRCUITS):
            dropped[c] = bits & 1 and circuits[c].ought_to_close()
            line_whole[c] = bits & 4 != 0
            bits >>= 1
        self.overcurrent.look(facts, self.config)
        facts.adc_slipped, facts.adc_stopped = self.sampler.slipped(), self.sampler.stopped()

    @micropython.native
    def _keep_leases(self):
        facts, clock = self.facts, self.clock
        facts.gap_us = max(clock.since_us(self._pushed_s, self._pushed_us), self._last_gap_us)
        for c in range(_N_CIRCUITS):
            circuit = self.circuits[c]
            bright = facts.mv[c] > facts.voltage_min_mv[c]
            asks = circuit.step(clock, facts.dropped[c] and facts.line_whole[c], bright)
            if asks == NOTHING:
                continue
            if asks == REARM:
                facts.line_whole[c] = self.interlock.arm(c + 1)
            elif asks == LEASE_OVER:
                self.leases_over += 1
                facts.dropped[c] = False  # as it should be
                self.journal.add(messages.LEASE_OVER, clock, c + 1, _NO_TRIGGER, _LEASE, circuit.over_ms, 0)

    @micropython.native
    def _judge_all(self):
        judge, facts = self._judge, self.facts
        facts.set_readings(self.sampler.counts, self.config)
        self._look_at_contacts()
        facts.follow(self.clock)
        fired = judge.look(facts, self._kinds())
        if judge.broken:
            self._cause_s, self._cause_us = self.clock.s, self.clock.us
        if fired:
            self._trip(judge.row, judge.circuit, judge.value, judge.limit)

    @micropython.native
    def _look_at_contacts(self):
        """Where the relays must be by now; of one that is closed alone, whether it was seen to carry nothing."""
        facts = self.facts
        for c in range(_N_CIRCUITS):
            phase = self.circuits[c].phase(self.clock)
            facts.phase[c] = phase
            if phase >= CARRIER_ALONE:
                self.circuits[c].looked(facts.mv[c] > facts.voltage_min_mv[c] and facts.ma[c] <= facts.leak_ma[c])

    @micropython.native
    def _kinds(self):
        """Of the rows, those that may fire now. After the first cause only a fault may follow."""
        state = self.machine.state
        if state == FAULT:
            return 0
        if state == ARMED or not (state == TRIPPED or self.all_open()):
            return ANY_KIND
        if self.facts.adc_slipped or self.facts.adc_stopped:
            return 0  # what looks like a current through an open circuit is another input, or an old sample
        return FAULT_OPEN if state == TRIPPED else TRIP_OPEN | FAULT_OPEN

    @micropython.native
    def _renew_permits(self):
        """The one place. Only a pass that got here, with every check done, keeps a relay closed."""
        clock, interlock = self.clock, self.interlock
        clock.advance(self.ticks_us())
        held = False
        relay = 0
        for c in range(_N_CIRCUITS):
            circuit = self.circuits[c]
            circuit.permits_at(clock)
            permits = circuit.permits
            for i in range(2):
                us = permits[i]
                if us >= 0:
                    interlock.permit(relay, us)
                relay += 1
            if circuit.state != OPEN:
                held = True
        self._last_gap_us = clock.since_us(self._pushed_s, self._pushed_us)
        if held and self._held:
            self.loop.add_gap(self._last_gap_us)
        self._held = held
        self._pushed_s, self._pushed_us = clock.s, clock.us

    @micropython.native
    def all_open(self):
        return self.circuits[0].state == OPEN and self.circuits[1].state == OPEN

    # -- trips ------------------------------------------------------------------------------------------------------

    def drop_everything(self):
        """Every relay low now."""
        self.interlock.drop_all()
        for circuit in self.circuits:
            circuit.drop(self.clock)

    def crash(self):
        """For main.py, when a pass raised: drop everything and leave the reason in the journal."""
        self.drop_everything()
        if not self.journal.standing_id():
            self._raise("exception", 0, 0, 0)
        self.journal.record()

    def _trip(self, row, c, value, limit):
        """A row of the table fired: everything opens at once, the first cause is noted and latched."""
        self.drop_everything()
        fault = row.kind == FAULT_OPEN
        if not self.machine.move("fault" if fault else "trip"):
            return
        self._latch(messages.FAULT if fault else messages.TRIP, c + 1, row.trigger, row.subjects[c], value, limit)
        if c >= 0:
            self.facts.heating[c].begin_energy()  # what did not rise is told; it is counted anew after a reset
        if row.counts and self._history.add(c, self.clock.s):
            self._raise("too_many_trips", c + 1, limits.MAX_TRIPS + 1, limits.MAX_TRIPS)
            self.black_box.share(self.journal.standing_id())

    def fail(self, name, circuit, value, limit):
        """A self-test that was asked for has found something."""
        self._raise(name, circuit, value, limit)

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
        self.black_box.freeze(self.journal.add(message, self.clock, circuit, trigger, subject, value, limit))
        self._cause_s, self._cause_us = self.clock.s, self.clock.us

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
        circuit = self.journal.standing_circuit()
        if circuit:
            return self.facts.enabled[circuit - 1]
        return not self.journal.lost or self.judges()

    def judges(self):
        """Whether any circuit is enabled, and so judged."""
        return self.facts.enabled[0] or self.facts.enabled[1]

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
        self.integrity.adopt(self.config)
        for c in range(messages.N_CIRCUITS):
            values = self.config.circuits[c + 1]
            self.facts.set_limits(c, values)
            self.facts.set_scales(c, self.config)
            self.circuits[c].configure(values[_SEQUENCE])
        self.overcurrent.configure(self.config)

    def finds_cause(self):
        """Whether some rule is broken right now, by the present configuration."""
        self._look_at_interlock()
        self.facts.set_readings(self.sampler.counts, self.config)
        self._look_at_contacts()
        self._judge.look(self.facts, 0)
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
        for circuit in self.circuits:
            circuit.demand_proof()
        self._tell_what_is_not_watched()
        self.collect()

    def _tell_what_is_not_watched(self):
        """A notice for each watch that is off, once a boot and when it was switched off again: flash wears."""
        for c in range(messages.N_CIRCUITS):
            enabled, facts = self.facts.enabled[c], self.facts
            self._tell_if(2 * c, c, enabled and not facts.watch_impedance[c], _IMPEDANCE)
            self._tell_if(2 * c + 1, c, enabled and not facts.watch_leakage[c], _LEAKAGE)

    def _tell_if(self, bit, c, unwatched, trigger):
        told = self._told_unwatched >> bit & 1
        if unwatched and not told:
            self.journal.add(messages.NOTICE, self.clock, _NOT_WATCHED, c + 1, trigger, 0)
        self._told_unwatched = self._told_unwatched & ~(1 << bit) | int(unwatched) << bit

    def disarm(self):
        """ARMED → DISARMED; whatever is closed opens in sequence."""
        self.machine.move("disarm")
        for circuit in self.circuits:
            circuit.release()
