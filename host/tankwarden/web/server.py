"""Puts the pages, the API and the static files together, and serves them from a thread beside the engine."""

import logging
import socket
import threading
from typing import Any

import bottle
import waitress.server

from tankwarden.errors import TankwardenError
from tankwarden.web.api import Api, Sources
from tankwarden.web.assets import Assets
from tankwarden.web.data import DataApi
from tankwarden.web.feeders import FeederApi
from tankwarden.web.foods import FoodApi
from tankwarden.web.pages import Pages
from tankwarden.web.responses import error_answer, send, set_safe_headers

THREADS = 4
# A browser's first load asks for more files at once than there are threads; waitress would warn of each that waits.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
MAX_REQUEST_BYTES = 64 * 1024
LOOP_TIMEOUT_S = 1.0


class PortError(TankwardenError, OSError):
    """The page's address cannot be had."""


def make_app(sources: Sources) -> bottle.Bottle:
    """WSGI application."""
    assets = Assets()
    api = Api(sources)
    pages = Pages(sources.status, sources.history, sources.lights, assets)

    def static(fingerprint: str, name: str) -> bytes:
        body = assets.get(name)
        if body is None:
            raise bottle.HTTPError(404)
        return send(body, assets.cache_control(fingerprint))

    app = bottle.Bottle()
    for path, handler in (
        ("/api/lights", api.lights),
        ("/", pages.dashboard),
        ("/favicon.ico", lambda: static("", "img/icon.svg")),
        ("/static/<fingerprint>/<name:path>", static),
        ("/api/status", api.status),
        ("/api/history", api.history),
        ("/api/trips", api.trips),
        ("/api/trips/<trip:re:[0-9]{1,30}>/waveform", api.waveform),
    ):
        app.route(path, "GET", handler)
    app.route("/api/weather", "POST", api.begin_weather)
    app.route("/api/weather", "DELETE", api.end_weather)
    for method, path, handler in FeederApi(sources).routes():
        app.route(path, method, handler)
    for method, path, handler in FoodApi(sources).routes():
        app.route(path, method, handler)
    for method, path, handler in DataApi(sources).routes():
        app.route(path, method, handler)
    app.add_hook("after_request", set_safe_headers)
    app.default_error_handler = error_answer
    return app


class WebServer:
    """A threaded WSGI server in a thread of its own. PortError if the address cannot be bound."""

    def __init__(self, app: bottle.Bottle, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._map: dict[int, Any] = {}
        self._server: Any = waitress.server.create_server(
            app,
            map=self._map,
            sockets=[self._socket],
            threads=THREADS,
            ident=None,
            max_request_body_size=MAX_REQUEST_BYTES,
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=True,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being answered, close every connection; harmless when it never started or has stopped."""
        self._server.task_dispatcher.shutdown()
        if self._thread.is_alive():
            self._stopping.set()
            self._server.trigger.pull_trigger()  # wake the loop, so that it looks
            self._thread.join()
        # Only now: the loop must not select on descriptors that are closed, nor we pull a trigger that is.
        self._server.asyncore.close_all(self._map)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._server.asyncore.loop(timeout=LOOP_TIMEOUT_S, map=self._map, count=1)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortError(f"cannot serve the page on {host}:{port}: {error}: check [http] listen or --http") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortError(
            f"cannot serve the page on {host}:{port}: {error.strerror}: "
            "stop the program that holds the port, or choose another with --http HOST:PORT"
        ) from error
    return listener
