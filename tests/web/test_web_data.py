"""/api/series, /api/export, /api/calibrations: what is asked is understood, and what is wrong is told by its field."""

import json
from typing import Any

import pytest
import web_feeders

from tankwarden.errors import NotKnownError, NotNowError, RefusedError

TOKEN = f"Bearer {web_feeders.TOKEN}"
BUFFERS = {"target": "sensor.ph", "buffers": [[7.0, 0.5], [4.01, 177.0]], "compensated_by": "water"}
VERSION = {"target": "east.voltage", "shown": [[241.0, 243.5]], "days": 30}


def ask(site: Any, method: str, path: str, body: object = None, token: str | None = TOKEN) -> Any:
    headers = {} if token is None else {"Authorization": token}
    return site.get(path, method, json.dumps(body or {}).encode(), Content_Type="application/json", **headers)


def test_a_series_by_its_name_and_span(site: Any) -> None:
    reply = site.get("/api/series/east.power?from=1000&to=1970-01-01T00:00:09Z&points=20")
    assert (reply.status, reply.json()["high"]) == (200, [None])
    now = site.controller.status()["time_ms"]
    assert site.get("/api/series/east.power").status == 200
    assert site.controller.series_asked == [
        ("east.power", 1000, 9000, 20), ("east.power", now - 86_400_000, now, 1000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "field"),
    [("points=x", "points"), ("points=1&points=2", "points"), ("from=noon", "from"), ("to=2026-10-23T14:30", "to")],
)
def test_a_query_that_is_none_is_told_by_its_field(site: Any, query: str, field: str) -> None:
    reply = site.get(f"/api/series/east.power?{query}")
    assert (reply.status, reply.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("error", "status"), [(NotKnownError("no series"), 404), (RefusedError("too few", "points"), 400)]
)
def test_what_cannot_be_shown(site: Any, error: Exception, status: int) -> None:
    site.controller.feeder_error = error
    assert site.get("/api/series/east.cats").status == status


def test_the_health_of_the_computer_by_its_span(site: Any) -> None:
    reply = site.get("/api/health?from=0&to=3600000&points=60")
    assert (reply.status, reply.json()["bucket_ms"], reply.json()["now"]) == (200, 60_000, None)
    assert site.get("/api/health?points=x").json()["errors"][0]["field"] == "points"


def test_an_export_is_a_file(site: Any) -> None:
    reply = site.get("/api/export/logs.csv?from=5")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="tankwarden-logs.csv"'
    assert reply.body == b"from,to\n5,None\n"
    assert site.get("/api/export/cats.csv").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "command"),
    [
        ("GET", "/api/calibrations", None, 200, {"cmd": "calibrations"}),
        ("GET", "/api/calibrations/progress", None, 200, {"cmd": "calibrate-progress"}),
        ("GET", "/api/summaries?days=7", None, 200, {"cmd": "summaries", "days": 7}),
        ("POST", "/api/calibrations/preview", VERSION, 200, {**VERSION, "cmd": "calibrate-preview"}),
        ("POST", "/api/calibrations", VERSION, 201, {**VERSION, "cmd": "calibrate"}),
        ("DELETE", "/api/calibrations/7", None, 200, {"cmd": "calibrate-undo", "id": 7}),
        ("POST", "/api/calibrations/ph", BUFFERS, 201, {**BUFFERS, "cmd": "calibrate-ph"}),
        ("POST", "/api/calibrations/ph/preview", BUFFERS, 200, {**BUFFERS, "cmd": "calibrate-ph-preview"}),
    ],
)
def test_calibrations_become_commands(
    site: Any, method: str, path: str, body: object, status: int, command: dict[str, Any]
) -> None:
    assert ask(site, method, path, body).status == status
    assert site.controller.commands == [command]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/calibrations"), ("POST", "/api/calibrations/preview"), ("DELETE", "/api/calibrations/7")],
)
def test_changing_wants_the_token(site: Any, method: str, path: str) -> None:
    for token in (None, "Bearer wrong"):
        assert ask(site, method, path, token=token).status == 401
    assert site.controller.commands == []


def test_one_that_is_at_it_already_is_told(site: Any) -> None:
    site.controller.feeder_error = NotNowError("a recalibration is going on (3 of 30 days): wait")
    reply = ask(site, "POST", "/api/calibrations", VERSION)
    assert (reply.status, "3 of 30" in reply.json()["detail"]) == (503, True)


@pytest.mark.parametrize(
    ("method", "path", "status", "command"),
    [
        ("GET", "/api/foods/", 200, {"cmd": "foods"}),
        ("GET", "/api/foods/4/", 200, {"cmd": "foods"}),
        ("GET", "/api/foods/5/", 404, {"cmd": "foods"}),
        ("POST", "/api/foods/", 201, {"cmd": "food-add", "food": {"name": "Pellets"}}),
        ("PUT", "/api/foods/4/", 200, {"cmd": "food-change", "id": 4, "food": {"name": "Pellets"}}),
        ("DELETE", "/api/foods/4/", 200, {"cmd": "food-delete", "id": 4}),
    ],
)
def test_foods_become_commands(site: Any, method: str, path: str, status: int, command: dict[str, Any]) -> None:
    assert ask(site, method, path, {"name": "Pellets"}).status == status
    assert site.controller.commands == [command]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/foods/"), ("PUT", "/api/foods/4/"), ("DELETE", "/api/foods/4/")]
)
def test_foods_are_changed_with_the_token_alone(site: Any, method: str, path: str) -> None:
    assert ask(site, method, path, {"name": "Pellets"}, token=None).status == 401
    assert site.controller.commands == []
