"""The statements that write feeders and feedings, each to be run inside one of the recorder's transactions."""

import json
from dataclasses import asdict
from enum import StrEnum

from peewee import Database

from tankwarden.errors import NotKnownError, TakenError
from tankwarden.logic.feeder import Entry, Feeder
from tankwarden.logic.feeding import Feeding, Outcome, Source, Started, Status, portion_g, reason_text
from tankwarden.store import food_writes
from tankwarden.store.models import FeederRecord, FeedingRecord, ScheduleRecord


class Begun(StrEnum):
    """What became of a feeding that was to be stored."""

    STORED = "stored"
    KNOWN = "known"  # that entry had its meal of that day
    ID_TAKEN = "id_taken"  # mint another operation id


# -- feeders ---------------------------------------------------------------------------------------------------------


def save_feeder(db: Database, feeder: Feeder, now_ms: int) -> int:
    """Insert it, or change the one with its id; its id. TakenError if its servo is another one's, NotKnownError if
    there is no feeder of its id, RefusedError if there is no such food."""
    there = FeederRecord.deleted_ms.is_null()
    other = FeederRecord.select().where(there & (FeederRecord.servo == feeder.servo)).first(db)
    if other is not None and other.id != feeder.id:
        raise TakenError(
            f"servo {feeder.servo} is taken by feeder {other.id}, {other.name}: choose another, or that one"
        )
    food_writes.check(db, feeder.food)
    values = {
        "name": feeder.name, "enclosure": feeder.enclosure, "servo": feeder.servo,
        "servo_config": json.dumps(asdict(feeder.config)), "missed_within_min": feeder.missed_within_min,
        "notification": feeder.notification, "enabled": feeder.enabled,
        "food_id": feeder.food,
    }  # fmt: skip
    if feeder.id is None:
        number = int(FeederRecord.insert(**values, created_ms=now_ms).execute(db))
    else:
        number = feeder.id
        if not FeederRecord.update(**values).where(there & (FeederRecord.id == number)).execute(db):
            raise NotKnownError(f"there is no feeder {number}")
    kept = [_save_entry(db, number, entry) for entry in feeder.schedule]
    gone = (ScheduleRecord.feeder_id == number) & ScheduleRecord.deleted_ms.is_null() & ScheduleRecord.id.not_in(kept)
    ScheduleRecord.update(deleted_ms=now_ms).where(gone).execute(db)
    return number


def _save_entry(db: Database, feeder: int, entry: Entry) -> int:
    values = {
        "name": entry.name, "minute": entry.minute, "enabled": entry.enabled, "portion_g": entry.portion_g,
        "weekdays": entry.weekdays, "since_ms": entry.since_ms,
    }  # fmt: skip
    if entry.id is None:
        return int(ScheduleRecord.insert(**values, feeder_id=feeder).execute(db))
    mine = (ScheduleRecord.id == entry.id) & (ScheduleRecord.feeder_id == feeder) & ScheduleRecord.deleted_ms.is_null()
    if not ScheduleRecord.update(**values).where(mine).execute(db):
        raise NotKnownError(f"feeder {feeder} has no entry {entry.id}")
    return entry.id


def delete_feeder(db: Database, feeder: int, now_ms: int) -> None:
    """Its history stays, and so does its row. NotKnownError if there is none."""
    mine = (FeederRecord.id == feeder) & FeederRecord.deleted_ms.is_null()
    if not FeederRecord.update(deleted_ms=now_ms).where(mine).execute(db):
        raise NotKnownError(f"there is no feeder {feeder}")
    entries = (ScheduleRecord.feeder_id == feeder) & ScheduleRecord.deleted_ms.is_null()
    ScheduleRecord.update(deleted_ms=now_ms).where(entries).execute(db)


# -- feedings --------------------------------------------------------------------------------------------------------


def begin_feeding(db: Database, feeding: Feeding) -> Begun:
    """A feeding that is about to be asked for, or that is known never to be."""
    if feeding.operation_id is not None and _operation(db, feeding.operation_id) is not None:
        return Begun.ID_TAKEN
    insert = FeedingRecord.insert(
        operation_id=feeding.operation_id, feeder_id=feeding.feeder, requested_ms=feeding.requested_ms,
        scheduled_for_ms=feeding.scheduled_for_ms, entry_id=feeding.entry, day=feeding.day,
        source=str(feeding.source), status=str(feeding.status), turns=feeding.turns, portion_g=feeding.portion_g,
        asked_g=feeding.asked_g, board_id=feeding.board_id, boot_id=feeding.boot_id,
        not_after_ms=feeding.not_after_ms, started_ms=feeding.started_ms, ended_ms=feeding.ended_ms,
        drops=feeding.drops, reason=feeding.reason, food_id=_food_in(db, feeding.feeder),
    )  # fmt: skip
    key = [FeedingRecord.entry_id, FeedingRecord.day]
    stored = insert.on_conflict(conflict_target=key, action="NOTHING").as_rowcount().execute(db)
    return Begun.STORED if stored else Begun.KNOWN


def tell_feeding(db: Database, told: Started | Outcome, now_ms: int) -> None:
    """What a Pico's event says of a feeding."""
    if isinstance(told, Outcome):
        settle_feeding(db, told, now_ms)
    else:
        start_feeding(db, told)


def start_feeding(db: Database, started: Started) -> None:
    """It began. An operation that this database does not know becomes a row of its own, that its report settles."""
    mine = FeedingRecord.operation_id == started.operation_id
    if FeedingRecord.update(started_ms=started.started_ms).where(mine).execute(db):
        return
    feeder = _feeder_of(db, started.servo)
    FeedingRecord.insert(
        operation_id=started.operation_id, feeder_id=feeder, food_id=_food_in(db, feeder),
        requested_ms=started.started_ms,
        source=str(Source.PICO), status=str(Status.PENDING), turns=started.turns, asked_g=started.portion_g,
        board_id=started.board_id, boot_id=started.boot_id, not_after_ms=0, started_ms=started.started_ms,
    ).execute(db)  # fmt: skip


def fail_feeding(db: Database, operation_id: int, status: Status, reason: str) -> None:
    """The host's own judgement of one that is pending: that it never began, or that nobody knows. What a Pico has told
    stands."""
    eaten = 0.0 if status is Status.FAILED else None
    pending = (FeedingRecord.operation_id == operation_id) & (FeedingRecord.status == str(Status.PENDING))
    FeedingRecord.update(status=str(status), reason=reason, portion_g=eaten).where(pending).execute(db)


def settle_feeding(db: Database, outcome: Outcome, now_ms: int) -> None:
    """What a Pico tells of it is the truth, whatever was believed before; telling it twice changes nothing.

    A report that never came to its flash was told none the less: after a restart the Pico knows the beginning only and
    reports once more. The first report stays.
    An operation that this database does not know (it was set aside, or another host's) becomes a row of its own.
    """
    record = _operation(db, outcome.operation_id)
    if record is not None and outcome.is_a_guess and _was_reported(record):
        return
    reason = reason_text(outcome.reason) or None
    values: dict[str, str | int | float | None] = {
        "status": str(outcome.status), "reason": reason, "drops": outcome.drops, "board_id": outcome.board_id,
    }  # fmt: skip
    if outcome.ended_ms is not None:
        values["ended_ms"] = outcome.ended_ms
    if record is None:
        feeder = _feeder_of(db, outcome.servo)
        FeedingRecord.insert(
            **values, operation_id=outcome.operation_id, feeder_id=feeder, food_id=_food_in(db, feeder),
            requested_ms=outcome.started_ms or outcome.ended_ms or now_ms, source=str(Source.PICO),
            turns=outcome.turns, started_ms=outcome.started_ms,
        ).execute(db)  # fmt: skip
        return
    if outcome.started_ms is not None:
        values["started_ms"] = outcome.started_ms
    values["portion_g"] = portion_g(record.asked_g, record.turns, outcome)
    FeedingRecord.update(**values).where(FeedingRecord.id == record.id).execute(db)


def _operation(db: Database, operation_id: int) -> FeedingRecord | None:
    return FeedingRecord.select().where(FeedingRecord.operation_id == operation_id).first(db)  # type: ignore[no-any-return]


def _feeder_of(db: Database, servo: int | None) -> int | None:
    """The feeder that has the servo now."""
    there = FeederRecord.deleted_ms.is_null()
    record = FeederRecord.select().where(there & (FeederRecord.servo == servo)).first(db)
    return None if record is None else record.id


def _food_in(db: Database, feeder: int | None) -> int | None:
    """What the feeder holds now."""
    record = FeederRecord.select().where(FeederRecord.id == feeder).first(db)
    return None if record is None else record.food_id


def _was_reported(record: FeedingRecord) -> bool:
    """Whether its end is by a Pico's word: this program itself never judges that all fell, nor how much, nor when."""
    told = record.drops is not None or record.ended_ms is not None
    return record.status == str(Status.SUCCESS) or (told and record.status != str(Status.PENDING))
