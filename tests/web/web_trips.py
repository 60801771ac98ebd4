"""Trips and a waveform as the store gives them, and everything together that the server asks."""

import math
from typing import Any

import web_data
import web_feeders
import web_lights
import web_snapshots

from tankwarden.web.api import Sources


def trips(limit: int = 20) -> dict[str, Any]:
    """The over-current that stands, and the over-temperature before it, whose waveform the Pico did not keep."""
    latched = [event for event in web_snapshots.tripped()["events"] if event["kind"] == "trip"]
    numbered = [
        {**event, "trip_id": 17 - place, "board_id": web_snapshots.pico()["board_id"]}
        for place, event in enumerate(latched)
    ]
    return {"trips": numbered[:limit]}


def waveform(_trip: int = 32) -> dict[str, Any]:
    """A surge on circuit 1: the current climbs past its limit within milliseconds, and ends as the relays open."""
    ticks, at_tick = range(256), 128

    def amperes(tick: int) -> float:
        if tick < 118:
            return 8.5 + 0.05 * math.sin(tick)
        return 8.5 + 0.4 * (tick - 118) if tick <= at_tick + 6 else 0.0

    def series(unit: str, value: Any, per_count: float) -> dict[str, Any]:
        values = [round(value(tick), 3) for tick in ticks]
        return {"unit": unit, "values": values, "counts": [round(one / per_count) for one in values]}

    return {
        "trip": trips()["trips"][0],
        "period_us": 500,
        "at_tick": at_tick,
        "t_ms": [(tick - at_tick) * 0.5 for tick in ticks],
        "series": {
            "current_1": series("A", amperes, 0.004),
            "current_2": series("A", lambda _tick: 0.0, 0.004),
            "voltage_1": series("V", lambda tick: 331.0 - 7 * amperes(tick), 0.122),
            "voltage_2": series("V", lambda _tick: 331.8, 0.122),
            "temperature_1": series("°F", lambda _tick: 104.3, 0.07),
            "temperature_2": series("°F", lambda _tick: 104.1, 0.07),
            "reference": {"unit": None, "values": None, "counts": [2048] * 256},
            "reef_temperature": series("°F", lambda _tick: 78.4, 0.07),
        },
    }


def sources() -> Sources:
    """What the server asks, where nobody changes it."""
    return Sources(
        status=web_snapshots.snapshot, history=web_snapshots.history, trips=trips, waveform=waveform,
        lights=web_lights.charts, feedings=web_feeders.feedings,
        series=web_data.series, export=web_data.export, health=web_data.health, token=web_feeders.TOKEN, command=dict,
    )  # fmt: skip
