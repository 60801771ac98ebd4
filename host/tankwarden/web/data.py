"""/api/series, health, summaries, calibrations and export: what is stored, and the calibrations that it is read by.

Reading is open, as the page is. What changes a calibration, or takes long, is for this machine and its token alone.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import bottle

from tankwarden.errors import TankwardenError
from tankwarden.web.api import Sources
from tankwarden.web.feeders import as_problem, only_here
from tankwarden.web.responses import json_body, json_request, problem, send

DAY_MS = 86_400_000
DEFAULT_POINTS = 1_000
Handler = Callable[..., Any]


class DataApi:
    """The handlers; each parses, calls and renders."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def routes(self) -> tuple[tuple[str, str, Handler], ...]:
        """(method, path, handler)."""
        return (
            ("GET", "/api/series/<name>", self.series),
            ("GET", "/api/health", self.health),
            ("GET", "/api/summaries", self.summaries),
            ("GET", "/api/export/<what>.csv", self.export),
            ("GET", "/api/calibrations", self.calibrations),
            ("GET", "/api/calibrations/progress", self.progress),
            ("POST", "/api/calibrations", self.calibrate),
            ("POST", "/api/calibrations/preview", self.preview),
            ("POST", "/api/calibrations/ph", self.calibrate_ph),
            ("POST", "/api/calibrations/ph/preview", self.preview_ph),
            ("DELETE", "/api/calibrations/<number:re:[0-9]{1,9}>", self.undo),
        )

    def series(self, name: str) -> bytes:
        return self._chart(lambda *span: self._sources.series(name, *span))

    def health(self) -> bytes:
        return self._chart(self._sources.health)

    def _chart(self, read: Callable[[int, int, int], Mapping[str, Any]]) -> bytes:
        """read(from, to, points): the last day, unless the query says otherwise."""
        end = _instant("to")
        now_ms = int(self._sources.status()["time_ms"])
        end = now_ms if end is None else end
        begin = _instant("from")
        points = _whole("points", DEFAULT_POINTS)
        try:
            found = read(end - DAY_MS if begin is None else begin, end, points)
        except TankwardenError as error:
            raise as_problem(error) from error
        return send(json_body(found))

    def summaries(self) -> bytes:
        return self._command({"cmd": "summaries", "days": _whole("days", 30)})

    def calibrations(self) -> bytes:
        return self._command({"cmd": "calibrations"})

    def progress(self) -> bytes:
        return self._command({"cmd": "calibrate-progress"})

    def preview(self) -> bytes:
        only_here(self._sources.token, "Calibrations are tried and changed", "tankwarden calibrate")
        return self._command({**json_request(), "cmd": "calibrate-preview"})

    def calibrate(self) -> bytes:
        only_here(self._sources.token, "Calibrations are tried and changed", "tankwarden calibrate")
        answer = self._command({**json_request(), "cmd": "calibrate"})
        bottle.response.status = HTTPStatus.CREATED.value
        return answer

    def preview_ph(self) -> bytes:
        only_here(self._sources.token, "Calibrations are tried and changed", "tankwarden calibrate")
        return self._command({**json_request(), "cmd": "calibrate-ph-preview"})

    def calibrate_ph(self) -> bytes:
        only_here(self._sources.token, "Calibrations are tried and changed", "tankwarden calibrate")
        answer = self._command({**json_request(), "cmd": "calibrate-ph"})
        bottle.response.status = HTTPStatus.CREATED.value
        return answer

    def undo(self, number: str) -> bytes:
        only_here(self._sources.token, "Calibrations are tried and changed", "tankwarden calibrate")
        return self._command({"cmd": "calibrate-undo", "id": int(number)})

    def export(self, what: str) -> Iterator[bytes]:
        """A file, as it comes from the database: however long, it is never whole in memory."""
        begin, end = _instant("from"), _instant("to")
        try:
            pieces = self._sources.export(what, begin, end)
            first = next(pieces, "")
        except TankwardenError as error:
            raise as_problem(error) from error
        bottle.response.content_type = "text/csv; charset=utf-8"
        bottle.response.set_header("Content-Disposition", f'attachment; filename="tankwarden-{what}.csv"')
        bottle.response.set_header("Cache-Control", "no-store")
        return _encoded(first, pieces)

    def _command(self, request: Mapping[str, Any]) -> bytes:
        try:
            answer = self._sources.command(request)
        except TankwardenError as error:
            raise as_problem(error) from error
        bottle.response.content_type = "application/json"
        bottle.response.set_header("Cache-Control", "no-store")
        return json_body(answer).data


def _encoded(first: str, pieces: Iterator[str]) -> Iterator[bytes]:
    yield first.encode()
    for piece in pieces:
        yield piece.encode()


def _whole(key: str, default: int) -> int:
    """One whole number of the query; bottle.HTTPResponse 400 naming the field if it is none."""
    given = bottle.request.query.getall(key)
    if not given:
        return default
    if len(given) != 1 or not (given[0].isascii() and given[0].isdigit() and len(given[0]) <= 6):
        raise problem(HTTPStatus.BAD_REQUEST, f"{key} must be one whole number, not {', '.join(given)}", field=key)
    return int(given[0])


def _instant(key: str) -> int | None:
    """UTC ms of the query, given as such or like 2026-10-23T14:30Z; None if it is not there."""
    given = bottle.request.query.getall(key)
    if not given:
        return None
    text = given[0] if len(given) == 1 else ""
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        said = ", ".join(repr(each) for each in given)
        raise problem(HTTPStatus.BAD_REQUEST, f"{key} must be UTC ms, or like 2026-10-23T14:30Z, not {said}", field=key)
    return round(moment.timestamp() * 1000)
