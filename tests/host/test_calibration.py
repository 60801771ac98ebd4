"""Calibrations: lines between points, what makes none, which version holds when, and what the Pico is given of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink.config import VALUE_MAX as PICO_VALUE_MAX
from tanklink.messages import MAX_POINTS as PICO_MAX_POINTS
from tankwarden.logic import calibration
from tankwarden.logic.calibration import (
    CalibrationError,
    Curve,
    Version,
    completed,
    for_pico,
    in_force,
    least_squares,
    of_channel,
    residuals,
    shifted,
    timeline,
)

BENT = ((0.0, 0.0), (1000.0, 100.0), (3000.0, 400.0))
HOUR = 3_600_000


@st.composite
def bent(draw: st.DrawFn, least: int = 2, most: int = 8) -> tuple[tuple[float, float], ...]:
    """Rising points, as a current's or a voltage's."""
    counts = sorted(draw(st.sets(st.integers(0, 4095), min_size=least, max_size=most)))
    rises = draw(st.lists(st.floats(0.01, 200), min_size=len(counts), max_size=len(counts)))
    total, points = -50.0, []
    for count, rise in zip(counts, rises, strict=True):
        total += rise
        points.append((float(count), total))
    return tuple(points)


@pytest.mark.parametrize(("measured", "value"), [(0, 0), (500, 50), (1000, 100), (2000, 250), (4000, 550), (-100, -10)])
def test_between_the_points_and_beyond_them_the_end_segments_go_on(measured: float, value: float) -> None:
    assert Curve(BENT).value(measured) == pytest.approx(value)


@given(bent(), st.floats(0, 4095))
def test_the_segments_are_the_curve(points: tuple[tuple[float, float], ...], measured: float) -> None:
    curve = Curve(points)
    (segment,) = [each for each in curve.segments() if each.start <= measured < each.end]
    assert segment.slope * measured + segment.offset == pytest.approx(curve.value(measured), abs=1e-6)


@given(bent(), st.floats(0, 4095))
def test_what_was_measured_is_found_from_what_was_shown(points: tuple[tuple[float, float], ...], m: float) -> None:
    curve = Curve(points)
    assert curve.value(curve.measured(curve.value(m))) == pytest.approx(curve.value(m), abs=1e-5)


def test_a_falling_curve_is_turned_round_too() -> None:
    assert Curve(((600, 212), (2000, 110), (3600, 32))).measured(110) == pytest.approx(2000)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([], "there are 0 points: a line takes at least 2"),
        ([(1, 2)], "there are 1 points"),
        ([(10, 1), (10, 2)], "10 was measured twice, once as 1 and once as 2"),
        ([(10, 1), (20, math.nan)], "20 → nan is not a number"),
        ([(math.inf, 1), (20, 2)], "is not a number"),
        ([(k, k) for k in range(70)], "at most 64"),
    ],
)
def test_points_that_make_no_line_are_refused_by_name(points: list[tuple[float, float]], says: str) -> None:
    with pytest.raises(CalibrationError, match=says):
        Curve(tuple(points))


@pytest.mark.parametrize(
    ("channel", "points", "says"),
    [
        ("voltage_1", [(0, 0), (1000, 100), (2000, 90)], "from 1000 → 100 to 2000 → 90 the value does not rise"),
        ("voltage_1", [(0, 100), (1000, 0)], "does not rise"),
        ("temperature_1", [(600, 212), (2000, 110), (2500, 120), (3600, 32)], "2000 → 110 to 2500 → 120 .* not fall"),
        ("current_1", [(-5, 0), (1000, 3)], "-5 counts are not 0 to 4095"),
        ("current_1", [(0, 0), (4096, 3)], "4096 counts are not 0 to 4095"),
        ("voltage_2", [(0, 0), (4000, 20_000)], "20000 is beyond ±10000"),
        ("voltage_2", [(0, 0), (4000, 100), (4000.4, 101)], "lie within one count"),
    ],
)
def test_what_no_channel_can_be_is_refused(channel: str, points: list[tuple[float, float]], says: str) -> None:
    with pytest.raises(CalibrationError, match=says):
        of_channel(channel, points)


def test_the_order_in_which_points_are_given_does_not_matter() -> None:
    assert of_channel("voltage_1", [(3000, 400), (0, 0), (1000, 100)]) == BENT


def test_one_point_moves_the_line_and_keeps_its_slope() -> None:
    assert shifted(BENT, 1000, 103) == ((0, 3), (1000, 103), (3000, 403))
    assert completed([(1000, 103)], BENT) == shifted(BENT, 1000, 103)
    assert completed([(0, 1), (10, 2)], BENT) == ((0, 1), (10, 2))
    with pytest.raises(CalibrationError, match="not a number"):
        shifted(BENT, math.nan, 1)


def test_a_point_that_was_misread_shows_by_its_distance_from_the_straight_line() -> None:
    points = [(0, 0.0), (1000, 100.0), (2000, 230.0), (3000, 300.0), (4000, 400.0)]
    rows = residuals(points, ((0, 0.0), (4000, 404.0)))
    worst = max(rows, key=lambda row: abs(row.error_straight))
    assert (worst.measured, worst.actual) == (2000, 230)
    assert rows[-1].error_before == pytest.approx(4)
    assert least_squares([(5, 7.0)]) == (0, 7)


# -- versions -----------------------------------------------------------------------------------------------------


def version(number: int, begin: int | None, end: int | None, actual: float, undone: int | None = None) -> Version:
    return Version(number, "voltage_1", ((0, 0), (100, actual)), begin, end, 0, "", undone)


def test_of_the_versions_that_cover_an_instant_the_one_made_last_holds() -> None:
    versions = [
        version(1, None, None, 1), version(2, HOUR, 3 * HOUR, 2), version(3, 2 * HOUR, None, 3),
        version(4, 0, None, 4, undone=5),
    ]  # fmt: skip
    base = ((0.0, 0.0), (100.0, 9.0))
    assert [in_force(base, versions, hour * HOUR)[1] for hour in (0, 1, 2, 3, 9)] == [1, 2, 3, 3, 3]
    assert in_force(base, [], 0) == (base, None)
    spans = timeline(base, versions)
    assert [(span.from_ms, span.to_ms, span.version) for span in spans] == [
        (None, HOUR, 1), (HOUR, 2 * HOUR, 2), (2 * HOUR, None, 3),
    ]  # fmt: skip


def test_the_end_of_a_version_is_the_first_instant_at_which_it_holds_no_more() -> None:
    assert version(1, 10, 20, 1).covers(10)
    assert version(1, 10, 20, 1).covers(19)
    assert not version(1, 10, 20, 1).covers(20)


# -- the Pico -----------------------------------------------------------------------------------------------------


def test_limits_are_the_picos() -> None:
    assert calibration.VALUE_MAX * 1000 == PICO_VALUE_MAX
    assert for_pico.__defaults__ == (PICO_MAX_POINTS,)


@given(bent(most=20))
def test_the_picos_table_is_whole_counts_and_never_more_than_it_can_hold(
    points: tuple[tuple[float, float], ...],
) -> None:
    table = for_pico(points)
    assert len(table) <= PICO_MAX_POINTS
    assert [counts for counts, _ in table] == sorted({counts for counts, _ in table})
    assert table[0] == points[0]
    assert table[-1] == points[-1]
    if len(points) <= PICO_MAX_POINTS:
        assert table == points


def test_a_mean_between_two_counts_moves_along_the_line() -> None:
    (low, first), (high, last) = for_pico(((100.4, 10.0), (200.4, 20.0)))
    assert (low, high) == (100, 200)
    assert (first, last) == pytest.approx((9.96, 19.96))


def test_of_too_many_points_those_are_kept_that_matter() -> None:
    """Seven bends on a line that is otherwise straight: none of them is lost."""
    bends = {0: 0.0, 500: 10.0, 1000: 40.0, 1500: 45.0, 2000: 100.0, 2500: 110.0, 3000: 200.0, 4000: 210.0}
    curve = Curve(tuple((float(x), y) for x, y in bends.items()))
    crowd = tuple(sorted({*curve.points, *((x + 250.0, curve.value(x + 250.0)) for x in list(bends)[:-1])}))
    assert for_pico(crowd) == curve.points
