"""How far the hours of series (hours.py) can be believed: whoever changes what they were made of says so here, in the
very transaction that changes it."""

import json
from dataclasses import asdict, dataclass

from peewee import Database

from tankwarden.store import writes
from tankwarden.store.dialect import execute

HOURS_MADE = "hours_made"  # remembered setting
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Made:
    """Hours stand for from_ms < ts ≤ to_ms, both whole hours; where there is no row then, there is nothing.

    key: by whose scales. turn: counts what was spoilt, so that hours that were reckoned meanwhile are not stored.
    """

    from_ms: int
    to_ms: int
    key: str
    turn: int


def told(db: Database) -> Made | None:
    """As it is remembered; None if no hour was ever made."""
    row = execute(db, "SELECT value FROM config WHERE key = :key", {"key": HOURS_MADE}).fetchone()
    return None if row is None else Made(**json.loads(row[0]))


def remember(db: Database, made: Made) -> None:
    """In the caller's transaction."""
    writes.set_config(db, HOURS_MADE, json.dumps(asdict(made)))


def late(db: Database, at_ms: int) -> None:
    """Something of that instant is stored only now: if hours have been made of its time, they hold no more."""
    made = told(db)
    if made is not None and at_ms <= made.to_ms:
        spoil(db, at_ms - 1)


def spoil(db: Database, since_ms: int) -> None:
    """What was after since_ms is no longer what the hours were made of. In the transaction that makes it so."""
    made = told(db)
    if made is not None:
        to_ms = max(made.from_ms, min(made.to_ms, since_ms // HOUR_MS * HOUR_MS))
        remember(db, Made(made.from_ms, to_ms, made.key, made.turn + 1))
