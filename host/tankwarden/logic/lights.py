"""What a light is at any instant: resolve(claims, t) with its behavior as the lowest claim; from level to output.

A level is what a person means by brightness, 0 to 100 %. The output is the PWM duty in counts, 0 to 65535: the level
raised to the power `gamma` (perceived lightness goes about as luminance to the 1/2.2; Poynton, Digital Video and HD,
ch. 27), between the least at which the lamp shows and the cap. A level of 0 is dark.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tankwarden.config_lights import Light
from tankwarden.logic.behaviors import BEHAVIORS, Sky
from tankwarden.logic.claims import Claim, Decision, Output, Priority, Value, resolve
from tankwarden.logic.plans import FULL

Counts = Callable[[int], float]


def output_id(light_id: str) -> str:
    """The output that a light is."""
    return f"light.{light_id}"


@dataclass(frozen=True, slots=True)
class Channel:
    """One light under one sky. seed: of what is random in its behavior."""

    light: Light
    sky: Sky
    seed: int = 0

    @property
    def output(self) -> Output:
        return Output(output_id(self.light.id), self.light.fallback_percent, "nothing sets it")

    def behavior_claim(self, at_ms: int) -> Claim:
        """What the behavior wishes at that instant: the lowest claim."""
        light, behavior = self.light, BEHAVIORS[self.light.behavior]
        level = behavior.level(at_ms, light.parameters, self.sky, self.seed)
        why = behavior.why(light.parameters)
        return Claim(self.output.id, level, Priority.SCHEDULE, light.behavior, why, 0, id="behavior")

    def decide(self, claims: Iterable[Claim], at_ms: int) -> Decision:
        """Who sets it at that instant, be it now or to come: claims that will have ended by then have ended."""
        return resolve([*claims, self.behavior_claim(at_ms)], at_ms, self.output)

    def level_percent(self, claims: Iterable[Claim], at_ms: int) -> float:
        return percent_of(self.decide(claims, at_ms).value)

    def counts(self, claims: Iterable[Claim], at_ms: int) -> float:
        """The output at that instant, before the cap on the power of all lights."""
        return counts_of(self.level_percent(claims, at_ms), self.light)

    def edges(self, claims: Iterable[Claim], start_ms: int, end_ms: int) -> list[int]:
        """Instants within the span at which the level may jump or bend: of its behavior, and ends of claims."""
        found = set(BEHAVIORS[self.light.behavior].edges(start_ms, end_ms, self.light.parameters, self.sky))
        for claim in claims:
            found |= {claim.since_ms} | ({claim.until_ms} if claim.until_ms is not None else set())
        return sorted(at for at in found if start_ms < at < end_ms)


def percent_of(value: Value) -> float:
    """A claim's value as a level: true is full, false is dark. ValueError for a text."""
    if isinstance(value, str):
        raise ValueError(f"a light's level is a number in percent, not {value!r}")
    level = float(value) * 100 if isinstance(value, bool) else float(value)
    return min(100.0, max(0.0, level))


def counts_of(level_percent: float, light: Light) -> float:
    """The output of a level, 0 to 65535, not rounded."""
    if level_percent <= 0:
        return 0.0
    least, most = _ends(light)
    return float(FULL * (least + (most - least) * level_percent / 100) ** light.gamma)


def percent_shown(counts: float, light: Light) -> float:
    """The level of an output: counts_of the other way round; 0 for what no level gives."""
    least, most = _ends(light)
    shown = float((counts / FULL) ** (1 / light.gamma) - least) / (most - least) * 100
    return min(100.0, max(0.0, shown))


def _ends(light: Light) -> tuple[float, float]:
    """What levels just above 0 and of 100 % are raised to the power gamma from."""
    return light.min_percent / 100, (light.cap_percent / 100) ** (1 / light.gamma)


def power_w(counts: Sequence[float], lights: Sequence[Light]) -> float:
    """Of all lights together."""
    return sum((one / FULL * light.full_power_w for one, light in zip(counts, lights, strict=True)), 0.0)


def curves(channels: Sequence[Channel], claims: Sequence[Claim], total_power_w: float) -> list[Counts]:
    """Each light's output as a function of the instant (UTC ms), all scaled alike where they would take too much."""
    lights = [channel.light for channel in channels]
    own = [[claim for claim in claims if claim.output == channel.output.id] for channel in channels]
    alone = [_curve(channel, mine) for channel, mine in zip(channels, own, strict=True)]
    if power_w([FULL * light.cap_percent / 100 for light in lights], lights) <= total_power_w:
        return alone
    known: dict[int, list[float]] = {}

    def capped(place: int) -> Counts:
        def counts(at_ms: int) -> float:
            if at_ms not in known:
                together = [curve(at_ms) for curve in alone]
                scale = min(1.0, total_power_w / max(power_w(together, lights), 1e-9))
                known[at_ms] = [one * scale for one in together]
            return known[at_ms][place]

        return counts

    return [capped(place) for place in range(len(channels))]


def _curve(channel: Channel, claims: Sequence[Claim]) -> Counts:
    return lambda at_ms: channel.counts(claims, at_ms)
