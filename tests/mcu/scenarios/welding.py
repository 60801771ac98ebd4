"""Relays that are welded shut: found by closing the other one alone, named, and a fault. On the pins and contacts."""

import simboard
from virtual_rig import DAY_14_S, FURTHER, SEQUENCE_MS, Rig

from tanklink.messages import SUBJECTS, TRIGGERS

OPEN_PINS, OUTSIDE_ONLY, INSIDE_ONLY, BOTH = (0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 0, 0)
OUTSIDE, INSIDE = 0, 1


def unproven(**configuration):
    """Armed, and the daily proof not yet made."""
    return Rig().armed(proven=False, **configuration)


def course(rig, ms):
    """The pins' levels as they followed on each other, with the ms that each lasted."""
    seen = []
    until = rig.backend.clock_us + 1000 * ms
    while rig.backend.clock_us < until:
        if not seen or seen[-1][0] != rig.pins():
            seen.append([rig.pins(), 0])
        began_us = rig.backend.clock_us
        rig.one_pass()
        seen[-1][1] += (rig.backend.clock_us - began_us) / 1000
    return seen


def levels(seen):
    return [pins for pins, _ms in seen]


def expect_weld(rig, subject, circuit=1):
    """The fault that stands."""
    rig.run(130)
    assert rig.state() == "fault", rig.state()
    fault = rig.last("FAULT")
    assert (TRIGGERS[fault.trigger], SUBJECTS[fault.subject], fault.circuit) == ("weld", subject, circuit), fault
    assert (fault.limit, rig.pins()) == (300, OPEN_PINS)
    assert 8_400 < fault.value < 8_600
    return fault


# -- the proof --------------------------------------------------------------------------------------------------


def scenario_the_first_closing_after_arming_proves_the_carrier():
    """Breaker alone, a pause, carrier alone, then both."""
    rig = unproven()
    rig.lease(1, 3000)
    seen = course(rig, 500)
    if levels(seen)[0] == OPEN_PINS:
        seen.pop(0)
    assert levels(seen) == [OUTSIDE_ONLY, OPEN_PINS, INSIDE_ONLY, BOTH], seen
    assert 60 <= seen[0][1] <= 75, seen
    assert 55 <= seen[1][1] <= 75, seen
    assert SEQUENCE_MS <= seen[2][1] <= SEQUENCE_MS + 15, seen


def scenario_status_says_proving():
    rig = unproven(sequence_ms=400)
    rig.lease(1, 3000)
    rig.run(250)
    status = rig.last("STATUS")
    assert (status.circuit_1, status.relays) == (4, 1)


def scenario_later_closings_need_no_proof_until_the_next_day_or_arming():
    rig = unproven()
    rig.closed(1)
    for _ in range(3):
        rig.release(1)
        rig.run(200)
        rig.lease(1)
        assert OUTSIDE_ONLY not in levels(course(rig, 200))
    rig.release(1)
    rig.run(200)
    rig.live_to(rig.program.clock.s + 86_390)
    rig.lease(1)
    assert OUTSIDE_ONLY not in levels(course(rig, 200))
    rig.release(1)
    rig.run(200)
    rig.live_to(rig.program.clock.s + 20)
    rig.lease(1)
    assert OUTSIDE_ONLY in levels(course(rig, 300))
    rig.accepted("DISARM")
    rig.run(200)
    assert rig.arm().name == "ACK"
    rig.lease(1)
    assert OUTSIDE_ONLY in levels(course(rig, 300))


def scenario_each_circuit_has_its_own_proof():
    rig = unproven()
    rig.closed(1)
    rig.lease(2)
    rig.run_until(lambda: rig.pins() == (1, 1, 1, 0), 50)
    rig.run_until(lambda: rig.pins() == (1, 1, 0, 1), 200)
    rig.run_until(lambda: rig.pins() == (1, 1, 1, 1), 100)


def scenario_no_sun_no_proof_but_heat():
    """It waits for a closing with sun, and never keeps a circuit from closing."""
    rig = unproven()
    rig.set_open(1, volts=58)
    rig.run(10)
    rig.lease(1)
    assert OUTSIDE_ONLY not in levels(course(rig, 200))
    assert rig.pins() == BOTH
    rig.release(1)
    rig.run(200)
    rig.set_open(1, volts=340)
    rig.run(10)
    rig.lease(1)
    assert OUTSIDE_ONLY in levels(course(rig, 300))


def scenario_a_cloud_in_the_proof():
    """What was not seen is not proven; the circuit closes all the same, and the next closing proves."""
    rig = unproven()
    rig.lease(1)
    rig.run_until(lambda: rig.pins() == OUTSIDE_ONLY, 50)
    rig.set_open(1, volts=20)
    rig.run_until(lambda: rig.pins() == BOTH, 300)
    rig.set_open(1, volts=340)
    rig.run(100)
    rig.release(1)
    rig.run(200)
    rig.lease(1)
    assert OUTSIDE_ONLY in levels(course(rig, 300))


def scenario_the_proof_ends_with_the_lease():
    """By itself, on purpose, and while the processor hangs."""
    rig = unproven(sequence_ms=1000)
    end_us = rig.lease(1, 400)
    rig.run_until(lambda: rig.pins() == OUTSIDE_ONLY, 50)
    rig.run_until(lambda: rig.pins() == OPEN_PINS, 500)
    assert end_us <= simboard.board().bank.changed[OUTSIDE] <= end_us + 1000
    rig.run(1500)
    assert (rig.pins(), rig.state()) == (OPEN_PINS, "armed")
    rig.lease(1, 2000)
    rig.run_until(lambda: rig.pins() == OUTSIDE_ONLY, 50)
    rig.release(1)
    rig.run_until(lambda: rig.pins() == OPEN_PINS, 20)
    end_us = rig.lease(1, 300)
    rig.run_until(lambda: rig.pins() == OUTSIDE_ONLY, 50)
    rig.run_until(lambda: end_us - rig.backend.clock_us < 40_000)
    rig.hang(60)
    assert rig.pins() == OPEN_PINS
    rig.run(100)
    assert rig.state() == "armed"


def scenario_the_lease_ends_in_the_pause():
    rig = unproven()
    rig.lease(1, 90)
    assert levels(course(rig, 500))[-1] == OPEN_PINS
    assert rig.state() == "armed"
    assert rig.program.leases_over == 1


def scenario_a_trip_in_the_proof_opens_at_once():
    rig = unproven(sequence_ms=500)
    rig.lease(1, 3000)
    rig.run_until(lambda: rig.pins() == OUTSIDE_ONLY, 50)
    rig.backend.set_loop(1, False)
    assert rig.pins() == OPEN_PINS
    rig.backend.set_loop(1, True)
    rig.run(10)
    assert TRIGGERS[rig.tripped().trigger] == "fault_line"


def scenario_a_slow_loop_looks_often_enough():
    """Passes of 25 ms: no stage ends before three looks."""
    rig = unproven()
    rig.program.wait = lambda _began: rig.hang(25)
    rig.lease(1, 3000)
    seen = course(rig, 900)
    assert levels(seen)[-4:] == [OUTSIDE_ONLY, OPEN_PINS, INSIDE_ONLY, BOTH], seen
    assert not rig.program.circuits[0].proof_due(rig.program.clock)


# -- welded -----------------------------------------------------------------------------------------------------


def scenario_a_welded_carrier_shows_in_the_proof():
    for circuit in (1, 2):
        rig = unproven()
        rig.backend.welded[2 * circuit - 2 + INSIDE] = 1
        rig.lease(circuit, 3000)
        took_ms = rig.run_until(lambda rig=rig: rig.state() == "fault", 200)
        assert took_ms < 60, took_ms
        expect_weld(rig, f"relay_{circuit}_inside", circuit)
        assert "TRIP" not in [said.name for said in rig.events()]


def scenario_a_welded_breaker_shows_while_the_carrier_closes():
    for circuit in (1, 2):
        for proven in (False, True):
            rig = Rig().armed(proven=proven)
            rig.backend.welded[2 * circuit - 2 + OUTSIDE] = 1
            rig.lease(circuit, 3000)
            rig.run_until(lambda rig=rig: rig.state() == "fault", 300)
            expect_weld(rig, f"relay_{circuit}_outside", circuit)


def scenario_a_breaker_that_welds_while_closed_shows_at_off():
    for circuit in (1, 2):
        rig = Rig().armed(sequence_ms=100)
        rig.closed(circuit)
        rig.run(300)
        rig.backend.welded[2 * circuit - 2 + OUTSIDE] = 1
        rig.release(circuit)
        rig.run_until(lambda rig=rig: rig.state() == "fault", 120)
        expect_weld(rig, f"relay_{circuit}_outside", circuit)


def scenario_a_carrier_that_welds_while_closed_shows_in_the_next_proof():
    rig = Rig().armed()
    rig.closed(1)
    rig.backend.welded[INSIDE] = 1
    rig.release(1)
    rig.run(3000)
    assert rig.state() == "armed"  # the breaker opened: nobody can tell
    rig.live_to(rig.program.clock.s + 86_401)
    rig.lease(1)
    rig.run_until(lambda: rig.state() == "fault", 200)
    expect_weld(rig, "relay_1_inside")


def scenario_both_welded_show_2_s_after_off_whatever_the_state():
    for disarm in (False, True):
        rig = Rig().armed()
        rig.closed(1)
        rig.backend.welded[OUTSIDE] = rig.backend.welded[INSIDE] = 1
        rig.program.circuits[0].drop(rig.program.clock)  # at once, so that no stage of opening tells
        rig.program.interlock.drop_all()
        if disarm:
            rig.accepted("DISARM")
        took_ms = rig.run_until(lambda rig=rig: rig.state() == "fault", 2500)
        assert 1900 < took_ms < 2100, took_ms
        expect_weld(rig, "relays")


def scenario_both_welded_after_a_trip_make_it_a_fault():
    rig = Rig().armed()
    rig.closed(1)
    rig.backend.welded[OUTSIDE] = rig.backend.welded[INSIDE] = 1
    rig.set(1, degf=165)
    rig.run(500)
    assert rig.state() == "tripped"
    rig.run_until(lambda: rig.state() == "fault", 2000)
    expect_weld(rig, "relays")
    assert [said.name for said in rig.events()] == ["BOOT", "TRIP", "FAULT"]


def scenario_both_welded_before_arming():
    """Seen from the question what the board holds on; nothing needs to be armed for it."""
    rig = Rig()
    rig.backend.welded[OUTSIDE] = rig.backend.welded[INSIDE] = 1
    rig.hello()
    rig.run(2500)
    rig.configure()
    assert rig.state() == "disarmed"
    rig.accepted("CONFIG_CHECK")
    rig.run(50)
    expect_weld(rig, "relays")


def scenario_a_weld_clears_by_a_person_and_the_proof_comes_first():
    rig = unproven()
    rig.backend.welded[INSIDE] = 1
    rig.lease(1)
    rig.run_until(lambda: rig.state() == "fault", 200)
    fault = expect_weld(rig, "relay_1_inside")
    assert rig.arm().name == "NAK"
    rig.backend.set_stuck(1, True)
    rig.run(2100)
    assert rig.refused("RESET_TRIP", fault.event_id) == "selftest"
    rig.backend.set_stuck(1, False)
    rig.run(2100)
    rig.accepted("RESET_TRIP", fault.event_id)
    assert rig.state() == "disarmed"
    assert rig.arm().name == "ACK"
    rig.lease(1)  # nobody replaced it
    rig.run_until(lambda: rig.state() == "fault", 200)
    assert rig.pins() == OPEN_PINS
    rig.backend.welded[INSIDE] = 0
    rig.run(2100)
    rig.accepted("RESET_TRIP", rig.last("FAULT").event_id)
    assert rig.arm().name == "ACK"
    rig.closed(1)


def scenario_both_welded_are_not_reset_while_they_conduct():
    rig = Rig().armed()
    rig.closed(1)
    rig.backend.welded[OUTSIDE] = rig.backend.welded[INSIDE] = 1
    rig.release(1)
    rig.run(3000)
    fault = rig.last("FAULT")
    assert SUBJECTS[fault.subject] == "relay_1_outside"  # as soon as the breaker did not open
    assert rig.refused("RESET_TRIP", fault.event_id) == "cause_present"


def scenario_dim_sun_shows_nothing_and_accuses_nobody():
    """With a weld the voltage breaks down below its minimum, without one no current flows."""
    for welded in (0, 1):
        rig = unproven()
        rig.backend.welded[INSIDE] = welded
        rig.set(1, amps=1.5, volts=48)
        rig.lease(1)
        rig.run(1000)
        assert (rig.state(), rig.pins()) == ("armed", BOTH)
        assert rig.program.circuits[0].proof_due(rig.program.clock) == bool(welded)


def scenario_a_relay_that_needs_its_time_is_not_welded():
    """60 ms at a sequence of 100 ms, 28 ms at one of 50: still travelling, bouncing or arcing."""
    import virtual_house

    travel = virtual_house.OPEN_US
    try:
        for sequence_ms, open_us in ((100, 58_000), (50, 28_000), (0, 28_000)):
            virtual_house.OPEN_US = open_us
            rig = unproven(sequence_ms=sequence_ms)
            rig.closed(1)
            rig.run(300)
            rig.release(1)
            rig.run(500)
            assert rig.state() == "armed", sequence_ms
    finally:
        virtual_house.OPEN_US = travel


def scenario_welds_also_past_day_13():
    rig = Rig()
    rig.live_to(DAY_14_S)
    rig.armed(proven=False)
    rig.backend.welded[INSIDE] = 1
    rig.lease(1)
    rig.run_until(lambda: rig.state() == "fault", 200)
    assert expect_weld(rig, "relay_1_inside").at_uptime_s >= DAY_14_S


def scenario_a_weld_cannot_be_left_unwatched():
    rig = unproven(further=FURTHER[:8] + (False, False))
    rig.backend.welded[INSIDE] = 1
    rig.lease(1)
    rig.run_until(lambda: rig.state() == "fault", 200)
    expect_weld(rig, "relay_1_inside")
