"""The tables, as peewee models. They belong to no database: every query names the one it runs on.

They mirror what the migrations have made; a test holds the two together.
"""

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    FloatField,
    IntegerField,
    Model,
    TextField,
)


class Measurement(Model):
    """One wide row a tick of the Pico's channels: raw sums, never rewritten. ts: UTC ms at the end of the period."""

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
        table_name = "measurements"


class EventRecord(Model):
    """One fact. (board_id, boot_id, journal_id) of a Pico's event is stored once; the host's own have none of them.

    boot_id is in the key because a journal that was erased numbers from 1 again.
    """

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
        table_name = "events"
        indexes = ((("board_id", "boot_id", "journal_id"), True),)


class TripWaveform(Model):
    """What a Pico kept of one of its trips or faults: packed raw counts, never rewritten; null = it kept nothing."""

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
        table_name = "trip_waveforms"
        indexes = ((("board_id", "journal_id", "boot_id"), True),)


class ClaimRecord(Model):
    """A claim that must outlive a restart. ended_ms: when it was withdrawn or replaced; null = it was not."""

    id = AutoField()
    claim_id = CharField()
    output = CharField()
    value = TextField()  # JSON
    priority = IntegerField()
    source = CharField()
    why = TextField()
    since_ms = BigIntegerField()
    until_ms = BigIntegerField(null=True)
    ended_ms = BigIntegerField(null=True)

    class Meta:
        table_name = "claims"
        indexes = ((("output", "claim_id"), False),)


class FeederRecord(Model):
    """A feeder. servo_config: JSON. deleted_ms: null = it is there; its row stays, for its history."""

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
        table_name = "feeders"


class ScheduleRecord(Model):
    """One meal of a feeder's schedule. Kept when it is taken out, so that its id is never another one's."""

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
        table_name = "feeder_schedule"


class FeedingRecord(Model):
    """One feeding: wished, and what became of it. An operation is there once, and so is an entry's meal of a day."""

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
        table_name = "feeding_history"
        indexes = ((("entry_id", "day"), True),)


class SystemLog(Model):
    """What the program did and noticed."""

    id = AutoField()
    ts = BigIntegerField()
    level = CharField()
    category = CharField()
    text = TextField()

    class Meta:
        table_name = "system_logs"


class ConfigEntry(Model):
    """What the program must remember that is no file's business. value: JSON."""

    key = CharField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "config"


MODELS = (
    Measurement, EventRecord, TripWaveform, ClaimRecord, SystemLog, ConfigEntry, FeederRecord, ScheduleRecord,
    FeedingRecord,
)  # fmt: skip
