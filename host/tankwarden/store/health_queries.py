"""How this computer fared, thinned for a chart as series.py does it: mean, least and greatest of each bucket."""

from collections.abc import Sequence
from typing import Any

from peewee import Database as Connection

from tankwarden.logic.health import Minute
from tankwarden.store import series
from tankwarden.store.database import Database
from tankwarden.store.dialect import execute

UNITS = {
    "cpu_percent": "%", "memory_percent": "%", "process_mb": "MB", "disk_percent": "%", "disk_free_mb": "MB",
    "soc_degf": "°F", "throttled": "", "link_frames": "1/min", "link_damaged": "1/min", "link_retries": "1/min",
    "link_openings": "1/min",
}  # fmt: skip
_GAP_MS = 150_000  # a minute that is late is no gap
_BUCKETS = f"""
SELECT (ts - 1) / :width AS bucket, MIN(ts), MAX(ts), {", ".join(f"AVG({c}), MIN({c}), MAX({c})" for c in UNITS)}
FROM system_health WHERE ts > :t0 AND ts <= :t1 GROUP BY bucket ORDER BY bucket
"""  # noqa: S608 - names of columns


class HealthQueries:
    """Read-only, for any thread. StoreError if the database cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, t0_ms: int, t1_ms: int, points: int, waiting: Sequence[Minute] = ()) -> dict[str, Any]:
        """{"bucket_ms", "t_ms": […], "series": {name: {"unit", "mean": […], "low": […], "high": […]}}}

        t_ms is where a bucket begins; a point of nulls stands in every gap. waiting: minutes that are not stored yet.
        RefusedError for a span that is none.
        """
        wanted = series.wish("health", t0_ms, t1_ms, points, least_ms=60_000)
        bounds = {"t0": wanted.first * wanted.width_ms, "t1": (wanted.last + 1) * wanted.width_ms}
        with self._database.reading() as db:
            rows = _rows(db, {**bounds, "width": wanted.width_ms}, waiting)
        t_ms: list[int] = []
        columns: list[list[float | None]] = [[] for _ in range(3 * len(UNITS))]
        before: tuple[Any, ...] | None = None
        for row in rows:
            if before is not None and row[1] - before[2] > max(_GAP_MS, wanted.width_ms):
                t_ms.append((before[0] + 1) * wanted.width_ms)
                for column in columns:
                    column.append(None)
            t_ms.append(row[0] * wanted.width_ms)
            for column, value in zip(columns, row[3:], strict=True):
                column.append(None if value is None else float(value))
            before = row
        found = {
            name: dict(zip(("mean", "low", "high"), columns[3 * place : 3 * place + 3], strict=True))
            for place, name in enumerate(UNITS)
        }
        return {
            "bucket_ms": wanted.width_ms, "t_ms": t_ms,
            "series": {name: {"unit": UNITS[name], **found[name]} for name in UNITS},
        }  # fmt: skip


def _rows(db: Connection, bounds: dict[str, int], waiting: Sequence[Minute]) -> list[tuple[Any, ...]]:
    """With the waiting minutes in a bucket of their own each, unless the file has rows of it: then they come next."""
    rows = [tuple(row) for row in execute(db, _BUCKETS, bounds)]
    known = {row[0] for row in rows}
    stored_ms = max((row[2] for row in rows), default=-1)
    fresh: dict[int, tuple[Any, ...]] = {}
    for each in waiting:
        bucket = (each.ts_ms - 1) // bounds["width"]
        if bucket in known or each.ts_ms <= stored_ms or not bounds["t0"] < each.ts_ms <= bounds["t1"]:
            continue
        values = [part for name in UNITS for part in (getattr(each, name),) * 3]
        fresh[bucket] = (bucket, each.ts_ms, each.ts_ms, *values)
    return sorted([*rows, *fresh.values()])
