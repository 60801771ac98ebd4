"""The demo's two processes and what is asked of them: the simulated house, and the host that runs it."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tankwarden.demo.children import Child
from tankwarden.demo.configuration import demo_config
from tankwarden.sim.control import ask
from tankwarden.sim.errors import SimError

_START_S = 30.0
Json = dict[str, Any]


class House:
    """folder: short, for sockets and the like; data: the host's, where the board's flash lies as well."""

    def __init__(self, folder: Path, data: Path, address: tuple[str, int]) -> None:
        self.address, self.data = address, data
        self.control, self.trace, self.config = folder / "control", folder / "trace", data / "tankwarden.toml"
        self._tty = folder / "pico"
        self.sim = Child(data / "sim.log")
        self.host = Child(
            data / "host.log", "run", "--config", self.config, "--serial", self._tty,
            "--http", f"{address[0]}:{address[1]}", "--data", data,
        )  # fmt: skip

    @property
    def url(self) -> str:
        """Of the page."""
        host = f"[{self.address[0]}]" if ":" in self.address[0] else self.address[0]
        return f"http://{host}:{self.address[1]}/"

    def start_sim(self, epoch_ms: int, speed: float, seed: int, tank_degf: Mapping[int, float]) -> None:
        """Power on; the host's configuration is written to the clock that it then keeps. DemoError."""
        arguments: list[object] = ["sim", "--tty", self._tty, "--trace", self.trace, "--control", self.control]
        arguments += ["--flash", self.data / "pico-flash", "--epoch-ms", epoch_ms, "--speed", speed, "--seed", seed]
        for number, degf in tank_degf.items():
            arguments += ["--tank-degf", f"{number}={degf:.2f}"]
        self.sim = Child(self.data / "sim.log", *arguments)
        self.sim.start()
        while not self._is_up(self.sim, self._board_runs, "the simulated Pico did not start"):
            time.sleep(0.05)
        self.config.write_text(demo_config(str(self._tty), self.ask("clock")), encoding="utf-8")

    def start_host(self) -> None:
        """Start the host and wait for its page. DemoError."""
        self.host.start()
        while not self.host_serves():
            time.sleep(0.05)

    def host_serves(self) -> bool:
        """Whether a host that was started has its page. DemoError if it will not come any more."""
        return self._is_up(self.host, lambda: self.get("/") is not None, "the host serves no page")

    def ask(self, command: str) -> Json:
        """The simulation's control socket. SimError."""
        return ask(self.control, {"cmd": command})

    def get(self, path: str) -> bytes | None:
        """A page of the host, None if it does not answer well."""
        connection = http.client.HTTPConnection(*self.address, timeout=1.0)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body if answer.status == http.client.OK else None

    def status(self) -> Json | None:
        """/api/status, None if nobody answers."""
        body = self.get("/api/status")
        try:
            return dict(json.loads(body)) if body is not None else None
        except ValueError:
            return None

    def stop(self) -> None:
        """The host first, so that it can end its leases."""
        self.host.stop()
        self.sim.stop()

    def _board_runs(self) -> bool:
        try:
            return bool(self.ask("state")["ready"])
        except SimError:
            return False

    def _is_up(self, child: Child, done: Callable[[], bool], what: str) -> bool:
        if done():
            return True
        if child.exit_code is not None:
            raise child.failed(f"{what} (exit code {child.exit_code})")
        if time.monotonic() - child.started_s > _START_S:
            raise child.failed(f"{what} within {_START_S:g} s")
        return False
