"""The plan compiler: a light's level over the coming days → at most 64 knots that the Pico joins by straight lines.

The curve is sampled where it bends, cut at its steps, and each smooth piece is covered by as few lines as a tolerance
allows: the swing filter, which keeps the cone of slopes that pass every sample within the tolerance and starts the
next line where the cone closes (Elmeleegy, Elmagarmid, Cecchet, Aref and Zwaenepoel, Online Piece-wise Linear
Approximation of Numerical Streams with Precision Guarantees, VLDB 2009; on how few lines can do, Imai and Iri,
Computational-Geometric Methods for Polygonal Approximations of a Curve, CVGIP 36, 1986). The tolerance is the least for
which 64 knots suffice. Ends of pieces are met exactly, so that a plan begins where the curve is.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

FULL = 65_535  # counts of full scale
MAX_KNOTS = 64
MAX_ERROR_PERCENT = 0.5
HORIZON_MS = 48 * 3_600_000
STEP_MS = 1000  # a step takes so long

_GRID_MS = 600_000  # sampled at least so often
_PROBES = (0.29, 0.62)  # of an interval: no symmetric curve hides from both
_BENT = 8.0  # counts off the straight line at a probe: look closer
_JUMP = 40.0  # counts within STEP_MS, or at an edge: a step
_CHECK_MS = 97_000  # the finished plan is held against the curve so often, beside every sample
_SEARCH = 10  # halvings of the tolerance

Curve = Callable[[int], float]  # UTC ms → counts, 0 to FULL


class Knot(NamedTuple):
    """at_ms: UTC. counts: 0 to 65535."""

    at_ms: int
    counts: int


class _Sample(NamedTuple):
    at_ms: int
    counts: float


_Piece = list[_Sample]


@dataclass(frozen=True, slots=True)
class Plan:
    """Knots with rising times. error_percent: the greatest deviation from the curve, in percent of full scale.

    steps: (begin, end) of each step, UTC ms: within them the plan is on its way. whole: False if 64 knots could not
    hold the error to the end that was asked for; then it ends sooner.
    """

    knots: tuple[Knot, ...]
    error_percent: float
    steps: tuple[tuple[int, int], ...] = ()
    whole: bool = True

    @property
    def start_ms(self) -> int:
        return self.knots[0].at_ms

    @property
    def end_ms(self) -> int:
        return self.knots[-1].at_ms

    def counts_at(self, at_ms: int) -> float:
        """What the Pico plays at an instant; before and after the knots, the first and the last of them."""
        return counts_at(self.knots, at_ms)


def counts_at(knots: Sequence[Knot], at_ms: int) -> float:
    """Straight lines between knots, level before the first and after the last."""
    place = bisect_right(knots, at_ms, key=lambda knot: knot.at_ms)
    if place == 0:
        return knots[0].counts
    if place == len(knots):
        return knots[-1].counts
    before, after = knots[place - 1], knots[place]
    return before.counts + (after.counts - before.counts) * (at_ms - before.at_ms) / (after.at_ms - before.at_ms)


def compile_plan(
    curve: Curve, start_ms: int, end_ms: int, edges: Iterable[int] = (), *, max_knots: int = MAX_KNOTS
) -> Plan:
    """The plan of `curve` from start_ms to end_ms or, if `max_knots` cannot hold it, as far as they reach.

    edges: instants (UTC ms) at which the curve may jump or bend; a jump elsewhere is found to a second, a bend by
    looking closer. Off the steps the plan errs by at most MAX_ERROR_PERCENT of full scale. ValueError for a span
    that is empty or fewer knots than a step needs.
    """
    if end_ms <= start_ms:
        raise ValueError(f"a plan from {start_ms} to {end_ms} has no length")
    if max_knots < 4:
        raise ValueError(f"{max_knots} knots hold no step: give at least 4")
    pieces = _pieces(curve, start_ms, end_ms, edges)
    knots, whole = _fit(pieces, max_knots)
    steps = [(one[-1].at_ms, two[0].at_ms) for one, two in pairwise(pieces)]
    steps = [step for step in steps if step[0] < step[1] and step[0] < knots[-1].at_ms]
    error = _error(curve, knots, pieces, steps)
    return Plan(tuple(knots), error / FULL * 100, tuple(steps), whole)


# -- sampling ----------------------------------------------------------------------------------------------------------


def _pieces(curve: Curve, start_ms: int, end_ms: int, edges: Iterable[int]) -> list[_Piece]:
    """Smooth pieces, in order. Two that meet at one instant are a bend; between two that do not lies a step."""
    cuts = sorted({edge for edge in edges if start_ms < edge < end_ms})
    pieces: list[_Piece] = []
    begin = _Sample(start_ms, _bounded(curve, start_ms))
    for cut in [*cuts, end_ms]:
        if cut <= begin.at_ms:  # within the step before: it is part of that
            continue
        last = cut == end_ms
        before = _Sample(cut, _bounded(curve, cut if last else cut - 1))
        pieces += _smooth(curve, begin, before)
        begin = _Sample(cut, _bounded(curve, cut))
        if not last and abs(begin.counts - before.counts) > _JUMP:
            after_ms = min(cut + STEP_MS, end_ms)
            begin = _Sample(after_ms, _bounded(curve, after_ms))
    if begin.at_ms > pieces[-1][-1].at_ms:  # a step at the very end
        pieces.append([begin])
    return pieces


def _smooth(curve: Curve, begin: _Sample, end: _Sample) -> list[_Piece]:
    """From begin to end, looked at more closely where it bends; more than one piece if it jumps all the same."""
    span = end.at_ms - begin.at_ms
    parts = max(1, -(-span // _GRID_MS))
    times = [begin.at_ms + span * part // parts for part in range(1, parts)]
    grid = [begin, *(_Sample(at, _bounded(curve, at)) for at in times), end]
    pieces: list[_Piece] = [[begin]]
    for left, right in pairwise(grid):
        _refine(curve, left, right, pieces)
    return pieces


def _refine(curve: Curve, left: _Sample, right: _Sample, pieces: list[_Piece]) -> None:
    """Append what lies between left, which is there, and right, and right itself."""
    span = right.at_ms - left.at_ms
    if span <= STEP_MS:
        if abs(right.counts - left.counts) > _JUMP:
            pieces.append([right])
        else:
            pieces[-1].append(right)
        return
    times = [left.at_ms + max(1, round(span * part)) for part in _PROBES]
    probes = [_Sample(at, _bounded(curve, at)) for at in times]
    slope = (right.counts - left.counts) / span
    off = (abs(probe.counts - left.counts - slope * (probe.at_ms - left.at_ms)) for probe in probes)
    if max(off) <= _BENT:
        pieces[-1] += [*probes, right]
        return
    for one, two in zip((left, *probes), (*probes, right), strict=True):
        _refine(curve, one, two, pieces)


def _bounded(curve: Curve, at_ms: int) -> float:
    return min(float(FULL), max(0.0, curve(at_ms)))


# -- fitting -----------------------------------------------------------------------------------------------------------


def _fit(pieces: Sequence[_Piece], max_knots: int) -> tuple[list[Knot], bool]:
    """The knots of the least tolerance that needs no more than max_knots; or the first of those of the greatest."""
    high = MAX_ERROR_PERCENT / 100 * FULL - _BENT - 1.0  # what sampling and whole counts may add
    best = _lines(pieces, high, max_knots)
    if len(best) > max_knots:
        return _shortened(best, pieces, max_knots), False
    low = 0.5
    for _ in range(_SEARCH):
        middle = (low * high) ** 0.5
        knots = _lines(pieces, middle, max_knots)
        if len(knots) <= max_knots:
            best, high = knots, middle
        else:
            low = middle
    return best, True


def _shortened(knots: list[Knot], pieces: Sequence[_Piece], max_knots: int) -> list[Knot]:
    """The first of them, ending on a line and not in the middle of a step."""
    begins = {one[-1].at_ms for one, two in pairwise(pieces) if one[-1].at_ms < two[0].at_ms}
    short = knots[:max_knots]
    return short[:-1] if short[-1].at_ms in begins else short


def _lines(pieces: Sequence[_Piece], tolerance: float, enough: int) -> list[Knot]:
    """Knots within `tolerance` counts of every sample; stops soon after there are more than enough."""
    knots: list[Knot] = []
    for piece in pieces:
        for at_ms, counts in _swing(piece, tolerance):
            if not knots or at_ms > knots[-1].at_ms:
                knots.append(Knot(at_ms, round(counts)))
        if len(knots) > enough:
            break
    return knots


def _swing(piece: _Piece, tolerance: float) -> list[_Sample]:
    """The swing filter over one piece: first and last sample exactly, the knots between within the tolerance.

    What is dark stays dark: no tolerance for a 0. Nor does a knot go beyond what the curve reaches.
    """
    bottom, top = min(sample.counts for sample in piece), max(sample.counts for sample in piece)
    origin = piece[0]
    out = [origin]
    low, high = float("-inf"), float("inf")
    last = len(piece) - 1
    place = 1
    while place <= last:
        at_ms, counts = piece[place]
        span = at_ms - origin.at_ms
        band = 0.0 if place == last or not counts else tolerance
        least = (max(bottom, counts - band) - origin.counts) / span
        most = (min(top, counts + band) - origin.counts) / span
        if max(least, low) <= min(most, high):
            low, high = max(least, low), min(most, high)
            place += 1
            continue
        # The cone is empty: the line ends at the sample before, on the side towards which the curve goes on.
        before_ms = piece[place - 1].at_ms
        slope = high if least > high else low
        origin = _Sample(before_ms, origin.counts + slope * (before_ms - origin.at_ms))
        out.append(origin)
        low, high = float("-inf"), float("inf")
    if last:
        out.append(piece[last])
    return out


# -- checking ----------------------------------------------------------------------------------------------------------


def _error(curve: Curve, knots: Sequence[Knot], pieces: Sequence[_Piece], steps: Sequence[tuple[int, int]]) -> float:
    """The greatest deviation in counts, at every sample and on a grid of its own, off the steps."""
    end_ms = knots[-1].at_ms
    worst = 0.0
    for piece in pieces:
        for at_ms, counts in piece:
            if at_ms <= end_ms:
                worst = max(worst, abs(counts_at(knots, at_ms) - counts))
    for at_ms in range(knots[0].at_ms, end_ms, _CHECK_MS):
        if not any(begin <= at_ms <= end for begin, end in steps):
            worst = max(worst, abs(counts_at(knots, at_ms) - _bounded(curve, at_ms)))
    return worst
