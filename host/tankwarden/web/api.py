"""/api/status, /api/history, /api/trips, /api/lights: what the page shows, as JSON; /api/weather: its buttons."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import bottle

from tankwarden.errors import CommandError, NotKnownError
from tankwarden.web.responses import json_body, json_request, problem, send
from tankwarden.web.snapshots import PerSnapshot, Snapshot

MIN_HOURS, MAX_HOURS, DEFAULT_HOURS = 0.1, 8760.0, 24.0
MAX_TRIPS, DEFAULT_TRIPS = 200, 20
MAX_ID = (1 << 63) - 1  # of a row

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the page is given by the application: thread-safe, and none of it may be changed.

    status(): the newest snapshot. history(hours): the charts' series. trips(limit): the last ones.
    waveform(id): that of one trip; NotKnownError, in words, if there is none. lights(): today's curves.
    feedings(id, period): a feeder's history; NotKnownError. series(id, t0_ms, t1_ms, points): one thing's history.
    export(what, t0_ms, t1_ms): a CSV file in pieces; None = without end.
    health(t0_ms, t1_ms, points): how the computer fared.
    token: whoever has it may change feeders and calibrations, and feed.
    command(request): carries out {"cmd": …}; CommandError, in words, if it cannot be done.
    """

    status: Callable[[], Snapshot]
    history: Callable[[float], Json]
    trips: Callable[[int], Json]
    waveform: Callable[[int], Json]
    lights: Callable[[], Json]
    feedings: Callable[[int, str], Json]
    series: Callable[[str, int, int, int], Json]
    export: Callable[[str, int | None, int | None], Iterator[str]]
    health: Callable[[int, int, int], Json]
    token: str
    command: Callable[[Mapping[str, Any]], Json]


class Api:
    """The handlers of /api; each parses, calls and renders."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._status = PerSnapshot(sources.status, json_body)

    def status(self) -> bytes:
        return send(self._status.body())

    def history(self) -> bytes:
        hours = parse_hours(bottle.request.query.getall("hours"))
        return send(json_body(self._sources.history(hours)))

    def trips(self) -> bytes:
        limit = parse_limit(bottle.request.query.getall("limit"))
        return send(json_body(self._sources.trips(limit)))

    def lights(self) -> bytes:
        return send(json_body(self._sources.lights()))

    def begin_weather(self) -> bytes:
        wish = json_request()
        return self._command({**wish, "cmd": "weather"})

    def end_weather(self) -> bytes:
        json_request(empty=True)
        return self._command({"cmd": "weather-end"})

    def _command(self, request: Mapping[str, Any]) -> bytes:
        try:
            return send(json_body(self._sources.command(request)), "no-store")
        except CommandError as error:
            raise problem(HTTPStatus.CONFLICT, str(error)) from error

    def waveform(self, trip: str) -> bytes:
        number = int(trip)
        try:
            if number > MAX_ID:
                raise NotKnownError(f"There is no trip {number}: /api/trips lists them by their id")
            return send(json_body(self._sources.waveform(number)))
        except NotKnownError as error:
            raise problem(HTTPStatus.NOT_FOUND, str(error)) from error


def parse_hours(given: list[str]) -> float:
    """The `hours` of a query; bottle.HTTPResponse 400 naming the field if it is not one number within bounds."""
    if not given:
        return DEFAULT_HOURS
    try:
        hours = float(given[0]) if len(given) == 1 else math.nan
    except ValueError:
        hours = math.nan
    if not MIN_HOURS <= hours <= MAX_HOURS:
        said = ", ".join(repr(text) for text in given)
        raise problem(
            HTTPStatus.BAD_REQUEST,
            f"hours must be one number from {MIN_HOURS:g} to {MAX_HOURS:g}, not {said}",
            field="hours",
        )
    return hours


def parse_limit(given: list[str]) -> int:
    """The `limit` of a query; bottle.HTTPResponse 400 naming the field if it is not one whole number within bounds."""
    if not given:
        return DEFAULT_TRIPS
    text = given[0] if len(given) == 1 else ""
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0
    if not 1 <= limit <= MAX_TRIPS:
        said = ", ".join(repr(text) for text in given)
        raise problem(
            HTTPStatus.BAD_REQUEST, f"limit must be one whole number from 1 to {MAX_TRIPS}, not {said}", field="limit"
        )
    return limit
