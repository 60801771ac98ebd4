"""The tables, as peewee models. They belong to no database: every query names the one it runs on.

They mirror what the migrations have made; a test holds the two together.
"""

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DoubleField,
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
    current_1_sum = BigIntegerField()
    current_2_sum = BigIntegerField()
    voltage_1_sum = BigIntegerField()
    voltage_2_sum = BigIntegerField()
    temperature_1_sum = BigIntegerField()
    temperature_2_sum = BigIntegerField()
    reference_sum = BigIntegerField()
    reef_temperature_sum = BigIntegerField()
    vi_1_sum = BigIntegerField()
    vi_2_sum = BigIntegerField()
    states = IntegerField()
    quality = IntegerField()

    class Meta:
        table_name = "measurements"


class SensorReading(Model):
    """One reading of a probe that does not hang on the Pico. sensor: its id in the configuration.

    measured: as the driver read it, before any calibration; null where it read no number. quality: an index into
    QUALITIES.
    """

    sensor = CharField()
    ts = BigIntegerField()
    measured = DoubleField(null=True)
    quality = IntegerField()

    class Meta:
        table_name = "sensor_readings"
        primary_key = CompositeKey("sensor", "ts")


class MeasurementMinute(Model):
    """Moments of one minute of measurements, in raw counts: what stays when its rows are thinned out.

    ts: UTC ms at the *end* of the minute, a multiple of 60,000. Sums are of counts × ms (vi: counts² × ms), over the
    time that …_ms says, in which the channel was ok (of a circuit: both its voltage and its current); min, max and
    peak are of rows' means. peak: the row of greatest power by the scales of the time; peak_vi is its mean of V·I.
    """

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
        table_name = "measurement_minutes"


class CalibrationRecord(Model):
    """One version of a channel's or a sensor's calibration; of those that are valid at an instant the newest counts.

    target: a channel of the Pico's (CHANNELS), or sensor.ID. valid_from_ms ≤ t < valid_to_ms, null = without end.
    parameters: JSON, what a wizard must remember besides the points. undone_ms: it counts no more.
    """

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
        table_name = "calibrations"
        indexes = ((("target", "id"), False),)


class CalibrationPoint(Model):
    """One point of a calibration: measured (raw) → actual, in the calibration's unit. place: 0, 1, … by measured."""

    calibration_id = IntegerField()
    place = IntegerField()
    measured = DoubleField()
    actual = DoubleField()

    class Meta:
        table_name = "calibration_points"
        primary_key = CompositeKey("calibration_id", "place")


class DailySummary(Model):
    """What a day came to in one circuit, by the calibrations of when it was made; made anew when they change.

    day: as 2026-03-29, in the zone; begin_ms, end_ms: its UTC bounds, 23 or 25 h apart on DST days. circuit: its id in
    the configuration. energy_bound_wh: how far energy_wh may be off where only moments were left.
    """

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
        table_name = "daily_summary"
        primary_key = CompositeKey("day", "circuit")


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


class FoodRecord(Model):
    """A food. stock_g: how much there was at stock_ms; null = nobody counts. deleted_ms: null = it is there."""

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
        table_name = "foods"


class FeederRecord(Model):
    """A feeder. servo_config: JSON. deleted_ms: null = it is there; its row stays, for its history. food_id: in it."""

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
    food_id = IntegerField(null=True)

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
    """One feeding: wished, and what became of it. An operation is there once, and so is an entry's meal of a day.

    food_id: what was in the feeder when it was wished.
    """

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
    food_id = IntegerField(null=True)

    class Meta:
        table_name = "feeding_history"
        indexes = ((("entry_id", "day"), True),)


class SystemHealth(Model):
    """How this computer and its link to the Pico fared in the minute that ended at ts, UTC ms; null = not known here.

    cpu_percent: of all its cores. process_mb: memory of this program. disk_…: of the data folder's. throttled: the bits
    that a Raspberry Pi tells. link_…: counted in that minute.
    """

    ts = BigIntegerField(primary_key=True)
    cpu_percent = FloatField(null=True)
    memory_percent = FloatField(null=True)
    process_mb = FloatField(null=True)
    disk_percent = FloatField(null=True)
    disk_free_mb = FloatField(null=True)
    soc_degf = FloatField(null=True)
    throttled = IntegerField(null=True)
    link_frames = IntegerField(null=True)
    link_damaged = IntegerField(null=True)
    link_retries = IntegerField(null=True)
    link_openings = IntegerField(null=True)

    class Meta:
        table_name = "system_health"


class SeriesHour(Model):
    """An hour of a series, from its minutes and by the calibrations of their time: nothing that could not be made anew.

    ts: UTC ms at the *end* of the hour. first_ms, last_ms: of the time in it that is known; total / weight: the mean.
    """

    series = CharField()
    ts = BigIntegerField()
    first_ms = BigIntegerField()
    last_ms = BigIntegerField()
    total = DoubleField(null=True)
    weight = DoubleField(null=True)
    low = DoubleField(null=True)
    high = DoubleField(null=True)

    class Meta:
        table_name = "series_hours"
        primary_key = CompositeKey("series", "ts")


class SystemLog(Model):
    """What the program did and noticed."""

    id = AutoField()
    ts = BigIntegerField()
    level = CharField()
    category = CharField()
    text = TextField()

    class Meta:
        table_name = "system_logs"
        indexes = ((("category", "id"), False),)


class ConfigEntry(Model):
    """What the program must remember that is no file's business. value: JSON."""

    key = CharField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "config"


MODELS = (
    Measurement, SensorReading, MeasurementMinute, CalibrationRecord, CalibrationPoint, DailySummary, EventRecord,
    TripWaveform, ClaimRecord, SystemLog, ConfigEntry, FoodRecord, FeederRecord, ScheduleRecord, FeedingRecord,
    SystemHealth, SeriesHour,
)  # fmt: skip
