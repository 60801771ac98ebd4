"""The program: every part built once, and the pass that is done over and over; what it does to circuits is guard.py.

A pass samples, hears the host, looks at the interlock, ends leases, judges, and only then renews the permits, in one
place. What may stall (journal, collection, sending) comes after that. Nothing in a steady pass and nothing on the way
of a trip allocates.
"""

import gc

import board
import bootloop
import identity
import limits
import micropython
import selftest
from clock import Every
from commands import Commands
from feeder import Feeder
from guard import Guard
from journal import SPARE
from lights import Lights
from link import Link
from sampler import Sums
from telemetry import Telemetry
from trial import Trial
from trips import ARMED, FAULT

from tanklink import messages
from tanklink.schema import SMALL_MAX

PERIOD_US = 5000
COLLECT_MS = 60_000
LEAVE_US = 200_000  # for the ACK of MAINTENANCE to get out
_JOURNAL_FULL, _ROLLED_BACK = messages.NOTICES.index("journal_full"), messages.NOTICES.index("rolled_back")
_SLOW_PASS, _BOOT_LOOP = messages.NOTICES.index("slow_pass"), messages.NOTICES.index("boot_loop")
_FREE_BYTES = getattr(gc, "mem_free", None)  # CPython has none


class Program(Guard):
    """All parts together. who: an Identity; ticks_us, sleep_us: as of `time`; reset(note) never returns on the chip.

    folder: of the program's files, to be hashed again and again. lamps: a PWM for each light.
    """

    def __init__(self, who, interlock, sampler, port, journal, black_box, ticks_us, sleep_us, reset,
                 folder=None, lamps=()):  # fmt: skip
        Guard.__init__(self, who, interlock, sampler, journal, black_box, ticks_us, folder)
        self.clears = False  # every circuit is to open, so that the journal can erase
        self.sleep_us, self._reset = sleep_us, reset
        self.feeder = Feeder(self.clock, journal)
        self.sums = Sums(self.clock)
        self.link = Link(port, self.clock)
        self.lights = Lights(self.clock, lamps)
        self.commands = Commands(self)
        self.telemetry = Telemetry(self)
        self.leaving = False  # for maintenance: nothing is accepted any more
        self._left_s = self._left_us = 0
        self._collection = Every(self.clock, COLLECT_MS)
        self._stalled_us = 0  # of this pass: in flash and collection
        self._steady = False  # it has run long enough to be no boot loop
        self._told_slow = False  # of a slow pass, since the last collection
        self._take = self.commands.take  # bound once: binding allocates
        self._boot()

    def _boot(self):
        """Self-test, then DISARMED unless a trip stands, the last run ended by itself, or something is wrong."""
        self.machine.move("start")
        failed = selftest.at_boot(self.interlock, self.sampler, self.ticks_us, self.sleep_us)
        journal, cause = self.journal, self.identity.reset_cause
        journal.recall(self.clock)
        self.feeder.recall()
        stands = journal.standing_id() != 0
        hung = cause == identity.WATCHDOG and not stands
        crashed = cause == identity.SOFT and not stands  # and could not even say so
        no_journal = journal.broken or journal.lost
        self._sound = not failed  # what is on trial may be kept
        self.trial = Trial()
        if failed or no_journal or journal.standing_is_fault():
            self.machine.move("fault")
        else:
            self.machine.move("trip" if stands or hung or crashed else "pass")
        self.journal.add(messages.BOOT, self.clock, self.identity.reset_cause, self.machine.state)
        if hung:
            self._note("watchdog", 0, board.WATCHDOG_MS, board.WATCHDOG_MS)
        elif crashed:
            self._note("exception", 0, 0, 0)
        if self.identity.boot_loop:
            journal.add(messages.NOTICE, self.clock, _BOOT_LOOP, 0, bootloop.QUICK, bootloop.QUICK)
        told = self.trial.rolled_back and journal.add(messages.NOTICE, self.clock, _ROLLED_BACK)
        if failed:
            name, circuit, value, limit = failed
            self._note(name, circuit, value, limit)
        elif no_journal and not journal.standing_is_fault():
            self._note("journal", journal.standing_circuit(), 1, 0)
        self._record()
        if told and not (journal.broken or journal.pending(told)):
            self.trial.keep()
        self.loop.heap_free_bytes = _FREE_BYTES() if _FREE_BYTES else 0  # a collection would keep the host waiting

    # -- the pass ---------------------------------------------------------------------------------------------------

    @micropython.native
    def step(self, now_us):
        """One pass, at these ticks."""
        clock = self.clock
        clock.advance(now_us)
        self._stalled_us = 0
        guards = self.machine.state == ARMED or not self.all_open()
        self.sampler.sample()
        self.sums.add(self.sampler.counts)
        self.link.receive(self._take)
        self._look_at_interlock()
        clock.advance(self.ticks_us())  # after the latches were read: one that fell with its lease finds it over
        self._keep_leases()
        self._judge_all()
        self._renew_permits()
        self.lights.step()
        began_us = self.ticks_us()
        self._record()
        recorded_us = self.ticks_us()
        self._stalled_us = (recorded_us - began_us) & 0x3FFFFFFF
        clock.advance(recorded_us)
        self.feeder.step()  # its beginning may have come to flash just now
        self.telemetry.tick()
        self.link.send(self.telemetry)
        self._housekeeping()
        end_us = self.ticks_us()
        clock.advance(end_us)
        pass_us = (end_us - now_us) & 0x3FFFFFFF
        self.loop.add_pass(pass_us)
        if pass_us > limits.SLOW_PASS_US:
            self._slow_pass(pass_us - self._stalled_us, guards)

    def _slow_pass(self, us, guards):
        """A pass took long. What flash and collection need is known beforehand and does not count: permits outlast it.

        One that outlasted the permits is told by their own rule, which knows whether they were needed.
        """
        if us <= limits.SLOW_PASS_US:
            return
        self.loop.slow_passes = min(self.loop.slow_passes + 1, SMALL_MAX)
        if guards and limits.LONGEST_PASS_US < us < limits.PERMIT_US:
            self._raise("slow_pass", 0, us // 1000, limits.LONGEST_PASS_US // 1000)
        elif not self._told_slow:  # the rest is counted: a notice costs a record in flash
            self._told_slow = True
            limit_ms = limits.SLOW_PASS_US // 1000
            self.journal.add(messages.NOTICE, self.clock, _SLOW_PASS, 0, us // 1000, limit_ms)

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

    @micropython.native
    def _record(self):
        """Records go to flash at any time; an erase stalls the chip, so only with every circuit open."""
        journal, all_open = self.journal, self.all_open()
        if all_open:
            self.clears = False
        elif not self.clears and journal.needs_erase():
            self.clears = True
            journal.add(messages.NOTICE, self.clock, _JOURNAL_FULL, 0, journal.free(), SPARE)
            for circuit in self.circuits:
                circuit.release()
        due = journal.waits(all_open) and (all_open or journal.may_append())
        if due and not journal.record(all_open) and self.machine.state != FAULT:
            self._raise("journal", journal.standing_circuit(), 1, 0)  # of a trip that it stands before
        self.black_box.step(all_open)

    @micropython.native
    def _housekeeping(self):
        broken = self.integrity.step(self.facts)
        if broken:
            self._raise(broken, 0, self.integrity.checked_s(), 0)
        if self._collection.due(self.clock):
            self.collect()
            self._told_slow = False
            if not self._steady:
                self._steady = True
                bootloop.steady()
        if self.trial.pending and self._may_keep():
            began_us = self.ticks_us()
            self.trial.keep()
            self._stalled_us += (self.ticks_us() - began_us) & 0x3FFFFFFF
        if self.leaving and self.clock.since_us(self._left_s, self._left_us) >= LEAVE_US:
            self._reset(board.NOTE_FREE_REPL)

    def _may_keep(self):
        """Whether a program on trial has shown itself, and nothing minds that flash is written."""
        return self._sound and self.commands.compatible and self.all_open() and not self.feeder.busy()

    def collect(self):
        """Collect garbage: what a handshake leaves behind. The steady pass leaves none."""
        began_us = self.ticks_us()
        gc.collect()
        free = _FREE_BYTES() if _FREE_BYTES else 0
        us = (self.ticks_us() - began_us) & 0x3FFFFFFF
        self._stalled_us += us
        self.loop.add_collection(us, free)

    def leave_for_maintenance(self):
        """Reset once the ACK had time to get out."""
        self.leaving = True
        self._left_s, self._left_us = self.clock.s, self.clock.us
