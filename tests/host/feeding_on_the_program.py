"""The host killed at every point of a feeding, with the very program of the Pico at the other end of the wire.

Run as a program of its own (its modules take the names of the chip's): FIRST STEP kills at each STEP-th point from
FIRST on. Prints one line for each life: the point, what fell, and what the history says.
"""

import asyncio
import importlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
for place in ("tests/mcu/scenarios", "protocol", "mcu", "host/tankwarden/sim/shims"):
    sys.path.insert(0, str(REPO / place))

importlib.import_module("chip_time").install()
Farm: Any = importlib.import_module("virtual_feeder").Farm

from feed_house import FeedHouse, Life  # noqa: E402 - found through the lines above

from tanklink.frames import FrameReader  # noqa: E402
from tanklink.records import Record  # noqa: E402
from tanklink.schema import HOST  # noqa: E402
from tankwarden.logic.feeding import Status  # noqa: E402

MEAL: dict[str, Any] = {"schedule": [{"name": "Night", "time": "00:00"}]}
PASSES_AT_MOST = 100  # of one look at the clock


class FarmPico:
    """The program on its virtual board, as FeedHouse wants a Pico."""

    def __init__(self, now: float) -> None:
        self.farm = Farm()
        self.told: list[Record] = []
        self._reader = FrameReader(HOST)
        self._plug(now)

    def _plug(self, now: float) -> None:
        self._began, self._began_us = now, self.farm.backend.clock_us

    @property
    def events(self) -> list[None]:
        """As many as the host has not acknowledged."""
        return [None] * int(self.farm.program.journal.count)

    @property
    def portions(self) -> int:
        return int(self.farm.hoppers.portions())

    def receive(self, data: bytes, _now: float) -> bytes:
        self.told += [frame.record for frame in self._reader.feed(data)]
        self.farm.port.feed(data)
        return b""

    def tick(self, now: float) -> bytes:
        due_us = self._began_us + round((now - self._began) * 1e6)
        out = b""
        for _ in range(PASSES_AT_MOST):
            if self.farm.backend.clock_us >= due_us:
                break
            ticks: Any = time
            began = ticks.ticks_us()
            self.farm.program.step(began)
            self.farm.program.wait(began)
            out += self.farm.port.take()
        return out

    def restart(self, now: float) -> None:
        """The power was cut."""
        self.farm = self.farm.restarted()
        self._plug(now)


def lived(folder: Path, die_at: int, restart: bool) -> str:
    """One life and the next. AssertionError if what fell and what is told differ."""
    house = FeedHouse(folder, FarmPico(1000.0))
    house.add(**MEAL)
    life = Life(die_at_point=die_at)

    async def live() -> None:
        house.clock.advance(8.5)
        house.pico._plug(house.clock.mono())
        await house.start(life)
        await house.settle(30.0)
        await house.kill()
        if restart:
            await house.run(0.3)
            house.pico.restart(house.clock.mono())
        await house.run(2.0)
        await house.start()
        await house.settle(45.0)
        await house.kill()

    asyncio.run(live())
    (row,) = house.history()
    house.close()
    died = 0 < die_at <= len(life.points)
    fell, where = house.pico.portions, life.points[die_at - 1] if died else "nowhere"
    said = f"{die_at} {where.replace(' ', '_')} {fell} {row.status}"
    allowed = {Status.SUCCESS: (2,), Status.FAILED: (0,), Status.PARTIAL: (0, 1, 2)}[row.status]
    assert fell in allowed, said
    assert restart or row.status is not Status.PARTIAL, said
    assert len(house.pico.events) == 0, said
    return said


def main(first: int, step: int, restart: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        number = first
        while True:
            place = Path(folder) / str(number)
            place.mkdir()
            said = lived(place, number, restart)
            print(said, flush=True)
            if number and said.split()[1] == "nowhere":
                return
            number += step


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "restart" in sys.argv)
