"""Weather at a person's wish, and lights in the Pico's words: plans in parts, effects, configuration, reports."""

import pytest
from test_light_flow import Scene

from tanklink import records
from tankwarden.config_lights import Light
from tankwarden.drivers.pico.lights import config_records, effect_record, lamps, plan_records
from tankwarden.errors import CommandError
from tankwarden.flows.weather import Weather
from tankwarden.logic.plans import FULL, Knot, Plan
from tankwarden.logic.weather import Effect, weather


@pytest.mark.parametrize(("kind", "least", "most"), [("cloud", 1, 1), ("lightning", 1, 1), ("storm", 3, 12)])
def test_weather_is_sent_over_every_light_and_taken_away(kind: str, least: int, most: int) -> None:
    scene = Scene().run(0.5)
    scene.does(scene.weather.begin(kind, 120, 0.7, seed=5))
    effects = scene.pico.lights.effects
    assert least <= len(effects) <= most
    assert {effect.lights for effect in effects.values()} == {0b100001}
    assert [one.kind for one in scene.weather.running()] == [kind]
    first = list(effects.values())
    scene.does(scene.weather.clear())
    assert scene.pico.lights.effects == {}
    assert scene.weather.running() == ()
    scene.does(scene.weather.begin(kind, 120, 0.7, seed=5))
    assert [e.seed for e in scene.pico.lights.effects.values()] == [e.seed for e in first]


def test_weather_ends_by_itself() -> None:
    scene = Scene().run(0.5)
    scene.does(scene.weather.begin("lightning", 5, 1.0))
    scene.house.clock.advance(6)
    assert scene.weather.running() == ()


def test_weather_that_is_refused_half_way_is_taken_away_and_said() -> None:
    scene = Scene().run(0.5)
    for spare in range(13):
        scene.does(scene.weather.begin("cloud", 600 + spare, 0.5))
    with pytest.raises(CommandError, match="no storm: the Pico holds as many effects"):
        scene.does(scene.weather.begin("storm", 600, 0.5))
    assert len(scene.pico.lights.effects) == 13
    scene.pico.mute.add(records.Effect)
    with pytest.raises(CommandError, match="did not answer"):
        scene.does(scene.weather.begin("cloud", 600, 0.5))
    with pytest.raises(CommandError, match="did not answer"):
        scene.does(scene.weather.clear())


def test_weather_without_a_pico_or_without_lights_says_what_is_missing() -> None:
    scene = Scene().run(0.5)
    scene.house.unplug()
    with pytest.raises(CommandError, match="not connected"):
        scene.does(scene.weather.begin("cloud", 60, 0.5))
    with pytest.raises(CommandError, match=r"\[\[light\]\]"):
        scene.does(Weather((), scene.house.clock, scene.house.driver).begin("cloud", 60, 0.5))


# -- in the Pico's words -----------------------------------------------------------------------------------------------


def test_a_plan_of_many_knots_goes_in_parts_of_the_pico_time() -> None:
    plan = Plan(tuple(Knot(1_000_000 + 6_000 * place, place * 900) for place in range(64)), 0.1)
    *parts, start = plan_records(plan, 7, 5, -1500, speed=60)
    assert [(part.first, part.count, part.light) for part in parts if isinstance(part, records.PlanKnots)] == [
        (0, 32, 6), (32, 32, 6),
    ]  # fmt: skip
    assert isinstance(start, records.PlanStart)
    assert (start.origin_s, start.origin_ms_part, start.count) == (-2, 500, 64)
    first = parts[0]
    assert isinstance(first, records.PlanKnots)
    assert int.from_bytes(first.knots[6:10], "little") == 10  # 6 s at 60 times the speed: ten ticks of 10 ms


def test_a_short_plan_is_filled_up_with_zeros() -> None:
    part, _ = plan_records(Plan((Knot(0, 5), Knot(20, 6)), 0.0), 1, 0, 0)
    assert isinstance(part, records.PlanKnots)
    assert part.knots == bytes((0, 0, 0, 0, 5, 0, 2, 0, 0, 0, 6, 0)).ljust(192, b"\0")


def test_an_effect_in_the_pico_words() -> None:
    record = effect_record(Effect("cloud", 1_300, 5_000, 0.5, 700, 11), 9, [0, 5], 10_900)
    assert record == records.Effect(9, 1, 0b100001, 12, 200, 5_000, round(FULL / 2), 700, 11)


def test_a_report_with_a_source_of_a_later_program_is_read_all_the_same() -> None:
    scene = Scene().run(0.5)
    report = scene.pico.lights.report(0)._replace(sources=bytes((2, 1, 9, 0, 0, 2, 0, 0)))
    assert [lamp.source for lamp in lamps(report)][:3] == ["plan", "fallback", "9"]


def test_unused_lights_are_told_to_be_so() -> None:
    lights: list[Light] = []
    assert [record.cap_u16 for record in config_records(lights, Scene().house.config.lighting)[:8]
            if isinstance(record, records.ConfigLight)] == [0] * 8  # fmt: skip


def test_the_same_seed_makes_the_same_storm_and_another_another() -> None:
    assert weather("storm", 300_000, 0.8, 7) == weather("storm", 300_000, 0.8, 7)
    assert weather("storm", 300_000, 0.8, 7) != weather("storm", 300_000, 0.8, 8)
    with pytest.raises(ValueError, match="cloud, storm, lightning"):
        weather("hail", 1000, 0.5, 1)


@pytest.mark.parametrize("seconds", [1, 10, 300, 14_400])
def test_every_effect_of_a_storm_lies_within_it_and_they_find_room(seconds: int) -> None:
    effects = weather("storm", seconds * 1000, 1.0, 3)
    assert len(effects) <= 16
    assert all(e.start_ms >= 0 and e.start_ms + e.duration_ms <= seconds * 1000 for e in effects)
    assert all(0 < e.depth <= 1 for e in effects)
