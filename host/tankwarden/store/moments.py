"""The moments of every minute: what stays of measurements when their rows are thinned out, and what makes a year quick.

Made from the rows by one statement, without fetching one, for days that are over; whatever comes late takes the
minutes that it touches away again, and they are made anew. All raw: sums of counts × ms, the least and the greatest
means, and the raw counts of the row of greatest power. A row that reaches over the end of a minute counts for the one
in which it ends.
"""

from peewee import Database as Connection

from tanklink.messages import CHANNELS
from tankwarden.logic.meters import CircuitMeter, Timeline
from tankwarden.store import curves
from tankwarden.store.dialect import execute, words
from tankwarden.store.rows import quality_mask

_ALONE = [channel for channel in CHANNELS if not channel.startswith(("current_", "voltage_"))]

_MAKE = """
INSERT INTO measurement_minutes (ts, n_rows, covered_ms, {names})
SELECT minute, n_rows, covered_ms, {final} FROM (
    SELECT minute, COUNT(*) AS n_rows, SUM(covers) AS covered_ms, {sums} FROM (
        SELECT (ts + 59999) / 60000 * 60000 AS minute, {least}(COALESCE(ts - before, period_ms), :gap) AS covers,
            {means} FROM (
            SELECT r.*, (SELECT b.ts FROM measurements b WHERE b.ts < r.ts ORDER BY b.ts DESC LIMIT 1) AS before
            FROM measurements r WHERE r.ts > :t0 AND r.ts <= :t1
        ) AS followed {once}
    ) AS lasting GROUP BY minute
) AS summed {joins}
WHERE NOT EXISTS (SELECT 1 FROM measurement_minutes k WHERE k.ts = summed.minute)
"""
_PEAK = """(SELECT p.ts FROM measurements p WHERE p.ts > minute - 60000 AND p.ts <= minute AND p.n > 0
    AND p.quality & {mask} = 0 ORDER BY {power} DESC, p.ts LIMIT 1)"""


def complete(db: Connection, t0_ms: int, t1_ms: int) -> bool:
    """Whether every row of whole minutes t0 < ts ≤ t1 is in its minute's moments, and there is one."""
    span = {"t0": t0_ms, "t1": t1_ms}
    (kept,) = execute(db, "SELECT SUM(n_rows) FROM measurement_minutes WHERE ts > :t0 AND ts <= :t1", span).fetchone()
    if not kept:
        return False
    (rows,) = execute(db, "SELECT COUNT(*) FROM measurements WHERE ts > :t0 AND ts <= :t1", span).fetchone()
    return int(kept) == int(rows)


def make(db: Connection, timeline: Timeline, t0_ms: int, t1_ms: int) -> None:
    """Those of whole minutes t0 < ts ≤ t1 that have rows and no moments yet; those that stand are left alone.

    timeline: only to find the row of greatest power. What is kept of it is raw.
    """
    for stretch in timeline.stretches(t0_ms, t1_ms):
        meters = {meter.circuit: meter for meter in stretch.calibration.circuits}
        names, final, sums, means, joins = _parts(meters)
        statement = _MAKE.format(
            **words(db), names=", ".join(names), final=", ".join(final), sums=", ".join(sums), means=", ".join(means),
            joins=" ".join(joins),
        )  # fmt: skip
        span = {"t0": stretch.from_ms, "t1": stretch.to_ms, "gap": stretch.calibration.gap_ms}
        execute(db, statement, span)


def take_away(db: Connection, low_ms: int, high_ms: int) -> None:
    """Rows between two instants are new: the moments of their minutes, and of the row after them, tell no longer.

    Moments of minutes whose rows were thinned out stay: nothing could make them again.
    """
    statement = """
    DELETE FROM measurement_minutes WHERE ts >= :low AND ts < 120000 + COALESCE(
        (SELECT b.ts FROM measurements b WHERE b.ts > :high ORDER BY b.ts LIMIT 1), :high
    ) AND n_rows <= (
        SELECT COUNT(*) FROM measurements r
        WHERE r.ts > measurement_minutes.ts - 60000 AND r.ts <= measurement_minutes.ts
    )"""
    execute(db, statement, {"low": low_ms, "high": high_ms})


def _parts(meters: dict[int, CircuitMeter]) -> tuple[list[str], list[str], list[str], list[str], list[str]]:
    """Of the statement: the columns, what they get, the sums behind them, the means of a row, and the peaks' rows."""
    names: list[str] = []
    final: list[str] = []
    sums: list[str] = []
    means: list[str] = []
    joins: list[str] = []
    for k in (1, 2):
        mask = quality_mask(f"voltage_{k}", f"current_{k}")
        known = f"n > 0 AND quality & {mask} = 0"
        means.append(f"CASE WHEN {known} THEN 1 END AS ok_{k}")
        means += [
            f"CASE WHEN {known} THEN {curves.mean(f'{c}_{k}_sum')} END AS {c}_{k}" for c in ("voltage", "current")
        ]
        means.append(f"CASE WHEN {known} THEN {curves.mean(f'vi_{k}_sum')} END AS vi_{k}")
        wanted = {f"circuit_{k}_ms": f"COALESCE(SUM(ok_{k} * covers), 0)"}
        wanted |= {f"{c}_{k}_sum": f"COALESCE(SUM({c}_{k} * covers), 0)" for c in ("voltage", "current", "vi")}
        for c in ("voltage", "current"):
            wanted |= {f"{c}_{k}_min": f"MIN({c}_{k})", f"{c}_{k}_max": f"MAX({c}_{k})"}
        names += wanted
        final += wanted
        sums += [f"{sql} AS {name}" for name, sql in wanted.items()]
        names += [f"peak_{k}_{c}" for c in ("voltage", "current", "vi")]
        # A circuit that is not configured has no power: its greatest product of counts is as good a guess as any.
        power = curves.power(meters[k], "p.") if k in meters else f"{curves.mean(f'p.vi_{k}_sum', 'p.n')}"
        joins.append(f"LEFT JOIN measurements k{k} ON k{k}.ts = {_PEAK.format(mask=mask, power=power)}")
        final += [curves.mean(f"k{k}.{c}_{k}_sum", f"k{k}.n") for c in ("voltage", "current", "vi")]
    for channel in _ALONE:
        known = f"n > 0 AND quality & {quality_mask(channel)} = 0"
        means.append(f"CASE WHEN {known} THEN {curves.mean(f'{channel}_sum')} END AS {channel}")
        wanted = {
            f"{channel}_ms": f"COALESCE(SUM(CASE WHEN {channel} IS NOT NULL THEN covers END), 0)",
            f"{channel}_sum": f"COALESCE(SUM({channel} * covers), 0)",
            f"{channel}_min": f"MIN({channel})", f"{channel}_max": f"MAX({channel})",
        }  # fmt: skip
        names += wanted
        final += wanted
        sums += [f"{sql} AS {name}" for name, sql in wanted.items()]
    # Names of the sums that a joined row has as well.
    final = [f"summed.{name}" if name.isidentifier() else name for name in final]
    return names, final, sums, means, joins
