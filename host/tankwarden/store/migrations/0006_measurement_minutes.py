"""What is kept of every minute of measurements. The model here is a frozen copy: the program's own may change, this
file must not."""

from peewee import BigIntegerField, Database, DoubleField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class MeasurementMinute(Model):
        ts = BigIntegerField(primary_key=True)
        n_rows = IntegerField()
        covered_ms = IntegerField()
        circuit_1_ms = IntegerField()
        voltage_1_sum = DoubleField()
        current_1_sum = DoubleField()
        vi_1_sum = DoubleField()
        voltage_1_min = DoubleField(null=True)
        voltage_1_max = DoubleField(null=True)
        current_1_min = DoubleField(null=True)
        current_1_max = DoubleField(null=True)
        peak_1_voltage = DoubleField(null=True)
        peak_1_current = DoubleField(null=True)
        peak_1_vi = DoubleField(null=True)
        circuit_2_ms = IntegerField()
        voltage_2_sum = DoubleField()
        current_2_sum = DoubleField()
        vi_2_sum = DoubleField()
        voltage_2_min = DoubleField(null=True)
        voltage_2_max = DoubleField(null=True)
        current_2_min = DoubleField(null=True)
        current_2_max = DoubleField(null=True)
        peak_2_voltage = DoubleField(null=True)
        peak_2_current = DoubleField(null=True)
        peak_2_vi = DoubleField(null=True)
        temperature_1_ms = IntegerField()
        temperature_1_sum = DoubleField()
        temperature_1_min = DoubleField(null=True)
        temperature_1_max = DoubleField(null=True)
        temperature_2_ms = IntegerField()
        temperature_2_sum = DoubleField()
        temperature_2_min = DoubleField(null=True)
        temperature_2_max = DoubleField(null=True)
        reference_ms = IntegerField()
        reference_sum = DoubleField()
        reference_min = DoubleField(null=True)
        reference_max = DoubleField(null=True)
        reef_temperature_ms = IntegerField()
        reef_temperature_sum = DoubleField()
        reef_temperature_min = DoubleField(null=True)
        reef_temperature_max = DoubleField(null=True)

        class Meta:
            database = db
            table_name = "measurement_minutes"

    db.create_tables([MeasurementMinute], safe=False)


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.drop_table("measurement_minutes"))
    # What was remembered of them would be taken for the truth when the table is there again.
    db.execute_sql("DELETE FROM config WHERE key IN ('minutes_made', 'raw_from_ms')")
