"""What is read back of feeders and feedings. Every query opens a read-only connection for as long as it takes."""

import json

from tankwarden.logic.feeder import Entry, Feeder, ServoConfig
from tankwarden.logic.feeding import Feeding, Source, Status
from tankwarden.store.backups import FEEDINGS_UNKNOWN
from tankwarden.store.database import Database
from tankwarden.store.models import ConfigEntry, FeederRecord, FeedingRecord, ScheduleRecord


class FeederQueries:
    """Read-only, for any thread. StoreError if the database cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def feeders(self) -> list[Feeder]:
        """Those that are there, with their schedules, by their id."""
        there, followed = FeederRecord.deleted_ms.is_null(), ScheduleRecord.deleted_ms.is_null()
        with self._database.reading() as db:
            entries = list(ScheduleRecord.select().where(followed).order_by(ScheduleRecord.minute).execute(db))
            feeders = list(FeederRecord.select().where(there).order_by(FeederRecord.id).execute(db))
        return [_feeder(feeder, [entry for entry in entries if entry.feeder_id == feeder.id]) for feeder in feeders]

    def feedings(self, since_ms: int = 0, feeder: int | None = None, limit: int | None = None) -> list[Feeding]:
        """Those that were asked for since then, of one feeder (also a deleted one) or of all; the newest first."""
        wanted = FeedingRecord.requested_ms >= since_ms
        if feeder is not None:
            wanted &= FeedingRecord.feeder_id == feeder
        query = FeedingRecord.select().where(wanted)
        query = query.order_by(FeedingRecord.requested_ms.desc(), FeedingRecord.id.desc()).limit(limit)
        with self._database.reading() as db:
            return [_feeding(record) for record in query.execute(db)]

    def last_feedings(self) -> dict[int, Feeding]:
        """The last one of every feeder that was to be fed by anybody; by the feeder's id."""
        with self._database.reading() as db:
            found: dict[int, Feeding] = {}
            for feeder in FeederRecord.select(FeederRecord.id).where(FeederRecord.deleted_ms.is_null()).execute(db):
                query = FeedingRecord.select().where(FeedingRecord.feeder_id == feeder.id)
                query = query.order_by(FeedingRecord.requested_ms.desc(), FeedingRecord.id.desc()).limit(1)
                for record in query.execute(db):
                    found[feeder.id] = _feeding(record)
        return found

    def pending(self) -> list[Feeding]:
        """Those of which nobody knows yet, the oldest first."""
        query = FeedingRecord.select().where(FeedingRecord.status == str(Status.PENDING)).order_by(FeedingRecord.id)
        with self._database.reading() as db:
            return [_feeding(record) for record in query.execute(db)]

    def given(self, since_day: str) -> set[tuple[int | None, str]]:
        """The meals of the schedule that have their row, by entry and day, of that day (as 2026-03-29) and later."""
        query = FeedingRecord.select(FeedingRecord.entry_id, FeedingRecord.day).where(FeedingRecord.day >= since_day)
        with self._database.reading() as db:
            return {(record.entry_id, record.day) for record in query.execute(db)}

    def unknown_until_ms(self) -> int:
        """Up to when nobody knows what was fed, since this database was restored from a backup; 0 = it was not."""
        with self._database.reading() as db:
            found = ConfigEntry.select(ConfigEntry.value).where(ConfigEntry.key == FEEDINGS_UNKNOWN).scalar(db)
        return 0 if found is None else int(json.loads(found))

    def known(self, feeder: int) -> bool:
        """Whether there is or was such a feeder."""
        with self._database.reading() as db:
            return bool(list(FeederRecord.select().where(FeederRecord.id == feeder).execute(db)))


def _feeder(record: FeederRecord, entries: list[ScheduleRecord]) -> Feeder:
    return Feeder(
        id=record.id, name=record.name, enclosure=record.enclosure, servo=record.servo,
        config=ServoConfig(**json.loads(record.servo_config)), missed_within_min=record.missed_within_min,
        notification=record.notification, enabled=record.enabled, food=record.food_id,
        schedule=tuple(_entry(entry) for entry in entries),
    )  # fmt: skip


def _entry(record: ScheduleRecord) -> Entry:
    return Entry(
        id=record.id, name=record.name, minute=record.minute, enabled=record.enabled, portion_g=record.portion_g,
        weekdays=record.weekdays, since_ms=record.since_ms,
    )  # fmt: skip


def _feeding(record: FeedingRecord) -> Feeding:
    return Feeding(
        id=record.id, operation_id=record.operation_id, feeder=record.feeder_id, requested_ms=record.requested_ms,
        source=Source(record.source), status=Status(record.status), turns=record.turns, asked_g=record.asked_g,
        portion_g=record.portion_g, scheduled_for_ms=record.scheduled_for_ms, entry=record.entry_id, day=record.day,
        board_id=record.board_id, boot_id=record.boot_id, not_after_ms=record.not_after_ms,
        started_ms=record.started_ms, ended_ms=record.ended_ms, drops=record.drops, reason=record.reason,
    )  # fmt: skip
