"""From samples to readings: every tick each probe's newest sample is judged, and keeps its quality and its age.

A reading is a number with a unit, a quality and an age; which number may still be shown is decided here, once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tankwarden.drivers.interfaces import Sensor
from tankwarden.logic import quality
from tankwarden.logic.quality import Fault, Quality, Rules, Sample

# A number that is old or doubtful still says something; a broken wire's does not.
_SHOWN = (Quality.OK, Quality.STALE, Quality.STUCK, Quality.IMPLAUSIBLE)
_NO_FAULT = (Quality.OK, Quality.STALE, Quality.MISSING)  # of a sample: silence is none


def probe_of(sensor_id: str) -> str:
    """The name of a [[sensor]]'s probe; those of circuits go by the names of their channels."""
    return f"sensor.{sensor_id}"


def rounded(value: float | None, digits: int) -> float | None:
    """For people: rounded, and never −0.0."""
    return None if value is None else round(value, digits) + 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One probe at one instant. value None: there is no number worth showing. since_ms: UTC, of this quality.

    measured: as the driver read it, where a calibration made a value of it. fault: what is wrong, by name.
    """

    value: float | None
    unit: str
    quality: Quality
    age_s: float | None
    raw_counts: float | None
    since_ms: int
    at_s: float | None  # of the sample, on the monotonic clock
    measured: float | None = None
    fault: Fault | None = None

    @property
    def raw(self) -> float | None:
        """What is stored of it, for ever: counts, or what the driver read."""
        raw = next((raw for raw in (self.measured, self.raw_counts) if raw is not None), self.value)
        return raw if raw is not None and math.isfinite(raw) else None

    @property
    def ok(self) -> bool:
        return self.quality is Quality.OK and self.value is not None

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "value": rounded(self.value, 3),
            "unit": self.unit,
            "quality": str(self.quality),
            "age_s": rounded(self.age_s, 1),
            "raw_counts": None if self.raw_counts is None else round(self.raw_counts),
            "measured": rounded(self.measured, 3),
            "fault": None if self.fault is None else str(self.fault),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A probe's quality changed."""

    probe: str
    before: Quality
    now: Reading


@dataclass
class _Probe:
    sensor: Sensor
    rules: Rules
    state: quality.State = field(default_factory=quality.State)  # by its own samples
    shown: quality.State = field(default_factory=quality.State)  # compared with another probe's
    since_ms: int | None = None


class Probes:
    """Every probe by its name. `update` is called by the control tick, and by nobody else.

    pairs: a probe, the one that it must agree with, and the greatest difference.
    """

    def __init__(
        self, probes: Mapping[str, tuple[Sensor, Rules]], pairs: Mapping[str, tuple[str, float]] | None = None
    ) -> None:
        self._pairs = pairs or {}
        self._probes = {name: _Probe(sensor, rules) for name, (sensor, rules) in probes.items()}
        self.readings: dict[str, Reading] = {}

    def update(self, now_s: float, now_ms: int) -> list[Change]:
        """Judge what there is now; `readings` is new afterwards. Returns what changed its quality."""
        changes = []
        readings = {}
        for probe in self._probes.values():
            probe.state = quality.step(probe.rules, probe.state, probe.sensor.sample(), now_s)
        for name, probe in self._probes.items():
            before, probe.shown = probe.shown.quality, self._compared(name, probe.state)
            if probe.since_ms is None or probe.shown.quality is not before:
                probe.since_ms = now_ms
            readings[name] = _reading(probe, now_s)
            if probe.shown.quality is not before:
                changes.append(Change(name, before, readings[name]))
        self.readings = readings
        return changes

    def _compared(self, name: str, state: quality.State) -> quality.State:
        """With the one that it must agree with."""
        if name not in self._pairs:
            return state
        other, within = self._pairs[name]
        return quality.agreeing(state, self._probes[other].state, within)


def _reading(probe: _Probe, now_s: float) -> Reading:
    last: Sample | None = probe.shown.last
    shown = last is not None and probe.shown.quality in _SHOWN and math.isfinite(last.value)
    return Reading(
        value=probe.shown.value if shown else None,
        unit=probe.sensor.unit,
        quality=probe.shown.quality,
        age_s=None if last is None else max(0.0, now_s - last.at_s),
        raw_counts=None if last is None else last.counts,
        since_ms=probe.since_ms or 0,
        at_s=None if last is None else last.at_s,
        measured=None if last is None else last.measured,
        fault=None if probe.shown.quality in _NO_FAULT else probe.shown.fault,
    )
