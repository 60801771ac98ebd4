"""Every trigger on the whole board: what trips, as what, with which value and limit; and how it is reset."""

import simwire
from memory_disk import Disk
from virtual_rig import DAY_14_S, Rig

from tanklink.messages import NAK_REASONS, SUBJECTS, TRIGGERS

OPEN_PINS = (0, 0, 0, 0)


def running(circuit=1, uptime_s=10, disk=None):
    """A circuit that is closed and heats."""
    rig = Rig(disk)
    rig.live_to(uptime_s)
    rig.armed()
    rig.closed(circuit, 4000)
    rig.set(circuit, amps=8.5, volts=272)
    rig.run(100)
    assert rig.state() == "armed"
    return rig


def expect(rig, trigger, subject, circuit, low, high, limit):
    """The trip that stands."""
    trip = rig.tripped()
    assert (TRIGGERS[trip.trigger], SUBJECTS[trip.subject], trip.circuit) == (trigger, subject, circuit), trip
    assert low <= trip.value <= high, trip.value
    assert trip.limit == limit, trip.limit
    assert rig.pins() == OPEN_PINS
    status = rig.last("STATUS")
    assert (status.state, status.trip_id, status.relays) == (4, trip.event_id, 0)
    return trip


def scenario_over_current():
    for uptime_s in (10, DAY_14_S):
        rig = running(uptime_s=uptime_s)
        rig.set(1, amps=11.5, volts=330)
        took_ms = rig.run_until(lambda rig=rig: rig.pins() == OPEN_PINS)
        assert took_ms <= 20, took_ms  # three passes
        trip = expect(rig, "over_current", "current_1", 1, 11_400, 11_600, 11_000)
        assert trip.at_uptime_s >= uptime_s


def scenario_short():
    """The voltage collapses while the current does not grow: the limit is 40 % of what the element would take."""
    rig = running(circuit=2)
    rig.set(2, amps=9.5, volts=12)
    assert rig.run_until(lambda: rig.pins() == OPEN_PINS) <= 20
    trip = expect(rig, "short", "voltage_2", 2, 11_000, 13_000, rig.last("TRIP").limit)
    assert 0.4 * 32 * 9_400 <= trip.limit <= 0.4 * 32 * 9_600 + 1000


def scenario_dim_sun_is_no_short():
    """Little current at a low voltage lies on the element's own line."""
    rig = running()
    for amps in (0.2, 0.5, 1, 4, 8):
        rig.set(1, amps=amps, volts=32 * amps)
        rig.run(50)
    assert rig.state() == "armed"


def scenario_over_temperature():
    rig = running()
    rig.set(1, degf=161)
    assert rig.run_until(lambda: rig.pins() == OPEN_PINS) <= 30
    expect(rig, "over_temperature", "temperature_1", 1, 160_500, 161_500, 160_000)


def scenario_sensor_open():
    rig = running()
    rig.backend.set_counts(4, 4090)
    expect(rig, "sensor_open", "temperature_1", 1, 4090, 4090, 4050)


def scenario_sensor_short():
    """Not over_temperature, though a shorted thermistor reads as very hot."""
    rig = running()
    rig.backend.set_counts(4, 3)
    expect(rig, "sensor_short", "temperature_1", 1, 3, 3, 45)


def scenario_fault_line():
    rig = running()
    rig.backend.set_loop(1, False)
    assert rig.run_until(lambda: rig.pins() == OPEN_PINS) <= 6
    expect(rig, "fault_line", "fault_line_1", 1, 0, 0, 1)
    assert rig.last("STATUS").fault_lines == 2
    rig.run(500)
    assert [said.name for said in rig.events()] == ["BOOT", "TRIP"]  # once, though it stays down


def scenario_fault_line_while_nothing_is_closed():
    rig = Rig().armed()
    rig.backend.set_loop(2, False)
    expect(rig, "fault_line", "fault_line_2", 2, 0, 0, 1)


def scenario_fault_line_glitch_that_only_the_interlock_saw():
    rig = running()
    rig.one_pass()
    rig.backend.set_loop(1, False)
    assert rig.pins() == OPEN_PINS
    rig.backend.set_loop(1, True)
    expect(rig, "fault_line", "fault_line_1", 1, 0, 0, 1)


def scenario_permits_not_renewed():
    rig = running()
    rig.hang(400)
    assert rig.pins() == OPEN_PINS  # before any program noticed
    expect(rig, "permit", "relays", 1, 400, 420, 100)


def scenario_a_trip_opens_both_circuits_at_once():
    rig = running()
    rig.closed(2)
    rig.set(2, degf=165)
    rig.run_until(lambda: rig.pins() != (1, 1, 1, 1))
    assert rig.pins() == OPEN_PINS


def scenario_trip_while_closing_and_while_opening():
    for opening in (False, True):
        rig = Rig().armed(sequence_ms=500)
        if opening:
            rig.closed(1)
            rig.accepted("DISARM")
        else:
            rig.lease(1)
        rig.run_until(lambda rig=rig: rig.pins() == (0, 1, 0, 0))
        rig.set(1, degf=165)
        rig.run_until(lambda rig=rig: rig.pins() == OPEN_PINS, 60)
        expect(rig, "over_temperature", "temperature_1", 1, 164_500, 165_500, 160_000)


def scenario_nothing_is_judged_while_disarmed_and_open():
    rig = Rig().armed()
    rig.accepted("DISARM")
    rig.set(1, degf=190)
    rig.backend.set_loop(1, False)
    rig.run(200)
    assert rig.state() == "disarmed"


def scenario_first_cause_stays():
    rig = running()
    rig.set(1, degf=165)
    rig.run(50)
    rig.set(1, amps=13)
    rig.backend.set_loop(1, False)
    rig.run(500)
    assert [TRIGGERS[said.trigger] for said in rig.events() if said.name == "TRIP"] == ["over_temperature"]


def scenario_watchdog():
    """A board that hung comes back tripped, not armed."""
    rig = Rig(reset_cause=1, cause=simwire.CAUSE_WATCHDOG)
    rig.hello()
    expect(rig, "watchdog", "cpu", 0, 2000, 2000, 2000)
    rig.configure()
    assert rig.refused("ARM", 1, 77, bytes(4)) == "state"


def scenario_reset_by_name_after_two_quiet_seconds():
    rig = running()
    rig.set(1, degf=165)
    trip = rig.tripped()
    assert rig.refused("LEASE", 1, rig.program.clock.s + 2, 0, rig.arming) == "state"
    assert rig.refused("RESET_TRIP", trip.event_id + 1) == "wrong_trip"
    assert rig.refused("RESET_TRIP", 0) == "wrong_trip"
    assert rig.refused("RESET_TRIP", trip.event_id) == "cause_present"
    rig.set(1, degf=120)
    rig.run(1900)
    assert rig.refused("RESET_TRIP", trip.event_id) == "too_soon"
    rig.run(100)
    rig.accepted("RESET_TRIP", trip.event_id)
    rig.run(50)
    assert rig.state() == "disarmed"
    reset = rig.last("RESET")
    assert reset.trip_id == trip.event_id
    assert reset.event_id > trip.event_id
    assert rig.refused("RESET_TRIP", trip.event_id) == "state"
    assert rig.arm().name == "ACK"
    rig.closed(1)


def scenario_fault_line_must_be_whole_before_a_reset():
    rig = running()
    rig.backend.set_loop(1, False)
    trip = rig.tripped()
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip.event_id) == "cause_present"
    rig.backend.set_loop(1, True)
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip.event_id)


def trip_and_reset(rig, cause, mend):
    cause()
    trip = rig.tripped()
    mend()
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip.event_id)
    assert rig.arm().name == "ACK"


def scenario_the_fourth_trip_in_ten_minutes_is_a_fault():
    rig = running()
    for _ in range(3):
        trip_and_reset(rig, lambda: rig.set(1, degf=165), lambda: rig.set(1, degf=120))
    rig.set(1, degf=165)
    rig.run(150)
    assert rig.state() == "fault"
    fault = rig.last("FAULT")
    assert (TRIGGERS[fault.trigger], SUBJECTS[fault.subject], fault.circuit) == ("too_many_trips", "trips", 1)
    assert (fault.value, fault.limit) == (4, 3)
    assert rig.last("STATUS").trip_id == fault.event_id
    rig.set(1, degf=120)
    rig.run(2100)
    traces = [rig.accepted("READ_TRACE", event_id, 8) for event_id in (rig.last("TRIP").event_id, fault.event_id)]
    assert traces[0].samples == traces[1].samples
    assert traces[1].trip_id == fault.event_id
    assert rig.refused("RESET_TRIP", rig.last("TRIP").event_id) == "wrong_trip"
    rig.backend.set_stuck(1, True)
    assert rig.refused("RESET_TRIP", fault.event_id) in ("selftest",)
    rig.backend.set_stuck(1, False)
    rig.run(2100)
    rig.accepted("RESET_TRIP", fault.event_id)
    assert rig.state() == "disarmed"


def scenario_trips_far_apart_or_of_the_fault_line_are_no_fault():
    rig = running()
    for _ in range(5):
        trip_and_reset(rig, lambda: rig.set(1, degf=165), lambda: rig.set(1, degf=120))
        rig.live_to(rig.program.clock.s + 201)
    for _ in range(5):
        trip_and_reset(rig, lambda: rig.backend.set_loop(1, False), lambda: rig.backend.set_loop(1, True))
    assert rig.state() == "armed"


def scenario_a_relay_that_will_not_read_low():
    """A pin that is high though everything was dropped: FAULT from the start."""

    class StuckInterlock:
        """The real one, but for a pad that reads high."""

        def __init__(self, real):
            self._real = real

        def __getattr__(self, name):
            return getattr(self._real, name)

        def pins(self):
            return 4

    import time

    from identity import Identity
    from program import Program
    from virtual_rig import kept

    rig = Rig()
    old = rig.program
    rig.program = Program(
        Identity(b"firmware", b"board-id", 78, 0), StuckInterlock(old.interlock), old.sampler, rig.port,
        *kept(rig.disk, 78), time.ticks_us, time.sleep_us, rig.resets.append,
    )  # fmt: skip
    rig.hello()
    rig.run(50)
    fault = rig.last("FAULT")
    assert rig.state() == "fault"
    assert (TRIGGERS[fault.trigger], SUBJECTS[fault.subject], fault.value) == ("relay_stuck", "relays", 4)
    rig.run(2100)
    assert rig.refused("RESET_TRIP", fault.event_id) == "selftest"


def scenario_flash_that_refuses():
    """Without a journal no trip would survive, so the board is at fault; events are told all the same."""
    disk = Disk()
    rig = running(disk=disk)
    disk.fails = True
    rig.set(1, degf=165)
    rig.run(200)
    assert rig.state() == "fault"
    assert rig.pins() == OPEN_PINS
    told = [(said.name, TRIGGERS[said.trigger]) for said in rig.events() if said.name in ("TRIP", "FAULT")]
    assert told == [("TRIP", "over_temperature"), ("FAULT", "journal")]
    fault = rig.last("FAULT")
    rig.set(1, degf=120)
    rig.run(2100)
    assert rig.refused("RESET_TRIP", fault.event_id) == "selftest"
    disk.fails = False
    rig.accepted("RESET_TRIP", fault.event_id)
    assert rig.arm().name == "ACK"


def scenario_a_fault_of_the_board_itself_is_not_reset_at_once():
    """No rule is broken, yet two quiet seconds must pass."""
    rig = running()
    rig.disk.fails = True
    rig.lease(1, 100)
    rig.set(1, amps=0, volts=340)
    rig.run_until(lambda: rig.state() == "fault")
    rig.disk.fails = False
    rig.run(500)
    fault = rig.last("FAULT")
    assert rig.refused("RESET_TRIP", fault.event_id) == "too_soon"
    rig.run(1600)
    rig.accepted("RESET_TRIP", fault.event_id)


def scenario_the_line_falls_in_the_very_pass_that_closes():
    """The interlock will not be armed: a trip in that pass, though the line looked whole at its beginning."""
    rig = Rig().armed()
    interlock = rig.program.interlock
    interlock.arm = lambda _circuit: False
    rig.lease(1)
    rig.one_pass()
    assert rig.state() == "tripped"
    expect(rig, "fault_line", "fault_line_1", 1, 0, 0, 1)


def scenario_a_crash_is_kept():
    """main.py's catch: everything drops, the reason is in flash before the reset."""
    rig = running()
    rig.backend.words[simwire.W_FAULTS] = simwire.FAULT_EXCEPTION
    try:
        rig.one_pass()
        raised = False
    except OSError:
        raised = True
        rig.program.crash()
    assert raised
    assert rig.pins() == OPEN_PINS
    after = Rig(rig.disk, cause=simwire.CAUSE_SOFT, reset_cause=2, boot_id=78)
    after.hello()
    trip = expect(after, "exception", "cpu", 0, 0, 0, 0)
    assert trip.boot_id == 77
    assert [said.name for said in after.events()] == ["BOOT", "TRIP", "BOOT"]


def scenario_reasons_are_known():
    """The indices of commands.py are those of the table."""
    import commands

    names = ("BAD_DIGEST", "CAUSE_PRESENT", "TOO_SOON", "FAULT_LINE", "SELFTEST_FAILED", "LEASE_TOO_LONG", "WRONG_TRIP")
    reasons = ("digest", "cause_present", "too_soon", "fault_line", "selftest", "lease_too_long", "wrong_trip")
    for name, reason in zip(names, reasons):  # noqa: B905  (MicroPython's zip knows no strict)
        assert NAK_REASONS[getattr(commands, name)] == reason


class Hangs:
    """A judge in whose look the processor stands still once."""

    def __init__(self, rig, us):
        self._rig, self._us, self._real = rig, us, rig.program._judge

    def __getattr__(self, name):
        return getattr(self._real, name)

    def look(self, facts, kinds):
        self._rig.backend.clock_us += self._us
        self._us = 0
        return self._real.look(facts, kinds)


def scenario_a_hang_within_a_pass_is_no_broken_line():
    """After the leases were looked at and before the permits were renewed: the next pass finds them gone."""
    for ms in (105, 150, 1500):
        rig = Rig().armed()
        rig.closed(1, 4000)
        rig.program._judge = Hangs(rig, 1000 * ms)
        rig.one_pass()
        trip = rig.tripped()
        assert (TRIGGERS[trip.trigger], SUBJECTS[trip.subject], trip.limit) == ("permit", "relays", 100)
        assert ms <= trip.value <= ms + 10, trip
