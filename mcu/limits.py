"""Hard ceilings and caps: the only place. A message can tighten them, none can loosen them.

New limits are flashed by a person. Units are in the names.
"""

# -- what the host may configure --------------------------------------------------------------------------------

MAX_CURRENT_MA = 15_000  # of a circuit: contacts, wire and sensor
# The coarse ceiling of the comparator, which needs no processor: the most whole steps of 128 counts that pass. With 28,
# 3711 counts pass and 3712 pull: 12.65 A of a sensor of 0.3 V + 0.213 V/A. It is one for both circuits, no message
# changes it, a limit above it is of no use, and a step (0.48 A there) is as fine as it gets.
COARSE_STEPS = 28
MAX_TEMPERATURE_M_DEGF = 185_000  # of a tank: below its relief valve (210 °F)
MIN_RESISTANCE_MOHM, MAX_RESISTANCE_MOHM = 5_000, 500_000  # of an element
MAX_SHORT_MIN_MA = 2_000  # a short must be judged from this current on at the latest
MAX_SHORT_TOLERANCE_PERMILLE = 800  # above it nothing would ever be a short
MAX_SEQUENCE_MS = 1_000
MAX_VOLTAGE_MV = 480_000  # of a circuit: insulation, contacts, divider
MIN_VOLTAGE_MIN_MV = 5_000  # below it the converters' noise would look like a drifted element
MAX_VOLTAGE_MIN_MV = 150_000  # element and relays must be judged from this voltage on at the latest
MIN_IMPEDANCE_TOLERANCE_PERMILLE, MAX_IMPEDANCE_TOLERANCE_PERMILLE = 50, 500
MIN_LEAK_MA, MAX_LEAK_MA = 50, 1_000
MAX_NO_RISE_WH, MAX_NO_RISE_M_DEGF = 5_000, 10_000
MAX_STUCK_S = 3_600
MAX_RATE_M_DEGF_PER_S = 20_000

FINE_SAMPLES = 3  # of a channel in a row above its limit, 20 µs apart: that is over-current

# Of each light, and of all: what wires, drivers and supply stand.
LIGHT_CAPS_U16 = (65_535,) * 8
MAX_LIGHT_MW, MAX_LIGHTS_MW = 200_000, 600_000
MAX_LIGHT_SLEW = 1_000_000  # per second: from dark to full in 66 ms
MAX_LEVELS_S = 60  # levels set by hand or preview end by themselves

# -- what the program allows itself -----------------------------------------------------------------------------

MAX_LEASE_MS = 5_000
SLOW_PASS_US = 25_000  # a pass this long is told
LONGEST_PASS_US = 50_000  # and one this long trips: half of what the permits last
PERMIT_US = 100_000  # a relay stays closed no longer than this after the last completed pass
RESET_QUIET_MS = 2_000  # the cause of a trip must have been gone this long before a person may reset it
MAX_TRIPS, TRIPS_WINDOW_S = 3, 600  # more trips of a circuit than this within the window are a fault

# -- relays: how long they take, and when they are looked at ------------------------------------------------------

LEAST_TRAVEL_US, TRAVEL_US = 30_000, 60_000  # bounce and arc included
PROVING_US = 60_000  # the breaker alone, at least
REST_US = 60_000  # open, between a proof and the closing
PROOF_S = 86_400  # of uptime: the carrier is proven anew
WELD_N = 3  # looks in a row at a relay alone
SETTLED_US = 200_000  # closed: element and current are what they will be
OFF_US = 100_000  # open: no current any more
LONG_OFF_US = 2_000_000  # and a current now is that of two welded relays

# -- sensors ----------------------------------------------------------------------------------------------------

MIN_LIVE_ZERO_COUNTS = 100  # of a current sensor at no current: only one that is above 0 shows when it is dead
REFERENCE_PERMILLE = 30  # the reference voltage may be so far off
# A thermistor's divider: its ends are no temperature but a broken or a shorted wire.
SENSOR_SHORT_COUNTS, SENSOR_OPEN_COUNTS = 45, 4_050

# -- the link ---------------------------------------------------------------------------------------------------

MAX_MESSAGES_PER_S = 100
MAX_NAKS_PER_S = 10
SLICE_BYTES = 64  # at most this many bytes in, and as many out, at a time: one USB packet
TALK_MS = 1_000  # send only so long after a valid frame: a write to a host that does not read blocks

# -- feeders ------------------------------------------------------------------------------------------------------

MIN_PULSE_US, MAX_PULSE_US = 500, 2_500  # of any servo
MIN_ROTATE_MS, MAX_ROTATE_MS = 100, 10_000
MAX_HOLD_MS = 10_000
MAX_FEEDING_MS = 300_000  # all turns together: a feeding always ends
MAX_FEED_AHEAD_S = 300  # an operation may be begun no later than this after it was sent
MAX_TURNS = 20  # in one feeding
# Within 24 hours of the host's time, of one feeder. feedlog.MAX_FEEDINGS is the ceiling for all feeders together.
MAX_FEEDINGS_24H, MAX_TURNS_24H, MAX_MG_24H = 24, 100, 500_000
MAX_TESTS, TESTS_WINDOW_S = 10, 3600  # a test movement gives food as well, if there is any
