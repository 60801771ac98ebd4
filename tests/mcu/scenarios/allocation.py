"""Steady passes and the way of a trip allocate nothing: the program runs with the heap locked.

Under MicroPython any allocation then raises MemoryError; under CPython this shows only that the course is right. The
journal is written meanwhile, page by page. Each course crosses the wrap of the ticks at 2^30 µs.
"""

import time

import micropython
from trips import ARMED, TRIPPED
from trips import FAULT as FAULTY
from virtual_feeder import Farm
from virtual_rig import DAY_14_S, Rig

from tanklink.frames import MAX_FRAME, encode_into
from tanklink.messages import LEASE, PING

PASSES = 500  # 2.5 s
START_US = (1 << 30) - 1_800_000  # the handshake takes a second
EVERY = 80  # passes between two words of the host


class Script:
    """What the host says during the passes, encoded beforehand: `say(i)` allocates nothing."""

    def __init__(self, rig, leases):
        self._rig = rig
        self._frames = {}
        self.passes = PASSES
        clock = rig.program.clock
        for i in range(0, PASSES, EVERY):
            frame = bytearray(2 * MAX_FRAME)
            n = encode_into(PING, i, [i], frame)
            if leases:
                until_ms = clock.ms_part() + 5 * i + 1500
                rest = bytearray(MAX_FRAME)
                size = encode_into(LEASE, i + 1, [1, clock.s + until_ms // 1000, until_ms % 1000, rig.arming], rest)
                frame[n : n + size] = rest[:size]
                n += size
            self._frames[i] = (frame, n)

    def say(self, i):
        if i % EVERY == 0:
            frame, n = self._frames[i]
            self._rig.port.feed(frame, n)


def run_locked(rig, script, event=None, at=PASSES // 2):
    """All passes with the heap locked; `event` happens before pass `at`."""
    program, port = rig.program, rig.port
    micropython.heap_lock()
    try:
        for i in range(script.passes):
            script.say(i)
            if i == at and event is not None:
                event()
            port.forget()
            began = time.ticks_us()
            program.step(began)
            program.wait(began)
    finally:
        micropython.heap_unlock()


def course(uptime_s, leases=True, event=None):
    """A closed circuit and a course of passes; returns the rig, which heard nothing meanwhile."""
    rig = Rig(start_us=START_US)
    rig.live_to(uptime_s)
    rig.armed()
    rig.closed(1, 1500)
    rig.set(1, amps=8.5, volts=272)
    rig.run(20)
    script = Script(rig, leases)
    wraps_in_us = (1 << 30) - (rig.backend.clock_us & ((1 << 30) - 1))
    assert wraps_in_us < 5000 * PASSES, wraps_in_us
    rig.backend.on_record = None
    run_locked(rig, script, event and event(rig))
    return rig


def both_ages(check):
    for uptime_s in (10, DAY_14_S):
        check(uptime_s)


def scenario_steady_with_leases_and_pings():
    def check(uptime_s):
        rig = course(uptime_s)
        assert rig.program.machine.state == ARMED
        assert rig.pins() == (1, 1, 0, 0)
        assert rig.port.total > 25 * 100  # STATUS and HEALTH went out
        assert rig.program.link.dropped == 0

    both_ages(check)


def scenario_steady_without_a_host():
    rig = Rig()
    script = Script(rig, False)
    script.say = lambda _pass: None
    run_locked(rig, script)
    assert rig.port.total == 0


def scenario_a_lease_that_runs_out():
    def check(uptime_s):
        rig = course(uptime_s, leases=False)
        assert rig.program.leases_over == 1
        assert rig.pins() == (0, 0, 0, 0)
        assert rig.program.journal.durable() >= 1
        assert rig.program.machine.state == ARMED

    both_ages(check)


def _overheat(rig):
    words, at = rig.backend.words, 2 + 4

    def event():
        words[at] = 900

    return event


def _over_current(rig):
    loaded = rig.backend.loaded

    def event():
        loaded[0] = 3600

    return event


def _short(rig):
    loaded = rig.backend.loaded

    def event():
        loaded[2] = 80

    return event


def _cut_line(rig):
    backend = rig.backend
    return lambda: backend.set_loop(1, False)


def _hang(rig):
    backend = rig.backend
    return lambda: backend.advance(300_000)


def _open_sensor(rig):
    words, at = rig.backend.words, 2 + 4

    def event():
        words[at] = 4095

    return event


def _open_element(rig):
    loaded = rig.backend.loaded

    def event():
        loaded[0], loaded[2] = 372, 2800

    return event


def _drifted_element(rig):
    loaded = rig.backend.loaded

    def event():
        loaded[0] = 1900

    return event


def _high_voltage(rig):
    loaded, idle = rig.backend.loaded, rig.backend.idle

    def event():
        loaded[2] = idle[2] = 3900
        loaded[0] = 3200

    return event


def _dead_sensor(rig):
    loaded, idle = rig.backend.loaded, rig.backend.idle

    def event():
        loaded[0] = idle[0] = 0

    return event


def _reference(rig):
    words, at = rig.backend.words, 2 + 6

    def event():
        words[at] = 2900

    return event


TRIPS = {"over_temperature": _overheat, "over_current": _over_current, "short": _short, "fault_line": _cut_line,
         "permit": _hang, "sensor_open": _open_sensor, "element_open": _open_element,
         "element_drift": _drifted_element, "over_voltage": _high_voltage, "sensor_dead": _dead_sensor,
         "reference": _reference}  # fmt: skip


def scenario_a_trip_of_every_kind():
    """From the sample to the record in flash and the event on the line."""
    from tanklink.messages import TRIGGERS, TRIP

    for name, event in TRIPS.items():

        def check(uptime_s, name=name, event=event):
            rig = course(uptime_s, event=event)
            journal = rig.program.journal
            assert rig.program.machine.state == TRIPPED, name
            assert rig.pins() == (0, 0, 0, 0)
            values = TRIP.new()
            journal.fill(journal.count - 1, values)
            assert TRIGGERS[values[TRIP.index["trigger"]]] == name, (name, values)
            assert journal.durable() == journal.count
            assert journal.shown_trip_id() == values[0]
            assert rig.program.telemetry._sent_id == values[0]  # it went out, within the locked passes

        both_ages(check)


def proving(uptime_s, event=None):
    """As course(), but with the first closing, and so the proof, within the locked passes."""
    rig = Rig(start_us=START_US)
    rig.live_to(uptime_s)
    rig.armed(proven=False)
    script = Script(rig, True)
    rig.backend.on_record = None
    run_locked(rig, script, event and event(rig), at=0)
    return rig


def scenario_the_proof_of_the_relays():
    def check(uptime_s):
        rig = proving(uptime_s)
        assert rig.pins() == (1, 1, 0, 0)
        assert not rig.program.circuits[0].proof_due(rig.program.clock)

    both_ages(check)


def _weld_inside(rig):
    welded = rig.backend.welded

    def event():
        welded[1] = 1

    return event


def _leak(rig):
    idle = rig.backend.idle

    def event():
        idle[1] = 520

    return event


def scenario_a_weld_and_a_leak():
    from tanklink.messages import FAULT, TRIGGERS

    for name, event, state in (("weld", _weld_inside, FAULTY), ("leakage", _leak, TRIPPED)):

        def check(uptime_s, name=name, event=event, state=state):
            rig = proving(uptime_s, event)
            journal = rig.program.journal
            assert rig.program.machine.state == state, name
            assert rig.pins() == (0, 0, 0, 0)
            values = FAULT.new()
            journal.fill(journal.count - 1, values)
            assert TRIGGERS[values[FAULT.index["trigger"]]] == name, (name, values)
            assert journal.durable() == journal.count

        both_ages(check)


def scenario_the_lock_finds_an_allocation():
    """No test that cannot fail: a pass that does allocate is found, under MicroPython."""
    import sys

    rig = Rig()
    script = Script(rig, False)
    script.passes = 3
    try:
        run_locked(rig, script, lambda: [0] * 64, at=1)
        found = False
    except MemoryError:
        found = True
    assert found == (sys.implementation.name == "micropython")


def scenario_a_feeding_from_its_first_pulse_to_its_report():
    def check(uptime_s):
        farm = Farm(start_us=START_US)
        farm.live_to(uptime_s)
        farm.ready(1)
        hopper = farm.hoppers.all[0]
        farm.feed(turns=2)
        farm.run_until(lambda: hopper.pulse_us > 0)
        farm.backend.on_record = None  # nobody sees it feed, not even its sensor
        script = Script(farm, False)
        run_locked(farm, script)
        assert not farm.program.feeder.busy()
        assert farm.status(farm.op) == ("failed", "no_drop")

    both_ages(check)
