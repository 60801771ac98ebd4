"""When to heat: on below target − hysteresis, off above target, judged on a trend and never without good readings.

The trend: it starts when the last N readings all agree, and stops when their median is above the target; so a single
spike neither starts nor stops it, and stopping, the safe direction, is the easier of the two. A lost reading stops it
at once and the trend begins anew (Home Assistant core#63419, reef-pi #1467, xlyric dimmer #56).
"""

from dataclasses import dataclass
from statistics import median

from tankwarden.logic.claims import Claim, Priority


@dataclass(frozen=True, slots=True)
class Settings:
    """target_degf: off above it; on below target_degf − hysteresis_degf; samples: N of the trend."""

    target_degf: float
    hysteresis_degf: float
    samples: int = 5

    @property
    def on_below_degf(self) -> float:
        return self.target_degf - self.hysteresis_degf


@dataclass(frozen=True, slots=True)
class Sample:
    """A good reading and when it was taken (any clock, the same throughout)."""

    at_s: float
    degf: float


@dataclass(frozen=True, slots=True)
class State:
    """What it remembers from step to step; the default is that of a start. since_ms: UTC of the last change."""

    samples: tuple[Sample, ...] = ()
    heating: bool = False
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it wants, why, and since when."""

    value: bool
    why: str
    since_ms: int

    def claim(self, output: str) -> Claim:
        return Claim(output, self.value, Priority.REGULATION, "thermostat", self.why, self.since_ms, id="thermostat")


def step(settings: Settings, state: State, sample: Sample | None, now_ms: int) -> tuple[State, Verdict]:
    """The next state and what the thermostat wants now. sample: the newest good reading, None = there is none.

    A sample not newer than the last counts once, so the step may come more often than readings do.
    """
    samples = _take(settings, state, sample)
    heating = _judge(settings, state.heating, [sample.degf for sample in samples])
    since_ms = now_ms
    if heating == state.heating and state.since_ms is not None:
        since_ms = min(state.since_ms, now_ms)  # a clock that was set back must not put the claim into the future
    return State(samples, heating, since_ms), Verdict(heating, _why(settings, samples, heating), since_ms)


def _take(settings: Settings, state: State, sample: Sample | None) -> tuple[Sample, ...]:
    if sample is None:
        return ()
    if state.samples and sample.at_s <= state.samples[-1].at_s:
        return state.samples
    return (*state.samples, sample)[-settings.samples :]


def _judge(settings: Settings, heating: bool, degf: list[float]) -> bool:
    if not degf:
        return False
    if heating:
        return median(degf) <= settings.target_degf
    return len(degf) >= settings.samples and max(degf) < settings.on_below_degf


def _why(settings: Settings, samples: tuple[Sample, ...], heating: bool) -> str:
    if not samples:
        return "there is no good reading of the temperature"
    now = f"{median(sample.degf for sample in samples):.1f} °F"
    if heating:
        return f"{now}, heats to {settings.target_degf:.1f} °F"
    if len(samples) < settings.samples:
        return f"{len(samples)} of the {settings.samples} good readings it needs to judge the trend"
    return f"{now}, heats when below {settings.on_below_degf:.1f} °F"
