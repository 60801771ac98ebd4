"""How far a reading may be trusted: a number alone is no reading, and an old number is not a number.

Faults show at once; trust comes back only after several good samples in a row. A sensor that has never spoken is
missing, not zero.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum


class Quality(StrEnum):
    """Only OK may regulate anything."""

    OK = "ok"
    STALE = "stale"  # nothing new for several periods
    OPEN = "open"  # a broken wire
    SHORT = "short"  # a shorted wire
    STUCK = "stuck"  # the same number for too long
    IMPLAUSIBLE = "implausible"  # a number that cannot be
    MISSING = "missing"  # there has been no reading yet


@dataclass(frozen=True, slots=True)
class Rules:
    """What a good sample is. None = not judged.

    open_counts, short_counts: counts of a thermistor's divider from which on, and up to which, its wire is at fault.
    stuck_after_s: longest time without the least change. recover: good samples in a row after a fault.
    """

    period_s: float = 1.0
    stale_after: int = 3  # periods
    open_counts: float | None = None
    short_counts: float | None = None
    plausible_low: float | None = None
    plausible_high: float | None = None
    stuck_after_s: float | None = None
    recover: int = 3

    @property
    def stale_after_s(self) -> float:
        return self.stale_after * self.period_s


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: monotonic seconds, the value, and the raw counts where there are any."""

    at_s: float
    value: float
    counts: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a sensor; the default is that of a start.

    last: the newest sample, good or not. good: good samples in a row. changed_s: when the raw value last changed.
    """

    quality: Quality = Quality.MISSING
    last: Sample | None = None
    good: int = 0
    changed_s: float = -math.inf

    @property
    def ok(self) -> bool:
        return self.quality is Quality.OK


def step(rules: Rules, state: State, sample: Sample | None, now_s: float) -> State:
    """The next state. sample: the newest there is, None = nothing new; the same one again is nothing new either."""
    if sample is not None and (state.last is None or sample.at_s > state.last.at_s):
        state = _take(rules, state, sample)
    if state.last is not None and now_s - state.last.at_s > rules.stale_after_s:
        return replace(state, quality=Quality.STALE, good=0)
    return state


def _take(rules: Rules, state: State, sample: Sample) -> State:
    same = state.last is not None and _raw(sample) == _raw(state.last)
    changed_s = state.changed_s if same else sample.at_s
    fault = _fault(rules, sample, changed_s)
    if fault is not None:
        return State(fault, sample, 0, changed_s)
    good = state.good + 1
    trusted = state.quality in (Quality.OK, Quality.MISSING) or good >= rules.recover
    return State(Quality.OK if trusted else state.quality, sample, good, changed_s)


def _raw(sample: Sample) -> float:
    return sample.value if sample.counts is None else sample.counts


def _fault(rules: Rules, sample: Sample, changed_s: float) -> Quality | None:
    """The first thing wrong with a sample, None = it is good. The wire comes first: its fault explains the rest."""
    if sample.counts is not None:
        if rules.open_counts is not None and sample.counts >= rules.open_counts:
            return Quality.OPEN
        if rules.short_counts is not None and sample.counts <= rules.short_counts:
            return Quality.SHORT
    low, high = rules.plausible_low, rules.plausible_high
    if not math.isfinite(sample.value):
        return Quality.IMPLAUSIBLE
    if (low is not None and sample.value < low) or (high is not None and sample.value > high):
        return Quality.IMPLAUSIBLE
    if rules.stuck_after_s is not None and sample.at_s - changed_s > rules.stuck_after_s:
        return Quality.STUCK
    return None
