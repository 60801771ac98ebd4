"""The composition root: builds every part of the host once, starts them, and stops them in order.

The engine is one asyncio loop. The web server's threads read `status` and `history`, and give commands to `command`;
nothing else of the engine may be touched from outside the loop.
"""

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tankwarden import places, wiring
from tankwarden.config import Config
from tankwarden.drivers.machine import ThisMachine
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.errors import CommandError, NotKnownError, StoreError
from tankwarden.events import Event
from tankwarden.flows import notices
from tankwarden.flows.calibrating import Calibrating, Desk
from tankwarden.flows.claims import ClaimBook
from tankwarden.flows.commands import Commands
from tankwarden.flows.control import CircuitTick, Control, Tick, output_id
from tankwarden.flows.door import Door
from tankwarden.flows.events import Events
from tankwarden.flows.feeder_commands import FeederCommands
from tankwarden.flows.feeder_view import history_json
from tankwarden.flows.feeders import FeederBook
from tankwarden.flows.feeding import FeedingFlow
from tankwarden.flows.foods import FoodCommands
from tankwarden.flows.health import Health
from tankwarden.flows.lights import Lights
from tankwarden.flows.lights_json import charts_json
from tankwarden.flows.nightly import Backups
from tankwarden.flows.readings import Change, Probes
from tankwarden.flows.record import ReadingRecording, Recording
from tankwarden.flows.snapshot import Around, Failures, Json, Snapshots, Trip, tasks_json, trips_json
from tankwarden.flows.standstill import Live, aged
from tankwarden.flows.store_watch import StoreWatch
from tankwarden.flows.supervise import Supervisor
from tankwarden.flows.totals import Totals
from tankwarden.flows.watch import Watch
from tankwarden.flows.waveforms import Waveforms
from tankwarden.flows.weather import Weather
from tankwarden.howto import reset_command
from tankwarden.logic import waveform
from tankwarden.logic.calibration import Points
from tankwarden.logic.claims import Claim
from tankwarden.logic.lights import output_id as light_output
from tankwarden.logic.pico_config import calibrated
from tankwarden.logic.quality import Quality
from tankwarden.store import Span, export, open_store
from tankwarden.store.sqlite import SqliteFile
from tankwarden.version import version

STOP_S = 0.5  # for the circuits to open at an orderly stop
STALE_S = 1.0  # a snapshot older than that is no longer shown as it is
COMMAND_S = 15.0
LONG, LONG_S = ("calibrate", "calibrate-preview", "calibrate-undo", "calibrate-ph"), 600.0  # years of rows take a while
CAUSE_S = 2.0  # a trip's event comes within that of the STATUS that first shows it
_DAY_MS = 86_400_000
PERIODS_MS = {"day": _DAY_MS, "week": 7 * _DAY_MS, "month": 30 * _DAY_MS, "all": None}  # of a feeder's history
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_logger = logging.getLogger("tankwarden")


class App:
    """The host on one configuration and one data folder, which the caller has locked."""

    def __init__(self, config: Config, data: Path) -> None:
        self.config, self.data = config, data
        self.clock = wiring.clock_of(config)
        self.version = version()
        self._store = open_store(
            places.database(data), wall_ms=self.clock.wall_ms, upkeep=wiring.upkeep_of(config),
            backup_folder=places.backups(data),
        )  # fmt: skip
        self._recorder = self._store.recorder
        scales = wiring.calibration_of(config)
        self._queries = self._store.queries(scales)
        self._calibrator = self._store.calibrator(scales, config.site.zone, self.clock.wall_ms)
        self._calibrator.changed = self._queries.recalibrated
        self.pico = PicoDriver(
            config.pico.port, wiring.board_of(config), self.clock, version=self.version,
            random_uint=lambda: random.SystemRandom().getrandbits(30),
        )  # fmt: skip
        self._waveforms = Waveforms(self._recorder, self._queries, self.clock, self.pico, self.log)
        self._events = Events(self._recorder, self._queries, self.clock, self.pico, self.log, stored=self._stored)
        self._feeder_queries = self._store.feeder_queries()
        self._feeders = FeederBook(config, self._recorder, self._feeder_queries, self.clock)
        self._feeding = FeedingFlow(
            self._recorder, self._feeder_queries, self.clock, self.pico, self._feeders, config.site.zone,
            log=self.log, note=self._events.note, mint=lambda: random.SystemRandom().getrandbits(60),
        )  # fmt: skip
        self._claims = ClaimBook(self._recorder, self._stored_claims())
        self._recording = Recording(self._recorder, self.clock, config.recorder.period_s, self._qualities)
        self._store_watch = StoreWatch(self.clock.wall_ms, self._events.note)
        self._reading_records = ReadingRecording(self._recorder, wiring.other_probes(config))
        self._watch = Watch(self.pico, self.clock, self._events.note, self.log)
        self._lights = Lights(
            wiring.channels_of(config), config.lighting, self.clock, self.pico, self._claims, self.log
        )  # fmt: skip
        self._weather = Weather(config.lights, self.clock, self.pico)
        self._health = Health(
            ThisMachine(data), self.pico.view, self._recorder, self.clock, config.recorder.keep_health_days
        )
        self._totals = Totals(self._queries, self.clock, config.site.zone, self.log)
        for told in (self._recording.told, self._events.told, self._watch.told, self._lights.told):
            self.pico.subscribe(told)
        probes = wiring.probes_of(config, self.pico, self.clock, self._degf)
        self._probes, self._sensors = Probes(probes, wiring.pairs_of(config)), [sensor for sensor, _ in probes.values()]
        self._probe_names, self._probe_of_channel = wiring.probe_names(config), wiring.probe_of_channel(config)
        self.control = Control(
            config, self.clock, self._probes, wiring.switches_of(config, self.pico), self._claims, self.pico,
            trip=self._trip, done=self._publish, changed=self._probes_changed, switched=self._switched,
        )  # fmt: skip
        outputs = tuple(output_id(circuit.id) for circuit in config.circuits)
        dimmable = tuple(light_output(light.id) for light in config.lights)
        desk = Desk(config, self._calibrator, self.clock)
        self._calibrating = Calibrating(
            desk, self._calibrator, self.clock, self.log, self._recalibrated,
            hold_probes=lambda held: wiring.recalibrate_probes(self._sensors, held),
        )  # fmt: skip
        foods = FoodCommands(self._recorder, self._store.food_queries(), self._feeders, self.clock)
        self._commands = Commands(
            self.pico, self._claims, outputs, self.clock, self.log, dimmable, self._weather,
            FeederCommands(self._feeders, self._feeding).table | self._calibrating.table | foods.table,
        )  # fmt: skip
        self._door = Door(places.socket_path(data), self._commands.handle)
        self._snapshots = Snapshots(config, self.version, wiring.scales_of(config), reset_command(data))
        self._calibrating.load()
        self._supervisor = Supervisor(self.clock, self.log)
        self._failures = Failures()
        self._tasks()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._trip_seen: tuple[int, int, float] | None = None  # number, UTC ms and monotonic s when it was first seen
        self._snapshot: Json = {}
        self._snapshot_s = 0.0
        sequence_s = max((circuit.sequence_ms / 1000 for circuit in config.circuits), default=0.0)
        self._leases_s = config.pico.ttl_ms / 1000 + sequence_s  # after the last tick every relay is open
        self._aged: tuple[tuple[int, int], Json] | None = None  # ((its time, seconds since), what is shown instead)
        self.control.tick()  # so that there is a snapshot from the beginning

    def _tasks(self) -> None:
        self._supervisor.add("link", self.pico.run)
        self._supervisor.add("control", self.control.run, quiet_after_s=1.0, hung_after_s=10.0)
        self._supervisor.add("record", self._recording.run)
        self._supervisor.add("events", self._events.run, quiet_after_s=15.0)
        self._supervisor.add("waveforms", self._waveforms.run, quiet_after_s=15.0)
        self._supervisor.add("lights", self._lights.run, quiet_after_s=15.0)
        self._supervisor.add("feeding", self._feeding.run, quiet_after_s=15.0)
        self._supervisor.add("watch", self._watch.run)
        if isinstance(self._store.database, SqliteFile) and self.config.backup.keep and self.config.clock is None:
            self._supervisor.add("backup", self._backups(self._store.database.path).run, quiet_after_s=30.0)
        self._supervisor.add("calibration", self._calibrating.run, quiet_after_s=60.0)
        self._supervisor.add("energy", self._totals.run, quiet_after_s=15.0)
        self._supervisor.add("health", self._health.run, quiet_after_s=30.0)

    def _backups(self, file: Path) -> Backups:
        settings = self.config.backup
        return Backups(
            self._recorder, self.clock, file, places.backups(self.data), keep=settings.keep, hour=settings.hour,
            zone=self.config.site.zone, log=self.log, note=self._events.note,
        )  # fmt: skip

    # -- for other threads -----------------------------------------------------------------------------------------

    def status(self) -> Json:
        """The newest snapshot; nobody may change it. The same object as long as nothing is new.

        While the control loop stands still it is aged, once a second: nothing old is ever shown as fresh.
        """
        snapshot, age_s = self._snapshot, self.clock.mono() - self._snapshot_s
        if age_s < STALE_S:
            return snapshot
        moment = (snapshot["time_ms"], int(age_s))
        if self._aged is None or self._aged[0] != moment:
            tasks = tasks_json(self._supervisor.rows(), self._failures, self.clock.mono())
            view = self.pico.view()
            live = Live(tasks, view.connected, view.age_s)
            self._aged = (moment, aged(snapshot, int(age_s), self._leases_s, live))
        return self._aged[1]

    def history(self, hours: float) -> Json:
        """The charts' series. ValueError for hours that cannot be shown, StoreError if they cannot be read."""
        return self._queries.history(hours, self.clock.wall_ms())

    def series(self, name: str, t0_ms: int, t1_ms: int, points: int) -> Json:
        """One thing's history. NotKnownError, RefusedError, StoreError."""
        return self._queries.series(name, t0_ms, t1_ms, points)

    def health(self, t0_ms: int, t1_ms: int, points: int) -> Json:
        """How this computer fared. RefusedError, StoreError."""
        found = self._store.health_queries().history(t0_ms, t1_ms, points, self._health.waiting)
        now = self._health.now
        return {"now": None if now is None else now.to_json(), **found}

    def export(self, what: str, t0_ms: int | None, t1_ms: int | None) -> Iterator[str]:
        """A table as CSV, in pieces. NotKnownError, StoreError."""
        return export(self._store.database, self._calibrator.timeline, what, Span(t0_ms, t1_ms))

    def lights_today(self) -> Json:
        """Today's curve of every light."""
        return charts_json(self._lights.charts())

    def trips(self, limit: int) -> Json:
        """The last trips and faults, newest first, with how the waveform of each stands. StoreError."""
        return {"trips": trips_json(self._queries.trips(limit))}

    def feedings(self, feeder: int, period: str) -> Json:
        """A feeder's history, also of one that was deleted. NotKnownError if there never was one, or no such period;
        StoreError."""
        if period not in PERIODS_MS:
            raise NotKnownError(f"there is no period {period!r}: it is one of {', '.join(PERIODS_MS)}")
        if not self._feeder_queries.known(feeder):
            raise NotKnownError(f"there is and was no feeder {feeder}")
        span_ms = PERIODS_MS[period]
        since_ms = 0 if span_ms is None else self.clock.wall_ms() - span_ms
        rows = self._feeder_queries.feedings(since_ms, feeder)
        return history_json(feeder, period, rows, ZoneInfo(self.config.site.zone))

    def waveform(self, trip: int) -> Json:
        """That of a trip by its event's id, in units by today's scales. NotKnownError if there is none; StoreError."""
        found = self._queries.waveform(trip)
        if found is None:
            raise NotKnownError(f"There is no trip {trip}: /api/trips lists them by their id")
        event, kept = found
        if kept is None:
            raise NotKnownError(
                f"The waveform of trip {trip} has not been read from the Pico: it is read when it can be"
            )
        if kept.samples is None:
            raise NotKnownError(f"The Pico has kept no waveform of trip {trip}")
        scales = {scale.channel: scale.points for scale in self.config.scales} | dict(self._points)
        (told,) = trips_json([(event, True)])
        return {"trip": told, **waveform.to_json(kept, scales)}

    def command(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The one door for commands from other threads. CommandError if it cannot be carried out."""
        if self._loop is None or self._loop.is_closed():
            raise CommandError("the engine does not run")
        answer = asyncio.run_coroutine_threadsafe(self._commands.handle(request), self._loop)
        try:
            patience_s = LONG_S if str(request.get("cmd")) in LONG else COMMAND_S
            return answer.result(patience_s)
        except TimeoutError as error:
            answer.cancel()
            raise CommandError(f"no answer within {patience_s:g} s: look at the tasks on the page") from error

    def stop(self) -> None:
        """Ask for the orderly end, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def log(self, level: str, category: str, text: str) -> None:
        """A line to standard error and to the system log."""
        _logger.log(_LEVELS[level], "%s: %s", category, text)
        with contextlib.suppress(StoreError):  # it is closed, at the very end
            self._recorder.log(level, category, text)

    # -- running ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT or `stop`; then end every lease, write what waits, and return."""
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        try:
            await self._door.open()
            self._greet()
            engine = asyncio.create_task(self._supervisor.run())
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait((engine, stop), return_when=asyncio.FIRST_COMPLETED)
            seen_open = await self._end_leases()
            for task in (stop, engine):
                task.cancel()
            await asyncio.gather(stop, engine, return_exceptions=True)
            await self._end_records(seen_open)
            if not self._stop.is_set():
                engine.result()  # it never ends by itself: whatever this raises is a fault of ours
        finally:
            await self._door.close()

    def close(self) -> None:
        """Write what waits and give the database back; blocks. Safe to call twice."""
        self._store.close()

    def _greet(self) -> None:
        self.log("info", "system", f"Tankwarden {self.version} started on {self.config.file}, data in {self.data}")
        if self._store.note:
            self.log("warning", "store", self._store.note)
        self._events.note(notices.started(self.clock.wall_ms(), self.version))

    async def _end_leases(self) -> bool:
        """Every circuit off, and a moment to see that it is; whether that was seen."""
        self.control.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                while self.pico.view().connected and not self.control.all_off():
                    await asyncio.sleep(0.02)
        return self.pico.view().connected and self.control.all_off()

    async def _end_records(self, seen_open: bool) -> None:
        self._recording.finish()
        self._health.finish()
        self._events.note(notices.stopped(self.clock.wall_ms(), self.version, seen_open))
        await self._events.finish()
        self.log("info", "system", f"Tankwarden {self.version} stopped")

    def _stored_claims(self) -> list[Claim]:
        try:
            return self._queries.open_claims(self.clock.wall_ms())
        except StoreError as error:
            self.log("error", "store", f"claims of before the start are not known: {error}")
            return []

    # -- what the control tick asks and tells ------------------------------------------------------------------------

    def _trip(self) -> Trip | None:
        """The trip or fault that stands, by what the Pico told last."""
        view = self.pico.view()
        if not view.trip_id:
            self._trip_seen = None
            return None
        if self._trip_seen is None or self._trip_seen[0] != view.trip_id:
            self._trip_seen = (view.trip_id, self.clock.wall_ms(), self.clock.mono())
        event = self._events.trip(view.trip_id)
        kind = event.kind if event else ("fault" if view.board_state == "fault" else "trip")
        text = event.text if event else f"number {view.trip_id}, of whose cause this host has not been told"
        before = self._events.cause_of(event) if event and event.trigger == "too_many_trips" else None
        return Trip(view.trip_id, kind, text, event.at_ms if event else self._trip_seen[1], event, before)

    def _shown_trip(self) -> Trip | None:
        """As _trip, but a moment is left for the Pico's event, so that nobody is told of a trip without its cause."""
        trip, seen = self._trip(), self._trip_seen
        if trip is not None and trip.event is None and seen is not None and self.clock.mono() - seen[2] < CAUSE_S:
            return None
        return trip

    def _stored(self, event: Event) -> None:
        self._waveforms.stored(event)
        self._feeding.stored(event)

    def _publish(self, tick: Tick) -> None:
        self._reading_records.take(self._probes.readings, tick.now_ms)
        recorder = self._recorder.status()
        self._store_watch.look(recorder.error, self._store.note)
        around = Around(
            view=self.pico.view(), tasks=self._supervisor.rows(), failures=self._failures, trip=self._shown_trip(),
            events=self._events.recent, energy=self._totals.energy, recorder=recorder,
            waveforms=self._waveforms.kept, lights=self._lights.view(), weather=self._weather.running(),
            feeders=self._feeding.shown(tick.now_ms), health=self._health.now,
        )  # fmt: skip
        self._snapshot, self._snapshot_s = self._snapshots.make(tick, around), tick.now_s

    def _probes_changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            # A link that is lost is told once, not once for every channel behind it.
            behind_link = change.probe in self._probe_of_channel.values()
            at_fault = {change.before, change.now.quality} - {Quality.OK, Quality.STALE, Quality.MISSING}
            if at_fault or not (behind_link or change.before is Quality.MISSING):
                name = self._probe_names[change.probe]
                self._events.note(notices.probe_changed(self.clock.wall_ms(), change, name))

    def _switched(self, circuit: CircuitTick) -> None:
        self._events.note(notices.output_changed(self.clock.wall_ms(), circuit))

    def _recalibrated(self, points: Mapping[str, Points]) -> None:
        """Other curves hold than before: for the probes, for power, and for what the Pico judges by."""
        config = calibrated(self.config, points)
        wiring.recalibrate(self._sensors, points)
        self._snapshots.recalibrate(wiring.scales_of(self.config, points))
        self.pico.reconfigure(wiring.board_of(config))
        self._points = points

    def _degf(self, probe: str) -> float | None:
        """What another probe's calibration needs to know: a temperature that can be trusted, else None."""
        reading = self._probes.readings.get(probe)
        return reading.value if reading is not None and reading.ok and reading.unit == "°F" else None

    def _qualities(self) -> dict[str, Quality]:
        readings = self._probes.readings
        return {channel: readings[probe].quality for channel, probe in self._probe_of_channel.items()}
