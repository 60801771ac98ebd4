"""How this computer fared, minute by minute; and the hours of every series, reckoned from its minutes. The models here
are frozen copies: the program's own may change, this file must not."""

from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    Database,
    DoubleField,
    FloatField,
    IntegerField,
    Model,
    SqliteDatabase,
)
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class SystemHealth(Model):
        ts = BigIntegerField(primary_key=True)
        cpu_percent = FloatField(null=True)
        memory_percent = FloatField(null=True)
        process_mb = FloatField(null=True)
        disk_percent = FloatField(null=True)
        disk_free_mb = FloatField(null=True)
        soc_degf = FloatField(null=True)
        throttled = IntegerField(null=True)
        link_frames = IntegerField(null=True)
        link_damaged = IntegerField(null=True)
        link_retries = IntegerField(null=True)
        link_openings = IntegerField(null=True)

        class Meta:
            database = db
            table_name = "system_health"

    class SeriesHour(Model):
        series = CharField()
        ts = BigIntegerField()
        first_ms = BigIntegerField()
        last_ms = BigIntegerField()
        total = DoubleField(null=True)
        weight = DoubleField(null=True)
        low = DoubleField(null=True)
        high = DoubleField(null=True)

        class Meta:
            database = db
            table_name = "series_hours"
            primary_key = CompositeKey("series", "ts")
            # The key is the row: a table beside its index would take twice the room.
            without_rowid = isinstance(db, SqliteDatabase)

    db.create_tables([SystemHealth, SeriesHour], safe=False)


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.drop_table("series_hours"), migrator.drop_table("system_health"))
    db.execute_sql("DELETE FROM config WHERE key = 'hours_made'")
