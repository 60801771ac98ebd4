"""How noisy a channel is, from what STATUS tells: sums, least and greatest of some twenty samples each. Pure.

STATUS carries no sum of squares, so σ of the samples comes from their ranges, as on a control chart: the mean range of
n normal samples is d₂(n)·σ (Montgomery, Introduction to Statistical Quality Control, ch. 6). Slow movement shows in
the spread of the means instead, which is told beside it.
"""

import math
from dataclasses import dataclass, field
from functools import cache

_STEP, _REACH = 0.01, 8.0  # of the integral, in σ


@cache
def d2(n: int) -> float:
    """Mean range of n samples of a normal distribution with σ = 1: ∫ 1 − (1−Φ)ⁿ − Φⁿ. 0 for n < 2."""
    if n < 2:
        return 0.0
    steps = round(2 * _REACH / _STEP)
    total = 0.0
    for i in range(steps + 1):
        phi = (1 + math.erf((-_REACH + i * _STEP) / math.sqrt(2))) / 2
        total += 1 - (1 - phi) ** n - phi**n
    return total * _STEP


@dataclass
class Noise:
    """What was heard of one channel, in counts."""

    samples: int = 0
    total: int = 0
    least: int = 4095
    most: int = 0
    _scaled: list[float] = field(default_factory=list)  # σ by each period's range
    _means: list[float] = field(default_factory=list)

    def add(self, n: int, total: int, least: int, most: int) -> None:
        """One period: n samples, their sum, the least and the greatest. One without samples says nothing."""
        if n < 1:
            return
        self.samples += n
        self.total += total
        self.least, self.most = min(self.least, least), max(self.most, most)
        self._means.append(total / n)
        if n > 1:
            self._scaled.append((most - least) / d2(n))

    @property
    def mean(self) -> float:
        return self.total / self.samples if self.samples else math.nan

    @property
    def sigma(self) -> float:
        """Of single samples, within a period: noise."""
        return sum(self._scaled) / len(self._scaled) if self._scaled else math.nan

    @property
    def drift(self) -> float:
        """Standard deviation of the periods' means: noise of the means, and whatever moved meanwhile."""
        n = len(self._means)
        if n < 2:
            return math.nan
        mean = sum(self._means) / n
        return math.sqrt(sum((m - mean) ** 2 for m in self._means) / (n - 1))
