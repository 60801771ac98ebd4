"""Power from sums of raw counts: the mean of V·I, not the product of two means, which is off under moving clouds.

Nothing is clamped: the noise of a current sensor around zero stays in the stored sums and in what is summed from them,
where it averages out; a clamp would turn it into energy. Only what a page shows is rounded.
"""

from tankwarden.logic.calibration import Curve, Segment


def mean(total: int, n: int) -> float | None:
    """The mean count of a channel; None without samples."""
    return total / n if n > 0 else None


def power_w(v_sum: float, i_sum: float, vi_sum: float, n: float, volts: Curve, amperes: Curve) -> float | None:
    """Mean power of n simultaneous samples; None without samples. W.

    v_sum, i_sum, vi_sum: Σv, Σi and Σ(v·i) of raw counts. On straight lines, V = a·v + b and I = c·i + d, the mean of
    V·I is (a·c·Σvi + a·d·Σv + b·c·Σi) / n + b·d. Where a curve bends, the lines are those at the means of the n
    samples: exact unless the samples themselves, a second's, lie on both sides of a bend.
    """
    if n <= 0:
        return None
    v, i = segment_at(volts, v_sum / n), segment_at(amperes, i_sum / n)
    a, b, c, d = v.slope, v.offset, i.slope, i.offset
    return (a * c * vi_sum + a * d * v_sum + b * c * i_sum) / n + b * d


def segment_at(curve: Curve, measured: float) -> Segment:
    """The straight line that holds at what was measured."""
    segments = curve.segments()
    return next((segment for segment in segments if measured < segment.end), segments[-1])
