"""The lights' flow against a Pico that can be bent: plans arrive whole, in time, again after a restart, and agree."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from house import NOON_MS, TOML, House

from tanklink import records
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.flows import lights as flow
from tankwarden.flows.lights import Lights
from tankwarden.flows.weather import Weather
from tankwarden.logic.behaviors import Sky
from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.lights import Channel
from tankwarden.logic.plans import FULL

HOUR = 3_600_000
LIGHTS = """
[[enclosure]]
id = "reef-tank"
name = "Reef"
kind = "reef"

[[light]]
id = "blue"
name = "Blue"
enclosure = "reef-tank"
channel = 0
behavior = "daylight"
peak_percent = 80
full_power_w = 60

[[light]]
id = "white"
name = "White"
enclosure = "reef-tank"
channel = 5
behavior = "timed"
points = [["08:00", 0], ["10:00", 60], ["18:00", 60], ["20:00", 0]]
fallback_percent = 10
cap_percent = 90
full_power_w = 90
"""


class AtOnce(ThreadPoolExecutor):
    """Of what is done in a thread: the house's clock stands still meanwhile, however busy this machine is."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments, **named))
        except Exception as error:
            done.set_exception(error)
        return done


async def settled() -> None:
    """Whatever can go on without the time going on has done so."""
    for _ in range(10):
        await asyncio.sleep(0)


class Scene:
    """A house with two lights; `run` lets time pass for it and the flow."""

    def __init__(self, shared: str = "", wall_ms: int = NOON_MS) -> None:
        self.house = House(TOML + shared + LIGHTS, wall_ms=wall_ms).run(1.0)
        self.log: list[str] = []
        self.flow = self.begun_anew()

    @property
    def pico(self) -> FakePico:
        return self.house.pico

    def begun_anew(self) -> Lights:
        """As after a restart of the host."""
        house = self.house
        sky = Sky(house.config.site.latitude, house.config.site.longitude, house.config.site.zone)
        self.channels = [Channel(light, sky) for light in house.config.lights]
        self.flow = Lights(
            self.channels, house.config.lighting, house.clock, house.driver, house.claims,
            lambda *line: self.log.append(line[2]),
        )  # fmt: skip
        house.driver.subscribe(self.flow.told)
        self.weather = Weather(house.config.lights, house.clock, house.driver)
        return self.flow

    def step(self, each: Callable[[], object] = lambda: None) -> None:
        """One look of the flow, and the time that it takes."""

        async def main() -> None:
            asyncio.get_running_loop().set_default_executor(AtOnce())
            task = asyncio.create_task(self.flow.step(lambda: None))
            await settled()
            while not task.done():
                self.house.run(0.02)
                each()
                await settled()
            task.result()

        asyncio.run(main())

    def run(self, seconds: float) -> "Scene":
        end = self.house.clock.mono() + seconds
        while self.house.clock.mono() < end:
            self.house.run(0.24)
            self.step()
        return self

    def leap(self, ms: int) -> None:
        """Hours that nobody needs to watch: both clocks go on, the link is silent meanwhile."""
        self.house.clock.advance(ms / 1000)
        self.house.unplug()
        self.house.plug()
        self.house.run(1.0)

    def does(self, coroutine: Coroutine[Any, Any, object]) -> object:
        """A command, and the time that it takes."""

        async def main() -> object:
            asyncio.get_running_loop().set_default_executor(AtOnce())
            task = asyncio.ensure_future(coroutine)
            await settled()
            while not task.done():
                self.house.run(0.02)
                await settled()
            return task.result()

        return asyncio.run(main())

    def played(self, number: int) -> float:
        """Counts at the pin of a light, 1 to 8, now."""
        return self.pico.lights.level(number, self.pico.uptime_ms(self.house.clock.mono()))

    def wished(self, place: int) -> float:
        """Counts that resolve(claims, now) asks of a light."""
        now_ms = self.house.clock.wall_ms()
        return self.channels[place].counts(self.house.claims.living(now_ms), now_ms)

    def starts(self) -> list[int]:
        """The light of each plan that was started, in order."""
        return [record.light for record in self.pico.told if isinstance(record, records.PlanStart)]

    def by_hand(self, value: float, hours: float = 2) -> None:
        now_ms = self.house.clock.wall_ms()
        until_ms = now_ms + round(hours * HOUR)
        claim = Claim("light.blue", value, Priority.PERSON, "person", "by hand", now_ms, until_ms, id="person")
        asyncio.run(self.house.claims.add(claim))

    def agrees(self) -> None:
        """Both lamps are what they are to be, to half a percent of full scale."""
        for place, number in enumerate((1, 6)):
            assert self.played(number) == pytest.approx(self.wished(place), abs=FULL * 0.005), number


def test_the_pico_gets_its_configuration_and_a_plan_for_each_light() -> None:
    scene = Scene().run(0.5)
    blue, white = (scene.pico.lights.configured[number] for number in (1, 6))
    assert (blue.cap_u16, blue.full_mw, blue.fallback_u16) == (FULL, 60_000, 0)
    assert white.cap_u16 == round(FULL * 0.9)
    assert white.fallback_u16 > 0
    assert white.slew_u16_per_s == FULL // 5
    assert all(scene.pico.lights.configured[number].cap_u16 == 0 for number in (2, 3, 4, 5, 7, 8))
    assert sorted(scene.pico.lights.plans) == [1, 6]
    assert scene.starts() == [1, 6]
    scene.agrees()
    assert scene.played(1) > 30_000


def test_the_plan_goes_on_for_two_days_without_a_host() -> None:
    scene = Scene().run(0.5)
    scene.house.unplug()
    for _ in range(47):
        scene.house.clock.advance(3600)
        scene.agrees()
    scene.house.clock.advance(3600 + 60)
    assert scene.played(6) == scene.pico.lights.configured[6].fallback_u16


def test_a_host_that_comes_back_makes_no_step() -> None:
    scene = Scene().run(0.5)
    for hours in (5, 2.5, 13, 9):
        scene.leap(round(hours * HOUR))
        before = scene.played(1), scene.played(6)
        scene.begun_anew()
        scene.step()
        after = scene.played(1), scene.played(6)
        assert after == pytest.approx(before, abs=FULL * 0.003)
        scene.agrees()


def test_nothing_is_sent_while_nothing_changes_and_a_new_plan_comes_every_hour() -> None:
    scene = Scene().run(8.0)
    assert scene.starts() == [1, 6]
    scene.leap(HOUR // 2)
    scene.run(1.0)
    assert scene.starts() == [1, 6]
    scene.leap(HOUR // 2)
    scene.run(1.0)
    assert scene.starts() == [1, 6, 1, 6]


def test_a_claim_acts_at_once_and_its_end_is_in_the_plan() -> None:
    scene = Scene().run(0.5)
    scene.by_hand(20.0)
    scene.run(0.5)
    assert scene.starts() == [1, 6, 1]  # the other light is left alone
    scene.house.clock.advance(2)
    assert scene.played(1) == pytest.approx(FULL * 0.2**2.2, abs=FULL * 0.005)
    scene.house.unplug()
    scene.house.clock.advance(2 * 3600)
    scene.agrees()
    assert scene.played(1) > 20_000


def test_the_end_of_a_claim_that_the_plan_knows_is_no_news_but_its_withdrawal_is() -> None:
    scene = Scene().run(0.5)
    scene.by_hand(20.0, hours=0.2)
    scene.run(0.5)
    scene.leap(HOUR // 4)
    scene.run(0.5)
    assert scene.starts() == [1, 6, 1]
    scene.by_hand(20.0)
    scene.run(0.5)
    scene.house.claims.end("light.blue", "person")
    scene.run(0.5)
    assert scene.starts() == [1, 6, 1, 1, 1]
    scene.house.clock.advance(2)
    scene.agrees()


def test_a_pico_that_restarted_gets_everything_again() -> None:
    scene = Scene().run(0.5)
    scene.pico.restart(scene.house.clock.mono())
    assert scene.pico.lights.plans == {}
    scene.run(4.0)
    assert sorted(scene.pico.lights.plans) == [1, 6]
    assert scene.pico.lights.configured[1].cap_u16 == FULL
    scene.agrees()


@pytest.mark.parametrize("phase_ms", range(0, 20, 4))
def test_a_pico_that_restarts_in_the_middle_of_a_plan_has_refused_nothing(phase_ms: int) -> None:
    """Wherever between two messages its restart is noticed."""
    scene = Scene().run(0.5)
    scene.house.run(phase_ms / 1000)
    scene.by_hand(20.0)
    scene.pico.mute.add(records.PlanStart)
    boot, begun = scene.pico.boot_id, len(scene.starts())

    def restart() -> None:
        if scene.pico.boot_id == boot and len(scene.starts()) > begun:
            scene.pico.restart(scene.house.clock.mono())
            scene.pico.mute.clear()

    scene.step(restart)
    assert scene.pico.boot_id == boot + 1
    assert scene.flow.view().problem is None
    scene.run(4.0)
    assert scene.log == []
    scene.agrees()


def test_a_pico_that_plays_another_plan_or_holds_another_configuration_is_told_again() -> None:
    scene = Scene().run(5.0)
    scene.pico.lights.plans[6].plan_id ^= 1
    scene.run(5.0)
    assert scene.starts() == [1, 6, 6]
    scene.pico.lights.configured[1] = scene.pico.lights.configured[1]._replace(cap_u16=5)
    scene.run(5.0)
    assert scene.pico.lights.configured[1].cap_u16 == FULL


@pytest.mark.parametrize("reason", ["plan_crc", "plan_incomplete", "not_configured", "range", "too_far"])
def test_a_refused_plan_is_said_once_and_tried_again(reason: str) -> None:
    scene = Scene()
    scene.pico.refuse[records.PlanStart] = reason
    scene.run(8.0)
    problem = scene.flow.view().problem
    assert problem is not None
    assert problem.startswith("the plan of Blue was refused by the Pico: ")
    assert scene.log.count(problem) == 1
    assert 3 <= len(scene.starts()) <= 5  # after 1, 2, 4 s …
    del scene.pico.refuse[records.PlanStart]
    scene.run(9.0)
    assert scene.flow.view().problem is None
    scene.agrees()


def test_a_pico_that_refuses_the_circuits_gets_its_lights_all_the_same() -> None:
    scene = Scene()
    scene.house.unplug()
    scene.pico.restart(scene.house.clock.mono())
    scene.pico.refuse[records.ConfigCircuit] = "range"
    scene.house.plug()
    scene.run(4.0)
    assert scene.house.driver.view().phase == "refused"
    assert scene.pico.state == "disarmed"
    scene.agrees()


def test_a_board_with_fewer_outputs_refuses_only_what_is_not_used() -> None:
    scene = Scene()
    scene.pico.lights.outputs = 6
    scene.run(0.5)
    assert scene.flow.view().problem is None
    scene.agrees()


def test_a_configuration_that_is_not_answered_is_tried_again() -> None:
    scene = Scene()
    scene.pico.mute.add(records.ConfigLights)
    scene.run(3.0)
    assert scene.flow.view().problem == "the configuration of the lights was not answered by the Pico"
    assert scene.starts() == []
    scene.pico.mute.clear()
    scene.run(3.0)
    scene.agrees()


def test_a_link_that_is_lost_in_the_middle_of_a_plan_leaves_the_old_one_and_brings_the_new_later() -> None:
    scene = Scene().run(0.5)
    old = scene.pico.lights.plans[1].plan_id
    scene.by_hand(20.0)
    scene.pico.mute.add(records.PlanStart)

    def unplug() -> None:
        if scene.house.plugged and any(r.light == 1 for r in scene.pico.told[-2:] if isinstance(r, records.PlanStart)):
            scene.house.unplug()

    scene.step(unplug)
    assert scene.pico.lights.plans[1].plan_id == old
    scene.pico.mute.clear()
    scene.house.plug()
    scene.run(4.0)
    assert scene.pico.lights.plans[1].plan_id != old
    scene.agrees()


def test_a_wall_clock_that_is_set_is_followed_once_it_stays_so() -> None:
    scene = Scene().run(1.0)
    scene.house.clock.jump(6 * HOUR)
    scene.run(8.0)
    assert scene.starts()[:2] == [1, 6]
    scene.run(10.0)
    scene.agrees()


def test_a_short_jump_of_the_wall_clock_that_goes_back_is_not_followed() -> None:
    scene = Scene().run(1.0)
    scene.house.clock.jump(30_000)
    scene.run(4.0)
    scene.house.clock.jump(-30_000)
    scene.run(12.0)
    assert scene.starts() == [1, 6]


def test_lights_that_together_take_too_much_are_planned_dimmed_and_follow_each_others_claims() -> None:
    scene = Scene("\n[lights]\ntotal_power_w = 40\n").run(0.5)
    assert scene.pico.lights.shared.power_cap_mw == 40_000
    taken = scene.played(1) / FULL * 60 + scene.played(6) / FULL * 90
    assert taken == pytest.approx(40, abs=0.4)
    scene.by_hand(0.0)
    scene.run(0.5)
    scene.house.clock.advance(2)
    assert scene.starts() == [1, 6, 1, 6]
    assert scene.played(6) == pytest.approx(scene.wished(1), abs=FULL * 0.005)


def test_what_is_seen_of_a_light() -> None:
    scene = Scene().run(2.0)
    view = scene.flow.view()
    blue = view.lights[0]
    assert blue.decision.why.endswith("daylight: as high as the sun stands (schedule)")
    assert blue.lamp is not None
    assert blue.age_s is not None
    assert blue.lamp.source == "plan"
    assert blue.lamp.counts == pytest.approx(scene.wished(0), abs=FULL * 0.005)
    assert blue.age_s < 1
    assert blue.sent is not None
    assert blue.sent.plan.error_percent < 0.2
    assert blue.track == blue.sent.plan.knots
    scene.by_hand(50.0)
    scene.run(1.0)
    again = scene.flow.view().lights[0]
    assert again.track[0] == blue.track[0]  # what was played before is kept
    assert again.sent is not None
    assert again.track[-1] == again.sent.plan.knots[-1]
    times = [knot.at_ms for knot in again.track]
    assert times == sorted(set(times))


def test_without_lights_nothing_is_said() -> None:
    scene = Scene()
    before = len(scene.pico.told)
    empty = Lights([], scene.house.config.lighting, scene.house.clock, scene.house.driver, scene.house.claims, print)
    asyncio.run(empty.step(lambda: None))
    assert len(scene.pico.told) == before
    assert empty.view().lights == ()


def test_a_plan_too_rich_for_64_knots_is_said_and_renewed_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "REFRESH_LEAST_S", 0.5)
    monkeypatch.setattr(flow, "REFRESH_MS", 100 * HOUR)  # so that only half of the plan's length counts
    scene = Scene()
    now_ms = scene.house.clock.wall_ms()
    for place in range(60):
        since = now_ms + place * HOUR // 2 + HOUR
        claim = Claim(
            "light.blue", 30.0 + place % 2, Priority.RULE, "rule", "x", since, since + HOUR // 4, id=str(place)
        )
        asyncio.run(scene.house.claims.add(claim))
    scene.run(0.5)
    assert any("its plan reaches" in line for line in scene.log)
    sent = scene.flow.view().lights[0].sent
    assert sent is not None
    half_ms = (sent.plan.end_ms - sent.plan.start_ms) // 2
    assert half_ms < 20 * HOUR
    assert scene.starts() == [1, 6]
    scene.leap(half_ms)
    scene.run(1.0)
    assert scene.starts() == [1, 6, 1]
    scene.agrees()
