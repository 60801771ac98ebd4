"""Calibrations of the probes that do not hang on the Pico: which one holds when, and what it makes of a number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tankwarden.logic import ph
from tankwarden.logic.calibration import Curve, Version

PREFIX = "sensor."  # of a target, in front of the sensor's id


@dataclass(frozen=True, slots=True)
class Stretch:
    """from_ms < ts ≤ to_ms, in which one version holds, or none: then a value is as its driver read it."""

    from_ms: int
    to_ms: int
    version: Version | None


def held(versions: Iterable[Version], target: str, at_ms: int) -> Version | None:
    """Of the versions that stand and cover an instant the one made last."""
    standing = (v for v in versions if v.target == target and v.undone_ms is None and v.covers(at_ms))
    return max(standing, key=lambda version: version.id, default=None)


def stretches(versions: Sequence[Version], targets: Iterable[str], t0_ms: int, t1_ms: int) -> list[Stretch]:
    """From t0 to t1, in order and without a gap, with the version that holds for the first of the targets; cut wherever
    one of any of them begins or ends."""
    names = tuple(targets)
    mine = [version for version in versions if version.target in names and version.undone_ms is None]
    edges = sorted({edge for v in mine for edge in (v.from_ms, v.to_ms) if edge is not None and t0_ms < edge < t1_ms})
    return [
        # A reading is of its instant: one at an edge is the new version's, one ms before it still the old one's.
        Stretch(begin, end, held(mine, names[0], begin + 1))
        for begin, end in zip(
            (t0_ms, *(edge - 1 for edge in edges)), (*(edge - 1 for edge in edges), t1_ms), strict=True
        )
        if begin < end
    ]


def value(version: Version | None, measured: float, degf: float | None) -> float:
    """What was measured, calibrated. degf: of the water, for a version that is compensated; None = not known, then the
    water is taken to be as warm as the buffers were."""
    if version is None:
        return measured
    actual = Curve(version.points).value(measured)
    compensation = ph.compensation_of(version.parameters)
    if compensation is None or degf is None:
        return actual
    return ph.compensated(actual, compensation.degc, (degf - 32) / 1.8)
