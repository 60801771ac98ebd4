"""What a day came to. The model here is a frozen copy: the program's own may change, this file must not."""

from peewee import BigIntegerField, CharField, CompositeKey, Database, DoubleField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    class DailySummary(Model):
        day = CharField()
        circuit = CharField()
        zone = CharField()
        begin_ms = BigIntegerField()
        end_ms = BigIntegerField()
        energy_wh = DoubleField()
        energy_bound_wh = DoubleField()
        covered_s = IntegerField()
        peak_w = DoubleField(null=True)
        peak_ms = BigIntegerField(null=True)
        min_degf = DoubleField(null=True)
        max_degf = DoubleField(null=True)
        made_ms = BigIntegerField()

        class Meta:
            database = db
            table_name = "daily_summary"
            primary_key = CompositeKey("day", "circuit")

    db.create_tables([DailySummary], safe=False)


def down(migrator: SchemaMigrator, _db: Database) -> None:
    migrator.migrate(migrator.drop_table("daily_summary"))
