"""What is kept of every minute of measurements. The model here is a frozen copy: the program's own may change, this
file must not."""

from peewee import BigIntegerField, Database, FloatField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class MeasurementMinute(Model):
        ts = BigIntegerField(primary_key=True)
        n_rows = IntegerField()
        covered_ms = IntegerField()
        circuit_1_ms = IntegerField()
        voltage_1_sum = FloatField()
        current_1_sum = FloatField()
        vi_1_sum = FloatField()
        voltage_1_min = FloatField(null=True)
        voltage_1_max = FloatField(null=True)
        current_1_min = FloatField(null=True)
        current_1_max = FloatField(null=True)
        peak_1_voltage = FloatField(null=True)
        peak_1_current = FloatField(null=True)
        peak_1_vi = FloatField(null=True)
        circuit_2_ms = IntegerField()
        voltage_2_sum = FloatField()
        current_2_sum = FloatField()
        vi_2_sum = FloatField()
        voltage_2_min = FloatField(null=True)
        voltage_2_max = FloatField(null=True)
        current_2_min = FloatField(null=True)
        current_2_max = FloatField(null=True)
        peak_2_voltage = FloatField(null=True)
        peak_2_current = FloatField(null=True)
        peak_2_vi = FloatField(null=True)
        temperature_1_ms = IntegerField()
        temperature_1_sum = FloatField()
        temperature_1_min = FloatField(null=True)
        temperature_1_max = FloatField(null=True)
        temperature_2_ms = IntegerField()
        temperature_2_sum = FloatField()
        temperature_2_min = FloatField(null=True)
        temperature_2_max = FloatField(null=True)
        reference_ms = IntegerField()
        reference_sum = FloatField()
        reference_min = FloatField(null=True)
        reference_max = FloatField(null=True)
        reef_temperature_ms = IntegerField()
        reef_temperature_sum = FloatField()
        reef_temperature_min = FloatField(null=True)
        reef_temperature_max = FloatField(null=True)

        class Meta:
            database = db
            table_name = "measurement_minutes"

    db.create_tables([MeasurementMinute], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    migrator.migrate(migrator.drop_table("measurement_minutes"))
