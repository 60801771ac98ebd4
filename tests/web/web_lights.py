"""A reef's lights as `App.status()` and `App.lights_today()` give them, for tests of whatever shows them."""

import math
from typing import Any

NOW_MS = 1_750_541_527_000  # as in web_snapshots
MIDNIGHT_MS = NOW_MS - (14 * 3600 + 32 * 60 + 7) * 1000
HOUR_MS = 3_600_000


def light(identifier: str, name: str, channel: int, colour: str, percent: float, **changes: Any) -> dict[str, Any]:
    why = "daylight: as high as the sun stands, 120 min later"
    claims = [
        {"source": "daylight", "priority": "schedule", "value": percent, "why": why, "since_ms": 0, "until_ms": None,
         "wins": True},
        {"source": "fallback", "priority": "fallback", "value": 0.0, "why": "nothing sets it", "since_ms": 0,
         "until_ms": None, "wins": False},
    ]  # fmt: skip
    whole = {
        "id": identifier, "name": name, "enclosure": "reef", "channel": channel, "colour": colour,
        "behavior": "daylight",
        "level": {"value": percent, "unit": "%", "quality": "ok", "age_s": 0.3, "raw_counts": round(655 * percent)},
        "output_percent": round(percent**2.2 / 251.19, 2), "wished_percent": percent, "source": "plan",
        "output": {"id": f"light.{identifier}", "value": percent, "why": why, "claims": claims, "holds": []},
        "plan": {"start_ms": NOW_MS - 600_000, "end_ms": NOW_MS + 172_200_000, "left_s": 172_200, "knots": 64,
                 "error_percent": 0.061, "whole": True},
        "if_host_dies": "It goes on by itself until Mon 14:22, then to its fallback of 0 %.",
    }  # fmt: skip
    return whole | changes


def lights() -> list[dict[str, Any]]:
    return [light("blue", "Reef blue", 0, "#2f6fde", 71.4), light("white", "Reef white", 1, "#d9a520", 43.8)]


def lighting(**changes: Any) -> dict[str, Any]:
    return {"problem": None, "power_w": 38.2, "power_capped": False, "effects": 0, "weather": [], **changes}


def charts() -> dict[str, Any]:
    def percent(hour: float, peak: float) -> float:
        return round(max(0.0, peak * math.sin(math.pi * (hour - 8) / 13)), 1)

    def chart(identifier: str, name: str, colour: str, peak: float) -> dict[str, Any]:
        quarters = [(MIDNIGHT_MS + round(place * HOUR_MS / 4), percent(place / 4, peak)) for place in range(97)]
        return {
            "id": identifier, "name": name, "colour": colour, "start_ms": MIDNIGHT_MS,
            "end_ms": MIDNIGHT_MS + 24 * HOUR_MS, "behavior": quarters, "plan": quarters[40:],
        }  # fmt: skip

    return {"lights": [chart("blue", "Reef blue", "#2f6fde", 90), chart("white", "Reef white", "#d9a520", 55)]}
