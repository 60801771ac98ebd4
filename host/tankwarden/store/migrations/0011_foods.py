"""Foods: what a feeder holds, what is in it, how much is left. Feeders say which one they have, feedings which one
fell. The model here is a frozen copy: the program's own may change, this file must not."""

from peewee import AutoField, BigIntegerField, CharField, Database, FloatField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    class FoodRecord(Model):
        id = AutoField()
        name = CharField()
        protein_percent = FloatField(null=True)
        fat_percent = FloatField(null=True)
        fibre_percent = FloatField(null=True)
        stock_g = FloatField(null=True)
        stock_ms = BigIntegerField(null=True)
        created_ms = BigIntegerField()
        deleted_ms = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "foods"

    db.create_tables([FoodRecord], safe=False)
    migrator.migrate(
        migrator.add_column("feeders", "food_id", IntegerField(null=True)),
        migrator.add_column("feeding_history", "food_id", IntegerField(null=True)),
    )


def down(migrator: SchemaMigrator, _db: Database) -> None:
    migrator.migrate(
        migrator.drop_column("feeding_history", "food_id"),
        migrator.drop_column("feeders", "food_id"),
        migrator.drop_table("foods"),
    )
