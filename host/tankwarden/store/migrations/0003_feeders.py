"""Feeders, their schedules and what they fed. The models here are frozen copies: the program's own may change, this
file must not."""

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Database,
    FloatField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class FeederRecord(Model):
        id = AutoField()
        name = CharField()
        enclosure = CharField()
        servo = IntegerField()
        servo_config = TextField()
        missed_within_min = IntegerField()
        notification = BooleanField()
        enabled = BooleanField()
        created_ms = BigIntegerField()
        deleted_ms = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "feeders"

    class ScheduleRecord(Model):
        id = AutoField()
        feeder_id = IntegerField(index=True)
        name = CharField()
        minute = IntegerField()
        enabled = BooleanField()
        portion_g = FloatField(null=True)
        weekdays = IntegerField()
        since_ms = BigIntegerField()
        deleted_ms = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "feeder_schedule"

    class FeedingRecord(Model):
        id = AutoField()
        operation_id = BigIntegerField(null=True, unique=True)
        feeder_id = IntegerField(null=True)
        requested_ms = BigIntegerField(index=True)
        scheduled_for_ms = BigIntegerField(null=True)
        entry_id = IntegerField(null=True)
        day = CharField(null=True)
        source = CharField()
        status = CharField(index=True)
        turns = IntegerField()
        portion_g = FloatField(null=True)
        asked_g = FloatField(null=True)
        board_id = CharField(null=True)
        boot_id = BigIntegerField(null=True)
        not_after_ms = BigIntegerField(null=True)
        started_ms = BigIntegerField(null=True)
        ended_ms = BigIntegerField(null=True)
        drops = IntegerField(null=True)
        reason = TextField(null=True)

        class Meta:
            database = db
            table_name = "feeding_history"
            indexes = ((("entry_id", "day"), True),)

    db.create_tables([FeederRecord, ScheduleRecord, FeedingRecord], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    for table in ("feeding_history", "feeder_schedule", "feeders"):
        migrator.migrate(migrator.drop_table(table))
