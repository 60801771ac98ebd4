"""Weather at a person's wish: seeded effects that the Pico plays over its plans and ends by itself."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tanklink import records
from tanklink.records import Record
from tankwarden.clock import Clock
from tankwarden.config_lights import Light
from tankwarden.drivers.pico.advice import nak_text
from tankwarden.drivers.pico.lights import effect_end, effect_record
from tankwarden.drivers.pico.session import nak_reason
from tankwarden.errors import CommandError
from tankwarden.logic.weather import weather

BEGIN_MS = 200  # from a button to the first drop, so that every effect of it is there in time
_IDS = 65_535


class Plays(Protocol):
    """What is needed of the Pico."""

    def ready(self) -> bool: ...
    def uptime_ms(self) -> int | None: ...
    async def command(self, record: Record) -> Record | None: ...


@dataclass(frozen=True, slots=True)
class Running:
    """What was asked for, until an instant of wall time (UTC ms) at the latest. effects: their ids on the Pico."""

    kind: str
    until_ms: int
    seed: int
    effects: tuple[int, ...]


class Weather:
    """lights: all of the configuration; the weather is over every one of them."""

    def __init__(self, lights: Sequence[Light], clock: Clock, pico: Plays) -> None:
        self._lights, self._clock, self._pico = lights, clock, pico
        self._running: tuple[Running, ...] = ()
        self._next_id = random.SystemRandom().randrange(_IDS)

    def running(self) -> tuple[Running, ...]:
        """What this program has begun and is not over."""
        now_ms = self._clock.wall_ms()
        self._running = tuple(one for one in self._running if now_ms < one.until_ms)
        return self._running

    async def begin(self, kind: str, seconds: int, depth: float, seed: int | None = None) -> Running:
        """Weather of logic.weather.KINDS from now on. CommandError, and the sky stays as it was, if it cannot be."""
        uptime_ms = self._pico.uptime_ms()
        if not self._lights:
            raise CommandError("there are no lights: add a [[light]] to the configuration")
        if uptime_ms is None or not self._pico.ready():
            raise CommandError("the Pico is not connected: try again when it is")
        seed = random.SystemRandom().getrandbits(30) if seed is None else seed
        effects = weather(kind, seconds * 1000, depth, seed)
        channels = [light.channel for light in self._lights]
        begun: list[int] = []
        for effect in effects:
            begun.append(self._new_id())
            reply = await self._pico.command(effect_record(effect, begun[-1], channels, uptime_ms + BEGIN_MS))
            if reply is None or isinstance(reply, records.Nak):
                await self._take_away(begun)
                why = "the Pico did not answer" if reply is None else nak_text(nak_reason(reply))
                raise CommandError(f"no {kind}: {why}")
        last_ms = max(effect.start_ms + effect.duration_ms + 8 * effect.drift_ms for effect in effects) + BEGIN_MS
        one = Running(kind, self._clock.wall_ms() + round(last_ms * self._clock.speed), seed, tuple(begun))
        self._running = (*self.running(), one)
        return one

    async def clear(self) -> int:
        """A clear sky at once. How many kinds of weather were ended; CommandError if the Pico did not answer."""
        running = self.running()
        if not await self._take_away([effect for one in running for effect in one.effects]):
            raise CommandError("the Pico did not answer: try again")
        self._running = ()
        return len(running)

    async def _take_away(self, effects: Sequence[int]) -> bool:
        replies = [await self._pico.command(effect_end(effect)) for effect in effects]
        return None not in replies

    def _new_id(self) -> int:
        self._next_id = self._next_id % _IDS + 1
        return self._next_id
