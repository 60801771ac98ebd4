"""Power from sums of raw counts, against the brute force of multiplying every pair of samples."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tankwarden.logic.calibration import Curve
from tankwarden.logic.energy import mean, power_w

VOLTS = Curve(((0, 0.0), (4095, 500.0)))
AMPERES = Curve(((372, 0.0), (4068, 14.0)))
pairs = st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 4095)), min_size=1, max_size=64)
lines = st.builds(Curve.straight, st.floats(-1, 1), st.floats(-100, 100))


def sums(samples: list[tuple[int, int]]) -> tuple[int, int, int, int]:
    return sum(v for v, _ in samples), sum(i for _, i in samples), sum(v * i for v, i in samples), len(samples)


@given(pairs, lines, lines)
def test_it_is_the_mean_of_the_products(samples: list[tuple[int, int]], volts: Curve, amperes: Curve) -> None:
    brute = sum(volts.value(v) * amperes.value(i) for v, i in samples) / len(samples)
    v_sum, i_sum, vi_sum, n = sums(samples)
    assert power_w(v_sum, i_sum, vi_sum, n, volts, amperes) == pytest.approx(brute, rel=1e-9, abs=1e-4)


def test_it_is_not_the_product_of_the_means() -> None:
    """A cloud in the middle of the period: the product of means would be 25 % short."""
    sun, cloud = (2228, 2616), (0, 372)  # 272 V and 8.5 A; nothing
    power = power_w(*sums([sun, cloud] * 32), VOLTS, AMPERES)
    assert power == pytest.approx(272.04 * 8.5 / 2, rel=1e-3)


def test_no_samples_is_no_power_and_not_zero() -> None:
    assert power_w(0, 0, 0, 0, VOLTS, AMPERES) is None
    assert mean(0, 0) is None
    assert mean(10, 4) == 2.5


def test_noise_around_zero_is_not_clamped_and_sums_to_nothing() -> None:
    """Clamped below at 0 W, the same noise would add up to some 30 Wh in a night."""
    noise = random.Random(1)
    powers = []
    for _ in range(2000):
        samples = [(2600 + round(noise.gauss(0, 1.5)), 372 + round(noise.gauss(0, 2))) for _ in range(20)]
        power = power_w(*sums(samples), VOLTS, AMPERES)
        assert power is not None
        powers.append(power)
    assert min(powers) < 0 < max(powers)
    assert abs(sum(powers) / len(powers)) < 0.1
    assert sum(max(0.0, power) for power in powers) / len(powers) > 0.15
