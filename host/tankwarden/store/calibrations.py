"""Versions of calibrations in the database: read, added, taken back; and the view that shows calibrated measurements.

Not a row of measurements is touched: a version is a few rows of its own, and what follows from it is reckoned on read.
"""

import json
from collections.abc import Callable
from functools import partial

from peewee import Database as Connection

from tankwarden.errors import NotKnownError
from tankwarden.logic.calibration import CalibrationError, Curve, Version
from tankwarden.logic.meters import MINUTE_MS, Calibration, Timeline
from tankwarden.store import curves
from tankwarden.store.dialect import execute
from tankwarden.store.models import CalibrationPoint, CalibrationRecord

VIEW = "measurements_calibrated"
_END_MS = 1 << 62


def versions(db: Connection, target: str | None = None) -> list[Version]:
    """Every version, also those taken back, in the order in which they were made; or those of one target."""
    query = CalibrationRecord.select().order_by(CalibrationRecord.id)
    if target is not None:
        query = query.where(CalibrationRecord.target == target)
    points: dict[int, list[tuple[float, float]]] = {}
    for point in (
        CalibrationPoint.select().order_by(CalibrationPoint.calibration_id, CalibrationPoint.place).execute(db)
    ):
        points.setdefault(point.calibration_id, []).append((point.measured, point.actual))
    return [
        Version(
            id=row.id, target=row.target, points=tuple(points.get(row.id, ())), from_ms=row.valid_from_ms,
            to_ms=row.valid_to_ms, made_ms=row.created_ms, note=row.note, undone_ms=row.undone_ms, unit=row.unit,
            parameters=None if row.parameters is None else json.loads(row.parameters),
        )
        for row in query.execute(db)
    ]  # fmt: skip


def insert(db: Connection, version: Version, *, unit: str, who: str) -> int:
    """The id under which it is kept; that of `version` counts for nothing. CalibrationError for a span that is none."""
    check_span(version.from_ms, version.to_ms)
    Curve(version.points)
    number = CalibrationRecord.insert(
        target=version.target, unit=unit,
        parameters=None if version.parameters is None else json.dumps(dict(version.parameters)),
        note=version.note, valid_from_ms=version.from_ms, valid_to_ms=version.to_ms, created_ms=version.made_ms,
        created_by=who, undone_ms=None, undone_by=None,
    ).execute(db)  # fmt: skip
    rows = [
        {"calibration_id": number, "place": place, "measured": measured, "actual": actual}
        for place, (measured, actual) in enumerate(version.points)
    ]
    CalibrationPoint.insert_many(rows).execute(db)
    return int(number)


def undo(db: Connection, number: int, now_ms: int, who: str) -> None:
    """It counts no more; what it took the place of holds again. NotKnownError if there is none that stands."""
    standing = (CalibrationRecord.id == number) & CalibrationRecord.undone_ms.is_null()
    changed = CalibrationRecord.update(undone_ms=now_ms, undone_by=who).where(standing).execute(db)
    if not changed:
        raise NotKnownError(f"there is no calibration {number} that stands: tankwarden calibrate list shows them all")


def check_span(from_ms: int | None, to_ms: int | None) -> None:
    """CalibrationError unless the span has a beginning before its end, both at whole minutes."""
    for edge in (from_ms, to_ms):
        if edge is not None and edge % MINUTE_MS:
            raise CalibrationError("a calibration begins and ends at a whole minute: leave out the seconds")
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        raise CalibrationError("the calibration would end before it begins: exchange the two instants")


# -- the view -------------------------------------------------------------------------------------------------------


def drop_view(db: Connection) -> None:
    """It must go before a column that it shows can change."""
    execute(db, f"DROP VIEW IF EXISTS {VIEW}")


def make_view(db: Connection, timeline: Timeline) -> None:
    """Values beside the raw rows for anybody with a SQL browser: made anew whenever a calibration changes."""
    drop_view(db)
    execute(db, f"CREATE VIEW {VIEW} AS {view_sql(timeline)}")


def view_sql(timeline: Timeline) -> str:
    """ts, period_ms, n, then V, A, W of each circuit and °F of each thermometer; null = nothing known."""
    shown = ["ts", "period_ms", "n"]
    shown += [f"{_over_time(timeline, sql)} AS {name}" for name, sql in value_columns(timeline.base).items()]
    return f"SELECT {', '.join([*shown, 'states', 'quality'])} FROM measurements"  # noqa: S608 - numbers of ours


def value_columns(base: Calibration) -> dict[str, Callable[[Calibration], str]]:
    """Name of a calibrated column → its SQL by one set of curves."""
    found: dict[str, Callable[[Calibration], str]] = {}
    for place, meter in enumerate(base.circuits):
        k = meter.circuit
        found[f"voltage_{k}_v"] = partial(_volts, place)
        found[f"current_{k}_a"] = partial(_amperes, place)
        found[f"power_{k}_w"] = partial(_watts, place)
    for place, thermometer in enumerate(base.thermometers):
        found[f"{thermometer.channel}_degf"] = partial(_degrees, place)
    return found


def _volts(place: int, calibration: Calibration) -> str:
    meter = calibration.circuits[place]
    return curves.known_value(meter.voltage, f"voltage_{meter.circuit}")


def _amperes(place: int, calibration: Calibration) -> str:
    meter = calibration.circuits[place]
    return curves.known_value(meter.current, f"current_{meter.circuit}")


def _watts(place: int, calibration: Calibration) -> str:
    return curves.known_power(calibration.circuits[place])


def _degrees(place: int, calibration: Calibration) -> str:
    thermometer = calibration.thermometers[place]
    return curves.known_value(thermometer.curve, thermometer.channel)


def _over_time(timeline: Timeline, expression: Callable[[Calibration], str]) -> str:
    """The expression of each stretch of time, chosen by ts; stretches that say the same are one."""
    branches: list[tuple[int, str]] = []
    stretches = timeline.stretches(0, _END_MS)
    for stretch in stretches:
        sql = expression(stretch.calibration)
        if branches and branches[-1][1] == sql:
            branches[-1] = (stretch.to_ms, sql)
        else:
            branches.append((stretch.to_ms, sql))
    if len(branches) == 1:
        return f"({branches[0][1]})"
    whens = " ".join(f"WHEN ts <= {to_ms} THEN {sql}" for to_ms, sql in branches[:-1])
    return f"(CASE {whens} ELSE {branches[-1][1]} END)"
