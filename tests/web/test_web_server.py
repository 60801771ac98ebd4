"""The server's life: its port, its end, the static files, and how little fifty open pages cost."""

import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import web_trips

from tankwarden.errors import TankwardenError
from tankwarden.web.assets import STATIC, Assets, AssetsMissingError
from tankwarden.web.responses import Body
from tankwarden.web.server import PortError, WebServer, make_app
from tankwarden.web.snapshots import PerSnapshot

MAX_RAW_BYTES, MAX_FIRST_LOAD_BYTES = 250_000, 120_000


def make_server(port: int = 0) -> WebServer:
    return WebServer(make_app(web_trips.sources()), "127.0.0.1", port)


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_serves_on_a_free_port_until_stopped() -> None:
    before = threads()
    server = make_server()
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/api/status")
    assert connection.getresponse().status == 200  # and the connection stays open
    server.stop()
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    assert threads() == before


def test_stopping_twice_or_before_starting_is_harmless() -> None:
    server = make_server()
    server.stop()
    server.stop()
    make_server(server.port).stop()  # the port is free again


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(PortError, match=f"127.0.0.1:{port}.*in use.*--http HOST:PORT") as caught:
            make_server(port)
    assert isinstance(caught.value, TankwardenError)


def test_an_unknown_host_is_a_clear_error() -> None:
    app = make_app(web_trips.sources())
    with pytest.raises(PortError, match=r"no-such-host\.invalid:0.*\[http\] listen"):
        WebServer(app, "no-such-host.invalid", 0)


def test_fifty_pages_of_one_snapshot_are_rendered_once() -> None:
    rendered = []

    def render(snapshot: dict[str, Any]) -> Body:
        rendered.append(snapshot)
        return Body(str(snapshot["n"]).encode(), "text/plain")

    snapshots = [{"n": 1}]
    shared = PerSnapshot(lambda: snapshots[-1], render)
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: shared.body().data, range(50)))
    assert bodies == [b"1"] * 50
    snapshots.append({"n": 2})
    assert shared.body().data == b"2"
    assert len(rendered) == 2


# -- static files -------------------------------------------------------------------------------------------------


def test_a_file_may_be_kept_for_ever_under_its_fingerprint_alone(site: Any) -> None:
    url = Assets().url("css/base.css")
    kept = site.get(url)
    assert kept.status == 200
    assert "immutable" in kept.headers["Cache-Control"]
    assert kept.headers["Content-Type"] == "text/css; charset=utf-8"
    stale = site.get("/static/0123/css/base.css")
    assert (stale.body, stale.headers["Cache-Control"]) == (kept.body, "no-cache")


@pytest.mark.parametrize("name", ["nothing.css", "../pages.py", "%2e%2e/pages.py", "vendor/.stamp", ""])
def test_only_the_static_files_are_served(site: Any, name: str) -> None:
    assert site.get(f"/static/x/{name}").status == 404


def test_a_template_that_names_a_missing_file_fails_at_once() -> None:
    with pytest.raises(KeyError, match=r"no/such\.css"):
        Assets().url("no/such.css")


def test_without_built_assets_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissingError, match=r"vendor/pico\.min\.css.*pip install -e"):
        Assets(tmp_path)


def test_the_fingerprint_changes_with_any_file(tmp_path: Path) -> None:
    def with_extra(content: bytes) -> str:
        for name in ("pico.min.css", "uPlot.iife.min.js", "uPlot.min.css", "idiomorph.min.js"):
            (tmp_path / "vendor").mkdir(exist_ok=True)
            (tmp_path / "vendor" / name).touch()
        (tmp_path / "own.js").write_bytes(content)
        return Assets(tmp_path).fingerprint

    assert with_extra(b"1") != with_extra(b"2")
    assert with_extra(b"1") == with_extra(b"1")


def test_the_assets_stay_within_their_budget(site: Any) -> None:
    names = [
        path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".svg")
    ]
    assert len(names) > 10
    bodies = [Assets().get(name) for name in names]
    assert sum(len(body.data) for body in bodies if body) <= MAX_RAW_BYTES
    page = site.get("/", Accept_Encoding="gzip").body
    assert len(page) + sum(len(body.gzipped) for body in bodies if body) <= MAX_FIRST_LOAD_BYTES
