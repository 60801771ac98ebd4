"""The pages: the newest snapshot through a template, rendered once per snapshot.

A page keeps itself alive by fetching its own address again and taking over what changed (static/js/live.js), so what a
browser shows after an hour is made by the same templates as its first paint, and a page without script is whole.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bottle

from tankwarden.web import lightcharts, present, wording
from tankwarden.web.assets import Assets
from tankwarden.web.hourly import Table, hourly
from tankwarden.web.present import Times
from tankwarden.web.responses import HTML, Body, send
from tankwarden.web.snapshots import PerSnapshot, Snapshot

TEMPLATES = Path(__file__).resolve().parent / "templates"
CHART_HOURS = 24.0
TABLE_EVERY_MS = 60_000
WORST_FIRST = tuple(reversed(present.QUALITIES))

log = logging.getLogger(__name__)


class Pages:
    """The handlers of pages, and the templates they share."""

    def __init__(
        self, status: Callable[[], Snapshot], history: Callable[[float], dict[str, Any]],
        lights: Callable[[], dict[str, Any]], assets: Assets,
    ) -> None:  # fmt: skip
        self._history, self._lights = history, lights
        self._template = bottle.SimpleTemplate(name="dashboard.tpl", lookup=[str(TEMPLATES)])
        self._shared = {"url": assets.url, "build": assets.fingerprint, "p": present, "w": wording, "json": json.dumps}
        self._table: Table | None = None
        self._table_at_ms = 0
        self._dashboard = PerSnapshot(status, self._render_dashboard)

    def dashboard(self) -> bytes:
        return send(self._dashboard.body())

    def _render_dashboard(self, snapshot: Snapshot) -> Body:
        snapshot = without_noise(snapshot)
        times = Times(snapshot["zone"], snapshot["time_ms"])
        names = series_names(snapshot)
        page: str = self._template.render(
            self._shared,
            s=snapshot,
            times=times,
            names=names,
            enclosures=by_enclosure(snapshot),
            temperatures=tank_temperatures(snapshot),
            power=total_power(snapshot),
            light_groups=light_groups(snapshot, self._lights()["lights"] if snapshot["lights"] else [], times),
            drawing_width=lightcharts.WIDTH,
            drawing_height=lightcharts.HEIGHT,
            table=self._hourly(snapshot, names, times),
        )
        return Body(page.encode(), HTML)

    def _hourly(self, snapshot: Snapshot, names: dict[str, dict[str, str]], times: Times) -> Table | None:
        """None if history cannot be read: that must not take the live values away."""
        now_ms = snapshot["time_ms"]
        if self._table is None or not 0 <= now_ms - self._table_at_ms < TABLE_EVERY_MS:
            try:
                self._table = hourly(self._history(CHART_HOURS), names, times)
            except Exception:
                log.exception("history for the dashboard's table")
                self._table = None
            self._table_at_ms = now_ms
        return self._table


def without_noise(snapshot: Snapshot) -> Snapshot:
    """The power of a circuit whose relays both read back open shown as 0 W: what is left is the converter's noise.

    For the page alone; what is stored, and /api/status, stay as measured.
    """
    circuits = [_without_noise(circuit) for circuit in snapshot["circuits"]]
    powers = [circuit["readings"]["power"]["value"] for circuit in circuits]
    total = snapshot["totals"]["power_w"]
    if total is not None and None not in powers:
        total = sum(powers)
    return {**snapshot, "circuits": circuits, "totals": {**snapshot["totals"], "power_w": total}}


def _without_noise(circuit: dict[str, Any]) -> dict[str, Any]:
    power = circuit["readings"]["power"]
    if any(circuit["relays"][relay] is not False for relay in ("outside", "inside")) or power["value"] is None:
        return circuit
    return {**circuit, "readings": {**circuit["readings"], "power": {**power, "value": 0.0}}}


def by_enclosure(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The enclosures in order, each with its circuits, feeders and the sensors not shown big; strays come last."""
    groups = [{**enclosure, "circuits": [], "feeders": [], "sensors": []} for enclosure in snapshot["enclosures"]]
    rest: dict[str, Any] = {"id": "", "name": "Elsewhere", "kind": None, "circuits": [], "feeders": [], "sensors": []}
    place = {group["id"]: group for group in groups}
    for part in ("circuits", "feeders", "sensors"):
        for thing in snapshot[part]:
            if part != "sensors" or not is_temperature(thing):
                place.get(thing["enclosure"], rest)[part].append(thing)
    return [group for group in (*groups, rest) if group["circuits"] or group["feeders"] or group["sensors"]]


def light_groups(snapshot: Snapshot, charts: list[dict[str, Any]], times: Times) -> list[dict[str, Any]]:
    """The enclosures that have lights, each with them and with the drawing of their day, None if there is none yet."""
    groups = []
    for enclosure in snapshot["enclosures"]:
        lights = [light for light in snapshot["lights"] if light["enclosure"] == enclosure["id"]]
        if lights:
            mine = {light["id"] for light in lights}
            drawing = lightcharts.day([chart for chart in charts if chart["id"] in mine], times)
            groups.append({**enclosure, "lights": lights, "day": drawing})
    return groups


def tank_temperatures(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The temperatures shown big: every sensor in °F, and a circuit's own where its enclosure has no such sensor."""
    enclosures = {enclosure["id"]: enclosure["name"] for enclosure in snapshot["enclosures"]}
    sensors = [sensor for sensor in snapshot["sensors"] if is_temperature(sensor)]
    covered = {sensor["enclosure"] for sensor in sensors}
    circuits = [
        {**circuit, "reading": circuit["readings"]["temperature"]}
        for circuit in snapshot["circuits"]
        if circuit["enclosure"] not in covered
    ]
    return [{**thing, "where": enclosures.get(thing["enclosure"], "")} for thing in circuits + sensors]


def is_temperature(sensor: dict[str, Any]) -> bool:
    return bool(sensor["reading"]["unit"] == "°F")


def total_power(snapshot: Snapshot) -> dict[str, Any]:
    """The sum as a reading: as old as its oldest part and as good as its worst."""
    parts = [circuit["readings"]["power"] for circuit in snapshot["circuits"]]
    ages = [part["age_s"] for part in parts if part["age_s"] is not None]
    qualities = [part["quality"] for part in parts]
    return {
        "value": snapshot["totals"]["power_w"],
        "unit": "W",
        "quality": next((quality for quality in WORST_FIRST if quality in qualities), "ok"),
        "age_s": max(ages, default=None),
        "raw_counts": None,
        "measured": None,
        "fault": next((part["fault"] for part in parts if part.get("fault")), None),
    }


def series_names(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Series of the history -> id -> the name its line and column go by."""
    circuits = {circuit["id"]: circuit["name"] for circuit in snapshot["circuits"]}
    sensors = {sensor["id"]: sensor["name"] for sensor in snapshot["sensors"] if is_temperature(sensor)}
    return {"power_w": circuits, "temperature_degf": circuits | sensors}
