"""Calibrations as people ask for them: a request is understood and checked, and the store's calibrator does it.

`Desk` needs no running host: the command line sits at one by itself when none runs. `Calibrating` is the engine's:
it runs the desk in a thread, keeps daily summaries, and tells the rest of the host which curves hold now.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tankwarden import config_checks
from tankwarden.clock import Clock
from tankwarden.config import Config
from tankwarden.errors import CommandError, ConfigError, RefusedError, StoreError
from tankwarden.flows import probe_desk
from tankwarden.flows.calibration_forms import change_json, for_pico, pairs, told, unit_of
from tankwarden.flows.probe_desk import is_probe
from tankwarden.flows.supervise import Beat, Log
from tankwarden.logic import calibration
from tankwarden.logic.calibration import CalibrationError, Curve, Points, Version
from tankwarden.logic.days import day_at
from tankwarden.logic.meters import MINUTE_MS
from tankwarden.logic.ph import Electrode
from tankwarden.logic.pico_config import calibrated
from tankwarden.store import Calibrator

LOOK_S = 20.0  # how often it is asked whether another version holds now, or a day is over
MAX_DAYS = 3660
HOUR_MS, HOURS_LATE_MS = 3_600_000, 600_000  # an hour's last minutes are made some minutes after it
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Desk:
    """Takes requests, {"cmd": …}. Every answer has a text. Blocks: not for the engine's loop.

    CommandError for what cannot be done, CalibrationError for points that make no calibration.
    """

    def __init__(self, config: Config, calibrator: Calibrator, clock: Clock) -> None:
        self._config, self._calibrator, self._clock = config, calibrator, clock
        self._zone = ZoneInfo(config.site.zone)
        self._names = self._targets()
        self.table: dict[str, Callable[[Request], Answer]] = {
            "calibrations": self._list,
            "calibrate-preview": self._preview,
            "calibrate": self._calibrate,
            "calibrate-ph": self._calibrate_ph,
            "calibrate-ph-preview": self._preview_ph,
            "calibrate-undo": self._undo,
            "calibrate-progress": self._progress,
            "summaries": self._summaries,
            "csv-import": self._import,
        }

    def _targets(self) -> dict[str, str]:
        """What people may call a channel → the channel."""
        channels = {channel: channel for channel in self._calibrator.timeline.base.points()}
        for circuit in self._config.circuits:
            for quantity in ("voltage", "current", "temperature"):
                channels[f"{circuit.id}.{quantity}"] = f"{quantity}_{circuit.circuit}"
        for sensor in self._config.sensors:
            channel = sensor.parameters.channel if sensor.driver == "pico" else None
            if channel in channels:
                channels[sensor.id] = channel
        return channels | probe_desk.names(self._calibrator.timeline)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _list(self, _request: Request) -> Answer:
        now_ms = self._clock.wall_ms()
        timeline = self._calibrator.timeline
        versions = self._calibrator.versions()
        return {
            "text": f"{len(versions)} calibrations",
            "calibrations": [self.version_json(version) for version in versions],
            "in_force": {
                channel: {"calibration": timeline.version(channel, now_ms), "points": points, "unit": unit_of(channel)}
                for channel, points in timeline.points(now_ms).items()
            }
            | {target: self._probe_json(target, now_ms) for target in self._names.values() if is_probe(target)},
            "names": self._names,
        }

    def _probe_json(self, target: str, now_ms: int) -> Answer:
        timeline = self._calibrator.timeline
        version = timeline.probe(target, now_ms)
        return {
            "calibration": None if version is None else version.id,
            "points": () if version is None else version.points,
            "unit": timeline.probe_unit(target, now_ms),
        }

    def _preview(self, request: Request) -> Answer:
        version, given, before = self._version(request)
        changes = self._calibrator.preview(version)
        return {
            "text": "nothing is stored yet" if is_probe(version.target) else told(changes),
            **self._shown(version, given, before),
            "days": [change_json(change) for change in changes],
        }

    def _calibrate(self, request: Request) -> Answer:
        version, given, before = self._version(request)
        self._check_now(version)
        who = str(request.get("who") or "a person at the machine")[:64]
        number = self._calibrator.apply(version, unit=version.unit, who=who)
        span = self._span_text(version)
        text = f"calibration {number} of {version.target} holds {span}"
        return {"text": text, "id": number, **self._shown(version, given, before)}

    def _preview_ph(self, request: Request) -> Answer:
        version, made = self._electrode(request)
        text = f"{made.verdict}: {made.why}"
        return {"text": text, "electrode": probe_desk.electrode_json(made), **self._shown(version, (), version.points)}

    def _calibrate_ph(self, request: Request) -> Answer:
        """A pH electrode by its buffers: {"target", "buffers", "degf", "compensated_by"} and a span."""
        version, made = self._electrode(request)
        who = str(request.get("who") or "a person at the machine")[:64]
        number = self._calibrator.apply(version, unit=version.unit, who=who)
        text = f"calibration {number} of {version.target} holds {self._span_text(version)}; electrode {made.verdict}"
        shown = self._shown(version, (), version.points)
        return {"text": text, "id": number, "electrode": probe_desk.electrode_json(made), **shown}

    def _electrode(self, request: Request) -> tuple[Version, Electrode]:
        target = self._channel(request)
        if not is_probe(target):
            raise RefusedError(f"{target} is a channel of the Pico, and no pH electrode", "target")
        now_ms = self._clock.wall_ms()
        by = probe_desk.thermometer(request, self._config, self._calibrator.timeline, now_ms)
        made = probe_desk.electrode(request)
        from_ms, to_ms = self._begin(request, now_ms), self._instant(request, "to")
        note = str(request.get("note") or "")[:200]
        return probe_desk.version_of(made, Version(0, target, made.points, from_ms, to_ms, now_ms, note), by), made

    def _undo(self, request: Request) -> Answer:
        number = request.get("id")
        if type(number) is not int or number < 1:
            raise RefusedError(f"{number!r} is no calibration's number", "id")
        who = str(request.get("who") or "a person at the machine")[:64]
        version = self._calibrator.undo(number, who=who)
        return {"text": f"calibration {number} of {version.target} is undone"}

    def _progress(self, _request: Request) -> Answer:
        progress = self._calibrator.progress
        text = f"{progress.what}: {progress.done} of {progress.of} days" if progress.what else ""
        return {"text": text, "what": progress.what, "done": progress.done, "of": progress.of}

    def _summaries(self, request: Request) -> Answer:
        """The last {"days"}: kWh, peak and temperatures of each, per circuit and together."""
        days = request.get("days", 30)
        if type(days) is not int or not 1 <= days <= MAX_DAYS:
            raise RefusedError(f"{days!r} is not 1 to {MAX_DAYS}", "days")
        now_ms = self._clock.wall_ms()
        found = self._calibrator.summaries(self._days_ago(days), now_ms)
        rows = [
            {
                "day": each.day.name, "circuit": each.circuit or None, "hours": each.day.hours,
                "kwh": each.energy_wh / 1000, "bound_kwh": each.energy_bound_wh / 1000, "covered_s": each.covered_s,
                "peak_w": each.peak_w, "peak_ms": each.peak_ms, "min_degf": each.low, "max_degf": each.high,
            }
            for each in found
        ]  # fmt: skip
        return {"text": f"{len({each.day.name for each in found})} days", "summaries": rows}

    def _import(self, request: Request) -> Answer:
        """{"path"}: of a CSV file on this machine, as the export of measurements writes it."""
        path = request.get("path")
        if not isinstance(path, str) or not Path(path).is_absolute():
            raise RefusedError(f"{path!r} is no absolute path of a file", "path")
        done = self._calibrator.take_in(Path(path))
        known = f", {done.known} were there already" if done.known else ""
        return {"text": f"{done.stored} rows imported{known}", "stored": done.stored, "known": done.known}

    def probes_held(self) -> dict[str, Version]:
        """By sensor.ID: the version that holds now for each of the other probes that has one."""
        now_ms, timeline = self._clock.wall_ms(), self._calibrator.timeline
        held = {target: timeline.probe(target, now_ms) for target in self._names.values() if is_probe(target)}
        return {target: version for target, version in held.items() if version is not None}

    # -- understanding a request --------------------------------------------------------------------------------------

    def _version(self, request: Request) -> tuple[Version, list[tuple[float, float]], Points]:
        """The version asked for, the points that were given as (counts, actual), and the points that hold so far."""
        channel = self._channel(request)
        now_ms = self._clock.wall_ms()
        from_ms, to_ms = self._begin(request, now_ms), self._instant(request, "to")
        timeline = self._calibrator.timeline
        before = self._points(channel, now_ms if from_ms is None else from_ms)
        given = pairs(request, "points")
        # What the page showed it showed by the curve that holds now.
        for value, actual in pairs(request, "shown"):
            if is_probe(channel):
                given.append((probe_desk.measured(timeline, channel, value, now_ms), actual))
            else:
                given.append((Curve(self._points(channel, now_ms)).measured(value), actual))
        if not given:
            raise RefusedError("give at least one point: what was measured and what it really was", "points")
        points = calibration.completed(given, before)
        points = calibration.of_probe(points) if is_probe(channel) else calibration.of_channel(channel, points)
        unit = probe_desk.unit(request, timeline, channel, now_ms) if is_probe(channel) else unit_of(channel)
        note = str(request.get("note") or "")[:200]
        return Version(0, channel, points, from_ms, to_ms, now_ms, note, unit=unit), given, before

    def _points(self, channel: str, at_ms: int) -> Points:
        timeline = self._calibrator.timeline
        return probe_desk.points_at(timeline, channel, at_ms) if is_probe(channel) else timeline.points(at_ms)[channel]

    def _channel(self, request: Request) -> str:
        name = request.get("target")
        if not isinstance(name, str) or name not in self._names:
            raise RefusedError(
                f"there is nothing to calibrate called {name!r}: it is one of {', '.join(self._names)}", "target"
            )
        return self._names[name]

    def _begin(self, request: Request, now_ms: int) -> int | None:
        if "days" in request:
            days = request["days"]
            if type(days) is not int or not 1 <= days <= MAX_DAYS:
                raise RefusedError(f"{days!r} is not 1 to {MAX_DAYS}", "days")
            return self._days_ago(days)
        if request.get("from") is None:
            return now_ms // MINUTE_MS * MINUTE_MS
        return None if request["from"] == "ever" else self._instant(request, "from")

    def _days_ago(self, days: int) -> int:
        """The first instant of the day so many days before today, by the wall."""
        today = datetime.fromtimestamp(self._clock.wall_ms() / 1000, self._zone)
        noon = today.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days)
        return day_at(round(noon.timestamp() * 1000), self._zone).begin_ms

    def _instant(self, request: Request, key: str) -> int | None:
        """A day, its first instant, or a day and a time, by the site's wall: 2026-10-23, 2026-10-23T14:30."""
        text = request.get(key)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            raise RefusedError(f"{text!r} is no day: write it like 2026-10-23 or 2026-10-23T14:30", key) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return round(moment.timestamp() * 1000) // MINUTE_MS * MINUTE_MS

    def _check_now(self, version: Version) -> None:
        """A calibration that holds now is the Pico's too: every limit must be within its reach."""
        now_ms = self._clock.wall_ms()
        if not version.covers(now_ms) or is_probe(version.target):
            return
        points = {**self._calibrator.timeline.points(now_ms), version.target: version.points}
        try:
            config_checks.check_reach(calibrated(self._config, points))
        except ConfigError as error:
            raise CalibrationError(
                f"with this calibration {error.what}: give a point near there too, such as 0c=0, or measure again"
            ) from error

    # -- showing ------------------------------------------------------------------------------------------------------

    def version_json(self, version: Version) -> Answer:
        """As the API shows it."""
        return {
            "id": version.id, "target": version.target, "unit": version.unit, "points": version.points,
            "parameters": version.parameters, "from_ms": version.from_ms, "to_ms": version.to_ms,
            "made_ms": version.made_ms,
            "note": version.note, "undone_ms": version.undone_ms, "holds": self._span_text(version),
        }  # fmt: skip

    def _shown(self, version: Version, given: Sequence[tuple[float, float]], before: Points) -> Answer:
        rows = calibration.residuals(given, before) if given else []
        return {
            "target": version.target,
            "unit": version.unit,
            "points": version.points,
            "holds": self._span_text(version),
            "residuals": [
                {"measured": row.measured, "actual": row.actual, "before": row.before,
                 "error_before": row.error_before, "error_straight": row.error_straight}
                for row in rows
            ],
            "pico": None if is_probe(version.target) else for_pico(version.points),
        }  # fmt: skip

    def _span_text(self, version: Version) -> str:
        begin = "since ever" if version.from_ms is None else f"from {self._wall(version.from_ms)}"
        return f"{begin} on" if version.to_ms is None else f"{begin} to {self._wall(version.to_ms)}"

    def _wall(self, at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, self._zone):%Y-%m-%d %H:%M}"


class Calibrating:
    """The engine's: commands by their name in `table`, and the task that keeps summaries and the curves that hold now.

    hold: told, on the loop, of each channel's points whenever others hold than before; hold_probes: of the versions of
    the other probes, by sensor.ID.
    """

    def __init__(
        self, desk: Desk, calibrator: Calibrator, clock: Clock, log: Log, hold: Callable[[dict[str, Points]], None],
        hold_probes: Callable[[dict[str, Version]], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.desk, self._calibrator, self._clock, self._log, self._hold = desk, calibrator, clock, log, hold
        self._hold_probes = hold_probes
        self._held: dict[str, Points] | None = None
        self._held_probes: dict[str, Version] = {}
        self._hours_until_ms = -1  # the next hour's are made then
        self._summed_until_ms = -1  # the end of the day up to which there are summaries
        self.table: dict[str, Callable[[Request], Awaitable[Answer]]] = {
            name: self._in_thread(command) for name, command in desk.table.items()
        }

    def _in_thread(self, command: Callable[[Request], Answer]) -> Callable[[Request], Awaitable[Answer]]:
        async def run(request: Request) -> Answer:
            try:
                answer = await asyncio.to_thread(command, request)
            except StoreError as error:
                raise CommandError(str(error)) from error
            self.look()
            return answer

        return run

    def load(self) -> None:
        """At the start: which versions there are. A database that fails leaves the configuration's scales."""
        try:
            self._calibrator.load()
        except StoreError as error:
            self._log("error", "calibration", f"calibrations are not known, the configuration's scales hold: {error}")
        self.look()

    def look(self) -> None:
        """Do other points hold than before?"""
        points = self._calibrator.timeline.points(self._clock.wall_ms())
        if points != self._held:
            self._held = points
            self._hold(points)
        probes = self.desk.probes_held()
        if probes != self._held_probes:
            self._held_probes = probes
            self._hold_probes(probes)

    async def run(self, beat: Beat) -> None:
        """For ever: summaries of days that are over, and versions that begin or end to hold."""
        while True:
            self.look()
            if self._clock.wall_ms() >= self._summed_until_ms:
                await self._sum_up()
            beat()
            if self._clock.wall_ms() >= self._hours_until_ms:
                await self._sum_up()  # also days that rows that came late have made untrue
                beat()
                await self._make_hours(beat)
            await asyncio.sleep(LOOK_S)

    async def _make_hours(self, beat: Beat) -> None:
        """All that can be made now; then not again before another hour is over and its minutes are made."""
        try:
            while await asyncio.shield(asyncio.ensure_future(asyncio.to_thread(self._calibrator.make_hours))):
                beat()
            self._hours_until_ms = (self._clock.wall_ms() // HOUR_MS + 1) * HOUR_MS + HOURS_LATE_MS
        except StoreError as error:  # charts are read from minutes meanwhile
            self._log("warning", "calibration", f"hours for charts were not made: {error}")
            self._hours_until_ms = self._clock.wall_ms() + HOURS_LATE_MS

    async def _sum_up(self) -> None:
        work = asyncio.ensure_future(asyncio.to_thread(self._calibrator.catch_up))
        try:
            await asyncio.shield(work)
            self._summed_until_ms = self._calibrator.day_end_ms(self._clock.wall_ms())
        except (StoreError, CommandError) as error:  # tried again with the next look
            self._log("warning", "calibration", f"daily summaries were not made: {error}")
