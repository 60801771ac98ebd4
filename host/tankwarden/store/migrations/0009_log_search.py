"""The log is searched by words, and filtered by category. In SQLite by an FTS5 index that holds no second copy of the
text and that triggers keep; in PostgreSQL by an index over the words of the text itself."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

_INDEX = "CREATE INDEX systemlog_category ON system_logs (category, id)"
_SQLITE_UP = (
    "CREATE VIRTUAL TABLE system_logs_words USING fts5(text, content='system_logs', content_rowid='id')",
    """CREATE TRIGGER system_logs_inserted AFTER INSERT ON system_logs BEGIN
        INSERT INTO system_logs_words (rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER system_logs_deleted AFTER DELETE ON system_logs BEGIN
        INSERT INTO system_logs_words (system_logs_words, rowid, text) VALUES ('delete', old.id, old.text); END""",
    """CREATE TRIGGER system_logs_updated AFTER UPDATE OF text ON system_logs BEGIN
        INSERT INTO system_logs_words (system_logs_words, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO system_logs_words (rowid, text) VALUES (new.id, new.text); END""",
    "INSERT INTO system_logs_words (system_logs_words) VALUES ('rebuild')",
)
_SQLITE_DOWN = (
    "DROP TRIGGER system_logs_inserted", "DROP TRIGGER system_logs_deleted", "DROP TRIGGER system_logs_updated",
    "DROP TABLE system_logs_words",
)  # fmt: skip
# 'simple': every word as it stands, in whatever language somebody wrote it.
_POSTGRESQL_UP = ("CREATE INDEX systemlog_words ON system_logs USING gin (to_tsvector('simple', text))",)
_POSTGRESQL_DOWN = ("DROP INDEX systemlog_words",)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    for statement in (_INDEX, *(_SQLITE_UP if isinstance(db, SqliteDatabase) else _POSTGRESQL_UP)):
        db.execute_sql(statement)


def down(_migrator: SchemaMigrator, db: Database) -> None:
    for statement in (
        "DROP INDEX systemlog_category",
        *(_SQLITE_DOWN if isinstance(db, SqliteDatabase) else _POSTGRESQL_DOWN),
    ):
        db.execute_sql(statement)
