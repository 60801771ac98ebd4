"""Sun and clouds over the simulated arrays: irradiance in W/m² as a pure function of instant and seed."""

import math
from datetime import UTC, datetime

from astral import Observer
from astral.sun import zenith_and_azimuth

from tankwarden.sim.chance import seeded
from tankwarden.sim.defaults import PvArray, Site

_CLOUD_STEP_MS = 240_000  # a cloud's shadow takes minutes to come and go
_DAY_MS = 86_400_000
_CLEAR, _OVERCAST = 0.98, 0.3  # share of the irradiance let through, at least and about


def irradiance_w_m2(elevation_deg: float, azimuth_deg: float, array: PvArray) -> float:
    """Clear-sky irradiance on a tilted array.

    Direct: 1353 W/m² · 0.7^(AM^0.678) (Meinel and Meinel, Applied Solar Energy, 1976), air mass AM by Kasten and
    Young, Applied Optics 28 (1989) 4735. Diffuse: 10 % of the direct (Honsberg and Bowden, PVEducation, "Air Mass").
    """
    if elevation_deg <= 0:
        return 0.0
    elevation, tilt = math.radians(elevation_deg), math.radians(array.tilt_deg)
    air_mass = 1 / (math.sin(elevation) + 0.50572 * (elevation_deg + 6.07995) ** -1.6364)
    direct = 1353.0 * 0.7 ** (air_mass**0.678)
    towards = math.cos(math.radians(azimuth_deg - array.azimuth_deg))
    incidence = math.sin(elevation) * math.cos(tilt) + math.cos(elevation) * math.sin(tilt) * towards
    facing: float = max(0.0, incidence) + 0.1
    return float(direct * facing)


class Sky:
    """Sun and clouds at a site. The same seed gives the same weather, however and in what order it is asked."""

    def __init__(self, site: Site, seed: int) -> None:
        self._observer = Observer(site.latitude, site.longitude)
        self._seed = seed
        self._knots: dict[int, float] = {}

    def sun(self, now_ms: float) -> tuple[float, float]:
        """Elevation and azimuth in degrees (astral; after NOAA's solar calculator, Meeus, Astronomical Algorithms)."""
        zenith, azimuth = zenith_and_azimuth(self._observer, datetime.fromtimestamp(now_ms / 1000, UTC))
        return 90.0 - zenith, azimuth

    def transmittance(self, now_ms: float) -> float:
        """What the clouds let through, 0 to 1: smooth between random knots, of which each day has its own share."""
        knot, rest = divmod(now_ms, _CLOUD_STEP_MS)
        part = rest / _CLOUD_STEP_MS
        part *= part * (3 - 2 * part)
        before, after = self._knot(int(knot)), self._knot(int(knot) + 1)
        return before + (after - before) * part

    def _knot(self, number: int) -> float:
        known = self._knots.get(number)
        if known is None:
            if len(self._knots) > 64:
                self._knots.clear()
            known = self._knots[number] = self._draw_knot(number)
        return known

    def _draw_knot(self, number: int) -> float:
        cloudiness = 0.5 * seeded(self._seed, f"day {number * _CLOUD_STEP_MS // _DAY_MS}").random()
        chance = seeded(self._seed, f"knot {number}")
        if chance.random() < cloudiness:
            return _OVERCAST + (_CLEAR - _OVERCAST) * chance.random() ** 2
        return _CLEAR + (1 - _CLEAR) * chance.random()
