"""Energy for the page: kWh today and in the last 24 hours, asked of the store in a thread every few seconds."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from tankwarden.clock import Clock
from tankwarden.errors import StoreError
from tankwarden.flows.supervise import Beat, Log

PERIOD_S = 2.0
DAY_MS = 86_400_000


class Sums(Protocol):
    """What is needed of store.Queries."""

    def energies_wh(self, t0_ms: int, t1_ms: int) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class Energy:
    """By circuit id."""

    kwh_24h: Mapping[str, float]
    kwh_today: Mapping[str, float]


class Totals:
    """energy: the newest; None as long as the store could not be asked."""

    def __init__(self, queries: Sums, clock: Clock, zone: str, log: Log) -> None:
        self._queries, self._clock, self._log = queries, clock, log
        self._zone = ZoneInfo(zone)
        self._failing = False
        self.energy: Energy | None = None

    async def run(self, beat: Beat) -> None:
        """Ask for ever."""
        while True:
            await self.refresh()
            beat()
            await asyncio.sleep(PERIOD_S)

    async def refresh(self) -> None:
        """Ask now. A store that fails costs the figure, not the task."""
        try:
            self.energy = await asyncio.to_thread(self._ask, self._clock.wall_ms())
            self._failing = False
        except StoreError as error:
            self.energy = None
            if not self._failing:
                self._log("error", "energy", str(error))
            self._failing = True

    def _ask(self, now_ms: int) -> Energy:
        today_ms = midnight_ms(now_ms, self._zone)
        return Energy(
            _kwh(self._queries.energies_wh(now_ms - DAY_MS, now_ms)),
            _kwh(self._queries.energies_wh(today_ms, now_ms)),
        )  # fmt: skip


def midnight_ms(now_ms: int, zone: ZoneInfo) -> int:
    """UTC ms of the day's first instant, by the wall of the zone."""
    local = datetime.fromtimestamp(now_ms / 1000, zone)
    return round(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _kwh(wh: Mapping[str, float]) -> dict[str, float]:
    return {circuit: value / 1000 for circuit, value in wh.items()}
