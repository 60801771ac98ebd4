"""Sums of counts in 64 bits where a column has a width: a minute of fast samples passes 32. SQLite's have none."""

from peewee import Database, PostgresqlDatabase
from playhouse.migrate import SchemaMigrator

SUMS = (
    "current_1_sum", "current_2_sum", "voltage_1_sum", "voltage_2_sum", "temperature_1_sum", "temperature_2_sum",
    "reference_sum", "reef_temperature_sum",
)  # fmt: skip


def up(_migrator: SchemaMigrator, db: Database) -> None:
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql("ALTER TABLE measurements " + ", ".join(f"ALTER COLUMN {sum_} TYPE BIGINT" for sum_ in SUMS))


def down(_migrator: SchemaMigrator, _db: Database) -> None:
    """Nothing: an older program reads and writes the wider columns as well, and none of their sums is lost."""
