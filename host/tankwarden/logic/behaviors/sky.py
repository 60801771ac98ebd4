"""What a behavior sees of the world: where the light hangs, its wall clock, and the sun above it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Sky:
    """latitude, longitude: degrees, north and east positive. zone: of the wall clock, such as America/Phoenix."""

    latitude: float
    longitude: float
    zone: str


@lru_cache(maxsize=16_384)
def elevation_deg(latitude: float, longitude: float, at_ms: int) -> float:
    """Of the sun's centre above the horizon, without refraction (astral, after Meeus, Astronomical Algorithms)."""
    from astral import Observer  # here, since a host without lights never needs it
    from astral.sun import elevation

    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return float(elevation(Observer(latitude, longitude), at, with_refraction=False))


def nearest_noon_ms(latitude: float, longitude: float, at_ms: int) -> int:
    """The solar noon that is nearest to at_ms, UTC ms."""
    day = at_ms // DAY_MS
    noons = (_noon_ms(latitude, longitude, day + shift) for shift in (-1, 0, 1))
    return min(noons, key=lambda noon: abs(noon - at_ms))


@lru_cache(maxsize=256)
def _noon_ms(latitude: float, longitude: float, utc_day: int) -> int:
    from astral import Observer
    from astral.sun import noon

    at = noon(Observer(latitude, longitude), date.fromordinal(date(1970, 1, 1).toordinal() + utc_day))
    return round(at.timestamp() * 1000)
