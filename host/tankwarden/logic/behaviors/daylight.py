"""The behavior `daylight`: as bright as the sun stands high, at the tank's place or another, every day of the year.

The level goes with the sine of the sun's elevation (what falls on a level surface from a sun of constant strength),
from nothing at the minimum elevation to the peak at the day's noon, in summer and winter alike. `offset` shifts the
tank's day against the sun's; `stretch` makes it longer or shorter around noon.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from tankwarden.logic.behaviors.sky import Sky, elevation_deg, nearest_noon_ms


class Parameters(Protocol):
    """As config_lights.Daylight. latitude, longitude: None = the site's."""

    @property
    def peak_percent(self) -> float: ...
    @property
    def min_elevation_deg(self) -> float: ...
    @property
    def offset_min(self) -> float: ...
    @property
    def stretch(self) -> float: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...


def level(at_ms: int, parameters: Parameters, sky: Sky, _seed: int) -> float:
    """Percent, 0 to 100; 0 all day long where the sun does not come above the minimum elevation."""
    latitude, longitude = _place(parameters, sky)
    sun_ms = at_ms - round(parameters.offset_min * 60_000)
    noon_ms = nearest_noon_ms(latitude, longitude, sun_ms)
    at_noon = _height(latitude, longitude, noon_ms)
    least = math.sin(math.radians(parameters.min_elevation_deg))
    if at_noon <= least:
        return 0.0
    height = _height(latitude, longitude, noon_ms + round((sun_ms - noon_ms) / parameters.stretch))
    return parameters.peak_percent * min(1.0, max(0.0, (height - least) / (at_noon - least)))


def edges(_start_ms: int, _end_ms: int, _parameters: Parameters, _sky: Sky) -> Sequence[int]:
    """None of them is a step: dawn and dusk are corners, and found as such."""
    return ()


def why(parameters: Parameters) -> str:
    text = "daylight: as high as the sun stands"
    if parameters.latitude is not None or parameters.longitude is not None:
        text += " at another place"
    if parameters.offset_min:
        text += f", {abs(parameters.offset_min):g} min {'later' if parameters.offset_min > 0 else 'earlier'}"
    return text


def _place(parameters: Parameters, sky: Sky) -> tuple[float, float]:
    latitude = sky.latitude if parameters.latitude is None else parameters.latitude
    return latitude, sky.longitude if parameters.longitude is None else parameters.longitude


@lru_cache(maxsize=16_384)
def _height(latitude: float, longitude: float, at_ms: int) -> float:
    """Sine of the sun's elevation."""
    return math.sin(math.radians(elevation_deg(latitude, longitude, at_ms)))
