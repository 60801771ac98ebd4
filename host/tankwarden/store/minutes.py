"""The moments of minutes, made from rows: what is left of measurements that were thinned out.

upkeep.py says when. A minute is made of its own rows and of what a row behind it reaches back into it. (Not by SQL,
whose window functions take twice as long for the same.)
"""

from collections.abc import Iterable, Sequence
from itertools import compress
from operator import mul, truediv

from peewee import Database

from tanklink.messages import CHANNELS, N_CIRCUITS
from tankwarden.logic.energy import power_w
from tankwarden.logic.meters import CircuitMeter
from tankwarden.store.dialect import execute, execute_many
from tankwarden.store.rows import COLUMNS, quality_mask

MINUTE_MS = 60_000
CIRCUITS = tuple(range(1, N_CIRCUITS + 1))
ALONE = tuple(channel for channel in CHANNELS if not channel.startswith(("voltage_", "current_")))  # of no circuit

Row = Sequence[int]  # by COLUMNS
Piece = tuple[int, Row]  # ms of a minute that a row covers, and the row
Column = tuple[int, ...]
Moment = dict[str, float | None]  # by the columns of measurement_minutes

_TS, _PERIOD, _N, _QUALITY = (COLUMNS.index(name) for name in ("ts", "period_ms", "n", "quality"))
_PLACE = {name.removesuffix("_sum"): place for place, name in enumerate(COLUMNS)}


def whole_ms(ts_ms: int) -> int:
    """The end of the last minute that a row at ts_ms has closed."""
    return ts_ms // MINUTE_MS * MINUTE_MS


def make(db: Database, t0_ms: int, t1_ms: int, gap_ms: int, meters: Iterable[CircuitMeter] = ()) -> None:
    """Make the minutes within (t0, t1] anew, both whole minutes, from the rows that are there.

    gap_ms: the longest time that one row covers. meters: the scales by which a row's power is told, for the peak; a
    circuit without goes by its counts.
    """
    execute(db, "DELETE FROM measurement_minutes WHERE ts > :t0 AND ts <= :t1", {"t0": t0_ms, "t1": t1_ms})
    made = moments(rows_of(db, t0_ms, t1_ms), t0_ms, t1_ms, gap_ms, meters)
    if made:
        execute_many(db, INSERT, made)


def rows_of(db: Database, t0_ms: int, t1_ms: int) -> list[Row]:
    """The rows within (t0, t1], the one before them and the one behind them, in the order of time."""
    rows: list[Row] = execute(db, _ROWS, {"t0": t0_ms, "t1": t1_ms}).fetchall()
    return rows


def moments(
    rows: Iterable[Row], t0_ms: int, t1_ms: int, gap_ms: int, meters: Iterable[CircuitMeter] = ()
) -> list[Moment]:
    """The minutes within (t0, t1] that rows cover, from those rows, the one before them and the one behind them."""
    by_circuit = {meter.circuit: meter for meter in meters}
    return [_moment(end, pieces, by_circuit) for end, pieces in _pieces(rows, t0_ms, t1_ms, gap_ms).items()]


_COLUMNS = (
    "ts", "n_rows", "covered_ms",
    *(
        column for k in CIRCUITS for column in (
            f"circuit_{k}_ms", f"voltage_{k}_sum", f"current_{k}_sum", f"vi_{k}_sum",
            f"voltage_{k}_min", f"voltage_{k}_max", f"current_{k}_min", f"current_{k}_max",
            f"peak_{k}_voltage", f"peak_{k}_current", f"peak_{k}_vi",
        )
    ),
    *(f"{channel}_{part}" for channel in ALONE for part in ("ms", "sum", "min", "max")),
)  # fmt: skip
_MARKS = ", ".join(f":{column}" for column in _COLUMNS)
INSERT = f"INSERT INTO measurement_minutes ({', '.join(_COLUMNS)}) VALUES ({_MARKS})"  # noqa: S608 - names of columns
# From the last row before the span, which says where the first one's time begins, to the first one behind it.
_ROWS = f"""
SELECT {", ".join(COLUMNS)} FROM measurements
WHERE ts >= COALESCE((SELECT MAX(ts) FROM measurements WHERE ts <= :t0), 0)
AND ts <= COALESCE((SELECT MIN(ts) FROM measurements WHERE ts >= :t1), 9223372036854775807) ORDER BY ts
"""  # noqa: S608


def _pieces(rows: Iterable[Row], t0_ms: int, t1_ms: int, gap_ms: int) -> dict[int, list[Piece]]:
    """By the end of each minute."""
    found: dict[int, list[Piece]] = {}
    before_ms: int | None = None
    for row in rows:
        ts_ms = row[_TS]
        lasts_ms = row[_PERIOD] if before_ms is None else ts_ms - before_ms
        begins_ms = ts_ms - (lasts_ms if lasts_ms < gap_ms else gap_ms)
        before_ms = ts_ms
        end_ms = -(-ts_ms // MINUTE_MS) * MINUTE_MS
        while end_ms > begins_ms and end_ms > t0_ms:  # nearly always once
            low_ms = end_ms - MINUTE_MS
            if end_ms <= t1_ms:
                covered_ms = (ts_ms if ts_ms < end_ms else end_ms) - (begins_ms if begins_ms > low_ms else low_ms)
                if covered_ms > 0:
                    found.setdefault(end_ms, []).append((covered_ms, row))
            end_ms = low_ms
    return found


def _moment(end_ms: int, pieces: list[Piece], meters: dict[int, CircuitMeter]) -> Moment:
    """Column by column, with the interpreter's own loops: this runs once a minute beside the control loop."""
    times, rows = zip(*pieces, strict=True)
    columns = list(zip(*rows, strict=True))
    clean = not any(columns[_QUALITY]) and all(columns[_N])
    moment: Moment = {"ts": end_ms, "n_rows": len(rows), "covered_ms": sum(times)}
    for k in CIRCUITS:
        names = (voltage, current, _) = (f"voltage_{k}", f"current_{k}", f"vi_{k}")
        known = None if clean else _known(columns, quality_mask(voltage, current))
        during = _picked(times, known)
        means = [_means(columns, name, known) for name in names]
        moment[f"circuit_{k}_ms"] = sum(during)
        for name, values in zip(names, means, strict=True):
            moment[f"{name}_sum"] = float(sum(map(mul, values, during)))
        for name, values in zip((voltage, current), means, strict=False):
            moment[f"{name}_min"], moment[f"{name}_max"] = _extremes(values)
        peak = _peak(means, meters.get(k))
        moment[f"peak_{k}_voltage"], moment[f"peak_{k}_current"], moment[f"peak_{k}_vi"] = peak
    for name in ALONE:
        known = None if clean else _known(columns, quality_mask(name))
        during, values = _picked(times, known), _means(columns, name, known)
        moment[f"{name}_ms"], moment[f"{name}_sum"] = sum(during), float(sum(map(mul, values, during)))
        moment[f"{name}_min"], moment[f"{name}_max"] = _extremes(values)
    return moment


def _known(columns: list[Column], mask: int) -> list[bool]:
    """Of each row, whether its channels with these bits were ok."""
    return [n > 0 and quality & mask == 0 for n, quality in zip(columns[_N], columns[_QUALITY], strict=True)]


def _picked(column: Column, known: list[bool] | None) -> Column:
    return column if known is None else tuple(compress(column, known))


def _means(columns: list[Column], name: str, known: list[bool] | None) -> list[float]:
    return list(map(truediv, _picked(columns[_PLACE[name]], known), _picked(columns[_N], known)))


def _extremes(values: list[float]) -> tuple[float | None, float | None]:
    return (min(values), max(values)) if values else (None, None)


def _peak(means: list[list[float]], meter: CircuitMeter | None) -> tuple[float | None, float | None, float | None]:
    """V, I and V·I of the row of greatest power; logic/energy.py has the formula."""
    voltages, currents, products = means
    if not products:
        return None, None, None
    powers = products
    if meter is not None:
        powers = [
            power_w(voltage, current, product, 1, meter.voltage, meter.current) or 0.0
            for voltage, current, product in zip(voltages, currents, products, strict=True)
        ]
    at = powers.index(max(powers))
    return voltages[at], currents[at], products[at]
