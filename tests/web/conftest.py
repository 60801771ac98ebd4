"""A web server over a controller that a test drives, and a browser that forgives nothing."""

import http.client
import json
import os
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import web_data
import web_feeders
import web_lights
import web_snapshots
import web_trips
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tankwarden.errors import CommandError
from tankwarden.web.api import Sources
from tankwarden.web.server import WebServer, make_app

CHROMIUM, CHROMEDRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"


class Controller:
    """What the server asks: `snapshot` and `history` are what a test says they are, or an exception to raise."""

    def __init__(self) -> None:
        self.snapshot: dict[str, Any] | Exception = web_snapshots.snapshot()
        self.history: dict[str, Any] | Exception = web_snapshots.history()
        self.hours_asked: list[float] = []
        self.waveform: dict[str, Any] | Exception = web_trips.waveform()
        self.trips_asked: list[int] = []
        self.commands: list[dict[str, Any]] = []
        self.refusal: str | None = None
        self.series_asked: list[tuple[str, int, int, int]] = []
        self.feeder_error: Exception | None = None

    def status(self) -> dict[str, Any]:
        if isinstance(self.snapshot, Exception):
            raise self.snapshot
        return self.snapshot

    def read_history(self, hours: float) -> dict[str, Any]:
        self.hours_asked.append(hours)
        if isinstance(self.history, Exception):
            raise self.history
        return self.history

    def read_trips(self, limit: int) -> dict[str, Any]:
        self.trips_asked.append(limit)
        return web_trips.trips(limit)

    def read_waveform(self, trip: int) -> dict[str, Any]:
        self.trips_asked.append(trip)
        if isinstance(self.waveform, Exception):
            raise self.waveform
        return self.waveform

    def read_lights(self) -> dict[str, Any]:
        charts: dict[str, Any] = web_lights.charts()
        return charts

    def read_feedings(self, feeder: int, period: str) -> dict[str, Any]:
        if self.feeder_error is not None:
            raise self.feeder_error
        told: dict[str, Any] = web_feeders.feedings(feeder, period)
        return told

    def read_series(self, name: str, t0_ms: int, t1_ms: int, points: int) -> dict[str, Any]:
        self.series_asked.append((name, t0_ms, t1_ms, points))
        if self.feeder_error is not None:
            raise self.feeder_error
        found: dict[str, Any] = web_data.series(name, t0_ms, t1_ms, points)
        return found

    def command(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.commands.append(dict(request))
        if self.feeder_error is not None:
            raise self.feeder_error
        if str(request["cmd"]).startswith("feed"):
            return {"text": "done", "feeder": web_feeders.feeder(), "feeding": web_feeders.feeding(10, 0)}
        if str(request["cmd"]).startswith("food"):
            return {"text": "done", "food": web_feeders.FOOD, "foods": [web_feeders.FOOD]}
        if self.refusal is not None:
            raise CommandError(self.refusal)
        return {"text": f"{request['cmd']} it is"}


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """A running server and its controller."""

    def __init__(self) -> None:
        self.controller = Controller()
        asked = self.controller
        sources = Sources(
            status=asked.status, history=asked.read_history, trips=asked.read_trips, waveform=asked.read_waveform,
            lights=asked.read_lights, feedings=asked.read_feedings,
            series=asked.read_series, export=web_data.export, health=web_data.health,
            token=web_feeders.TOKEN, command=asked.command,
        )  # fmt: skip
        self.server = WebServer(make_app(sources), "127.0.0.1", 0)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.port}"

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """One request; header names with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.server.stop()


class Page:
    """A browser's one tab. What went wrong in it is gathered until `troubles` is asked."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.forgiven: tuple[str, ...] = ()

    def look(self, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True) -> None:
        """Be a screen of that size; phones are those below 600 pixels."""
        run = self.driver.execute_cdp_cmd
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        run("Emulation.setDeviceMetricsOverride", metrics)
        run("Emulation.setTouchEmulationEnabled", {"enabled": width < 600})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        run("Emulation.setEmulatedMedia", {"features": [scheme]})
        run("Emulation.setScriptExecutionDisabled", {"value": not script})

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        return str(self.js("return document.querySelector(arguments[0]).innerText", selector))

    def shot(self, name: str) -> None:
        """The whole page, to be looked at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        (SCREENSHOTS / f"{name}.png").write_bytes(b64decode(shot["data"]))

    def troubles(self, origin: str) -> list[str]:
        """Everything on the console, and every request to anywhere but `origin`."""
        console = [entry["message"] for entry in self._logged("browser")]
        strangers = [url for url in self._requested() if not url.startswith((origin + "/", "data:"))]
        return [trouble for trouble in console + strangers if not any(words in trouble for words in self.forgiven)]

    def forget(self) -> None:
        """What went wrong until now was another page's."""
        self._logged("browser")
        self._logged("performance")

    def _logged(self, kind: str) -> list[dict[str, Any]]:
        """The entries since the last call."""
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]  # selenium's
        return entries

    def _requested(self) -> Iterator[str]:
        for entry in self._logged("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                yield message["params"]["request"]["url"]


@pytest.fixture(scope="session")
def driver() -> Iterator[webdriver.Chrome]:
    missing = [path for path in (CHROMIUM, CHROMEDRIVER) if not Path(path).exists()]
    if missing:
        stop: Callable[[str], Any] = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(f"{', '.join(missing)} missing: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tempfile.mkdtemp(prefix="tankwarden-browser-")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    yield chrome
    chrome.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def page(driver: webdriver.Chrome, site: Site) -> Iterator[Page]:
    """A tab without a past (each site is an origin of its own): console messages and foreign requests fail the test."""
    tab = Page(driver)
    tab.look()
    driver.get("about:blank")
    tab.forget()
    yield tab
    troubles = tab.troubles(site.url)
    tab.look()
    driver.get("about:blank")
    assert not troubles
