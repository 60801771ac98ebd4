"""Weather for the lights, by a button or the API: a name, a seed and how strong it is → effects that the Pico plays.

The same seed makes the same weather. How one effect looks in milliseconds is tanklink's; here is which follow which.
"""

import random
from typing import NamedTuple

KINDS = ("cloud", "storm", "lightning")
MAX_S = 4 * 3600
_BURST_MS = 4_000  # of lightning: a few strokes
_BURSTS_MOST = 10  # of a storm: its clouds need room, too
_BURST_EVERY_MS = 15_000
_DRIFT_MS = 2_000  # a cloud comes over the tank from one light to the next
_SEED_BITS = 30


class Effect(NamedTuple):
    """One effect of the Pico's. start_ms: after the beginning of the weather. depth: 0 to 1, of what the Pico says."""

    kind: str
    start_ms: int
    duration_ms: int
    depth: float
    drift_ms: int
    seed: int


def weather(kind: str, duration_ms: int, depth: float, seed: int) -> list[Effect]:
    """The effects of one of KINDS, at most 16. ValueError for another kind."""
    chance = random.Random(seed)  # noqa: S311 - weather, not secrets
    if kind == "cloud":
        return [Effect("cloud", 0, duration_ms, depth, _DRIFT_MS, chance.getrandbits(_SEED_BITS))]
    if kind == "lightning":
        return [Effect("lightning", 0, duration_ms, depth, 0, chance.getrandbits(_SEED_BITS))]
    if kind == "storm":
        return _storm(duration_ms, depth, chance)
    raise ValueError(f"there is no weather {kind!r}: it is one of {', '.join(KINDS)}")


def _storm(duration_ms: int, depth: float, chance: random.Random) -> list[Effect]:
    """A cloud over all of it, a darker one in the middle, and bursts of lightning at random in between."""
    third = duration_ms // 3
    effects = [
        Effect("cloud", 0, duration_ms, depth * 0.8, _DRIFT_MS, chance.getrandbits(_SEED_BITS)),
        Effect("cloud", third // 2, 2 * third, depth * 0.5, _DRIFT_MS, chance.getrandbits(_SEED_BITS)),
    ]
    bursts = max(1, min(_BURSTS_MOST, duration_ms // _BURST_EVERY_MS))
    length_ms = min(_BURST_MS, duration_ms)
    for _ in range(bursts):
        start_ms = chance.randint(0, duration_ms - length_ms)
        brightest = chance.uniform(0.5, 1.0) * depth
        effects.append(Effect("lightning", start_ms, length_ms, brightest, 0, chance.getrandbits(_SEED_BITS)))
    return effects
