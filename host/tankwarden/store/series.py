"""The history of one thing, thinned for a chart: mean, least and greatest of each bucket, at most MAX_POINTS of them.

Short spans are read from rows. Where a bucket is a minute or longer and its minutes are made, their moments are read
instead, and hours that were made of those where it is an hour or longer: a year is 8,760 hours, half a million minutes,
and thirty million rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from peewee import Database as Connection

from tankwarden.errors import NotKnownError, RefusedError
from tankwarden.logic.calibration import Curve
from tankwarden.logic.meters import MINUTE_MS, Calibration, Timeline
from tankwarden.store import curves, energies, probes
from tankwarden.store.dialect import execute, words
from tankwarden.store.energies import Source
from tankwarden.store.hours_made import HOUR_MS

MAX_POINTS = 2_000
_READINGS_GAP_MS = 2 * 3_600_000  # other probes are read once an hour at the least
_STEPS_MS = tuple(
    1000 * seconds
    for seconds in (
        1,
        2,
        5,
        10,
        15,
        30,
        60,
        120,
        300,
        600,
        900,
        1800,
        3600,
        7200,
        21_600,
        43_200,
        86_400,
        604_800,
        2_419_200,
    )
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """first_ms, last_ms: of the rows in it. None: rows, and none of them with a known value."""

    first_ms: int
    last_ms: int
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Kind:
    """How a series is read. value: SQL of a row's value, null = not known; minute: SQL of a minute's weight, its value
    × weight, and its least and greatest value."""

    unit: str
    value: Callable[[Calibration], str]
    minute: Callable[[Calibration], tuple[str, str, str, str]]


def kinds(base: Calibration) -> dict[str, Kind]:
    """Name of a series → how it is read: CIRCUIT.power, .voltage, .current, and THERMOMETER.temperature."""
    found: dict[str, Kind] = {}
    for place, meter in enumerate(base.circuits):
        k = meter.circuit
        found[f"{meter.id}.power"] = Kind("W", partial(_power, place), partial(_power_minute, place))
        for quantity, unit in (("voltage", "V"), ("current", "A")):
            curve = partial(_curve, place, quantity)
            weight = f"circuit_{k}_ms"
            found[f"{meter.id}.{quantity}"] = Kind(
                unit, partial(_value, curve, f"{quantity}_{k}"), partial(_minute, curve, f"{quantity}_{k}", weight)
            )
    for place, thermometer in enumerate(base.thermometers):
        channel, curve = thermometer.channel, partial(_thermometer_curve, place)
        found[f"{thermometer.id}.temperature"] = Kind(
            "°F", partial(_value, curve, channel), partial(_minute, curve, channel, f"{channel}_ms")
        )
    return found


OfCurve = Callable[[Calibration], Curve]


def _curve(place: int, quantity: str, calibration: Calibration) -> Curve:
    meter = calibration.circuits[place]
    return meter.voltage if quantity == "voltage" else meter.current


def _thermometer_curve(place: int, calibration: Calibration) -> Curve:
    return calibration.thermometers[place].curve


def _power(place: int, calibration: Calibration) -> str:
    return curves.known_power(calibration.circuits[place])


def _power_minute(place: int, calibration: Calibration) -> tuple[str, str, str, str]:
    """The least power of a minute is not kept: the mean of the least minute stands for it."""
    meter = calibration.circuits[place]
    energy, weight = energies.minute_energy(meter), f"circuit_{meter.circuit}_ms"
    return energy, weight, f"{energy} / NULLIF({weight}, 0)", energies.peak_power(meter)


def _value(curve: OfCurve, channel: str, calibration: Calibration) -> str:
    return curves.known_value(curve(calibration), channel)


def _minute(curve: OfCurve, channel: str, weight: str, calibration: Calibration) -> tuple[str, str, str, str]:
    line = curve(calibration)
    slope, offset = energies.chord(line, channel)
    first, last = f"{channel}_min", f"{channel}_max"
    if line.points[0][1] > line.points[-1][1]:  # a thermistor's: the most counts are the least degrees
        first, last = last, first
    total = f"({slope} * {channel}_sum + {offset} * {weight})"
    return total, weight, curves.value(line, first), curves.value(line, last)


@dataclass(frozen=True, slots=True)
class Read:
    """What is to be read: buckets `first` to `last` of a series, by a connection that sees the rows in `source`.

    hours: from where to where hours are made of it.
    """

    db: Connection
    source: Source
    readings: str  # where those of the other probes are
    first: int
    last: int
    hours: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Wish:
    """A series as it is asked for, understood. first, last: numbers of whole buckets of width_ms."""

    name: str
    width_ms: int
    first: int
    last: int


def wish(name: str, t0_ms: int, t1_ms: int, points: int = MAX_POINTS, *, least_ms: int = 0) -> Wish:
    """The least buckets, of least_ms or more, with which t0 < ts ≤ t1 has at most so many points. RefusedError for a
    span that is none."""
    width_ms = _width(t0_ms, t1_ms, points, least_ms)
    return Wish(name, width_ms, t0_ms // width_ms, (t1_ms - 1) // width_ms)


def read(timeline: Timeline, wanted: Wish, at: Read) -> dict[int, Bucket | None]:
    """Every bucket from at.first to at.last; None where there are no rows. NotKnownError for an unknown name."""
    known, width_ms = kinds(timeline.base), wanted.width_ms
    if wanted.name in known:
        found = _buckets(at, timeline, wanted.name, known[wanted.name], width_ms)
    elif is_reading(wanted.name) and _has_readings(at.db, wanted.name, timeline, at.readings):
        found = _readings(at, timeline, wanted.name, width_ms)
    else:
        raise NotKnownError(f"there is no series {wanted.name!r}: it is one of {', '.join(known)}, or sensor.ID")
    return {bucket: found.get(bucket) for bucket in range(at.first, at.last + 1)}


def is_reading(name: str) -> bool:
    """Of a probe that does not hang on the Pico."""
    return name.startswith("sensor.")


def shown(timeline: Timeline, wanted: Wish, buckets: Iterable[Bucket | None]) -> dict[str, Any]:
    """{"id", "unit", "bucket_ms", "t_ms": […], "mean": […], "low": […], "high": […]}

    t_ms is where a bucket begins. A point of nulls stands where nothing was measured for longer than max_gap_s.
    """
    kind = kinds(timeline.base).get(wanted.name)
    gap_ms = timeline.base.gap_ms if kind else max(wanted.width_ms, _READINGS_GAP_MS)
    there = {number: bucket for number, bucket in enumerate(buckets, wanted.first) if bucket is not None}
    head = {"id": wanted.name, "unit": kind.unit if kind else _unit(timeline, wanted), "bucket_ms": wanted.width_ms}
    return {**head, **_columns(there, wanted.width_ms, gap_ms)}


def _unit(timeline: Timeline, wanted: Wish) -> str:
    """Of a probe's values at the end of the span; it is another one only where a calibration made another of it."""
    return timeline.probe_unit(wanted.name, (wanted.last + 1) * wanted.width_ms)


def _width(t0_ms: int, t1_ms: int, points: int, least_ms: int = 0) -> int:
    """The least width with which the span has no more than so many points, gaps included."""
    if t1_ms <= t0_ms:
        raise RefusedError("the span ends before it begins: exchange the two instants", "to")
    if not 10 <= points <= MAX_POINTS:
        raise RefusedError(f"{points} is not 10 to {MAX_POINTS}", "points")
    for width_ms in _STEPS_MS:
        if width_ms >= least_ms and (t1_ms - 1) // width_ms - t0_ms // width_ms + 1 <= points:
            return width_ms
    raise RefusedError("the span is too long: ask for a part of it", "from")


# -- buckets ----------------------------------------------------------------------------------------------------------

_ROWS = """
SELECT bucket, MIN(ts), MAX(ts), SUM(n * value), SUM(CASE WHEN value IS NOT NULL THEN n END), MIN(value), MAX(value)
FROM (
    SELECT (ts - 1) / :width AS bucket, ts, n, {value} AS value FROM {source} AS r WHERE ts > :t0 AND ts <= :t1 {once}
) AS known GROUP BY bucket
"""
_HOURS = """
SELECT (ts - 1) / :width AS bucket, MIN(first_ms), MAX(last_ms), SUM(total), SUM(weight), MIN(low), MAX(high)
FROM series_hours WHERE series = :series AND ts > :t0 AND ts <= :t1 GROUP BY bucket
"""
_MINUTES = """
SELECT (ts - 1) / :width AS bucket, MIN(ts) - 60000, MAX(ts), {sums}
FROM measurement_minutes WHERE ts > :t0 AND ts <= :t1 GROUP BY bucket
"""


def _buckets(at: Read, timeline: Timeline, name: str, kind: Kind, width_ms: int) -> dict[int, Bucket]:
    """By their number. Hours and minutes as far as they are made, then rows."""
    db, t0_ms, t1_ms = at.db, at.first * width_ms, (at.last + 1) * width_ms
    reach = energies.reach_of(db, timeline)
    edge = t0_ms
    if width_ms >= MINUTE_MS and reach.from_ms <= t0_ms:
        # Whole buckets only: minutes and rows have different weights, and shall not meet in one.
        edge = min(max(t0_ms, min(t1_ms, reach.to_ms) // width_ms * width_ms), t1_ms)
    elif reach.raw_from_ms > t0_ms:
        edge = min(-(-reach.raw_from_ms // width_ms) * width_ms, t1_ms)
    found: dict[int, list[Any]] = {}
    begin, end = (0, 0) if width_ms % HOUR_MS else at.hours
    begin, end = max(begin, t0_ms), min(end, edge)
    if begin < end:
        _take(found, execute(db, _HOURS, {"series": name, **_span(begin, end, width_ms)}))
    for from_ms, to_ms in ((t0_ms, begin), (end, edge)) if begin < end else ((t0_ms, edge),):
        for stretch in timeline.stretches(from_ms, to_ms):
            statement = _MINUTES.format(sums=_minute_sums(kind, stretch.calibration))
            _take(found, execute(db, statement, _span(stretch.from_ms, stretch.to_ms, width_ms)))
    for stretch in timeline.stretches(edge, t1_ms):
        statement = _ROWS.format(value=kind.value(stretch.calibration), source=at.source.sql, **words(db))
        _take(found, execute(db, statement, _span(stretch.from_ms, stretch.to_ms, width_ms)))
    return dict(sorted((bucket, _finished(sums)) for bucket, sums in found.items()))


def _minute_sums(kind: Kind, calibration: Calibration) -> str:
    total, weight, low, high = kind.minute(calibration)
    return f"SUM({total}), SUM({weight}), MIN({low}), MAX({high})"


def hours_of_minutes(
    db: Connection, timeline: Timeline, t0_ms: int, t1_ms: int, width_ms: int
) -> dict[str, dict[int, list[Any]]]:
    """Of every series the buckets that minutes with t0 < ts ≤ t1 fall into, by their number: first_ms, last_ms, sum and
    weight, least and greatest. One look at each minute for all of them."""
    known = kinds(timeline.base)
    found: dict[str, dict[int, list[Any]]] = {name: {} for name in known}
    for stretch in timeline.stretches(t0_ms, t1_ms) if known else ():
        sums = ", ".join(_minute_sums(kind, stretch.calibration) for kind in known.values())
        rows = execute(db, _MINUTES.format(sums=sums), _span(stretch.from_ms, stretch.to_ms, width_ms)).fetchall()
        for place, buckets in enumerate(found.values()):
            _take(buckets, ((*row[:3], *row[3 + 4 * place : 7 + 4 * place]) for row in rows))
    return found


def _span(t0_ms: int, t1_ms: int, width_ms: int) -> dict[str, int]:
    return {"t0": t0_ms, "t1": t1_ms, "width": width_ms}


def _take(found: dict[int, list[Any]], rows: Iterable[tuple[Any, ...]]) -> None:
    """Add the sums of a stretch of time; a bucket can have a part in two."""
    for bucket, first_ms, last_ms, total, weight, low, high in rows:
        here = found.setdefault(bucket, [first_ms, last_ms, 0.0, 0.0, None, None])
        here[0], here[1] = min(here[0], first_ms), max(here[1], last_ms)
        here[2] += total or 0.0
        here[3] += float(weight or 0)
        here[4] = min((value for value in (here[4], low) if value is not None), default=None)
        here[5] = max((value for value in (here[5], high) if value is not None), default=None)


def _finished(sums: list[Any]) -> Bucket:
    first_ms, last_ms, total, weight, low, high = sums
    return Bucket(first_ms, last_ms, total / weight if weight else None, low, high)


_READINGS = """
SELECT bucket, MIN(ts), MAX(ts), SUM(value), COUNT(value), MIN(value), MAX(value) FROM (
    SELECT (r.ts - 1) / :width AS bucket, r.ts,
        CASE WHEN r.quality = 0 AND r.measured IS NOT NULL THEN {value} END AS value
    FROM {source} r WHERE r.sensor = :sensor AND r.ts > :t0 AND r.ts <= :t1 {once}
) AS known GROUP BY bucket
"""


def _readings(at: Read, timeline: Timeline, name: str, width_ms: int) -> dict[int, Bucket]:
    """By their number. Hours as far as they are made, of a sensor that is configured, then readings."""
    found: dict[int, list[Any]] = {}
    sensor = name.removeprefix("sensor.")
    t0_ms, t1_ms = at.first * width_ms, (at.last + 1) * width_ms
    made = any(probe.id == sensor for probe in timeline.base.probes) and width_ms % HOUR_MS == 0
    begin, end = (max(at.hours[0], t0_ms), min(at.hours[1], t1_ms)) if made else (0, 0)
    if begin < end:
        _take(found, execute(at.db, _HOURS, {"series": name, **_span(begin, end, width_ms)}))
    for from_ms, to_ms in ((t0_ms, begin), (end, t1_ms)) if begin < end else ((t0_ms, t1_ms),):
        for bucket, sums in buckets_of_readings(at.db, timeline, sensor, (from_ms, to_ms), width_ms, at.readings):
            _take(found, ((bucket, *sums),))
    return {bucket: _finished(sums) for bucket, sums in sorted(found.items())}


def buckets_of_readings(
    db: Connection, timeline: Timeline, sensor: str, span: tuple[int, int], width_ms: int, source: str
) -> Iterable[tuple[int, list[Any]]]:
    """The buckets that readings with t0 < ts ≤ t1 fall into, with the same sums as hours_of_minutes."""
    found: dict[int, list[Any]] = {}
    for stretch in probes.valued(timeline, sensor, *span) if span[0] < span[1] else ():
        statement = _READINGS.format(value=stretch.sql, source=source, **words(db))
        _take(found, execute(db, statement, {"sensor": sensor, **_span(stretch.from_ms, stretch.to_ms, width_ms)}))
    return found.items()


def _has_readings(db: Connection, name: str, timeline: Timeline, source: str) -> bool:
    """Or none yet, of a sensor that is configured."""
    sensor = name.removeprefix("sensor.")
    if any(probe.id == sensor for probe in timeline.base.probes):
        return True
    look = f"SELECT 1 FROM {source} r WHERE sensor = :sensor LIMIT 1"  # noqa: S608 - a table of ours
    return execute(db, look, {"sensor": sensor}).fetchone() is not None


def _columns(buckets: dict[int, Bucket], width_ms: int, gap_ms: int) -> dict[str, list[Any]]:
    """Lists side by side, and one point of nulls in every gap that leaves a bucket empty."""
    t_ms: list[int] = []
    values: tuple[list[float | None], ...] = ([], [], [])
    before: Bucket | None = None
    number = 0
    for bucket, content in buckets.items():
        if before is not None and content.first_ms - before.last_ms > gap_ms and number < bucket - 1:
            t_ms.append((number + 1) * width_ms)
            for column in values:
                column.append(None)
        t_ms.append(bucket * width_ms)
        for column, value in zip(values, (content.mean, content.low, content.high), strict=True):
            column.append(value)
        before, number = content, bucket
    return {"t_ms": t_ms, "mean": values[0], "low": values[1], "high": values[2]}
