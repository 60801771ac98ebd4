"""Sun and clouds: night is dark, a clear noon gives about a kilowatt, weather is a function of seed and instant."""

import itertools
import random

import pytest

from tankwarden.sim.defaults import PvArray, Site
from tankwarden.sim.sky import Sky, irradiance_w_m2

SOLSTICE_MIDNIGHT_MS = 1_782_025_200_000  # 2026-06-21 00:00 at the site (UTC−7)
HOUR_MS = 3_600_000


def elevations(sky: Sky) -> list[float]:
    return [sky.sun(SOLSTICE_MIDNIGHT_MS + minute * 60_000)[0] for minute in range(0, 1440, 5)]


def test_sun_at_the_solstice_stands_as_high_as_latitude_and_tilt_of_the_earth_say() -> None:
    site = Site()
    heights = elevations(Sky(site, 0))
    assert max(heights) == pytest.approx(90 - site.latitude + 23.44, abs=0.2)
    noon = heights.index(max(heights)) * 5 / 60
    assert noon == pytest.approx(12 + (-105 - site.longitude) / 15 + 2 / 60, abs=0.15)  # mean time and its equation
    assert min(heights) < -30


@pytest.mark.parametrize("elevation", [-50.0, -1.0, 0.0])
def test_no_light_from_a_sun_below_the_horizon(elevation: float) -> None:
    assert irradiance_w_m2(elevation, 180, PvArray()) == 0


def test_clear_noon_gives_about_a_kilowatt_a_square_metre_and_less_towards_evening() -> None:
    array = PvArray()
    facing = [irradiance_w_m2(elevation, 180, array) for elevation in (2, 5, 10, 20, 40, 60)]
    assert facing == sorted(facing)
    assert 950 < facing[-1] < 1100
    assert irradiance_w_m2(30, 0, array) < irradiance_w_m2(30, 90, array) < irradiance_w_m2(30, 180, array)


def test_same_seed_same_weather_in_whatever_order_it_is_asked() -> None:
    instants = [SOLSTICE_MIDNIGHT_MS + 17_000 * step for step in range(4000)]
    straight = [Sky(Site(), 5).transmittance(at) for at in instants[:50]]
    sky = Sky(Site(), 5)
    shuffled = instants[:]
    random.Random(1).shuffle(shuffled)
    asked = {at: sky.transmittance(at) for at in shuffled}
    assert [asked[at] for at in instants[:50]] == straight
    assert [Sky(Site(), 6).transmittance(at) for at in instants[:50]] != straight


def test_clouds_are_smooth_and_let_part_of_the_light_through() -> None:
    sky = Sky(Site(), 2)
    values = [sky.transmittance(SOLSTICE_MIDNIGHT_MS + second * 1000) for second in range(0, 86_400, 2)]
    assert min(values) < 0.5 < 0.97 < max(values)
    assert all(0.25 < value <= 1 for value in values)
    assert max(abs(a - b) for a, b in itertools.pairwise(values)) < 0.02
