"""The emulated chip as an object: simulated time passes only when it is asked to, and every edge has its nanosecond."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from . import fetch
from .errors import EmulatorError, NotReachedError
from .images import Image

SERVER = Path(__file__).parent / "emulator" / "serve.mjs"
RELAY_PINS = (2, 3, 4, 5)
FEED_PIN = 8
PROBE_PIN = 25  # of on_chip/measured.py; the Pico's lamp
WATCHED = (*RELAY_PINS, FEED_PIN, PROBE_PIN)
MS, S = 1_000_000, 1_000_000_000

End = Literal["time", "received", "edge", "reset"]


class Edge(NamedTuple):
    """A pin changed its level: simulated ns since power-on. floating: nothing drives it, a pull-down does."""

    ns: int
    pin: int
    level: int
    floating: bool


class Reset(NamedTuple):
    """The chip started anew. why: power-on, watchdog, software, or reset (the RUN pin)."""

    ns: int
    why: str


class Flow(NamedTuple):
    """Of a circuit's two sensors, in counts."""

    current: int
    voltage: int


class Chip:
    """One RP2040 under power. Close it, or use it in a with statement."""

    def __init__(self, image: Image, watch: tuple[int, ...] = WATCHED) -> None:
        self.ns = 0
        self.edges: list[Edge] = []
        self.resets: list[Reset] = []
        self.received: list[tuple[int, bytes]] = []  # from the chip's serial port, with their time
        self._files = tempfile.TemporaryDirectory(prefix="tankwarden-chip-")
        flash = Path(self._files.name) / "flash.bin"
        flash.write_bytes(image.flash())
        self._process = subprocess.Popen(
            [fetch.node(), str(SERVER), str(flash), ",".join(map(str, watch))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"TANKWARDEN_CHIP_CACHE": str(fetch.lab_folder())},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the emulator."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait(20)
        self._files.cleanup()

    def _ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"cmd": command, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise EmulatorError(f"the emulator ended ({self._process.wait(20)}) at {command}: see its output above")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise EmulatorError(f"{command}: {answer['error']}")
        self.ns = answer["ns"]
        self.edges += [Edge(ns, pin, level, bool(floating)) for ns, pin, level, floating in answer["edges"]]
        self.resets += [Reset(reset["ns"], reset["why"]) for reset in answer["resets"]]
        self.received += [(ns, bytes.fromhex(data)) for ns, data in answer["received"]]
        return answer

    # -- time --------------------------------------------------------------------------------------------------------

    def run(self, ns: int, end: End = "time") -> None:
        """Let simulated time pass: so much, or until the first thing of that kind happens."""
        self._ask("run", ns=ns, end=end)

    def run_until(self, done: Callable[[], bool], what: str, limit_ns: int, step_ns: int = MS) -> None:
        """Let time pass in steps until done(). NotReachedError, saying what did not come."""
        last = self.ns + limit_ns
        while not done():
            if self.ns >= last:
                raise NotReachedError(f"no {what} within {limit_ns / MS:g} ms; levels {self.levels()}")
            self.run(min(step_ns, max(1, last - self.ns)))

    # -- serial ------------------------------------------------------------------------------------------------------

    def send(self, data: bytes, at_ns: int | None = None) -> None:
        """Bytes from the host."""
        self._ask("send", hex=data.hex(), **_at(at_ns))

    def open_port(self, is_open: bool) -> None:
        """The host opens or closes the port (DTR)."""
        self._ask("open", open=is_open)

    def read_port(self, reads: bool) -> None:
        """Whether the host collects what the chip sends."""
        self._ask("reads", reads=reads)

    # -- the world at its pins ---------------------------------------------------------------------------------------

    def loop(self, circuit: int, whole: bool, at_ns: int | None = None) -> None:
        """Close or break a circuit's fault loop."""
        self._ask("loop", circuit=circuit, on=whole, **_at(at_ns))

    def short_line(self, circuit: int, shorted: bool, at_ns: int | None = None) -> None:
        """A fault line that is shorted to 3.3 V."""
        self._ask("short_line", circuit=circuit, on=shorted, **_at(at_ns))

    def circuit(self, number: int, idle: Flow, loaded: Flow) -> None:
        """What its sensors see while no current flows, and while it flows: when both contacts are closed."""
        self._ask("circuit", circuit=number, idle=idle._asdict(), loaded=loaded._asdict())

    def weld(self, circuit: int, relay: int, welded: bool, at_ns: int | None = None) -> None:
        """relay: 0 outside, 1 inside."""
        self._ask("weld", circuit=circuit, relay=relay, welded=welded, **_at(at_ns))

    def analog(self, channel: int, counts: int, at_ns: int | None = None) -> None:
        """The chip's own converter: 0 to 2 are GP26 to GP28, 4 is the internal temperature."""
        self._ask("analog", input=channel, counts=counts, **_at(at_ns))

    def mcp3208(self, channel: int, counts: int, at_ns: int | None = None) -> None:
        """The converter on the SPI bus."""
        self._ask("mcp3208", input=channel, counts=counts, **_at(at_ns))

    def stop_converter(self, stopped: bool, at_ns: int | None = None) -> None:
        """The chip's own converter ends no conversion any more."""
        self._ask("converter", stopped=stopped, **_at(at_ns))

    def levels(self) -> tuple[int, ...]:
        """Of every pin, now."""
        return tuple(self._ask("state")["levels"])

    def relays(self) -> tuple[int, ...]:
        """Of the relay pins: outside 1, inside 1, outside 2, inside 2."""
        levels = self.levels()
        return tuple(levels[pin] for pin in RELAY_PINS)

    def unsent(self) -> int:
        """Bytes from the host that the chip has not taken yet."""
        return int(self._ask("state")["unsent"])

    def usb_ready(self) -> bool:
        """Whether the host has found the serial port."""
        return bool(self._ask("state")["usb"])

    def flash_counts(self) -> tuple[int, int]:
        """(erases, programmed pages) since power-on."""
        state = self._ask("state")
        return state["erases"], state["programs"]

    def falls(self, since_ns: int, pins: tuple[int, ...] = RELAY_PINS) -> list[Edge]:
        """Every edge to low of these pins from an instant on."""
        return [edge for edge in self.edges if edge.ns >= since_ns and edge.pin in pins and not edge.level]

    # -- the processor -----------------------------------------------------------------------------------------------

    def hang(self, at_ns: int | None = None) -> None:
        """The program is in an endless loop from now on; interrupts are still served."""
        self._ask("hang", **_at(at_ns))

    def stand(self, us: int, at_ns: int | None = None) -> None:
        """The processor does nothing for so long, interrupts neither, as while a flash sector is erased."""
        self._ask("stand", us=us, **_at(at_ns))

    def reset(self) -> None:
        """By the RUN pin."""
        self._ask("reset")

    def power_cycle(self) -> None:
        """Power off and on: only the flash stays."""
        self._ask("power")


def _at(at_ns: int | None) -> dict[str, int]:
    return {} if at_ns is None else {"at_ns": at_ns}
