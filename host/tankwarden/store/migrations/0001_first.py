"""The first tables. The models here are frozen copies: the program's own may change, this file must not."""

from peewee import AutoField, BigIntegerField, CharField, Database, FloatField, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class Measurement(Model):
        ts = BigIntegerField(primary_key=True)
        period_ms = IntegerField()
        n = IntegerField()
        current_1_sum = IntegerField()
        current_2_sum = IntegerField()
        voltage_1_sum = IntegerField()
        voltage_2_sum = IntegerField()
        temperature_1_sum = IntegerField()
        temperature_2_sum = IntegerField()
        reference_sum = IntegerField()
        reef_temperature_sum = IntegerField()
        vi_1_sum = BigIntegerField()
        vi_2_sum = BigIntegerField()
        states = IntegerField()
        quality = IntegerField()

        class Meta:
            database = db
            table_name = "measurements"

    class EventRecord(Model):
        id = AutoField()
        at_ms = BigIntegerField()
        kind = CharField()
        severity = CharField()
        text = TextField()
        circuit = IntegerField(null=True)
        trigger = CharField(null=True)
        subject = CharField(null=True)
        value = FloatField(null=True)
        limit_value = FloatField(null=True)
        unit = CharField()
        board_id = CharField(null=True)
        boot_id = BigIntegerField(null=True)
        journal_id = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "events"
            indexes = ((("board_id", "boot_id", "journal_id"), True),)

    class ClaimRecord(Model):
        id = AutoField()
        claim_id = CharField()
        output = CharField()
        value = TextField()
        priority = IntegerField()
        source = CharField()
        why = TextField()
        since_ms = BigIntegerField()
        until_ms = BigIntegerField(null=True)
        ended_ms = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "claims"
            indexes = ((("output", "claim_id"), False),)

    class SystemLog(Model):
        id = AutoField()
        ts = BigIntegerField()
        level = CharField()
        category = CharField()
        text = TextField()

        class Meta:
            database = db
            table_name = "system_logs"

    class ConfigEntry(Model):
        key = CharField(primary_key=True)
        value = TextField()

        class Meta:
            database = db
            table_name = "config"

    db.create_tables([Measurement, EventRecord, ClaimRecord, SystemLog, ConfigEntry], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    for table in ("measurements", "events", "claims", "system_logs", "config"):
        migrator.migrate(migrator.drop_table(table))
