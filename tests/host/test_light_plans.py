"""The plan compiler: the bound of the error, the knots, the steps, and what it does when they do not suffice."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tankwarden.logic.plans import FULL, HORIZON_MS, MAX_ERROR_PERCENT, MAX_KNOTS, STEP_MS, Plan, compile_plan

START = 1_781_636_400_000
END = START + HORIZON_MS
HOUR = 3_600_000
DENSE_MS = 61_000


def deviation_percent(plan: Plan, curve: Callable[[int], float], every_ms: int = DENSE_MS) -> float:
    """Off the steps, on a grid that the compiler does not know."""
    worst = 0.0
    for at_ms in range(plan.start_ms, plan.end_ms + 1, every_ms):
        if not any(begin <= at_ms <= end for begin, end in plan.steps):
            worst = max(worst, abs(plan.counts_at(at_ms) - curve(at_ms)))
    return worst / FULL * 100


def check(plan: Plan) -> None:
    """What holds of every plan."""
    assert 2 <= len(plan.knots) <= MAX_KNOTS
    assert all(one.at_ms < two.at_ms for one, two in pairwise(plan.knots))
    assert all(0 <= knot.counts <= FULL for knot in plan.knots)
    assert plan.error_percent <= MAX_ERROR_PERCENT


def day(at_ms: int) -> float:
    """A half sine from 06:00 to 18:00 of each day, to the power 2.2."""
    height = math.sin(math.tau * (at_ms - START) / (24 * HOUR))
    return float(FULL * max(0.0, height) ** 2.2)


def test_two_days_of_daylight_err_by_far_less_than_the_bound() -> None:
    plan = compile_plan(day, START, END)
    check(plan)
    assert plan.whole
    assert (plan.start_ms, plan.end_ms) == (START, END)
    assert plan.error_percent < 0.15
    assert deviation_percent(plan, day) <= plan.error_percent + 0.02


def test_a_level_that_stays_needs_two_knots() -> None:
    plan = compile_plan(lambda _: 20_000.4, START, END)
    assert [knot.counts for knot in plan.knots] == [20_000, 20_000]
    assert plan.error_percent < 0.001


def test_a_plan_begins_and_ends_where_the_curve_is() -> None:
    begin = START + 5 * HOUR
    plan = compile_plan(day, begin, begin + 30 * HOUR)
    assert plan.counts_at(begin) == pytest.approx(day(begin), abs=0.6)
    assert plan.counts_at(plan.end_ms) == pytest.approx(day(plan.end_ms), abs=0.6)


def test_a_plan_made_later_agrees_with_the_one_that_runs() -> None:
    running = compile_plan(day, START, END)
    for hours in (1, 2.5, 7.77, 11.9, 20, 30):
        later = START + round(hours * HOUR)
        assert compile_plan(day, later, later + HORIZON_MS).counts_at(later) == pytest.approx(
            running.counts_at(later), abs=running.error_percent / 100 * FULL + 1
        )


@pytest.mark.parametrize("told", [True, False])
def test_steps_stay_steps_told_or_found(told: bool) -> None:
    edge = START + 7 * HOUR + 123_457

    def curve(at_ms: int) -> float:
        return 50_000.0 if at_ms >= edge else day(at_ms) / 2

    plan = compile_plan(curve, START, END, [edge] if told else [])
    check(plan)
    assert len(plan.steps) == 1
    assert plan.steps[0][0] <= edge <= plan.steps[0][1]
    assert plan.steps[0][1] - plan.steps[0][0] <= STEP_MS
    assert plan.counts_at(plan.steps[0][1]) == 50_000
    assert deviation_percent(plan, curve) <= MAX_ERROR_PERCENT


def test_a_short_pulse_that_is_told_is_kept() -> None:
    begin, end = START + 3 * HOUR, START + 3 * HOUR + 30_000

    def curve(at_ms: int) -> float:
        return FULL if begin <= at_ms < end else 0.0

    plan = compile_plan(curve, START, END, [begin, end])
    assert plan.counts_at(begin - 1) == 0
    assert plan.counts_at(begin + 15_000) == FULL
    assert plan.counts_at(end + STEP_MS) == 0


def test_edges_that_come_within_a_step_of_each_other_or_of_the_end_do_no_harm() -> None:
    edges = [START + 1, START + 500, START + HOUR, START + HOUR + 1, START + HOUR + STEP_MS, END - 300, END - 1]

    def curve(at_ms: int) -> float:
        return 60_000.0 * (sum(edge <= at_ms for edge in edges) % 2)

    plan = compile_plan(curve, START, END, [*edges, START - 5, END + 5, START, END])
    check(plan)
    assert plan.end_ms == END


def test_what_64_knots_cannot_hold_ends_sooner_and_says_so() -> None:
    def waves(at_ms: int) -> float:
        return FULL * (0.5 + 0.5 * math.sin(math.tau * at_ms / HOUR))

    plan = compile_plan(waves, START, END)
    check(plan)
    assert not plan.whole
    assert START + 4 * HOUR < plan.end_ms < END
    assert deviation_percent(plan, waves, 7_000) <= MAX_ERROR_PERCENT


def test_steps_alone_that_are_too_many_end_it_sooner_off_a_step() -> None:
    edges = range(START + HOUR // 2, END, HOUR // 2)

    def blinking(at_ms: int) -> float:
        return 65_000.0 * ((at_ms - START) // (HOUR // 2) % 2)

    plan = compile_plan(blinking, START, END, edges)
    check(plan)
    assert not plan.whole
    assert all(end <= plan.end_ms for _, end in plan.steps)
    assert deviation_percent(plan, blinking) <= MAX_ERROR_PERCENT


def test_a_span_without_length_and_too_few_knots_are_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        compile_plan(day, START, START)
    with pytest.raises(ValueError, match="at least 4"):
        compile_plan(day, START, END, max_knots=3)


LEVELS = st.floats(0, FULL)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 48 * 60 - 1), LEVELS), min_size=1, max_size=24), LEVELS, st.booleans())
def test_whatever_the_curve_the_bound_holds(points: list[tuple[int, float]], first: float, smooth: bool) -> None:
    """Random points, one a minute at most, joined by lines or by half cosines, or a step where they stand close."""
    table = sorted({START: first, **{START + minute * 60_000: level for minute, level in points}}.items())

    def curve(at_ms: int) -> float:
        for (one_ms, one), (two_ms, two) in pairwise(table):
            if one_ms <= at_ms < two_ms:
                part = (at_ms - one_ms) / (two_ms - one_ms)
                return one + (two - one) * ((1 - math.cos(math.pi * part)) / 2 if smooth else part)
        return table[-1][1]

    plan = compile_plan(curve, START, END, [at_ms for at_ms, _ in table])
    check(plan)
    assert deviation_percent(plan, curve) <= MAX_ERROR_PERCENT
    assert plan.whole or len(plan.knots) > MAX_KNOTS - 3


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, HORIZON_MS - 1), max_size=20), st.integers(0, 1_000))
def test_whatever_the_steps_the_bound_holds_off_them(edges: list[int], seed: int) -> None:
    instants = sorted(START + edge for edge in edges)

    def curve(at_ms: int) -> float:
        held = sum(edge <= at_ms for edge in instants)
        return (held * 7919 + seed) % 1000 / 1000 * day(START + 6 * HOUR) * (0.5 + 0.5 * day(at_ms) / FULL)

    plan = compile_plan(curve, START, END, instants)
    check(plan)
    assert deviation_percent(plan, curve) <= MAX_ERROR_PERCENT
