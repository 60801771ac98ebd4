"""The tables of lights in the configuration file: what a light is, and the parameters of each behavior."""

from dataclasses import dataclass
from typing import Any

from tankwarden.fields import COLOUR, IDENTIFIER, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Lights:
    """What all lights share."""

    total_power_w: float = setting(
        "if they would take more together, all are dimmed alike", unit="W", low=1, high=600, default=600.0
    )
    slew_s: float = setting(
        "from dark to full at the fastest, lightning excepted", unit="s", low=0.1, high=60, default=5.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A dimmable light on one of the Pico's PWM channels. Its behavior's own parameters stand in the same table."""

    id: str = setting("name for programs: small letters, digits, - and _", pattern=IDENTIFIER)
    name: str = setting("shown on the page")
    enclosure: str = setting("id of its enclosure")
    channel: int = setting("the Pico's light channel; see the wiring for its pin", low=0, high=7)
    behavior: str = setting("what it does by itself")
    cap_percent: float = setting("greatest output: what a level of 100 % gives", unit="%", low=1, high=100, default=100)
    gamma: float = setting("output goes with level to this power; 1 = in proportion", low=1, high=4, default=2.2)
    min_percent: float = setting(
        "least level at which the lamp shows: anything above 0 begins there", unit="%", low=0, high=50, default=0
    )
    fallback_percent: float = setting("level when its plan has run out", unit="%", low=0, high=100, default=0)
    full_power_w: float = setting("power at full output", unit="W", low=0, high=200, default=0)
    colour: str = setting("of its line in charts, such as #2f6fde", pattern=COLOUR, default="#2f6fde")
    parameters: Any = None  # a frozen dataclass of the behavior's


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """One level, always."""

    level_percent: float = setting("the level", unit="%", low=0, high=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Levels at times of the wall clock, day after day; from the last one it goes over midnight to the first."""

    points: tuple[tuple[str, float], ...] = setting('[["HH:MM", percent], …], times rising')
    shape: str = setting("how points are joined", choices=("linear", "smooth"), default="linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """As bright as the sun stands high, reaching the peak at noon on every day of the year."""

    peak_percent: float = setting("level at noon", unit="%", low=0, high=100, default=100)
    min_elevation_deg: float = setting("dark while the sun is lower", unit="°", low=-18, high=60, default=0)
    offset_min: float = setting("the tank's day comes so much later than the sun's", unit="min", low=-720, high=720,
                                default=0)  # fmt: skip
    stretch: float = setting("the tank's day is so many times as long, around noon", low=0.25, high=2, default=1)
    latitude: float | None = setting("of the sun's place, if not the site", unit="°", low=-90, high=90, default=None)
    longitude: float | None = setting("of the sun's place, if not the site", unit="°", low=-180, high=180, default=None)


# Behaviors that ship with Tankwarden: name → class of its parameters. What they do: logic/behaviors.
BEHAVIOR_PARAMETERS: dict[str, type] = {"static": Static, "timed": Timed, "daylight": Daylight}
