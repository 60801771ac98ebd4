"""Readings of probes that do not hang on the Pico, calibrated by the database itself: one expression for each stretch
of time in which one calibration holds, for charts and exports alike."""

from dataclasses import dataclass

from tankwarden.logic import ph, probes
from tankwarden.logic.calibration import Curve, Version
from tankwarden.logic.meters import MINUTE_MS, Timeline
from tankwarden.store import curves
from tankwarden.store.dialect import real

NEAR_MS = 3_600_000  # a temperature older than that says nothing of the water now
_OTHER = """(SELECT {value} FROM sensor_readings t WHERE t.sensor = '{sensor}' AND t.ts <= r.ts AND t.ts > r.ts - {near}
AND t.quality = 0 AND t.measured IS NOT NULL ORDER BY t.ts DESC LIMIT 1)"""
_ROW = """(SELECT {value} FROM measurements m WHERE m.ts <= r.ts AND m.ts > r.ts - {near} AND ({value}) IS NOT NULL
ORDER BY m.ts DESC LIMIT 1)"""
_MINUTE = """(SELECT {value} FROM measurement_minutes m WHERE m.ts < r.ts + {minute} AND m.ts > r.ts - {near}
AND {channel}_ms > 0 ORDER BY m.ts DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class Valued:
    """SQL of the value of a row r of sensor_readings with from_ms < ts ≤ to_ms, in that unit."""

    from_ms: int
    to_ms: int
    sql: str
    unit: str


def valued(timeline: Timeline, sensor: str, t0_ms: int, t1_ms: int) -> list[Valued]:
    """From t0 to t1, in order and without a gap."""
    target = probes.PREFIX + sensor
    needed = {target, *(c.by for v in timeline.versions if v.target == target and (c := _compensation(v)) is not None)}
    targets = (target, *(needed - {target}))
    channels = {probes.PREFIX + t.id: t.channel for t in timeline.base.thermometers}
    cuts = sorted({cut for s in timeline.stretches(t0_ms, t1_ms) for cut in (s.from_ms, s.to_ms)}) or [t0_ms, t1_ms]
    found = []
    for stretch in probes.stretches(timeline.versions, targets, t0_ms, t1_ms):
        inner = [cut for cut in cuts if stretch.from_ms < cut < stretch.to_ms] if needed & channels.keys() else []
        for begin, end in zip((stretch.from_ms, *inner), (*inner, stretch.to_ms), strict=True):
            sql = _value(timeline, stretch.version, channels, begin + 1)
            found.append(Valued(begin, end, sql, timeline.probe_unit(target, begin + 1)))
    return found


def _compensation(version: Version) -> ph.Compensation | None:
    return ph.compensation_of(version.parameters)


def _value(timeline: Timeline, version: Version | None, channels: dict[str, str], at_ms: int) -> str:
    if version is None:
        return "r.measured"
    actual = curves.value(Curve(version.points), "r.measured")
    compensation = _compensation(version)
    if compensation is None:
        return actual
    degf = _degf(timeline, compensation.by, channels, at_ms)
    warm, then = real(ph.ISOPOTENTIAL_PH), real(compensation.degc + 273.15)
    kelvin = f"COALESCE(({degf} - {real(32.0)}) / {real(1.8)} + {real(273.15)}, {then})"
    return f"({warm} + ({actual} - {warm}) * {then} / {kelvin})"


def _degf(timeline: Timeline, target: str, channels: dict[str, str], at_ms: int) -> str:
    """The newest temperature that another sensor told by then; null if it told none."""
    if target in channels:
        channel = channels[target]
        curve = next(t.curve for t in timeline.at(at_ms).thermometers if t.channel == channel)
        row = _ROW.format(value=curves.known_value(curve, channel, "m."), near=NEAR_MS)
        mean = f"m.{channel}_sum / m.{channel}_ms"
        minute = _MINUTE.format(value=curves.value(curve, mean), channel=channel, minute=MINUTE_MS, near=NEAR_MS)
        return f"COALESCE({row}, {minute})"  # of thinned rows the minutes are left
    held = timeline.probe(target, at_ms)
    value = "t.measured" if held is None else curves.value(Curve(held.points), "t.measured")
    return _OTHER.format(value=value, sensor=target.removeprefix(probes.PREFIX), near=NEAR_MS)
