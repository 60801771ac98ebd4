"""What people ask of foods: rows for the table of commands, for the door of this machine and for the API."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from tankwarden.clock import Clock
from tankwarden.errors import NotKnownError, RefusedError
from tankwarden.flows.feeders import FeederBook
from tankwarden.logic.food import Food, Stocked, read_food, to_json

Request = Mapping[str, Any]
Answer = dict[str, Any]


class Keeps(Protocol):
    """What is needed of store.Recorder."""

    def submit_food(self, food: Food) -> "Future[int]": ...
    def submit_food_end(self, food: int) -> "Future[None]": ...


class Finds(Protocol):
    """What is needed of store.FoodQueries."""

    def foods(self, now_ms: int) -> Sequence[Stocked]: ...


class FoodCommands:
    """table: name → handler, each of which has a text in its answer. StoreError if the database fails."""

    def __init__(self, recorder: Keeps, queries: Finds, book: FeederBook, clock: Clock) -> None:
        self._recorder, self._queries, self._book, self._clock = recorder, queries, book, clock
        self.table: dict[str, Callable[[Request], Awaitable[Answer]]] = {
            "foods": self._list,
            "food-add": self._add,
            "food-change": self._change,
            "food-delete": self._delete,
        }

    async def _list(self, _request: Request) -> Answer:
        foods = await self._foods()
        return {"text": f"{len(foods)} foods", "foods": foods}

    async def _foods(self) -> list[Answer]:
        found = await asyncio.to_thread(self._queries.foods, self._clock.wall_ms())
        return [to_json(stocked, self._book.feeders or ()) for stocked in found]

    async def _add(self, request: Request) -> Answer:
        food = read_food(request.get("food"))
        return await self._saved(food, "added")

    async def _change(self, request: Request) -> Answer:
        food = replace(read_food(request.get("food")), id=_number(request))
        return await self._saved(food, "changed")

    async def _saved(self, food: Food, done: str) -> Answer:
        number = await asyncio.wrap_future(self._recorder.submit_food(food))
        shown = next((each for each in await self._foods() if each["id"] == number), None)
        if shown is None:
            raise NotKnownError(f"food {number} was deleted in the meantime")
        return {"text": f"food {number}, {food.name}, is {done}", "food": shown}

    async def _delete(self, request: Request) -> Answer:
        number = _number(request)
        await asyncio.wrap_future(self._recorder.submit_food_end(number))
        return {"text": f"food {number} is deleted; what was fed of it stays"}


def _number(request: Request) -> int:
    number = request.get("id")
    if type(number) is not int or number < 1:
        raise RefusedError(f"{number!r} is no number of a food: tankwarden foods lists them", "id")
    return number
