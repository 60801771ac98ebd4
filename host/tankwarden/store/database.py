"""What the store asks of a database, whichever it is: to be opened and migrated, written by one and read by anybody,
and to say what its failures mean to a person. sqlite.py and postgresql.py are the two that there are.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import Database as Connection

from tankwarden.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerDatabaseError(StoreError):
    """A later Tankwarden made this database: this one does not know its tables, and leaves it alone."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the disk does not do what it should. reopen: a fresh connection is needed; check: look the file over too."""

    text: str
    reopen: bool = True
    check: bool = False


class Database(ABC):
    """Two kinds of connection: one that writes, the recorder's thread's own, and short-lived ones that read.

    name: what messages call it. errors: what its driver raises, and peewee for it. suspect: a reader met damage;
    whoever writes should look it over.
    """

    name: str
    errors: tuple[type[BaseException], ...]
    suspect: bool = False

    # -- the writer's side ------------------------------------------------------------------------------------------

    @abstractmethod
    def open(self, *, check: bool) -> str | None:
        """Connect and migrate; check: look it over first. What a person should know of it, None if nothing.

        NewerDatabaseError; else whatever the driver raises, to be understood by failure().
        """

    @abstractmethod
    def connect(self) -> Connection:
        """Connect for writing, to a database of whatever version, without looking it over."""

    @abstractmethod
    def close(self) -> None:
        """Safe to call twice."""

    @property
    @abstractmethod
    def replaced(self) -> bool:
        """Whether what was opened is no longer what its name means."""

    @abstractmethod
    def writing(self, *, durable: bool) -> contextlib.AbstractContextManager[Connection]:
        """A transaction. durable: after it not even a power cut takes it back; else one may take the last ones."""

    # -- everybody's side -------------------------------------------------------------------------------------------

    @abstractmethod
    def reading(self) -> contextlib.AbstractContextManager[Connection]:
        """A connection that sees one state of the database throughout. StoreError if it cannot be read."""

    @abstractmethod
    def failure(self, error: BaseException) -> Failure | None:
        """What an error means if it is the disk's, the server's or another program's; None if it is a fault of the
        statement or a bug."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the newest first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__context__


def migrate(db: Connection, name: str) -> None:
    """Bring an open database up to date. NewerDatabaseError if it is ahead."""
    if _is_up_to_date(db):
        return
    runner = _runner(db)
    migrations = runner.status()
    unknown = [migration.name for migration in migrations if migration.path is None]
    if unknown:
        raise NewerDatabaseError(
            f"{name} was made by a later Tankwarden (it holds {', '.join(unknown)}): update this one, or start"
            " with another --data folder"
        )
    if any(migration.applied is None for migration in migrations):
        _drop_view(db)
        runner.up()


def _is_up_to_date(db: Connection) -> bool:
    """As nearly always: then what runs migrations, a MiB of a small computer's memory, is not even loaded."""
    if not db.table_exists("schema_migration"):
        return False
    applied = {name for (name,) in db.execute_sql("SELECT name FROM schema_migration WHERE applied IS NOT NULL")}
    return applied == {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}


def _runner(db: Connection) -> Any:
    from playhouse.migrations import Runner

    return Runner(db, str(MIGRATIONS))


def _drop_view(db: Connection) -> None:
    """The view of calibrated rows shows columns that may be about to change; who knows the curves makes it anew."""
    db.execute_sql("DROP VIEW IF EXISTS measurements_calibrated")


def versions(db: Connection) -> tuple[int, int]:
    """The number of the last migration that an open database has had, 0 if none, and of the last that there is."""
    migrations = _runner(db).status()
    return (
        max((migration.idx for migration in migrations if migration.applied is not None), default=0),
        max(migration.idx for migration in migrations if migration.path is not None),
    )


def migrate_to(db: Connection, name: str, number: int) -> list[str]:
    """Bring an open database up or down to the migration of that number, 0 = to none; the names of those that ran.

    StoreError if there is no such migration, or the database is ahead of this program. What a lower version does not
    know is lost with the tables that held it.
    """
    runner = _runner(db)
    migrations = runner.status()
    by_number = {migration.idx: migration for migration in migrations if migration.path is not None}
    if len(by_number) < len(migrations):
        raise NewerDatabaseError(f"{name} was made by a later Tankwarden: only that one can take it back")
    if number != 0 and number not in by_number:
        raise StoreError(f"there is no version {number}: they go from 0 to {max(by_number)}")
    behind = [migration.name for migration in migrations if migration.applied is None and migration.idx <= number]
    ahead = [migration.name for migration in migrations if migration.applied is not None and migration.idx > number]
    _drop_view(db)
    ran: list[str] = runner.down(ahead[0]) if ahead else []
    if behind:
        ran += runner.up(behind[-1])
    return ran
