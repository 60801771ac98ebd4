"""The pH wizard: slopes in % of Nernst's, what a buffer taken for another is told, and temperature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tankwarden.logic.calibration import CalibrationError, Curve
from tankwarden.logic.ph import Buffer, calibrate, compensated, nernst_mv


@pytest.mark.parametrize(("degc", "mv"), [(0, 54.20), (20, 58.17), (25, 59.16), (30, 60.15), (50, 64.12)])
def test_nernsts_slope_is_that_of_the_tables(degc: float, mv: float) -> None:
    assert nernst_mv(degc) == pytest.approx(mv, abs=0.006)


def buffers(slope: float, offset: float, *phs: float, degc: float = 25.0) -> list[Buffer]:
    return [Buffer(offset - slope * nernst_mv(degc) * (ph - 7), ph) for ph in phs]


@given(st.floats(0.6, 1.1), st.floats(-60, 60), st.floats(0, 60))
def test_an_electrodes_own_slope_and_offset_are_found(slope: float, offset: float, degc: float) -> None:
    found = calibrate(buffers(slope, offset, 4.01, 7.0, 10.01, degc=degc), degc)
    assert found.slopes_percent == pytest.approx((slope * 100, slope * 100))
    assert found.offset_mv == pytest.approx(offset, abs=1e-6)
    for buffer in buffers(slope, offset, 5.5, 8.2, degc=degc):
        assert Curve(found.points).value(buffer.mv) == pytest.approx(buffer.ph)


def test_one_buffer_sets_the_offset_with_nernsts_own_slope() -> None:
    found = calibrate([Buffer(12.0, 7.0)], 25)
    assert found.slopes_percent == ()
    assert found.offset_mv == pytest.approx(12)
    assert Curve(found.points).value(12 - 59.16) == pytest.approx(8.0, abs=1e-3)


def test_three_buffers_give_each_side_its_own_slope() -> None:
    found = calibrate([Buffer(177, 4.01), Buffer(0, 7.0), Buffer(-160, 10.01)], 25)
    assert found.slopes_percent == pytest.approx((100.06, 89.85), abs=0.05)
    assert found.verdict == "worn"


@pytest.mark.parametrize(
    ("slope", "offset", "verdict"),
    [
        (0.99, 3, "good"),
        (0.93, 3, "worn"),
        (0.99, 20, "worn"),
        (1.07, 0, "worn"),
        (0.8, 0, "replace"),
        (1, 50, "replace"),
    ],
)
def test_the_verdict(slope: float, offset: float, verdict: str) -> None:
    assert calibrate(buffers(slope, offset, 4.01, 10.01), 25).verdict == verdict


@pytest.mark.parametrize(
    ("given_", "degc", "says"),
    [
        ([], 25, "there are 0 buffers"),
        ([Buffer(0, 7)] * 4, 25, "there are 4 buffers"),
        ([Buffer(0, 7), Buffer(1, 7)], 25, "pH 7 and pH 7 are too close"),
        ([Buffer(-177, 4.01), Buffer(0, 7)], 25, "between pH 4.01 and pH 7 .* taken for each other"),
        ([Buffer(0, 4.01), Buffer(0, 7)], 25, "0 % of its slope"),
        ([Buffer(float("nan"), 7)], 25, "is not a number"),
        ([Buffer(0, 15)], 25, "no buffer of pH 15"),
        ([Buffer(4000, 7)], 25, "comes from no pH electrode"),
        ([Buffer(0, 7)], 90, "90 °C is no temperature of buffers"),
    ],
)
def test_what_is_no_calibration_is_told(given_: list[Buffer], degc: float, says: str) -> None:
    with pytest.raises(CalibrationError, match=says):
        calibrate(given_, degc)


def test_temperature_turns_the_line_around_ph_7() -> None:
    assert compensated(7.0, 25, 5) == 7
    assert compensated(8.0, 25, 25) == 8
    # At 5 °C the same mV are further from 7: the slope is less.
    assert compensated(8.0, 25, 5) == pytest.approx(7 + 298.15 / 278.15)
