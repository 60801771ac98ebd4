"""What turns stored rows into volts, amperes, watts and degrees: the curves that hold at an instant, and since when.

A Calibration is one set of curves; a Timeline is all of them, each for its stretch of time. Versions begin and end at
whole minutes, as the moments that are kept of every minute do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tanklink.messages import CHANNELS, N_CIRCUITS
from tankwarden.logic import probes
from tankwarden.logic.calibration import Curve, Points, Version, in_force

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class CircuitMeter:
    """id: of the configuration's circuit; circuit: the Pico's number; its curves. ValueError if they are no use."""

    id: str
    circuit: int
    voltage: Curve
    current: Curve

    def __post_init__(self) -> None:
        if not 1 <= self.circuit <= N_CIRCUITS:
            raise ValueError(f"the Pico has circuits 1 to {N_CIRCUITS}: {self}")


@dataclass(frozen=True, slots=True)
class Thermometer:
    """id: under which its series appears; channel: of CHANNELS; points: its curve in °F. ValueError otherwise."""

    id: str
    channel: str
    points: Points

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS or len(self.points) < 2:
            raise ValueError(f"a thermometer takes one of {', '.join(CHANNELS)}, and two points or more: {self}")

    @property
    def curve(self) -> Curve:
        return Curve(self.points)


@dataclass(frozen=True, slots=True)
class Probe:
    """A sensor that does not hang on the Pico: its id in the configuration, and the unit in which its driver reads."""

    id: str
    unit: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns rows into values, at one instant. max_gap_s: the longest time that one row can cover.

    probes: those that have rows of their own, as their drivers read them; their versions are in the Timeline.
    """

    circuits: tuple[CircuitMeter, ...]
    thermometers: tuple[Thermometer, ...]
    max_gap_s: float
    probes: tuple[Probe, ...] = ()

    @property
    def gap_ms(self) -> int:
        return round(self.max_gap_s * 1000)

    def points(self) -> dict[str, Points]:
        """channel of the Pico → its points."""
        found = {f"voltage_{meter.circuit}": meter.voltage.points for meter in self.circuits}
        found |= {f"current_{meter.circuit}": meter.current.points for meter in self.circuits}
        return found | {meter.channel: meter.points for meter in self.thermometers}

    def with_points(self, points: dict[str, Points]) -> "Calibration":
        """The same with other points, by channel; a channel that is left out keeps its own."""
        circuits = tuple(
            replace(
                meter,
                voltage=Curve(points.get(f"voltage_{meter.circuit}", meter.voltage.points)),
                current=Curve(points.get(f"current_{meter.circuit}", meter.current.points)),
            )
            for meter in self.circuits
        )
        thermometers = tuple(
            replace(meter, points=points.get(meter.channel, meter.points)) for meter in self.thermometers
        )
        return replace(self, circuits=circuits, thermometers=thermometers)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of time, from_ms < ts ≤ to_ms, in which one set of curves holds. ts is the end of what a row covers."""

    from_ms: int
    to_ms: int
    calibration: Calibration


class Timeline:
    """The configuration's scales, and every version since. Immutable."""

    def __init__(self, base: Calibration, versions: Iterable[Version] = ()) -> None:
        self.base, self.versions = base, tuple(versions)
        self._points = base.points()
        standing = [v for v in self.versions if v.undone_ms is None and v.target in self._points]
        self._standing = {
            channel: [version for version in standing if version.target == channel] for channel in self._points
        }
        self._edges = sorted({edge for v in standing for edge in (v.from_ms, v.to_ms) if edge is not None})

    @property
    def max_gap_s(self) -> float:
        return self.base.max_gap_s

    def at(self, at_ms: int) -> Calibration:
        """The curves that hold at an instant."""
        return self.base.with_points(self.points(at_ms))

    def points(self, at_ms: int) -> dict[str, Points]:
        """channel → the points that hold at an instant."""
        return {channel: in_force(base, self._standing[channel], at_ms)[0] for channel, base in self._points.items()}

    def version(self, channel: str, at_ms: int) -> int | None:
        """The id of the version that holds for a channel at an instant; None = the configuration's scale."""
        return in_force(self._points[channel], self._standing[channel], at_ms)[1]

    def probe(self, target: str, at_ms: int) -> Version | None:
        """The version that holds for a sensor.ID at an instant; None = it is as its driver reads it."""
        return probes.held(self.versions, target, at_ms)

    def probe_unit(self, target: str, at_ms: int) -> str:
        """In which its values are then."""
        version = self.probe(target, at_ms)
        own = next((probe.unit for probe in self.base.probes if probes.PREFIX + probe.id == target), "")
        return version.unit if version is not None and version.unit else own

    def stretches(self, t0_ms: int, t1_ms: int) -> list[Stretch]:
        """From t0 to t1, in order and without a gap; those with the same curves are one.

        A row at ts holds the mean of the time that ended there, so the curve of the time before ts counts for it.
        """
        if t1_ms <= t0_ms:
            return []
        inner = [edge for edge in self._edges if t0_ms < edge < t1_ms]
        found: list[Stretch] = []
        for start, end in zip((t0_ms, *inner), (*inner, t1_ms), strict=True):
            calibration = self.at(start)
            if found and found[-1].calibration == calibration:
                found[-1] = Stretch(found[-1].from_ms, end, calibration)
            else:
                found.append(Stretch(start, end, calibration))
        return found
