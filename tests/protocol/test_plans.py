"""The level between knots: within one count of the exact one, on both sides of every branch, and what is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink import plans
from tanklink.messages import KNOT_BYTES, MAX_KNOTS, PART_KNOTS

Knots = list[tuple[int, int]]
TICKS = st.one_of(st.integers(0, 40_000), st.integers(0, plans.MAX_TICKS))
LEVELS = st.one_of(st.sampled_from([0, 1, 65534, 65535]), st.integers(0, 65535))
PLANS = st.lists(st.tuples(TICKS, LEVELS), min_size=1, max_size=MAX_KNOTS).map(
    lambda ks: sorted(ks, key=lambda k: k[0])
)


def exact(knots: Knots, tick: int) -> Fraction:
    """The level by the definition; of two knots of one tick the last one counts."""
    if tick < knots[0][0]:
        return Fraction(knots[0][1])
    at = max(i for i, knot in enumerate(knots) if knot[0] <= tick)
    t, level = knots[at]
    if at == len(knots) - 1:
        return Fraction(level)
    end, to = knots[at + 1]
    return level + Fraction((to - level) * (tick - t), end - t)


@given(PLANS, st.lists(st.one_of(TICKS, st.integers(-5, plans.MAX_TICKS + 5)), min_size=1, max_size=20))
def test_levels_are_exact_to_a_count_wherever_the_last_search_ended(knots: Knots, ticks: list[int]) -> None:
    packed, cursors = bytearray(7) + plans.pack_knots(knots), bytearray(3)
    for tick in ticks + [knot[0] for knot in knots]:
        level = plans.level_at(packed, 7, len(knots), tick, cursors, 1)
        assert abs(level - exact(knots, tick)) <= Fraction(3, 5)
        assert cursors[0] == cursors[2] == 0


@given(PLANS, TICKS)
def test_no_level_lies_outside_its_two_knots(knots: Knots, tick: int) -> None:
    level = plans.level_at(plans.pack_knots(knots), 0, len(knots), tick, bytearray(1), 0)
    assert min(knot[1] for knot in knots) <= level <= max(knot[1] for knot in knots)


def test_a_cursor_of_a_longer_plan_is_no_danger() -> None:
    packed = plans.pack_knots([(0, 100), (100, 200)])
    assert plans.level_at(packed, 0, 2, 50, bytearray([63]), 0) == 150


@given(PLANS)
def test_parts_make_the_whole(knots: Knots) -> None:
    packed = plans.pack_knots(knots)
    parts = plans.parts_of(packed)
    assert b"".join(part[: count * KNOT_BYTES] for _, count, part in parts) == packed
    assert [first for first, _, _ in parts] == [PART_KNOTS * i for i in range(len(parts))]
    assert {len(part) for _, _, part in parts} == {PART_KNOTS * KNOT_BYTES}
    assert plans.last_tick(packed, 0, len(knots)) == knots[-1][0]


@pytest.mark.parametrize(
    "knots",
    [[], [(0, 0)] * 65, [(5, 0), (4, 0)], [(-1, 0)], [(plans.MAX_TICKS + 1, 0)], [(0, 65536)], [(0, -1)]],
    ids=lambda knots: str(knots[:2]),
)
def test_what_a_pico_would_refuse_is_refused_here(knots: Knots) -> None:
    with pytest.raises(ValueError, match="knot"):
        plans.pack_knots(knots)


@pytest.mark.parametrize("ticks", [(5, 4), (0, plans.MAX_TICKS + 1), (1 << 30, 1 << 31), (0, 1 << 25)])
def test_a_plan_that_goes_back_or_too_far_is_seen(ticks: tuple[int, ...]) -> None:
    packed = b"".join(tick.to_bytes(4, "little") + b"\0\0" for tick in ticks)
    assert plans.last_tick(packed, 0, len(ticks)) == -1


def test_the_crc_of_no_lights_is_that_of_a_fresh_pico() -> None:
    assert plans.lights_crc({}, 0) == plans.lights_crc(dict.fromkeys(range(1, 9), (0, 0, 0, 0)), 0)
    assert plans.lights_crc({1: (1, 0, 0, 0)}, 0) != plans.lights_crc({2: (1, 0, 0, 0)}, 0)
