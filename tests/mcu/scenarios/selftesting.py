"""The board checks itself, at boot and while it runs: for each check a fault that only it finds, with its trigger."""

import ailing
import board
import bootloop
import machine
import selftest
import simwire
from integrity import LATE_S, Integrity
from virtual_rig import Rig

from tanklink.messages import NAK_REASONS, NOTICES, SUBJECTS, TRIGGERS


def expect_fault(rig, trigger, subject, circuit=0):
    """The rig stands at this fault, and says so to a host; returns the event."""
    assert rig.state() == "fault", rig.state()
    rig.hello()
    rig.run(200)
    fault = rig.last("FAULT")
    assert (TRIGGERS[fault.trigger], SUBJECTS[fault.subject], fault.circuit) == (trigger, subject, circuit), fault
    assert rig.pins() == (0, 0, 0, 0)
    return fault


def scenario_a_board_in_order():
    rig = Rig()
    assert rig.state() == "disarmed"
    rig.armed()


# -- at boot ----------------------------------------------------------------------------------------------------


def scenario_a_relay_pin_that_stays_high():
    for relay in range(4):
        rig = Rig(before=lambda backend, relay=relay: backend.set_relay_stuck(relay, True))
        assert rig.state() == "fault"
        rig.hello()
        rig.run(200)
        fault = rig.last("FAULT")
        assert (TRIGGERS[fault.trigger], SUBJECTS[fault.subject], fault.circuit) == ("relay_stuck", "relays", 0)
        assert (fault.value, fault.limit) == (1 << relay, 0)


def scenario_memory_with_a_bit_that_sticks():
    selftest.stand = ailing.stick
    try:
        rig = Rig(before=lambda backend: backend.set_fault(simwire.FAULT_MEMORY, True))
    finally:
        selftest.stand = None
    assert expect_fault(rig, "memory", "memory").value in (1234, 1235)


def scenario_a_fault_line_short_to_3v3():
    for circuit in (1, 2):
        rig = Rig(before=lambda backend, circuit=circuit: backend.set_stuck(circuit, True))
        expect_fault(rig, "line_stuck", f"fault_line_{circuit}", circuit)


def scenario_a_fault_line_that_is_not_connected_is_none():
    rig = Rig(before=lambda backend: backend.set_loop(2, False))
    assert rig.state() == "disarmed"


def scenario_clocks_that_disagree():
    """The converter, by another PLL than the timer, brings half of the samples."""
    rig = Rig(before=lambda backend: backend.set_fault(simwire.FAULT_ADC_SLOW, True))
    fault = expect_fault(rig, "clock", "clock")
    assert 2 * fault.value - 20 < fault.limit < 2 * fault.value + 20


def scenario_a_reference_that_is_off():
    """Before anything is judged by it; and again before a reset."""
    for counts in (2900, 3300):
        rig = Rig(before=lambda backend, counts=counts: backend.set_counts(6, counts))
        rig.hello()
        rig.configure()
        rig.accepted("CONFIG_CHECK")
        assert expect_fault(rig, "reference", "reference").value == counts * 3300 // 4095
        assert reset(rig) == "cause_present"
        rig.backend.set_counts(6, 3102)
        assert reset(rig) == "ACK"
        assert rig.arm().name == "ACK"


def scenario_without_a_circuit_the_reference_is_not_judged():
    """A board of lights alone need not have one."""
    rig = Rig(before=lambda backend: backend.set_counts(6, 0))
    rig.hello()
    rig.configure(circuits=())
    rig.accepted("CONFIG_CHECK")
    rig.run(1000)
    assert rig.state() == "disarmed"
    assert [said.name for said in rig.events()] == ["BOOT"]


def scenario_a_comparator_that_does_not_pull():
    """No sample reaches it."""
    rig = Rig(before=lambda backend: backend.set_fault(simwire.FAULT_COMPARATOR, True))
    expect_fault(rig, "comparator", "comparator")


# -- running ----------------------------------------------------------------------------------------------------


def scenario_a_configuration_that_changed_by_itself():
    """A bit falls over in memory, in a limit or in a scale: found within two seconds, even under way."""
    for place, bit in ((lambda config: config.circuits[1], 64), (lambda config: config._values, 1),
                       (lambda config: config._counts, 2)):  # fmt: skip
        rig = Rig().armed()
        rig.closed(1, 5000)
        place(rig.program.config)[3 if bit == 64 else 1] ^= bit
        assert rig.run_until(lambda rig=rig: rig.state() == "fault") < 2100
        expect_fault(rig, "config", "config")


def reset(rig):
    """What the board says to a person who resets what stands, once the cause is quiet for long enough."""
    rig.run(2100)
    answer = rig.ask("RESET_TRIP", rig.program.journal.standing_id())
    return "ACK" if answer.name == "ACK" else NAK_REASONS[answer.reason]


def scenario_a_changed_configuration_must_be_sent_anew_before_a_reset():
    rig = Rig().armed()
    rig.program.config.circuits[1][3] ^= 64
    rig.run_until(lambda: rig.state() == "fault")
    expect_fault(rig, "config", "config")
    assert reset(rig) == "selftest"
    rig.configure()
    rig.accepted("CONFIG_CHECK")
    assert reset(rig) == "ACK"
    rig.run(3000)
    assert rig.state() == "disarmed"
    assert rig.arm().name == "ACK"


def scenario_limits_that_changed_are_renewed():
    """The judges' own copy of them."""
    rig = Rig().armed()
    rig.program.facts.current_limit_ma[0] ^= 1 << 14
    rig.run(2100)
    assert rig.program.facts.current_limit_ma[0] == 11_000
    assert rig.state() == "armed"


class Files:
    """A folder of program files in memory."""

    def __init__(self):
        self.content = {"a.py": b"first" * 300, "b.mpy": bytes(700), "c.py": b""}

    def open(self, path, _mode):
        import io

        name = path.rpartition("/")[2]
        if self.content[name] is None:
            raise OSError(5)
        return io.BytesIO(self.content[name])

    def names(self, _folder):
        return sorted(self.content)

    def digest(self):
        import hashlib

        whole = hashlib.sha256()
        for name in self.names(""):
            whole.update(name.encode() + b"\0" + self.content[name])
        return whole.digest()[:8]


def watching(files):
    """An armed rig that hashes these files."""
    rig = Rig().armed()
    program = rig.program
    program.integrity = Integrity(program.clock, files.digest(), "/", files.open, files.names)
    program.integrity.adopt(program.config)
    return rig


def scenario_a_program_that_changed_in_flash():
    files = Files()
    rig = watching(files)
    rig.run(6000)
    assert rig.state() == "armed"
    assert rig.program.integrity.checked_s() < 5
    files.content["b.mpy"] = bytes(699) + b"1"
    assert rig.run_until(lambda: rig.state() == "fault", 8000) < 6000
    expect_fault(rig, "program", "program")
    rig.configure()
    rig.accepted("CONFIG_CHECK")
    assert reset(rig) == "selftest"
    files.content["b.mpy"] = bytes(700)
    rig.run(8000)  # until it was found whole
    assert reset(rig) == "ACK"


def scenario_a_program_that_cannot_be_read():
    files = Files()
    rig = watching(files)
    files.content["c.py"] = None
    rig.run_until(lambda: rig.state() == "fault", 8000)
    expect_fault(rig, "program", "program")


def scenario_a_check_that_never_ends_is_a_fault():
    """No memory to be had, for minutes: nobody knows whether the program is whole."""
    files = Files()
    rig = watching(files)

    def refuse(*_args):
        raise MemoryError

    rig.program.integrity._open = refuse
    rig.run(1000)
    assert rig.state() == "armed"
    rig.program.clock.s += LATE_S
    rig.program._pushed_s += LATE_S
    rig.run_until(lambda: rig.state() == "fault", 1000)
    expect_fault(rig, "program", "program")


def scenario_health_tells_when_all_was_whole():
    rig = Rig().armed()
    rig.run(2100)
    budget = rig.last("BUDGET")
    assert budget.checked_s <= 2, budget
    assert budget.journal_free == rig.program.journal.free() > 0, (budget, rig.program.journal.free())
    assert budget.slow_passes == 0
    assert budget.tx_waiting <= 243  # of a STATUS that is on its way


# -- passes that last too long ------------------------------------------------------------------------------------


def slow_pass(rig, ms):
    """One pass of this length."""
    sample = rig.program.sampler.sample

    def slowly():
        rig.hang(ms)
        sample()

    rig.program.sampler.sample = slowly
    rig.one_pass()
    rig.program.sampler.sample = sample
    rig.run(150)


def scenario_a_slow_pass_is_told_once_and_counted():
    rig = Rig().armed()
    rig.closed(1, 5000)
    slow_pass(rig, 24)
    assert "NOTICE" not in [said.name for said in rig.events()]
    slow_pass(rig, 30)
    slow_pass(rig, 45)
    notices = [said for said in rig.events() if said.name == "NOTICE"]
    assert [(NOTICES[said.notice], said.value, said.limit) for said in notices] == [("slow_pass", 30, 25)]
    assert rig.state() == "armed"
    rig.run(1000)
    assert rig.last("BUDGET").slow_passes == 2


def scenario_a_pass_of_half_a_permit_trips():
    rig = Rig().armed()
    rig.closed(1, 5000)
    slow_pass(rig, 60)
    trip = rig.tripped()
    assert (TRIGGERS[trip.trigger], SUBJECTS[trip.subject], trip.value, trip.limit) == ("slow_pass", "cpu", 60, 50)


def scenario_a_transfer_that_hangs_is_a_slow_pass():
    """Once: the bit that stays set does nothing more."""
    rig = Rig().armed()
    rig.closed(1, 5000)
    rig.backend.set_fault(simwire.FAULT_BUS_STALL, True)
    rig.run(30)
    trip = rig.tripped()
    assert (TRIGGERS[trip.trigger], SUBJECTS[trip.subject], trip.limit) == ("slow_pass", "cpu", 50)
    assert trip.value in (60, 61)
    rig.run(200)
    assert rig.program.loop.slow_passes == 1


def scenario_a_slow_pass_with_nothing_to_guard_does_not_trip():
    rig = Rig()
    rig.hello()
    slow_pass(rig, 60)
    assert rig.state() == "disarmed"


# -- a board that resets itself over and over -----------------------------------------------------------------------


def boots(cause, times, words=None):
    """Whether each boot is caught, and the words that outlast the last reset."""
    caught = []
    for _ in range(times):
        rig = Rig(cause=cause, words=words)
        caught.append(bootloop.caught())
        words = rig.backend.words
    return caught, words


def scenario_the_fifth_quick_reset_leaves_the_repl_free():
    caught, words = boots(simwire.CAUSE_WATCHDOG, 5)
    assert caught == [False, False, False, False, True]
    assert machine.mem32[board.RESET_NOTE_ADDRESS] == board.NOTE_BOOT_LOOP
    rig = Rig(cause=simwire.CAUSE_WATCHDOG, words=words)
    assert not bootloop.caught()  # and begins anew
    import identity

    assert identity._reset_cause(machine) == (identity.WATCHDOG, True)
    rig = Rig(cause=simwire.CAUSE_WATCHDOG, reset_cause=1, boot_loop=True)
    rig.hello()
    rig.run(150)
    notice = rig.last("NOTICE")
    assert (NOTICES[notice.notice], notice.value) == ("boot_loop", bootloop.QUICK)


def scenario_power_and_a_steady_run_begin_the_count_anew():
    _, words = boots(simwire.CAUSE_WATCHDOG, 4)
    rig = Rig(cause=simwire.CAUSE_WATCHDOG, words=words)
    rig.run(61_000)
    assert boots(simwire.CAUSE_WATCHDOG, 1, rig.backend.words)[0] == [False]
    _, words = boots(simwire.CAUSE_WATCHDOG, 4)
    assert boots(simwire.CAUSE_POWER_ON, 1, words)[0] == [False]
