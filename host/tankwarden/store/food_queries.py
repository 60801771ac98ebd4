"""What is read back of foods: each with what fell of it since its stock was counted, and in the last week."""

from typing import Any

from peewee import Database as Connection

from tankwarden.logic.feeding import Status
from tankwarden.logic.food import Food, Stocked
from tankwarden.store.database import Database
from tankwarden.store.dialect import execute
from tankwarden.store.models import FoodRecord

WEEK_MS = 7 * 86_400_000
# One that may have fed counts with what it was to give: a stock that seems larger than it is runs out by surprise.
_FELL = f"""
SELECT SUM(CASE WHEN status <> '{Status.FAILED}' THEN COALESCE(portion_g, asked_g, 0) ELSE 0 END),
    SUM(CASE WHEN status <> '{Status.FAILED}' AND portion_g IS NULL THEN 1 ELSE 0 END)
FROM feeding_history WHERE food_id = :food AND requested_ms >= :since AND requested_ms <= :until
"""  # noqa: S608 - words of ours


class FoodQueries:
    """Read-only, for any thread. StoreError if the database cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def foods(self, now_ms: int) -> list[Stocked]:
        """Those that are there, by their name."""
        with self._database.reading() as db:
            query = FoodRecord.select().where(FoodRecord.deleted_ms.is_null()).order_by(FoodRecord.name)
            return [_stocked(db, record, now_ms) for record in query.execute(db)]


def _stocked(db: Connection, record: Any, now_ms: int) -> Stocked:
    food = Food(
        id=record.id, name=record.name, protein=record.protein_percent, fat=record.fat_percent,
        fibre=record.fibre_percent, stock_g=record.stock_g,
    )  # fmt: skip
    since_g, unknown = _fell(db, record.id, now_ms if record.stock_ms is None else record.stock_ms, now_ms)
    week_g, _ = _fell(db, record.id, now_ms - WEEK_MS, now_ms)
    return Stocked(food, record.stock_ms, since_g, unknown, week_g)


def _fell(db: Connection, food: int, since_ms: int, now_ms: int) -> tuple[float, int]:
    """g, and how many feedings there are among them of which nobody knows."""
    total, unknown = execute(db, _FELL, {"food": food, "since": since_ms, "until": now_ms}).fetchone()
    return float(total or 0.0), int(unknown or 0)
