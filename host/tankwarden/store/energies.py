"""Energy, peaks and extremes of a span of time, summed by the database: from rows, or from the moments of minutes.

One mechanism for what the page shows now and for what is reckoned anew after a calibration. Not a row is fetched.

A row at ts holds the mean of the time that ended at ts. It covers the time since the row before it, but at most
max_gap_s: what is beyond nobody measured, and it counts as nothing. (Not its own period_ms: that is the Pico's
monotonic time, and a simulation's wall clock runs faster. Only the first row of all, which has none before it, covers
its period_ms.) Time is that of the wall clock and counts once: rows of a clock that was set back share it with those
that are there. A row whose voltage or current was not ok covers its time with nothing.

A minute's moments give the very same energy as its rows, as long as no curve bends between the least and the greatest
mean of the minute. Where one does, its rows are asked; if they were thinned out, the chord of the curve stands for it,
and a bound tells how far that can be off.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from peewee import Database

from tankwarden.logic.calibration import Curve
from tankwarden.logic.meters import MINUTE_MS, Calibration, CircuitMeter, Timeline
from tankwarden.store import curves, upkeep
from tankwarden.store.dialect import execute, real, words

WATT_MS = 3_600_000.0  # in a Wh
_WORTH_MS = 30 * MINUTE_MS  # a shorter span is read as fast from rows
_NEVER_MS = 1 << 62


@dataclass(slots=True)
class Figures:
    """Of one circuit, or of all together, in a span. bound_watt_ms: how far watt_ms may be off.

    known_ms: time with a known power. peak_w: of a row's mean; peak_at: (first, last) ms between which it was.
    low, high: °F of its tank.
    """

    watt_ms: float = 0.0
    bound_watt_ms: float = 0.0
    known_ms: int = 0
    peak_w: float | None = None
    peak_at: tuple[int, int] | None = None
    low: float | None = None
    high: float | None = None

    @property
    def wh(self) -> float:
        return self.watt_ms / WATT_MS

    def add(self, other: "Figures") -> None:
        """What came in another stretch of time."""
        self.watt_ms += other.watt_ms
        self.bound_watt_ms += other.bound_watt_ms
        self.known_ms += other.known_ms
        if other.peak_w is not None and (self.peak_w is None or other.peak_w > self.peak_w):
            self.peak_w, self.peak_at = other.peak_w, other.peak_at
        self.low = _least(self.low, other.low)
        self.high = other.high if self.high is None or (other.high or self.high) > self.high else self.high


def _least(one: float | None, other: float | None) -> float | None:
    return min((value for value in (one, other) if value is not None), default=None)


@dataclass(slots=True)
class Tally:
    """Figures of every circuit of a calibration, in its order, and of all of them together."""

    circuits: list[Figures] = field(default_factory=list)
    total: Figures = field(default_factory=Figures)

    def add(self, other: "Tally") -> None:
        for mine, theirs in zip(self.circuits, other.circuits, strict=True):
            mine.add(theirs)
        self.total.add(other.total)


def nothing(circuits: int) -> Tally:
    return Tally([Figures() for _ in range(circuits)])


def energy_wh(db: Database, source: "Source", timeline: Timeline, t0_ms: int, t1_ms: int) -> tuple[float, ...]:
    """Wh of each circuit between two instants, by the curves of each stretch of time."""
    return tuple(figures.wh for figures in of_span(db, source, timeline, t0_ms, t1_ms).circuits)


def of_span(
    db: Database, source: "Source", timeline: Timeline, t0_ms: int, t1_ms: int, *, extremes: bool = False
) -> Tally:
    """From moments as far as they say it all, else from rows; where rows were thinned out moments are all there is."""
    tally = nothing(len(timeline.base.circuits))
    reach = reach_of(db, timeline)
    for stretch in timeline.stretches(t0_ms, t1_ms):
        calibration, t0, t1 = stretch.calibration, stretch.from_ms, stretch.to_ms
        thinned = min(max(t0, reach.raw_from_ms), t1)
        tally.add(of_minutes(db, calibration, t0, thinned, extremes=extremes))
        if len(source.tables) == 1 and reach.whole(thinned, t1):
            tally.add(_of_moments(db, source, calibration, thinned, t1, extremes=extremes))
        else:
            tally.add(of_rows(db, source, calibration, thinned, t1, extremes=extremes))
    return tally


@dataclass(frozen=True, slots=True)
class Reach:
    """Minutes say all that rows say for from_ms < ts ≤ to_ms. raw_from_ms: rows of before are gone."""

    from_ms: int
    to_ms: int
    raw_from_ms: int

    def whole(self, t0_ms: int, t1_ms: int) -> bool:
        """Whether a span, of whole minutes and worth it, can be read from moments."""
        inside = self.from_ms <= t0_ms and t1_ms <= self.to_ms
        return inside and not t0_ms % MINUTE_MS and not t1_ms % MINUTE_MS and t1_ms - t0_ms >= _WORTH_MS


def reach_of(db: Database, timeline: Timeline) -> Reach:
    """How far the moments reach that the recorder's upkeep has made."""
    made = _setting(db, upkeep.MADE_FROM) or {"from_ms": _NEVER_MS, "gap_ms": -1}
    same = made["gap_ms"] == timeline.base.gap_ms
    return Reach(
        int(made["from_ms"]) if same else _NEVER_MS, upkeep.reach_ms(db), int(_setting(db, upkeep.RAW_FROM) or 0)
    )


def _setting(db: Database, key: str) -> Any:
    row = execute(db, "SELECT value FROM config WHERE key = :key", {"key": key}).fetchone()
    return None if row is None else json.loads(row[0])


def _of_moments(
    db: Database, source: "Source", calibration: Calibration, t0_ms: int, t1_ms: int, *, extremes: bool
) -> Tally:
    """Rows only of the minutes in which a curve of the circuit bends."""
    tally = of_minutes(db, calibration, t0_ms, t1_ms, straight=True, extremes=extremes)
    for place, meter in enumerate(calibration.circuits):
        if _bends(meter):
            alone = replace(calibration, circuits=(meter,))
            tally.circuits[place].watt_ms += of_bent_minutes(db, source, alone, t0_ms, t1_ms).circuits[0].watt_ms
    _total(tally)
    return tally


# -- from rows --------------------------------------------------------------------------------------------------------

# `before` by a look at the index for each row: three times as fast as a window function.
_COVERED = """
SELECT {chosen} FROM (
    SELECT {names}, {least}(ts, ends) - {greatest}(ts - covers, begins) AS covered FROM (
        SELECT {names}, ts, begins, ends, {least}(COALESCE(ts - before, period_ms), :gap) AS covers FROM (
            SELECT {values}, r.ts, r.period_ms, {begin} AS begins, {end} AS ends, {before} AS before FROM {source}
            WHERE {which}
        ) AS followed {once}
    ) AS lasting
) AS cut WHERE covered > 0
"""
_BEFORE = "(SELECT b.ts FROM {table} b WHERE b.ts < r.ts ORDER BY b.ts DESC LIMIT 1)"
_NEXT = "COALESCE((SELECT e.ts FROM {table} e WHERE e.ts >= :t1 ORDER BY e.ts LIMIT 1), :t1)"


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows are. sql: a table, or a query in brackets; tables: those whose ts they have, each with an index."""

    sql: str = "measurements"
    tables: tuple[str, ...] = ("measurements",)

    def before(self, greatest: str) -> str:
        """The ts of the row before r."""
        looks = [_BEFORE.format(table=table) for table in self.tables]
        return looks[0] if len(looks) == 1 else f"{greatest}({', '.join(f'COALESCE({look}, -1)' for look in looks)})"

    def end(self, greatest: str) -> str:
        """The ts of the first row after the span, whose time may reach back into it."""
        looks = [_NEXT.format(table=table) for table in self.tables]
        return looks[0] if len(looks) == 1 else f"{greatest}({', '.join(looks)})"


def of_rows(
    db: Database, source: Source, calibration: Calibration, t0_ms: int, t1_ms: int, *, extremes: bool = False
) -> Tally:
    """What the rows between two instants come to; spans that adjoin add up. extremes: peaks and temperatures, too."""
    look = words(db)
    before = source.before(look["greatest"])
    if len(source.tables) > 1:
        before = f"NULLIF({before}, -1)"
    parts = {
        "source": f"{source.sql} r", "before": before, "begin": ":t0", "end": ":t1",
        "which": f"r.ts > :t0 AND r.ts <= {source.end(look['greatest'])}",
    }  # fmt: skip
    return _covered(db, parts, calibration, t0_ms, t1_ms, extremes=extremes)


def of_bent_minutes(db: Database, source: Source, calibration: Calibration, t0_ms: int, t1_ms: int) -> Tally:
    """The energy in the rows of those minutes t0 < ts ≤ t1 in which a curve bends: one statement, however many."""
    bent = " OR ".join(straddles(meter) for meter in calibration.circuits)
    behind = "COALESCE((SELECT e.ts FROM measurements e WHERE e.ts >= m.ts ORDER BY e.ts LIMIT 1), m.ts)"
    parts = {
        "source": "measurement_minutes m CROSS JOIN measurements r", "before": source.before(""),
        "begin": "m.ts - 60000", "end": "m.ts",
        "which": f"m.ts > :t0 AND m.ts <= :t1 AND ({bent}) AND r.ts > m.ts - 60000 AND r.ts <= {behind}",
    }  # fmt: skip
    return _covered(db, parts, calibration, t0_ms, t1_ms, extremes=False, times=False)


def _covered(
    db: Database,
    parts: dict[str, str],
    calibration: Calibration,
    t0_ms: int,
    t1_ms: int,
    *,
    extremes: bool,
    times: bool = True,
) -> Tally:
    tally = nothing(len(calibration.circuits))
    if not calibration.circuits or t1_ms <= t0_ms:
        return tally
    values, chosen = _chosen(calibration, extremes=extremes)
    if not times:
        chosen[1::2] = ["NULL"] * len(calibration.circuits)
    statement = _COVERED.format(
        **words(db), **parts, names=", ".join(values), chosen=", ".join(chosen),
        values=", ".join(f"{sql} AS {name}" for name, sql in values.items()),
    )  # fmt: skip
    span = {"t0": t0_ms, "t1": t1_ms, "gap": calibration.gap_ms}
    found = iter(execute(db, statement, span).fetchone())
    for figures in tally.circuits:
        figures.watt_ms, figures.known_ms = next(found) or 0.0, int(next(found) or 0)
    _total(tally)
    if extremes:
        _take_extremes(tally, found, (t0_ms, t1_ms), calibration)
    return tally


def _chosen(calibration: Calibration, *, extremes: bool) -> tuple[dict[str, str], list[str]]:
    """Names and SQL of a row's values, and the sums of them that are asked for, in order."""
    values = {f"p{meter.circuit}": curves.known_power(meter, "r.") for meter in calibration.circuits}
    chosen = []
    for name in values:
        chosen += [f"SUM({name} * covered)", f"SUM(CASE WHEN {name} IS NOT NULL THEN covered END)"]
    if extremes:
        powers = list(values)
        chosen += [f"MAX({name})" for name in powers]
        chosen.append("MAX(" + " + ".join(f"COALESCE({name}, 0)" for name in powers) + ")")
        for meter in calibration.circuits:
            curve = _tank(calibration, meter)
            if curve is not None:
                values[f"t{meter.circuit}"] = curves.known_value(curve, f"temperature_{meter.circuit}", "r.")
                chosen += [f"MIN(t{meter.circuit})", f"MAX(t{meter.circuit})"]
    return values, chosen


def _take_extremes(tally: Tally, found: Iterator[float | None], at: tuple[int, int], calibration: Calibration) -> None:
    for figures in (*tally.circuits, tally.total):
        figures.peak_w = next(found)
        figures.peak_at = None if figures.peak_w is None else at
    if tally.total.known_ms == 0:
        tally.total.peak_w = tally.total.peak_at = None
    for meter, figures in zip(calibration.circuits, tally.circuits, strict=True):
        if _tank(calibration, meter) is not None:
            figures.low, figures.high = next(found), next(found)


def _tank(calibration: Calibration, meter: CircuitMeter) -> Curve | None:
    """The curve of a circuit's own thermometer."""
    channel = f"temperature_{meter.circuit}"
    return next((each.curve for each in calibration.thermometers if each.channel == channel), None)


def _total(tally: Tally) -> None:
    tally.total.watt_ms = sum(figures.watt_ms for figures in tally.circuits)
    tally.total.bound_watt_ms = sum(figures.bound_watt_ms for figures in tally.circuits)
    tally.total.known_ms = max((figures.known_ms for figures in tally.circuits), default=0)


# -- from moments -----------------------------------------------------------------------------------------------------


def straddles(meter: CircuitMeter) -> str:
    """Whether a curve of the circuit bends between the least and the greatest mean of a minute."""
    ways = [
        f"({channel}_{meter.circuit}_min < {real(bend)} AND {channel}_{meter.circuit}_max > {real(bend)})"
        for channel, curve in (("voltage", meter.voltage), ("current", meter.current))
        for bend in curve.breaks
    ]
    return f"({' OR '.join(ways)})" if ways else "(1 = 0)"


def minute_energy(meter: CircuitMeter) -> str:
    """W·ms of a minute's moments."""
    k = meter.circuit
    a, b = chord(meter.voltage, f"voltage_{k}")
    c, d = chord(meter.current, f"current_{k}")
    return (
        f"({a} * {c} * vi_{k}_sum + {a} * {d} * voltage_{k}_sum + {b} * {c} * current_{k}_sum"
        f" + {b} * {d} * circuit_{k}_ms)"
    )


def minute_bound(meter: CircuitMeter) -> str:
    """W·ms by which minute_energy may be off: |V·I − Lv·Li| ≤ |V − Lv|·|I| + |Lv|·|I − Li|, each at its greatest.

    What moves within a row's own second is left out: it is multiplied only by the difference of two slopes.
    """
    k = meter.circuit
    sags = [_sag(curve, f"{name}_{k}") for name, curve in (("voltage", meter.voltage), ("current", meter.current))]
    most_v, most_i = _most(meter.voltage, f"voltage_{k}"), _most(meter.current, f"current_{k}")
    return f"(circuit_{k}_ms * ({sags[0]} * {most_i} + {most_v} * {sags[1]}))"


def chord(curve: Curve, x: str) -> tuple[str, str]:
    """Slope and offset of the line from a minute's least to its greatest mean; the curve's own if none bends."""
    if not curve.breaks:
        (segment,) = curve.segments()
        return real(segment.slope), real(segment.offset)
    low, high = curves.value(curve, f"{x}_min"), curves.value(curve, f"{x}_max")
    bends = " OR ".join(f"({x}_min < {real(bend)} AND {x}_max > {real(bend)})" for bend in curve.breaks)
    own = curves.slope(curve, f"{x}_min")
    slope = f"(CASE WHEN {bends} THEN ({high} - {low}) / NULLIF({x}_max - {x}_min, 0) ELSE {own} END)"
    return slope, f"({low} - {slope} * {x}_min)"


def _sag(curve: Curve, x: str) -> str:
    """The greatest distance of the curve from its chord, at its bends."""
    if not curve.breaks:
        return real(0.0)
    slope, offset = chord(curve, x)
    parts = [
        f"(CASE WHEN {x}_min < {real(bend)} AND {x}_max > {real(bend)}"
        f" THEN ABS({real(curve.value(bend))} - ({slope} * {real(bend)} + {offset})) ELSE {real(0.0)} END)"
        for bend in curve.breaks
    ]
    return f"({' + '.join(parts)})"  # their sum is no less than the greatest, and both databases have it


def _most(curve: Curve, x: str) -> str:
    """The greatest absolute value within a minute, or more."""
    return f"(ABS({curves.value(curve, f'{x}_min')}) + ABS({curves.value(curve, f'{x}_max')}))"


_MINUTES = """
SELECT {chosen} FROM measurement_minutes m WHERE ts > :t0 AND ts <= :t1
"""
_THINNED = "NOT EXISTS (SELECT 1 FROM measurements r WHERE r.ts > m.ts - 60000 AND r.ts <= m.ts)"  # its rows are gone


def of_minutes(
    db: Database, calibration: Calibration, t0_ms: int, t1_ms: int, *, straight: bool = False, extremes: bool = False
) -> Tally:
    """What the moments of the minutes t0 < ts ≤ t1 come to. straight: the energy only of those in which no curve of
    the circuit bends."""
    tally = nothing(len(calibration.circuits))
    if not calibration.circuits or t1_ms <= t0_ms:
        return tally
    chosen = []
    for meter in calibration.circuits:
        energy, known, bound = minute_energy(meter), f"circuit_{meter.circuit}_ms", "NULL"
        if _bends(meter) and straight:
            energy = f"CASE WHEN NOT {straddles(meter)} THEN {energy} END"
        elif _bends(meter):
            bound = f"SUM(CASE WHEN {straddles(meter)} THEN {minute_bound(meter)} END)"
        chosen += [f"SUM({energy})", f"SUM({known})", bound]
    if extremes:
        chosen += _minute_extremes(calibration)
    statement = _MINUTES.format(chosen=", ".join(chosen))
    found = iter(execute(db, statement, {"t0": t0_ms, "t1": t1_ms}).fetchone())
    for figures in tally.circuits:
        figures.watt_ms, figures.known_ms, figures.bound_watt_ms = (
            next(found) or 0.0, int(next(found) or 0), next(found) or 0.0,
        )  # fmt: skip
    _total(tally)
    if extremes:
        _take_extremes(tally, found, (t0_ms, t1_ms), calibration)
        for meter, figures in zip(calibration.circuits, tally.circuits, strict=True):
            curve = _tank(calibration, meter)
            if curve is not None and figures.low is not None and figures.high is not None:
                figures.low, figures.high = sorted((figures.low, figures.high))
    return tally


def _bends(meter: CircuitMeter) -> bool:
    return bool(meter.voltage.breaks or meter.current.breaks)


def peak_power(meter: CircuitMeter) -> str:
    """W at the minute's peak row, which is kept raw."""
    k = meter.circuit
    v, i, vi = f"peak_{k}_voltage", f"peak_{k}_current", f"peak_{k}_vi"
    volts, amperes = curves.value(meter.voltage, v), curves.value(meter.current, i)
    moves = f"{curves.slope(meter.voltage, v)} * {curves.slope(meter.current, i)}"
    return f"({volts} * {amperes} + {moves} * ({vi} - {v} * {i}))"


def _minute_extremes(calibration: Calibration) -> list[str]:
    """Peak of each circuit, and of all (the sum of a minute's peaks: no more is known), then temperatures."""
    peaks = [peak_power(meter) for meter in calibration.circuits]
    chosen = [f"MAX({peak})" for peak in peaks]
    chosen.append("MAX(" + " + ".join(f"COALESCE({peak}, 0)" for peak in peaks) + ")")
    for meter in calibration.circuits:
        curve, channel = _tank(calibration, meter), f"temperature_{meter.circuit}"
        if curve is not None:
            # A thermistor's value may fall with its counts: the least is then at the greatest count.
            first, last = (f"{channel}_min", f"{channel}_max")
            if curve.points[0][1] > curve.points[-1][1]:
                first, last = last, first
            chosen += [f"MIN({curves.value(curve, first)})", f"MAX({curves.value(curve, last)})"]
    return chosen
