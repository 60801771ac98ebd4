"""How far a reading may be trusted: a number alone is no reading, and an old number is not a number.

Faults show at once; trust comes back only after several good samples in a row. A sensor that has never spoken is
missing, not zero.
"""

import math
import statistics
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


class Fault(StrEnum):
    """What is wrong with a sample, by name; each has a quality (_QUALITIES)."""

    OPEN = "open wire"
    SHORT = "shorted wire"
    STUCK = "the same number for too long"
    NOT_A_NUMBER = "not a number"
    CRC = "damaged on its way: bad CRC"
    NO_ANSWER = "−127 °C: a DS18B20 that does not answer"
    POWER_ON = "85 °C: a DS18B20 that was read before it had measured"
    RANGE = "outside its plausible range"
    RATE = "changes faster than it can"
    DISAGREES = "differs from the probe that it must agree with"


_QUALITIES = {Fault.OPEN: Quality.OPEN, Fault.SHORT: Quality.SHORT, Fault.STUCK: Quality.STUCK}  # others: implausible
# What a DS18B20 tells instead of a temperature, exactly, in °F. Source: its data sheet (Maxim 19-7487), "Operation:
# Measuring Temperature" for the power-on value; −127 °C is what the common drivers give where no device answers.
_DS18B20_DEGF = {-127.0 * 1.8 + 32: Fault.NO_ANSWER, 85.0 * 1.8 + 32: Fault.POWER_ON}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a good sample is. None = not judged.

    open_counts, short_counts: counts of a thermistor's divider from which on, and up to which, its wire is at fault.
    stuck_after_s: longest time without the least change. recover: good samples in a row after a fault.
    rate_per_s: the fastest that the value can change, against the last good sample. ds18b20: two of its numbers are
    faults. median: the value is the middle one of so many good samples, so that one spike moves nothing.
    """

    period_s: float = 1.0
    stale_after: int = 3  # periods
    open_counts: float | None = None
    short_counts: float | None = None
    plausible_low: float | None = None
    plausible_high: float | None = None
    stuck_after_s: float | None = None
    rate_per_s: float | None = None
    ds18b20: bool = False
    median: int = 1
    recover: int = 3

    @property
    def stale_after_s(self) -> float:
        return self.stale_after * self.period_s


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: monotonic seconds, the value, and the raw counts where there are any. intact: its CRC fits.

    measured: as the driver read it, where a calibration has made the value of it.
    """

    at_s: float
    value: float
    counts: float | None = None
    intact: bool = True
    measured: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a sensor; the default is that of a start.

    last: the newest sample, good or not. good: good samples in a row. changed_s: when the raw value last changed.
    fault: what is wrong with the newest sample. window: the newest good samples, as many as the median takes.
    """

    quality: Quality = Quality.MISSING
    last: Sample | None = None
    good: int = 0
    changed_s: float = -math.inf
    fault: Fault | None = None
    window: tuple[Sample, ...] = ()

    @property
    def value(self) -> float | None:
        """The median of the good samples while the newest is good; else the newest. None: there is none."""
        if self.last is None:
            return None
        if self.fault is None and self.window:
            return statistics.median(sample.value for sample in self.window)
        return self.last.value

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
    fault = _fault(rules, sample, changed_s) or _too_fast(rules, state, sample)
    if fault is not None:
        quality = _QUALITIES.get(fault, Quality.IMPLAUSIBLE)
        # What it was before a fault no longer tells how fast it may be something else: a rate is judged once.
        return State(quality, sample, 0, changed_s, fault, () if fault is Fault.RATE else state.window)
    good = state.good + 1
    trusted = state.quality in (Quality.OK, Quality.MISSING) or good >= rules.recover
    kept = (*state.window, sample)[-max(rules.median, 1) :]
    return State(Quality.OK if trusted else state.quality, sample, good, changed_s, None, kept)


def _raw(sample: Sample) -> float:
    return sample.value if sample.counts is None else sample.counts


def _too_fast(rules: Rules, state: State, sample: Sample) -> Fault | None:
    """Against the last good sample; after a long silence anything may have become of it."""
    if rules.rate_per_s is None or not state.window:
        return None
    before = state.window[-1]
    within_s = sample.at_s - before.at_s
    fast = abs(sample.value - before.value) > rules.rate_per_s * within_s
    return Fault.RATE if fast and within_s <= rules.stale_after_s else None


def agreeing(one: State, other: State, within: float) -> State:
    """`one`, if it agrees with another probe of the same water; else implausible, since nobody knows which is right.

    within: the greatest difference, in the sensors' unit. A probe without a good value says nothing about the other.
    """
    if not one.ok or not other.ok or one.value is None or other.value is None:
        return one
    if abs(one.value - other.value) <= within:
        return one
    return replace(one, quality=Quality.IMPLAUSIBLE, fault=Fault.DISAGREES)


def _fault(rules: Rules, sample: Sample, changed_s: float) -> Fault | None:
    """The first thing wrong with a sample, None = it is good. The wire comes first: its fault explains the rest."""
    if not sample.intact:
        return Fault.CRC
    if sample.counts is not None:
        if rules.open_counts is not None and sample.counts >= rules.open_counts:
            return Fault.OPEN
        if rules.short_counts is not None and sample.counts <= rules.short_counts:
            return Fault.SHORT
    low, high = rules.plausible_low, rules.plausible_high
    if not math.isfinite(sample.value):
        return Fault.NOT_A_NUMBER
    if rules.ds18b20:
        for told, fault in _DS18B20_DEGF.items():
            if math.isclose(sample.value, told, abs_tol=1e-6):
                return fault
    if (low is not None and sample.value < low) or (high is not None and sample.value > high):
        return Fault.RANGE
    if rules.stuck_after_s is not None and sample.at_s - changed_s > rules.stuck_after_s:
        return Fault.STUCK
    return None
