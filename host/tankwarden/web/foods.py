"""/api/foods/: what the feeders hold, what is left of it, for how many days; changing wants this machine's token."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import bottle

from tankwarden.errors import TankwardenError
from tankwarden.web.api import Sources
from tankwarden.web.feeders import as_problem, only_here
from tankwarden.web.responses import json_body, json_request, problem

ID = "<food:re:[0-9]{1,9}>"
Handler = Callable[..., bytes]
_WORDS = ("Foods are changed", "tankwarden foods")


class FoodApi:
    """The handlers; each parses, calls and renders."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def routes(self) -> tuple[tuple[str, str, Handler], ...]:
        """(method, path, handler)."""
        return (
            ("GET", "/api/foods/", self.all),
            ("POST", "/api/foods/", self.add),
            ("GET", f"/api/foods/{ID}/", self.one),
            ("PUT", f"/api/foods/{ID}/", self.change),
            ("DELETE", f"/api/foods/{ID}/", self.delete),
        )

    def all(self) -> bytes:
        return _sent({"foods": self._ask({"cmd": "foods"})["foods"]})

    def one(self, food: str) -> bytes:
        for row in self._ask({"cmd": "foods"})["foods"]:
            if row["id"] == int(food):
                return _sent(row)
        raise problem(HTTPStatus.NOT_FOUND, f"There is no food {food}: /api/foods/ lists them")

    def add(self) -> bytes:
        only_here(self._sources.token, *_WORDS)
        return _sent(self._ask({"cmd": "food-add", "food": json_request()})["food"], HTTPStatus.CREATED)

    def change(self, food: str) -> bytes:
        only_here(self._sources.token, *_WORDS)
        return _sent(self._ask({"cmd": "food-change", "id": int(food), "food": json_request()})["food"])

    def delete(self, food: str) -> bytes:
        only_here(self._sources.token, *_WORDS)
        return _sent(self._ask({"cmd": "food-delete", "id": int(food)}))

    def _ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._sources.command(request)
        except TankwardenError as error:
            raise as_problem(error) from error


def _sent(answer: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> bytes:
    bottle.response.status = status.value
    bottle.response.content_type = "application/json"
    bottle.response.set_header("Cache-Control", "no-store")
    return json_body(answer).data
