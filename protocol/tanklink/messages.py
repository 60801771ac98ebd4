"""THE table of messages: id, name, sender, kind, one line of doc, fields with units.

Everything else about the wire derives from it: encoder, decoder, range checks, docs/protocol.md, the type stub
of records and the digest that both sides must share. HELLO, WELCOME and NAK keep their layout for ever, so that
two sides with different tables can still tell each other so.
"""
# ruff: noqa: RUF005, I001  (MicroPython does not unpack inside a tuple display; the import is laid out by hand)

from tanklink.schema import (
    COMMAND, EVENT, GRANT, HOST, PICO, REPLY, STATE, Message, blob, build_index, digest, enum, flag, sint, text, uint,
)  # fmt: skip

# -- enumerations (their order is part of the wire: append, never reorder) ------------------------------------

BOARD_STATES = ("boot", "selftest", "disarmed", "armed", "tripped", "fault")
CIRCUIT_STATES = ("open", "closing", "closed", "opening", "proving")
RESET_CAUSES = ("power_on", "watchdog", "soft", "maintenance")
CHANNELS = (
    "current_1", "current_2", "voltage_1", "voltage_2", "temperature_1", "temperature_2", "reference",
    "reef_temperature",
)  # fmt: skip
# What an event is about besides a measured channel: the fault line, the processor's loop, the lease, a relay, a part.
SUBJECTS = CHANNELS + (
    "fault_line_1", "fault_line_2", "cpu", "lease", "trips", "relays", "journal",
    "relay_1_outside", "relay_1_inside", "relay_2_outside", "relay_2_inside",
    "adc", "program", "config", "memory", "clock", "comparator",
)  # fmt: skip
TRIGGERS = (
    "none", "over_current", "short", "over_temperature", "sensor_open", "sensor_short", "fault_line", "permit",
    "watchdog", "exception", "too_many_trips", "relay_stuck", "journal",
    "over_voltage", "element_open", "element_drift", "leakage", "weld", "no_rise", "sensor_stuck", "sensor_rate",
    "sensor_dead", "reference", "adc_slot", "adc_stopped", "slow_pass", "config", "program", "memory", "clock",
    "line_stuck", "comparator",
)  # fmt: skip
NOTICES = ("slow_pass", "not_watched", "journal_full", "boot_loop", "rolled_back")
NAK_REASONS = (
    "digest", "no_session", "state", "range", "rate", "nonce", "boot_id", "config_crc", "config_incomplete",
    "lease_expired", "lease_too_long", "not_configured", "wrong_trip", "cause_present", "too_soon", "fault_line",
    "selftest", "no_trace", "old_arming",
    "plan_incomplete", "plan_crc", "plan_times", "plan_over", "too_far", "no_room",
    "too_late", "feeding_cap", "servo_busy", "journal_full",
)  # fmt: skip
EFFECTS = ("lightning", "cloud")
LIGHT_SOURCES = ("unset", "fallback", "plan", "levels")  # what a light goes by
FEEDING_STATES = ("unknown", "running", "done", "partial", "failed")
# Why a feeding is not done: the Pico restarted during it, not one turn or not every turn made the drop sensor see
# something, its last instant had passed before it could begin, the journal did not take its beginning.
FEEDING_REASONS = ("none", "restart", "no_drop", "missed_drop", "too_late", "journal")

N_CIRCUITS = 2
N_CHANNELS = len(CHANNELS)
N_FEEDERS = 2  # servos, each with its drop sensor
DROPS_UNKNOWN = 65_535  # of a feeding: it has no sensor, or a restart came between
MAX_POINTS = 8  # of a scaling table
# A trip's waveform: TRACE_TICKS instants of every channel, 12 bits each, two samples in three bytes.
TRACE_TICKS = 256
TRACE_PERIOD_US = 500
TRACE_PART_TICKS = 16  # in one message
TRACE_PARTS = TRACE_TICKS // TRACE_PART_TICKS
TRACE_PART_BYTES = TRACE_PART_TICKS * N_CHANNELS * 3 // 2
N_LIGHTS = 8
MAX_KNOTS = 64  # of one light's plan
KNOT_BYTES = 6  # ticks of 10 ms since the plan's origin, 4 bytes, and the level, 2 bytes; little-endian
PART_KNOTS = 32  # in one PLAN_KNOTS
MAX_EFFECTS = 16
MAX_SAMPLES = 64  # in one STATUS: 64 × 4095² split in two stays below 2^30

# -- fields that recur ------------------------------------------------------------------------------------------


def _uptime(prefix=""):
    return (
        uint(prefix + "uptime_s", doc="whole seconds since the Pico started"),
        uint(prefix + "uptime_ms_part", 999, "and milliseconds"),
    )


def _event():
    return (
        uint("event_id", doc="number in the Pico's journal; acknowledged with EVENT_ACK"),
        uint("boot_id", doc="the boot during which it happened"),
    ) + _uptime("at_")


def _cause():
    return (
        uint("circuit", N_CIRCUITS, "1 or 2; 0 = the whole board"),
        enum("trigger", TRIGGERS, "the row of the trigger table that fired"),
        enum("subject", SUBJECTS, "the channel or part that was judged"),
        sint("value", doc="what was measured, in the subject's unit (mV, mA, m°F, ms, count)"),
        sint("limit", doc="the limit it broke, in the same unit"),
    )


def _operation():
    return (
        uint("op_hi", doc="the operation's id, 60 random bits: the upper 30"),
        uint("op_lo", doc="and the lower 30"),
    )


def _wall():
    return (
        uint("wall_day", 100_000, "the host's time when it sent this: days since 1970-01-01 UTC"),
        uint("wall_s", 86_399, "and seconds of that day"),
    )


def _feeder():
    return uint("feeder", N_FEEDERS, "1 or 2")


def _motion():
    return (
        uint("rest_us", 3000, "pulse of the servo at rest"),
        uint("feed_us", 3000, "and where it feeds"),
        uint("rotate_ms", 60_000, "from one to the other, evenly"),
        uint("hold_ms", 60_000, "it stays where it feeds"),
    )


def _channel_sums():
    fields = ()
    for name in CHANNELS:
        fields += (
            uint(name + "_sum_counts", 4095 * MAX_SAMPLES, "sum of n raw 12-bit samples"),
            uint(name + "_min_counts", 4095, "least sample"),
            uint(name + "_max_counts", 4095, "greatest sample"),
        )
    for circuit in (1, 2):
        fields += (
            uint("vi_%d_hi" % circuit, 4096 * MAX_SAMPLES, "ΣV·I of counts = hi × 4096 + lo"),
            uint("vi_%d_lo" % circuit, 4095 * MAX_SAMPLES, "the part below 4096 of each product, summed"),
        )
    return fields


# -- session ----------------------------------------------------------------------------------------------------

HELLO = Message(
    1, "HELLO", HOST, COMMAND, "Open a session; the Pico is silent before. A new session ends the old one.",
    blob("digest", 8, doc="the sender's schema digest"),
    uint("session", doc="a random number of the host's for this session"),
)  # fmt: skip
WELCOME = Message(
    2, "WELCOME", PICO, REPLY, "Answer to HELLO: who the Pico is and how it stands.",
    blob("digest", 8, doc="the Pico's schema digest: if it differs, update the side that is older"),
    blob("firmware", 8, doc="hash of the program files on the board"),
    blob("board_id", 8, doc="unique id of the chip"),
    uint("boot_id", doc="a random number of this boot"),
    enum("reset_cause", RESET_CAUSES, "why it started"),
    enum("state", BOARD_STATES, "of the circuits"),
    uint("trip_id", doc="event_id of the standing trip or fault, 0 = none"),
    *_uptime(),
    text("version", 16, "of the program")
)  # fmt: skip
NAK = Message(
    3, "NAK", PICO, REPLY, "Refusal of a command or grant, with the reason; nothing was changed.",
    uint("request", 127, "id of the refused message"),
    enum("reason", NAK_REASONS, "why"),
)  # fmt: skip
ACK = Message(
    4, "ACK", PICO, REPLY, "The command was carried out.", uint("request", 127, "id of the command"),
)  # fmt: skip
PING = Message(5, "PING", HOST, COMMAND, "Ask for a sign of life.", uint("token", doc="given back"))
PONG = Message(6, "PONG", PICO, REPLY, "Answer to PING.", uint("token", doc="as asked"), *_uptime())

# -- configuration and arming -----------------------------------------------------------------------------------

CONFIG_CIRCUIT = Message(
    10, "CONFIG_CIRCUIT", HOST, COMMAND, "Describe one circuit; refused while armed. Limits may only be tightened.",
    uint("circuit", N_CIRCUITS, "1 or 2"),
    flag("enabled", "a circuit that is not enabled is never judged and never closed"),
    uint("resistance_mohm", 1_000_000, "of the heating element"),
    uint("current_limit_ma", 100_000, "over-current limit"),
    uint("temperature_limit_m_degf", 300_000, "over-temperature limit"),
    uint("short_min_ma", 100_000, "a short is judged above this current"),
    uint("short_tolerance_permille", 999, "short if V < R·(1 − tolerance)·I"),
    uint("sequence_ms", 1000, "between the first and the second relay, both ways"),
    uint("voltage_limit_mv", 1_000_000, "over-voltage limit"),
    uint("voltage_min_mv", 1_000_000, "the element and the relays are judged only above this voltage of the array"),
    uint("impedance_tolerance_permille", 999, "element open or drifted if I is outside V / (R·(1 ± tolerance))"),
    uint("leak_ma", 100_000, "greatest current while the circuit is open"),
    uint("no_rise_wh", 100_000, "this much energy must show in the tank's temperature"),
    uint("no_rise_m_degf", 100_000, "by at least this much, up or down"),
    uint("stuck_s", 86_400, "a tank's sensor must not give the very same count for so long while heated"),
    uint("rate_m_degf_per_s", 100_000, "no tank changes faster"),
    flag("watch_impedance", "judge element_open and element_drift"),
    flag("watch_leakage", "judge leakage"),
)  # fmt: skip
CONFIG_POINT = Message(
    11, "CONFIG_POINT", HOST, COMMAND, "One point of a channel's scaling table; index 0 starts the table anew.",
    enum("channel", CHANNELS, "whose"),
    uint("index", MAX_POINTS - 1, "points come in order, counts rising"),
    uint("counts", 4095, "raw"),
    sint("value", doc="mV, mA or m°F"),
)  # fmt: skip
CONFIG_CHECK = Message(12, "CONFIG_CHECK", HOST, COMMAND, "Ask what the Pico holds and for a nonce to arm with.")
CONFIG_STATE = Message(
    13, "CONFIG_STATE", PICO, REPLY, "The Pico's own CRC of what it holds.",
    blob("config_crc", 4, doc="CRC-32, little-endian, of the canonical configuration"),
    uint("nonce", doc="random; arms once, and names that arming in its leases"),
    flag("complete", "every enabled circuit has its limits and the scaling of its channels"),
)  # fmt: skip
ARM = Message(
    14, "ARM", HOST, COMMAND, "DISARMED → ARMED. Refused unless nonce, boot and configuration are this very one's.",
    uint("nonce", doc="from CONFIG_STATE"),
    uint("boot_id", doc="from WELCOME"),
    blob("config_crc", 4, doc="the host's own reckoning"),
)  # fmt: skip
DISARM = Message(15, "DISARM", HOST, COMMAND, "ARMED → DISARMED: every circuit opens in sequence.")
LEASE = Message(
    16, "LEASE", HOST, GRANT, "Keep a circuit closed until an instant of the Pico's own clock; a past one opens it.",
    uint("circuit", N_CIRCUITS, "1 or 2"),
    *_uptime("until_"),
    uint("arming", doc="nonce of the ARM that it builds on: one of an earlier arming, session or boot closes nothing")
)  # fmt: skip
RESET_TRIP = Message(
    17, "RESET_TRIP", HOST, COMMAND, "A person resets the standing trip, naming it.",
    uint("trip_id", doc="its event_id"),
)  # fmt: skip
EVENT_ACK = Message(
    18, "EVENT_ACK", HOST, GRANT, "The host has stored every event up to this one.", uint("event_id", doc="the last"),
)  # fmt: skip
MAINTENANCE = Message(
    19, "MAINTENANCE", HOST, COMMAND, "Drop every output, reset, and leave the REPL free for mpremote.",
)  # fmt: skip
READ_TRACE = Message(
    20, "READ_TRACE", HOST, COMMAND, "Ask for a part of a trip's waveform; NAK no_trace if the Pico has none of it.",
    uint("trip_id", doc="event_id of the trip or fault"),
    uint("part", TRACE_PARTS - 1, "from 0"),
)  # fmt: skip
TRACE = Message(
    21, "TRACE", PICO, REPLY, "A part of a trip's waveform: %d instants of every channel." % TRACE_PART_TICKS,
    uint("trip_id", doc="as asked"),
    uint("part", TRACE_PARTS - 1, "as asked"),
    uint("at_tick", TRACE_TICKS - 1, "index of the instant at which it tripped, in the whole waveform"),
    uint("period_us", 1_000_000, "between two instants"),
    blob("samples", TRACE_PART_BYTES, doc="12-bit counts in the order of instants and channels: low byte, high nibble"
         " and the next one's low nibble, high byte"),
)  # fmt: skip

# -- state ------------------------------------------------------------------------------------------------------

STATUS = Message(
    32, "STATUS", PICO, STATE, "10 Hz: what is, and the sums of every raw sample since the last one.",
    *_uptime(),
    enum("state", BOARD_STATES, "of the circuits"),
    uint("trip_id", doc="event_id of the standing trip or fault, 0 = none"),
    uint("relays", 15, "pins read back: bit 0 outside 1, bit 1 inside 1, bit 2 outside 2, bit 3 inside 2"),
    uint("fault_lines", 3, "bit per circuit: 1 = the loop is whole"),
    enum("circuit_1", CIRCUIT_STATES, "of circuit 1"),
    enum("circuit_2", CIRCUIT_STATES, "of circuit 2"),
    uint("lease_1_ms", 60_000, "left of circuit 1's lease"),
    uint("lease_2_ms", 60_000, "left of circuit 2's lease"),
    uint("events_waiting", 65_535, "events not yet acknowledged"),
    uint("period_ms", 60_000, "covered by the sums"),
    uint("n", MAX_SAMPLES, "samples in each sum"),
    *_channel_sums()
)  # fmt: skip
HEALTH = Message(
    33, "HEALTH", PICO, STATE, "1 Hz: the loop, memory, and what was refused, by reason, since boot.",
    *_uptime(),
    uint("passes", doc="of the loop since the last HEALTH"),
    uint("pass_us_mean", doc="mean length of a pass"),
    uint("pass_us_max", doc="longest pass"),
    uint("gap_us_max", doc="longest time between two renewals of the permits"),
    uint("collect_us_max", doc="longest garbage collection"),
    uint("heap_free_bytes", doc="after the last collection"),
    uint("frames_ok", doc="received and accepted"),
    uint("bad_crc", doc="frames with a wrong CRC"),
    uint("bad_cobs", doc="frames that are not COBS"),
    uint("bad_length", doc="frames too short or too long"),
    uint("bad_body", doc="bodies that are not this subset of MessagePack"),
    uint("bad_id", doc="unknown messages, or the host's own direction"),
    uint("bad_range", doc="fields missing or out of bounds"),
    uint("bad_state", doc="messages refused with NAK in this state"),
    uint("bad_rate", doc="messages over 100/s"),
    uint("tx_dropped", doc="messages not sent: the host reads slowly"),
    uint("leases_over", doc="leases that ran out"),
    uint("events_dropped", doc="events that found no room while the host had not stored them"),
)  # fmt: skip
BUDGET = Message(
    40, "BUDGET", PICO, STATE, "1 Hz: how near the Pico is to its limits in time and room, and to its own last check.",
    uint("slow_passes", doc="passes longer than 25 ms, since boot"),
    uint("tx_waiting", 65_535, "bytes that wait for the host to read"),
    uint("journal_free", 65_535, "records that still fit before the circuits must open for an erase"),
    uint("scans", doc="of the currents by the hard timer since the last BUDGET"),
    uint("scan_us_max", doc="longest scan"),
    uint("scan_gap_us_max", doc="longest time between two scans"),
    uint("ring_slips", doc="times that samples were lost or not where they belong, since boot"),
    uint("checked_s", doc="since program and configuration were last found whole"),
)  # fmt: skip

# -- events -----------------------------------------------------------------------------------------------------

BOOT = Message(
    34, "BOOT", PICO, EVENT, "The Pico started.", *_event(),
    enum("reset_cause", RESET_CAUSES, "why"), enum("state", BOARD_STATES, "it came up in"),
)  # fmt: skip
TRIP = Message(
    35, "TRIP", PICO, EVENT, "Every circuit was opened and stays so until a person resets it.", *_event(), *_cause()
)
FAULT = Message(36, "FAULT", PICO, EVENT, "As TRIP; clears by a person and a passed self-test.", *_event(), *_cause())
LEASE_OVER = Message(
    37, "LEASE_OVER", PICO, EVENT, "A lease ran out and its circuit was opened in sequence; not latched.",
    *_event(), *_cause()
)  # fmt: skip
RESET = Message(
    38, "RESET", PICO, EVENT, "A person reset the standing trip.", *_event(), uint("trip_id", doc="the one reset"),
)  # fmt: skip
NOTICE = Message(
    39, "NOTICE", PICO, EVENT, "Worth knowing, and no reason to open anything.", *_event(),
    enum("notice", NOTICES, "what"),
    uint("circuit", N_CIRCUITS, "1 or 2; 0 = the whole board"),
    sint("value", doc="ms of a pass; the trigger that is not watched; records; restarts"),
    sint("limit", doc="what it was compared with"),
)  # fmt: skip

# -- lights: played in every state of the circuits ---------------------------------------------------------------

CONFIG_LIGHT = Message(
    50, "CONFIG_LIGHT", HOST, COMMAND, "Describe one light: taken at once, in any state, and no part of arming.",
    uint("light", N_LIGHTS, "1 to 8"),
    uint("cap_u16", 65_535, "greatest level; 0 = the light is not used"),
    uint("slew_u16_per_s", 1_000_000, "no plan and no cloud changes it faster; lightning does"),
    uint("fallback_u16", 65_535, "level without a plan, and after a plan's end"),
    uint("full_mw", 1_000_000, "power at full level"),
)  # fmt: skip
CONFIG_LIGHTS = Message(
    51, "CONFIG_LIGHTS", HOST, COMMAND, "What all lights share.",
    uint("power_cap_mw", 10_000_000, "if the lights would take more together, all are scaled down alike"),
)  # fmt: skip
PLAN_KNOTS = Message(
    52, "PLAN_KNOTS", HOST, COMMAND, "A part of a light's next plan, which is gathered while the present one plays.",
    uint("plan_id", 65_535, "the host's name for it"),
    uint("light", N_LIGHTS, "1 to 8; another light or plan than the last begins anew"),
    uint("first", MAX_KNOTS - 1, "place of the part's first knot: parts come in order"),
    uint("count", PART_KNOTS, "knots in this part"),
    blob("knots", PART_KNOTS * KNOT_BYTES, doc="each: ticks of 10 ms since the origin (4 bytes, little-endian, never "
         "less than the one before), level (2 bytes); zeros behind the last"),
)  # fmt: skip
PLAN_START = Message(
    53, "PLAN_START", HOST, COMMAND, "The plan that was gathered replaces the light's present one, in one step.",
    uint("plan_id", 65_535, "as in its parts"),
    uint("light", N_LIGHTS, "1 to 8"),
    uint("count", MAX_KNOTS, "knots of the whole plan; 0 = no plan: the light goes to its fallback"),
    blob("knots_crc", 4, doc="CRC-32, little-endian, of the bytes of all knots"),
    sint("origin_s", doc="the plan's tick 0 in the Pico's uptime; may lie before its start"),
    uint("origin_ms_part", 999, "and milliseconds"),
)  # fmt: skip
EFFECT = Message(
    54, "EFFECT", HOST, COMMAND, "Weather over the plans, kept until its end; one with the same id is replaced.",
    uint("effect_id", 65_535, "the host's name for it"),
    enum("kind", EFFECTS, "of weather"),
    uint("lights", (1 << N_LIGHTS) - 1, "bit 0 = light 1; 0 = the effect is taken away"),
    *_uptime("start_"),
    uint("duration_ms", 14_400_000, "at each light"),
    uint("depth_u16", 65_535, "lightning: level of the brightest stroke; cloud: share taken of the light"),
    uint("drift_ms", 60_000, "later at each next light"),
    uint("seed", doc="makes it the one it is")
)  # fmt: skip
LEVELS = Message(
    55, "LEVELS", HOST, GRANT, "Levels set by hand or preview, until an instant of the Pico's clock; a past one ends.",
    uint("lights", (1 << N_LIGHTS) - 1, "bit 0 = light 1: those that are meant"),
    blob("levels", 2 * N_LIGHTS, doc="of lights 1 to 8, 2 bytes each, little-endian"),
    *_uptime("until_")
)  # fmt: skip
LIGHTS = Message(
    56, "LIGHTS", PICO, STATE, "2 Hz: what the lights do.",
    *_uptime(),
    blob("levels", 2 * N_LIGHTS, doc="at the pins of lights 1 to 8, 2 bytes each, little-endian"),
    blob("sources", N_LIGHTS, doc="what each goes by, a byte each: 0 unset, 1 fallback, 2 plan, 3 LEVELS"),
    blob("plans", 2 * N_LIGHTS, doc="plan_id of each, 2 bytes each, little-endian"),
    blob("left_s", 4 * N_LIGHTS, doc="to the end of each one's plan, 4 bytes each, little-endian; 0 = over, or none"),
    uint("knots", N_LIGHTS * MAX_KNOTS, "held, of all plans"),
    uint("effects", MAX_EFFECTS, "held, now or to come"),
    uint("power_mw", 100_000_000, "of all lights, by their levels"),
    flag("power_capped", "the lights are scaled down"),
    blob("lights_crc", 4, doc="CRC-32, little-endian, of what CONFIG_LIGHT and CONFIG_LIGHTS said")
)  # fmt: skip

# -- feeders ----------------------------------------------------------------------------------------------------

CONFIG_FEEDER = Message(
    60, "CONFIG_FEEDER", HOST, COMMAND, "Describe one feeder; refused while armed. Caps may only be tightened.",
    _feeder(),
    flag("enabled", "one that is not enabled never feeds"),
    uint("pulse_min_us", 3000, "shortest pulse that its servo may be given"),
    uint("pulse_max_us", 3000, "and the longest"),
    uint("max_turns", 1000, "in one feeding"),
    uint("max_feedings_24h", 1000, "feedings that moved within 24 h of the host's time"),
    uint("max_turns_24h", 10_000, "turns within 24 h"),
    uint("max_mg_24h", 10_000_000, "food within 24 h"),
    flag("drop_sensor", "there is one: a turn that it does not see has fed nothing"),
)  # fmt: skip
FEED = Message(
    61, "FEED", HOST, COMMAND, "Feed once. An operation that is known moves nothing. Answer: FEED_STATE, or NAK.",
    *_operation(), _feeder(),
    uint("boot_id", doc="from WELCOME: of the clock that not_after is of"),
    *_uptime("not_after_"), *_wall(), *_motion(),
    flag("return_to_rest", "after the last turn; else the servo is released where it feeds"),
    uint("turns", 1000, "out and back; at least 1"),
    uint("portion_mg", 10_000_000, "what all turns together give, for the cap")
)  # fmt: skip
FEED_STATUS = Message(
    62, "FEED_STATUS", HOST, COMMAND, "Ask what became of a feeding. Answer: FEED_STATE.", *_operation()
)
FEED_STATE = Message(
    63, "FEED_STATE", PICO, REPLY, "How a feeding stands; done, partial and failed are in the journal.",
    *_operation(),
    enum("state", FEEDING_STATES, "unknown: it never began, unless the journal was lost"),
    enum("reason", FEEDING_REASONS, "why it is not done"),
    uint("turns", 1000, "made; running: asked for; partial by a restart: asked for, of which some were made"),
    uint("drops", DROPS_UNKNOWN, "seen by the drop sensor; 65535 = nobody counted: there is none, or a restart"),
    uint("took_ms", doc="from the first movement to rest"),
    flag("journal_lost", "the journal of before this boot is lost: unknown may have begun")
)  # fmt: skip
TEST_SERVO = Message(
    64, "TEST_SERVO", HOST, COMMAND, "Move a feeder's servo out and back once. Counts as no feeding; few in an hour.",
    _feeder(), *_motion()
)  # fmt: skip
FEED_STARTED = Message(
    65, "FEED_STARTED", PICO, EVENT, "A feeding begins: its servo moves only once this is in flash.",
    *_event(), *_operation(), *_wall(),
    uint("portion_mg", 10_000_000, "as asked"),
    _feeder(),
    uint("turns", 1000, "as asked"),
    uint("rest_us", 3000, "pulse to go to rest with, should the Pico restart meanwhile")
)  # fmt: skip
FEED_REPORT = Message(
    66, "FEED_REPORT", PICO, EVENT, "A feeding has ended, now. Exactly one follows every FEED_STARTED.",
    *_event(), *_operation(),
    uint("took_ms", doc="from the first movement to rest; 0 if none is known"),
    uint("drops", DROPS_UNKNOWN, "seen by the drop sensor; 65535 = as in FEED_STATE"),
    uint("turns", 1000, "made; partial by a restart: asked for, of which some were made"),
    _feeder(),
    enum("outcome", FEEDING_STATES, "done, partial or failed"),
    enum("reason", FEEDING_REASONS, "why it is not done")
)  # fmt: skip

# -- the bench --------------------------------------------------------------------------------------------------

SELFTEST = Message(
    70, "SELFTEST", HOST, COMMAND, "Do the self-test of the start now; every circuit is open. A failure is a FAULT.",
)  # fmt: skip
SELFTEST_RESULT = Message(
    71, "SELFTEST_RESULT", PICO, REPLY, "The first part that failed; those that come after it were not looked at.",
    *_cause(),
    uint("checked_s", doc="since program and configuration were last found whole"),
    flag("journal_broken", "flash does not take the journal's records")
)  # fmt: skip

TABLE = (
    HELLO, WELCOME, NAK, ACK, PING, PONG, CONFIG_CIRCUIT, CONFIG_POINT, CONFIG_CHECK, CONFIG_STATE, ARM, DISARM, LEASE,
    RESET_TRIP, EVENT_ACK, MAINTENANCE, READ_TRACE, TRACE, STATUS, HEALTH, BOOT, TRIP, FAULT, LEASE_OVER, RESET, NOTICE,
    BUDGET,
    CONFIG_LIGHT, CONFIG_LIGHTS, PLAN_KNOTS, PLAN_START, EFFECT, LEVELS, LIGHTS,
    CONFIG_FEEDER, FEED, FEED_STATUS, FEED_STATE, TEST_SERVO, FEED_STARTED, FEED_REPORT,
    SELFTEST, SELFTEST_RESULT,
)  # fmt: skip
BY_ID = build_index(TABLE)
DIGEST = digest(TABLE)
# Under MicroPython a function holds on to every constant of its file.
del _uptime, _event, _cause, _channel_sums
del _operation, _wall, _feeder, _motion
