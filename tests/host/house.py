"""Everything between wire and leases on virtual time: a FakePico, the real driver, session, probes and control."""

import random
from collections.abc import Sequence

from tankwarden import config as settings
from tankwarden import wiring
from tankwarden.clock import ManualClock
from tankwarden.drivers import registry
from tankwarden.drivers.interfaces import Switch
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.drivers.pico.session import Happening
from tankwarden.flows.claims import ClaimBook
from tankwarden.flows.control import CircuitTick, Control, Tick
from tankwarden.flows.readings import Change, Probes
from tankwarden.logic.claims import Claim

STEP_S = 0.02
NOON_MS = 1_781_636_400_000  # 2026-06-16 12:00 in Phoenix
NIGHT_MS = NOON_MS - 10 * 3_600_000
COLD, HOT = 2000, 1000  # counts of a tank at 110 °F and at 182.9 °F

TOML = """
[site]
name = "Test house"
latitude = 33.45
longitude = -112.07
zone = "America/Phoenix"

[pico]
port = "/dev/nowhere"

[[enclosure]]
id = "tank"
name = "Tank"
kind = "hot_water"

[[circuit]]
id = "east"
name = "East"
enclosure = "tank"
circuit = 1
resistance_ohm = 32
current_limit_a = 11
temperature_limit_degf = 160
target_degf = 120
min_on_s = 0
min_off_s = 0

[[sensor]]
id = "reef"
name = "Reef water"
enclosure = "tank"
driver = "pico"
channel = "reef_temperature"

[[sensor]]
id = "cellar"
name = "Cellar"
enclosure = "tank"
driver = "dummy"
value = 64.5

[[scale]]
channel = "current_1"
points = [[372, 0], [4068, 14]]

[[scale]]
channel = "voltage_1"
points = [[0, 0], [4000, 500]]

[[scale]]
channel = "temperature_1"
points = [[600, 212], [2000, 110], [3600, 32]]

[[scale]]
channel = "reef_temperature"
points = [[600, 212], [2000, 110], [3600, 32]]
"""


def parse(text: str = TOML) -> settings.Config:
    return settings.parse(text, "test.toml", registry.parameters())


class Kept:
    """What the store is told of claims."""

    def __init__(self) -> None:
        self.stored: list[Claim] = []
        self.ended: list[tuple[str, str]] = []

    def claim_store(self, claim: Claim) -> None:
        self.stored.append(claim)

    def claim_end(self, output: str, claim_id: str) -> None:
        self.ended.append((output, claim_id))


class Stands:
    """A standing trip."""

    text, at_ms = "over-current on circuit 1: 12.0 A, limit 11.0 A", NOON_MS


class House:
    """`run` lets time pass; `ticking` is whether the control loop lives."""

    def __init__(self, text: str = TOML, *, wall_ms: int = NOON_MS, switches: dict[int, Switch] | None = None) -> None:
        self.config = parse(text)
        self.clock = ManualClock(wall_ms, 1000.0)
        self.pico = FakePico(900.0)
        chance = random.Random(7)
        self.driver = PicoDriver(
            "/dev/nowhere", wiring.board_of(self.config), self.clock, version="0.1.0",
            random_uint=lambda: chance.getrandbits(30),
        )  # fmt: skip
        self.happened: list[Happening] = []
        self.driver.subscribe(self.happened.append)
        self.kept = Kept()
        self.claims = ClaimBook(self.kept, ())
        self.trip: Stands | None = None
        self.ticks: list[Tick] = []
        self.changes: list[Change] = []
        self.switched: list[CircuitTick] = []
        self.probes = Probes(wiring.probes_of(self.config, self.driver, self.clock, lambda _: None))
        self.control = Control(
            self.config, self.clock, self.probes, switches or wiring.switches_of(self.config, self.driver), self.claims,
            self.driver, trip=lambda: self.trip, done=self.ticks.append, changed=self._changed,
            switched=self.switched.append,
        )  # fmt: skip
        self.ticking = True
        self.plugged = False
        self._answers = b""
        self._next_tick = 0.0
        self.plug()

    def _changed(self, changes: Sequence[Change]) -> None:
        self.changes += changes

    def plug(self) -> None:
        self.plugged = True
        self.driver.attach(self)

    def unplug(self) -> None:
        self.plugged = False
        self.driver.detach()

    def write(self, data: bytes) -> None:
        """What the driver sends."""
        self._answers += self.pico.receive(data, self.clock.mono())

    def run(self, seconds: float) -> "House":
        for _ in range(round(seconds / STEP_S)):
            now = self.clock.mono()
            sent = self.pico.tick(now)
            if self.plugged:
                answers, self._answers = self._answers, b""
                self.driver.received(answers + sent)
                self.driver.step()
            if self.ticking and now >= self._next_tick:
                self._next_tick = now + 0.2
                self.control.tick()
            self.clock.advance(STEP_S)
        return self

    @property
    def on(self) -> bool:
        """Whether circuit 1 is closed, as the Pico knows."""
        return self.pico.leased(1, self.clock.mono())

    @property
    def east(self) -> CircuitTick:
        return self.ticks[-1].circuits[0]
