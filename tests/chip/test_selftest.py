"""The self-test that a host asks for, on the chip: refused under load, passed by a whole board, and what it finds."""

from tanklink import messages
from tanklink.messages import SUBJECTS, TRIGGERS
from tanklink.records import Ack, Nak, ResetTrip, Selftest, SelftestResult

from .lab.client import MS
from .lab.stand import NEWS_NS, RESET_QUIET_NS, Stand
from .measures import relay_edges


def asked(stand: Stand) -> SelftestResult:
    reply = stand.host.command(Selftest())
    assert isinstance(reply, SelftestResult), reply
    return reply


def test_it_is_refused_while_a_relay_is_closed_and_changes_nothing(heating: Stand) -> None:
    begun = heating.chip.ns
    reply = heating.host.command(Selftest())
    assert isinstance(reply, Nak)
    assert messages.NAK_REASONS[reply.reason] == "state"
    heating.host.live(100 * MS)
    assert relay_edges(heating.chip, begun) == []


def test_a_whole_board_passes_and_no_relay_moves(heating: Stand) -> None:
    trip(heating)
    begun = heating.chip.ns
    assert asked(heating)[:5] == (0, 0, 0, 0, 0)
    heating.host.live(100 * MS)
    assert relay_edges(heating.chip, begun) == []
    assert heating.host.driver.view().board_state == "tripped"


def test_a_fault_line_that_is_short_to_the_supply_is_a_fault_until_the_test_is_passed(heating: Stand) -> None:
    trip(heating)
    begun = heating.chip.ns
    heating.chip.short_line(2, True)
    result = asked(heating)
    assert (result.circuit, TRIGGERS[result.trigger]) == (2, "line_stuck")
    assert SUBJECTS[result.subject] == "fault_line_2"
    heating.host.live(NEWS_NS)
    assert heating.host.driver.view().board_state == "fault"
    heating.host.live(RESET_QUIET_NS)
    assert reset_is_refused_as(heating) == "selftest"
    heating.chip.short_line(2, False)
    heating.host.live(RESET_QUIET_NS)
    assert isinstance(heating.host.command(ResetTrip(trip_id=heating.host.driver.view().trip_id)), Ack)
    assert relay_edges(heating.chip, begun) == []


def trip(stand: Stand) -> None:
    """By a fault line that parts for a moment."""
    stand.host.heats = set()
    stand.chip.loop(1, False)
    stand.host.live(NEWS_NS)
    stand.chip.loop(1, True)
    stand.host.live(NEWS_NS)
    assert stand.host.driver.view().board_state == "tripped"


def reset_is_refused_as(stand: Stand) -> str:
    reply = stand.host.command(ResetTrip(trip_id=stand.host.driver.view().trip_id))
    assert isinstance(reply, Nak), reply
    return messages.NAK_REASONS[reply.reason]
