"""A session and a FakePico on virtual time, with a transport between them that may chop, delay, lose and damage."""

import random
from collections.abc import Callable
from typing import TypeVar

from tanklink.frames import FrameReader, pack
from tanklink.records import ConfigCircuit, Record
from tankwarden.drivers.pico.configuration import BoardConfig, board_config
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.drivers.pico.session import Happening, Session

R = TypeVar("R", bound=Record)
STEP_S = 0.005
CIRCUIT = ConfigCircuit(
    circuit=1, enabled=True, resistance_mohm=32_000, current_limit_ma=11_000, temperature_limit_m_degf=160_000,
    short_min_ma=300, short_tolerance_permille=600, sequence_ms=100, voltage_limit_mv=450_000, voltage_min_mv=60_000,
    impedance_tolerance_permille=300, leak_ma=300, no_rise_wh=2000, no_rise_m_degf=1000, stuck_s=900,
    rate_m_degf_per_s=2000, watch_impedance=True, watch_leakage=True,
)  # fmt: skip
TABLES = {
    "current_1": ((372, 0), (4068, 14_000)),
    "voltage_1": ((0, 0), (4095, 500_000)),
    "temperature_1": ((600, 212_000), (2000, 110_000), (3600, 32_000)),
}


def board(*circuits: ConfigCircuit) -> BoardConfig:
    return board_config(circuits, TABLES)


def told_of(pico: FakePico, kind: type[R]) -> list[R]:
    """What the Pico was told of one kind, typed as that kind, so that its fields can be read."""
    return [record for record in pico.told_of(kind) if isinstance(record, kind)]


class Line:
    """One direction: bytes put in come out whole and at once."""

    def __init__(self, seed: int = 0) -> None:
        self.chance = random.Random(seed)
        self.waiting: list[tuple[float, bytes]] = []

    def put(self, data: bytes, now: float) -> None:
        if data:
            self.waiting.append((now, data))

    def get(self, now: float) -> bytes:
        out = b"".join(data for at, data in self.waiting if at <= now)
        self.waiting = [(at, data) for at, data in self.waiting if at > now]
        return out


class Chopped(Line):
    """In pieces of 1 to 7 bytes, every piece its own step."""

    def get(self, now: float) -> bytes:
        whole = super().get(now)
        size = 60 * self.chance.randint(1, 7)  # of a step's worth: 60 pieces
        self.put(whole[size:], now)
        return whole[:size]


class Delayed(Line):
    """Every piece late, by a time that wanders up to most_s; in order."""

    most_s = 0.03
    last = 0.0

    def put(self, data: bytes, now: float) -> None:
        self.last = max(self.last, now + self.chance.uniform(0, self.most_s))
        super().put(data, self.last)


class Sluggish(Delayed):
    """Late by up to 150 ms: beyond the first timeout."""

    most_s = 0.15


class Lossy(Line):
    """One byte in 500 is lost."""

    def put(self, data: bytes, now: float) -> None:
        super().put(bytes(b for b in data if self.chance.random() > 0.002), now)


class Damaged(Line):
    """One byte in 500 comes out as another."""

    def put(self, data: bytes, now: float) -> None:
        hurt = (b ^ (1 << self.chance.randrange(8)) if self.chance.random() < 0.002 else b for b in data)
        super().put(bytes(hurt), now)


class Talk:
    """Both ends and time. Reopens the port when the session asks for it, as the driver does."""

    def __init__(
        self, pico: FakePico | None = None, *, line: type[Line] = Line, config: BoardConfig | None = None,
        arming: bool = True, start: float = 100.0, seed: int = 1,
    ) -> None:  # fmt: skip
        self.now = start
        self.pico = pico or FakePico(start - 50)
        self.config = config or board(CIRCUIT)
        chance = random.Random(seed)
        self.session = Session(self.config, version="0.1.0", random_uint=lambda: chance.getrandbits(30))
        self.line = line
        self.arming = arming
        self.openings = 0
        self.happened: list[Happening] = []
        self.sent: list[float] = []  # when each frame was sent
        self.open()

    def open(self) -> None:
        self.openings += 1
        self.to_pico, self.to_host = self.line(2 * self.openings), self.line(2 * self.openings + 1)
        self.reader = FrameReader()
        self.session.opened(self.now)

    def step(self) -> None:
        if self.arming:
            self.session.permit_arming(self.now + 1.0)
        self.to_host.put(self.pico.tick(self.now), self.now)
        for frame in self.reader.feed(self.to_host.get(self.now)):
            self.session.received(frame.seq, frame.record, self.now)
        self.session.tick(self.now)
        for seq, record in self.session.take():
            self.sent.append(self.now)
            self.to_pico.put(pack(record, seq), self.now)
        self.to_host.put(self.pico.receive(self.to_pico.get(self.now), self.now), self.now)
        self.happened += self.session.happenings()
        if self.session.wants_reopen:
            self.session.closed()
            self.open()
        self.now += STEP_S

    def run(self, seconds: float) -> "Talk":
        for _ in range(round(seconds / STEP_S)):
            self.step()
        return self

    def until(self, condition: Callable[[], bool], within_s: float = 10.0) -> "Talk":
        for _ in range(round(within_s / STEP_S)):
            if condition():
                return self
            self.step()
        raise AssertionError(f"not within {within_s} s: {self.session.phase}, {self.session.message}")

    def armed(self, within_s: float = 10.0) -> "Talk":
        return self.until(lambda: self.session.phase == "ready" and self.session.board_state == "armed", within_s)
