"""What trips: the table of triggers, the judge that walks it once a pass, and the board's state machine. Pure.

A trigger is one row of ROWS and one function of judges.py, which sees one pass as facts.py puts it. Nothing here
allocates after construction.
"""

import judges
import limits
import micropython
import relays

from tanklink.messages import N_CIRCUITS, SUBJECTS, TRIGGERS

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


# -- the table --------------------------------------------------------------------------------------------------

# Of a row: what it makes of the board, and when. TRIP: while armed or not yet open; TRIP_OPEN: also disarmed and open,
# where all that is wanted is that no current flows; FAULT_OPEN: likewise, and even after a trip.
TRIP, TRIP_OPEN, FAULT_OPEN = 1, 2, 4
ANY_KIND = 7
# In which phases of relays.Circuit a row is looked at.
ALWAYS = 63
_OPEN = 1 << relays.OFF | 1 << relays.LONG_OFF
_ON = 1 << relays.ON
_T = {name: i for i, name in enumerate(TRIGGERS)}
_S = {name: i for i, name in enumerate(SUBJECTS)}
# Whom an event names, of circuit 1 and of circuit 2.
_CURRENTS = _S["current_1"], _S["current_2"]
_VOLTAGES = _S["voltage_1"], _S["voltage_2"]
_TEMPERATURES = _S["temperature_1"], _S["temperature_2"]
_LINES = _S["fault_line_1"], _S["fault_line_2"]
_OUTSIDES = _S["relay_1_outside"], _S["relay_2_outside"]
_INSIDES = _S["relay_1_inside"], _S["relay_2_inside"]
_BREAKERS, _CARRIERS = (_OUTSIDES, _INSIDES) if relays.BREAKER == 0 else (_INSIDES, _OUTSIDES)
_RELAYS, _ADC, _REFERENCE = (_S["relays"], _S["relays"]), (_S["adc"],), (_S["reference"],)


class Row:
    """One trigger: its number, whom the event names, its judge, in how many passes of the last `of`, the hard ceiling.

    kind, phases: as above. counts: whether it counts towards limits.MAX_TRIPS. board: judged once, not per circuit.
    slow: judged ten times a second instead of every pass. ceiling: the bound of limits.py that no message
    loosens, for whoever reads the table: facts.py and commands.py hold to it.
    """

    def __init__(
        self, trigger, subjects, judge, n, ceiling,  # noqa: ARG002
        of=0, kind=TRIP, phases=ALWAYS, counts=True, board=False, slow=False,
    ):  # fmt: skip
        self.trigger, self.subjects = trigger, subjects
        self.judge, self.n = judge, n
        self.kind, self.phases, self.slow = kind, phases, slow
        self.counts = counts and not board and kind != FAULT_OPEN
        self.width = 1 if board else N_CIRCUITS
        self.mask = (1 << (of or n)) - 1

    def fires(self, pattern):
        """Whether there are enough broken ones among the last passes."""
        n = 0
        while pattern:
            n += pattern & 1
            pattern >>= 1
        return n >= self.n


# In a pass in which several would fire, the first row here is the cause. Only element_* and leakage can be disabled.
ROWS = (
    #   trigger             subjects       judge                    N  ceiling
    Row(_T["over_current"],     _CURRENTS,     judges.peak_current,     1, limits.MAX_CURRENT_MA),
    Row(_T["adc_stopped"],      _ADC,          judges.adc_stopped,      1, None, board=True),
    Row(_T["adc_slot"],         _ADC,          judges.adc_slot,         1, None, board=True),
    Row(_T["fault_line"],       _LINES,        judges.fault_line,       1, None, counts=False),
    Row(_T["permit"],           _RELAYS,       judges.permit,           1, limits.PERMIT_US),
    Row(_T["sensor_open"],      _TEMPERATURES, judges.sensor_open,      5, limits.SENSOR_OPEN_COUNTS),
    Row(_T["sensor_short"],     _TEMPERATURES, judges.sensor_short,     5, limits.SENSOR_SHORT_COUNTS),
    Row(_T["weld"],             _BREAKERS,     judges.welded,           limits.WELD_N, limits.MAX_VOLTAGE_MIN_MV,
        kind=FAULT_OPEN, phases=1 << relays.CARRIER_ALONE),
    Row(_T["weld"],             _CARRIERS,     judges.welded,           limits.WELD_N, limits.MAX_VOLTAGE_MIN_MV,
        kind=FAULT_OPEN, phases=1 << relays.BREAKER_ALONE),
    Row(_T["weld"],             _RELAYS,       judges.both_welded,      limits.WELD_N, limits.MAX_LEAK_MA,
        kind=FAULT_OPEN, phases=1 << relays.LONG_OFF),
    Row(_T["short"],            _VOLTAGES,     judges.short,            3, limits.MAX_SHORT_TOLERANCE_PERMILLE),
    Row(_T["over_current"],     _CURRENTS,     judges.over_current,     3, limits.MAX_CURRENT_MA),
    Row(_T["over_voltage"],     _VOLTAGES,     judges.over_voltage,     3, limits.MAX_VOLTAGE_MV),
    Row(_T["over_temperature"], _TEMPERATURES, judges.over_temperature, 5, limits.MAX_TEMPERATURE_M_DEGF),
    Row(_T["sensor_dead"],      _CURRENTS,     judges.sensor_dead,      5, limits.MIN_LIVE_ZERO_COUNTS),
    Row(_T["reference"],        _REFERENCE,    judges.reference,        5, limits.REFERENCE_PERMILLE, board=True),
    Row(_T["leakage"],          _CURRENTS,     judges.leakage,          5, limits.MAX_LEAK_MA,
        kind=TRIP_OPEN, phases=_OPEN),
    Row(_T["element_open"],     _CURRENTS,     judges.element_open,     3, limits.MAX_VOLTAGE_MIN_MV,
        of=4, phases=_ON),
    Row(_T["element_drift"],    _CURRENTS,     judges.element_drift,    3, limits.MAX_IMPEDANCE_TOLERANCE_PERMILLE,
        of=4, phases=_ON),
    Row(_T["no_rise"],          _TEMPERATURES, judges.no_rise,          1, limits.MAX_NO_RISE_WH,
        kind=TRIP_OPEN, slow=True),
    Row(_T["sensor_stuck"],     _TEMPERATURES, judges.sensor_stuck,     1, limits.MAX_STUCK_S, slow=True),
    Row(_T["sensor_rate"],      _TEMPERATURES, judges.sensor_rate,      1, limits.MAX_RATE_M_DEGF_PER_S, slow=True),
)  # fmt: skip
_SLOW_FROM = min(i for i in range(len(ROWS)) if ROWS[i].slow)  # and all after it
_LONGEST = 5  # passes that any row looks back
assert max(row.mask for row in ROWS) < 1 << _LONGEST

# Those of the whole board that the program itself finds: trigger, subject, and what it makes of the board.
RAISED = {
    "watchdog": (_T["watchdog"], _S["cpu"], "trip"),
    "exception": (_T["exception"], _S["cpu"], "trip"),
    "too_many_trips": (_T["too_many_trips"], _S["trips"], "fault"),
    "relay_stuck": (_T["relay_stuck"], _S["relays"], "fault"),
    "journal": (_T["journal"], _S["journal"], "fault"),
    "slow_pass": (_T["slow_pass"], _S["cpu"], "trip"),
    "memory": (_T["memory"], _S["memory"], "fault"),
    "line_stuck_1": (_T["line_stuck"], _S["fault_line_1"], "fault"),
    "line_stuck_2": (_T["line_stuck"], _S["fault_line_2"], "fault"),
    "clock": (_T["clock"], _S["clock"], "fault"),
    "comparator": (_T["comparator"], _S["comparator"], "fault"),
    "reference": (_T["reference"], _S["reference"], "fault"),
    "config": (_T["config"], _S["config"], "fault"),
    "program": (_T["program"], _S["program"], "fault"),
}


@micropython.native
def _is_calm(facts):
    enabled = facts.enabled
    return (
        judges.board_is_calm(facts)
        and (not enabled[0] or judges.is_calm(facts, 0))
        and (not enabled[1] or judges.is_calm(facts, 1))
    )


class Judge:
    """Walks the table once a pass and remembers of each rule in which of the last passes it was broken.

    While all is calm (judges.py) and none was broken lately, the walk would change nothing, and is left out.
    """

    def __init__(self):
        self._past = bytearray(N_CIRCUITS * len(ROWS))  # of each row and circuit, a bit a pass, the last one lowest
        self._slowly_broken = False
        self._stirred = 0  # passes until none of the past ones can count any more
        self.broken = False  # some rule is broken in this pass, be it often enough or not
        self.row = None  # the row that fired in this pass, with its circuit and what it compared
        self.circuit = 0
        self.value = 0
        self.limit = 0

    @micropython.native
    def look(self, facts, kinds=ANY_KIND):
        """Judge every enabled circuit. True when a row of these kinds fired: see row, circuit, value and limit.

        circuit: 0 or 1; −1 = the whole board.
        """
        self.row = None
        broken = False
        if self._stirred or not _is_calm(facts):
            broken = self._walk(facts, kinds, 0, _SLOW_FROM)
            self._stirred = _LONGEST if broken else self._stirred - 1 if self._stirred else 0
        if facts.tick:
            facts.tick = False
            self._slowly_broken = self._walk(facts, kinds, _SLOW_FROM, len(ROWS))
        self.broken = broken or self._slowly_broken
        return self.row is not None

    @micropython.native
    def _walk(self, facts, kinds, first, end):
        enabled, phase, past = facts.enabled, facts.phase, self._past
        broken = False
        for index in range(first, end):
            row, at = ROWS[index], N_CIRCUITS * index
            for c in range(row.width):
                looked = enabled[c] if row.width > 1 else enabled[0] or enabled[1]
                if not (looked and row.phases >> phase[c] & 1 and row.judge(facts, c)):
                    if past[at + c]:
                        past[at + c] = past[at + c] << 1 & row.mask
                    continue
                past[at + c] = pattern = (past[at + c] << 1 | 1) & row.mask
                broken = True
                if row.fires(pattern) and self.row is None and row.kind & kinds:
                    self.row, self.circuit = row, c if row.width > 1 else -1
                    self.value, self.limit = facts.value, facts.limit
        return broken


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
