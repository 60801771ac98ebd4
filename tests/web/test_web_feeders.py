"""/api/feeders/: reading is everybody's; changing and feeding only this machine's, with its token."""

import json
from typing import Any

import bottle
import pytest
import web_feeders

from tankwarden.errors import CommandError, NotKnownError, NotNowError, RefusedError, StoreError, TakenError
from tankwarden.web import feeders as api

TOKEN = f"Bearer {web_feeders.TOKEN}"
FEEDER = {"name": "Pellets", "enclosure": "reef", "servo": 1, "servo_config": {"portion_size": 0.5}}
WRITES = (
    ("POST", "/api/feeders/"),
    ("PUT", "/api/feeders/1/"),
    ("DELETE", "/api/feeders/1/"),
    ("POST", "/api/feeders/1/feed/"),
    ("POST", "/api/feeders/1/test/"),
)


def ask(site: Any, method: str, path: str, body: object = None, token: str | None = TOKEN, **headers: str) -> Any:
    if token is not None:
        headers["Authorization"] = token
    data = b"{}" if body is None else json.dumps(body).encode()
    return site.get(path, method, data, Content_Type="application/json", **headers)


def test_the_list_and_one(site: Any) -> None:
    feeders = site.get("/api/feeders/").json()["feeders"]
    assert [feeder["name"] for feeder in feeders] == ["Reef pellets", "Flakes"]
    assert site.get("/api/feeders/2/").json() == feeders[1]
    missing = site.get("/api/feeders/3/")
    assert missing.status == 404
    assert "no feeder 3" in missing.json()["detail"]


@pytest.mark.parametrize("period", ["day", "week", "month", "all"])
def test_the_history(site: Any, period: str) -> None:
    reply = site.get(f"/api/feeders/1/history/{period}/")
    assert (reply.status, reply.json()["period"]) == (200, period)
    site.controller.feeder_error = NotKnownError("there is no period")
    assert site.get("/api/feeders/1/history/year/").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "command"),
    [
        ("POST", "/api/feeders/", FEEDER, 201, {"cmd": "feeder-add", "feeder": FEEDER}),
        ("PUT", "/api/feeders/1/", FEEDER, 200, {"cmd": "feeder-change", "id": 1, "feeder": FEEDER}),
        ("DELETE", "/api/feeders/1/", None, 200, {"cmd": "feeder-delete", "id": 1}),
        ("POST", "/api/feeders/1/feed/", {"portion": 0.5}, 202, {"cmd": "feed", "feeder": 1, "portion": 0.5}),
        ("POST", "/api/feeders/1/feed/", None, 202, {"cmd": "feed", "feeder": 1, "portion": None}),
        ("POST", "/api/feeders/1/test/", None, 200, {"cmd": "feeder-test", "feeder": 1}),
    ],
)
def test_what_changes_something_becomes_one_command(
    site: Any, method: str, path: str, body: object, status: int, command: dict[str, Any]
) -> None:
    reply = ask(site, method, path, body)
    assert reply.status == status, reply.body
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert site.controller.commands == [command]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("token", [None, "Bearer ", "Bearer wrong", f"Basic {web_feeders.TOKEN}", web_feeders.TOKEN])
def test_without_the_token_nothing_is_done(site: Any, method: str, path: str, token: str | None) -> None:
    reply = ask(site, method, path, FEEDER, token=token)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert "api-token" in reply.json()["detail"]
    assert site.controller.commands == []


@pytest.mark.parametrize(("address", "here"), [
    ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True),
    ("192.168.1.7", False), ("::ffff:192.168.1.7", False), ("fe80::1", False), ("", False),
])  # fmt: skip
def test_only_from_this_machine(monkeypatch: pytest.MonkeyPatch, address: str, here: bool) -> None:
    """Also with the token: it may have been seen on the network."""
    environ = {"REMOTE_ADDR": address, "HTTP_AUTHORIZATION": TOKEN, "PATH_INFO": "/api/feeders/"}
    bottle.request.bind(environ)
    if here:
        api.only_here(web_feeders.TOKEN)
        return
    with pytest.raises(bottle.HTTPResponse) as refused:
        api.only_here(web_feeders.TOKEN)
    assert refused.value.status_code == 403
    assert "tankwarden feed" in refused.value.body


@pytest.mark.parametrize(
    ("error", "status", "field"),
    [
        (RefusedError("too much", "portion"), 400, "portion"),
        (TakenError("servo 1 is taken by feeder 2, Flakes"), 409, None),
        (CommandError("the Pico refused it"), 409, None),
        (NotKnownError("there is no feeder 7"), 404, None),
        (NotNowError("the Pico is not connected"), 503, None),
        (StoreError("the database finds no room"), 503, None),
    ],
)
def test_a_refusal_is_told_in_words(site: Any, error: Exception, status: int, field: str | None) -> None:
    site.controller.feeder_error = error
    reply = ask(site, "POST", "/api/feeders/", FEEDER)
    assert reply.status == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert problem["detail"] == str(error)
    assert problem.get("errors", [{"field": None}])[0]["field"] == field


def test_what_is_no_feeding_is_refused(site: Any) -> None:
    reply = ask(site, "POST", "/api/feeders/1/feed/", {"grams": 2})
    assert (reply.status, reply.json()["errors"][0]["field"]) == (400, "grams")
    assert site.get("/api/feeders/1/feed/", "POST", b"{}", Authorization=TOKEN).status == 415
    assert site.controller.commands == []


def test_the_page_shows_each_feeder(site: Any) -> None:
    page = site.get("/").body.decode()
    for said in (
        "Reef pellets", "Ready", "18:00", "Evening", "18 min</span> ago", "Fed</span>", "In part</span>",
        "Not fed</span>", "missed: Tankwarden did not run", "Flakes", "Schedule off", "none: its schedule is off",
        "is the hopper empty?", "If the Raspberry Pi dies now",
    ):  # fmt: skip
        assert said in page, said


def test_the_page_shows_what_the_drop_sensor_saw_and_a_dash_without_one(site: Any) -> None:
    rows = [web_feeders.feeding(2, 1, drops=1), web_feeders.feeding(1, 9, drops=None)]
    site.controller.snapshot = {**site.controller.snapshot, "feeders": [web_feeders.feeder(history=rows)]}
    page = site.get("/").body.decode()
    assert "<td>1 of 2</td>" in page
    assert '<td><abbr title="no drop sensor, or nobody knows">–</abbr></td>' in page


def test_a_feeder_that_cannot_feed_says_why(site: Any) -> None:
    feeder = web_feeders.feeder(why_not="the Pico is not connected", last=None, next=None, history=[])
    site.controller.snapshot = {**site.controller.snapshot, "feeders": [feeder]}
    page = site.get("/").body.decode()
    for said in ("Cannot feed", "the Pico is not connected", "never yet", "none in the coming week"):
        assert said in page, said
