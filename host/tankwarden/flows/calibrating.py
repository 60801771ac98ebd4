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
from tankwarden.flows.supervise import Beat, Log
from tankwarden.logic import calibration
from tankwarden.logic.calibration import CalibrationError, Curve, Points, Version
from tankwarden.logic.days import day_at
from tankwarden.logic.meters import MINUTE_MS
from tankwarden.logic.pico_config import calibrated
from tankwarden.store import Calibrator
from tankwarden.store.calibrator import DayChange

LOOK_S = 20.0  # how often it is asked whether another version holds now, or a day is over
MAX_DAYS = 3660
_UNITS = {"current": "A", "voltage": "V", "temperature": "°F", "reef": "°F", "reference": "V"}
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
        return channels

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
            },
            "names": self._names,
        }

    def _preview(self, request: Request) -> Answer:
        version, given, before = self._version(request)
        changes = self._calibrator.preview(version)
        return {
            "text": _told(changes),
            **self._shown(version, given, before),
            "days": [change_json(change) for change in changes],
        }

    def _calibrate(self, request: Request) -> Answer:
        version, given, before = self._version(request)
        self._check_now(version)
        who = str(request.get("who") or "a person at the machine")[:64]
        number = self._calibrator.apply(version, unit=unit_of(version.target), who=who)
        span = self._span_text(version)
        text = f"calibration {number} of {version.target} holds {span}"
        return {"text": text, "id": number, **self._shown(version, given, before)}

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

    # -- understanding a request --------------------------------------------------------------------------------------

    def _version(self, request: Request) -> tuple[Version, list[tuple[float, float]], Points]:
        """The version asked for, the points that were given as (counts, actual), and the points that hold so far."""
        channel = self._channel(request)
        now_ms = self._clock.wall_ms()
        from_ms, to_ms = self._begin(request, now_ms), self._instant(request, "to")
        timeline = self._calibrator.timeline
        before = timeline.points(now_ms if from_ms is None else from_ms)[channel]
        given = _pairs(request, "points")
        shown = _pairs(request, "shown")
        if shown:
            # What the page showed it showed by the curve that holds now.
            now = Curve(timeline.points(now_ms)[channel])
            given += [(now.measured(value), actual) for value, actual in shown]
        if not given:
            raise RefusedError("give at least one point: what was measured and what it really was", "points")
        points = calibration.of_channel(channel, calibration.completed(given, before))
        note = str(request.get("note") or "")[:200]
        return Version(0, channel, points, from_ms, to_ms, now_ms, note), given, before

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
        if not version.covers(now_ms):
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
            "id": version.id, "target": version.target, "unit": unit_of(version.target), "points": version.points,
            "from_ms": version.from_ms, "to_ms": version.to_ms, "made_ms": version.made_ms, "note": version.note,
            "undone_ms": version.undone_ms, "holds": self._span_text(version),
        }  # fmt: skip

    def _shown(self, version: Version, given: Sequence[tuple[float, float]], before: Points) -> Answer:
        table = calibration.for_pico(version.points)
        kept, curve = Curve(table), Curve(version.points)
        rows = calibration.residuals(given, before)
        return {
            "target": version.target,
            "unit": unit_of(version.target),
            "points": version.points,
            "holds": self._span_text(version),
            "residuals": [
                {"measured": row.measured, "actual": row.actual, "before": row.before,
                 "error_before": row.error_before, "error_straight": row.error_straight}
                for row in rows
            ],
            "pico": {"points": table, "error": max(abs(kept.value(x) - curve.value(x)) for x, _ in version.points)},
        }  # fmt: skip

    def _span_text(self, version: Version) -> str:
        begin = "since ever" if version.from_ms is None else f"from {self._wall(version.from_ms)}"
        return f"{begin} on" if version.to_ms is None else f"{begin} to {self._wall(version.to_ms)}"

    def _wall(self, at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, self._zone):%Y-%m-%d %H:%M}"


class Calibrating:
    """The engine's: commands by their name in `table`, and the task that keeps summaries and the curves that hold now.

    hold: told, on the loop, of each channel's points whenever others hold than before.
    """

    def __init__(
        self, desk: Desk, calibrator: Calibrator, clock: Clock, log: Log, hold: Callable[[dict[str, Points]], None]
    ) -> None:  # fmt: skip
        self.desk, self._calibrator, self._clock, self._log, self._hold = desk, calibrator, clock, log, hold
        self._held: dict[str, Points] | None = None
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

    async def run(self, beat: Beat) -> None:
        """For ever: summaries of days that are over, and versions that begin or end to hold."""
        while True:
            self.look()
            if self._clock.wall_ms() >= self._summed_until_ms:
                await self._sum_up()
            beat()
            await asyncio.sleep(LOOK_S)

    async def _sum_up(self) -> None:
        work = asyncio.ensure_future(asyncio.to_thread(self._calibrator.catch_up))
        try:
            await asyncio.shield(work)
            self._summed_until_ms = self._calibrator.day_end_ms(self._clock.wall_ms())
        except (StoreError, CommandError) as error:  # tried again with the next look
            self._log("warning", "calibration", f"daily summaries were not made: {error}")


def unit_of(channel: str) -> str:
    """A channel's unit once it is calibrated."""
    return _UNITS[channel.partition("_")[0]]


def change_json(change: DayChange) -> Answer:
    """As the API shows it; circuit null: all together."""
    return {
        "day": change.day.name, "circuit": change.circuit or None, "hours": change.day.hours,
        "before_kwh": change.before_kwh, "after_kwh": change.after_kwh, "change_kwh": change.change_kwh,
        "bound_kwh": change.bound_kwh,
    }  # fmt: skip


def _told(changes: Sequence[DayChange]) -> str:
    total = [change for change in changes if not change.circuit]
    before, after = sum(c.before_kwh for c in total), sum(c.after_kwh for c in total)
    return f"{len(total)} days: {before:.3f} kWh before, {after:.3f} kWh after, {after - before:+.3f} kWh"


def _pairs(request: Request, key: str) -> list[tuple[float, float]]:
    """[[measured, actual], …]."""
    given = request.get(key) or []
    if not isinstance(given, list | tuple):
        raise RefusedError(f"{given!r} is no list of points: write [[measured, actual], …]", key)
    pairs = []
    for pair in given:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(_is_number(part) for part in pair):
            raise RefusedError(f"{pair!r} is no point: write [measured, actual], two numbers", key)
        pairs.append((float(pair[0]), float(pair[1])))
    return pairs


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
