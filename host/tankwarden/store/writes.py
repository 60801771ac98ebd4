"""The statements that write, each to be run inside one of the recorder's transactions."""

import json
from collections.abc import Iterable

from peewee import Database

from tankwarden.events import Event
from tankwarden.logic.claims import Claim
from tankwarden.logic.waveform import Waveform
from tankwarden.store import feeder_writes
from tankwarden.store.dialect import execute_many, is_postgresql
from tankwarden.store.models import ClaimRecord, ConfigEntry, EventRecord, SystemLog, TripWaveform
from tankwarden.store.rows import COLUMNS, ReadingRow

# Through the driver and not through peewee, which makes an object of every row: ten times as fast.
_INSERT = "INSERT INTO measurements ({columns}) VALUES ({marks}) ON CONFLICT (ts) DO UPDATE SET {changes}"
_INSERT_SQLITE = "INSERT OR REPLACE INTO measurements ({columns}) VALUES ({marks})"  # the same, a fifth faster


def insert_rows(db: Database, rows: Iterable[tuple[int, ...]]) -> None:
    """rows: by COLUMNS, as MeasurementRow.values() gives them. One whose ts is taken replaces the one that is there."""
    template, mark = (_INSERT, "%s") if is_postgresql(db) else (_INSERT_SQLITE, "?")
    statement = template.format(
        columns=", ".join(COLUMNS),
        marks=", ".join([mark] * len(COLUMNS)),
        changes=", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:]),
    )
    db.connection().cursor().executemany(statement, rows)


def insert_readings(db: Database, readings: Iterable[ReadingRow]) -> None:
    """A reading whose sensor and ts are there replaces that one."""
    execute_many(db, _INSERT_READING, [reading.named() for reading in readings])


_INSERT_READING = """
INSERT INTO sensor_readings (sensor, ts, measured, quality) VALUES (:sensor, :ts, :measured, :quality)
ON CONFLICT (sensor, ts) DO UPDATE SET measured = excluded.measured, quality = excluded.quality
"""


def insert_event(db: Database, event: Event, now_ms: int) -> bool:
    """True if it is new; False if the Pico told of it before. ValueError for a Pico's event without its whole key.

    What it tells of a feeding goes into the history in the same transaction: it is acknowledged with both on disk.
    """
    if event.feeding is not None:
        feeder_writes.tell_feeding(db, event.feeding, now_ms)
    if event.journal_id is not None and (event.board_id is None or event.boot_id is None):
        raise ValueError(f"event {event.journal_id} of a Pico's journal needs its board_id and boot_id: {event}")
    insert = EventRecord.insert(
        at_ms=event.at_ms,
        kind=event.kind,
        severity=event.severity,
        text=event.text,
        circuit=event.circuit,
        trigger=event.trigger,
        subject=event.subject,
        value=event.value,
        limit_value=event.limit,
        unit=event.unit,
        board_id=event.board_id,
        boot_id=event.boot_id,
        journal_id=event.journal_id,
    )
    if event.journal_id is not None:
        keys = [EventRecord.board_id, EventRecord.boot_id, EventRecord.journal_id]
        insert = insert.on_conflict(conflict_target=keys, action="NOTHING")
    return bool(insert.as_rowcount().execute(db))


def insert_waveform(db: Database, waveform: Waveform, now_ms: int) -> bool:
    """True if it is new; False if there is one of that trip, or word that the Pico has none: the first one stays."""
    known = waveform.samples is not None
    insert = TripWaveform.insert(
        board_id=waveform.board_id,
        boot_id=waveform.boot_id,
        journal_id=waveform.journal_id,
        stored_ms=now_ms,
        at_tick=waveform.at_tick if known else None,
        period_us=waveform.period_us if known else None,
        channels=waveform.channels if known else None,
        samples=waveform.samples,
    )
    keys = [TripWaveform.board_id, TripWaveform.journal_id, TripWaveform.boot_id]
    return bool(insert.on_conflict(conflict_target=keys, action="NOTHING").as_rowcount().execute(db))


def insert_claim(db: Database, claim: Claim, now_ms: int) -> None:
    """Takes the place of the open claim with its output and id."""
    end_claim(db, claim.output, claim.id, now_ms)
    ClaimRecord.insert(
        claim_id=claim.id,
        output=claim.output,
        value=json.dumps(claim.value),
        priority=int(claim.priority),
        source=claim.source,
        why=claim.why,
        since_ms=claim.since_ms,
        until_ms=claim.until_ms,
    ).execute(db)


def end_claim(db: Database, output: str, claim_id: str, now_ms: int) -> None:
    """Nothing, if none is open."""
    (
        ClaimRecord.update(ended_ms=now_ms)
        .where(
            (ClaimRecord.output == output)
            & (ClaimRecord.claim_id == claim_id)
            & ClaimRecord.ended_ms.is_null()
        )
        .execute(db)
    )  # fmt: skip


def insert_log(db: Database, at_ms: int, level: str, category: str, text: str) -> None:
    SystemLog.insert(ts=at_ms, level=level, category=category, text=text).execute(db)


def set_config(db: Database, key: str, text: str) -> None:
    """text: JSON."""
    ConfigEntry.insert(key=key, value=text).on_conflict(
        conflict_target=[ConfigEntry.key], preserve=[ConfigEntry.value]
    ).execute(db)
