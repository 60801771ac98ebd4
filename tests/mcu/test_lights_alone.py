"""The host dies at noon: what the Pico's own program then makes of the plans that the host had sent, for two days.

The host's compiler and its messages, and the very files of mcu/ behind pins that remember, on a clock that leaps.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from lights import Lights

from tanklink.messages import LIGHTS
from tankwarden.config_lights import Daylight, Light, Timed
from tankwarden.config_lights import Lights as Shared
from tankwarden.drivers.pico.lights import config_crc, config_records, plan_records
from tankwarden.logic.behaviors import Sky
from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.lights import Channel, curves, power_w
from tankwarden.logic.plans import FULL, HORIZON_MS, STEP_MS, Plan, compile_plan

NOON_MS = 1_781_636_400_000  # 2026-06-16 12:00 in Phoenix
MIDNIGHT_BEFORE_DST_MS = 1_774_652_400_000  # 2026-03-28 00:00 in Berlin: its clock is set forward a day later
BOOT_S = 20_000  # uptime of the Pico at that instant
HALF_PERCENT = FULL * 0.005
STEP_S = 30
PHOENIX, BERLIN = Sky(33.45, -112.07, "America/Phoenix"), Sky(52.5, 13.4, "Europe/Berlin")
BEHAVIORS = (
    ("blue", "daylight", Daylight(peak_percent=90, offset_min=120, stretch=1.1), 60),
    ("white", "daylight", Daylight(peak_percent=65, min_elevation_deg=8), 80),
    ("violet", "timed", Timed(points=(("09:00", 0), ("12:00", 55), ("17:00", 70), ("22:00", 0)), shape="smooth"), 25),
    ("moon", "timed", Timed(points=(("05:00", 3), ("06:00", 0), ("21:00", 0), ("22:00", 3))), 10),
)  # fmt: skip


@dataclass
class Clock:
    """The program's, as far as the lights look at it."""

    s: int = BOOT_S
    us: int = 0

    def ms_part(self) -> int:
        return self.us // 1000


@dataclass
class Pin:
    """A PWM output."""

    level: int = 0

    def duty_u16(self, level: int) -> None:
        self.level = level


class Tank:
    """Four lights on a Pico, and a host that may send plans."""

    def __init__(self, start_ms: int = NOON_MS, sky: Sky = PHOENIX, total_w: float = 600.0) -> None:
        self.start_ms, self.clock, self.pins = start_ms, Clock(), [Pin() for _ in range(8)]
        self.pico = Lights(self.clock, self.pins)
        self.shared = Shared(total_power_w=total_w, slew_s=5.0)
        self.lights = [
            Light(
                id=name, name=name, enclosure="reef", channel=place, behavior=behavior, parameters=parameters,
                min_percent=3, full_power_w=watts, fallback_percent=5,
            )
            for place, (name, behavior, parameters, watts) in enumerate(BEHAVIORS)
        ]  # fmt: skip
        self.channels = [Channel(light, sky) for light in self.lights]
        *lights, together = config_records(self.lights, self.shared)
        assert [self.pico.configure(list(record)) for record in lights] == [None] * 8
        assert self.pico.configure_all(list(together)) is None
        assert bytes(self.pico.values[LIGHTS.index["lights_crc"]]) == config_crc([*lights, together])
        self.claims: list[Claim] = []
        self.plans: list[Plan] = []

    def now_ms(self) -> int:
        return self.start_ms + (self.clock.s - BOOT_S) * 1000 + self.clock.us // 1000

    def host_sends_plans(self) -> None:
        now_ms = self.now_ms()
        wishes = self.wishes()
        edges = [channel.edges(self.claims, now_ms, now_ms + HORIZON_MS) for channel in self.channels]
        together = sorted({edge for row in edges for edge in row})
        self.plans = [compile_plan(wish, now_ms, now_ms + HORIZON_MS, together) for wish in wishes]
        origin_ms = self.clock.s * 1000 + self.clock.us // 1000
        for place, plan in enumerate(self.plans):
            *parts, start = plan_records(plan, 100 + place, place, origin_ms)
            for part in parts:
                assert self.pico.gather(list(part)) is None
            assert self.pico.start(list(start)) is None

    def wishes(self) -> Any:
        return curves(self.channels, self.claims, self.shared.total_power_w)

    def settle(self) -> "Tank":
        """Let the slew limit come to its end."""
        for _ in range(10):
            self.advance(1)
        return self

    def advance(self, seconds: int) -> None:
        self.clock.s += seconds
        self.pico.step()

    def stepping(self, at_ms: int) -> bool:
        """Whether a plan is in a step, or the slew limit on its way after one: it goes on by a second a pass."""
        slew_ms = round(self.shared.slew_s + 1) * STEP_S * 1000
        steps = (step for plan in self.plans for step in plan.steps)
        return any(begin - STEP_MS <= at_ms <= end + slew_ms for begin, end in steps)

    def worst(self, hours: float) -> float:
        """The greatest deviation of a lamp from level(t), in counts, while time passes; off the steps."""
        wishes, worst = self.wishes(), 0.0
        for _ in range(round(hours * 3600 / STEP_S)):
            self.advance(STEP_S)
            now_ms = self.now_ms()
            if not self.stepping(now_ms):
                worst = max(worst, *(abs(p.level - w(now_ms)) for p, w in zip(self.pins, wishes, strict=False)))
        return worst


def test_for_two_days_without_a_host_every_lamp_keeps_within_half_a_percent_then_falls_back() -> None:
    tank = Tank()
    tank.host_sends_plans()
    tank.settle()
    assert tank.worst(47.99) < HALF_PERCENT
    for _ in range(12):
        tank.advance(10)
    fallback = config_records(tank.lights, tank.shared)
    assert [pin.level for pin in tank.pins[:4]] == [list(record)[3] for record in fallback[:4]]


@pytest.mark.parametrize("hours", [0.5, 2.25, 5.0, 9.0, 30.0])
def test_a_host_that_returns_makes_no_step(hours: float) -> None:
    tank = Tank()
    tank.host_sends_plans()
    tank.settle()
    tank.worst(hours)
    before = [pin.level for pin in tank.pins]
    tank.host_sends_plans()
    tank.settle()
    after = [pin.level for pin in tank.pins]
    assert after == pytest.approx(before, abs=0.003 * FULL)
    assert tank.worst(1.0) < HALF_PERCENT


def test_a_persons_claim_ends_when_it_said_though_the_host_is_gone() -> None:
    tank = Tank()
    until_ms = NOON_MS + 3 * 3_600_000 + 12_345
    tank.claims = [Claim("light.blue", 10.0, Priority.PERSON, "person", "by hand", NOON_MS, until_ms, id="person")]
    tank.host_sends_plans()
    tank.settle()
    assert tank.plans[0].steps == ((until_ms, until_ms + STEP_MS),)
    assert tank.worst(2.9) < HALF_PERCENT
    assert tank.pins[0].level < 0.02 * FULL
    assert tank.worst(1.0) < HALF_PERCENT
    assert tank.pins[0].level > 0.3 * FULL


def test_the_limit_of_all_lights_together_holds_by_plan_already() -> None:
    tank = Tank(total_w=50)
    tank.host_sends_plans()
    tank.settle()
    for _ in range(40):
        assert tank.worst(0.5) < HALF_PERCENT
        assert power_w([pin.level for pin in tank.pins[:4]], tank.lights) < 50 * 1.003


def test_over_the_day_on_which_the_clock_is_set_forward() -> None:
    tank = Tank(MIDNIGHT_BEFORE_DST_MS, BERLIN)
    tank.host_sends_plans()
    tank.settle()
    assert tank.worst(47.9) < HALF_PERCENT
