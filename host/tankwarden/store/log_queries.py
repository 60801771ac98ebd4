"""The system log, searched: by words of its text, by category, by level."""

from dataclasses import dataclass

from tankwarden.store.database import Database
from tankwarden.store.dialect import execute, is_postgresql

LEVELS = ("info", "warning", "error")

# Every word must occur, as it stands; in SQLite quoted, so that none is taken for an operator of FTS5's.
_SQLITE = "id IN (SELECT rowid FROM system_logs_words WHERE system_logs_words MATCH :words)"
_POSTGRESQL = "to_tsvector('simple', text) @@ plainto_tsquery('simple', :words)"


@dataclass(frozen=True, slots=True)
class LogLine:
    """at_ms: UTC."""

    id: int
    at_ms: int
    level: str
    category: str
    text: str


def search(
    database: Database, *, words: str = "", category: str | None = None, level: str = "info", limit: int = 100
) -> list[LogLine]:
    """The newest lines first: those that have every one of the words, of that category, and of that level or a graver
    one. StoreError if the database cannot be read, ValueError for a level that there is not."""
    if level not in LEVELS:
        raise ValueError(f"there is no level {level!r}: {', '.join(LEVELS)}")
    with database.reading() as db:
        graver = ", ".join(f"'{each}'" for each in LEVELS[LEVELS.index(level) :])
        wanted = [f"level IN ({graver})"] if level != LEVELS[0] else []
        wanted += ["category = :category"] if category is not None else []
        if words.split():
            wanted.append(_POSTGRESQL if is_postgresql(db) else _SQLITE)
            words = words if is_postgresql(db) else " ".join('"{}"'.format(w.replace('"', '""')) for w in words.split())
        where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
        statement = f"SELECT id, ts, level, category, text FROM system_logs {where} ORDER BY id DESC LIMIT :limit"  # noqa: S608
        return [LogLine(*row) for row in execute(db, statement, {"words": words, "category": category, "limit": limit})]
