"""The statements that write this computer's health, to be run inside one of the recorder's transactions."""

from collections.abc import Sequence

from peewee import Database

from tankwarden.logic.health import Minute
from tankwarden.store.models import SystemHealth


def insert(db: Database, minutes: Sequence[Minute], keep_ms: int | None) -> None:
    """A minute that is there already (the clock was set back) is replaced. keep_ms: None = all stay."""
    values = [field for field in SystemHealth._meta.sorted_fields if field is not SystemHealth.ts]
    for minute in minutes:
        insert = SystemHealth.insert(**minute.row())
        insert.on_conflict(conflict_target=[SystemHealth.ts], preserve=values).execute(db)
    if keep_ms is not None and minutes:
        SystemHealth.delete().where(SystemHealth.ts < minutes[-1].ts_ms - keep_ms).execute(db)
