"""The configuration that both sides hold: what it takes, scaling exactly, and never an integer that the chip boxes.

vectors.json holds CRCs, completeness and scaled values under both interpreters; here stand the rest and the extremes.
"""

from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanklink.config import VALUE_MAX, Config
from tanklink.messages import CONFIG_CIRCUIT, MAX_POINTS, N_CHANNELS

BOX = 1 << 30


class Small(int):
    """An integer that fails where the chip would box the result of a sum, difference, product or quotient."""

    def _made(self, result: Any) -> "Small":
        assert result is not NotImplemented
        assert -BOX <= result < BOX, f"{result} is boxed"
        return Small(result)

    def __add__(self, other: int) -> "Small":
        return self._made(int.__add__(self, other))

    def __sub__(self, other: int) -> "Small":
        return self._made(int.__sub__(self, other))

    def __rsub__(self, other: int) -> "Small":
        return self._made(int.__rsub__(self, other))

    def __mul__(self, other: int) -> "Small":
        return self._made(int.__mul__(self, other))

    def __floordiv__(self, other: int) -> "Small":
        return self._made(int.__floordiv__(self, other))

    def __rfloordiv__(self, other: int) -> "Small":
        return self._made(int.__rfloordiv__(self, other))

    def __abs__(self) -> "Small":
        return self._made(int.__abs__(self))

    __radd__ = __add__
    __rmul__ = __mul__


values = st.one_of(st.integers(-VALUE_MAX, VALUE_MAX), st.sampled_from((-VALUE_MAX, VALUE_MAX)))
points = st.tuples(st.integers(0, 4095), values)
tables = st.lists(points, min_size=2, max_size=MAX_POINTS, unique_by=lambda point: point[0]).map(sorted)


def exact(table: list[tuple[int, int]], counts: int) -> int:
    pieces = list(pairwise(table))
    (x0, y0), (x1, y1) = next((piece for piece in pieces if counts <= piece[1][0]), pieces[-1])
    value = y0 + Fraction(y1 - y0, x1 - x0) * (counts - x0)
    return max(-VALUE_MAX, min(VALUE_MAX, floor(value + Fraction(1, 2))))


def with_table(table: list[tuple[int, int]], channel: int = 0) -> Config:
    config = Config()
    assert all(config.set_point([channel, i, *point]) for i, point in enumerate(table))
    return config


def instrument(config: Config) -> Config:
    """Every number that scaling starts from now watches what is computed with it."""
    for name in ("_counts", "_values", "_n"):
        setattr(config, name, [Small(value) for value in getattr(config, name)])
    return config


def test_the_watching_integer_watches() -> None:
    with pytest.raises(AssertionError, match="is boxed"):
        _ = Small(1 << 20) * 1024
    with pytest.raises(AssertionError, match="is boxed"):
        _ = 1 + Small(BOX - 1)
    assert type((5 - Small(3)) * 2 // 3) is Small


@given(table=tables, counts=st.integers(0, 4095), channel=st.integers(0, N_CHANNELS - 1))
@settings(deadline=None)
def test_scaling_is_exact_and_never_reaches_2_30(table: list[tuple[int, int]], counts: int, channel: int) -> None:
    config = instrument(with_table(table, channel))
    assert config.scale(channel, Small(counts)) == exact(table, counts)


@pytest.mark.parametrize("at", [0, 1, 2046, 4093, 4094])
@pytest.mark.parametrize("sign", [1, -1])
def test_scaling_is_exact_at_the_steepest(at: int, sign: int) -> None:
    table = [(at, -sign * VALUE_MAX), (at + 1, sign * VALUE_MAX)]
    config = instrument(with_table(table))
    for counts in range(4096):
        assert config.scale(0, Small(counts)) == exact(table, counts)


def test_a_channel_without_a_scale_gives_0_and_says_so() -> None:
    config = with_table([(100, 5)])
    assert not config.has_scale(0)
    assert config.scale(0, 4095) == 0
    assert config.set_point([0, 1, 101, 6])
    assert config.has_scale(0)
    assert not config.has_scale(1)


@pytest.mark.parametrize(
    "point",
    [
        [0, 1, 200, 9],
        [0, 3, 300, 9],
        [0, 2, 200, 9],
        [0, 2, 199, 9],
        [0, 2, 300, VALUE_MAX + 1],
        [0, 2, 300, -VALUE_MAX - 1],
    ],
    ids=["index again", "index skipped", "counts again", "counts fall", "value too great", "value too small"],
)
def test_a_point_that_does_not_follow_changes_nothing(point: list[int]) -> None:
    config = with_table([(100, 5), (200, 6)])
    before = config.crc()
    assert not config.set_point(point)
    assert config.crc() == before
    assert config.set_point([0, 2, 300, 9])
    assert config.crc() != before


@pytest.mark.parametrize(
    ("values", "slope"),
    [([], 0), ([1], 0), ([1, 2], 1), ([2, 1], -1), ([1, 1], 0), ([1, 2, 2], 0), ([3, 2, 3], 0), ([3, 2, 1, -9], -1)],
)
def test_slope_is_of_the_whole_table(values: list[int], slope: int) -> None:
    config = with_table([(10 * i, value) for i, value in enumerate(values)], 7)
    assert config.slope(7) == slope
    if values:
        assert (config.first_counts(7), config.last_counts(7)) == (0, 10 * (len(values) - 1))


@given(table=tables)
@settings(deadline=None)
def test_slope_never_reaches_2_30(table: list[tuple[int, int]]) -> None:
    steps = {(b > a) - (b < a) for (_, a), (_, b) in pairwise(table)}
    assert instrument(with_table(table)).slope(0) == (steps.pop() if len(steps) == 1 else 0)


def test_index_0_starts_the_table_anew() -> None:
    config = with_table([(100, 5), (200, 6), (300, 7)])
    assert config.set_point([0, 0, 50, 1])
    assert not config.has_scale(0)
    assert config.set_point([0, 1, 60, 2])
    assert config.crc() == with_table([(50, 1), (60, 2)]).crc()


@pytest.mark.parametrize("circuit", [0, 3])
def test_a_circuit_that_is_not_there_is_refused(circuit: int) -> None:
    config = Config()
    assert not config.set_circuit([circuit, True, *[1] * (CONFIG_CIRCUIT.count - 2)])
    assert config.crc() == Config().crc()


CIRCUIT = [
    2,
    True,
    32_000,
    11_000,
    180_000,
    300,
    600,
    100,
    450_000,
    60_000,
    300,
    300,
    2000,
    1000,
    900,
    2000,
    True,
    True,
]
FLAGS = [CONFIG_CIRCUIT.index[name] for name in ("enabled", "watch_impedance", "watch_leakage")]
MUST_BE_SET = [
    "resistance_mohm", "current_limit_ma", "temperature_limit_m_degf", "short_min_ma", "voltage_limit_mv",
    "voltage_min_mv", "impedance_tolerance_permille", "leak_ma", "no_rise_wh", "no_rise_m_degf", "stuck_s",
    "rate_m_degf_per_s",
]  # fmt: skip


@pytest.mark.parametrize("i", range(1, CONFIG_CIRCUIT.count))
def test_every_field_of_a_circuit_is_in_the_crc(i: int) -> None:
    one, other = Config(), Config()
    assert one.set_circuit(CIRCUIT)
    assert other.set_circuit([*CIRCUIT[:i], not CIRCUIT[i] if i in FLAGS else CIRCUIT[i] + 1, *CIRCUIT[i + 1 :]])
    assert one.circuits[2] == CIRCUIT
    assert one.crc() != other.crc()


@pytest.mark.parametrize("name", MUST_BE_SET)
def test_an_enabled_circuit_is_complete_only_with_its_limits_and_scales(name: str) -> None:
    config = Config()
    assert config.complete()
    assert config.set_circuit(CIRCUIT)
    for channel in (1, 3, 5):
        assert not config.complete()
        assert config.set_point([channel, 0, 0, 0])
        assert config.set_point([channel, 1, 4095, 1000])
    assert config.complete()
    values = list(CIRCUIT)
    values[CONFIG_CIRCUIT.index[name]] = 0
    assert config.set_circuit(values)
    assert not config.complete()


def test_clear_forgets_everything() -> None:
    config = with_table([(0, 0), (4095, 5)])
    assert config.set_circuit(CIRCUIT)
    config.clear()
    assert config.crc() == Config().crc()
    assert config.circuits == [None, *([c, False] + [0] * (CONFIG_CIRCUIT.count - 2) for c in (1, 2))]
    assert not config.has_scale(0)
