"""The host's own session code at the emulated USB port, on simulated time, with a control tick that holds circuits.

PicoDriver, Session and PicoCircuit are the real ones; what stands in for the engine is only the loop that calls them.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tanklink import records
from tanklink.records import Record
from tankwarden import config
from tankwarden.config import Config
from tankwarden.demo.configuration import demo_config
from tankwarden.drivers.pico.circuit import PicoCircuit
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.drivers.pico.session import Arrived, Happening, JournalRecord
from tankwarden.wiring import board_of

from .client import MS, Chip, S
from .errors import NotReachedError

TICK_NS = 200 * MS
HOLD_NS = 500 * MS  # leases are renewed at 2 Hz
STEP_NS = 10 * MS
PERMIT_ARMING_S = 1.0
TTL_MS = 2000


class ChipClock:
    """The host's clock, running as the chip's simulated time does."""

    speed = 1.0

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def wall_ms(self) -> int:
        return self._chip.ns // MS

    def mono(self) -> float:
        return self._chip.ns / S


class _Port:
    """Where the driver's frames go."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def write(self, data: bytes) -> None:
        self._chip.send(data)


class Host:
    """One host on one chip. Time passes by `live`; `heats`: the circuits that the control tick holds closed."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._settings = demo_settings()
        self._numbers: Iterator[int] = count(1)
        self._read = len(chip.received)
        self._tick_at = self._hold_at = 0
        self.connected = False
        self.heats: set[int] = set()
        self.events: list[JournalRecord] = []  # of the chip's journal, each once, acknowledged as stored
        self.statuses: list[records.Status] = []
        self.held_at = 0  # when the last leases were sent
        self.driver = PicoDriver(
            "emulated",
            board_of(self._settings),
            ChipClock(chip),
            version="chip",
            random_uint=lambda: next(self._numbers),
        )
        self.driver.subscribe(self._told)
        self._circuits = {number: PicoCircuit(self.driver, number, TTL_MS) for number in (1, 2)}

    def _told(self, happening: Happening) -> None:
        if not isinstance(happening, Arrived):
            return
        if isinstance(happening.record, records.Status):
            self.statuses.append(happening.record)
            return
        seen = {(event.boot_id, event.event_id) for event in self.events}
        if (happening.record.boot_id, happening.record.event_id) not in seen:
            self.events.append(happening.record)
        self.driver.acknowledge(happening.record.event_id)

    # -- the port ----------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Open the port and begin a session, once the chip is on the bus."""
        self._chip.run_until(self._chip.usb_ready, "USB", 3 * S, STEP_NS)
        self._chip.open_port(True)
        self._read = len(self._chip.received)
        self.connected = True
        self.driver.attach(_Port(self._chip))

    def die(self) -> None:
        """Killed: the kernel closes the port, and nobody says anything any more."""
        self.connected = False
        self._chip.open_port(False)
        self.driver.detach()

    # -- time --------------------------------------------------------------------------------------------------------

    def live(self, ns: int) -> None:
        """The host does what it does, for so long."""
        end = self._chip.ns + ns
        while self._chip.ns < end:
            self._chip.run(min(STEP_NS, end - self._chip.ns), "received")
            self._do_what_is_due()

    def live_until(self, done: Callable[[], bool], what: str, limit_ns: int = 5 * S) -> None:
        """Until done(); NotReachedError with how it stands."""
        end = self._chip.ns + limit_ns
        while not done():
            if self._chip.ns >= end:
                raise NotReachedError(f"no {what} within {limit_ns / MS:g} ms: {self.standing()}")
            self.live(min(STEP_NS, end - self._chip.ns))

    def _do_what_is_due(self) -> None:
        if not self.connected:
            return
        for _, data in self._chip.received[self._read :]:
            self.driver.received(data)
        self._read = len(self._chip.received)
        now = self._chip.ns
        if now >= self._tick_at:
            self._tick_at = now + TICK_NS
            self.driver.permit_arming(PERMIT_ARMING_S)
        if now >= self._hold_at and self.heats:
            self._hold_at = now + HOLD_NS
            for number in sorted(self.heats):
                self._circuits[number].hold()
            self.held_at = now
        self.driver.step()
        if self.driver._session.wants_reopen:  # what PicoDriver.run does with a real port
            self.driver.detach()
            self.driver.attach(_Port(self._chip))

    def standing(self) -> str:
        view = self.driver.view()
        return f"{view.phase} {view.board_state} {view.message or ''} relays {self._chip.relays()} {self.events[-3:]}"

    # -- wishes ------------------------------------------------------------------------------------------------------

    def release(self, number: int) -> None:
        """Open a circuit."""
        self.heats.discard(number)
        self._circuits[number].release()

    def command(self, record: Record) -> Record | None:
        """A person's command and the chip's reply."""

        async def conversation() -> Record | None:
            asked = asyncio.ensure_future(self.driver.command(record))
            await asyncio.sleep(0)
            while not asked.done():
                self.live(STEP_NS)
                await asyncio.sleep(0)
            return asked.result()

        return asyncio.run(conversation())

    def armed(self) -> bool:
        """Whether the board is armed and the session knows it."""
        return self.driver.view().phase == "ready" and self.driver.view().board_state == "armed"


def demo_settings() -> Config:
    """The configuration of the demo's house."""
    clock = {"epoch_wall_ms": 0, "epoch_mono_ns": 0, "speed": 1.0}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(demo_config("emulated", clock))
        return config.load(path)
