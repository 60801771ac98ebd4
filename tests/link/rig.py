"""A whole installation for tests: `tankwarden sim` and `tankwarden run` as real processes in a folder of their own.

The truth comes from the simulator (its trace of output edges and its ledger), never from a log line.
"""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tankwarden.demo.configuration import demo_config

T = TypeVar("T")
HANGABLE = str(Path(__file__).with_name("hangable_host.py"))
TTL_S = 2.0
HEARD_S = 0.5
RELAYS = ("relay.1.outside", "relay.1.inside", "relay.2.outside", "relay.2.inside")


@dataclass(frozen=True)
class Edge:
    """One output edge of the trace: CLOCK_MONOTONIC nanoseconds, name, level."""

    time_ns: int
    name: str
    level: int


class Rig:
    """Starts, breaks and watches one simulated Pico and one host. Close it."""

    def __init__(
        self, folder: Path, *, seed: int = 1, speed: float = 1.0, local_hour: float = 11.0, hangable: bool = False,
        sim_options: Sequence[object] = (), circuit: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.sim_options, self.circuit_settings = sim_options, circuit or {}
        self.seed, self.speed, self.local_hour = seed, speed, local_hour
        self.hangable = hangable  # its control loop can be hung by SIGUSR1 and freed by SIGUSR2
        self.tty, self.trace_file, self.control = folder / "tty", folder / "trace", folder / "control"
        self.data, self.flash = folder / "data", folder / "flash"
        self.data.mkdir()
        self.flash.mkdir()
        self.sim: subprocess.Popen[str] | None = None
        self.host: subprocess.Popen[str] | None = None
        self.http_port = free_port()
        self.base = f"http://127.0.0.1:{self.http_port}"

    # -- processes ---------------------------------------------------------------------------------------------

    def start_sim(self) -> None:
        self.sim = self._spawn(
            "sim", "--tty", self.tty, "--trace", self.trace_file, "--control", self.control, "--flash", self.flash,
            "--speed", self.speed, "--seed", self.seed, "--epoch-ms", self.epoch_ms(), *self.sim_options,
            log="sim.log",
        )  # fmt: skip
        self.wait(lambda: self.tty.exists() and self.control.exists(), "the simulated Pico's terminal", 20)

    def epoch_ms(self) -> int:
        """Plant wall clock at the start: a clear-sky June day at the site, at local_hour (Arizona has no DST)."""
        return 1_781_593_200_000 + round((self.local_hour - 0.0) * 3_600_000)  # 2026-06-16 00:00 UTC−7

    def start_host(self) -> None:
        config = self.folder / "config.toml"
        if not config.exists():
            clock = self.ask(cmd="clock")
            config.write_text(demo_config(port=str(self.tty), clock=clock, overrides=self.config_overrides()))
        self.host = self._spawn(
            "run", "--config", config, "--serial", self.tty, "--http", f"127.0.0.1:{self.http_port}",
            "--data", self.data, log="host.log",
        )  # fmt: skip

    def config_overrides(self) -> dict[str, Any]:
        """A circuit that opened may close again at once: what is measured here is the Pico, not the waiting times."""
        return {"circuit": {"min_on_s": 0, "min_off_s": 0, **self.circuit_settings}}

    def _spawn(self, *args: object, log: str) -> subprocess.Popen[str]:
        hangable = self.hangable and args[0] == "run"
        program = (sys.executable, HANGABLE) if hangable else (sys.executable, "-m", "tankwarden")
        with (self.folder / log).open("a") as out:
            return subprocess.Popen([*program, *map(str, args)], stdout=out, stderr=out, text=True)

    def kill_host(self, sig: signal.Signals = signal.SIGKILL) -> int:
        """Send the signal and return the monotonic nanosecond just after it."""
        assert self.host is not None
        os.kill(self.host.pid, sig)
        at = time.monotonic_ns()
        if sig == signal.SIGKILL:
            self.host.wait(10)
        return at

    def restart_host(self) -> None:
        """In order, as an administrator does: it releases its leases first."""
        assert self.host is not None
        self.host.terminate()
        self.host.wait(20)
        self.host = None
        self.wait(lambda: not any(self.levels().values()), "every relay to open", 5)
        self.start_host()

    def close(self) -> None:
        for process in (self.host, self.sim):
            if process is not None and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)

    # -- the simulator's side ----------------------------------------------------------------------------------

    def ask(self, **command: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(str(self.control))
            sock.sendall(json.dumps(command).encode() + b"\n")
            answer: dict[str, Any] = json.loads(sock.makefile().readline())
        assert answer.get("ok"), answer
        return answer

    def fault(self, name: str, value: float | str | None = None) -> int:
        """Inject a fault; the monotonic nanosecond just before it."""
        at = time.monotonic_ns()
        self.ask(cmd="fault", name=name, value=value)
        return at

    def edges(self, since_ns: int = 0) -> list[Edge]:
        if not self.trace_file.exists():
            return []
        found = []
        written, _, _begun = self.trace_file.read_text().rpartition("\n")  # the simulation goes on writing
        for line in written.splitlines():
            stamp, name, level = line.split()
            if int(stamp) >= since_ns:
                found.append(Edge(int(stamp), name, int(level)))
        return found

    def passed_s(self, from_ns: int, to_ns: int) -> float:
        """Of the chip's time between two instants of this machine: without what the machine withheld from it."""
        spans: list[tuple[int, int]] = self.ask(cmd="stalls")["spans_ns"]
        stood_ns = sum(max(0, min(end, to_ns) - max(start, from_ns)) for start, end in spans)
        return (to_ns - from_ns - stood_ns) / 1e9

    def after_ns(self, at_ns: int, passed_ns: int) -> int:
        """The instant of this machine by which so much of the chip's time has passed since another."""
        until_ns = at_ns + passed_ns
        spans: list[tuple[int, int]] = self.ask(cmd="stalls")["spans_ns"]
        for start, end in spans:
            if end > at_ns and start < until_ns:
                until_ns += end - max(start, at_ns)
        return until_ns

    def levels(self) -> dict[str, int]:
        levels = dict.fromkeys(RELAYS, 0)
        levels.update({e.name: e.level for e in self.edges()})
        return {name: levels[name] for name in RELAYS}

    def first_fall(self, since_ns: int, timeout_s: float = 10.0) -> Edge:
        """The first relay edge to low after the instant."""
        return self.wait(
            lambda: next((e for e in self.edges(since_ns) if e.name in RELAYS and e.level == 0), None),
            "a relay to open", timeout_s,
        )  # fmt: skip

    def wait_open(self, circuit: int, timeout_s: float = 10.0) -> None:
        """Until both relays of the circuit are low."""
        names = RELAYS[2 * circuit - 2 : 2 * circuit]
        self.wait(lambda: not any(self.levels()[name] for name in names), f"circuit {circuit} to open", timeout_s)

    # -- the host's side ---------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.base + "/api/status", timeout=5) as answer:
            status: dict[str, Any] = json.load(answer)
        return status

    def page(self) -> str:
        """The dashboard's HTML."""
        with urllib.request.urlopen(self.base + "/", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    def logged(self) -> list[str]:
        """Every line of the system log, newest last."""
        return [row[0] for row in self.rows("SELECT text FROM system_logs ORDER BY id")]

    def status_or_none(self) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError):
            return self.status()
        return None

    def running(self) -> bool:
        """Armed and just heard, and both relays of circuit 1 closed, by the page and by the trace.

        A host that is short of processor time may not have heard its Pico for so long that it is about to begin anew.
        """
        status = self.status_or_none()
        levels = self.levels()
        return bool(
            status
            and status["pico"]["connected"]
            and status["pico"]["state"] == "armed"
            and status["pico"]["age_s"] < HEARD_S
            and levels["relay.1.outside"]
            and levels["relay.1.inside"]
        )

    def wait_running(self, timeout_s: float = 30.0) -> None:
        self.wait(self.running, "circuit 1 to run", timeout_s)

    def reset_trip(self, trip_id: int) -> subprocess.CompletedProcess[str]:
        """As a person at the machine does."""
        return subprocess.run(
            [sys.executable, "-m", "tankwarden", "reset-trip", str(trip_id), "--data", str(self.data)],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    def stored_events(self, kind: str, circuit: int | None = None) -> list[tuple[Any, ...]]:
        """(id, text) of every event of a kind in the host's store."""
        query = "SELECT id, text FROM events WHERE kind = ? AND (? IS NULL OR circuit = ?)"
        return self.rows(query, kind, circuit, circuit)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Straight from the host's database file."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'tankwarden.db'}?mode=ro", uri=True)) as database:
            return list(database.execute(query, values))

    def wait(self, condition: Callable[[], T | None], what: str, timeout_s: float) -> T:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if value := condition():
                return value
            for process, name in ((self.sim, "sim"), (self.host, "host")):
                if process is not None and process.poll() not in (None, -signal.SIGKILL):
                    raise AssertionError(f"{name} ended ({process.returncode}) while waiting for {what}: {self.logs()}")
            time.sleep(0.01)  # real processes on real time: there is no clock to pass in
        raise AssertionError(f"no {what} within {timeout_s} s: {self.logs()}")

    def logs(self) -> str:
        return (
            "\n".join(f"-- {p.name}\n{p.read_text()[-3000:]}" for p in sorted(self.folder.glob("*.log")))
            + f"\n-- status {json.dumps(self.status_or_none())[:3000]}"
        )


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def running_rig(folder: Path, **options: Any) -> Iterator[Rig]:
    """A rig whose circuit 1 is heating."""
    rig = Rig(folder, **options)
    try:
        rig.start_sim()
        rig.start_host()
        rig.wait_running()
        yield rig
    finally:
        rig.close()
