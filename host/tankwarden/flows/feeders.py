"""The feeders as people describe them: read, checked, stored, and then known to the flow that feeds."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from tankwarden.ceilings import ceilings
from tankwarden.clock import Clock
from tankwarden.config import Config, Servo
from tankwarden.errors import NotKnownError
from tankwarden.logic import feeder as rules
from tankwarden.logic.feeder import Feeder


class Keeps(Protocol):
    """What is needed of store.Recorder."""

    def submit_feeder(self, feeder: Feeder) -> "Future[int]": ...
    def submit_feeder_end(self, feeder: int) -> "Future[None]": ...


class Finds(Protocol):
    """What is needed of store.FeederQueries."""

    def feeders(self) -> list[Feeder]: ...


class FeederBook:
    """feeders: those that are there, by their id; None as long as the store has not been read."""

    def __init__(self, config: Config, recorder: Keeps, queries: Finds, clock: Clock) -> None:
        self._recorder, self._queries, self._clock = recorder, queries, clock
        self._enclosures = [enclosure.id for enclosure in config.enclosures]
        self.servos: Sequence[Servo] = config.servos
        self.longest_ms = ceilings()["MAX_FEEDING_MS"]
        self.feeders: Sequence[Feeder] | None = None

    async def load(self) -> None:
        """Read them. StoreError, and what was known stays."""
        self.feeders = await asyncio.to_thread(self._queries.feeders)

    def get(self, number: object) -> Feeder:
        """By its id. NotKnownError."""
        for feeder in self.feeders or ():
            if feeder.id == number:
                return feeder
        known = ", ".join(str(feeder.id) for feeder in self.feeders or ()) or "none"
        raise NotKnownError(f"there is no feeder {number}: there are {known}")

    def servo(self, feeder: Feeder) -> Servo | None:
        """As it is wired; None if the configuration has it no more."""
        return next((servo for servo in self.servos if servo.servo == feeder.servo), None)

    def most_turns(self, feeder: Feeder, servo: Servo) -> int:
        """That one feeding can have."""
        return rules.most_turns(feeder.config, servo, self.longest_ms)

    async def add(self, table: object) -> Feeder:
        """From JSON. RefusedError, TakenError or StoreError, and nothing was changed."""
        return await self._save(rules.succeed(self._read(table), None, self._clock.wall_ms()))

    async def change(self, number: object, table: object) -> Feeder:
        """The whole of it anew; an entry of the schedule stays the same one by its id. NotKnownError, and as add."""
        old = self.get(number)
        if isinstance(table, Mapping) and table.get("id") == number:
            table = {key: value for key, value in table.items() if key != "id"}
        return await self._save(rules.succeed(self._read(table), old, self._clock.wall_ms()))

    async def delete(self, number: object) -> Feeder:
        """It is there no more: its history stays, and a feeding that is under way is run to its end by the Pico."""
        old = self.get(number)
        assert old.id is not None
        await asyncio.wrap_future(self._recorder.submit_feeder_end(old.id))
        await self.load()
        return old

    def _read(self, table: object) -> Feeder:
        return rules.read_feeder(
            table, enclosures=self._enclosures, servos=self.servos, longest_ms=self.longest_ms
        )  # fmt: skip

    async def _save(self, feeder: Feeder) -> Feeder:
        number = await asyncio.wrap_future(self._recorder.submit_feeder(feeder))
        await self.load()
        return self.get(number)
