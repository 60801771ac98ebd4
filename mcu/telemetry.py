"""What the Pico says unasked: events until acknowledged, STATUS at 10 Hz, LIGHTS at 2 Hz, HEALTH and BUDGET at 1 Hz.

Allocates nothing. Events first, since they matter most and are few; of the others only the newest counts, so one that
could not be sent before the next was due is dropped and counted. HEALTH and BUDGET take turns, half a second apart, and
LIGHTS comes between them, so that no pass gathers and sends two of them.
"""

import micropython
from clock import Every
from journal_image import EVENTS

from tanklink.messages import BUDGET, HEALTH, LIGHTS, N_CIRCUITS, STATUS
from tanklink.schema import SMALL_MAX

STATUS_MS, QUARTER_MS = 100, 250
FIRST_RESEND_US, RESEND_US = 1_000_000, 5_000_000

_S = STATUS.index
_UPTIME_S, _UPTIME_MS = _S["uptime_s"], _S["uptime_ms_part"]
_STATE, _TRIP_ID, _RELAYS, _LINES = _S["state"], _S["trip_id"], _S["relays"], _S["fault_lines"]
_CIRCUIT, _LEASE, _WAITING = _S["circuit_1"], _S["lease_1_ms"], _S["events_waiting"]

_H = HEALTH.index
_H_UPTIME_S, _H_UPTIME_MS = _H["uptime_s"], _H["uptime_ms_part"]
_PASSES, _PASS_MEAN, _PASS_MAX, _GAP_MAX = _H["passes"], _H["pass_us_mean"], _H["pass_us_max"], _H["gap_us_max"]
_COLLECT_MAX, _HEAP, _FRAMES_OK = _H["collect_us_max"], _H["heap_free_bytes"], _H["frames_ok"]
_BAD_STATE, _BAD_RATE, _TX_DROPPED, _LEASES_OVER = _H["bad_state"], _H["bad_rate"], _H["tx_dropped"], _H["leases_over"]
_EVENTS_DROPPED = _H["events_dropped"]

_B = BUDGET.index
_SLOW_PASSES, _TX_WAITING, _JOURNAL_FREE = _B["slow_passes"], _B["tx_waiting"], _B["journal_free"]
_SCANS, _SCAN_MAX, _SCAN_GAP_MAX = _B["scans"], _B["scan_us_max"], _B["scan_gap_us_max"]
_RING_SLIPS, _CHECKED = _B["ring_slips"], _B["checked_s"]
# A counter is held this far below the largest integer, more than a second of the fastest line can add to it.
_COUNT_MAX = SMALL_MAX - 100_000


class Loop:
    """How the loop does: filled by the program, read and begun anew by HEALTH once a second."""

    def __init__(self):
        self.collect_us_max = 0
        self.slow_passes = 0  # since boot
        self.heap_free_bytes = 0
        self.restart()

    def restart(self):
        self.passes = self.pass_us_sum = self.pass_us_max = self.gap_us_max = 0

    @micropython.native
    def add_pass(self, us):
        self.passes += 1
        self.pass_us_sum += us
        if us > self.pass_us_max:
            self.pass_us_max = us

    @micropython.native
    def add_gap(self, us):
        """Between two renewals of the permits."""
        if us > self.gap_us_max:
            self.gap_us_max = us

    def add_collection(self, us, free_bytes):
        self.heap_free_bytes = min(free_bytes, SMALL_MAX)
        if us > self.collect_us_max:
            self.collect_us_max = us


class Telemetry:
    """Composes the next frame for a Link out of the program's parts."""

    def __init__(self, program):
        self._p = program
        self._status = program.sums.values
        self._health, self._budget = HEALTH.new(), BUDGET.new()
        self._events = {m.id: m.new() for m in EVENTS.values()}
        self._status_timer = Every(program.clock, STATUS_MS)
        self._quarter_timer = Every(program.clock, QUARTER_MS)
        self._turn = 3  # whose it is at the next quarter of a second
        self.begin()

    def begin(self):
        """Of a new session: every waiting event is sent at once, and sums begin anew."""
        clock = self._p.clock
        self._sent_id = 0  # the last of the journal's events that was sent in this round
        self._round_s, self._round_us = clock.s, clock.us
        self._wait_us = FIRST_RESEND_US
        self._p.sums.clear(clock)
        self._status_timer.restart(clock)
        self._status_due = self._health_due = self._budget_due = self._lights_due = False

    def acknowledged(self):
        """The host has stored some events."""
        self._wait_us = FIRST_RESEND_US

    @micropython.native
    def tick(self):
        """Once a pass: see what is due."""
        clock = self._p.clock
        if self._status_timer.due(clock):
            self._status_due = self._became_due(self._status_due)
        if self._quarter_timer.due(clock):
            self._take_turn()

    @micropython.native
    def waits(self):
        """Whether compose() may have something to say."""
        due = self._status_due or self._health_due or self._budget_due or self._lights_due
        return due or self._p.journal.count != 0

    @micropython.native
    def compose(self, link):
        """Give link the next frame; False if nothing is due or no host that speaks this table has said HELLO."""
        p = self._p
        if not p.commands.compatible:
            return False
        if self._next_event(link):
            return True
        if self._status_due:
            self._status_due = False
            self._fill_status()
            link.own(STATUS, self._status)
            p.sums.clear(p.clock)
            return True
        if self._health_due:
            self._health_due = False
            link.own(HEALTH, self._health)
            return True
        if self._lights_due:
            self._lights_due = False
            p.lights.fill()
            link.own(LIGHTS, p.lights.values)
            return True
        if self._budget_due:
            self._budget_due = False
            link.own(BUDGET, self._budget)
            return True
        return False

    @micropython.native
    def _take_turn(self):
        """Half a second between LIGHTS and LIGHTS, a whole one between the others."""
        turn = self._turn
        if turn & 1:
            self._lights_due = self._became_due(self._lights_due)
        elif turn:
            self._health_due = self._became_due(self._health_due)
            self._take_health()
        else:
            self._budget_due = self._became_due(self._budget_due)
            self._take_budget()
        self._turn = (turn + 1) & 3

    @micropython.native
    def _became_due(self, was_due):
        p = self._p
        if was_due and p.commands.compatible and p.link.may_talk():
            p.link.dropped += 1
        return True

    @micropython.native
    def _next_event(self, link):
        p = self._p
        journal, clock = p.journal, p.clock
        durable = journal.durable()
        if not durable:
            self._sent_id = 0
            return False
        index = journal.place_after(self._sent_id)
        if index >= durable:
            if clock.since_us(self._round_s, self._round_us) < self._wait_us:
                return False
            index = 0
            self._wait_us = RESEND_US
        message_id = journal.events[index][0]
        values = self._events[message_id]
        journal.fill(index, values)
        link.own(EVENTS[message_id], values)
        self._sent_id = values[0]
        self._round_s, self._round_us = clock.s, clock.us
        return True

    @micropython.native
    def _fill_status(self):
        p, values = self._p, self._status
        clock = p.clock
        values[_UPTIME_S], values[_UPTIME_MS] = clock.s, clock.ms_part()
        values[_STATE] = p.machine.state
        values[_TRIP_ID] = p.journal.shown_trip_id()
        values[_RELAYS] = p.interlock.pins()
        lines = 0
        for c in range(N_CIRCUITS):
            if p.interlock.fault_line(c + 1):
                lines |= 1 << c
            values[_CIRCUIT + c] = p.circuits[c].state
            values[_LEASE + c] = p.circuits[c].left_ms(clock)
        values[_LINES] = lines
        values[_WAITING] = p.journal.count
        p.sums.close(clock)

    def _take_health(self):
        p, values = self._p, self._health
        loop, counts = p.loop, p.link.reader.counts
        values[_H_UPTIME_S], values[_H_UPTIME_MS] = p.clock.s, p.clock.ms_part()
        values[_PASSES] = loop.passes
        values[_PASS_MEAN] = loop.pass_us_sum // max(1, loop.passes)
        values[_PASS_MAX], values[_GAP_MAX] = loop.pass_us_max, loop.gap_us_max
        values[_COLLECT_MAX], values[_HEAP] = loop.collect_us_max, loop.heap_free_bytes
        for i in range(len(counts)):
            counts[i] = min(counts[i], _COUNT_MAX)
            values[_FRAMES_OK + i] = counts[i]
        values[_BAD_STATE], values[_BAD_RATE] = p.commands.bad_state, p.commands.bad_rate
        values[_TX_DROPPED] = p.link.dropped
        values[_LEASES_OVER] = p.leases_over
        values[_EVENTS_DROPPED] = p.journal.dropped
        loop.restart()

    def _take_budget(self):
        p, values = self._p, self._budget
        looks = p.overcurrent
        values[_SLOW_PASSES] = p.loop.slow_passes
        values[_TX_WAITING], values[_JOURNAL_FREE] = p.link.waiting(), p.journal.free()
        values[_SCANS], values[_SCAN_MAX] = looks.scans(), looks.scan_us_max()
        values[_SCAN_GAP_MAX] = looks.scan_gap_us_max()
        values[_RING_SLIPS] = looks.slips() + p.sampler.slips
        looks.begin_anew()
        values[_CHECKED] = p.integrity.checked_s()
