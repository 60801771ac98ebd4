"""The waveforms of trips. The model here is a frozen copy: the program's own may change, this file must not."""

from peewee import AutoField, BigIntegerField, BlobField, CharField, Database, IntegerField, Model
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class TripWaveform(Model):
        id = AutoField()
        board_id = CharField()
        boot_id = BigIntegerField()
        journal_id = BigIntegerField()
        stored_ms = BigIntegerField()
        at_tick = IntegerField(null=True)
        period_us = IntegerField(null=True)
        channels = IntegerField(null=True)
        samples = BlobField(null=True)

        class Meta:
            database = db
            table_name = "trip_waveforms"
            indexes = ((("board_id", "journal_id", "boot_id"), True),)

    db.create_tables([TripWaveform], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    migrator.migrate(migrator.drop_table("trip_waveforms"))
