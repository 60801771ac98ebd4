"""What people ask of the feeders: rows for the table of commands, for the door of this machine and for the API."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tankwarden.errors import CommandError, NotKnownError, RefusedError
from tankwarden.flows.feeders import FeederBook
from tankwarden.flows.feeding import FeedingFlow
from tankwarden.logic.feeder import Feeder
from tankwarden.logic.feeding import Status

Request = Mapping[str, Any]
Answer = dict[str, Any]


class FeederCommands:
    """table: name → handler, each of which has a text in its answer."""

    def __init__(self, book: FeederBook, flow: FeedingFlow) -> None:
        self._book, self._flow = book, flow
        self.table: dict[str, Callable[[Request], Awaitable[Answer]]] = {
            "feeders": self._list,
            "feeder-add": self._add,
            "feeder-change": self._change,
            "feeder-delete": self._delete,
            "feed": self._feed,
            "feeder-test": self._test,
        }

    async def _list(self, _request: Request) -> Answer:
        feeders = [feeder.to_json() for feeder in self._book.feeders or ()]
        return {"text": f"{len(feeders)} feeders", "feeders": feeders}

    async def _add(self, request: Request) -> Answer:
        feeder = await self._book.add(request.get("feeder"))
        self._flow.changed()
        return {"text": f"feeder {feeder.id}, {feeder.name}, is added", "feeder": feeder.to_json()}

    async def _change(self, request: Request) -> Answer:
        feeder = await self._book.change(request.get("id"), request.get("feeder"))
        self._flow.changed()
        return {"text": f"feeder {feeder.id}, {feeder.name}, is changed", "feeder": feeder.to_json()}

    async def _delete(self, request: Request) -> Answer:
        feeder = await self._book.delete(request.get("id"))
        self._flow.changed()
        return {"text": f"feeder {feeder.id}, {feeder.name}, is deleted; its history stays"}

    async def _feed(self, request: Request) -> Answer:
        feeder = self._feeder(request)
        portion = request.get("portion")
        if portion is not None and (type(portion) not in (int, float) or not 0 < portion <= 1000):
            raise RefusedError(f"{portion!r} is no portion: give grams, more than 0 and at most 1000", "portion")
        feeding = await self._flow.feed(feeder, None if portion is None else float(portion))
        told = {Status.PENDING: f"{feeder.name} is asked for {feeding.asked_g:g} g"}
        return {"text": told.get(feeding.status, f"{feeder.name}: {feeding.status}"), "feeding": feeding.to_json()}

    async def _test(self, request: Request) -> Answer:
        feeder = self._feeder(request)
        await self._flow.test(feeder)
        return {"text": f"{feeder.name} moves there and back once; that is no feeding"}

    def _feeder(self, request: Request) -> Feeder:
        """By its id, or by its name if no other feeder has it."""
        wanted = request.get("feeder")
        named = [feeder for feeder in self._book.feeders or () if feeder.name == wanted]
        if len(named) > 1:
            numbers = ", ".join(str(feeder.id) for feeder in named)
            raise CommandError(f"{len(named)} feeders are called {wanted}: name one by its number, of {numbers}")
        if isinstance(wanted, str) and wanted.isascii() and wanted.isdigit() and not named:
            wanted = int(wanted)
        if not named and type(wanted) is not int:
            known = ", ".join(f"{feeder.id} {feeder.name}" for feeder in self._book.feeders or ()) or "none"
            raise NotKnownError(f"there is no feeder {wanted!r}: there are {known}")
        return named[0] if named else self._book.get(wanted)
