"""The database file: how it is opened, looked over and set aside, and what its failures mean to a person."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from peewee import PeeweeException, SqliteDatabase

from tankwarden.errors import StoreError
from tankwarden.store import backups
from tankwarden.store.database import Database, Failure, causes, migrate

PAGE_BYTES = 2048  # of a new file; one that is there keeps its own
_CLASS = 0xFF  # of SQLite's extended result codes: the primary one

# SQLite's result code → what happened, what to do, and whether the connection is still good.
_FAILURES = {
    sqlite3.SQLITE_BUSY: Failure("is locked: close the other program that writes to it", reopen=False),
    sqlite3.SQLITE_LOCKED: Failure("is locked: close the other program that writes to it", reopen=False),
    sqlite3.SQLITE_FULL: Failure("finds no room: free some space on its disk", reopen=False),
    sqlite3.SQLITE_READONLY: Failure("cannot be written: make it, its folder and its disk writable"),
    sqlite3.SQLITE_CANTOPEN: Failure("cannot be opened: look at the rights of its folder and at its disk"),
    sqlite3.SQLITE_PERM: Failure("cannot be opened: look at the rights of its folder and at its disk"),
    sqlite3.SQLITE_IOERR: Failure("meets errors of its disk: look at the disk, and whether it is full"),
    sqlite3.SQLITE_NOMEM: Failure("finds no memory: look at what else runs on this machine"),
    sqlite3.SQLITE_PROTOCOL: Failure("cannot be locked: put it on a local disk"),
    sqlite3.SQLITE_NOTADB: Failure("is damaged", check=True),
    sqlite3.SQLITE_CORRUPT: Failure("is damaged", check=True),
}


def raw(db: SqliteDatabase) -> sqlite3.Connection:
    """The driver's connection below an open peewee database, of this thread."""
    connection: sqlite3.Connection = db.connection()
    return connection


class SqliteFile(Database):
    """One SQLite file. open, close and writing are the recorder's thread's; reading is anybody's.

    backup_folder: where a backup is looked for if the file is damaged.
    """

    errors = (PeeweeException, sqlite3.Error)

    def __init__(
        self, path: Path, *, wall_ms: Callable[[], int], busy_s: float = 2.0, backup_folder: Path | None = None
    ) -> None:
        self.path, self.name = path, str(path)
        self._wall_ms, self._backups = wall_ms, backup_folder
        self._inode: int | None = None
        self._writer = SqliteDatabase(
            str(path),
            # Sorting must not need the very disk that may be full. A minute of rows fills 4 kB: with SQLite's own pages
            # of as much, a commit would write four of them, and three in part only for what it changes there.
            pragmas={
                "page_size": PAGE_BYTES,
                "journal_mode": "wal",
                "temp_store": "memory",
                "journal_size_limit": 8 << 20,
                "wal_autocheckpoint": (4 << 20) // PAGE_BYTES,
            },
            timeout=busy_s,
            autoconnect=False,
        )
        self._reader = SqliteDatabase(
            f"file:{quote(str(path))}?mode=ro",
            pragmas={"temp_store": "memory"},
            timeout=busy_s,
            autoconnect=False,
            uri=True,
        )

    # -- the writer's side ------------------------------------------------------------------------------------------

    def open(self, *, check: bool) -> str | None:
        """As Database's: a damaged file is set aside and a new one begun, and the answer says so."""
        self.close()
        self.suspect = False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        damage = self._damage() if check else None
        note = None if damage is None else self._mend(damage)
        self.connect()
        migrate(self._writer, self.name)
        self._inode = self.path.stat().st_ino
        return note

    def close(self) -> None:
        """Safe to call twice."""
        self._writer.close()

    @property
    def replaced(self) -> bool:
        """Whether the file was moved or deleted since it was opened: what is written then is in nobody's file."""
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    @contextlib.contextmanager
    def writing(self, *, durable: bool) -> Iterator[SqliteDatabase]:
        """A transaction. durable: after it not even a power cut takes it back; else one may take the last ones.

        In WAL mode synchronous=NORMAL keeps the file whole but leaves the newest commits to the system's cache.
        """
        connection = raw(self._writer)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._writer
            connection.execute("COMMIT")
        finally:
            # Not by peewee: after SQLITE_FULL nothing is left to roll back, and its error would hide the cause.
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def connect(self) -> SqliteDatabase:
        self._writer.connect(reuse_if_open=True)
        return self._writer

    def _damage(self) -> str | None:
        """The first thing SQLite finds wrong with the file, None if it is whole or not there yet.

        By a connection that cannot write: one that could would merge or delete a -wal that is worth keeping.
        """
        if not self.path.exists():
            return None
        try:
            with self._reader.connection_context():
                found = raw(self._reader).execute("PRAGMA quick_check(1)").fetchone()[0]
        except self.errors as error:
            trouble = self.failure(error)
            if trouble is None or not trouble.check:
                raise
            return str(error)
        return None if found == "ok" else " ".join(str(found).split())

    def _mend(self, damage: str) -> str:
        """Set the file aside, and put the newest whole backup in its place, if there is one; what was done."""
        backup = backups.newest_whole(self._backups) if self._backups is not None else None
        ready = self.path.with_name(f"{self.path.name}.restored")
        if backup is not None:
            backups.copy(backup, ready, self._wall_ms())  # before anything is moved: there may be no room for it
        kept = backups.move_away(self.path, f"damaged-{backups.stamp(self._wall_ms())}")
        if backup is None:
            return f"the database was damaged ({damage}): it is kept as {kept}, and a new one was begun"
        os.replace(ready, self.path)
        return (
            f"the database was damaged ({damage}): it is kept as {kept}, and the backup {backup} was put in its place;"
            " what was stored after that is only in the damaged file"
        )

    # -- everybody's side -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[SqliteDatabase]:
        """A read-only connection that sees one state of the file throughout. StoreError if it cannot be read."""
        try:
            with self._reader.connection_context():
                raw(self._reader).execute("BEGIN")
                yield self._reader
                raw(self._reader).execute("COMMIT")
        except self.errors as error:
            trouble = self.failure(error)
            self.suspect = self.suspect or (trouble is not None and trouble.check)
            text = f"the database {self.path} cannot be read ({error})" if trouble is None else trouble.text
            raise StoreError(text) from error

    def failure(self, error: BaseException) -> Failure | None:
        """The first cause counts: peewee's attempt to roll back what SQLite has already rolled back fails over it."""
        for cause in causes(error):
            if isinstance(cause, sqlite3.Error):
                code = getattr(cause, "sqlite_errorcode", None)  # the driver's own complaints have none
                known = None if code is None else _FAILURES.get(code & _CLASS)
                if known is not None:
                    return Failure(f"the database {self.path} {known.text} ({cause})", known.reopen, known.check)
            elif isinstance(cause, OSError) and not isinstance(cause, StoreError):
                text = (
                    f"the folder of the database {self.path} cannot be used: look at its rights and its disk ({cause})"
                )
                return Failure(text)
        return None
