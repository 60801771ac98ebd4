"""The lights as the snapshot and the API show them: what they do now, until when by themselves, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tankwarden.config_lights import Light
from tankwarden.flows.lights import REPORT_STALE_S, LightNow, LightsView
from tankwarden.flows.readings import rounded
from tankwarden.flows.weather import Running
from tankwarden.logic.claims import explain
from tankwarden.logic.light_charts import Chart
from tankwarden.logic.lights import percent_of, percent_shown
from tankwarden.logic.plans import FULL
from tankwarden.logic.quality import Quality

Json = dict[str, Any]


def lights_json(view: LightsView, now_ms: int, zone: str) -> list[Json]:
    """One table a light."""
    return [_light(now, now_ms, zone) for now in view.lights]


def lighting_json(view: LightsView, weather: Sequence[Running]) -> Json:
    """What concerns them all."""
    report = view.report
    return {
        "problem": view.problem,
        "power_w": None if report is None else report.power_mw / 1000,
        "power_capped": report is not None and report.power_capped,
        "effects": None if report is None else report.effects,
        "weather": [{"kind": one.kind, "until_ms": one.until_ms, "seed": one.seed} for one in weather],
    }


def charts_json(charts: Sequence[tuple[Light, Chart]]) -> Json:
    """Today's curves: (UTC ms, percent) of each light's behavior alone, and of its plans as they were sent."""
    return {
        "lights": [
            {
                "id": light.id,
                "name": light.name,
                "colour": light.colour,
                "start_ms": chart.start_ms,
                "end_ms": chart.end_ms,
                "behavior": chart.behavior,
                "plan": chart.plan,
            }
            for light, chart in charts
        ]
    }


def _light(now: LightNow, now_ms: int, zone: str) -> Json:
    light, lamp = now.channel.light, now.lamp
    shown = None if lamp is None else rounded(percent_shown(lamp.counts, light), 1)
    return {
        "id": light.id,
        "name": light.name,
        "enclosure": light.enclosure,
        "channel": light.channel,
        "colour": light.colour,
        "behavior": light.behavior,
        "level": {
            "value": shown,
            "unit": "%",
            "quality": str(_quality(now)),
            "age_s": rounded(now.age_s, 1),
            "raw_counts": None if lamp is None else lamp.counts,
        },
        "output_percent": None if lamp is None else rounded(lamp.counts / FULL * 100, 2),
        "wished_percent": rounded(percent_of(now.decision.value), 1),
        "source": None if lamp is None else lamp.source,
        "output": {
            "id": now.channel.output.id,
            "value": rounded(percent_of(now.decision.value), 1),
            "why": now.decision.winner.why,
            "claims": explain(now.decision),
            "holds": [],
        },
        "plan": _plan(now, now_ms),
        "if_host_dies": if_host_dies(now, now_ms, zone),
    }


def _quality(now: LightNow) -> Quality:
    if now.lamp is None or now.age_s is None:
        return Quality.MISSING
    return Quality.OK if now.age_s <= REPORT_STALE_S else Quality.STALE


def _plan(now: LightNow, now_ms: int) -> Json | None:
    if now.sent is None:
        return None
    plan = now.sent.plan
    return {
        "start_ms": plan.start_ms,
        "end_ms": plan.end_ms,
        "left_s": max(0, (plan.end_ms - now_ms) // 1000),
        "knots": len(plan.knots),
        "error_percent": rounded(plan.error_percent, 3),
        "whole": plan.whole,
    }


def if_host_dies(now: LightNow, now_ms: int, zone: str) -> str:
    """What becomes of a light if this program, or its computer, stops now."""
    fallback = f"its fallback of {now.channel.light.fallback_percent:g} %"
    if now.sent is None or now.sent.plan.end_ms <= now_ms:
        return f"It has no plan from this host: it goes on with what the Pico still holds, then to {fallback}."
    end = datetime.fromtimestamp(now.sent.plan.end_ms / 1000, ZoneInfo(zone))
    return f"It goes on by itself until {end:%a %H:%M}, then to {fallback}."
