"""Minimum on and off times: they delay, they say so, and they never delay safety."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tankwarden.logic.claims import Claim, Decision, Output, Priority, resolve
from tankwarden.logic.holds import Held, Settings, State, apply, opened

SETTINGS = Settings(min_on_s=60, min_off_s=30)
T0 = 1_000_000


def wish(value: bool, priority: Priority = Priority.REGULATION) -> Decision:
    until_ms = 2**60 if priority in (Priority.PERSON, Priority.TEST) else None
    return resolve([Claim("c", value, priority, "s", "w", 0, until_ms)], T0, Output("c"))


def test_an_off_waits_for_the_minimum_on_time() -> None:
    state = State(True, T0)
    state, held = apply(wish(False), SETTINGS, state, T0 + 18_000)
    assert held == Held(True, ("stays on for another 42 s: minimum on time 60 s",))
    state, held = apply(wish(False), SETTINGS, state, T0 + 60_000)
    assert held == Held(False)
    assert state == State(False, T0 + 60_000)


def test_an_on_waits_for_the_minimum_off_time() -> None:
    _, held = apply(wish(True), SETTINGS, State(False, T0), T0 + 29_000)
    assert held == Held(False, ("stays off for another 1 s: minimum off time 30 s",))
    _, held = apply(wish(True), SETTINGS, State(False, T0), T0 + 30_000)
    assert held == Held(True)


def test_nothing_is_held_where_nothing_changes() -> None:
    state, held = apply(wish(True), SETTINGS, State(True, T0), T0 + 1)
    assert (state, held) == (State(True, T0), Held(True))


@pytest.mark.parametrize("priority", [Priority.SAFETY, Priority.TEST, Priority.PERSON])
def test_an_off_of_safety_or_a_person_is_never_delayed(priority: Priority) -> None:
    assert apply(wish(False, priority), SETTINGS, State(True, T0), T0)[1] == Held(False)


def test_an_off_because_nobody_asks_any_more_is_never_delayed() -> None:
    nobody = resolve([], T0, Output("c"))
    assert apply(nobody, SETTINGS, State(True, T0), T0)[1] == Held(False)


@pytest.mark.parametrize("priority", [Priority.SCENE, Priority.RULE, Priority.REGULATION, Priority.SCHEDULE])
def test_an_off_of_automation_waits(priority: Priority) -> None:
    assert apply(wish(False, priority), SETTINGS, State(True, T0), T0)[1].value is True


def test_safety_ends_a_hold_that_is_running() -> None:
    state, held = apply(wish(False), SETTINGS, State(True, T0), T0 + 1000)
    assert held.value is True
    assert apply(wish(False, Priority.SAFETY), SETTINGS, state, T0 + 1001)[1] == Held(False)


def test_a_persons_on_waits_and_test_modes_does_not() -> None:
    assert apply(wish(True, Priority.PERSON), SETTINGS, State(False, T0), T0)[1].value is False
    assert apply(wish(True, Priority.TEST), SETTINGS, State(False, T0), T0)[1].value is True


def test_the_minimum_off_time_runs_from_when_it_opened_by_itself() -> None:
    """Home Assistant core#61050: min_cycle reset by unavailability. A trip opened it; the host had wanted it on."""
    state = opened(State(True, T0), T0 + 5_000)
    assert apply(wish(True), SETTINGS, state, T0 + 34_000)[1].value is False
    assert apply(wish(True), SETTINGS, state, T0 + 35_000)[1].value is True
    assert opened(state, T0 + 9_000) == state  # it was off already: nothing begins anew


def test_a_clock_set_back_prolongs_no_hold_beyond_its_length() -> None:
    state, held = apply(wish(True), SETTINGS, State(False, T0), T0 - 3_600_000)
    assert held.value is False
    assert apply(wish(True), SETTINGS, state, T0 - 3_600_000 + 30_000)[1].value is True


def test_no_minimum_times_no_holds() -> None:
    assert apply(wish(True), Settings(), State(False, T0), T0)[1] == Held(True)


@given(
    wishes=st.lists(st.tuples(st.booleans(), st.sampled_from(Priority), st.integers(0, 40_000)), max_size=30),
    settings=st.builds(Settings, st.integers(0, 90), st.integers(0, 90)),
)
def test_it_never_turns_on_what_nobody_wants_and_never_holds_against_safety(
    wishes: list[tuple[bool, Priority, int]], settings: Settings
) -> None:
    state, now_ms = State(False, T0), T0
    for value, priority, pause_ms in wishes:
        now_ms += pause_ms
        was = state
        decision = wish(value, priority)
        state, held = apply(decision, settings, state, now_ms)
        assert held.value == state.value
        assert held.value in (was.value, value)
        if priority is Priority.SAFETY and not value:
            assert held.value is False
        if held.value != value:
            assert held.holds
