"""What each day came to, per circuit and together: reckoned from rows or moments, by the curves of a timeline.

The same for the days as they go by, after a calibration, and for a preview, which stores nothing. Reckoning a day anew
gives the same numbers, however often.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from peewee import Database as Connection

from tankwarden.logic.days import Day
from tankwarden.logic.meters import Calibration, Timeline
from tankwarden.store import curves
from tankwarden.store.dialect import execute
from tankwarden.store.energies import Figures, Source, Tally, of_span, peak_power
from tankwarden.store.models import DailySummary

TOTAL = ""  # stands for a circuit's id in the row of all together: no circuit can be called that
_MINUTES_SEARCHED = 8  # those with the greatest peaks: the row of greatest power by new curves is among theirs
_ROWS = Source()


@dataclass(frozen=True, slots=True)
class Summary:
    """One circuit's day, or with circuit "" all circuits' together. low, high: °F of its tank."""

    day: Day
    circuit: str
    energy_wh: float
    energy_bound_wh: float
    covered_s: int
    peak_w: float | None
    peak_ms: int | None
    low: float | None
    high: float | None


def summarize(db: Connection, timeline: Timeline, day: Day) -> list[Summary]:
    """A day, each circuit in the timeline's order and then all together. Only what is on disk counts."""
    whole = of_span(db, _ROWS, timeline, day.begin_ms, day.end_ms, extremes=True)
    places = range(len(timeline.base.circuits))
    found = []
    for place, meter in enumerate(timeline.base.circuits):
        found.append(_summary(db, timeline, day, meter.id, whole.circuits[place], (place,)))
    found.append(_summary(db, timeline, day, TOTAL, whole.total, tuple(places)))
    return found


def energies(db: Connection, timeline: Timeline, day: Day) -> Tally:
    """Only the energy of a day: for previews."""
    return of_span(db, _ROWS, timeline, day.begin_ms, day.end_ms)


def _summary(
    db: Connection, timeline: Timeline, day: Day, circuit: str, figures: Figures, places: Sequence[int]
) -> Summary:
    peak_w, peak_ms = None, None
    if figures.peak_w is not None and figures.peak_at is not None:
        peak_w, peak_ms = _peak(db, timeline, day, places) or (figures.peak_w, figures.peak_at[1])
    return Summary(
        day, circuit, figures.wh, figures.bound_watt_ms / 3_600_000, round(figures.known_ms / 1000),
        peak_w, peak_ms, figures.low, figures.high,
    )  # fmt: skip


_IN_MINUTES = """
SELECT w, ts FROM (
    SELECT {power} AS w, r.ts FROM (
        SELECT ts AS minute FROM measurement_minutes
        WHERE ts > :t0 AND ts <= :t1 ORDER BY {kept} DESC NULLS LAST LIMIT {most}
    ) AS best JOIN measurements r ON r.ts > minute - 60000 AND r.ts <= minute
) AS known WHERE w IS NOT NULL ORDER BY w DESC, ts LIMIT 1
"""
_IN_ROWS = """
SELECT w, ts FROM (SELECT {power} AS w, r.ts FROM measurements r WHERE r.ts > :t0 AND r.ts <= :t1) AS known
WHERE w IS NOT NULL ORDER BY w DESC, ts LIMIT 1
"""
_IN_MOMENTS = """
SELECT {kept} AS w, ts FROM measurement_minutes
WHERE ts > :t0 AND ts <= :t1 AND {kept} IS NOT NULL ORDER BY w DESC, ts LIMIT 1
"""


def _peak(db: Connection, timeline: Timeline, day: Day, places: Sequence[int]) -> tuple[float, int] | None:
    """W and the end of the row of greatest power: looked for in the minutes that hold the greatest peaks; where there
    are no moments in all rows, and where there are no rows in the moments."""
    best: tuple[float, int] | None = None
    for stretch in timeline.stretches(day.begin_ms, day.end_ms):
        power = _power(stretch.calibration, places)
        kept = _together([peak_power(stretch.calibration.circuits[place]) for place in places])
        span = {"t0": stretch.from_ms, "t1": stretch.to_ms}
        for template in (_IN_MINUTES, _IN_ROWS, _IN_MOMENTS):
            row = execute(db, template.format(power=power, kept=kept, most=_MINUTES_SEARCHED), span).fetchone()
            if row is not None:
                best = max(best or (row[0], row[1]), (row[0], row[1]), key=lambda found: found[0])
                break
    return best


def _power(calibration: Calibration, places: Sequence[int]) -> str:
    return _together([curves.known_power(calibration.circuits[place], "r.") for place in places])


def _together(powers: Sequence[str]) -> str:
    """Their sum; one that is not known adds nothing, and if none is the sum is not."""
    if len(powers) == 1:
        return f"({powers[0]})"
    known = " OR ".join(f"({power}) IS NOT NULL" for power in powers)
    return f"(CASE WHEN {known} THEN {' + '.join(f'COALESCE({power}, 0)' for power in powers)} END)"


# -- stored -----------------------------------------------------------------------------------------------------------


def replace(db: Connection, summaries: Sequence[Summary], zone: str, now_ms: int) -> None:
    """These stand for what was stored of their days."""
    rows = [_row(summary, zone, now_ms) for summary in summaries]
    names = sorted({summary.day.name for summary in summaries})
    if names:
        DailySummary.delete().where(DailySummary.day.in_(names)).execute(db)
        for start in range(0, len(rows), 50):  # SQLite takes so many parameters, and no more
            DailySummary.insert_many(rows[start : start + 50]).execute(db)


def _row(summary: Summary, zone: str, now_ms: int) -> dict[str, object]:
    return {
        "day": summary.day.name, "circuit": summary.circuit, "zone": zone, "begin_ms": summary.day.begin_ms,
        "end_ms": summary.day.end_ms, "energy_wh": summary.energy_wh, "energy_bound_wh": summary.energy_bound_wh,
        "covered_s": summary.covered_s, "peak_w": summary.peak_w, "peak_ms": summary.peak_ms,
        "min_degf": summary.low, "max_degf": summary.high, "made_ms": now_ms,
    }  # fmt: skip


def discard(db: Connection, t0_ms: int, t1_ms: int) -> None:
    """Days with a part in t0 ≤ t < t1 are no longer true: they are reckoned anew as soon as possible."""
    DailySummary.delete().where((DailySummary.end_ms > t0_ms) & (DailySummary.begin_ms < t1_ms)).execute(db)


def stored(db: Connection, t0_ms: int, t1_ms: int, circuit: str | None = None) -> list[Summary]:
    """The stored days with a part in t0 ≤ t < t1, in order."""
    wanted = (DailySummary.end_ms > t0_ms) & (DailySummary.begin_ms < t1_ms)
    if circuit is not None:
        wanted &= DailySummary.circuit == circuit
    query = DailySummary.select().where(wanted).order_by(DailySummary.begin_ms, DailySummary.circuit)
    return [
        Summary(
            Day(row.day, row.begin_ms, row.end_ms), row.circuit, row.energy_wh, row.energy_bound_wh, row.covered_s,
            row.peak_w, row.peak_ms, row.min_degf, row.max_degf,
        )
        for row in query.execute(db)
    ]  # fmt: skip


def extent(db: Connection) -> tuple[int, int] | None:
    """The first and the last instant of which anything is kept; None if nothing is."""
    ends = [
        execute(db, f"SELECT MIN(ts), MAX(ts) FROM {table}").fetchone()  # noqa: S608 - names of ours
        for table in ("measurements", "measurement_minutes")
    ]
    firsts = [first for first, _ in ends if first is not None]
    return (min(firsts), max(last for _, last in ends if last is not None)) if firsts else None
