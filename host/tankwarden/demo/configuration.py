"""The demo's configuration file: the simulated house of sim/defaults.py, as the person who owns it would write it."""

import json
from collections.abc import Mapping
from typing import Any

from tanklink.messages import CHANNELS
from tankwarden.demo.feeder import SERVO
from tankwarden.sim.defaults import CIRCUITS, CircuitSpec, Site, scaling_points

Table = dict[str, Any]
_MAX_GAP_S = 60
_STATUS_GAP_S = 0.5  # five of the Pico's reports: however fast the wall clock runs, rows that follow on them are no gap
# How fast a tank's reading may change is judged by the Pico's own clock, on which a hurried plant changes faster. The
# second number is the ceiling of mcu/limits.py.
_RATE_DEGF_PER_S, _RATE_CEILING_DEGF_PER_S = 2.0, 20.0
_PLANT_ONLY = ("array", "tank", "element_ohm")


def demo_config(port: str, clock: Mapping[str, Any], overrides: Mapping[str, Table] | None = None) -> str:
    """TOML text for `tankwarden run --config`.

    port: of the simulated Pico. clock: epoch_wall_ms, epoch_mono_ns and speed, as the simulation's control socket
    answers to `clock`. overrides: section → keys to set in it; those of "circuit" are set in every circuit.
    """
    overrides = overrides or {}
    rate = {"rate_degf_per_s": min(_RATE_DEGF_PER_S * max(1.0, clock["speed"]), _RATE_CEILING_DEGF_PER_S)}
    site = Site()
    sections: dict[str, Table] = {
        "site": {"name": site.name, "latitude": site.latitude, "longitude": site.longitude, "zone": site.zone},
        "pico": {"port": port},
        "clock": {key: clock[key] for key in ("epoch_wall_ms", "epoch_mono_ns", "speed")},
        "energy": {"max_gap_s": max(_MAX_GAP_S, round(clock["speed"] * _STATUS_GAP_S))},
    }
    for name, keys in overrides.items():
        if name != "circuit":
            sections.setdefault(name, {}).update(keys)
    tables = [(f"[{name}]", table) for name, table in sections.items()]
    tables += [("[[enclosure]]", table) for table in _enclosures()]
    tables += [("[[circuit]]", _circuit(spec) | rate | overrides.get("circuit", {})) for spec in CIRCUITS]
    tables += [("[[sensor]]", _REEF_SENSOR)]
    tables += [("[[light]]", table) for table in _REEF_LIGHTS]
    tables += [("[[servo]]", {"servo": SERVO, "drop_sensor": True, "max_feedings_24h": 24, "max_turns_24h": 100})]
    tables += [("[[scale]]", {"channel": name, "points": scaling_points(name)}) for name in CHANNELS]
    return "\n".join(f"{title}\n{_lines(table)}" for title, table in tables)


_REEF_SENSOR: Table = {
    "id": "reef-water", "name": "Reef water", "enclosure": "reef", "driver": "pico", "channel": "reef_temperature",
    "plausible_low": 50.0, "plausible_high": 110.0,
}  # fmt: skip


# The reef's day begins two hours after the sun's, so that its people see the evening of it.
_REEF_LIGHTS: tuple[Table, ...] = (
    {"id": "reef-blue", "name": "Reef blue", "enclosure": "reef", "channel": 0, "behavior": "daylight",
     "peak_percent": 90, "offset_min": 120, "stretch": 1.1, "min_percent": 4, "full_power_w": 60, "colour": "#2f6fde"},
    {"id": "reef-white", "name": "Reef white", "enclosure": "reef", "channel": 1, "behavior": "daylight",
     "peak_percent": 65, "offset_min": 120, "min_elevation_deg": 8, "min_percent": 4, "full_power_w": 80,
     "colour": "#d9a520"},
    {"id": "reef-violet", "name": "Reef violet", "enclosure": "reef", "channel": 2, "behavior": "timed",
     "points": [["09:00", 0], ["12:00", 55], ["17:00", 70], ["20:30", 25], ["22:00", 0]], "shape": "smooth",
     "min_percent": 4, "full_power_w": 25, "colour": "#8b3fd1"},
    {"id": "refugium", "name": "Refugium", "enclosure": "reef", "channel": 3, "behavior": "timed",
     "points": [["07:30", 60], ["08:00", 0], ["20:00", 0], ["20:30", 60]], "fallback_percent": 20,
     "full_power_w": 15, "colour": "#d1477a"},
)  # fmt: skip


def _enclosures() -> list[Table]:
    def hot_water(name: str) -> Table:
        return {"id": name, "name": name.replace("-", " ").capitalize(), "kind": "hot_water"}

    return [*(hot_water(spec.enclosure) for spec in CIRCUITS), {"id": "reef", "name": "Reef", "kind": "reef"}]


def _circuit(spec: CircuitSpec) -> Table:
    keys = {name: getattr(spec, name) for name in spec.__slots__ if name not in _PLANT_ONLY}
    return {**keys, "resistance_ohm": spec.element_ohm}


def _lines(table: Table) -> str:
    # A JSON string, number, boolean or list of lists is also TOML.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
