"""Leases on the pins: the sequence both ways, the end of a lease to the microsecond, and what holds nothing."""

import time

import simboard
from virtual_rig import DAY_14_S, SEQUENCE_MS, Rig

from tanklink.messages import TRIGGERS

OUTSIDE, INSIDE = 0, 1


def edges(rig):
    """Instants of the last edge of each relay pin, µs."""
    simboard.board().refresh()
    return simboard.board().bank.changed


def scenario_inside_first_then_outside():
    rig = Rig().armed()
    rig.lease(1, 3000)
    rig.run_until(lambda: rig.pins() == (0, 1, 0, 0), 30)
    inside_us = edges(rig)[INSIDE]
    rig.run_until(lambda: rig.pins() == (1, 1, 0, 0), 200)
    gap_us = edges(rig)[OUTSIDE] - inside_us
    assert 1000 * SEQUENCE_MS <= gap_us <= 1000 * SEQUENCE_MS + 10_000, gap_us
    rig.run(150)
    status = rig.last("STATUS")
    assert (status.circuit_1, status.circuit_2, status.relays) == (2, 0, 3)
    assert 2000 < status.lease_1_ms < 3000


def scenario_outside_first_when_the_host_switches_off():
    rig = Rig().armed()
    rig.closed(1)
    rig.release(1)
    rig.run_until(lambda: rig.pins() == (0, 1, 0, 0), 20)
    outside_us = edges(rig)[OUTSIDE]
    rig.run_until(lambda: rig.pins() == (0, 0, 0, 0), 200)
    gap_us = edges(rig)[INSIDE] - outside_us
    assert 1000 * SEQUENCE_MS <= gap_us <= 1000 * SEQUENCE_MS + 10_000, gap_us
    rig.run(1500)
    assert rig.state() == "armed"
    assert [said.name for said in rig.events()] == ["BOOT"]  # on purpose: no event
    assert rig.program.leases_over == 0


def scenario_lease_runs_out():
    """The first relay falls at the very end of the lease, though passes come only every 5 ms."""
    for uptime_s in (10, DAY_14_S):
        rig = Rig()
        rig.live_to(uptime_s)
        rig.armed()
        end_us = rig.closed(1, 2003)  # between two passes
        rig.run_until(lambda rig=rig: rig.pins() == (0, 1, 0, 0), 2500)
        assert end_us <= edges(rig)[OUTSIDE] <= end_us + 1000, (edges(rig), end_us)
        rig.run_until(lambda rig=rig: rig.pins() == (0, 0, 0, 0), 500)
        second_us = edges(rig)[INSIDE] - end_us
        assert 1000 * SEQUENCE_MS <= second_us <= 1000 * SEQUENCE_MS + 1000, second_us
        rig.run(200)
        event = rig.last("LEASE_OVER")
        assert (event.circuit, event.trigger, event.limit) == (1, 0, 0)
        assert 0 <= event.value <= 6
        assert event.at_uptime_s >= uptime_s
        assert rig.state() == "armed"  # not latched


class SlowJudge:
    """The real one, on a processor that needs 3 ms for it."""

    def __init__(self, rig):
        self._rig, self._real = rig, rig.program._judge

    def __getattr__(self, name):
        return getattr(self._real, name)

    def look(self, facts, kinds):
        self._rig.hang(3)
        return self._real.look(facts, kinds)


def scenario_permits_are_reckoned_when_they_are_pushed():
    """Not at the beginning of a pass, or the relay would fall by the length of a pass too late."""
    rig = Rig().armed()
    rig.program._judge = SlowJudge(rig)
    end_us = rig.closed(1, 503)
    rig.run_until(lambda: rig.pins() == (0, 1, 0, 0), 700)
    assert end_us <= edges(rig)[OUTSIDE] <= end_us + 1000, (edges(rig), end_us)


def scenario_lease_runs_out_while_the_processor_hangs():
    """The permits end by themselves: the first relay at the end of the lease, the second after the sequence."""
    rig = Rig().armed()
    end_us = rig.closed(1, 700)
    rig.run_until(lambda: end_us - rig.backend.clock_us < 40_000)
    rig.hang(40)
    assert rig.pins() == (0, 1, 0, 0)
    assert abs(edges(rig)[OUTSIDE] - end_us) < 1000
    rig.hang(60)
    assert rig.pins() == (0, 0, 0, 0)
    assert abs(edges(rig)[INSIDE] - end_us - 1000 * SEQUENCE_MS) < 1000
    rig.run(100)
    assert rig.state() == "armed"  # a lease that ended is no trip, however late it is noticed
    assert rig.last("LEASE_OVER").value >= 30


def renewed_at(us_after_end, sequence_ms=SEQUENCE_MS, lease_ms=300):
    """A rig whose lease is renewed this long after its end, by a host that the program hears while it waits."""
    rig = Rig().armed(sequence_ms=sequence_ms)
    end_us = rig.lease(1, lease_ms)
    at_us = end_us + us_after_end
    poll, backend, sent = rig.port.poll, rig.backend, []

    def polling(timeout_ms):
        if not sent and backend.clock_us + 1000 * timeout_ms >= at_us:
            backend.clock_us = max(backend.clock_us, at_us)
            sent.append(rig.lease(1, 2000))
        return poll(timeout_ms)

    rig.port.poll = polling
    rig.run(lease_ms + 20)
    assert sent
    return rig


def expect_reclosed(rig, about):
    """Never a trip; if the relays fell, the lease ran out, and the new one closes them again."""
    rig.run(1300)
    assert rig.state() == "armed", about
    assert rig.pins() == (1, 1, 0, 0), about
    assert [said.name for said in rig.events()] == ["BOOT"] + ["LEASE_OVER"] * rig.program.leases_over, about
    return rig.program.leases_over


def scenario_renewed_at_the_very_end():
    """The permits may have ended just before the new lease is seen: that is no broken fault line."""
    over = [expect_reclosed(renewed_at(us), us) for us in range(-12_000, 8_000, 700)]
    assert over[0] == 0
    assert over[-1] == 1
    assert over == sorted(over)


def scenario_renewed_at_the_very_end_while_closing():
    over = [expect_reclosed(renewed_at(us, 1000, 200), us) for us in range(-12_000, 8_000, 2100)]
    assert over[0] == 0
    assert over[-1] == 1


def scenario_permits_end_between_the_look_and_the_push():
    """The new lease was heard in time, but a slow pass pushed its permits too late."""
    over = set()
    for us in range(-8_000, 2_000, 400):
        rig = Rig().armed()
        rig.program._judge = SlowJudge(rig)
        end_us = rig.closed(1, 503)
        rig.run_until(lambda end_us=end_us, us=us, rig=rig: rig.backend.clock_us >= end_us + us)
        rig.lease(1, 2000)
        rig.run(100)
        over.add(expect_reclosed(rig, us))
    assert over == {0, 1}


def scenario_a_glitch_of_the_fault_line_is_none_of_that():
    """However near the lease's end, and renewed or not: within the permit it is the line."""
    for rest_ms in (90, 40, 12):
        rig = Rig().armed()
        end_us = rig.closed(1, 700)
        rig.run_until(lambda end_us=end_us, rest_ms=rest_ms, rig=rig: end_us - rig.backend.clock_us < 1000 * rest_ms)
        rig.lease(1, 2000)
        rig.backend.set_loop(1, False)
        assert rig.pins() == (0, 0, 0, 0)
        rig.backend.set_loop(1, True)
        rig.one_pass()
        assert TRIGGERS[rig.tripped().trigger] == "fault_line"
        assert rig.program.leases_over == 0


def scenario_renewed_in_time_it_is_a_lease_like_any_other():
    """The old one's end is forgotten: what happens after it is judged."""
    rig = Rig().armed()
    rig.closed(1, 300)
    rig.lease(1, 2000)
    rig.run(600)
    rig.backend.set_loop(1, False)
    assert rig.pins() == (0, 0, 0, 0)
    rig.backend.set_loop(1, True)
    rig.one_pass()
    assert TRIGGERS[rig.tripped().trigger] == "fault_line"


def scenario_renewed_leases_hold():
    rig = Rig().armed()
    rig.closed(1)
    for _ in range(10):
        rig.lease(1, 2000)
        rig.run(500)
        assert rig.pins() == (1, 1, 0, 0)
    assert rig.program.leases_over == 0


def scenario_a_later_lease_may_be_shorter():
    """Absolute values: the newest wins."""
    rig = Rig().armed()
    rig.closed(1, 4000)
    end_us = rig.lease(1, 300)
    rig.run_until(lambda: rig.pins() == (0, 1, 0, 0), 500)
    assert end_us <= edges(rig)[OUTSIDE] <= end_us + 1000


def scenario_reclosed_while_opening():
    """It opens to the end first, then closes anew."""
    rig = Rig().armed()
    rig.closed(1)
    rig.release(1)
    rig.one_pass()
    rig.lease(1, 2000)
    rig.run_until(lambda: rig.pins() == (0, 0, 0, 0), 200)
    rig.run_until(lambda: rig.pins() == (1, 1, 0, 0), 200)


def scenario_switched_off_while_closing():
    """The contact for DC never closed: the other may open at once."""
    rig = Rig().armed(sequence_ms=500)
    rig.lease(1, 2000)
    rig.run_until(lambda: rig.pins() == (0, 1, 0, 0), 50)
    rig.release(1)
    rig.run_until(lambda: rig.pins() == (0, 0, 0, 0), 20)
    rig.lease(1, 2000)
    rig.run_until(lambda: rig.pins() == (1, 1, 0, 0), 700)


def scenario_lease_shorter_than_the_sequence():
    rig = Rig().armed(sequence_ms=1000)
    end_us = rig.lease(1, 400)
    rig.run_until(lambda: rig.pins() == (0, 1, 0, 0), 50)
    rig.run_until(lambda: rig.pins() == (0, 0, 0, 0), 600)
    assert end_us <= edges(rig)[INSIDE] <= end_us + 1000
    rig.run(1500)
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.state() == "armed"


def scenario_two_circuits_are_their_own():
    rig = Rig().armed()
    rig.closed(1, 3000)
    rig.closed(2, 1000)
    assert rig.pins() == (1, 1, 1, 1)
    rig.run(1200)
    assert rig.pins() == (1, 1, 0, 0)
    rig.run(100)
    assert [said.circuit for said in rig.events() if said.name == "LEASE_OVER"] == [2]  # though circuit 1 is closed
    rig.run(2000)
    assert [said.circuit for said in rig.events() if said.name == "LEASE_OVER"] == [2, 1]


def scenario_disarm_opens_in_sequence():
    rig = Rig().armed()
    rig.closed(1)
    rig.accepted("DISARM")
    assert rig.pins()[:2] == (0, 1)
    rig.run(SEQUENCE_MS + 20)
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.program.leases_over == 0
    assert rig.refused("LEASE", 1, rig.program.clock.s + 2, 0, rig.arming) == "state"


def scenario_switching_off_is_never_refused():
    rig = Rig()
    rig.hello()
    rig.release(1)
    rig.run(50)
    assert rig.program.commands.bad_state == 0


def scenario_a_lease_of_the_past_opens():
    rig = Rig().armed()
    rig.closed(1)
    clock = rig.program.clock
    clock.advance(time.ticks_us())
    rig.send("LEASE", 1, clock.s, clock.ms_part(), rig.arming)
    rig.run_until(lambda: rig.pins()[0] == 0, 20)


def scenario_no_edge_before_armed():
    """From reset to ARMED no relay pin ever goes up, whatever is sent."""
    rig = Rig()
    seen = []

    def watch(*_record):
        if any(simboard.board().bank.pins):
            seen.append(rig.state())

    rig.backend.on_record = watch
    rig.lease(1)
    rig.hello()
    rig.lease(1)
    rig.configure()
    rig.lease(1)
    rig.run(200)
    rig.arm()
    rig.run(200)
    assert seen == []
    rig.closed(1)
    assert seen
    assert set(seen) == {"armed"}
