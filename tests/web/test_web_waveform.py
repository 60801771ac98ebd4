"""A trip's waveform on the page: beside the standing trip and in the event's details, on every screen."""

from typing import Any

import pytest
import web_snapshots
import web_trips
from selenium.webdriver.common.by import By
from test_web_browser import DESKTOP, PHONE, Moving, opened, until
from test_web_pages import words_of
from web_snapshots import NOW_MS

CARD, EVENT = "#waveform-trip-32", "#waveform-event-32"


def is_drawn(page: Any, figure: str = CARD) -> bool:
    return bool(page.js("return document.querySelector(arguments[0] + ' .u-over') !== null", figure))


def label(page: Any, figure: str = CARD) -> str:
    return str(page.js("return document.querySelector(arguments[0] + ' .plot').getAttribute('aria-label')", figure))


def test_a_trips_waveform_has_its_place_beside_the_banner_and_in_its_event(site: Any) -> None:
    """Not within the alert, which would be read out as a whole once more when it comes."""
    site.controller.snapshot = web_snapshots.tripped()
    page = site.get("/").body.decode()
    assert page.index('id="waveform-trip-32"') > page.index('<div id="trip-waveform"')
    assert page.count('id="waveform-event-32"') == 1
    assert page.count('href="/api/trips/32/waveform"') == 2, "also without script"
    assert "waveform-event-29" not in page, "the Pico kept none"


def test_a_fault_for_too_many_trips_shows_the_waveform_of_the_last_of_them(site: Any) -> None:
    site.controller.snapshot = web_snapshots.faulted()
    assert 'id="waveform-trip-32"' in site.get("/").body.decode()
    assert words_of(site, "trip-waveform").startswith("Waveform of the last trip before")


@pytest.mark.parametrize("state", ["awaited", "none", None])
def test_without_a_waveform_there_is_no_place_for_it(site: Any, state: str | None) -> None:
    snapshot = web_snapshots.tripped()
    snapshot["trip"]["waveform"] = snapshot["events"][0]["waveform"] = state
    site.controller.snapshot = snapshot
    assert "data-waveform" not in site.get("/").body.decode()
    assert words_of(site, "trip-waveform") == ""


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.mark.slow  # all of them together
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_fits_every_screen_in_the_pages_colours(page: Any, site: Any, width: int, dark: bool) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    page.look(width, dark=dark)
    opened(page, site)
    page.js("document.getElementById('event-waveform-32').open = true")
    until(page, lambda: is_drawn(page) and is_drawn(page, EVENT))
    page.shot(f"waveform-{'phone' if width == PHONE else 'desktop'}-{'dark' if dark else 'light'}")
    assert page.js("return document.documentElement.scrollWidth") == width
    for figure in (CARD, EVENT):
        room = page.js("return document.querySelector(arguments[0]).clientWidth", figure)
        assert page.js("return document.querySelector(arguments[0] + ' canvas').clientWidth", figure) <= room


def test_it_says_in_words_what_it_shows(page: Any, site: Any) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    opened(page, site)
    until(page, lambda: is_drawn(page))
    assert label(page) == (
        "Waveform from 64 ms before to 63.5 ms after the trip: Current from 0.00 A to 14.90 A, 12.50 A at the trip; "
        "Voltage from 226.7 V to 331.0 V, 243.5 V at the trip."
    )
    assert site.controller.trips_asked == [32], "those in closed details are not fetched"
    legend = page.text(f"{CARD} .u-legend")
    assert "12.50 A" in legend
    assert "243.5 V" in legend


def test_it_stays_as_drawn_while_the_page_lives_and_is_fetched_once(page: Any, site: Any) -> None:
    with Moving(site, web_snapshots.tripped):
        opened(page, site)
        until(page, lambda: is_drawn(page))
        page.js(f"document.querySelector('{CARD} canvas').dataset.mine = 'yes'")
        before = page.text("#now")
        until(page, lambda: page.text("#now") != before)
        until(page, lambda: page.js("return document.querySelector(arguments[0]).dataset.mine", f"{CARD} canvas"))
    assert site.controller.trips_asked == [32]


def test_a_trip_brings_it_by_itself_and_its_reset_takes_it_away(page: Any, site: Any) -> None:
    opened(page, site)
    waiting = web_snapshots.tripped()
    waiting["trip"]["waveform"] = "awaited"
    for at_ms, snapshot in enumerate((waiting, web_snapshots.tripped())):
        site.controller.snapshot = {**snapshot, "time_ms": NOW_MS + at_ms}
        until(page, lambda: page.driver.find_elements(By.ID, "trip"))
    until(page, lambda: is_drawn(page))
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 5)
    until(page, lambda: page.text("#trip-waveform") == "")


def test_the_next_trip_has_its_own(page: Any, site: Any) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    opened(page, site)
    until(page, lambda: is_drawn(page))
    after = web_snapshots.tripped()
    after["trip"].update(id=18, event_id=33, circuit=2)
    site.controller.snapshot = {**after, "time_ms": NOW_MS + 1}
    until(page, lambda: page.driver.find_elements(By.CSS_SELECTOR, "#waveform-trip-33 .u-over"))
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#trip-waveform canvas")) == 1
    assert "Current from 0.00 A to 0.00 A" in label(page, "#waveform-trip-33")
    assert site.controller.trips_asked == [32, 33]


def test_one_in_an_events_details_is_drawn_when_they_are_opened(page: Any, site: Any) -> None:
    site.controller.snapshot = web_snapshots.snapshot(events=web_snapshots.tripped()["events"])
    opened(page, site)
    assert site.controller.trips_asked == []
    page.driver.find_element(By.CSS_SELECTOR, "#event-waveform-32 summary").click()
    until(page, lambda: is_drawn(page, EVENT))


def test_the_whole_boards_shows_both_circuits(page: Any, site: Any) -> None:
    board = web_snapshots.tripped()
    board["trip"]["circuit"] = None
    site.controller.snapshot = board
    opened(page, site)
    until(page, lambda: is_drawn(page))
    assert [part in label(page) for part in ("Current 1", "Voltage 1", "Current 2", "Voltage 2")] == [True] * 4


def test_one_that_cannot_be_read_is_told(page: Any, site: Any) -> None:
    site.controller.waveform = RuntimeError("no database")
    site.controller.snapshot = web_snapshots.tripped()
    page.forgiven = ("/waveform",)
    opened(page, site)
    until(page, lambda: "cannot be read just now (error 500)" in page.text(CARD))


def test_channels_without_a_scale_are_told(page: Any, site: Any) -> None:
    bare = web_trips.waveform()
    for series in bare["series"].values():
        series.update(unit=None, values=None)
    site.controller.waveform = bare
    site.controller.snapshot = web_snapshots.tripped()
    opened(page, site)
    until(page, lambda: "No scale is configured" in page.text(CARD))
