"""The self-test when a person asks for it: what it tells, what it makes of the board, and when it is refused."""

import selftest
from virtual_rig import Rig

from tanklink.messages import SUBJECTS, TRIGGERS


def scenario_a_board_in_order_says_so_and_can_be_armed_after_it():
    rig = Rig()
    rig.hello()
    rig.configure()
    result = rig.accepted("SELFTEST")
    assert (result.trigger, result.circuit, result.subject, result.value, result.limit) == (0, 0, 0, 0, 0)
    assert not result.journal_broken
    rig.run(200)
    assert rig.state() == "disarmed"
    assert rig.arm().name == "ACK"
    for circuit in rig.program.circuits:
        circuit.prove(rig.program.clock)
    rig.closed(1, 2000)
    rig.run(500)
    assert rig.state() == "armed"
    assert [e.name for e in rig.events()] == ["BOOT"]


def scenario_what_it_finds_is_told_at_once_and_is_a_fault():
    rig = Rig()
    rig.hello()
    rig.backend.set_stuck(2, True)
    result = rig.accepted("SELFTEST")
    assert (TRIGGERS[result.trigger], SUBJECTS[result.subject]) == ("line_stuck", "fault_line_2")
    assert (result.circuit, result.value, result.limit) == (2, 1, 0)
    assert rig.state() == "fault"
    again = rig.accepted("SELFTEST")
    assert TRIGGERS[again.trigger] == "line_stuck"
    rig.backend.set_stuck(2, False)
    assert rig.accepted("SELFTEST").trigger == 0
    assert rig.state() == "fault"  # a person resets it
    rig.run(200)
    assert len([e for e in rig.events() if e.name == "FAULT"]) == 1


def scenario_it_is_refused_while_a_circuit_could_close():
    rig = Rig().armed()
    assert rig.refused("SELFTEST") == "state"
    rig.closed(1, 2000)
    assert rig.refused("SELFTEST") == "state"
    rig.accepted("DISARM")
    assert rig.refused("SELFTEST") == "state"  # its relays are still opening
    rig.run(500)
    assert rig.accepted("SELFTEST").trigger == 0


def scenario_it_is_refused_without_the_memory_that_it_takes():
    rig = Rig()
    rig.hello()
    at_boot = selftest.at_boot

    def none_left(*_):
        raise MemoryError

    selftest.at_boot = none_left
    try:
        assert rig.refused("SELFTEST") == "selftest"
    finally:
        selftest.at_boot = at_boot
    assert rig.state() == "disarmed"
