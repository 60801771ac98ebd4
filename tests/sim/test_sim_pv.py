"""The PV source: a panel's curve through its data sheet's points, and the one point at which a resistor loads it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tankwarden.sim.defaults import PvArray
from tankwarden.sim.pv import PvSource

ARRAY = PvArray()
SOURCE = PvSource(ARRAY)
photocurrents = st.floats(0.001, 15)


def test_curve_goes_through_the_data_sheets_points() -> None:
    full = SOURCE.photocurrent_a(1000)
    assert full == ARRAY.isc_a
    assert SOURCE.current_a(0, full) == pytest.approx(ARRAY.isc_a)
    assert SOURCE.current_a(ARRAY.vmp_v, full) == pytest.approx(ARRAY.imp_a, rel=1e-3)
    assert SOURCE.open_circuit_v(full) == pytest.approx(ARRAY.voc_v, rel=1e-3)
    powers = {volt: volt * SOURCE.current_a(volt, full) for volt in range(0, 341, 5)}
    assert abs(max(powers, key=lambda volt: powers[volt]) - ARRAY.vmp_v) <= 10


@settings(deadline=None)
@given(photocurrents, st.floats(0, 400), st.floats(0.01, 50))
def test_current_falls_with_voltage_and_rises_with_light(photocurrent: float, volt: float, more: float) -> None:
    assert SOURCE.current_a(volt + more, photocurrent) < SOURCE.current_a(volt, photocurrent)
    assert SOURCE.current_a(volt, photocurrent + more) > SOURCE.current_a(volt, photocurrent)


@settings(deadline=None)
@given(photocurrents, st.floats(0.01, 10_000))
def test_operating_point_lies_on_the_curve_and_on_the_resistors_line(photocurrent: float, ohm: float) -> None:
    volt, ampere = SOURCE.operating_point(photocurrent, ohm)
    assert volt == pytest.approx(ampere * ohm)
    assert ampere == pytest.approx(SOURCE.current_a(volt, photocurrent), rel=1e-4, abs=1e-6)
    assert 0 < volt <= SOURCE.open_circuit_v(photocurrent) + 1e-9


def test_extreme_loads() -> None:
    volt, ampere = SOURCE.operating_point(9.5, 1e-6)
    assert volt == pytest.approx(0, abs=1e-3)
    assert ampere == pytest.approx(9.5, rel=1e-4)
    volt, ampere = SOURCE.operating_point(9.5, math.inf)
    assert volt == pytest.approx(340, rel=1e-3)
    assert ampere == 0
    assert SOURCE.operating_point(0, 32) == (0, 0)


def test_the_element_at_full_sun_draws_what_the_limits_were_chosen_for() -> None:
    volt, ampere = SOURCE.operating_point(SOURCE.photocurrent_a(1000), 32)
    assert 265 < volt < 285
    assert 8.3 < ampere < 8.9
