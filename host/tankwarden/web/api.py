"""GET /api/status and /api/history: what the page shows, as JSON for programs."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import bottle

from tankwarden.web.responses import json_body, problem, send
from tankwarden.web.snapshots import PerSnapshot, Snapshot

MIN_HOURS, MAX_HOURS, DEFAULT_HOURS = 0.1, 8760.0, 24.0


class Api:
    """The handlers of /api; each parses, calls and renders."""

    def __init__(self, status: Callable[[], Snapshot], history: Callable[[float], dict[str, Any]]) -> None:
        self._status = PerSnapshot(status, json_body)
        self._history = history

    def status(self) -> bytes:
        return send(self._status.body())

    def history(self) -> bytes:
        hours = parse_hours(bottle.request.query.getall("hours"))
        return send(json_body(self._history(hours)))


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
