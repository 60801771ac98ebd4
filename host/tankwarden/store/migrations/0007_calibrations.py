"""Calibrations and their points. The models here are frozen copies: the program's own may change, these must not."""

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    CompositeKey,
    Database,
    DoubleField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class CalibrationRecord(Model):
        id = AutoField()
        target = CharField()
        unit = CharField()
        parameters = TextField(null=True)
        note = TextField()
        valid_from_ms = BigIntegerField(null=True)
        valid_to_ms = BigIntegerField(null=True)
        created_ms = BigIntegerField()
        created_by = CharField()
        undone_ms = BigIntegerField(null=True)
        undone_by = CharField(null=True)

        class Meta:
            database = db
            table_name = "calibrations"
            indexes = ((("target", "id"), False),)

    class CalibrationPoint(Model):
        calibration_id = IntegerField()
        place = IntegerField()
        measured = DoubleField()
        actual = DoubleField()

        class Meta:
            database = db
            table_name = "calibration_points"
            primary_key = CompositeKey("calibration_id", "place")

    db.create_tables([CalibrationRecord, CalibrationPoint], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    for table in ("calibration_points", "calibrations"):
        migrator.migrate(migrator.drop_table(table))
