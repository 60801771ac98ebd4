"""Calibrating probes that do not hang on the Pico: names, units, the points that hold, and a pH electrode's buffers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tankwarden.config import Config
from tankwarden.errors import RefusedError
from tankwarden.flows.readings import probe_of
from tankwarden.logic import ph, probes
from tankwarden.logic.calibration import CalibrationError, Curve, Points, Version
from tankwarden.logic.meters import Timeline
from tankwarden.logic.ph import Buffer, Electrode

AS_READ: Points = ((0.0, 0.0), (1.0, 1.0))  # of a probe that nobody has calibrated
MAX_UNIT = 16  # characters
Request = Mapping[str, Any]


def names(timeline: Timeline) -> dict[str, str]:
    """What people may call a probe → its target."""
    targets = [probes.PREFIX + probe.id for probe in timeline.base.probes]
    return {target: target for target in targets} | {target.removeprefix(probes.PREFIX): target for target in targets}


def is_probe(target: str) -> bool:
    return target.startswith(probes.PREFIX)


def points_at(timeline: Timeline, target: str, at_ms: int) -> Points:
    """Those that hold at an instant."""
    version = timeline.probe(target, at_ms)
    return AS_READ if version is None else version.points


def measured(timeline: Timeline, target: str, shown: float, now_ms: int) -> float:
    """What the driver read where the page showed this. CalibrationError where that cannot be told."""
    version = timeline.probe(target, now_ms)
    if version is not None and ph.compensation_of(version.parameters) is not None:
        raise CalibrationError(
            "what it shows depends on the water's temperature, too: give what was read, as 177c=4.01"
        )
    return Curve(points_at(timeline, target, now_ms)).measured(shown)


def unit(request: Request, timeline: Timeline, target: str, now_ms: int) -> str:
    """Of the actual values: as asked for, else as it is now."""
    given = request.get("unit")
    if given is None:
        return timeline.probe_unit(target, now_ms)
    if not isinstance(given, str) or not given.strip() or len(given) > MAX_UNIT:
        raise RefusedError(f"{given!r} is no unit: write it in at most {MAX_UNIT} characters", "unit")
    return given.strip()


def electrode(request: Request) -> Electrode:
    """{"buffers": [[pH, mV], …], "degf": of the buffers}. CalibrationError for buffers that make none."""
    given = request.get("buffers")
    if not isinstance(given, list | tuple) or not all(_is_pair(pair) for pair in given):
        raise RefusedError(f"{given!r} is no list of buffers: write [[pH, mV], …]", "buffers")
    degf = request.get("degf", 77.0)
    if not _is_number(degf):
        raise RefusedError(f"{degf!r} is no temperature of the buffers, in °F", "degf")
    return ph.calibrate([Buffer(float(mv), float(value)) for value, mv in given], (degf - 32) / 1.8)


def version_of(made: Electrode, base: Version, by: str | None) -> Version:
    """base: target, span and note. by: the sensor that tells the water's temperature."""
    return replace(base, points=made.points, unit="pH", parameters=ph.parameters_of(made, by))


def thermometer(request: Request, config: Config, timeline: Timeline, now_ms: int) -> str | None:
    """The target of {"compensated_by": a sensor's id}; RefusedError unless it reads °F."""
    given = request.get("compensated_by")
    if given is None:
        return None
    units = {sensor.id: timeline.probe_unit(probe_of(sensor.id), now_ms) for sensor in config.sensors}
    units |= {t.id: "°F" for t in timeline.base.thermometers if t.id in units}
    known = [sensor for sensor, read_in in units.items() if read_in == "°F"]
    sensor = str(given).removeprefix(probes.PREFIX)
    if sensor not in known:
        raise RefusedError(
            f"{given!r} is no sensor that reads °F: it is one of {', '.join(known) or 'none'}", "compensated_by"
        )
    return probe_of(sensor)


def electrode_json(made: Electrode) -> dict[str, Any]:
    """As the API shows it."""
    return {
        "degc": made.degc, "nernst_mv": ph.nernst_mv(made.degc), "slopes_percent": made.slopes_percent,
        "offset_mv": made.offset_mv, "verdict": made.verdict, "why": made.why,
    }  # fmt: skip


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(map(_is_number, pair))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
