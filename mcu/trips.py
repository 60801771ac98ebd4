"""What trips: the table of triggers, the judge that walks it once a pass, and the board's state machine. Pure.

A trigger is one row of ROWS and one function. Nothing here allocates after construction, and no product reaches 2^30:
currents are clamped to ± MAX_READING_MA and resistances kept in tenths of an ohm.
"""

import limits

from tanklink.messages import CHANNELS, CONFIG_CIRCUIT, N_CIRCUITS, SUBJECTS, TRIGGERS

# -- the state machine ------------------------------------------------------------------------------------------

BOOT, SELFTEST, DISARMED, ARMED, TRIPPED, FAULT = range(6)  # the order of tanklink's BOARD_STATES
ANY = (1 << 6) - 1

# move: (bits of the states it may start from, state it leads to). A move from elsewhere does nothing.
MOVES = {
    "start": (1 << BOOT, SELFTEST),
    "pass": (1 << SELFTEST, DISARMED),
    "arm": (1 << DISARMED, ARMED),
    "disarm": (1 << ARMED, DISARMED),
    "trip": (1 << SELFTEST | 1 << DISARMED | 1 << ARMED, TRIPPED),  # the first cause stays
    "fault": (ANY & ~(1 << FAULT), FAULT),
    "reset": (1 << TRIPPED | 1 << FAULT, DISARMED),
}


class Machine:
    """The state of the circuits."""

    def __init__(self):
        self.state = BOOT

    def move(self, name):
        """Make a move of MOVES; False, and nothing is changed, if this state does not allow it."""
        sources, target = MOVES[name]
        if not sources >> self.state & 1:
            return False
        self.state = target
        return True

    def within(self, states):
        """Whether the state is among the bits of `states`."""
        return states >> self.state & 1 == 1


# -- what the judges see ----------------------------------------------------------------------------------------

MAX_READING_MA = 200_000  # × 5,000 tenths of an ohm = 10^9 < 2^30
MAX_READING = 2_000_000  # mV, m°F
MAX_COUNTS = 4095

_CURRENT, _VOLTAGE, _TEMPERATURE = (CHANNELS.index(n + "_1") for n in ("current", "voltage", "temperature"))
_ENABLED = CONFIG_CIRCUIT.index["enabled"]
_RESISTANCE = CONFIG_CIRCUIT.index["resistance_mohm"]
_CURRENT_LIMIT = CONFIG_CIRCUIT.index["current_limit_ma"]
_TEMPERATURE_LIMIT = CONFIG_CIRCUIT.index["temperature_limit_m_degf"]
_SHORT_MIN = CONFIG_CIRCUIT.index["short_min_ma"]
_SHORT_TOLERANCE = CONFIG_CIRCUIT.index["short_tolerance_permille"]


class Facts:
    """One pass as the judges see it: readings in units and the limits of each circuit, each a list by circuit (0, 1).

    A judge leaves what it compared in value and limit.
    """

    def __init__(self):
        self.enabled = [False] * N_CIRCUITS
        self.temperature_counts = [0] * N_CIRCUITS
        self.ma = [0] * N_CIRCUITS
        self.mv = [0] * N_CIRCUITS
        self.m_degf = [0] * N_CIRCUITS
        self.line_whole = [True] * N_CIRCUITS  # the fault line
        self.dropped = [False] * N_CIRCUITS  # the interlock has latched a circuit that ought to hold
        self.gap_us = 0  # since the permits were last renewed
        self.current_limit_ma = [0] * N_CIRCUITS
        self.temperature_limit_m_degf = [0] * N_CIRCUITS
        self.short_min_ma = [0] * N_CIRCUITS
        self.short_deci_ohm = [0] * N_CIRCUITS
        self.value = 0
        self.limit = 0

    def set_limits(self, c, values):
        """Take circuit c's limits from the values of a CONFIG_CIRCUIT."""
        self.enabled[c] = bool(values[_ENABLED])
        self.current_limit_ma[c] = min(values[_CURRENT_LIMIT], limits.MAX_CURRENT_MA)
        self.temperature_limit_m_degf[c] = min(values[_TEMPERATURE_LIMIT], limits.MAX_TEMPERATURE_M_DEGF)
        self.short_min_ma[c] = min(values[_SHORT_MIN], limits.MAX_SHORT_MIN_MA)
        self.short_deci_ohm[c] = short_deci_ohm(values)

    def set_readings(self, counts, config):
        """Convert this pass's raw counts of every enabled circuit."""
        for c in range(N_CIRCUITS):
            if self.enabled[c]:
                ma = config.scale(_CURRENT + c, counts[_CURRENT + c])
                self.ma[c] = max(-MAX_READING_MA, min(ma, MAX_READING_MA))
                mv = config.scale(_VOLTAGE + c, counts[_VOLTAGE + c])
                self.mv[c] = max(-MAX_READING, min(mv, MAX_READING))
                raw = counts[_TEMPERATURE + c]
                self.temperature_counts[c] = raw
                m_degf = config.scale(_TEMPERATURE + c, raw)
                self.m_degf[c] = max(-MAX_READING, min(m_degf, MAX_READING))


def within_reach(config, c):
    """Whether circuit c's scales let every rule fire: each rises or falls all the way, as its sensor does, to beyond
    the limit. Of a thermistor nothing beyond its table counts: it is far from straight there.
    """
    values = config.circuits[c + 1]
    current, voltage, temperature = _CURRENT + c, _VOLTAGE + c, _TEMPERATURE + c
    if config.slope(current) != 1 or config.slope(voltage) != 1 or not config.slope(temperature):
        return False
    least_ma = max(values[_CURRENT_LIMIT], values[_SHORT_MIN])
    if config.scale(current, MAX_COUNTS) <= least_ma:
        return False
    # A dead short must show at the least current from which one is judged; at most 5,000 × 100,000 on the way.
    if config.scale(voltage, 0) >= short_deci_ohm(values) * values[_SHORT_MIN] // 10:
        return False
    if config.slope(temperature) < 0:
        hot = max(config.first_counts(temperature), limits.SENSOR_SHORT_COUNTS + 1)
    else:
        hot = min(config.last_counts(temperature), limits.SENSOR_OPEN_COUNTS - 1)
    return config.scale(temperature, hot) > values[_TEMPERATURE_LIMIT]


def short_deci_ohm(values):
    """R(1 − tolerance) of a CONFIG_CIRCUIT, rounded up, to the side of tripping.

    At most 500,000 × 1000 + 99,999 on the way.
    """
    resistance_mohm = min(values[_RESISTANCE], limits.MAX_RESISTANCE_MOHM)
    return (resistance_mohm * (1000 - values[_SHORT_TOLERANCE]) + 99_999) // 100_000


# -- the judges: does this circuit break this rule now? ---------------------------------------------------------


def _sensor_open(facts, c):
    facts.value, facts.limit = facts.temperature_counts[c], limits.SENSOR_OPEN_COUNTS
    return facts.value >= facts.limit


def _sensor_short(facts, c):
    facts.value, facts.limit = facts.temperature_counts[c], limits.SENSOR_SHORT_COUNTS
    return facts.value <= facts.limit


def _over_current(facts, c):
    facts.value, facts.limit = facts.ma[c], facts.current_limit_ma[c]
    return facts.value > facts.limit


def _short(facts, c):
    """PV current is limited: a dead short shows as a collapsed voltage. V < R(1 − tolerance)·I, with no gate on V."""
    ma = facts.ma[c]
    if ma <= facts.short_min_ma[c]:
        return False
    facts.value, facts.limit = facts.mv[c], facts.short_deci_ohm[c] * ma // 10
    return facts.value < facts.limit


def _over_temperature(facts, c):
    """Not judged on a broken sensor, which is a trip of its own name."""
    if not limits.SENSOR_SHORT_COUNTS < facts.temperature_counts[c] < limits.SENSOR_OPEN_COUNTS:
        return False
    facts.value, facts.limit = facts.m_degf[c], facts.temperature_limit_m_degf[c]
    return facts.value > facts.limit


def _fault_line(facts, c):
    """Down now, or down so shortly that only the interlock saw it: it latched although the permits came in time."""
    facts.value, facts.limit = 0, 1
    return not facts.line_whole[c] or (facts.dropped[c] and facts.gap_us < limits.PERMIT_US)


def _permit(facts, c):
    facts.value, facts.limit = facts.gap_us // 1000, limits.PERMIT_US // 1000
    return facts.dropped[c] and facts.gap_us >= limits.PERMIT_US


# -- the table --------------------------------------------------------------------------------------------------


class Row:
    """One trigger of a circuit: its name, whom the event names, its judge, how many passes in a row, the hard ceiling.

    counts: whether it counts towards limits.MAX_TRIPS. ceiling: the bound of limits.py that no message loosens.
    """

    def __init__(self, trigger, subject, judge, n, ceiling, counts=True):
        self.name = trigger
        self.trigger = TRIGGERS.index(trigger)
        self.subjects = tuple(SUBJECTS.index(subject % c if "%" in subject else subject) for c in (1, 2))
        self.judge, self.n, self.ceiling, self.counts = judge, n, ceiling, counts


# In a pass in which several would fire, the first row here is the cause. All are per circuit and none can be disabled.
ROWS = (
    #   trigger             subject           judge              N  ceiling
    Row("fault_line",       "fault_line_%d",  _fault_line,       1, None, counts=False),
    Row("permit",           "relays",         _permit,           1, limits.PERMIT_US),
    Row("sensor_open",      "temperature_%d", _sensor_open,      5, limits.SENSOR_OPEN_COUNTS),
    Row("sensor_short",     "temperature_%d", _sensor_short,     5, limits.SENSOR_SHORT_COUNTS),
    Row("short",            "voltage_%d",     _short,            3, limits.MAX_SHORT_TOLERANCE_PERMILLE),
    Row("over_current",     "current_%d",     _over_current,     3, limits.MAX_CURRENT_MA),
    Row("over_temperature", "temperature_%d", _over_temperature, 5, limits.MAX_TEMPERATURE_M_DEGF),
)  # fmt: skip

# Those of the whole board that the program itself finds: trigger, subject, and what it makes of the board.
RAISED = {
    "watchdog": (TRIGGERS.index("watchdog"), SUBJECTS.index("cpu"), "trip"),
    "exception": (TRIGGERS.index("exception"), SUBJECTS.index("cpu"), "trip"),
    "too_many_trips": (TRIGGERS.index("too_many_trips"), SUBJECTS.index("trips"), "fault"),
    "relay_stuck": (TRIGGERS.index("relay_stuck"), SUBJECTS.index("relays"), "fault"),
    "journal": (TRIGGERS.index("journal"), SUBJECTS.index("journal"), "fault"),
}


class Judge:
    """Walks the table once a pass and counts how often in a row each rule was broken."""

    def __init__(self):
        self._hits = [bytearray(N_CIRCUITS) for _ in ROWS]
        self.broken = False  # some rule is broken in this pass, be it often enough or not
        self.row = None  # the row that fired in this pass, with its circuit and what it compared
        self.circuit = 0
        self.value = 0
        self.limit = 0

    def look(self, facts):
        """Judge every enabled circuit. True when a row fired: see row, circuit (0 or 1), value and limit."""
        self.row = None
        self.broken = False
        for index in range(len(ROWS)):
            row = ROWS[index]
            hits = self._hits[index]
            for c in range(N_CIRCUITS):
                if not (facts.enabled[c] and row.judge(facts, c)):
                    hits[c] = 0
                    continue
                self.broken = True
                if hits[c] < row.n:
                    hits[c] += 1
                if hits[c] == row.n and self.row is None:
                    self.row, self.circuit = row, c
                    self.value, self.limit = facts.value, facts.limit
        return self.row is not None


class History:
    """When each circuit tripped lately: too often within the window is a fault."""

    def __init__(self):
        # The last MAX_TRIPS instants in whole seconds of uptime; the window's length before the start is long ago.
        self._at_s = [[-limits.TRIPS_WINDOW_S - 1] * limits.MAX_TRIPS for _ in range(N_CIRCUITS)]

    def add(self, c, now_s):
        """Note a trip of circuit c. True if it is one more than MAX_TRIPS within the window."""
        at_s = self._at_s[c]
        oldest_s = at_s[0]
        for i in range(limits.MAX_TRIPS - 1):
            at_s[i] = at_s[i + 1]
        at_s[-1] = now_s
        return now_s - oldest_s <= limits.TRIPS_WINDOW_S
