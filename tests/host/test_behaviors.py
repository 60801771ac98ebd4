"""Behaviors of lights: shapes, midnight, summer time, the sun; and what a light is at an instant under claims."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tankwarden.config_lights import BEHAVIOR_PARAMETERS, Daylight, Light, Static, Timed
from tankwarden.logic import lights
from tankwarden.logic.behaviors import BEHAVIORS, Sky, daylight, static, timed
from tankwarden.logic.behaviors.sky import elevation_deg, nearest_noon_ms
from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.plans import FULL, compile_plan

PHOENIX = Sky(33.45, -112.07, "America/Phoenix")
BERLIN = Sky(52.5, 13.4, "Europe/Berlin")
HOUR = 3_600_000
POINTS = (("08:00", 0.0), ("10:00", 60.0), ("18:00", 60.0), ("22:00", 10.0))


def at(text: str, sky: Sky = PHOENIX, fold: int = 0) -> int:
    """UTC ms of a wall time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(sky.zone), fold=fold).timestamp() * 1000)


def test_every_behavior_of_the_configuration_has_its_function() -> None:
    assert list(BEHAVIORS) == list(BEHAVIOR_PARAMETERS)


def test_static_is_the_same_at_any_instant() -> None:
    assert static.level(0, Static(level_percent=35), PHOENIX, 1) == 35
    assert not static.edges(0, HOUR, Static(level_percent=35), PHOENIX)


@pytest.mark.parametrize(
    ("time", "percent"),
    [("08:00", 0), ("09:00", 30), ("10:00", 60), ("14:00", 60), ("20:00", 35), ("22:00", 10), ("03:00", 5),
     ("00:00", 8), ("07:59:59", 0.00028)],
)  # fmt: skip
def test_timed_goes_straight_from_point_to_point_and_over_midnight(time: str, percent: float) -> None:
    parameters = Timed(points=POINTS)
    assert timed.level(at(f"2026-06-16T{time}"), parameters, PHOENIX, 0) == pytest.approx(percent, abs=0.001)


def test_timed_with_one_point_stays_there() -> None:
    for shape in ("linear", "smooth"):
        parameters = Timed(points=(("08:00", 40.0),), shape=shape)
        assert timed.level(at("2026-06-16T03:00"), parameters, PHOENIX, 0) == pytest.approx(40)


def test_smooth_passes_through_the_points_never_beyond_and_without_corners() -> None:
    parameters = Timed(points=POINTS, shape="smooth")
    start = at("2026-06-16T00:00")
    levels = [timed.level(start + minute * 60_000, parameters, PHOENIX, 0) for minute in range(24 * 60)]
    for time, percent in POINTS:
        assert timed.level(at(f"2026-06-16T{time}"), parameters, PHOENIX, 0) == pytest.approx(percent)
    assert min(levels) == pytest.approx(0)
    assert max(levels) == pytest.approx(60)
    assert all(
        abs(two - one - (one - before)) < 0.05 for before, one, two in zip(levels, levels[1:], levels[2:], strict=False)
    )
    assert all(one <= two + 1e-9 for one, two in pairwise(levels[8 * 60 : 10 * 60]))


@pytest.mark.parametrize(
    ("day", "hours", "jump"),
    [("2026-03-29", 23, True), ("2026-10-25", 25, True), ("2026-06-16", 24, False)],
)
def test_timed_follows_the_wall_clock_on_the_days_it_is_set(day: str, hours: int, jump: bool) -> None:
    parameters = Timed(points=(("00:00", 0.0), ("12:00", 96.0)))
    start = at(f"{day}T00:00", BERLIN)
    end = start + hours * HOUR
    for wall, percent in (("01:30", 12), ("06:00", 48), ("12:00", 96), ("18:00", 48)):
        assert timed.level(at(f"{day}T{wall}", BERLIN), parameters, BERLIN, 0) == pytest.approx(percent)
    plan = compile_plan(
        lambda t: FULL * timed.level(t, parameters, BERLIN, 0) / 100, start, end,
        timed.edges(start, end, parameters, BERLIN),
    )  # fmt: skip
    assert bool(plan.steps) is jump
    assert plan.error_percent < 0.05
    if jump:
        changed = {"2026-03-29": at(f"{day}T03:00", BERLIN), "2026-10-25": at(f"{day}T02:00", BERLIN, fold=1)}[day]
        assert plan.steps[0][0] == changed


def test_edges_of_timed_are_its_points_on_every_day_of_the_span() -> None:
    start = at("2026-06-16T09:00")
    found = timed.edges(start, start + 48 * HOUR, Timed(points=POINTS), PHOENIX)
    assert found == [at(f"2026-06-{day}T{time}") for day, times in
                     ((16, ("10:00", "18:00", "22:00")), (17, ("08:00", "10:00", "18:00", "22:00")), (18, ("08:00",)))
                     for time in times]  # fmt: skip


SUN = Daylight(peak_percent=80)


def test_daylight_is_dark_while_the_sun_is_down_and_at_its_peak_at_noon_in_summer_and_winter() -> None:
    for day in ("2026-06-21", "2026-12-21"):
        noon = nearest_noon_ms(PHOENIX.latitude, PHOENIX.longitude, at(f"{day}T12:00"))
        assert abs(noon - at(f"{day}T12:30")) < HOUR / 4
        assert daylight.level(noon, SUN, PHOENIX, 0) == pytest.approx(80)
        assert daylight.level(at(f"{day}T23:30"), SUN, PHOENIX, 0) == 0
        for hour in range(24):
            moment = at(f"{day}T{hour:02}:00")
            up = elevation_deg(PHOENIX.latitude, PHOENIX.longitude, moment) > 0
            assert (daylight.level(moment, SUN, PHOENIX, 0) > 0) is up


def test_daylight_waits_for_its_minimum_elevation_and_begins_before_sunrise_below_it() -> None:
    rise = next(t for t in range(at("2026-06-16T04:00"), at("2026-06-16T12:00"), 60_000)
                if elevation_deg(33.45, -112.07, t) > 0)  # fmt: skip
    assert daylight.level(rise + 600_000, Daylight(min_elevation_deg=10), PHOENIX, 0) == 0
    assert daylight.level(rise - 600_000, Daylight(min_elevation_deg=-6), PHOENIX, 0) > 0


def test_offset_and_stretch_move_the_day() -> None:
    noon = nearest_noon_ms(33.45, -112.07, at("2026-06-16T12:00"))
    late = Daylight(offset_min=120)
    assert daylight.level(noon + 2 * HOUR, late, PHOENIX, 0) == pytest.approx(100)
    long, plain = Daylight(stretch=1.5), Daylight()
    for hours in (-8, -3, 2, 5):
        stretched = daylight.level(noon + round(hours * 1.5 * HOUR), long, PHOENIX, 0)
        assert stretched == pytest.approx(daylight.level(noon + hours * HOUR, plain, PHOENIX, 0), abs=0.01)


@pytest.mark.parametrize("stretch", [0.25, 0.7, 1, 1.6, 2])
def test_a_stretched_day_has_no_step_at_midnight(stretch: float) -> None:
    parameters = Daylight(stretch=stretch, offset_min=300)
    start = at("2026-06-15T00:00")
    levels = [daylight.level(start + second * 1000, parameters, PHOENIX, 0) for second in range(0, 3 * 86_400, 60)]
    assert max(abs(two - one) for one, two in pairwise(levels)) < 2


def test_daylight_of_another_place_and_of_polar_night_and_day() -> None:
    there = Daylight(latitude=-16.5, longitude=-151.7)  # Bora Bora: noon comes 2.6 h later than in Phoenix
    noon = nearest_noon_ms(-16.5, -151.7, at("2026-06-16T15:00"))
    assert daylight.level(noon, there, PHOENIX, 0) == pytest.approx(100)
    assert daylight.level(noon - 7 * HOUR, there, PHOENIX, 0) == 0
    north = Sky(78.2, 15.6, "Europe/Oslo")
    assert {daylight.level(at("2026-12-21T00:00", north) + h * HOUR, SUN, north, 0) for h in range(24)} == {0}
    assert min(daylight.level(at("2026-06-21T00:00", north) + h * HOUR, SUN, north, 0) for h in range(24)) > 0


# -- a light under claims ----------------------------------------------------------------------------------------------

BLUE = Light(
    id="blue", name="Blue", enclosure="reef", channel=0, behavior="static", cap_percent=80, gamma=2.2, min_percent=5,
    full_power_w=100, parameters=Static(level_percent=50),
)  # fmt: skip
NOW = at("2026-06-16T12:00")


def hand(value: float, since: int = NOW, until: int = NOW + HOUR) -> Claim:
    return Claim("light.blue", value, Priority.PERSON, "person", "set by hand", since, until, id="person")


def test_a_level_to_come_is_what_the_claims_will_say_then() -> None:
    channel = lights.Channel(BLUE, PHOENIX)
    claims = [hand(20.0), Claim("light.other", 99.0, Priority.SAFETY, "x", "another's", NOW)]
    expected = [(NOW - 1, 50), (NOW, 20), (NOW + HOUR - 1, 20), (NOW + HOUR, 50)]
    assert [(t, channel.level_percent(claims, t)) for t, _ in expected] == expected
    assert channel.edges(claims[:1], NOW - HOUR, NOW + 9 * HOUR) == [NOW, NOW + HOUR]
    assert channel.decide(claims, NOW).why == "20.0: set by hand (person)"


def test_a_claim_off_or_on_is_dark_or_full_and_a_text_is_refused() -> None:
    assert [lights.percent_of(value) for value in (True, False, 30, 120.0, -5)] == [100, 0, 30, 100, 0]
    with pytest.raises(ValueError, match="percent"):
        lights.percent_of("bright")


def test_levels_reach_from_the_least_that_shows_to_the_cap() -> None:
    assert lights.counts_of(0, BLUE) == 0
    assert lights.counts_of(1e-9, BLUE) == pytest.approx(FULL * 0.05**2.2, rel=1e-6)
    assert lights.counts_of(100, BLUE) == pytest.approx(FULL * 0.8)


@given(st.floats(0.01, 100), st.floats(1, 4), st.floats(0, 20), st.floats(60, 100))
def test_what_is_shown_is_what_was_set(level: float, gamma: float, least: float, cap: float) -> None:
    light = Light(
        id="a", name="A", enclosure="e", channel=0, behavior="static", gamma=gamma, min_percent=least, cap_percent=cap
    )  # fmt: skip
    assert lights.percent_shown(lights.counts_of(level, light), light) == pytest.approx(level, abs=1e-3)
    assert lights.percent_shown(0, light) == 0


def test_lights_that_would_take_too_much_together_are_dimmed_alike() -> None:
    two = Light(
        id="white", name="White", enclosure="reef", channel=1, behavior="static", gamma=1, full_power_w=100,
        parameters=Static(level_percent=100),
    )  # fmt: skip
    channels = [lights.Channel(BLUE, PHOENIX), lights.Channel(two, PHOENIX)]
    alone = [channel.counts([], NOW) for channel in channels]
    together = [curve(NOW) for curve in lights.curves(channels, [], 60)]
    assert lights.power_w(together, [BLUE, two]) == pytest.approx(60)
    assert together[0] / alone[0] == pytest.approx(together[1] / alone[1])
    assert [curve(NOW) for curve in lights.curves(channels, [], 180)] == alone
    dark = [curve(NOW) for curve in lights.curves(channels, [hand(0.0)], 60)]
    assert dark[0] == 0
