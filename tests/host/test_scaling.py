"""Scales: straight lines between points and beyond them, the same on the host as on the Pico."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink.config import Config
from tanklink.messages import CHANNELS
from tankwarden.logic.pico_config import tables
from tankwarden.logic.scaling import value_at

NTC = ((267, 212.0), (484, 173.0), (658, 153.5), (904, 133.5), (1260, 112.0), (1825, 86.0), (2978, 40.0))


@pytest.mark.parametrize(
    ("counts", "value"),
    [(267, 212.0), (2978, 40.0), (658, 153.5), (375.5, 192.5), (50, 251.0), (3500, 40.0 - 522 * 46 / 1153)],
)
def test_between_at_and_beyond_the_points(counts: float, value: float) -> None:
    assert value_at(NTC, counts) == pytest.approx(value)


@st.composite
def scales(draw: st.DrawFn) -> tuple[tuple[int, float], ...]:
    counts = sorted(draw(st.sets(st.integers(0, 4095), min_size=2, max_size=8)))
    return tuple((count, draw(st.floats(-1000, 1000))) for count in counts)


@given(scales(), st.data())
def test_every_point_is_met_and_between_two_it_stays_between(
    points: tuple[tuple[int, float], ...], data: st.DataObject
) -> None:
    for counts, value in points:
        assert value_at(points, counts) == pytest.approx(value, abs=1e-6)
    place = data.draw(st.integers(0, len(points) - 2))
    (x0, y0), (x1, y1) = points[place : place + 2]
    between = value_at(points, data.draw(st.floats(x0, x1)))
    assert min(y0, y1) - 1e-6 <= between <= max(y0, y1) + 1e-6


@given(st.integers(0, 4095))
def test_the_pico_reckons_the_same_in_integers(counts: int) -> None:
    """Within what whole m°F and one division can lose."""
    pico = Config()
    channel = CHANNELS.index("temperature_1")
    for index, (raw, value) in enumerate(NTC):
        assert pico.set_point([channel, index, raw, round(value * 1000)])
    assert pico.scale(channel, counts) / 1000 == pytest.approx(value_at(NTC, counts), abs=0.02)


def test_tables_round_to_the_picos_units() -> None:
    from tankwarden.config import Scale

    scale = Scale(channel="current_1", points=((372, -0.0004), (4068, 14.0006)))
    assert tables([scale]) == {"current_1": ((372, 0), (4068, 14_001))}
