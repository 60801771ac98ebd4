"""The resolver: it always answers, whatever the order of the claims, and nobody wins who may not."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tankwarden.logic.claims import Claim, Output, Priority, describe, explain, resolve

OUTPUT = Output("circuit-1", fallback=False)
NOW = 1_000
times = st.integers(0, 2_000)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    priority = draw(st.sampled_from(Priority))
    until = times if priority in (Priority.PERSON, Priority.TEST) else st.none() | times
    return Claim(
        output=draw(st.sampled_from(["circuit-1", "circuit-2"])),
        value=draw(st.booleans() | st.integers(0, 2)),
        priority=priority,
        source=draw(st.sampled_from("ab")),
        why=draw(st.sampled_from("xy")),
        since_ms=draw(times),
        until_ms=draw(until),
        id=draw(st.sampled_from("123")),
    )


many = st.lists(claims(), max_size=8)


def alive(claim: Claim) -> bool:
    begun = claim.since_ms <= NOW or claim.priority is Priority.SAFETY
    return claim.output == OUTPUT.id and begun and (claim.until_ms is None or claim.until_ms > NOW)


@given(many)
def test_it_always_answers_with_a_living_claim_of_the_highest_priority(given_claims: list[Claim]) -> None:
    decision = resolve(given_claims, NOW, OUTPUT)
    living = [claim for claim in given_claims if alive(claim)]
    if not living:
        assert decision.winner.source == "fallback"
        assert decision.value is False
        return
    assert decision.winner in living
    assert decision.winner.priority == max(claim.priority for claim in living)
    rivals = [claim for claim in living if claim.priority == decision.winner.priority]
    assert decision.winner.since_ms == max(claim.since_ms for claim in rivals)


@given(many, st.randoms())
def test_the_order_of_the_claims_never_matters(given_claims: list[Claim], random: Random) -> None:
    shuffled = given_claims.copy()
    random.shuffle(shuffled)
    # repr tells True from 1, which are equal
    assert repr(resolve(shuffled, NOW, OUTPUT)) == repr(resolve(given_claims, NOW, OUTPUT))


@given(many, times)
def test_no_claim_outlives_its_end_or_acts_before_its_beginning(given_claims: list[Claim], now_ms: int) -> None:
    for claim in resolve(given_claims, now_ms, OUTPUT).ranking:
        assert claim.since_ms <= now_ms or claim.priority is Priority.SAFETY
        assert claim.until_ms is None or now_ms < claim.until_ms


@given(many)
def test_the_ranking_holds_every_living_claim_once_and_the_fallback_last(given_claims: list[Claim]) -> None:
    ranking = resolve(given_claims, NOW, OUTPUT).ranking
    assert {repr(claim) for claim in ranking[:-1]} == {repr(claim) for claim in given_claims if alive(claim)}
    assert len({repr(claim) for claim in ranking}) == len(ranking)
    assert ranking[-1].source == "fallback"


def claim(priority: Priority, value: bool, since_ms: int = 0, until_ms: int | None = 9_999, name: str = "") -> Claim:
    return Claim("circuit-1", value, priority, priority.name, "because", since_ms, until_ms, name)


@pytest.mark.parametrize("higher", list(Priority)[1:])
def test_each_priority_beats_the_one_below_it_even_when_that_is_newer(higher: Priority) -> None:
    lower = Priority(higher - 1)
    decision = resolve([claim(lower, False, since_ms=900), claim(higher, True, since_ms=0)], NOW, OUTPUT)
    assert decision.winner.priority is higher


def test_the_order_of_the_priorities() -> None:
    assert [priority.label for priority in sorted(Priority, reverse=True)] == [
        "safety", "test mode", "person", "automatic scene", "rule", "regulation", "schedule", "fallback",
    ]  # fmt: skip


def test_of_equals_the_newest_wins_and_of_those_the_least_id() -> None:
    old, new = claim(Priority.RULE, False, 5, name="a"), claim(Priority.RULE, True, 6, name="b")
    assert resolve([old, new], NOW, OUTPUT).winner is new
    twin = claim(Priority.RULE, False, 6, name="c")
    assert resolve([twin, new, old], NOW, OUTPUT).winner is new


def test_a_person_wins_until_the_very_end_and_not_at_it() -> None:
    """reef-pi #731, #719: an override that outlived its timer."""
    force = Claim("circuit-1", True, Priority.PERSON, "anna", "by hand", 0, until_ms=1_000)
    thermostat = claim(Priority.REGULATION, False, until_ms=None)
    assert resolve([force, thermostat], 999, OUTPUT).value is True
    assert resolve([force, thermostat], 1_000, OUTPUT).value is False


def test_safety_does_not_wait_for_a_clock_that_was_set_back() -> None:
    """The trip was at ten; by the clock it is nine now. It stands all the same."""
    trip = claim(Priority.SAFETY, False, since_ms=5_000, until_ms=None)
    assert resolve([trip, claim(Priority.REGULATION, True)], NOW, OUTPUT).winner is trip


@pytest.mark.parametrize("priority", [Priority.PERSON, Priority.TEST])
def test_a_person_cannot_claim_without_an_end(priority: Priority) -> None:
    with pytest.raises(ValueError, match="needs an end"):
        claim(priority, True, until_ms=None)


def test_the_fallback_is_the_outputs_own() -> None:
    assert resolve([], NOW, Output("pump", fallback=True, fallback_why="a reef needs flow")).why == (
        "on: a reef needs flow (fallback)"
    )


def test_it_explains_itself() -> None:
    decision = resolve([claim(Priority.REGULATION, True), claim(Priority.SAFETY, False)], NOW, OUTPUT)
    assert decision.why == "off: because (safety)"
    assert explain(decision)[0] == {
        "source": "SAFETY", "priority": "safety", "value": False, "why": "because",
        "since_ms": 0, "until_ms": 9_999, "wins": True,
    }  # fmt: skip
    assert [row["wins"] for row in explain(decision)] == [True, False, False]


@pytest.mark.parametrize(
    ("value", "text"), [(True, "on"), (False, "off"), (40, "40"), (1.5, "1.5"), ("Hello", "Hello")]
)
def test_values_for_people(value: bool | float | str, text: str) -> None:
    assert describe(value) == text
