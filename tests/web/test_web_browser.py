"""The dashboard in a real browser, on phone and desktop, dark and light.

A console message or a request to anywhere else fails any of these tests.
The screenshots in /screenshots are for people to look at.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import web_snapshots
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from web_snapshots import NOW_MS, reading

from tankwarden.flows.standstill import Live, aged
from tankwarden.web import present

PHONE, DESKTOP = 360, 1280
SCENES = ("snapshot", "tripped", "faulted", "unwatched", "sensors_in_trouble", "without_pico", "without_circuits")


def until(page: Any, what: Callable[[], Any], seconds: float = 10) -> Any:
    return WebDriverWait(page.driver, seconds, poll_frequency=0.1).until(lambda _: what())


def opened(page: Any, site: Any) -> None:
    """Load the dashboard and wait until it is live and its charts are drawn."""
    page.driver.get(site.url + "/")
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "live")
    until(page, lambda: page.js("return !document.querySelector('.plot[aria-busy]')"))


class Moving:
    """Lets time pass in the controller's snapshots, as the control tick does."""

    def __init__(self, site: Any, scene: Callable[[], dict[str, Any]] = web_snapshots.snapshot) -> None:
        self._site, self._scene = site, scene
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for count in itertools.count(1):
            now = self._scene()
            now["time_ms"] += count * 250
            self._site.controller.snapshot = now
            if self._over.wait(0.25):
                return

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def moving(site: Any) -> Iterator[None]:
    with Moving(site):
        yield


@pytest.mark.slow  # all of them together
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_fits_every_screen(page: Any, site: Any, scene: str, width: int, dark: bool) -> None:
    """Nothing wider than the screen, text apart from its ground, and no complaint of the browser's."""
    site.controller.snapshot = getattr(web_snapshots, scene)()
    page.look(width, dark=dark)
    opened(page, site)
    page.shot(f"{scene}-{'phone' if width == PHONE else 'desktop'}-{'dark' if dark else 'light'}")
    assert page.js("return document.documentElement.scrollWidth") == width
    style = "return getComputedStyle(document.documentElement)"
    ink, ground = (page.js(f"{style}.{name}") for name in ("color", "backgroundColor"))
    assert (brightness(ink) > brightness(ground)) == dark


def brightness(colour: str) -> int:
    return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])


def test_values_change_without_a_reload_and_what_is_open_stays_open(page: Any, site: Any) -> None:
    opened(page, site)
    page.js("window.same = true; document.querySelector('#claims-east summary').click()")
    changed = web_snapshots.snapshot(time_ms=NOW_MS + 1000)
    changed["circuits"][0]["readings"]["power"] = reading(1234.0, "W")
    changed["circuits"][0]["state"] = "opening"
    site.controller.snapshot = changed
    until(page, lambda: "1234" in page.text("#circuit-east"))
    assert "Opening…" in page.text("#circuit-east .pill")
    assert "14:32:08" in page.text("#now")
    assert page.js("return window.same && document.querySelector('#claims-east').open")


def test_a_trip_appears_by_itself_in_an_alert(page: Any, site: Any) -> None:
    opened(page, site)
    assert page.text("#banners") == ""
    site.controller.snapshot = web_snapshots.tripped()
    until(page, lambda: "East array: over-current" in page.text("[role=alert]"))
    banner = page.text("#trip")
    for said in ("12.43", "11.00", "current", "14:30:32", "tankwarden reset-trip 17"):
        assert said in banner
    assert page.driver.title.startswith("TRIPPED")


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_command_is_copied_whole_and_never_broken(page: Any, site: Any, width: int) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    page.look(width)
    opened(page, site)
    height = "const code = document.querySelector('.command code'); return code.getClientRects().length"
    assert page.js(height) == 1, "one line, however long"
    page.driver.find_element(By.CSS_SELECTOR, ".command code").click()
    assert page.js("return String(getSelection())").strip() == f"{web_snapshots.RESET} 17"
    assert page.js("return document.documentElement.scrollWidth") == width


def test_the_lease_in_words_and_its_bar_go_down_together(page: Any, site: Any) -> None:
    opened(page, site)
    both = (
        "const lease = document.querySelector('#circuit-east .lease');"
        "return [Number(lease.querySelector('span').textContent), lease.querySelector('progress').value / 1000]"
    )

    def fallen_to(most: float) -> Any:
        return (now := page.js(both))[0] <= most and now

    for most in (1.3, 0.8, 0.0):
        said, shown = until(page, partial(fallen_to, most))
        assert shown == pytest.approx(said, abs=0.051)
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 2000)
    said, shown = until(page, lambda: (now := page.js(both))[0] > 1.3 and now)
    assert shown == pytest.approx(said, abs=0.051)


def test_ages_go_on_counting_and_a_stale_value_looks_stale(page: Any, site: Any) -> None:
    site.controller.snapshot = web_snapshots.sensors_in_trouble()
    opened(page, site)
    stale = "#circuit-east .reading:nth-child(2)"
    assert "stale" in page.text(stale)
    assert "line-through" in page.js(f"return getComputedStyle(document.querySelector('{stale} .num')).textDecoration")
    assert page.js(f"return getComputedStyle(document.querySelector('{stale}')).borderTopStyle") == "dashed"
    shown = "return document.querySelector(arguments[0] + ' [data-age]').textContent"
    first = int(page.js(shown, stale).split()[0])
    until(page, lambda: int(page.js(shown, stale).split()[0]) >= first + 2)
    assert "sensor open" in page.text("#circuit-west .reading:nth-child(2)")


@pytest.mark.slow
def test_a_lost_connection_is_told_and_values_lose_their_colour(page: Any, site: Any) -> None:
    page.forgiven = ("ERR_CONNECTION_REFUSED",)  # the browser's own report of it
    opened(page, site)
    assert not page.driver.find_element(By.ID, "link-state").is_displayed()
    site.server.stop()
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "lost", 15)
    assert "No connection to the controller since 14:32:07." in page.text("#link-state")
    assert page.js("return getComputedStyle(document.querySelector('main')).filter") == "grayscale(1)"
    before = int(page.js("return document.querySelector('#tiles [data-age]').textContent").split()[0])
    until(
        page, lambda: int(page.js("return document.querySelector('#tiles [data-age]').textContent").split()[0]) > before
    )
    page.shot("lost-desktop-light")


def test_a_control_loop_that_stands_still_is_told_though_its_controller_answers(page: Any, site: Any) -> None:
    """As the application does it: the same snapshot, aged anew each second, so that the page changes all the time."""

    def told(words: str) -> bool:
        return words in page.text("#banners")

    opened(page, site)
    standing = site.controller.snapshot
    for second in range(3, 11):
        site.controller.snapshot = aged(standing, second, 5.1, Live(standing["tasks"], True, 0.1))
        until(page, partial(told, f"its control loop has not moved for {second} s"), 10)
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "still", 10)
    assert "stale" in page.text("#tiles")
    assert page.js("return document.querySelectorAll('#circuit-east .relay.unknown').length") == 2
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 9000)
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "live", 10)
    assert "has not moved" not in page.text("#banners")


@pytest.mark.slow
def test_without_news_nothing_is_said_of_relays_and_leases_and_it_all_comes_back(page: Any, site: Any) -> None:
    opened(page, site)
    closed = "return document.querySelectorAll('#circuit-east .relay.closed').length"
    assert page.js(closed) == 2
    page.js("window.fetched = window.fetch; window.fetch = () => Promise.reject(new TypeError('gone'))")
    until(page, lambda: "the Pico has opened the relays by itself" in page.text("#link-state"), 15)
    for circuit in ("#circuit-east", "#circuit-west"):
        relays = page.js(
            "return [...document.querySelectorAll(arguments[0])].map((one) => [one.getAttribute('class'),"
            " one.textContent.includes('unknown'),"
            " getComputedStyle(one.querySelector('.mystery')).display])",
            f"{circuit} .relay",
        )
        assert relays == [["relay unknown", True, "block"]] * 2
        assert page.text(f"{circuit} .pill") == "Unknown"
        assert page.text(f"{circuit} .lease dd") == "unknown"
        assert "whole" not in page.text(f"{circuit} .facts")
        assert not page.driver.find_elements(By.CSS_SELECTOR, f"{circuit} .oneline.live")
    faded = "return getComputedStyle(document.querySelector(arguments[0])).opacity"
    for part in ("#tiles .num", "#circuit-east .value .num", "#circuit-east .facts dd", "#circuit-east .dies"):
        assert page.js(faded, part) == "0.45"
    assert page.js(faded, "#circuit-east .facts .num") == "1", "its line fades, and not twice"
    for width, dark in ((DESKTOP, False), (PHONE, True)):
        page.look(width, dark=dark)
        page.shot(f"unknown-{'phone-dark' if dark else 'desktop-light'}")
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 9000)
    page.js("window.fetch = window.fetched; dispatchEvent(new Event('online'))")
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "live", 20)
    assert page.js(closed) == 2
    assert page.driver.find_elements(By.CSS_SELECTOR, "#circuit-east .oneline.live")
    assert page.text("#circuit-east .pill") == "On"
    assert "s left" in flat(page.text("#circuit-east .lease dd"))
    assert "whole" in page.text("#circuit-east .facts")
    assert "by itself" not in page.text("#link-state")


@pytest.mark.slow
def test_a_control_loop_that_stands_still_is_told_and_so_is_its_return(page: Any, site: Any) -> None:
    opened(page, site)
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "still", 15)
    assert "its control loop has not moved since 14:32:07." in page.text("#link-state")
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 9000)
    until(page, lambda: page.js("return document.documentElement.dataset.link") == "live")
    assert not page.driver.find_element(By.ID, "link-state").is_displayed()


@pytest.mark.slow
def test_a_controller_that_answers_with_errors_is_told(page: Any, site: Any) -> None:
    page.forgiven = ("500 (Internal Server Error)",)
    opened(page, site)
    site.controller.snapshot = RuntimeError("tick failed")
    until(page, lambda: "answers with an error since" in page.text("#link-state"), 15)


def test_the_unit_is_switched_everywhere_and_remembered(page: Any, site: Any, moving: None) -> None:
    opened(page, site)
    assert "104.3 °F" in flat(page.text("#tiles"))
    page.driver.find_element(By.CSS_SELECTOR, "[data-unit-choice=c]").click()
    assert "40.2 °C" in flat(page.text("#tiles"))
    assert "40.2 °C, heats to 48.9 °C" in flat(page.text("#circuit-east .why"))
    assert "°C" in page.text("figure[data-series=temperature_degf] figcaption")
    assert "40.2 °C" in page.text("figure[data-series=temperature_degf] .u-legend")
    was = page.text("#now")
    until(page, lambda: page.text("#now") != was)
    assert "40.2 °C" in flat(page.text("#tiles"))  # a renewal does not undo it
    opened(page, site)
    assert "40.2 °C" in flat(page.text("#tiles"))
    assert page.js("return document.querySelector('[data-unit-choice=c]').getAttribute('aria-pressed')") == "true"


def flat(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def test_the_colours_are_switched_and_remembered(page: Any, site: Any) -> None:
    opened(page, site)
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    light = page.js(ground)
    switch = page.driver.find_element(By.ID, "theme-switch")
    assert switch.get_attribute("aria-label") == "Colours: as the device"
    switch.click()
    assert page.js(ground) == light
    switch.click()
    assert switch.get_attribute("aria-label") == "Colours: dark"
    assert page.js(ground) != light
    opened(page, site)
    assert page.js(ground) != light


# -- charts -------------------------------------------------------------------------------------------------------


def window_of(page: Any, series: str = "power_w") -> tuple[float, float]:
    """The seconds that a chart shows, from and to."""
    data = page.js("return {...document.querySelector(`figure[data-series=${arguments[0]}]`).dataset}", series)
    return float(data["from"]), float(data["to"])


def test_charts_show_a_day_and_a_drag_zooms_both(page: Any, site: Any) -> None:
    opened(page, site)
    day = window_of(page)
    assert day == (NOW_MS / 1000 - 86_400, NOW_MS / 1000)
    reset = page.driver.find_element(By.ID, "zoom-reset")
    assert not reset.is_enabled()
    over = page.driver.find_element(By.CSS_SELECTOR, "figure[data-series=power_w] .u-over")
    ActionChains(page.driver).move_to_element(over).click_and_hold().move_by_offset(
        over.size["width"] // 4, 5
    ).release().perform()
    zoomed = window_of(page)
    assert zoomed[1] - zoomed[0] == pytest.approx(86_400 / 4, rel=0.05)
    assert zoomed[0] == pytest.approx(day[0] + 43_200, abs=600)
    assert window_of(page, "temperature_degf") == zoomed
    page.shot("zoomed-desktop-light")
    reset.click()
    assert window_of(page) == day


def test_a_finger_zooms_too(page: Any, site: Any) -> None:
    page.look(PHONE)
    opened(page, site)
    box = page.js(
        "const over = document.querySelector('.u-over'); over.scrollIntoView({block: 'center'});"
        "const {x, y, width, height} = over.getBoundingClientRect(); return {x, y, width, height}"
    )
    touch = page.driver.execute_cdp_cmd
    x, y = box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2
    touch("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x + box["width"] * 0.05 * step, "y": y}
        touch("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(page, lambda: window_of(page)[1] - window_of(page)[0] < 86_000)
    start, end = window_of(page)
    assert end - start == pytest.approx(43_200, rel=0.15)


def test_the_keyboard_zooms_moves_and_resets(page: Any, site: Any) -> None:
    opened(page, site)
    day = window_of(page)
    plot = page.driver.find_element(By.CSS_SELECTOR, "figure[data-series=power_w] .plot")
    plot.send_keys("+")
    zoomed = window_of(page)
    assert zoomed[1] - zoomed[0] == pytest.approx(43_200)
    plot.send_keys(Keys.ARROW_LEFT)
    assert window_of(page)[0] < zoomed[0]
    plot.send_keys("0")
    assert window_of(page) == day
    assert "from 0 W to" in plot.get_attribute("aria-label")


def test_the_cursor_is_shared_and_gaps_are_no_numbers(page: Any, site: Any) -> None:
    opened(page, site)
    over = page.driver.find_element(By.CSS_SELECTOR, "figure[data-series=power_w] .u-over")
    at_gap = over.size["width"] * (24 - 7) / 24 - over.size["width"] / 2
    ActionChains(page.driver).move_to_element(over).move_by_offset(round(at_gap), 0).perform()
    other = "figure[data-series=temperature_degf] .u-legend"
    until(page, lambda: page.text(f"{other} .u-value").startswith("07:"))
    assert page.text(f"{other} .u-series:nth-child(2)").endswith("—")
    ActionChains(page.driver).move_by_offset(-60, 0).perform()
    until(page, lambda: page.text(f"{other} .u-series:nth-child(2)").endswith("°F"))


def test_shorter_windows_are_asked_for(page: Any, site: Any) -> None:
    opened(page, site)
    page.driver.find_element(By.CSS_SELECTOR, "[data-hours-choice='1']").click()
    until(page, lambda: 1.0 in site.controller.hours_asked)
    assert window_of(page) == (NOW_MS / 1000 - 3600, NOW_MS / 1000)


def test_charts_go_on_by_themselves(page: Any, site: Any, moving: None) -> None:
    opened(page, site)
    first_points = int(page.js("return document.querySelector('figure').dataset.points"))
    first_end = window_of(page)[1]
    until(page, lambda: int(page.js("return document.querySelector('figure').dataset.points")) >= first_points + 2)
    assert window_of(page)[1] > first_end


def test_a_missing_history_is_told_and_live_points_go_on(page: Any, site: Any, moving: None) -> None:
    page.forgiven = ("500 (Internal Server Error)",)
    site.controller.history = OSError("disk")
    opened(page, site)
    assert "The history cannot be read just now" in page.text("figure")
    until(page, lambda: int(page.js("return document.querySelector('figure').dataset.points")) >= 2)


def test_no_history_yet_is_told(page: Any, site: Any) -> None:
    site.controller.history = {"bucket_ms": 60_000, "t_ms": [], "series": {"power_w": {}, "temperature_degf": {}}}
    site.controller.snapshot = web_snapshots.without_pico()
    opened(page, site)
    assert "No history yet" in page.text("figure")


# -- without and around script -----------------------------------------------------------------------------------


def test_without_script_the_page_is_whole(page: Any, site: Any) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    page.look(PHONE, script=False)
    page.driver.get(site.url + "/")
    page.shot("no-script-phone-light")
    page.look(PHONE)  # so that the test may look
    for part, said in (
        ("#trip", "12.43"),
        ("#tiles", "17.89"),
        ("#circuit-east", "Why off: a trip stands"),
        ("#pico", "Tripped"),
    ):
        assert said in page.text(part)
    assert not page.driver.find_element(By.CSS_SELECTOR, ".switches").is_displayed()
    assert not page.driver.find_element(By.CSS_SELECTOR, ".chart-row").is_displayed()
    assert page.driver.find_element(By.ID, "hourly").is_displayed()


def test_an_updated_tankwarden_reloads_the_page(page: Any, site: Any) -> None:
    opened(page, site)
    page.js("window.same = true; document.documentElement.dataset.build = 'older'")
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 1000)
    until(page, lambda: not page.js("return window.same"))


def test_a_configured_circuit_brings_the_charts_by_itself(page: Any, site: Any) -> None:
    site.controller.snapshot = web_snapshots.without_circuits()
    opened(page, site)
    assert "Nothing is configured yet" in page.text("main")
    site.controller.snapshot = web_snapshots.snapshot()
    until(page, lambda: page.driver.find_elements(By.CSS_SELECTOR, "figure .u-over"))


def test_the_browser_counts_ages_as_the_server_does(page: Any, site: Any) -> None:
    opened(page, site)
    seconds = [-1, 0, 0.9, 1, 59.9, 60, 119, 3599, 3600, 7200, 172_799, 172_800, 900_000]
    shown = page.driver.execute_async_script(
        "const done = arguments[2]; import(arguments[0]).then((ages) => done(arguments[1].map(ages.age)));",
        page.js("return document.querySelector('script[type=module]').src").replace("app.js", "ages.js"),
        seconds,
    )
    assert shown == [present.age(value) for value in seconds]


def test_everything_is_reached_by_keyboard_in_order(page: Any, site: Any) -> None:
    opened(page, site)
    names = []
    for _ in range(9):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        names.append(
            page.js("return document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        )
    assert names[:7] == ["Skip to the values", "°F", "°C", "Colours: as the device", "1 h", "6 h", "24 h"]
    assert names[7].startswith("Power over the last 24 h")
    assert names[8].startswith("Temperature over the last 24 h")
