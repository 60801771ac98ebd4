"""Quality: a fault shows at once, an old number is stale, and trust takes several good samples to come back."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tankwarden.logic.quality import Fault, Quality, Rules, Sample, State, agreeing, step

RULES = Rules(
    period_s=1.0, stale_after=3, open_counts=4050, short_counts=45, plausible_low=20.0, plausible_high=215.0, recover=3
)
GOOD = (77.0, 2047.0)
OPEN, SHORT, IMPLAUSIBLE = (-10.0, 4095.0), (400.0, 0.0), (-196.6, 2047.0)


def run(samples: list[tuple[float, float | None] | None], rules: Rules = RULES) -> list[str]:
    """One sample (value, counts) a second, None = none."""
    state, seen = State(), []
    for second, sample in enumerate(samples):
        state = step(rules, state, None if sample is None else Sample(second, *sample), float(second))
        seen.append(str(state.quality))
    return seen


def test_what_has_never_spoken_is_missing_and_not_a_value() -> None:
    assert run([None] * 10) == ["missing"] * 10
    assert step(RULES, State(), None, 100.0).last is None
    assert not State().ok


def test_the_first_good_sample_counts() -> None:
    assert run([None, GOOD]) == ["missing", "ok"]


@pytest.mark.parametrize(
    ("sample", "quality"),
    [
        (OPEN, "open"),
        ((-10.0, 4050.0), "open"),
        ((-9.0, 4049.9), "implausible"),
        (SHORT, "short"),
        ((300.0, 45.0), "short"),
        ((200.0, 46.0), "ok"),
        (IMPLAUSIBLE, "implausible"),  # −127 °C of a DS18B20 that did not answer (xlyric dimmer #9)
        ((19.9, 2047.0), "implausible"),
        ((20.0, 2047.0), "ok"),
        ((215.1, 2047.0), "implausible"),
        ((math.nan, None), "implausible"),
        ((math.inf, None), "implausible"),
        ((77.0, None), "ok"),
    ],
)
def test_a_fault_shows_at_once(sample: tuple[float, float | None], quality: str) -> None:
    assert run([sample]) == [quality]
    assert run([GOOD, GOOD, sample])[-1] == quality


def test_it_goes_stale_after_k_periods_and_not_before() -> None:
    state = step(RULES, State(), Sample(10.0, *GOOD), 10.0)
    assert step(RULES, state, None, 13.0).quality is Quality.OK
    assert step(RULES, state, None, 13.01).quality is Quality.STALE


def test_the_same_sample_again_does_not_keep_it_fresh() -> None:
    sample = Sample(10.0, *GOOD)
    state = step(RULES, State(), sample, 10.0)
    assert step(RULES, state, sample, 14.0).quality is Quality.STALE


def test_a_sample_that_arrives_late_is_stale_already() -> None:
    assert step(RULES, State(), Sample(10.0, *GOOD), 20.0).quality is Quality.STALE


@pytest.mark.parametrize("fault", [OPEN, SHORT, IMPLAUSIBLE])
def test_trust_comes_back_after_n_good_samples(fault: tuple[float, float]) -> None:
    seen = run([GOOD, fault, GOOD, GOOD, GOOD, GOOD])
    assert seen == ["ok", seen[1], seen[1], seen[1], "ok", "ok"]


def test_one_bad_sample_on_the_way_begins_the_count_anew() -> None:
    assert run([OPEN, GOOD, GOOD, OPEN, GOOD, GOOD, GOOD]) == ["open"] * 6 + ["ok"]


def test_trust_comes_back_after_a_pause() -> None:
    """freeds#113 never resumed after a glitch."""
    assert run([GOOD, *[None] * 4, GOOD, GOOD, GOOD]) == ["ok"] * 4 + ["stale"] * 3 + ["ok"]


def test_a_wire_goes_before_plausibility() -> None:
    assert run([(999.0, 4095.0)]) == ["open"]


def test_stuck_is_judged_only_where_it_is_asked_for() -> None:
    frozen: list[tuple[float, float | None] | None] = [GOOD] * 8
    assert run(frozen) == ["ok"] * 8
    rules = Rules(stuck_after_s=5.0)
    assert run(frozen, rules) == ["ok"] * 6 + ["stuck"] * 2
    assert run([*frozen, (77.1, 2048.0), (77.0, 2047.0), (77.1, 2048.0)], rules)[-3:] == ["stuck", "stuck", "ok"]


def test_without_rules_any_finite_number_is_ok() -> None:
    assert run([(-40.0, 4095.0)], Rules()) == ["ok"]


@given(st.lists(st.none() | st.tuples(st.floats(-300, 300), st.floats(0, 4095)), max_size=30))
def test_ok_means_a_good_sample_within_the_time(samples: list[tuple[float, float] | None]) -> None:
    state = State()
    for second, sample in enumerate(samples):
        state = step(RULES, state, None if sample is None else Sample(second, *sample), float(second))
        if state.ok:
            assert state.last is not None
            assert second - state.last.at_s <= 3.0
            assert state.last.counts is not None
            assert 45 < state.last.counts < 4050
            assert 20 <= state.last.value <= 215


# -- each fault by its name, and filters ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "fault"),
    [
        (Sample(0, 77.0, 4095.0), Fault.OPEN),
        (Sample(0, 77.0, 0.0), Fault.SHORT),
        (Sample(0, math.nan, 2047.0), Fault.NOT_A_NUMBER),
        (Sample(0, math.inf, 2047.0), Fault.NOT_A_NUMBER),
        (Sample(0, 77.0, 2047.0, intact=False), Fault.CRC),
        (Sample(0, -196.6, 2047.0), Fault.NO_ANSWER),  # −127 °C
        (Sample(0, 185.0, 2047.0), Fault.POWER_ON),  # 85 °C
        (Sample(0, 185.1, 2047.0), None),
        (Sample(0, 10.0, 2047.0), Fault.RANGE),
    ],
)
def test_each_fault_has_its_name(sample: Sample, fault: Fault | None) -> None:
    state = step(replace(RULES, ds18b20=True), State(), sample, 0.0)
    assert state.fault is fault
    assert state.ok == (fault is None)


def test_85_degrees_is_a_temperature_where_no_ds18b20_is() -> None:
    assert step(RULES, State(), Sample(0, 185.0, 2047.0), 0.0).ok


def fed(rules: Rules, values: list[float]) -> State:
    state = State()
    for second, value in enumerate(values):
        state = step(rules, state, Sample(second, value), float(second))
    return state


def test_one_spike_moves_no_median() -> None:
    assert fed(Rules(median=3), [77.0, 77.1, 150.0]).value == 77.1
    assert fed(Rules(), [77.0, 77.1, 150.0]).value == 150.0


def test_a_jump_is_a_fault_and_what_stays_is_believed_again() -> None:
    rules = Rules(rate_per_s=1.0, recover=2)
    assert fed(rules, [77.0, 90.0]).fault is Fault.RATE
    assert fed(rules, [77.0, 78.0]).ok
    assert fed(rules, [77.0, 90.0, 90.0, 90.0]).ok


def test_after_a_silence_anything_may_have_become_of_it() -> None:
    rules = Rules(rate_per_s=1.0, recover=1)
    state = step(rules, State(), Sample(0, 77.0), 0.0)
    assert step(rules, state, Sample(60, 90.0), 60.0).ok


def test_two_probes_that_must_agree() -> None:
    one, same, other = fed(Rules(), [77.0]), fed(Rules(), [77.9]), fed(Rules(), [79.0])
    assert agreeing(one, same, 1.0) == one
    assert agreeing(one, other, 1.0).quality is Quality.IMPLAUSIBLE
    assert agreeing(one, other, 1.0).fault is Fault.DISAGREES
    assert agreeing(one, State(), 1.0) == one, "one that has said nothing refutes nobody"


@given(st.lists(st.floats(-300, 300), min_size=1, max_size=20), st.integers(1, 7))
def test_the_median_is_one_of_the_middle(values: list[float], n: int) -> None:
    found = fed(Rules(median=n), values).value
    assert found is not None
    assert min(values[-n:]) <= found <= max(values[-n:])


@given(st.lists(st.floats(-300, 300), min_size=2, max_size=20), st.floats(0.1, 100))
def test_what_is_ok_never_jumped(values: list[float], rate: float) -> None:
    rules, state = Rules(rate_per_s=rate, recover=1), State()
    before: float | None = None
    for second, value in enumerate(values):
        state = step(rules, state, Sample(second, value), float(second))
        if state.ok and before is not None:
            assert abs(value - before) <= rate + 1e-9
        before = value if state.ok else None
