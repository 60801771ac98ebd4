"""From HELLO to ARMED, every way in which it is refused, and what a new session ends."""

import simwire
from virtual_rig import DAY_14_S, FURTHER, SEQUENCE_MS, Rig

from tanklink.config import Config
from tanklink.frames import MAX_FRAME, encode_into
from tanklink.messages import DIGEST, LEASE, NAK_REASONS, RESET_CAUSES

OTHER_DIGEST = b"elsewise"


def scenario_silent_until_spoken_to():
    rig = Rig()
    rig.run(3000)
    assert rig.listen() == []
    assert rig.state() == "disarmed"


def scenario_hello_to_armed():
    rig = Rig()
    welcome = rig.hello()
    assert welcome.digest == DIGEST
    assert (welcome.board_id, welcome.firmware, welcome.boot_id) == (b"board-id", b"firmware", 77)
    assert (welcome.state, welcome.trip_id, welcome.version) == (2, 0, "0.1.0")
    rig.configure()
    assert rig.arm().name == "ACK"
    assert rig.state() == "armed"
    rig.run(200)
    assert rig.last("STATUS").state == 3
    assert rig.pins() == (0, 0, 0, 0)


def scenario_armed_past_day_14():
    rig = Rig()
    rig.live_to(DAY_14_S)
    rig.armed()
    assert rig.hello().uptime_s >= DAY_14_S
    rig.closed(1)
    rig.run(200)
    assert rig.last("STATUS").circuit_1 == 2


def scenario_commands_want_a_session():
    rig = Rig()
    assert rig.refused("CONFIG_CHECK") == "no_session"
    assert rig.refused("DISARM") == "no_session"
    assert rig.refused("LEASE", 1, 1, 0, rig.arming) == "no_session"
    assert rig.ask("PING", 9).token == 9  # a sign of life costs nothing


def scenario_another_table_of_messages():
    """It is told so and gets nothing, but may still ask for the REPL."""
    rig = Rig()
    welcome = rig.hello(digest=OTHER_DIGEST)
    assert welcome.digest == DIGEST
    assert rig.refused("CONFIG_CIRCUIT", 1, True, 32_000, 11_000, 160_000, 300, 600, 50, *FURTHER) == "digest"
    assert rig.refused("CONFIG_CHECK") == "digest"
    assert rig.refused("ARM", 1, 77, bytes(4)) == "digest"
    assert rig.refused("LEASE", 1, 1, 0, rig.arming) == "digest"
    rig.run(500)
    assert "STATUS" not in rig.said  # it could not read that
    rig.hello()
    rig.run(500)
    assert rig.said["STATUS"] >= 4


def scenario_same_crc_as_the_host():
    rig = Rig()
    rig.hello()
    rig.configure(circuits=(1,))
    host = Config()
    for circuit in (1, 2):
        host.set_circuit([circuit, circuit == 1, 32_000, 11_000, 160_000, 300, 600, SEQUENCE_MS] + list(FURTHER))
    for channel, points in ((0, ((372, 0), (4068, 14_000))), (2, ((0, 0), (4095, 500_000))), (4, ((500, 200_000), (3500, 40_000)))):  # fmt: skip  # noqa: E501
        for which in (0, 1):
            for index in range(2):
                host.set_point([channel + which, index, points[index][0], points[index][1]])
    check = rig.accepted("CONFIG_CHECK")
    assert check.config_crc == host.crc()
    assert check.complete is True


def scenario_configuration_beyond_the_ceilings():
    """limits.py can be tightened by the host, never loosened."""
    good = [1, True, 32_000, 11_000, 160_000, 300, 600, 50] + list(FURTHER)
    rig = Rig()
    rig.hello()
    rig.accepted("CONFIG_CIRCUIT", *good)
    for field, value in ((0, 0), (2, 4_999), (2, 500_001), (3, 0), (3, 15_001), (4, 185_001), (5, 2_001), (6, 801),
                         (8, 480_001), (9, 150_001), (10, 0), (10, 501), (11, 1_001), (12, 5_001), (13, 10_001),
                         (14, 3_601), (15, 20_001)):  # fmt: skip
        bad = list(good)
        bad[field] = value
        assert rig.refused("CONFIG_CIRCUIT", *bad) == "range", (field, value)
        rig.run(100)  # the rate of refusals


def scenario_points_out_of_order():
    rig = Rig()
    rig.hello()
    rig.accepted("CONFIG_POINT", 0, 0, 372, 0)
    assert rig.refused("CONFIG_POINT", 0, 2, 4000, 14_000) == "range"
    assert rig.refused("CONFIG_POINT", 0, 1, 372, 14_000) == "range"
    rig.accepted("CONFIG_POINT", 0, 1, 373, 14_000)


def scenario_arming_refused():
    rig = Rig()
    rig.hello()
    check = rig.accepted("CONFIG_CHECK")
    assert check.complete is True  # no circuit is enabled: there is nothing to be judged
    rig.accepted("CONFIG_CIRCUIT", 1, True, 32_000, 11_000, 160_000, 300, 600, 50, *FURTHER)
    assert rig.refused("ARM", check.nonce, 77, check.config_crc) == "nonce"  # void: the configuration has changed
    check = rig.accepted("CONFIG_CHECK")
    assert check.complete is False
    assert rig.refused("ARM", 1, 77, check.config_crc) == "nonce"
    assert rig.refused("ARM", check.nonce, 76, check.config_crc) == "boot_id"
    assert rig.refused("ARM", check.nonce, 77, check.config_crc) == "nonce"  # used up
    check = rig.accepted("CONFIG_CHECK")
    assert rig.refused("ARM", check.nonce, 77, b"\0\0\0\0") == "config_crc"
    check = rig.accepted("CONFIG_CHECK")
    assert rig.refused("ARM", check.nonce, 77, check.config_crc) == "config_incomplete"
    assert rig.state() == "disarmed"


def scenario_arming_with_a_cause_present():
    rig = Rig()
    rig.hello()
    rig.configure()
    for spoil, mend, reason in (
        (lambda: rig.backend.set_loop(2, False), lambda: rig.backend.set_loop(2, True), "fault_line"),
        (lambda: rig.set(1, degf=170), lambda: rig.set(1, degf=100), "cause_present"),
        (lambda: rig.backend.set_stuck(1, True), lambda: rig.backend.set_stuck(1, False), "selftest"),
    ):
        spoil()
        rig.run(10)
        check = rig.accepted("CONFIG_CHECK")
        assert rig.refused("ARM", check.nonce, 77, check.config_crc) == reason
        mend()
        rig.run(10)
    assert rig.arm().name == "ACK"


def scenario_a_circuit_that_is_not_enabled_hinders_nothing():
    rig = Rig()
    rig.backend.set_stuck(2, True)
    rig.set(2, degf=400)
    rig.armed(circuits=(1,))
    rig.run(100)
    assert rig.state() == "armed"


def scenario_no_configuration_while_armed():
    rig = Rig().armed()
    assert rig.refused("CONFIG_CIRCUIT", 1, True, 32_000, 9_000, 160_000, 300, 600, 50, *FURTHER) == "state"
    assert rig.refused("CONFIG_POINT", 0, 0, 372, 0) == "state"
    rig.accepted("CONFIG_CHECK")  # asking is always allowed
    assert rig.refused("ARM", 1, 77, bytes(4)) == "state"


def scenario_configuration_survives_the_session():
    """A host that comes back finds what it left, and need not send it again."""
    rig = Rig().armed()
    before = rig.accepted("CONFIG_CHECK").config_crc
    rig.session += 1
    rig.hello()
    assert rig.state() == "disarmed"
    assert rig.accepted("CONFIG_CHECK").config_crc == before
    assert rig.arm().name == "ACK"


def scenario_first_change_after_arming_begins_from_nothing():
    """So a circuit that is still opening is judged by its own limits to the end."""
    rig = Rig().armed()
    rig.accepted("DISARM")
    rig.accepted("CONFIG_CIRCUIT", 1, True, 32_000, 9_000, 160_000, 300, 600, 50, *FURTHER)
    assert rig.accepted("CONFIG_CHECK").complete is False
    assert rig.program.facts.current_limit_ma[0] == 11_000
    rig.configure(limit_ma=9_000)
    assert rig.arm().name == "ACK"
    assert rig.program.facts.current_limit_ma[0] == 9_000


def scenario_same_session_goes_on():
    rig = Rig().armed()
    rig.closed(1)
    assert rig.hello().state == 3
    rig.run(50)
    assert rig.state() == "armed"
    assert rig.pins() == (1, 1, 0, 0)


def scenario_new_session_ends_the_old_one():
    rig = Rig().armed()
    rig.closed(1)
    rig.session += 1
    assert rig.hello().state == 2
    assert rig.pins()[0] == 0
    rig.run(SEQUENCE_MS + 20)
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.state() == "disarmed"
    assert [said.name for said in rig.events()] == ["BOOT"]  # nothing ran out


def scenario_no_arming_while_a_circuit_still_opens():
    """Testing the fault line would part the second contact before its time."""
    rig = Rig().armed(sequence_ms=500)
    rig.closed(1)
    rig.session += 1
    rig.hello()
    check = rig.accepted("CONFIG_CHECK")
    assert rig.refused("ARM", check.nonce, 77, check.config_crc) == "state"
    rig.run(600)
    assert rig.arm().name == "ACK"


def scenario_lease_refusals():
    rig = Rig()
    rig.hello()
    rig.configure(circuits=(1,))
    clock = rig.program.clock
    assert rig.refused("LEASE", 1, clock.s + 2, 0, rig.arming) == "state"
    rig.arm()
    assert rig.refused("LEASE", 2, clock.s + 2, 0, rig.arming) == "not_configured"
    assert rig.refused("LEASE", 0, clock.s + 2, 0, rig.arming) == "range"
    assert rig.refused("LEASE", 1, clock.s + 6, 999, rig.arming) == "lease_too_long"
    assert rig.refused("LEASE", 1, (1 << 30) - 1, 999, rig.arming) == "lease_too_long"
    rig.run(200)
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.program.commands.bad_state == 5


def _recorded_lease(rig, ms=4000):
    """The bytes of a lease as the host would send it now."""
    clock = rig.program.clock
    until_ms = clock.ms_part() + ms
    frame = bytearray(MAX_FRAME)
    n = encode_into(LEASE, 9, [1, clock.s + until_ms // 1000, until_ms % 1000, rig.arming], frame)
    return bytes(frame[:n])


def _refuses(rig, frame):
    """Play a recorded lease to an armed board, which must refuse and count it, and go on as if nothing had come."""
    before = rig.program.commands.bad_state
    rig.port.feed(frame)
    rig.run(300)
    answer = rig.last("NAK")
    assert (answer.seq, NAK_REASONS[answer.reason]) == (9, "old_arming"), answer
    assert rig.program.commands.bad_state == before + 1
    assert rig.pins() == (0, 0, 0, 0)
    rig.closed(1)  # and one of this arming closes


def scenario_a_lease_of_an_earlier_boot_is_refused():
    """Its instant is still to come on the clock of this boot, which is armed by another session."""
    old = Rig().armed()
    frame = _recorded_lease(old)
    new = Rig(disk=old.disk, boot_id=78)
    new.session = 6
    _refuses(new.armed(), frame)


def scenario_a_lease_of_an_earlier_session_is_refused():
    rig = Rig().armed()
    frame = _recorded_lease(rig)
    rig.session += 1
    rig.hello()
    assert rig.state() == "disarmed"
    assert rig.arm().name == "ACK"
    _refuses(rig, frame)


def scenario_a_lease_of_an_earlier_arming_is_refused():
    rig = Rig().armed()
    frame = _recorded_lease(rig)
    rig.accepted("DISARM")
    assert rig.arm().name == "ACK"
    _refuses(rig, frame)


def scenario_a_lease_that_ends_now_opens_whosesoever_it_is():
    """Opening is never refused."""
    rig = Rig().armed()
    rig.closed(1, 4000)
    rig.send("LEASE", 1, 0, 0, rig.arming ^ 1)
    rig.run(200)
    assert rig.pins() == (0, 0, 0, 0)


# -- maintenance -----------------------------------------------------------------------------------------------------


def boot_after(rig, cause):
    """What boot.py asks after that rig: whether the REPL is left free; and as what the boot after it would be told."""
    import bootloop
    import identity
    import machine
    import maintenance

    Rig(cause=cause, words=rig.backend.words)
    bootloop.caught()
    free, maintenance.active = maintenance.consume(), False
    return free, RESET_CAUSES[identity._reset_cause(machine)[0]]


def left():
    """A board that has just left for maintenance."""
    import identity

    rig = Rig().armed()
    rig.closed(1)
    assert rig.accepted("MAINTENANCE").request == 19
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.state() == "disarmed"
    check = rig.refused("CONFIG_CHECK")
    assert check == "state"  # it is leaving
    rig.run(300)
    identity.leave_note(rig.resets[0])
    return rig


def scenario_maintenance():
    """Everything drops, the ACK gets out, then the board resets and leaves the REPL free: once."""
    rig = left()
    assert boot_after(rig, simwire.CAUSE_SOFT) == (True, "maintenance")
    assert boot_after(rig, simwire.CAUSE_SOFT)[0] is False


def scenario_maintenance_ends_with_the_power():
    """Whenever it is cut: the program runs, or lights would stay dark until somebody looks."""
    rig = left()
    assert boot_after(rig, simwire.CAUSE_POWER_ON) == (False, "power_on")
    assert boot_after(rig, simwire.CAUSE_SOFT)[0] is False, "and not at a later reset, either"


def scenario_maintenance_is_not_for_a_board_that_did_not_get_to_it():
    """The processor hung before it could leave."""
    rig = Rig().armed()
    rig.accepted("MAINTENANCE")
    assert rig.resets == []
    assert boot_after(rig, simwire.CAUSE_WATCHDOG) == (False, "watchdog")
