"""Weather: within its bounds for every seed, dark ends, its own for every seed, and of the shape that it claims."""

from array import array
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tanklink import effects
from tanklink.schema import SMALL_MAX

SEEDS = st.integers(0, SMALL_MAX)
DURATIONS = st.one_of(st.integers(0, 5_000), st.integers(0, 14_400_000))
U16 = st.integers(0, effects.FULL)


@given(SEEDS, DURATIONS, st.integers(-1000, 14_401_000))
def test_values_are_16_bit_and_nothing_is_outside(seed: int, duration: int, t_ms: int) -> None:
    for kind in (effects.cloud, effects.lightning):
        value = kind(seed, t_ms, duration)
        assert 0 <= value <= effects.FULL
        assert value == 0 or 0 <= t_ms < duration


@given(SEEDS, U16, U16, st.integers(0, 59_999))
def test_clouds_only_dim_and_lightning_only_lights(seed: int, level: int, depth: int, t_ms: int) -> None:
    under = effects.weather(effects.CLOUD, level, seed, t_ms, 60_000, depth)
    dense = effects.cloud(seed, t_ms, 60_000)
    assert abs(under - level * (1 - dense * depth / effects.FULL**2)) <= 8
    assert 0 <= under <= level
    flash = effects.weather(effects.LIGHTNING, level, seed, t_ms, 60_000, depth)
    bright = effects.lightning(seed, t_ms, 60_000)
    assert abs(flash - max(level, bright * depth / effects.FULL)) <= 5
    assert level <= flash <= max(level, depth)


@given(SEEDS, st.integers(1, 255), st.integers(0, 60_000), st.integers(-2_000, 600_000))
def test_a_storm_drifts_from_light_to_light(seed: int, lights: int, drift: int, at_ms: int) -> None:
    """Each light of the mask sees what the one before it saw `drift` ago; the others nothing; what is over is away."""
    kept = array("i", [3, effects.LIGHTNING, lights, 5_000, 500, 90_000, 65_535, drift, seed] + [0] * 135)
    levels = array("i", [0] * 8)
    at_ms = max(at_ms, -2_000)
    effects.play(levels, kept, effects.LIGHTNING, (5_000_500 + at_ms) // 1000, (5_000_500 + at_ms) % 1000 * 1000)
    rank = 0
    for light in range(8):
        if lights >> light & 1:
            alone = effects.weather(effects.LIGHTNING, 0, seed, at_ms - rank * drift, 90_000, 65_535)
            assert levels[light] == alone
            rank += 1
        else:
            assert levels[light] == 0
    assert (kept[2] == 0) == (at_ms >= 90_000 + 7 * drift)


@given(SEEDS, st.integers(0, 65_535), st.integers(0, 65_535))
def test_noise_is_16_bit_and_each_argument_counts(seed: int, n: int, salt: int) -> None:
    value = effects.noise(seed, n, salt)
    assert 0 <= value < 1 << 16
    others = {effects.noise(seed ^ 1, n, salt), effects.noise(seed, n ^ 1, salt), effects.noise(seed, n, salt ^ 1)}
    assert others != {value}


def test_noise_is_even() -> None:
    tops = Counter(effects.noise(12345, n, 1) >> 12 for n in range(16_000))
    assert len(tops) == 16
    assert all(800 <= count <= 1200 for count in tops.values())
    seeds = {tuple(effects.noise(seed, n, 1) for n in range(4)) for seed in range(4_000)}
    assert len(seeds) == 4_000


def test_a_cloud_comes_and_goes_smoothly_and_is_dense_between() -> None:
    for seed in range(20):
        course = [effects.cloud(seed, t, 120_000) for t in range(0, 120_001, 10)]
        assert course[0] == course[-1] == 0
        assert max(abs(b - a) for a, b in pairwise(course)) <= 160  # of 65535 in 10 ms: no step
        assert all(26_000 <= value <= effects.FULL for value in course[1_000:-1_000])


def test_a_storm_begins_with_a_flash_and_flashes_last_milliseconds() -> None:
    for seed in range(50):
        course = [effects.lightning(seed, t, 10_240) for t in range(10_240)]
        assert course[0] > 29_000
        flashes = sum(1 for a, b in pairwise(course) if b > a + 10_000)
        assert 3 <= flashes <= 40
        assert sum(1 for value in course if value) < 0.5 * len(course)
        longest = max(len(run) for run in "".join("x" if value else " " for value in course).split())
        assert longest <= 103


def test_two_seeds_are_two_storms() -> None:
    storms = {tuple(effects.lightning(seed, t, 5_000) for t in range(0, 5_000, 10)) for seed in range(200)}
    assert len(storms) == 200
