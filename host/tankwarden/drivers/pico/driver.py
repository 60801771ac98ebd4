"""The Pico as the host's flows see it: a port that is opened for ever, a session on it, and a view of how it stands.

Everything here runs on the engine's loop; only opening the port, which may take the kernel a while, has a thread.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import serial

from tanklink import records
from tanklink.frames import FrameReader, pack
from tanklink.records import Record
from tankwarden.clock import Clock
from tankwarden.drivers.pico.advice import ASKING, OPENING, SILENT
from tankwarden.drivers.pico.configuration import BoardConfig
from tankwarden.drivers.pico.ports import PortError, open_port, resolve
from tankwarden.drivers.pico.session import SILENCE_S, TALKING, Answered, Happening, Phase, Session
from tankwarden.drivers.pico.wire import Wire

BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 2.0
LONGEST_SLEEP_S = 1.0  # so that the heartbeat goes on while nothing happens
ASIDE = "the Pico's port is left to another program for a while (tankwarden flash)"

Beat = Callable[[], None]


class Writes(Protocol):
    """Where frames go."""

    def write(self, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class PicoView:
    """How the Pico stands, at one instant. age_s: since the last STATUS; None = there was none yet."""

    connected: bool
    phase: Phase
    port: str
    message: str | None
    board_state: str
    trip_id: int
    welcome: records.Welcome | None
    status: records.Status | None
    status_at: float | None  # of the monotonic clock
    age_s: float | None
    health: records.Health | None
    budget: records.Budget | None
    silent_s: float | None  # since the last valid frame; None = there was none yet
    frames_ok: int
    damaged: int
    openings: int
    retries: int
    refused: Mapping[str, int]  # leases, by the reason of the NAK


class PicoDriver:
    """One Pico behind one port. told: called, on the loop, with each thing that happens, in order."""

    def __init__(
        self, port: str, board: BoardConfig, clock: Clock, *, version: str, random_uint: Callable[[], int],
        opener: Callable[[str], serial.Serial] = open_port,
    ) -> None:  # fmt: skip
        self._port, self._clock, self._opener = port, clock, opener
        self._session = Session(board, version=version, random_uint=random_uint)
        self._told: list[Callable[[Happening], None]] = []
        self._reader = FrameReader()
        self._wire: Writes | None = None
        self._wake = asyncio.Event()
        self._sleeps_until = 0.0
        self._problem: str | None = None  # of the port; the session has its own message
        self._path = port
        self._heard_at: float | None = None
        self._ok_before = self._damaged_before = 0  # counted by the readers of earlier openings
        self._openings = 0
        self._aside_until = 0.0  # of the monotonic clock: another program has the port

    def subscribe(self, told: Callable[[Happening], None]) -> None:
        """Be told of everything that happens: it must not raise, and not block."""
        self._told.append(told)

    # -- what the control tick and people use ------------------------------------------------------------------------

    def view(self) -> PicoView:
        """How it stands now."""
        now, session = self._clock.mono(), self._session
        age_s = None if session.status_at is None else now - session.status_at
        talks = session.phase in TALKING
        connected = talks and age_s is not None and age_s < SILENCE_S
        waiting = None if connected else SILENT if talks else OPENING if session.phase is Phase.CLOSED else ASKING
        return PicoView(
            connected=connected,
            phase=session.phase,
            port=self._path,
            message=self._problem or session.message or waiting,
            board_state=session.board_state,
            trip_id=session.trip_id,
            welcome=session.welcome,
            status=session.status,
            status_at=session.status_at,
            age_s=age_s,
            health=session.health,
            budget=session.budget,
            silent_s=None if self._heard_at is None else now - self._heard_at,
            frames_ok=self._ok_before + self._reader.counts[0],
            damaged=self._damaged_before + sum(self._reader.counts[1:]),
            openings=self._openings,
            retries=session.retries,
            refused=dict(session.refusals),
        )

    def identity(self) -> tuple[str, int] | None:
        """(board id, boot id) of the Pico that welcomed us last; None before any did."""
        welcome = self._session.welcome
        return None if welcome is None else (welcome.board_id.hex(), welcome.boot_id)

    def ready(self) -> bool:
        """Whether the session stands, so that the Pico can be asked."""
        return self._session.phase is Phase.READY

    def listens(self) -> bool:
        """Whether it takes what has nothing to do with circuits: also while it refuses their configuration."""
        return self._session.phase in (Phase.READY, Phase.REFUSED)

    def uptime_ms(self) -> int | None:
        """The Pico's clock now, as reckoned for leases; None if it was not heard lately."""
        return self._session.uptime_ms(self._clock.mono())

    def lease(self, circuit: int, ttl_ms: int) -> bool:
        """Keep the circuit closed for ttl_ms from now; whether that could be asked for."""
        granted = self._session.lease(circuit, self._clock.mono(), ttl_ms)
        self._send()
        return granted

    def release(self, circuit: int) -> None:
        """Open the circuit."""
        self._session.release(circuit, self._clock.mono())
        self._send()

    def permit_arming(self, for_s: float) -> None:
        """A clean, disarmed Pico may be armed within for_s from now."""
        self._session.permit_arming(self._clock.mono() + for_s)

    def stand_aside(self, for_s: float) -> None:
        """Close the port and leave it to another program; 0: take it again."""
        self._aside_until = self._clock.mono() + for_s
        self._wake.set()

    def reconfigure(self, board: BoardConfig) -> None:
        """The Pico is to hold another configuration from now on."""
        self._session.reconfigure(board, self._clock.mono())
        self._send()

    def acknowledge(self, event_id: int) -> None:
        """The events up to this one are stored."""
        self._session.acknowledge(event_id, self._clock.mono())
        self._send()

    async def command(self, record: Record) -> Record | None:
        """A person's command: the Pico's reply, or None if it gave none in four tries."""
        return await self._reply(self._session.command, record)

    async def inquire(self, record: Record) -> Record | None:
        """Something that has time: sent only while the Pico is ready and no command waits. None: ask again later."""
        return await self._reply(self._session.inquire, record)

    async def _reply(self, ask: Callable[[Record, Answered, float], None], record: Record) -> Record | None:
        reply: asyncio.Future[Record | None] = asyncio.get_running_loop().create_future()

        def answered(record: Record | None) -> None:
            if not reply.done():
                reply.set_result(record)

        ask(record, answered, self._clock.mono())
        self._send()
        return await reply

    # -- the port, for ever ------------------------------------------------------------------------------------------

    async def run(self, beat: Beat) -> None:
        """Open the port, talk, and open it again, until cancelled."""
        backoff_s = BACKOFF_FIRST_S
        while True:
            beat()
            if self._stands_aside():
                self._problem = ASIDE
                backoff_s = BACKOFF_FIRST_S
                await asyncio.sleep(BACKOFF_FIRST_S)
                continue
            try:
                port = await self._open()
            except PortError as error:
                self._problem = str(error)
            else:
                self._problem = None
                if await self._converse(port, beat):
                    backoff_s = BACKOFF_FIRST_S
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_MOST_S)

    def _stands_aside(self) -> bool:
        return self._clock.mono() < self._aside_until

    async def _open(self) -> serial.Serial:
        def find_and_open() -> serial.Serial:
            self._path = resolve(self._port)
            return self._opener(self._path)

        opening = asyncio.ensure_future(asyncio.to_thread(find_and_open))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)  # else the lock would outlive us
            raise

    async def _converse(self, port: serial.Serial, beat: Beat) -> bool:
        """Talk until the port is lost or is to be opened anew. Whether there ever was an understanding."""
        lost: list[str] = []

        def lose(why: str) -> None:
            lost.append(why)
            self._wake.set()

        understood = False
        wire = Wire(port, self.received, lose)
        try:
            self.attach(wire)
            while not lost and not self._session.wants_reopen and not self._stands_aside():
                beat()
                self.step()
                understood = understood or self._session.phase is Phase.READY
                await self._sleep()
            self._problem = f"{self._path}: {lost[0]}" if lost else None
        finally:
            wire.close()
            self.detach()
        return understood

    async def _sleep(self) -> None:
        """Until something is due or `_wake` is set."""
        now = self._clock.mono()
        due = self._session.deadline()
        self._sleeps_until = now + LONGEST_SLEEP_S if due is None else min(due, now + LONGEST_SLEEP_S)
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._sleeps_until - now)):
                await self._wake.wait()

    # -- one opening: what `run` calls, and tests on virtual time ----------------------------------------------------

    def attach(self, wire: Writes) -> None:
        """A port is open: begin a session on it."""
        self._ok_before += self._reader.counts[0]
        self._damaged_before += sum(self._reader.counts[1:])
        self._reader = FrameReader()
        self._openings += 1
        self._wire = wire
        self._session.opened(self._clock.mono())

    def detach(self) -> None:
        """The port is closed."""
        self._wire = None
        self._session.closed()
        self._tell()

    def step(self) -> None:
        """Do what is due."""
        self._session.tick(self._clock.mono())
        self._send()
        self._tell()

    def received(self, data: bytes) -> None:
        """Bytes arrived."""
        now = self._clock.mono()
        for frame in self._reader.feed(data):
            self._heard_at = now
            self._session.received(frame.seq, frame.record, now)
        self._send()
        self._tell()

    def _send(self) -> None:
        """Frames of the session's to the wire; and wake the conversation if something became due sooner."""
        for seq, record in self._session.take():
            if self._wire is not None:
                self._wire.write(pack(record, seq))
        due = self._session.deadline()
        if self._session.wants_reopen or (due is not None and due < self._sleeps_until):
            self._wake.set()

    def _tell(self) -> None:
        for happening in self._session.happenings():
            for told in self._told:
                told(happening)


def _close_opened(opening: "asyncio.Future[serial.Serial]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
