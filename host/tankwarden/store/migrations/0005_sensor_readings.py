"""Readings of the probes that do not hang on the Pico. The model here is a frozen copy: the program's own may change,
this file must not."""

from peewee import BigIntegerField, CharField, CompositeKey, Database, DoubleField, IntegerField, Model, SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class SensorReading(Model):
        sensor = CharField()
        ts = BigIntegerField()
        measured = DoubleField(null=True)
        quality = IntegerField()

        class Meta:
            database = db
            table_name = "sensor_readings"
            primary_key = CompositeKey("sensor", "ts")
            # The key is the row: a table beside its index would take more than twice the room.
            without_rowid = isinstance(db, SqliteDatabase)

    db.create_tables([SensorReading], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    migrator.migrate(migrator.drop_table("sensor_readings"))
