"""Lights in the Pico's words: its configuration of a light, a plan in parts, an effect, and its report taken apart.

Pure. The Pico numbers lights from 1; a light's channel in the configuration is from 0.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tanklink import messages, records
from tanklink.messages import N_LIGHTS
from tanklink.plans import TICK_MS, knots_crc, lights_crc, pack_knots, parts_of
from tanklink.records import Record
from tankwarden.config_lights import Light, Lights
from tankwarden.logic.lights import counts_of
from tankwarden.logic.plans import FULL, Plan
from tankwarden.logic.weather import Effect


class Lamp(NamedTuple):
    """What the Pico reports of one light. left_s: to the end of its plan; 0 = over, or none."""

    counts: int
    source: str
    plan_id: int
    left_s: int


def config_records(lights: Sequence[Light], shared: Lights) -> list[Record]:
    """All eight, so that nothing of an earlier configuration survives on the board, and what they share."""
    used = {light.channel: light for light in lights}
    slew = round(FULL / shared.slew_s)
    steps: list[Record] = [_config(channel, used.get(channel), slew) for channel in range(N_LIGHTS)]
    return [*steps, records.ConfigLights(power_cap_mw=round(shared.total_power_w * 1000))]


def config_crc(steps: Sequence[Record]) -> bytes:
    """What a Pico that has taken these says in LIGHTS."""
    lights = {step.light: step[1:] for step in steps if isinstance(step, records.ConfigLight)}
    (shared,) = (step for step in steps if isinstance(step, records.ConfigLights))
    return lights_crc(lights, shared.power_cap_mw)


def _config(channel: int, light: Light | None, slew_u16_per_s: int) -> records.ConfigLight:
    if light is None:
        return records.ConfigLight(
            light=channel + 1, cap_u16=0, slew_u16_per_s=slew_u16_per_s, fallback_u16=0, full_mw=0
        )
    return records.ConfigLight(
        light=channel + 1,
        cap_u16=round(FULL * light.cap_percent / 100),
        slew_u16_per_s=slew_u16_per_s,
        fallback_u16=round(counts_of(light.fallback_percent, light)),
        full_mw=round(light.full_power_w * 1000),
    )


def plan_records(plan: Plan, plan_id: int, channel: int, origin_ms: int, speed: float = 1.0) -> list[Record]:
    """Its parts and its start. origin_ms: the Pico's uptime at the plan's first knot, which may be before its boot.

    speed: seconds of the plan's time in one of the Pico's.
    """
    ticks = (round((knot.at_ms - plan.start_ms) / speed / TICK_MS) for knot in plan.knots)
    packed = pack_knots([(tick, knot.counts) for tick, knot in zip(ticks, plan.knots, strict=True)])
    parts: list[Record] = [
        records.PlanKnots(plan_id=plan_id, light=channel + 1, first=first, count=count, knots=knots)
        for first, count, knots in parts_of(packed)
    ]
    origin_s, origin_ms_part = divmod(origin_ms, 1000)
    start = records.PlanStart(
        plan_id=plan_id, light=channel + 1, count=len(plan.knots),
        knots_crc=knots_crc(packed), origin_s=origin_s, origin_ms_part=origin_ms_part,
    )  # fmt: skip
    return [*parts, start]


def effect_record(effect: Effect, effect_id: int, channels: Iterable[int], begin_ms: int) -> records.Effect:
    """begin_ms: the Pico's uptime at which the weather begins."""
    start_s, start_ms_part = divmod(begin_ms + effect.start_ms, 1000)
    return records.Effect(
        effect_id=effect_id, kind=messages.EFFECTS.index(effect.kind), lights=sum(1 << channel for channel in channels),
        start_uptime_s=start_s, start_uptime_ms_part=start_ms_part, duration_ms=effect.duration_ms,
        depth_u16=round(FULL * effect.depth), drift_ms=effect.drift_ms, seed=effect.seed,
    )  # fmt: skip


def effect_end(effect_id: int) -> records.Effect:
    """Takes an effect away."""
    return records.Effect(
        effect_id=effect_id, kind=0, lights=0, start_uptime_s=0, start_uptime_ms_part=0, duration_ms=0, depth_u16=0,
        drift_ms=0, seed=0,
    )  # fmt: skip


def lamps(report: records.Lights) -> list[Lamp]:
    """By channel. A source that is not known here is said by its number."""
    names = messages.LIGHT_SOURCES
    sources = [names[source] if source < len(names) else str(source) for source in report.sources]
    counts, plans = struct.unpack("<8H", report.levels), struct.unpack("<8H", report.plans)
    left_s = struct.unpack("<8I", report.left_s)
    return [Lamp(*row) for row in zip(counts, sources, plans, left_s, strict=True)]
