"""The API's contract and what every answer carries: conditional requests, safe headers, errors in words."""

import gzip
import json
import math
from typing import Any
from urllib.parse import quote

import pytest
import web_snapshots
import web_trips

from tankwarden.errors import NotKnownError
from tankwarden.web.responses import SAFE_HEADERS


def test_status_is_the_snapshot_as_json(site: Any) -> None:
    reply = site.get("/api/status")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.json() == web_snapshots.snapshot()


@pytest.mark.parametrize("path", ["/", "/api/status", "/api/history", "/api/trips", "/api/nothing", "/nothing"])
def test_every_answer_carries_the_safe_headers(site: Any, path: str) -> None:
    headers = site.get(path).headers
    assert {name: headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS
    assert headers["Server"] is None


def test_the_content_policy_allows_no_inline_code() -> None:
    policy = SAFE_HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("path", ["/", "/api/status", "/api/history"])
def test_unchanged_content_is_answered_304_and_changed_content_anew(site: Any, path: str) -> None:
    first = site.get(path)
    again = site.get(path, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    among_others = site.get(path, If_None_Match=f'"other", {first.headers["ETag"]}')
    assert among_others.status == 304
    site.controller.snapshot = web_snapshots.snapshot(time_ms=web_snapshots.NOW_MS + 60_000, version="9")
    site.controller.history = web_snapshots.history(hours=2)
    changed = site.get(path, If_None_Match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_compressed_where_the_client_takes_it(site: Any) -> None:
    plain = site.get("/api/status")
    packed = site.get("/api/status", Accept_Encoding="gzip, br")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_head_gives_the_headers_alone(site: Any) -> None:
    reply = site.get("/api/status", method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["ETag"] == site.get("/api/status").headers["ETag"]


# -- history ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "hours"),
    [("", 24.0), ("?hours=24", 24.0), ("?hours=0.1", 0.1), ("?hours=8760", 8760), ("?hours=1e2", 100)],
)
def test_history_of_the_hours_asked_for(site: Any, query: str, hours: float) -> None:
    reply = site.get(f"/api/history{query}")
    assert reply.status == 200
    assert site.controller.hours_asked == [hours]
    assert reply.json() == web_snapshots.history()


@pytest.mark.parametrize("hours", ["0", "0.09", "8760.1", "-1", "nan", "inf", "ten", "", "24&hours=12", "1,5"])
def test_hours_out_of_bounds_are_refused_naming_the_field(site: Any, hours: str) -> None:
    reply = site.get(f"/api/history?hours={hours}")
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == 400
    assert problem["title"] == "Bad Request"
    assert [error["field"] for error in problem["errors"]] == ["hours"]
    assert "from 0.1 to 8760" in problem["detail"]
    assert site.controller.hours_asked == []


# -- trips --------------------------------------------------------------------------------------------------------


def test_the_last_trips_each_with_how_its_waveform_stands(site: Any) -> None:
    reply = site.get("/api/trips")
    assert reply.status == 200
    assert [(trip["id"], trip["trip_id"], trip["waveform"]) for trip in reply.json()["trips"]] == [
        (32, 17, "stored"),
        (29, 16, "none"),
    ]
    assert len(site.get("/api/trips?limit=1").json()["trips"]) == 1
    assert site.controller.trips_asked == [20, 1]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "ten", "", "99999", "²", "1&limit=2"])
def test_a_limit_out_of_bounds_is_refused_naming_the_field(site: Any, limit: str) -> None:
    reply = site.get(f"/api/trips?limit={quote(limit, safe='&=')}")
    assert reply.status == 400
    assert [error["field"] for error in reply.json()["errors"]] == ["limit"]
    assert "from 1 to 200" in reply.json()["detail"]
    assert site.controller.trips_asked == []


def test_a_waveform_as_json_and_unchanged_not_sent_again(site: Any) -> None:
    first = site.get("/api/trips/32/waveform")
    assert first.status == 200
    assert first.json() == web_trips.waveform()
    assert site.controller.trips_asked == [32]
    again = site.get("/api/trips/32/waveform", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    site.controller.waveform = {**web_trips.waveform(), "period_us": 250}  # as after a new calibration
    assert site.get("/api/trips/32/waveform", If_None_Match=first.headers["ETag"]).status == 200


def test_a_waveform_that_is_not_there_is_a_404_that_says_why(site: Any) -> None:
    site.controller.waveform = NotKnownError("The Pico has kept no waveform of trip 29")
    reply = site.get("/api/trips/29/waveform")
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["detail"] == "The Pico has kept no waveform of trip 29"


@pytest.mark.parametrize("trip", ["-1", "x", "1.0", "", "9" * 40, "../status", "%00"])
def test_what_is_no_number_of_a_trip_leads_nowhere(site: Any, trip: str) -> None:
    reply = site.get(f"/api/trips/{trip}/waveform")
    assert reply.status == 404
    assert site.controller.trips_asked == []


def test_a_number_that_no_database_holds_is_no_trip(site: Any) -> None:
    reply = site.get(f"/api/trips/{1 << 63}/waveform")
    assert reply.status == 404
    assert "There is no trip 9223372036854775808" in reply.json()["detail"]
    assert site.controller.trips_asked == []


# -- errors -------------------------------------------------------------------------------------------------------


def test_unknown_paths_are_problems(site: Any) -> None:
    reply = site.get("/api/nothing", Accept="text/html")
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at /api/nothing",
        "instance": "/api/nothing",
    }


def test_a_browser_gets_a_page_for_an_unknown_page_and_nothing_it_sent_is_markup(site: Any) -> None:
    reply = site.get("/%3Cscript%3E", Accept="text/html,*/*")
    assert reply.status == 404
    assert reply.headers["Content-Type"].startswith("text/html")
    assert b"There is nothing at /&lt;script&gt;" in reply.body
    assert b"<script" not in reply.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_methods_that_a_path_does_not_take_are_refused(site: Any, method: str) -> None:
    reply = site.get("/api/status", method=method)
    assert reply.status == 405
    assert "GET" in reply.headers["Allow"]
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert method in reply.json()["detail"]


@pytest.mark.parametrize("path", ["/api/status", "/api/history", "/"])
def test_a_failure_inside_is_told_without_its_inside(site: Any, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    site.controller.snapshot = RuntimeError("secret of the inside")
    site.controller.history = RuntimeError("secret of the inside")
    reply = site.get(path)
    assert reply.status == 500
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Content-Security-Policy"] == SAFE_HEADERS["Content-Security-Policy"]
    assert "Control goes on" in reply.json()["detail"]
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    assert "secret of the inside" in capfd.readouterr().err  # the log has it


def test_numbers_that_json_lacks_never_get_out(site: Any) -> None:
    site.controller.snapshot = web_snapshots.snapshot(totals={"power_w": math.nan, "kwh_24h": None})
    reply = site.get("/api/status")
    assert reply.status == 500
    assert json.loads(reply.body)["status"] == 500


def test_after_a_failure_the_next_snapshot_is_served(site: Any) -> None:
    site.controller.snapshot = RuntimeError("for a moment")
    assert site.get("/").status == 500
    site.controller.snapshot = web_snapshots.snapshot()
    assert site.get("/").status == 200


def test_a_body_too_large_is_refused(site: Any) -> None:
    reply = site.get("/api/status", method="POST", Content_Length=str(10_000_000))
    assert reply.status == 413
