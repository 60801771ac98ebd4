"""What SQLite and PostgreSQL write differently in the few statements that are plain SQL, and one way to run them.

A statement is written once, with :names for its parameters and {least}, {greatest} where it needs them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from peewee import Database, PostgresqlDatabase

_NAME = re.compile(r"(?<![:\w]):([a-z_]\w*)")  # a parameter, and neither a ::cast nor a time of day

# The lesser and the greater of two values; and what keeps a subquery whole, which otherwise is merged into the query
# around it, so that whatever it reckons is reckoned once for each place that names it.
_SQLITE = {"least": "MIN", "greatest": "MAX", "once": "LIMIT -1"}
_POSTGRESQL = {"least": "LEAST", "greatest": "GREATEST", "once": "OFFSET 0"}


def is_postgresql(db: Database) -> bool:
    return isinstance(db, PostgresqlDatabase)


def words(db: Database) -> Mapping[str, str]:
    """For str.format of a statement."""
    return _POSTGRESQL if is_postgresql(db) else _SQLITE


def real(number: float) -> str:
    """A literal of double precision: a plain one is a decimal to PostgreSQL, exact, slow, and no float in Python."""
    return f"CAST({number!r} AS DOUBLE PRECISION)"


def execute(db: Database, statement: str, parameters: Mapping[str, object] | None = None) -> Any:
    """Run one statement with :named parameters; its cursor, of which fetchone, fetchall and iteration give tuples.

    Whatever the driver raises: failure() understands it.
    """
    cursor = db.connection().cursor()
    cursor.execute(_written(db, statement), parameters or {})
    return cursor


def stream(db: Database, statement: str, parameters: Mapping[str, object], size: int = 5_000) -> Iterator[list[Any]]:
    """The rows of one statement, `size` at a time, and never more of them in memory."""
    if is_postgresql(db):
        cursor = db.connection().cursor(name="tankwarden_stream")  # else the driver fetches all of them at once
        cursor.execute(_written(db, statement), parameters)
    else:
        cursor = execute(db, statement, parameters)
    try:
        while rows := cursor.fetchmany(size):
            yield rows
    finally:
        cursor.close()


def execute_many(db: Database, statement: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Run one statement with :named parameters for every row."""
    db.connection().cursor().executemany(_written(db, statement), rows)


def _written(db: Database, statement: str) -> str:
    """The statement with the parameters as the driver wants them."""
    if not is_postgresql(db):
        return statement
    return _NAME.sub(r"%(\1)s", statement.replace("%", "%%"))
