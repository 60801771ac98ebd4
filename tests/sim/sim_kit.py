"""A simulation in this process with the tiny board, on real files and real time: for tests of the simulation itself."""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tankwarden.sim.control import ask
from tankwarden.sim.process import Options, Simulation

TINY_BOARD = Path(__file__).resolve().parent / "tiny_board.py"
NOON_MS = 1_781_636_400_000  # 2026-06-16 12:00 at the site


class Sim:
    """Runs until the end of `running_sim`. tty, trace, control: as the command line's."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.tty, self.trace, self.control = folder / "tty", folder / "trace", folder / "control"
        flash = folder / "flash"
        flash.mkdir(exist_ok=True)
        given = {"interpreter": "python", "script": TINY_BOARD, "epoch_ms": NOON_MS, **options}
        self.simulation = Simulation(Options(self.tty, self.trace, self.control, flash, **given))
        self._ready = threading.Event()
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20), self._failure

    def _run(self) -> None:
        try:
            self.simulation.run(self._ready.set)
        except BaseException as error:
            self._failure.append(error)
            raise

    def close(self) -> None:
        self.simulation.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def ask(self, **request: Any) -> dict[str, Any]:
        return ask(self.control, request)

    def fault(self, name: str, value: object = None) -> int:
        """The monotonic nanosecond at which it was applied."""
        at_ns: int = self.ask(cmd="fault", name=name, value=value)["mono_ns"]
        return at_ns

    def state(self) -> dict[str, Any]:
        return self.ask(cmd="state")

    def edges(self, since_ns: int = 0) -> list[tuple[int, str, int]]:
        written, _, _begun = self.trace.read_text().rpartition("\n")  # the simulation goes on writing
        lines = [line.split() for line in written.splitlines()]
        return [(int(at), name, int(level)) for at, name, level in lines if int(at) >= since_ns]

    def wait(self, condition: Callable[[], Any], what: str, timeout_s: float = 20.0) -> Any:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if value := condition():
                return value
            time.sleep(0.005)  # a real process on real time
        raise AssertionError(f"no {what} within {timeout_s} s: {self.state()}")

    @contextlib.contextmanager
    def terminal(self) -> Iterator["Terminal"]:
        terminal = Terminal(self.tty)
        try:
            yield terminal
        finally:
            os.close(terminal.fd)


class Terminal:
    """The host's end of the line."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def write(self, data: bytes) -> None:
        assert os.write(self.fd, data) == len(data)

    def read(self, count: int, timeout_s: float = 10.0) -> bytes:
        """Exactly so many bytes, or what came until the time was over."""
        got = b""
        end = time.monotonic() + timeout_s
        while len(got) < count and select.select([self.fd], [], [], max(0.0, end - time.monotonic()))[0]:
            got += os.read(self.fd, count - len(got))
        return got


@contextlib.contextmanager
def running_sim(folder: Path, **options: Any) -> Iterator[Sim]:
    sim = Sim(folder, **options)
    try:
        yield sim
    finally:
        sim.close()
