"""The pH wizard: from one, two or three buffers to the points of a calibration, and whether the electrode is any good.

A glass electrode gives E = E₀ − s·(pH − 7), with s = 2.303·R·T/F per pH (Nernst): 59.16 mV at 25 °C. A real one gives a
little less. Sources: IUPAC Recommendations 2002, Buck et al., Pure Appl. Chem. 74 (2002) 2169, for the equation and the
practical slope; R, F: CODATA 2018. The bounds on slope and offset: Mettler-Toledo, A Guide to pH Measurement, ch. 3.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tankwarden.logic.calibration import CalibrationError, Points

GAS_CONSTANT, FARADAY = 8.314462618, 96485.33212  # J/(mol·K), C/mol
ISOPOTENTIAL_PH = 7.0  # where temperature makes no difference to an ordinary electrode
GOOD_PERCENT, WORN_PERCENT, HIGH_PERCENT = 95.0, 85.0, 105.0
OFFSET_GOOD_MV, OFFSET_WORN_MV = 15.0, 35.0
LEAST_STEP_PH = 1.0  # buffers closer than that tell no slope
LEAST_DEGC, MOST_DEGC = 0.0, 60.0
_SLOPE_REFUSED_PERCENT = 50.0  # no electrode, or the wrong buffer


@dataclass(frozen=True, slots=True)
class Buffer:
    """One buffer: the electrode's mV in it, and its pH at its temperature, as printed on its bottle."""

    mv: float
    ph: float


@dataclass(frozen=True, slots=True)
class Electrode:
    """What the buffers say. points: (mV, pH at degc). slopes_percent: of Nernst's, from the most acid pair on; one
    buffer tells none. offset_mv: what it gives at pH 7. verdict: good, worn or replace, with the reason in words."""

    points: Points
    degc: float
    slopes_percent: tuple[float, ...]
    offset_mv: float
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Compensation:
    """Of an electrode whose points were taken at degc, by the temperature that another sensor (sensor.ID) tells."""

    degc: float
    by: str


def parameters_of(electrode: Electrode, by: str | None) -> dict[str, Any]:
    """What is kept of a calibration besides its points. by: the sensor (sensor.ID) that tells the water's temperature,
    None = it is taken to be that of the buffers."""
    return {
        "kind": "ph", "degc": electrode.degc, "slopes_percent": list(electrode.slopes_percent),
        "offset_mv": electrode.offset_mv, "verdict": electrode.verdict, "compensated_by": by,
    }  # fmt: skip


def compensation_of(parameters: Mapping[str, Any] | None) -> Compensation | None:
    """None for a calibration that is not compensated, or is no pH electrode's."""
    if parameters is None or parameters.get("kind") != "ph" or parameters.get("compensated_by") is None:
        return None
    return Compensation(float(parameters["degc"]), str(parameters["compensated_by"]))


def nernst_mv(degc: float) -> float:
    """Nernst's slope, mV per pH (positive), at a temperature. Source: Buck et al. 2002, section 2."""
    return math.log(10) * GAS_CONSTANT * (degc + 273.15) / FARADAY * 1000


def calibrate(buffers: Sequence[Buffer], degc: float) -> Electrode:
    """One buffer sets the offset with Nernst's own slope, two the slope too, three one slope on each side.

    CalibrationError for buffers that make none: too close, the wrong way round, or of an electrode that gives no slope.
    """
    _check(buffers, degc)
    ordered = sorted(buffers, key=lambda buffer: buffer.ph)
    nernst = nernst_mv(degc)
    slopes = []
    for acid, base in itertools.pairwise(ordered):
        slopes.append(_slope_percent(acid, base, nernst))
    points = [(buffer.mv, buffer.ph) for buffer in ordered]
    if not slopes:
        (only,) = ordered
        points = [(only.mv + 3 * nernst, only.ph - 3), (only.mv - 3 * nernst, only.ph + 3)]
    points.sort()
    offset_mv = _mv_at(points, ISOPOTENTIAL_PH)
    verdict, why = _judge(slopes, offset_mv)
    return Electrode(tuple(points), degc, tuple(slopes), offset_mv, verdict, why)


def compensated(ph: float, calibrated_degc: float, degc: float) -> float:
    """The pH of a sample at degc, from what the points of a calibration at calibrated_degc say.

    The slope grows with the absolute temperature, around pH 7 (automatic temperature compensation; Buck et al. 2002).
    It corrects the electrode, not the sample: the same water has another pH when it is warm.
    """
    return ISOPOTENTIAL_PH + (ph - ISOPOTENTIAL_PH) * (calibrated_degc + 273.15) / (degc + 273.15)


def _check(buffers: Sequence[Buffer], degc: float) -> None:
    if not 1 <= len(buffers) <= 3:
        raise CalibrationError(f"there are {len(buffers)} buffers: a pH electrode takes 1, 2 or 3")
    if not LEAST_DEGC <= degc <= MOST_DEGC:
        raise CalibrationError(f"{degc:g} °C is no temperature of buffers: give {LEAST_DEGC:g} to {MOST_DEGC:g}")
    for buffer in buffers:
        if not (math.isfinite(buffer.mv) and math.isfinite(buffer.ph)):
            raise CalibrationError(f"the buffer {buffer.mv:g} mV, pH {buffer.ph:g} is not a number: measure it again")
        if not 0 < buffer.ph < 14:
            raise CalibrationError(f"there is no buffer of pH {buffer.ph:g}: give what its bottle says, such as 7.00")
        if abs(buffer.mv) > 1000:
            raise CalibrationError(f"{buffer.mv:g} mV comes from no pH electrode: look at its plug")
    for one, other in zip(sorted(b.ph for b in buffers), sorted(b.ph for b in buffers)[1:], strict=False):
        if other - one < LEAST_STEP_PH:
            raise CalibrationError(
                f"the buffers pH {one:g} and pH {other:g} are too close: take ones at least {LEAST_STEP_PH:g} apart"
            )


def _slope_percent(acid: Buffer, base: Buffer, nernst: float) -> float:
    percent = (acid.mv - base.mv) / (base.ph - acid.ph) / nernst * 100
    if percent < _SLOPE_REFUSED_PERCENT:
        raise CalibrationError(
            f"between pH {acid.ph:g} and pH {base.ph:g} the electrode gives {percent:.0f} % of its slope: the buffers"
            " were taken for each other, or the electrode is broken or dry"
        )
    return percent


def _mv_at(points: Sequence[tuple[float, float]], ph: float) -> float:
    """mV at a pH, on the segment around it or the nearest; mV rises along `points`, pH falls."""
    place = 1
    while place < len(points) - 1 and points[place][1] > ph:
        place += 1
    (mv0, ph0), (mv1, ph1) = points[place - 1], points[place]
    return mv0 + (ph - ph0) * (mv1 - mv0) / (ph1 - ph0)


def _judge(slopes: Sequence[float], offset_mv: float) -> tuple[str, str]:
    least, most, offset = min(slopes, default=100.0), max(slopes, default=100.0), abs(offset_mv)
    if least < WORN_PERCENT or offset > OFFSET_WORN_MV:
        return "replace", "it is worn out: clean it, and replace it if that does not help"
    if most > HIGH_PERCENT:
        return "worn", "more than Nernst allows: a buffer is old or not what its bottle says; take fresh ones"
    if least < GOOD_PERCENT or offset > OFFSET_GOOD_MV:
        return "worn", "it ages: clean it, and calibrate again soon"
    return "good", "slope and offset are as they should be"
