"""A PostgreSQL server's database, for a fleet that outgrows one box: the same tables, written by one host.

A damaged or full disk is the server's to tell and its administrator's to mend: nothing is set aside here.
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlparse

from peewee import PeeweeException, PostgresqlDatabase
from playhouse import db_url
from playhouse.pool import MaxConnectionsExceeded

from tankwarden.errors import StoreError
from tankwarden.store.database import Database, Failure, causes, migrate

_CONNECT_S = 5  # longest wait for a server that does not answer
_READERS, _STALE_S = 8, 300  # connections that read, at most; one is used for so long
_LOCK = 0x74616E6B  # "tank": the advisory lock that the one writer of a database holds
_TRY_LOCK = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
_IN_USE = "is written by another tankwarden: stop it, or give this one a database of its own"

# SQLSTATE, or the class that its first two characters are → what happened, what to do. The first that fits counts.
_FAILURES = {
    "25006": Failure("takes no writes: make it the primary server, and its transactions not read-only"),
    "53100": Failure("finds no room: free some space on its server's disk"),
    "42501": Failure("refuses this user: grant it the right to make and use tables in that database"),
    "55P03": Failure("is locked: close the other program that writes to it", reopen=False),
    "57014": Failure("took longer than its statement_timeout allows: look at its load", reopen=False),
    "XX001": Failure("is damaged: look at its server's log and disk, and restore a backup there"),
    "XX002": Failure("is damaged: look at its server's log and disk, and restore a backup there"),
    "08": Failure("cannot be reached: look at the network and at its server"),
    "40": Failure("was busy with another program's writes: they are tried again", reopen=False),
    "53": Failure("has too little memory or too few connections left: look at its server"),
    "57": Failure("is being shut down or restarted: look at its server"),
    "58": Failure("meets errors of its server's disk: look at the server's log"),
}
# A connection that could not be made tells no SQLSTATE; the server's own words stand behind this.
_UNREACHED = Failure("cannot be reached: look at its server, the network, and what TANKWARDEN_DATABASE says")


class PostgresqlServer(Database):
    """One database of a server. open, close and writing are the recorder's thread's; reading is anybody's.

    url: postgresql://USER:PASSWORD@HOST:PORT/DATABASE. StoreError if it is no such URL, or the driver is missing.
    """

    def __init__(self, url: str, *, busy_s: float = 2.0) -> None:
        self.name = _without_password(url)
        self._driver = _driver()
        self.errors = (PeeweeException, self._driver)
        self._busy_ms = round(busy_s * 1000)
        self._writer = self._connector(url)
        self._written = False
        pooled = urlparse(url)._replace(scheme="postgresql+pool").geturl()
        # Readers are the web server's threads and a few tasks; whoever is one too many waits for another's connection.
        self._reader: Any = self._connector(
            pooled, max_connections=_READERS, stale_timeout=_STALE_S, timeout=_CONNECT_S
        )  # fmt: skip

    def _connector(self, url: str, **pool: int) -> PostgresqlDatabase:
        try:
            connector: PostgresqlDatabase = db_url.connect(
                url, unquote_password=True, unquote_user=True, prefer_psycopg3=True, autoconnect=False,
                connect_timeout=_CONNECT_S, application_name="tankwarden", **pool,
            )  # fmt: skip
            return connector
        except (RuntimeError, ValueError, TypeError) as error:
            raise StoreError(
                f"{self.name}: this is no database that can be used ({error}): write it like postgresql://host/name"
            ) from error

    # -- the writer's side ------------------------------------------------------------------------------------------

    def open(self, *, check: bool) -> str | None:  # noqa: ARG002 - its server looks its pages over as it reads them
        """As Database's; there is never a note."""
        self.suspect = False
        migrate(self.connect(), self.name)
        return None

    def connect(self) -> PostgresqlDatabase:
        self.close()
        self._written = True
        self._writer.connect()
        self._writer.execute_sql("SELECT set_config('lock_timeout', %s, false)", (f"{self._busy_ms}ms",))
        (ours,) = self._writer.execute_sql(_TRY_LOCK, (_LOCK,)).fetchone()
        if not ours:
            self.close()
            raise InUseError(f"the database {self.name} {_IN_USE}")
        return self._writer

    def close(self) -> None:
        """Its lock goes with the connection; readers' connections that nobody uses go, too."""
        self._written = False
        self._reader.close_idle()
        with contextlib.suppress(*self.errors):  # a connection that broke cannot be closed in order
            self._writer.close()

    @property
    def replaced(self) -> bool:
        """Never: a server that was exchanged has broken the connection."""
        return False

    @contextlib.contextmanager
    def writing(self, *, durable: bool) -> Iterator[PostgresqlDatabase]:
        with self._writer.atomic():
            self._writer.execute_sql(f"SET LOCAL synchronous_commit = {'on' if durable else 'off'}")
            yield self._writer

    # -- everybody's side -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[PostgresqlDatabase]:
        """Not a READ ONLY transaction, which could make no temporary table; it is rolled back instead."""
        try:
            with self._connected() as reader, reader.manual_commit():
                try:
                    yield reader
                finally:
                    reader.rollback()
        except MaxConnectionsExceeded as error:
            raise StoreError(
                f"the database {self.name} is asked too much at once: {_READERS} others read from it"
            ) from error
        except self.errors as error:
            trouble = self.failure(error)
            text = f"the database {self.name} cannot be read ({error})" if trouble is None else trouble.text
            raise StoreError(text) from error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[PostgresqlDatabase]:
        """One of the pool's connections, in a transaction.

        One whose server was restarted meanwhile fails with its first statement: then it and the others go, and a fresh
        one is made.
        """
        reader = self._reader
        reader.connect(reuse_if_open=True)
        try:
            try:
                reader.begin("REPEATABLE READ")
            except self.errors:
                reader.manual_close()
                reader.close_idle()
                reader.connect()
                reader.begin("REPEATABLE READ")
            yield reader
        finally:
            reader.close()
            if not self._written:  # else it is kept for the next reader, as long as the writer is there
                reader.close_idle()

    def failure(self, error: BaseException) -> Failure | None:
        """By SQLSTATE; an operational error without one comes from the way to the server."""
        for cause in causes(error):
            if isinstance(cause, InUseError):
                return Failure(str(cause))
            if isinstance(cause, self._driver):
                state = getattr(cause, "sqlstate", None)
                known = _by_state(state)
                if state is None and isinstance(cause, self._unreached):
                    known = _UNREACHED
                if known is not None:
                    said = " ".join(str(cause).split())
                    return Failure(f"the database {self.name} {known.text} ({said})", known.reopen, known.check)
        return None

    @property
    def _unreached(self) -> Any:
        import psycopg

        return (psycopg.OperationalError, psycopg.InterfaceError)


class InUseError(StoreError):
    """Another host writes to this database."""


def _driver() -> Any:
    """The base of the driver's errors. StoreError if it is not installed."""
    try:
        import psycopg
    except ImportError as error:
        raise StoreError(
            f"PostgreSQL needs a driver that is not installed ({error}): run pip install 'tankwarden[postgresql]'"
        ) from error
    return psycopg.Error


def _by_state(state: str | None) -> Failure | None:
    return None if state is None else _FAILURES.get(state) or _FAILURES.get(state[:2])


def _without_password(url: str) -> str:
    """For messages and logs."""
    parsed = urlparse(url)
    if parsed.password is None:
        return url
    user = unquote(parsed.username or "")
    host = parsed.hostname or ""
    return url.replace(parsed.netloc, f"{user}@{host}{f':{parsed.port}' if parsed.port else ''}", 1)
