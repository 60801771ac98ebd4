"""A feeder's whole way on virtual time: a real database, the real flows, driver and session, and a Pico that feeds.

The host can be killed at any of its awaits, and at any instant between an effect and its answer; the next one begins
on the same database and the same Pico. What the Pico dropped is the truth that the history is held against.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tanklink import records
from tanklink.records import Record
from tankwarden import config as settings
from tankwarden import wiring
from tankwarden.clock import ManualClock
from tankwarden.drivers import registry
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.events import Event
from tankwarden.flows.events import Events
from tankwarden.flows.feeders import FeederBook
from tankwarden.flows.feeding import FeedingFlow
from tankwarden.logic.feeder import Feeder
from tankwarden.logic.feeding import Feeding, Status
from tankwarden.store import Store, open_store

STEP_S = 0.05
MORNING_MS = 1_781_593_190_000  # 2026-06-15 23:59:50 in Phoenix
ZONE = "America/Phoenix"
TOML = """
[site]
latitude = 33.45
longitude = -112.07
zone = "America/Phoenix"
[[enclosure]]
id = "reef"
name = "Reef"
kind = "reef"
[[servo]]
servo = 1
drop_sensor = true
[[servo]]
servo = 2
max_turns = 5
"""
FEEDER: dict[str, Any] = {
    "name": "Pellets", "enclosure": "reef", "servo": 1,
    "servo_config": {"rotate_duration": 300, "feed_hold_duration": 200, "portion_size": 0.5, "turns": 2},
}  # fmt: skip


class Pico(Protocol):
    """The Pico's end of the wire."""

    def receive(self, data: bytes, now: float) -> bytes: ...
    def tick(self, now: float) -> bytes: ...


class Inline(ThreadPoolExecutor):
    """Work for threads is done at once, so that nothing depends on when."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Life:
    """How far this host may live. points: the names of those that it came to, two of every effect: before and after.

    die_at_point, die_at_await: the number of the one that is its last, 0 = it lives on.
    """

    def __init__(self, die_at_point: int = 0, die_at_await: int = 0) -> None:
        self.points: list[str] = []
        self.awaits = 0
        self.dead = False
        self._point, self._await = die_at_point, die_at_await

    def point(self, name: str) -> bool:
        """Whether it is still alive behind this point."""
        if not self.dead:
            self.points.append(name)
            self.dead = len(self.points) == self._point
        return not self.dead

    def suspended(self) -> None:
        self.awaits += 1
        self.dead = self.dead or self.awaits == self._await


class Counted:
    """A coroutine whose every await counts; one that has died is never resumed."""

    def __init__(self, work: Coroutine[Any, Any, None], life: Life) -> None:
        self._work, self._life = work, life

    def __await__(self) -> Generator[Any, Any, None]:
        resume: Callable[[], Any] = partial(self._work.send, None)
        while True:
            try:
                waits = resume()
            except StopIteration:
                return
            self._life.suspended()
            try:
                yield waits
            except BaseException as error:  # a failure that it waited for, or its end
                if self._life.dead:
                    raise
                resume = partial(self._work.throw, error)
            else:
                resume = partial(self._work.send, None)
            if self._life.dead:
                yield asyncio.get_running_loop().create_future()  # for ever


class MortalRecorder:
    """The recorder, whose every write has a point before it and one after its commit."""

    def __init__(self, store: Store, life: Life) -> None:
        self._recorder, self._life = store.recorder, life

    def __getattr__(self, name: str) -> Callable[..., "Future[Any]"]:
        def submit(*args: Any) -> "Future[Any]":
            answer: Future[Any] = Future()
            if not self._life.dead and self._life.point(f"{name} before"):
                try:
                    result = getattr(self._recorder, name)(*args).result()
                except Exception as error:
                    answer.set_exception(error)
                    return answer
                if self._life.point(f"{name} after"):
                    answer.set_result(result)
            return answer

        return submit


class MortalPico:
    """The driver, whose every command of the feeders has a point before it, and one before its reply is seen."""

    def __init__(self, driver: PicoDriver, life: Life) -> None:
        self._driver, self._life = driver, life
        self.identity, self.ready, self.uptime_ms = driver.identity, driver.ready, driver.uptime_ms

    async def command(self, record: Record) -> Record | None:
        name = type(record).__name__
        if self._life.dead or not self._life.point(f"{name} before"):
            await asyncio.get_running_loop().create_future()
        reply = await self._driver.command(record)
        if not self._life.point(f"{name} answered"):
            await asyncio.get_running_loop().create_future()
        return reply

    def acknowledge(self, event_id: int) -> None:
        if not self._life.dead and self._life.point("EventAck before"):
            self._driver.acknowledge(event_id)


class Host:
    """One life of the host."""

    def __init__(self, house: "FeedHouse", life: Life) -> None:
        self.house, self.life = house, life
        self.notes: list[Event] = []
        self.logs: list[str] = []
        config = house.config
        chance = house.chance
        self.driver = PicoDriver(
            "/dev/nowhere", wiring.board_of(config), house.clock, version="0.1.0",
            random_uint=lambda: chance.getrandbits(30),
        )  # fmt: skip
        recorder: Any = MortalRecorder(house.store, life)
        pico = MortalPico(self.driver, life)
        queries = house.store.feeder_queries()
        self.book = FeederBook(config, recorder, queries, house.clock)
        self.flow = FeedingFlow(
            recorder, queries, house.clock, pico, self.book, ZONE,
            log=self._log, note=self.notes.append, mint=lambda: house.mint(),
        )  # fmt: skip
        self.events = Events(
            recorder, house.store.queries(wiring.calibration_of(config)), house.clock, pico, self._log,
            stored=self.flow.stored,
        )  # fmt: skip
        self.driver.subscribe(self.events.told)
        self._tasks: list[asyncio.Task[None]] = []
        self._answers = b""
        self._look = asyncio.Event()
        self.driver.attach(self)

    def _log(self, level: str, category: str, text: str) -> None:
        self.logs.append(f"{level} {category}: {text}")

    def start(self) -> None:
        """Its tasks, as app.py has them."""

        async def steps() -> None:
            while not self.life.dead:
                await Counted(self.flow.step(), self.life)
                self._look.clear()
                await self._look.wait()

        self._tasks = [asyncio.ensure_future(steps()), asyncio.ensure_future(self.events.run(lambda: None))]

    def write(self, data: bytes) -> None:
        """What the driver sends; FEED and FEED_STATUS have a point when they are delivered."""
        if self.life.dead:
            return
        told = len(self.house.delivered())
        self._answers += self.house.pico.receive(data, self.house.clock.mono())
        for record in self.house.delivered()[told:]:
            if not self.life.point(f"{type(record).__name__} delivered"):
                self._answers = b""

    async def exchange(self, sent: bytes) -> None:
        """What the Pico sends arrives, and everything that can go on does."""
        if not self.life.dead and self.house.plugged:
            answers, self._answers = self._answers, b""
            self.driver.received(answers + sent)
            self.driver.step()
        self._look.set()
        for _ in range(8):
            await asyncio.sleep(0)
        for task in self._tasks:
            if task.done() and not task.cancelled() and not self.life.dead:
                task.result()  # whatever it raises is a fault

    async def end(self) -> None:
        """Gone, without a word: nothing that it would still do has any effect."""
        self.life.dead = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class FeedHouse:
    """`run` lets time pass. pico: a FakePico, or another with the same two methods and `delivered`."""

    def __init__(self, folder: Path, pico: Any = None, *, wall_ms: int = MORNING_MS, text: str = TOML) -> None:
        self.config = settings.parse(text, "test.toml", registry.parameters())
        self.clock = ManualClock(wall_ms, 1000.0)
        self.chance = random.Random(11)
        self.pico: Any = pico or FakePico(900.0)
        self.database = folder / "a.db"
        self.open()
        self.minted: list[int] = []
        self.plugged = True
        self.host: Host | None = None

    def open(self) -> None:
        """The database, at the start or after it was closed."""
        self.store = open_store(self.database, wall_ms=self.clock.wall_ms, retry_s=0.03, busy_s=0.05)
        self.queries = self.store.feeder_queries()

    def mint(self) -> int:
        self.minted.append(self.chance.getrandbits(60))
        return self.minted[-1]

    def delivered(self) -> list[Record]:
        """The records of the feeders that reached the Pico."""
        return [r for r in self.pico.told if isinstance(r, records.Feed | records.FeedStatus)]

    async def start(self, life: Life | None = None) -> Host:
        asyncio.get_running_loop().set_default_executor(Inline())
        self.host = Host(self, life or Life())
        self.host.start()
        return self.host

    async def kill(self) -> None:
        """The host is gone; its port is closed by the kernel."""
        assert self.host is not None
        await self.host.end()
        self.host = None

    def settled(self) -> bool:
        """Whether there was a feeding and nothing is open of any: neither its end nor what the Pico tells of it."""
        rows = self.history()
        return bool(rows) and not self.pico.events and all(row.status is not Status.PENDING for row in rows)

    async def settle(self, seconds: float) -> None:
        """Let time pass until it is settled, at most so long, and a moment longer."""
        for _ in range(round(seconds)):
            if self.settled() or (self.host is not None and self.host.life.dead):
                break
            await self.run_until_dead(1.0)
        await self.run_until_dead(1.0)

    async def run_until_dead(self, seconds: float) -> None:
        """At most so long."""
        host = self.host
        await self.run(seconds, until=lambda: host is not None and host.life.dead)

    async def run(self, seconds: float, until: Callable[[], object] = lambda: False) -> None:
        for _ in range(round(seconds / STEP_S)):
            sent = self.pico.tick(self.clock.mono())
            if self.host is not None:
                await self.host.exchange(sent)
            self.clock.advance(STEP_S)
            if until():
                return

    def add(self, table: dict[str, Any] | None = None, **further: Any) -> Feeder:
        """A feeder in the database, as if it had been there before."""

        async def add() -> Feeder:
            asyncio.get_running_loop().set_default_executor(Inline())
            book = FeederBook(self.config, self.store.recorder, self.queries, self.clock)
            return await book.add({**(table or FEEDER), **further})

        return asyncio.run(add())

    def history(self) -> list[Feeding]:
        """Oldest first."""
        return self.queries.feedings()[::-1]

    def close(self) -> None:
        self.store.close()


async def started(house: FeedHouse) -> Host:
    """A host that has an understanding with the Pico."""
    host = await house.start()
    await house.run(2.0, until=host.driver.ready)
    assert host.driver.ready()
    await house.run(0.2)
    return host


async def fed_by_hand(house: FeedHouse, host: Host, portion_g: float | None = None, name: int = 0) -> Feeding:
    """The person's wish, answered."""
    asked = asyncio.ensure_future(host.flow.feed((host.book.feeders or ())[name], portion_g))
    await house.run(3.0, until=asked.done)
    return await asked


def only(house: FeedHouse) -> Feeding:
    """The one feeding that there is."""
    (feeding,) = house.history()
    return feeding
