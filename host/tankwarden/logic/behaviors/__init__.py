"""Behaviors of lights: pure functions of (instant, parameters, sky, seed) → level. One file each, one row each here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tankwarden.logic.behaviors import daylight, static, timed
from tankwarden.logic.behaviors.sky import Sky as Sky


@dataclass(frozen=True, slots=True)
class Behavior:
    """level(at_ms, parameters, sky, seed): percent, 0 to 100. edges(start_ms, end_ms, parameters, sky): the instants
    within the span (UTC ms) at which the level may jump or bend. why(parameters): for people.
    """

    level: Callable[[int, Any, Sky, int], float]
    edges: Callable[[int, int, Any, Sky], Sequence[int]]
    why: Callable[[Any], str]


# Names as in the configuration; config_lights.BEHAVIORS has the classes of the parameters, and a test holds them equal.
BEHAVIORS = {
    "static": Behavior(static.level, static.edges, static.why),
    "timed": Behavior(timed.level, timed.edges, timed.why),
    "daylight": Behavior(daylight.level, daylight.edges, daylight.why),
}
