"""What every answer has in common: conditional requests, compression, safe headers, and problems told as RFC 9457."""

import gzip
import hashlib
import html
import json
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

import bottle

HTML = "text/html; charset=utf-8"
JSON = "application/json"
PROBLEM = "application/problem+json"
MIN_GZIP_BYTES = 1400  # less fits into one packet anyway

# Only our own files, no inline script or style; data: is for the small icons within the CSS library.
SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Body:
    """The content of an answer; its tag and its compressed form are made once, however often it is sent."""

    data: bytes
    media_type: str

    @cached_property
    def etag(self) -> str:
        # Weak, because the compressed form goes by the same tag.
        return f'W/"{hashlib.blake2b(self.data, digest_size=12).hexdigest()}"'

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.data, compresslevel=6, mtime=0)


def json_body(value: Any) -> Body:
    """ValueError for NaN and infinity, which JSON does not have."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Body(text.encode(), JSON)


def send(body: Body, cache_control: str = "no-cache") -> bytes:
    """Answer the current request with `body`, or with 304 if the client has it."""
    response = bottle.response
    response.set_header("ETag", body.etag)
    response.set_header("Cache-Control", cache_control)
    response.set_header("Vary", "Accept-Encoding")
    if _client_has(body.etag):
        response.status = HTTPStatus.NOT_MODIFIED.value
        return b""
    response.content_type = body.media_type
    if len(body.data) >= MIN_GZIP_BYTES and "gzip" in bottle.request.get_header("Accept-Encoding", ""):
        response.set_header("Content-Encoding", "gzip")
        return body.gzipped
    return body.data


def _client_has(etag: str) -> bool:
    wanted = bottle.request.get_header("If-None-Match", "")
    opaque = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") in (opaque, "*") for tag in wanted.split(","))


def json_request(*, empty: bool = False) -> dict[str, Any]:
    """The JSON object of a request that changes something. bottle.HTTPResponse 4xx, in words, if it is none.

    A page of another site cannot send that: its content type asks the browser to ask us first (CORS), and we do not
    answer that; what a browser says of a request's origin must be ours, too. empty: without a body is {}.
    """
    request = bottle.request
    if request.content_type.partition(";")[0].strip().lower() != JSON:
        raise problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {JSON} with Content-Type {JSON}")
    origin = request.get_header("Origin")
    if origin is not None and origin.partition("://")[2] != request.get_header("Host", ""):
        raise problem(HTTPStatus.FORBIDDEN, f"this was asked for by a page of {origin}, not by this controller's own")
    try:
        body = request.body.read()
        value = {} if empty and not body else json.loads(body)
    except (ValueError, RecursionError) as error:
        raise problem(HTTPStatus.BAD_REQUEST, "the body is no JSON") from error
    if not isinstance(value, dict):
        raise problem(HTTPStatus.BAD_REQUEST, "the body is not one JSON object")
    return value


def set_safe_headers() -> None:
    for name, value in SAFE_HEADERS.items():
        bottle.response.set_header(name, value)


def problem(status: HTTPStatus, detail: str, field: str | None = None) -> bottle.HTTPResponse:
    """To be raised: an error in words, naming the field at fault if there is one."""
    return bottle.HTTPResponse(
        _problem_json(status, detail, field), status=status.value, headers={"Content-Type": PROBLEM}
    )


def error_answer(error: Any) -> str:
    """bottle's error handler: nothing of what happened inside gets out; the log on standard error has it."""
    status = HTTPStatus(error.status_code)
    set_safe_headers()
    bottle.response.set_header("Cache-Control", "no-store")
    detail = _DETAILS.get(status, status.description or status.phrase).format(
        path=bottle.request.path, method=bottle.request.method
    )
    if _wants_page():
        bottle.response.content_type = HTML
        return _ERROR_PAGE.format(status=status.value, title=status.phrase, detail=html.escape(detail))
    bottle.response.content_type = PROBLEM
    return _problem_json(status, detail, None)


def _wants_page() -> bool:
    request = bottle.request
    return not request.path.startswith("/api/") and "text/html" in request.get_header("Accept", "")


def _problem_json(status: HTTPStatus, detail: str, field: str | None) -> str:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": bottle.request.path,
    }
    if field is not None:
        content["errors"] = [{"field": field, "detail": detail}]
    return json.dumps(content, ensure_ascii=False)


_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at {path}",
    HTTPStatus.METHOD_NOT_ALLOWED: "{path} does not take {method}; the Allow header says what it takes",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The controller failed to answer; its log says why. Control goes on",
}

_ERROR_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{status} {title}</title></head>
<body><h1>{status} {title}</h1><p>{detail}.</p><p><a href="/">To the dashboard</a></p></body></html>
"""
