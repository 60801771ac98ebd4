"""What is read back: history and energy, calibrated on read; events, claims, the log and remembered settings.

Every query opens a read-only connection of its own for as long as it takes. Rows that still wait for their batch are
merged in (backlog.py says why); closed buckets are remembered (remembered.py says by what rule).
"""

import json
import math
from collections import OrderedDict
from typing import Any

from tankwarden.events import Event
from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.meters import MINUTE_MS, Calibration, Timeline
from tankwarden.logic.waveform import Waveform
from tankwarden.store import energies
from tankwarden.store import hours as made_hours
from tankwarden.store import series as charts
from tankwarden.store.backlog import View
from tankwarden.store.database import Database
from tankwarden.store.models import ClaimRecord, ConfigEntry, EventRecord, SystemLog, TripWaveform
from tankwarden.store.recorder import Recorder
from tankwarden.store.remembered import Remembered
from tankwarden.store.statements import BucketSums, Rows

MAX_POINTS = 1500
LATCHING = ("trip", "fault")  # kinds of events that may have a waveform
_KEY = (TripWaveform.board_id, TripWaveform.journal_id, TripWaveform.boot_id)
_S, _MIN, _H = 1000, 60_000, 3_600_000
_WIDTHS_MS = (
    _S, 2 * _S, 5 * _S, 10 * _S, 15 * _S, 30 * _S, _MIN, 2 * _MIN, 5 * _MIN, 10 * _MIN, 15 * _MIN, 30 * _MIN,
    _H, 2 * _H, 6 * _H, 24 * _H,
)  # fmt: skip
_WIDTHS_REMEMBERED = 4
_SERIES_REMEMBERED = 24
_ENERGY_MS = 10 * _MIN  # energy is remembered in pieces of this length
_ENERGY_LIMIT = 35 * 144  # of them

# first and last ts, then W of each circuit and °F of each thermometer; None where nothing is known
Bucket = tuple[int, int, tuple[float | None, ...]]


class Queries:
    """Read-only, for any thread. StoreError if the database cannot be read."""

    def __init__(self, database: Database, recorder: Recorder, calibration: Calibration) -> None:
        self._database, self._recorder = database, recorder
        self.timeline = Timeline(calibration)
        self._gap_ms = calibration.gap_ms
        self._forget()

    def _forget(self) -> None:
        self._energy: Remembered[tuple[float, ...]] = Remembered(
            self._recorder.watch(), _ENERGY_MS, limit=_ENERGY_LIMIT, reach_ms=self._gap_ms
        )
        self._history: OrderedDict[int, Remembered[Bucket | None]] = OrderedDict()
        self._series: OrderedDict[tuple[str, int], Remembered[charts.Bucket | None]] = OrderedDict()

    def recalibrated(self, timeline: Timeline) -> None:
        """From now on these curves hold: whatever was summed up by others is forgotten."""
        self.timeline = timeline
        self._forget()

    @property
    def calibration(self) -> Calibration:
        """The circuits and thermometers there are, with the configuration's scales."""
        return self.timeline.base

    # -- history ----------------------------------------------------------------------------------------------------

    def history(self, hours: float, now_ms: int) -> dict[str, Any]:
        """{"bucket_ms", "t_ms": […], "series": {"power_w": {circuit id: […]}, "temperature_degf": {id: […]}}}

        The last `hours` in at most 1,500 points: means over buckets; t_ms is where a bucket begins. null = not known:
        the channel was not ok, or no row for longer than max_gap_s (then a point of nulls stands in the gap).
        """
        width_ms = bucket_width(hours)
        first, last = math.floor((now_ms - hours * _H) / width_ms), (now_ms - 1) // width_ms
        buckets = self._remembered(width_ms).get(
            first, last, self._recorder.view, lambda view, low, high: self._fetch_buckets(view, width_ms, low, high)
        )
        points = self._with_gaps(list(enumerate(buckets, first)))
        circuits, thermometers = self.calibration.circuits, self.calibration.thermometers
        columns = [[values[place] for _, values in points] for place in range(len(circuits) + len(thermometers))]
        return {
            "bucket_ms": width_ms,
            "t_ms": [bucket * width_ms for bucket, _ in points],
            "series": {
                "power_w": {meter.id: columns[place] for place, meter in enumerate(circuits)},
                "temperature_degf": {
                    meter.id: columns[place] for place, meter in enumerate(thermometers, len(circuits))
                },
            },
        }

    def _remembered(self, width_ms: int) -> Remembered[Bucket | None]:
        """The memory of one width; that of a width that nobody asked for lately is given up."""
        memory = self._history.pop(width_ms, None) or Remembered(self._recorder.watch(), width_ms, limit=2 * MAX_POINTS)
        self._history[width_ms] = memory
        while len(self._history) > _WIDTHS_REMEMBERED:
            self._history.popitem(last=False)
        return memory

    def _fetch_buckets(self, view: View, width_ms: int, first: int, last: int) -> dict[int, Bucket | None]:
        found: dict[int, Bucket | None] = dict.fromkeys(range(first, last + 1))
        if width_ms > MINUTE_MS and (self.calibration.circuits or self.calibration.thermometers):
            return self._fetch_wide(view, width_ms, first, last)
        together: dict[int, BucketSums] = {}
        with self._database.reading() as db:
            rows = Rows(db, view)
            for stretch in self.timeline.stretches(first * width_ms, (last + 1) * width_ms):
                for row in rows.buckets_between(stretch.calibration, width_ms, stretch.from_ms, stretch.to_ms):
                    known = together.get(row.bucket)
                    together[row.bucket] = row if known is None else _joined(known, row)
        for bucket, row in together.items():
            found[bucket] = (row.first_ms, row.last_ms, _means(row.sums))
        return found

    def _fetch_wide(self, view: View, width_ms: int, first: int, last: int) -> dict[int, Bucket | None]:
        """Buckets of more than a minute: from what minutes and hours say, not from every row."""
        timeline = self.timeline
        names = [f"{meter.id}.power" for meter in timeline.base.circuits]
        names += [f"{thermometer.id}.temperature" for thermometer in timeline.base.thermometers]
        with self._database.reading() as db:
            rows = Rows(db, view)
            at = charts.Read(db, rows.source, rows.readings, first, last, made_hours.believed(db, timeline.base))
            columns = [charts.read(timeline, charts.Wish(name, width_ms, first, last), at) for name in names]
        found: dict[int, Bucket | None] = {}
        for bucket in range(first, last + 1):
            parts = [part for column in columns if (part := column[bucket]) is not None]
            values = tuple(None if (part := column[bucket]) is None else part.mean for column in columns)
            ends = (min((part.first_ms for part in parts), default=0), max((part.last_ms for part in parts), default=0))
            found[bucket] = (*ends, values) if parts else None
        return found

    def _with_gaps(self, buckets: list[tuple[int, Bucket | None]]) -> list[tuple[int, tuple[float | None, ...]]]:
        """The buckets that have rows, and one point of nulls in every gap that leaves a bucket empty."""
        unknown = (None,) * (len(self.calibration.circuits) + len(self.calibration.thermometers))
        points: list[tuple[int, tuple[float | None, ...]]] = []
        before_ms: int | None = None
        for bucket, content in buckets:
            if content is None:
                continue
            first_ms, last_ms, values = content
            if before_ms is not None and first_ms - before_ms > self._gap_ms and points[-1][0] < bucket - 1:
                points.append((points[-1][0] + 1, unknown))
            points.append((bucket, values))
            before_ms = last_ms
        return points

    def series(self, name: str, t0_ms: int, t1_ms: int, points: int = charts.MAX_POINTS) -> dict[str, Any]:
        """One thing's history, with the extremes of every bucket; series.py says what it looks like, and its errors."""
        wanted, timeline = charts.wish(name, t0_ms, t1_ms, points), self.timeline

        def fetch(view: View, first: int, last: int) -> dict[int, charts.Bucket | None]:
            with self._database.reading() as db:
                rows = Rows(db, view)
                at = charts.Read(db, rows.source, rows.readings, first, last, made_hours.believed(db, timeline.base))
                return charts.read(timeline, wanted, at)

        if charts.is_reading(name):
            buckets = list(fetch(self._recorder.view(), wanted.first, wanted.last).values())
        else:
            memory = self._series_memory(name, wanted.width_ms)
            buckets = memory.get(wanted.first, wanted.last, self._recorder.view, fetch)
        return charts.shown(timeline, wanted, buckets)

    def _series_memory(self, name: str, width_ms: int) -> Remembered[charts.Bucket | None]:
        """Of one series in one width; that of which nobody asked for lately is given up."""
        key = (name, width_ms)
        memory = self._series.pop(key, None) or Remembered(
            self._recorder.watch(), width_ms, limit=2 * charts.MAX_POINTS, reach_ms=self._gap_ms
        )
        self._series[key] = memory
        while len(self._series) > _SERIES_REMEMBERED:
            self._series.popitem(last=False)
        return memory

    # -- energy -----------------------------------------------------------------------------------------------------

    def energy_wh(self, circuit_id: str, t0_ms: int, t1_ms: int) -> float:
        """Energy of one circuit between two instants; the rule is in statements.py. ValueError for an unknown id."""
        energies = self.energies_wh(t0_ms, t1_ms)
        if circuit_id not in energies:
            raise ValueError(
                f"{circuit_id!r} is no circuit of this calibration: {', '.join(energies) or 'it has none'}"
            )
        return energies[circuit_id]

    def energies_wh(self, t0_ms: int, t1_ms: int) -> dict[str, float]:
        """As energy_wh, of every circuit by its id, for hardly more than the price of one."""
        # Whole pieces as far as they are settled are remembered; what stands before and after them is summed now.
        settled_ms = min(t1_ms, self._recorder.view().settled_ms)
        first, end = -(-t0_ms // _ENERGY_MS), settled_ms // _ENERGY_MS
        if end <= first:
            parts = self._sum_energy((t0_ms, t1_ms))
        else:
            parts = self._energy.get(first, end - 1, self._recorder.view, self._fetch_energy)
            parts += self._sum_energy((t0_ms, first * _ENERGY_MS), (end * _ENERGY_MS, t1_ms))
        return {meter.id: math.fsum(part[k] for part in parts) for k, meter in enumerate(self.calibration.circuits)}

    def _sum_energy(self, *spans: tuple[int, int]) -> list[tuple[float, ...]]:
        lasting = [(t0_ms, t1_ms) for t0_ms, t1_ms in spans if t0_ms < t1_ms]
        if not lasting:
            return []
        view = self._recorder.view()
        with self._database.reading() as db:
            source = Rows(db, view).source
            return [energies.energy_wh(db, source, self.timeline, t0_ms, t1_ms) for t0_ms, t1_ms in lasting]

    def _fetch_energy(self, view: View, first: int, last: int) -> dict[int, tuple[float, ...]]:
        with self._database.reading() as db:
            source = Rows(db, view).source
            return {
                piece: energies.energy_wh(db, source, self.timeline, piece * _ENERGY_MS, (piece + 1) * _ENERGY_MS)
                for piece in range(first, last + 1)
            }

    # -- the rest ---------------------------------------------------------------------------------------------------

    def events(self, limit: int = 20) -> list[Event]:
        """The last ones stored, newest first."""
        with self._database.reading() as db:
            records = list(EventRecord.select().order_by(EventRecord.id.desc()).limit(limit).execute(db))
        return [_event(record) for record in records]

    def trips(self, limit: int = 20) -> list[tuple[Event, bool | None]]:
        """The last trips and faults told, newest first, each with whether its waveform is stored.

        None: nobody knows yet. False: the Pico has kept none, or its journal has begun anew since, so that it gave the
        number to a later trip.
        """
        latched = EventRecord.kind.in_(LATCHING) & EventRecord.journal_id.is_null(False)
        query = EventRecord.select().where(latched).order_by(EventRecord.id.desc()).limit(limit)
        with self._database.reading() as db:
            events = [_event(record) for record in query.execute(db)]
            numbers = [event.journal_id for event in events]
            kept = TripWaveform.select(*_KEY, TripWaveform.samples.is_null(False).alias("kept"))
            told = {
                (row.board_id, row.journal_id, row.boot_id): bool(row.kept)
                for row in kept.where(TripWaveform.journal_id.in_(numbers)).execute(db)
            }
        taken: set[tuple[str | None, int | None]] = set()
        found = []
        for event in events:
            number = (event.board_id, event.journal_id)
            found.append((event, told.get((*number, event.boot_id), False if number in taken else None)))
            taken.add(number)
        return found

    def waveform(self, trip: int) -> tuple[Event, Waveform | None] | None:
        """A trip or fault by its event's id, and what its Pico kept of it: None as long as that is not known.

        None altogether: there is no such trip.
        """
        query = EventRecord.select().where((EventRecord.id == trip) & EventRecord.kind.in_(LATCHING))
        with self._database.reading() as db:
            for record in query.execute(db):
                key = (record.board_id, record.journal_id, record.boot_id)
                kept = TripWaveform.select().where(
                    *(field == value for field, value in zip(_KEY, key, strict=True))
                )  # fmt: skip
                return _event(record), next((_waveform(row) for row in kept.execute(db)), None)
        return None

    def open_claims(self, now_ms: int) -> list[Claim]:
        """Stored claims that neither ran out nor were ended, in the order in which they were stored."""
        lasting = ClaimRecord.until_ms.is_null() | (ClaimRecord.until_ms > now_ms)
        query = ClaimRecord.select().where(ClaimRecord.ended_ms.is_null() & lasting).order_by(ClaimRecord.id)
        with self._database.reading() as db:
            return [_claim(record) for record in query.execute(db)]

    def logs(self, limit: int = 100) -> list[dict[str, Any]]:
        """{"id", "at_ms", "level", "category", "text"}, newest first."""
        query = SystemLog.select().order_by(SystemLog.id.desc()).limit(limit)
        with self._database.reading() as db:
            return [
                {"id": line.id, "at_ms": line.ts, "level": line.level, "category": line.category, "text": line.text}
                for line in query.execute(db)
            ]

    def config_get(self, key: str) -> Any:
        """What config_set stored; None if nothing."""
        with self._database.reading() as db:
            for entry in ConfigEntry.select().where(ConfigEntry.key == key).execute(db):
                return json.loads(entry.value)
        return None


def bucket_width(hours: float) -> int:
    """The least width in ms that shows so many hours in at most MAX_POINTS. ValueError for no span to be shown."""
    for width_ms in _WIDTHS_MS:
        if 0 < hours * _H <= (MAX_POINTS - 2) * width_ms:
            return width_ms
    longest = (MAX_POINTS - 2) * _WIDTHS_MS[-1] // _H
    raise ValueError(f"hours is {hours}: ask for more than 0 and at most {longest}")


def _joined(one: BucketSums, other: BucketSums) -> BucketSums:
    """Of one bucket: two stretches of time with different curves."""
    sums = [
        there if here is None else here if there is None else here + there
        for here, there in zip(one.sums, other.sums, strict=True)
    ]
    return BucketSums(one.bucket, min(one.first_ms, other.first_ms), max(one.last_ms, other.last_ms), sums)


def _means(sums: list[float | None]) -> tuple[float | None, ...]:
    """From pairs of Σ and n."""
    return tuple(total / n if total is not None and n else None for total, n in zip(sums[::2], sums[1::2], strict=True))


def _event(record: EventRecord) -> Event:
    return Event(
        id=record.id,
        at_ms=record.at_ms,
        kind=record.kind,
        severity=record.severity,
        text=record.text,
        circuit=record.circuit,
        trigger=record.trigger,
        subject=record.subject,
        value=record.value,
        limit=record.limit_value,
        unit=record.unit,
        board_id=record.board_id,
        boot_id=record.boot_id,
        journal_id=record.journal_id,
    )


def _waveform(record: TripWaveform) -> Waveform:
    return Waveform(
        board_id=record.board_id,
        boot_id=record.boot_id,
        journal_id=record.journal_id,
        at_tick=record.at_tick or 0,
        period_us=record.period_us or 0,
        channels=record.channels or 0,
        samples=None if record.samples is None else bytes(record.samples),
    )


def _claim(record: ClaimRecord) -> Claim:
    return Claim(
        output=record.output,
        value=json.loads(record.value),
        priority=Priority(record.priority),
        source=record.source,
        why=record.why,
        since_ms=record.since_ms,
        until_ms=record.until_ms,
        id=record.claim_id,
    )
