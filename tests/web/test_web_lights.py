"""Lights on the page and in the API: the drawing of their day, what each is, and weather by its buttons."""

import json
from typing import Any

import pytest
import web_lights
import web_snapshots
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tankwarden.web.lightcharts import HEIGHT, WIDTH, day
from tankwarden.web.present import Times

JSON = "application/json"


def html(site: Any) -> str:
    text: str = site.get("/").body.decode()
    return text


def said(page: Any, words: str) -> None:
    """Wait until the page says that of the weather."""
    WebDriverWait(page.driver, 10, poll_frequency=0.1).until(lambda _: page.text("#weather-said") == words)


# -- the API -----------------------------------------------------------------------------------------------------------


def test_todays_curves_are_served(site: Any) -> None:
    reply = site.get("/api/lights")
    assert reply.status == 200
    assert reply.json() == json.loads(json.dumps(web_lights.charts()))


def test_weather_is_asked_of_the_one_door(site: Any) -> None:
    wish = {"kind": "storm", "seconds": 300, "depth_percent": 80}
    reply = site.get("/api/weather", "POST", json.dumps(wish).encode(), Content_Type=JSON)
    assert (reply.status, reply.json()) == (200, {"text": "weather it is"})
    assert reply.headers["Cache-Control"] == "no-store"
    reply = site.get("/api/weather", "DELETE", Content_Type=JSON)
    assert (reply.status, reply.json()) == (200, {"text": "weather-end it is"})
    assert site.controller.commands == [{**wish, "cmd": "weather"}, {"cmd": "weather-end"}]


def test_no_other_command_comes_through_that_door(site: Any) -> None:
    wish = json.dumps({"cmd": "reset-trip", "id": 3}).encode()
    site.get("/api/weather", "POST", wish, Content_Type=JSON)
    assert site.controller.commands == [{"cmd": "weather", "id": 3}]


def test_a_refusal_is_told_in_words(site: Any) -> None:
    site.controller.refusal = "no storm: the Pico holds as many effects as it can: wait until one ends"
    reply = site.get("/api/weather", "POST", b"{}", Content_Type=JSON)
    assert reply.status == 409
    assert reply.json()["detail"] == site.controller.refusal


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"kind": "storm"}', {"Content_Type": "text/plain"}, 415),
        (b"kind=storm", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"kind": "storm"}', {}, 415),
        (b"{", {"Content_Type": JSON}, 400),
        (b"", {"Content_Type": JSON}, 400),
        (b"[1]", {"Content_Type": JSON}, 400),
        (b"\xff", {"Content_Type": JSON}, 400),
        (b"[" * 60_000, {"Content_Type": JSON}, 400),
        (b"{}", {"Content_Type": JSON, "Origin": "https://elsewhere.example"}, 403),
        (b"{}", {"Content_Type": JSON, "Origin": "null"}, 403),
    ],
)
def test_what_another_sites_page_could_send_or_is_no_json_is_refused(
    site: Any, body: bytes, headers: dict[str, str], status: int
) -> None:
    reply = site.get("/api/weather", "POST", body, **headers)
    assert reply.status == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert site.controller.commands == []


def test_our_own_page_may_ask(site: Any) -> None:
    reply = site.get("/api/weather", "POST", b"{}", Content_Type=f"{JSON}; charset=utf-8", Origin=site.url)
    assert reply.status == 200


# -- the page ----------------------------------------------------------------------------------------------------------


def test_each_light_shows_its_level_age_why_and_what_becomes_of_it(site: Any) -> None:
    page = html(site)
    for text in ("Reef blue", "71.4", "daylight: as high as the sun stands, 120 min later", "by its plan", "0.06",
                 "It goes on by itself until Mon 14:22, then to its fallback of 0 %."):  # fmt: skip
        assert text in page


def test_without_lights_there_is_no_such_section(site: Any) -> None:
    site.controller.snapshot = web_snapshots.snapshot(lights=[])
    assert 'id="lights"' not in html(site)


def test_trouble_weather_and_a_limit_are_said(site: Any) -> None:
    weather = [{"kind": "storm", "until_ms": web_snapshots.NOW_MS + 60_000, "seed": 1}]
    problem = "the plan of Reef blue was refused by the Pico: <reason>"
    lighting = web_lights.lighting(problem=problem, weather=weather, power_capped=True)
    site.controller.snapshot = web_snapshots.snapshot(lighting=lighting)
    page = html(site)
    assert "refused by the Pico: &lt;reason&gt;. What the Pico holds plays on." in page
    assert "Storm until 14:33:07" in page
    assert "dimmed to stay within their limit" in page


def test_a_light_of_which_nothing_is_heard_shows_no_level(site: Any) -> None:
    silent = web_lights.light("blue", "Reef blue", 0, "#2f6fde", 71.4, source=None, plan=None, output_percent=None)
    silent["level"] = web_snapshots.reading(None, "%", "missing", None)
    site.controller.snapshot = web_snapshots.snapshot(lights=[silent])
    page = html(site)
    assert "no reading" in page
    assert "none yet" in page


def test_the_drawing_goes_from_midnight_to_midnight_and_its_table_says_the_same() -> None:
    times = Times(web_snapshots.ZONE, web_snapshots.NOW_MS)
    drawn = day(web_lights.charts()["lights"], times)
    assert drawn is not None
    assert [hour for _, hour in drawn.ticks] == ["00:00", "06:00", "12:00", "18:00", "00:00"]
    assert drawn.now == round(WIDTH * (14 * 3600 + 32 * 60 + 7) / 86_400)
    blue = drawn.curves[0]
    assert blue.behavior.startswith(f"0,{HEIGHT} ")
    assert blue.behavior.endswith(f" {WIDTH},{HEIGHT}")
    assert blue.plan.startswith(f"{WIDTH * 10 // 24},")
    assert len(drawn.rows) == 24
    assert drawn.rows[14] == ("14:00", ("89.3", "54.6"))
    assert day([], times) is None


def test_a_day_on_which_the_clock_is_set_has_23_hours_in_its_table() -> None:
    midnight_ms = 1_774_738_800_000  # 2026-03-29 in Berlin
    chart = {"id": "a", "name": "A", "colour": "#fff000", "start_ms": midnight_ms,
             "end_ms": midnight_ms + 23 * 3_600_000, "plan": [],
             "behavior": [(midnight_ms, 0.0), (midnight_ms + 23 * 3_600_000, 0.0)]}  # fmt: skip
    drawn = day([chart], Times("Europe/Berlin", midnight_ms + 1))
    assert drawn is not None
    assert len(drawn.rows) == 23
    assert [hour for hour, _ in drawn.rows[:4]] == ["00:00", "01:00", "03:00", "04:00"]


def test_a_button_makes_weather_and_says_so(page: Any, site: Any) -> None:
    page.look()
    page.driver.get(site.url)
    for kind, wish in (("storm", "weather"), ("clear", "weather-end")):
        button = page.driver.find_element(By.CSS_SELECTOR, f'[data-weather="{kind}"]')
        page.driver.execute_script("arguments[0].scrollIntoView()", button)
        button.click()
        said(page, f"{wish.capitalize()} it is.")
    assert [one["cmd"] for one in site.controller.commands] == ["weather", "weather-end"]
    page.forgiven = ("409",)  # a browser logs every refusal
    site.controller.refusal = "the Pico is not connected: try again when it is"
    page.driver.find_element(By.CSS_SELECTOR, '[data-weather="cloud"]').click()
    said(page, "The Pico is not connected: try again when it is.")
