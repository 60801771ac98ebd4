"""The statements that write foods, each to be run inside one of the recorder's transactions."""

from peewee import Database

from tankwarden.errors import NotKnownError, RefusedError, TakenError
from tankwarden.logic.food import Food
from tankwarden.store.models import FeederRecord, FoodRecord

_THERE = FoodRecord.deleted_ms.is_null()


def save(db: Database, food: Food, now_ms: int) -> int:
    """Insert it, or change the one with its id; its id. A change without a stock leaves what was counted last.

    NotKnownError if there is no food of its id, TakenError for a name that another one has.
    """
    other = FoodRecord.select().where(_THERE & (FoodRecord.name == food.name)).first(db)
    if other is not None and other.id != food.id:
        raise TakenError(f"food {other.id} is called {food.name} already: give this one another name")
    values: dict[str, object] = {
        "name": food.name, "protein_percent": food.protein, "fat_percent": food.fat, "fibre_percent": food.fibre,
    }  # fmt: skip
    if food.stock_g is not None:
        values |= {"stock_g": food.stock_g, "stock_ms": now_ms}
    if food.id is None:
        return int(FoodRecord.insert(**values, created_ms=now_ms).execute(db))
    if not FoodRecord.update(**values).where(_THERE & (FoodRecord.id == food.id)).execute(db):
        raise NotKnownError(f"there is no food {food.id}: tankwarden foods lists them")
    return food.id


def delete(db: Database, food: int, now_ms: int) -> None:
    """What was fed of it stays. NotKnownError if there is none, TakenError as long as a feeder holds it."""
    holds = FeederRecord.deleted_ms.is_null() & (FeederRecord.food_id == food)
    feeder = FeederRecord.select().where(holds).first(db)
    if feeder is not None:
        raise TakenError(f"feeder {feeder.id}, {feeder.name}, holds it: give that one another food first")
    if not FoodRecord.update(deleted_ms=now_ms).where(_THERE & (FoodRecord.id == food)).execute(db):
        raise NotKnownError(f"there is no food {food}: tankwarden foods lists them")


def check(db: Database, food: int | None) -> None:
    """RefusedError if a feeder cannot hold it, since there is no such food."""
    if food is not None and FoodRecord.select().where(_THERE & (FoodRecord.id == food)).first(db) is None:
        raise RefusedError(f"there is no food {food}: tankwarden foods lists them, and adds one", "food")
