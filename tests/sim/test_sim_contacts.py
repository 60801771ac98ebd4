"""Contacts move after the travel of their armature, in order of time; a pulse that is too short moves nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tankwarden.sim.contacts import Contacts
from tankwarden.sim.defaults import RELAY_CLOSE_MS, RELAY_OPEN_MS

CLOSE_US, OPEN_US = round(RELAY_CLOSE_MS * 1000), round(RELAY_OPEN_MS * 1000)


def test_a_contact_follows_its_pin_after_the_travel_time() -> None:
    contacts = Contacts(4)
    contacts.edge(1_000, 2, True)
    contacts.edge(500_000, 2, False)
    assert contacts.due(1_000 + CLOSE_US - 1) == []
    assert contacts.due(1_000 + CLOSE_US) == [(1_000 + CLOSE_US, 2, True)]
    assert contacts.due(10**9) == [(500_000 + OPEN_US, 2, False)]
    assert contacts.due(10**9) == []


def test_changes_of_several_relays_come_in_order_of_time() -> None:
    contacts = Contacts(4)
    contacts.edge(0, 0, True)
    contacts.edge(60_000, 1, True)
    contacts.edge(20_000, 3, True)
    assert [relay for _, relay, _ in contacts.due(10**9)] == [0, 3, 1]


def test_a_pulse_shorter_than_the_travel_moves_nothing() -> None:
    contacts = Contacts(1)
    contacts.edge(0, 0, True)
    contacts.edge(CLOSE_US - OPEN_US - 1, 0, False)
    assert contacts.due(10**9) == []
    contacts.edge(100_000, 0, True)
    assert contacts.due(10**9) == [(100_000 + CLOSE_US, 0, True)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30_000), st.booleans()), max_size=30))
def test_contacts_alternate_and_end_where_the_pin_ends(steps: list[tuple[int, bool]]) -> None:
    contacts, at_us, level = Contacts(1), 0, False
    changes = []
    for wait_us, new in steps:
        at_us += wait_us
        if new != level:
            level = new
            contacts.edge(at_us, 0, level)
        changes += contacts.due(at_us)
    changes += contacts.due(at_us + 10**6)
    levels = [closed for _, _, closed in changes]
    assert levels == [place % 2 == 0 for place in range(len(levels))]
    assert (bool(levels) and levels[-1]) == level
    assert [c[0] for c in changes] == sorted(c[0] for c in changes)
