"""The trigger table and the state machine, without a board: each judge at its very limit, N in a row, whose turn."""

import limits
from facts import Facts
from relays import BREAKER_ALONE, CARRIER_ALONE, LONG_OFF, MOVING, OFF, ON
from trips import (
    ANY,
    ARMED,
    BOOT,
    DISARMED,
    FAULT,
    FAULT_OPEN,
    MOVES,
    RAISED,
    ROWS,
    SELFTEST,
    TRIP,
    TRIP_OPEN,
    TRIPPED,
    History,
    Judge,
    Machine,
)  # fmt: skip

from tanklink.messages import BOARD_STATES, SUBJECTS, TRIGGERS

RESISTANCE_MOHM, TOLERANCE = 32_000, 600
FURTHER = (450_000, 60_000, 300, 300, 2000, 1000, 900, 2000, True, True)
# Found by the program itself, which brings their rows.
OF_THE_PROGRAM = ("slow_pass", "config", "program", "memory", "clock", "line_stuck", "comparator")


def facts(circuit=0, phase=ON, impedance=True, leakage=True):
    """A circuit that heats, and another that is not enabled and in which everything is wrong."""
    f = Facts()
    further = list(FURTHER[:-2]) + [impedance, leakage]
    f.set_limits(circuit, [circuit + 1, True, RESISTANCE_MOHM, 11_000, 160_000, 300, TOLERANCE, 50] + further)
    other = 1 - circuit
    f.set_limits(other, [other + 1, False] + [0] * 16)
    f.ma[circuit], f.mv[circuit], f.m_degf[circuit], f.temperature_counts[circuit] = 8_500, 272_000, 105_000, 2_000
    f.ma[other], f.mv[other], f.m_degf[other], f.temperature_counts[other] = 20_000, 0, 250_000, 4_095
    f.current_counts[circuit], f.current_counts[other] = 2616, 0
    f.dead_counts[circuit] = f.dead_counts[other] = 186
    f.phase[circuit], f.phase[other] = phase, LONG_OFF
    f.line_whole[other], f.dropped[other] = False, True
    f.peak_ma[other] = 50_000
    f.heating[other].wh = 9_000
    f.heating[other].stuck_ms = f.heating[other].rate = 1_000_000
    f.gap_us = 5_000
    return f


def fires(f, passes=1):
    """Name of the row that fires within so many passes, or None."""
    judge = Judge()
    for _ in range(passes):
        f.tick = True
        if judge.look(f):
            return TRIGGERS[judge.row.trigger]
    return None


def scenario_all_is_well():
    judge, f = Judge(), facts()
    for _ in range(20):
        assert not judge.look(f)
        assert not judge.broken


def set_current(f, c, value):
    f.ma[c], f.mv[c] = value, 352_000


def set_temperature_counts(f, c, value):
    f.temperature_counts[c] = value


def set_reference(f, _c, value):
    f.reference_mv = value


def set_adc(f, _c, value):
    f.adc_slipped, f.adc_stopped = value, 0


def set_stopped(f, _c, value):
    f.adc_stopped = value


def put(what):
    def put_into(f, c, value):
        getattr(f, what)[c] = value

    return put_into


def put_heating(what):
    def put_into(f, c, value):
        f.heating[c].wh = 2000
        f.heating[c]._from = 100_000
        f.heating[c].m_degf = 102_000  # it rose
        setattr(f.heating[c], what, value)

    return put_into


# name: (how it is set, just allowed, just broken, phase, N, subject of circuit 1, value and limit when it fires)
LIMITS = {
    "over_current": (set_current, 11_000, 11_001, ON, 3, "current_1", 11_001, 11_000),
    "over_temperature": (put("m_degf"), 160_000, 160_001, MOVING, 5, "temperature_1", 160_001, 160_000),
    "over_voltage": (put("mv"), 450_000, 450_001, OFF, 3, "voltage_1", 450_001, 450_000),
    "sensor_open": (set_temperature_counts, 4_049, 4_050, LONG_OFF, 5, "temperature_1", 4_050, 4_050),
    "sensor_short": (set_temperature_counts, 46, 45, ON, 5, "temperature_1", 45, 45),
    "sensor_dead": (put("current_counts"), 186, 185, OFF, 5, "current_1", 185, 186),
    "sensor_stuck": (put_heating("stuck_ms"), 899_999, 900_000, ON, 1, "temperature_1", 900_000, 900_000),
    "sensor_rate": (put_heating("rate"), 2_000, 2_001, OFF, 1, "temperature_1", 2_001, 2_000),
    "no_rise": (put_heating("m_degf"), 101_000, 100_999, ON, 1, "temperature_1", 999, 1_000),
    "short": (put("mv"), 108_800, 108_799, MOVING, 3, "voltage_1", 108_799, 108_800),  # 40 % of 32 Ω × 8.5 A
    "element_open": (put("ma"), 2_125, 2_124, ON, 3, "current_1", 2_124, 2_125),  # a quarter of 8.5 A: else drifted
    "element_drift": (put("ma"), 6_539, 6_538, ON, 3, "current_1", 6_538, 6_538),  # 272 V / 41.6 Ω
    "leakage": (put("ma"), 300, 301, OFF, 5, "current_1", 301, 300),
    "fault_line": (put("line_whole"), True, False, ON, 1, "fault_line_1", 0, 1),
    "reference": (set_reference, 2_425, 2_424, ON, 5, "reference", 2_424, 2_425),
    "adc_slot": (set_adc, 0, 1, ON, 1, "adc", 1, 0),
    "adc_stopped": (set_stopped, 0, 3, ON, 1, "adc", 3, 0),
}
QUIET = (OFF, LONG_OFF, BREAKER_ALONE)  # no current


def case(name, circuit=0):
    """Facts at the start of a case, how it is set, and the row that is meant."""
    put_into, allowed, broken, phase = LIMITS[name][:4]
    f = facts(circuit, phase)
    if phase in QUIET:
        f.ma[circuit] = 0
    for row in ROWS:
        if TRIGGERS[row.trigger] == name:
            found = row  # the last one of this name: that of the loop
    return f, put_into, allowed, broken, found


def scenario_each_limit_to_the_last_unit():
    for circuit in (0, 1):
        for name in LIMITS:
            f, put_into, allowed, broken, _row = case(name, circuit)
            put_into(f, circuit, allowed)
            fired = fires(f, 20)
            assert fired == ("element_drift" if name == "element_open" else None), (name, fired)
            put_into(f, circuit, broken)
            assert fires(f, 20) == name, (name, fires(f, 20))


def scenario_n_in_a_row():
    for name in LIMITS:
        f, put_into, allowed, broken, row = case(name)
        n = LIMITS[name][4]
        assert row.n == n, name
        if name == "element_open":
            allowed = 8_500
        judge = Judge()
        for _ in range(3):  # one pass short of it, again and again
            put_into(f, 0, broken)
            for _ in range(n - 1):
                f.tick = True
                assert not judge.look(f), name
                assert judge.broken, name
            put_into(f, 0, allowed)
            for _ in range(4):
                f.tick = True
                assert not judge.look(f), name
                assert not judge.broken, name
        put_into(f, 0, broken)
        for i in range(n):
            f.tick = True
            assert judge.look(f) == (i == n - 1), name
        assert (TRIGGERS[judge.row.trigger], judge.circuit) == (name, 0 if row.width > 1 else -1)
        assert SUBJECTS[judge.row.subjects[judge.circuit]] == LIMITS[name][5]
        assert (judge.value, judge.limit) == LIMITS[name][6:], (name, judge.value, judge.limit)


def scenario_three_of_four():
    """A pass that looks well does not begin an element's count anew; two that look well do."""
    for name in ("element_open", "element_drift"):
        f, put_into, _allowed, broken, _row = case(name)
        for pattern, fired in (("1101", True), ("1011", True), ("0111", True), ("110011", False), ("101010", False)):
            judge = Judge()
            seen = False
            for bit in pattern:
                put_into(f, 0, broken if bit == "1" else 8_500)
                seen = judge.look(f) or seen
            assert seen == fired, (name, pattern)


def scenario_what_is_not_watched_does_not_fire():
    for ma in (0, 6_000, 9_900):
        f = facts(impedance=False)
        f.ma[0] = ma
        assert fires(f, 20) is None
    f = facts(phase=LONG_OFF, leakage=False)
    f.ma[0] = 400
    assert fires(f, 20) is None
    f.ma[0] = 8_500
    assert fires(f, 20) == "weld"  # that is no leak, and cannot be disabled


def scenario_the_element_is_judged_only_closed_settled_and_with_enough_sun():
    for phase in (MOVING, OFF, CARRIER_ALONE, BREAKER_ALONE):
        f = facts(phase=phase)
        f.ma[0], f.current_counts[0] = 0, 372
        assert fires(f, 20) is None, phase
    f = facts()
    f.ma[0], f.current_counts[0], f.mv[0] = 0, 372, 60_000
    assert fires(f, 20) is None
    f.mv[0] = 60_001
    assert fires(f, 20) == "element_open"


def scenario_too_much_current_at_this_voltage_is_a_drifted_element_too():
    f = facts()
    f.ma[0] = 10_900  # of 272 V: 25 Ω
    assert fires(f, 20) is None
    f.mv[0] = 230_000  # 21 Ω
    assert fires(f, 20) == "element_drift"


def scenario_a_dead_current_sensor_is_no_open_element():
    f = facts()
    f.ma[0], f.current_counts[0] = -1_400, 0
    assert fires(f, 20) == "sensor_dead"


def scenario_a_welded_relay_by_its_name():
    """The relay that is not meant to be closed is the one that is welded; twice off, both are."""
    for phase, subjects in (
        (CARRIER_ALONE, ("relay_1_outside", "relay_2_outside")),
        (BREAKER_ALONE, ("relay_1_inside", "relay_2_inside")),
        (LONG_OFF, ("relays", "relays")),
    ):
        for circuit in (0, 1):
            f, judge = facts(circuit, phase), Judge()
            assert [judge.look(f) for _ in range(3)] == [False, False, True]
            assert (TRIGGERS[judge.row.trigger], judge.row.kind, judge.row.counts) == ("weld", FAULT_OPEN, False)
            assert SUBJECTS[judge.row.subjects[circuit]] == subjects[circuit]
            assert (judge.value, judge.limit) == (8_500, 300)


def scenario_no_weld_without_the_elements_own_current():
    for phase in (CARRIER_ALONE, BREAKER_ALONE):
        for ma, mv in ((4_249, 272_000), (0, 340_000), (1_875, 60_000), (12, 12_000)):
            f = facts(phase=phase)
            f.ma[0], f.mv[0] = ma, mv
            assert fires(f, 20) is None, (phase, ma, mv)
        f = facts(phase=phase)
        f.ma[0] = 4_251
        assert fires(f, 20) == "weld"


def scenario_a_current_in_an_open_circuit_is_a_leak_or_two_welds_by_its_size():
    """And not before the contacts are surely open; of two welded relays not before 2 s."""
    for mv in (340_000, 50_000, 5_000):
        for phase, name in ((MOVING, None), (OFF, None), (LONG_OFF, "weld")):
            f = facts(phase=phase)
            f.mv[0], f.ma[0] = mv, max(400, mv // 32)
            f.short_min_ma[0] = 20_000  # a voltage that low is named a short
            assert fires(f, 20) == name, (mv, phase)
    for phase in (OFF, LONG_OFF):
        f = facts(phase=phase)
        f.mv[0], f.ma[0] = 340_000, 800
        assert fires(f, 20) == "leakage"


def scenario_what_was_faster_than_the_loop_names_itself():
    """Its relays are down, its line may be, too: that is no fault line."""
    f, judge = facts(), Judge()
    f.peak_ma[0], f.dropped[0], f.line_whole[0] = 13_000, True, False
    assert judge.look(f)
    assert (TRIGGERS[judge.row.trigger], judge.value, judge.limit) == ("over_current", 13_000, 11_000)
    f.peak_ma[0], f.adc_stopped = 0, 1
    assert fires(f) == "adc_stopped"


def scenario_no_rise_needs_its_energy():
    f, put_into, _allowed, broken, _row = case("no_rise")
    put_into(f, 0, broken)
    f.heating[0].wh = 1_999
    assert fires(f, 20) is None


def scenario_kinds():
    """Disarmed and open only a current is judged, after a trip only a fault may follow; all is seen to be broken."""
    f, judge = facts(phase=LONG_OFF), Judge()
    f.line_whole[0], f.ma[0], f.mv[0] = False, 800, 340_000
    for _ in range(10):
        fired = judge.look(f, TRIP_OPEN | FAULT_OPEN)
    assert fired
    assert TRIGGERS[judge.row.trigger] == "leakage"
    assert not judge.look(f, FAULT_OPEN)
    assert judge.broken
    f.ma[0] = 8_500
    for _ in range(10):
        fired = judge.look(f, FAULT_OPEN)
    assert fired
    assert TRIGGERS[judge.row.trigger] == "weld"
    assert not judge.look(f, 0)
    assert judge.look(f, TRIP)
    assert TRIGGERS[judge.row.trigger] == "fault_line"


def scenario_slow_rows_are_judged_ten_times_a_second():
    f, put_into, _allowed, broken, _row = case("sensor_stuck")
    put_into(f, 0, broken)
    judge = Judge()
    assert not judge.look(f)
    assert not judge.broken
    f.tick = True
    assert judge.look(f)
    assert not f.tick
    assert not judge.look(f)
    assert judge.broken  # until the next look says otherwise


def scenario_value_and_limit_are_those_that_were_compared():
    f, judge = facts(), Judge()
    f.mv[0] = 9_000
    for _ in range(3):
        judge.look(f)
    assert (judge.value, judge.limit) == (9_000, 108_800)
    assert SUBJECTS[judge.row.subjects[0]] == "voltage_1"
    assert SUBJECTS[judge.row.subjects[1]] == "voltage_2"


def scenario_no_short_below_its_least_current():
    f = facts()
    f.mv[0], f.ma[0] = 0, 300
    assert fires(f, 20) is None
    f.ma[0] = 301
    assert fires(f, 20) == "short"


def scenario_a_dropped_relay_is_permit_or_fault_line():
    f = facts()
    f.dropped[0] = True
    assert fires(f) == "fault_line"  # in time, so it was no permit
    f.gap_us = limits.PERMIT_US
    assert fires(f) == "permit"
    f.line_whole[0] = False
    assert fires(f) == "fault_line"  # named first, whatever else


def scenario_a_broken_sensor_is_no_temperature():
    for counts, name in ((4_095, "sensor_open"), (0, "sensor_short")):
        f = facts()
        f.temperature_counts[0], f.m_degf[0] = counts, 900_000
        assert fires(f, 20) == name


def scenario_limits_py_is_the_ceiling_whatever_was_sent():
    f = Facts()
    f.set_limits(0, [1, True, 1_000_000, 100_000, 300_000, 100_000, 999, 1000, 1_000_000, 1_000_000, 999, 100_000,
                     100_000, 100_000, 86_400, 100_000, True, True])  # fmt: skip
    assert f.current_limit_ma[0] == limits.MAX_CURRENT_MA
    assert f.temperature_limit_m_degf[0] == limits.MAX_TEMPERATURE_M_DEGF
    assert f.short_min_ma[0] == limits.MAX_SHORT_MIN_MA
    assert f.voltage_limit_mv[0] == limits.MAX_VOLTAGE_MV
    assert f.voltage_min_mv[0] == limits.MAX_VOLTAGE_MIN_MV
    assert (f.low_deci_ohm[0], f.deci_ohm[0], f.high_deci_ohm[0]) == (2_500, 5_000, 7_500)
    assert (f.leak_ma[0], f.stuck_ms[0]) == (limits.MAX_LEAK_MA, 3_600_000)
    assert (f.no_rise_wh[0], f.no_rise_m_degf[0]) == (limits.MAX_NO_RISE_WH, limits.MAX_NO_RISE_M_DEGF)
    assert f.rate[0] == limits.MAX_RATE_M_DEGF_PER_S


def scenario_short_is_rounded_towards_tripping():
    f = Facts()
    f.set_limits(0, [1, True, 5_001, 11_000, 160_000, 300, 800, 50] + list(FURTHER))
    assert f.short_deci_ohm[0] == 11  # 1.0002 Ω


def scenario_every_trigger_has_its_row():
    named = [TRIGGERS[row.trigger] for row in ROWS] + list(RAISED)
    for name in TRIGGERS[1:]:
        assert name in named or name in OF_THE_PROGRAM, name
    for row in ROWS:
        assert row.n >= 1


# -- the state machine ------------------------------------------------------------------------------------------

COURSE = ("start", "pass", "arm", "disarm", "arm", "trip", "reset", "arm", "fault", "reset")


def scenario_states_are_those_of_the_table():
    assert [BOARD_STATES[s] for s in (BOOT, SELFTEST, DISARMED, ARMED, TRIPPED, FAULT)] == list(BOARD_STATES)


def scenario_the_usual_course():
    machine = Machine()
    seen = []
    for move in COURSE:
        assert machine.move(move), move
        seen.append(BOARD_STATES[machine.state])
    assert " ".join(seen) == "selftest disarmed armed disarmed armed tripped disarmed armed fault disarmed"


def reaches(state):
    machine = Machine()
    machine.state = state
    return {move: machine.state for move in MOVES if _try(machine, state, move)}


def _try(machine, state, move):
    machine.state = state
    return machine.move(move)


def scenario_every_move_from_every_state():
    assert reaches(BOOT) == {"start": SELFTEST, "fault": FAULT}
    assert reaches(SELFTEST) == {"pass": DISARMED, "trip": TRIPPED, "fault": FAULT}
    assert reaches(DISARMED) == {"arm": ARMED, "trip": TRIPPED, "fault": FAULT}
    assert reaches(ARMED) == {"disarm": DISARMED, "trip": TRIPPED, "fault": FAULT}
    assert reaches(TRIPPED) == {"reset": DISARMED, "fault": FAULT}  # the first cause stays
    assert reaches(FAULT) == {"reset": DISARMED}


def scenario_a_forbidden_move_changes_nothing():
    machine = Machine()
    assert not machine.move("arm")
    assert machine.state == BOOT
    assert machine.within(ANY)
    assert machine.within(1 << BOOT)
    assert not machine.within(1 << ARMED)


def scenario_too_many_trips():
    history = History()
    for now_s, too_many in ((0, False), (100, False), (200, False), (600, True), (700, True), (1301, False)):
        assert history.add(0, now_s) == too_many, now_s
    assert not history.add(1, 1302)  # of the other circuit
    long = History()
    day_14_s = 14 * 86400
    assert [long.add(0, day_14_s + s) for s in (0, 200, 400, 601)] == [False, False, False, False]
