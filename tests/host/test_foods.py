"""Foods: what is refused, how much is left and for how many days, and which food a feeding counts for."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from store_kit import T0, feeder, feeding, opened

from tankwarden.clock import ManualClock
from tankwarden.config import parse
from tankwarden.errors import CommandError, NotKnownError, RefusedError, TakenError
from tankwarden.flows.feeders import FeederBook
from tankwarden.flows.foods import FoodCommands
from tankwarden.logic.feeder import Entry, ServoConfig
from tankwarden.logic.feeding import Status
from tankwarden.logic.food import Food, Stocked, per_day_g, read_food, to_json
from tankwarden.store import Store
from tankwarden.store.food_queries import WEEK_MS

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ([], ""),
        ({}, ""),
        ({"name": "  "}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"name": "a", "protein": 101}, "protein"),
        ({"name": "a", "protein": 60, "fat": 41}, "protein"),
        ({"name": "a", "fibre": -1}, "fibre"),
        ({"name": "a", "stock": "much"}, "stock"),
        ({"name": "a", "colour": "red"}, ""),
    ],
)
def test_what_is_no_food_is_refused_naming_the_field(table: object, field: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_food(table)
    assert refused.value.field == field


def test_what_the_api_shows_can_be_given_back() -> None:
    food = Food(id=3, name="Pellets", protein=45.0, fat=10.0, stock_g=250.0)
    shown = to_json(Stocked(food, T0, 50.0, 0, 7.0), [])
    assert read_food(shown) == replace(food, id=None)


def test_days_of_stock_are_those_of_the_schedules_that_are_followed() -> None:
    config = ServoConfig(portion_size=2.0)
    meals = (
        Entry(name="a", minute=480),  # the portion of the feeder, every day
        Entry(name="b", minute=600, portion_g=7.0, weekdays=0b0000001),  # once a week
        Entry(name="c", minute=700, enabled=False),
    )
    feeders = [
        feeder(id=1, config=config, schedule=meals, food=4),
        feeder(id=2, config=config, schedule=meals, food=4, enabled=False),
        feeder(id=3, config=config, schedule=meals, food=5),
    ]
    assert per_day_g(4, feeders) == 3.0
    shown = to_json(Stocked(Food(id=4, name="P", stock_g=100.0, protein=40.0), T0, 10.0, 1, 21.0), feeders)
    assert (shown["left"], shown["days_left"], shown["per_day"], shown["unknown"]) == (90.0, 30.0, 3.0, 1)
    assert shown["feeders"] == [1, 2]
    assert shown["week"] == {"grams": 21.0, "protein": 8.4, "fat": None, "fibre": None}
    uncounted = to_json(Stocked(Food(id=4, name="P"), None, 0.0, 0, 0.0), feeders)
    assert (uncounted["left"], uncounted["days_left"]) == (None, None)
    unused = to_json(Stocked(Food(id=6, name="P", stock_g=1.0), T0, 5.0, 0, 0.0), feeders)
    assert (unused["left"], unused["days_left"]) == (0.0, None)


def left(store: Store, now_ms: int = T0) -> dict[str, tuple[float | None, int, float]]:
    return {each.food.name: (each.left_g, each.unknown, each.week_g) for each in store.food_queries().foods(now_ms)}


@pytest.mark.usefixtures("each_database")
def test_what_fell_counts_for_the_food_that_was_in_the_feeder_then(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        recorder = store.recorder
        pellets = recorder.submit_food(Food(name="Pellets", stock_g=100.0)).result()
        flakes = recorder.submit_food(Food(name="Flakes", stock_g=50.0)).result()
        number = recorder.submit_feeder(feeder(food=pellets)).result()

        def feed(operation: int, at_ms: int, **told: Any) -> None:
            recorder.submit_feeding(feeding(number, operation_id=operation, requested_ms=at_ms, **told)).result()

        feed(1, T0 - WEEK_MS - 1, status=Status.SUCCESS, portion_g=9.0)  # before the stock was counted
        feed(2, T0, status=Status.SUCCESS, portion_g=4.0)
        feed(3, T0 + 1, status=Status.FAILED, asked_g=3.0)
        feed(4, T0 + 2, status=Status.PARTIAL, asked_g=1.0)  # may have fallen
        recorder.submit_feeder(feeder(id=number, schedule=(), food=flakes)).result()
        feed(5, T0 + 3, status=Status.SUCCESS, portion_g=2.5)
        assert left(store, T0 + 10) == {"Pellets": (95.0, 1, 5.0), "Flakes": (47.5, 0, 2.5)}
        assert [f.food for f in store.feeder_queries().feeders()] == [flakes]


@pytest.mark.usefixtures("each_database")
def test_a_food_is_changed_counted_anew_and_deleted_only_when_nobody_holds_it(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        recorder = store.recorder
        one = recorder.submit_food(Food(name="Pellets", stock_g=100.0, fat=5.0)).result()
        recorder.submit_food(Food(id=one, name="Big pellets")).result()  # no stock: what was counted stays
        (known,) = store.food_queries().foods(T0)
        assert known.food == Food(id=one, name="Big pellets", stock_g=100.0)
        recorder.submit_food(Food(id=one, name="Big pellets", stock_g=20.0)).result()
        assert left(store) == {"Big pellets": (20.0, 0, 0.0)}
        with pytest.raises(TakenError, match="another name"):
            recorder.submit_food(Food(name="Big pellets")).result()
        with pytest.raises(NotKnownError, match="no food 99"):
            recorder.submit_food(Food(id=99, name="x")).result()
        with pytest.raises(RefusedError, match="no food 99"):
            recorder.submit_feeder(feeder(food=99)).result()
        number = recorder.submit_feeder(feeder(food=one)).result()
        with pytest.raises(TakenError, match="holds it"):
            recorder.submit_food_end(one).result()
        recorder.submit_feeder_end(number).result()
        recorder.submit_food_end(one).result()
        assert left(store) == {}
        with pytest.raises(NotKnownError):
            recorder.submit_food_end(one).result()
        recorder.submit_food(Food(name="Big pellets")).result()  # its name is free again


def test_commands_list_add_change_and_delete(tmp_path: Path) -> None:
    config = parse("[site]\nlatitude = 33.4\nlongitude = -112.0\nzone = 'America/Phoenix'\n")
    clock = ManualClock(wall_ms=T0)
    with opened(tmp_path / "a.db") as store:
        book = FeederBook(config, store.recorder, store.feeder_queries(), clock)
        commands = FoodCommands(store.recorder, store.food_queries(), book, clock).table

        def ask(name: str, **request: Any) -> dict[str, Any]:
            async def run() -> dict[str, Any]:
                return await commands[name](request)

            return asyncio.run(run())

        added = ask("food-add", food={"name": "Pellets", "protein": 45, "stock": 250})["food"]
        assert (added["left"], added["protein"], added["days_left"]) == (250.0, 45.0, None)
        changed = ask("food-change", id=added["id"], food={"name": "Pellets", "fat": 8})["food"]
        assert (changed["left"], changed["protein"], changed["fat"]) == (250.0, None, 8.0)
        assert ask("foods")["foods"] == [changed]
        with pytest.raises(CommandError):
            ask("food-change", id="one", food={"name": "x"})
        assert "stays" in ask("food-delete", id=added["id"])["text"]
        assert ask("foods")["foods"] == []
