"""Power from sums of raw counts: the mean of V·I, not the product of two means, which is off under moving clouds.

Nothing is clamped: the noise of a current sensor around zero stays in the stored sums and in what is summed from them,
where it averages out; a clamp would turn it into energy. Only what a page shows is rounded.
"""

from tankwarden.logic.scaling import Line


def mean(total: int, n: int) -> float | None:
    """The mean count of a channel; None without samples."""
    return total / n if n > 0 else None


def power_w(v_sum: int, i_sum: int, vi_sum: int, n: int, volts: Line, amperes: Line) -> float | None:
    """Mean power of n simultaneous samples; None without samples.

    v_sum, i_sum, vi_sum: Σv, Σi and Σ(v·i) of raw counts. With V = a·v + b and I = c·i + d the mean of V·I is
    (a·c·Σvi + a·d·Σv + b·c·Σi + n·b·d) / n.
    """
    if n <= 0:
        return None
    a, b, c, d = volts.slope, volts.offset, amperes.slope, amperes.offset
    return (a * c * vi_sum + a * d * v_sum + b * c * i_sum) / n + b * d
