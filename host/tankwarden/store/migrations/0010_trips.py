"""A view of trips and faults, each with its waveform: the two are told at different times, and asked for together."""

from peewee import Database
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    db.execute_sql(
        """CREATE VIEW trips AS
        SELECT e.id, e.at_ms, e.kind, e.severity, e.text, e.circuit, e.trigger, e.subject, e.value, e.limit_value,
            e.unit, e.board_id, e.boot_id, e.journal_id, w.stored_ms, w.at_tick, w.period_us, w.channels, w.samples
        FROM events e LEFT JOIN trip_waveforms w
            ON w.board_id = e.board_id AND w.journal_id = e.journal_id AND w.boot_id = e.boot_id
        WHERE e.kind IN ('trip', 'fault') AND e.journal_id IS NOT NULL"""
    )


def down(_migrator: SchemaMigrator, db: Database) -> None:
    db.execute_sql("DROP VIEW trips")
