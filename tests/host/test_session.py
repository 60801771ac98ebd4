"""The conversation with a Pico: handshake, arming, leases, silence and refusals, on virtual time."""

import pytest
from talk import CIRCUIT, Chopped, Damaged, Delayed, Line, Lossy, Sluggish, Talk, board, told_of

from tanklink import messages, records
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.drivers.pico.session import Arrived, Mismatched, Phase, Restarted

LINES = (Line, Chopped, Delayed, Sluggish, Lossy, Damaged)


def kinds(pico: FakePico) -> list[str]:
    """What the Pico was told, grants and keepalives left out, repetitions once."""
    names = [type(record).__name__ for record in pico.told if not isinstance(record, records.Ping | records.Lease)]
    return [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]


# -- handshake -------------------------------------------------------------------------------------------------------


def test_handshake_compares_configures_compares_again_and_arms() -> None:
    talk = Talk().armed(2)
    assert kinds(talk.pico) == ["Hello", "ConfigCheck", "ConfigCircuit", "ConfigPoint", "ConfigCheck", "Arm"]
    assert talk.pico.config.crc() == talk.config.crc
    assert talk.session.message is None


@pytest.mark.parametrize("line", LINES)
def test_over_any_transport_it_arms_and_holds_the_circuit(line: type[Line]) -> None:
    talk = Talk(line=line).armed(30)
    held = 0
    for _ in range(50):
        talk.session.lease(1, talk.now, 2000)
        talk.run(0.1)
        held += talk.pico.leased(1, talk.now)
    assert held >= 45


def test_a_pico_that_holds_our_configuration_already_is_not_told_again() -> None:
    talk = Talk().armed()
    talk.pico.told.clear()
    talk.session.closed()
    talk.open()
    talk.run(0.2)  # a new session disarms: so it arms anew
    talk.armed()
    assert kinds(talk.pico) == ["Hello", "ConfigCheck", "Arm"] or kinds(talk.pico) == [
        "Hello", "ConfigCheck", "ConfigCheck", "Arm"
    ]  # fmt: skip


def test_a_pico_armed_with_another_configuration_is_disarmed_before_it_is_configured() -> None:
    talk = Talk().armed()
    talk.pico.config.set_circuit(CIRCUIT._replace(current_limit_ma=15_000))
    talk.pico.told.clear()
    talk.session._hello(talk.now)  # as after silence: the same session, so the Pico is still armed
    talk.armed()
    assert kinds(talk.pico) == ["Hello", "ConfigCheck", "Disarm", "ConfigCircuit", "ConfigPoint", "ConfigCheck", "Arm"]


def test_without_enabled_circuits_nothing_is_armed() -> None:
    talk = Talk(config=board()).run(3)
    assert talk.session.phase is Phase.READY
    assert not talk.pico.told_of(records.Arm)


def test_without_a_living_control_loop_nothing_is_armed() -> None:
    talk = Talk(arming=False).run(3)
    assert talk.session.phase is Phase.READY
    talk.session.permit_arming(talk.now - 0.001)
    talk.run(3)
    assert not talk.pico.told_of(records.Arm)
    talk.session.permit_arming(talk.now + 1)
    talk.armed()


def test_a_standing_trip_is_not_armed_over_and_after_its_reset_is() -> None:
    pico = FakePico(50)
    pico.trip_id, pico.state = 7, "tripped"
    talk = Talk(pico).run(3)
    assert talk.session.phase is Phase.READY
    assert (talk.session.board_state, talk.session.trip_id) == ("tripped", 7)
    assert not pico.told_of(records.Arm)
    pico.trip_id, pico.state = 0, "disarmed"
    talk.armed()


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [r for r in messages.NAK_REASONS if r != "digest"])
@pytest.mark.parametrize("kind", [records.Hello, records.ConfigCheck, records.ConfigCircuit, records.Arm])
def test_every_refusal_of_every_step_is_told_and_tried_again(kind: type, reason: str) -> None:
    pico = FakePico(50)
    pico.refuse[kind] = reason
    talk = Talk(pico)
    talk.until(lambda: "refuses" in (talk.session.message or ""), 3).run(20)
    assert pico.state == "disarmed"
    assert len(pico.told_of(kind)) <= 20 * 10, "hammered with what it refuses"
    pico.refuse.clear()
    talk.armed(12)
    assert talk.session.message is None


def test_a_refused_limit_is_named_and_says_what_to_do() -> None:
    pico = FakePico(50)
    pico.refuse[records.ConfigCircuit] = "range"
    talk = Talk(pico).until(lambda: pico.told_of(records.ConfigCircuit) != [], 2).run(0.1)
    assert talk.session.message is not None
    assert "the limits of circuit 1" in talk.session.message
    assert "limits.py" in talk.session.message
    assert talk.session.phase is Phase.REFUSED


def test_a_pico_that_holds_something_else_than_it_was_sent_is_never_armed() -> None:
    class Forgetful(FakePico):
        """Loses what it is told of circuit 1."""

        def tick(self, now: float) -> bytes:
            self.config.set_circuit(CIRCUIT._replace(current_limit_ma=15_000))
            return super().tick(now)

    talk = Talk(Forgetful(50)).run(20)
    assert not talk.pico.told_of(records.Arm)
    assert talk.session.message is not None
    assert "another configuration" in talk.session.message
    assert len(talk.pico.told_of(records.ConfigCheck)) <= 40


def test_telemetry_goes_on_while_a_step_is_refused() -> None:
    pico = FakePico(50)
    pico.refuse[records.ConfigCircuit] = "range"
    talk = Talk(pico).run(10)
    assert sum(isinstance(h, Arrived) for h in talk.happened) > 80


# -- another protocol ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "advice"), [("0.0.9", "flash the Pico"), ("0.2.0", "update Tankwarden")])
def test_another_digest_names_the_side_to_update_and_is_asked_every_10_s(version: str, advice: str) -> None:
    talk = Talk(FakePico(50, digest=b"\1" * 8, version=version)).run(31)
    assert talk.session.phase is Phase.MISMATCH
    assert talk.session.message is not None
    assert talk.session.message.startswith(advice)
    assert version in talk.session.message
    assert {type(r) for r in talk.pico.told} == {records.Hello}
    assert len(talk.pico.told) == 4
    assert [type(h) for h in talk.happened] == [Mismatched] * 4


def test_a_pico_that_refuses_our_digest_with_nak_is_to_be_flashed_and_then_works() -> None:
    pico = FakePico(50)
    pico.refuse[records.Hello] = "digest"
    talk = Talk(pico).run(1)
    assert talk.session.phase is Phase.MISMATCH
    pico.refuse.clear()
    talk.armed(12)


# -- silence and restarts --------------------------------------------------------------------------------------------


def test_a_port_without_an_answer_is_opened_anew_after_four_tries() -> None:
    pico = FakePico(50)
    pico.mute = {records.Hello}
    talk = Talk(pico).run(0.74)
    assert talk.openings == 1
    talk.run(0.04)  # a step later at each try
    assert talk.openings == 2
    assert len(pico.told) == 5
    assert talk.session.message is not None
    assert "does not answer: cable or power?" in talk.session.message


def test_silence_of_status_is_met_with_hello_in_the_same_session_and_then_with_a_new_opening() -> None:
    talk = Talk().armed()
    session = told_of(talk.pico, records.Hello)[-1].session
    talk.pico.mute.add(records.Status)
    talk.pico.told.clear()
    talk.run(1.45)
    assert not talk.pico.told_of(records.Hello)
    talk.run(0.2)
    assert [h.session for h in told_of(talk.pico, records.Hello)] == [session]
    assert talk.pico.state == "armed", "the same session keeps what it has"
    talk.run(1.5)
    assert talk.openings == 2
    assert told_of(talk.pico, records.Hello)[-1].session != session
    talk.pico.mute.clear()
    talk.armed()


def test_a_restart_is_noticed_told_and_followed_by_a_whole_handshake() -> None:
    talk = Talk().armed().run(5)
    uptime_ms = talk.pico.uptime_ms(talk.now)
    talk.pico.told.clear()
    talk.pico.restart(talk.now, "watchdog")
    talk.until(lambda: any(isinstance(h, Restarted) for h in talk.happened), 2).run(0.1).armed(5)
    restarts = [h for h in talk.happened if isinstance(h, Restarted)]
    assert len(restarts) == 1
    assert restarts[0].reset_cause == "watchdog"
    assert restarts[0].uptime_ms < 2500
    assert uptime_ms - 200 <= restarts[0].last_uptime_ms <= uptime_ms
    assert kinds(talk.pico)[-6:] == ["Hello", "ConfigCheck", "ConfigCircuit", "ConfigPoint", "ConfigCheck", "Arm"]


def test_an_uptime_that_goes_back_is_a_restart_at_once() -> None:
    talk = Talk().armed().run(5)
    talk.pico.boot_id += 1
    talk.pico._booted = talk.now - 1  # restarted a second ago, and still in our session: STATUS shows it first
    talk.run(0.15)
    assert [type(h) for h in talk.happened if isinstance(h, Restarted)] == [Restarted]


def test_nothing_is_understood_from_a_closed_port() -> None:
    talk = Talk().armed()
    talk.session.closed()
    talk.happened.clear()
    talk.session.received(1, talk.pico.status(talk.now), talk.now)
    assert not talk.session.happenings()
    assert talk.session.board_state == "unknown"
    assert talk.session.deadline() is None


# -- leases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", LINES)
def test_a_lease_never_ends_later_than_ttl_from_when_it_was_sent(line: type[Line]) -> None:
    talk = Talk(line=line).armed(30)
    for _ in range(100):
        before = len(talk.pico.told_of(records.Lease))
        sent_at, granted = talk.now, talk.session.lease(1, talk.now, 2000)
        assert granted or line in (Lossy, Damaged, Sluggish)
        talk.run(0.2)
        for lease in told_of(talk.pico, records.Lease)[before:]:
            until_ms = lease.until_uptime_s * 1000 + lease.until_uptime_ms_part
            assert until_ms <= talk.pico.uptime_ms(sent_at) + 2000
            assert until_ms >= talk.pico.uptime_ms(sent_at) + 2000 - 400, "so early that circuits would chatter"


def test_no_lease_before_the_pico_is_armed() -> None:
    talk = Talk(arming=False).run(2)
    assert not talk.session.lease(1, talk.now, 2000)
    talk.run(0.2)
    assert not talk.pico.told_of(records.Lease)


def test_release_opens_the_circuit_at_once() -> None:
    talk = Talk().armed()
    talk.session.lease(1, talk.now, 2000)
    talk.run(0.2)
    assert talk.pico.leased(1, talk.now)
    talk.session.release(1, talk.now)
    talk.run(0.02)
    assert not talk.pico.leased(1, talk.now)


def test_a_refused_lease_that_is_too_long_makes_the_clock_be_reckoned_anew() -> None:
    talk = Talk().armed()
    talk.session.lease(1, talk.now, 9000)
    talk.run(0.02)
    assert talk.session.refusals == {"lease_too_long": 1}
    assert not talk.session.lease(1, talk.now, 2000), "until the next STATUS"
    talk.run(0.15)
    assert talk.session.lease(1, talk.now, 2000)


def test_a_lease_refused_for_want_of_a_session_begins_a_new_handshake() -> None:
    talk = Talk().armed()
    talk.pico.restart(talk.now)
    talk.session.lease(1, talk.now, 2000)
    talk.run(0.05)
    assert talk.pico.told_of(records.Hello)
    talk.armed(1)


def test_a_lease_names_its_arming_and_one_of_another_makes_the_host_arm_anew() -> None:
    """Somebody else's session has disarmed and armed the Pico: what this host believes to hold is not its own."""
    talk = Talk().armed()
    pico = talk.pico
    talk.session.lease(1, talk.now, 2000)
    talk.run(0.05)
    assert told_of(pico, records.Lease)[-1].arming == pico.arming == told_of(pico, records.Arm)[-1].nonce
    sessions = {hello.session for hello in told_of(pico, records.Hello)}
    pico.arming += 1
    talk.session.lease(2, talk.now, 2000)
    talk.run(0.05)
    assert not pico.leased(2, talk.now)
    assert talk.session.refusals == {"old_arming": 1}
    assert told_of(pico, records.Hello)[-1].session not in sessions, "a new session, which disarms the Pico"
    talk.run(0.1).armed(5)
    assert len(told_of(pico, records.Arm)) == 2
    assert talk.session.lease(1, talk.now, 2000)
    talk.run(0.05)
    assert pico.leased(1, talk.now)


def test_a_lease_of_before_the_silence_still_counts_after_it() -> None:
    """Within one session the handshake is repeated, not the arming: the number stays."""
    talk = Talk().armed()
    talk.pico.mute.add(records.Status)
    talk.run(1.7)
    talk.pico.mute.clear()
    talk.armed(5).run(0.2)
    assert len(told_of(talk.pico, records.Arm)) == 1
    assert talk.session.lease(1, talk.now, 2000)
    talk.run(0.05)
    assert talk.pico.leased(1, talk.now)


def test_after_a_fault_the_configuration_is_compared_and_sent_anew_if_it_differs() -> None:
    """A bit of it may have fallen over in the Pico's memory, and it clears no fault without a whole one."""
    talk = Talk().armed()
    held = talk.pico.config.circuits[1]
    assert held is not None
    held[3] ^= 64
    talk.pico.state, talk.pico.trip_id = "fault", 7
    circuits, checks = len(told_of(talk.pico, records.ConfigCircuit)), len(told_of(talk.pico, records.ConfigCheck))
    talk.run(0.5)
    assert talk.session.phase == "ready"
    assert talk.pico.config.crc() == talk.config.crc
    assert len(told_of(talk.pico, records.ConfigCircuit)) > circuits
    assert len(told_of(talk.pico, records.ConfigCheck)) == checks + 2
    talk.run(2)
    assert len(told_of(talk.pico, records.ConfigCheck)) == checks + 2, "once"


def test_health_and_budget_are_kept_and_forgotten_with_the_boot() -> None:
    talk = Talk().armed()
    health, budget = records.Health(*([1] * 20)), records.Budget(*([2] * 8))
    talk.session.received(0, health, talk.now)
    talk.session.received(1, budget, talk.now)
    assert (talk.session.health, talk.session.budget) == (health, budget)
    talk.pico.restart(talk.now)
    talk.run(0.5).armed(10)
    assert (talk.session.health, talk.session.budget) == (None, None)


def test_with_nothing_to_say_the_pico_is_still_kept_talking() -> None:
    talk = Talk(arming=False).run(2)
    talk.happened.clear()
    talk.run(10)
    assert 95 <= sum(isinstance(h, Arrived) for h in talk.happened) <= 101


def test_the_pico_is_never_sent_100_messages_in_a_second() -> None:
    talk = Talk().run(0.1)
    while talk.now < 110:
        talk.session.lease(1, talk.now, 2000)
        talk.session.release(2, talk.now)
        talk.run(0.2)
    worst = max(sum(at <= other < at + 1.0 for other in talk.sent) for at in talk.sent)
    assert worst <= 95


# -- commands and events ---------------------------------------------------------------------------------------------


def test_a_persons_command_gets_its_reply_even_during_the_configuration() -> None:
    pico = FakePico(50)
    pico.trip_id, pico.state = 7, "tripped"
    talk = Talk(pico)
    talk.until(lambda: talk.session.phase is Phase.CONFIGURE)
    replies: list[object] = []
    talk.session.command(records.ResetTrip(trip_id=8), replies.append, talk.now)
    talk.session.command(records.ResetTrip(trip_id=7), replies.append, talk.now)
    talk.run(0.05)
    assert {type(reply) for reply in replies} == {records.Nak, records.Ack}
    assert talk.session.phase is Phase.CONFIGURE
    talk.armed()


@pytest.mark.parametrize("way", ["never answered", "closed", "not connected"])
def test_a_command_without_an_answer_says_so(way: str) -> None:
    talk = Talk().armed()
    replies: list[object] = []
    talk.pico.mute.add(records.ResetTrip)
    if way == "not connected":
        talk.session.closed()
    talk.session.command(records.ResetTrip(trip_id=7), replies.append, talk.now)
    if way == "closed":
        talk.session.closed()
    if way == "never answered":
        talk.run(0.7)
        assert replies == []
        talk.run(0.1)
        assert len(talk.pico.told_of(records.ResetTrip)) == 4
    assert replies == [None]


def test_events_are_handed_on_and_acknowledged_only_on_request() -> None:
    talk = Talk().armed()
    trip = records.Trip(3, 1, 49, 0, 1, 1, 0, 12_000, 11_000)
    talk.to_host.put(talk.pico.happened(trip, talk.now), talk.now)
    talk.run(2.5)
    told = [h.record for h in talk.happened if isinstance(h, Arrived) and h.record == trip]
    assert 3 <= len(told) <= 4, "at once, and again each second"
    assert talk.pico.acknowledged == []
    talk.session.acknowledge(3, talk.now)
    talk.run(0.02)
    assert talk.pico.acknowledged == [3]
    assert talk.pico.events == []
