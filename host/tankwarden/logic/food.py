"""A food as a person describes it, how much of it is left, and for how many days by the schedules of the feeders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tankwarden.errors import ConfigError, RefusedError
from tankwarden.fields import read_table, refuse_unknown, setting
from tankwarden.logic.feeder import WEEKDAYS, Feeder, grams

NUTRIENTS = ("protein", "fat", "fibre")


@dataclass(frozen=True, slots=True, kw_only=True)
class Food:
    """protein, fat, fibre: percent of its weight, None = nobody knows. stock_g: how much there was when it was counted
    last, None = nobody counts."""

    name: str
    protein: float | None = None
    fat: float | None = None
    fibre: float | None = None
    stock_g: float | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Stocked:
    """A food, and what became of it. stock_ms: when stock_g was counted; since_g: what fell since then, as far as is
    known; unknown: feedings since then of which nobody knows how much fell; week_g: what fell in the last 7 days."""

    food: Food
    stock_ms: int | None
    since_g: float
    unknown: int
    week_g: float

    @property
    def left_g(self) -> float | None:
        """None where nobody counts; never less than nothing."""
        return None if self.food.stock_g is None else max(0.0, self.food.stock_g - self.since_g)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """The keys of a food."""

    name: str = setting("of the food")
    protein: float | None = setting("of its weight", unit="%", low=0, high=100, default=None)
    fat: float | None = setting("of its weight", unit="%", low=0, high=100, default=None)
    fibre: float | None = setting("of its weight", unit="%", low=0, high=100, default=None)
    stock: float | None = setting("there is now", unit="g", low=0, high=100_000, default=None)


def read_food(table: object) -> Food:
    """A food from JSON: name, protein, fat, fibre in percent, stock in g. RefusedError, naming the field."""
    if not isinstance(table, Mapping):
        raise RefusedError("a food is a JSON object of keys and values", "")
    given = {str(key): value for key, value in table.items() if value is not None and key not in _TOLD}
    try:
        for key in given:
            refuse_unknown(key, _Plain.__dataclass_fields__, "food")
        plain = read_table(_Plain, given, "food")
    except ConfigError as error:
        raise RefusedError(str(error), error.where.rpartition(", key ")[2] if ", key " in error.where else "") from None
    name = plain.name.strip()
    if not 1 <= len(name) <= 64:
        raise RefusedError("a name has 1 to 64 characters", "name")
    parts = sum(getattr(plain, nutrient) or 0.0 for nutrient in NUTRIENTS)
    if parts > 100:
        raise RefusedError(f"protein, fat and fibre are {parts:g} % together, more than all of it", "protein")
    return Food(name=name, protein=plain.protein, fat=plain.fat, fibre=plain.fibre, stock_g=plain.stock)


_TOLD = ("id", "left", "stock_counted_ms", "feeders", "per_day", "days_left", "unknown", "week")  # not to be set


def per_day_g(food: int, feeders: Iterable[Feeder]) -> float:
    """By the schedules that are followed now, on the mean day of a week."""
    return sum(_per_day_g(feeder) for feeder in feeders if feeder.food == food and feeder.enabled)


def _per_day_g(feeder: Feeder) -> float:
    portion = grams(feeder.config, feeder.config.turns)
    return sum(
        (portion if entry.portion_g is None else entry.portion_g) * entry.weekdays.bit_count() / len(WEEKDAYS)
        for entry in feeder.schedule
        if entry.enabled
    )


def to_json(stocked: Stocked, feeders: Iterable[Feeder]) -> dict[str, Any]:
    """As the API shows it. days_left: None where nobody counts, or no schedule takes from it.

    week: what fell in the last 7 days, in g, and of it protein, fat and fibre.
    """
    food, holders = stocked.food, [feeder for feeder in feeders if feeder.food == stocked.food.id]
    daily_g, left_g = per_day_g(food.id or 0, holders), stocked.left_g
    days = None if left_g is None or not daily_g else left_g / daily_g
    week = {"grams": round(stocked.week_g, 3)} | {
        name: None if (share := getattr(food, name)) is None else round(stocked.week_g * share / 100, 3)
        for name in NUTRIENTS
    }
    return {
        "id": food.id, "name": food.name, "protein": food.protein, "fat": food.fat, "fibre": food.fibre,
        "stock": food.stock_g, "stock_counted_ms": stocked.stock_ms,
        "left": None if left_g is None else round(left_g, 3), "unknown": stocked.unknown,
        "per_day": round(daily_g, 3), "days_left": None if days is None else round(days, 1),
        "feeders": [feeder.id for feeder in holders], "week": week,
    }  # fmt: skip
