"""The trigger table and the state machine, without a board: each judge at its very limit, N in a row, whose turn."""

import limits
from trips import (
    ANY,
    ARMED,
    BOOT,
    DISARMED,
    FAULT,
    MOVES,
    RAISED,
    ROWS,
    SELFTEST,
    TRIPPED,
    Facts,
    History,
    Judge,
    Machine,
)  # fmt: skip

from tanklink.messages import BOARD_STATES, SUBJECTS, TRIGGERS

RESISTANCE_MOHM, TOLERANCE = 32_000, 600


def facts(circuit=0):
    """A circuit that heats, and another that is not enabled and in which everything is wrong."""
    f = Facts()
    f.set_limits(circuit, [circuit + 1, True, RESISTANCE_MOHM, 11_000, 160_000, 300, TOLERANCE, 50])
    other = 1 - circuit
    f.set_limits(other, [other + 1, False, 0, 0, 0, 0, 0, 0])
    f.ma[circuit], f.mv[circuit], f.m_degf[circuit], f.temperature_counts[circuit] = 8_500, 272_000, 105_000, 2_000
    f.ma[other], f.mv[other], f.m_degf[other], f.temperature_counts[other] = 20_000, 0, 250_000, 4_095
    f.line_whole[other], f.dropped[other] = False, True
    f.gap_us = 5_000
    return f


def fires(f, passes=1):
    """Name of the row that fires within so many passes, or None."""
    judge = Judge()
    for _ in range(passes):
        if judge.look(f):
            return judge.row.name
    return None


def scenario_all_is_well():
    judge, f = Judge(), facts()
    for _ in range(20):
        assert not judge.look(f)
        assert not judge.broken


# what is set: (list of Facts, just allowed, just broken)
LIMITS = {
    "over_current": ("ma", 11_000, 11_001),
    "over_temperature": ("m_degf", 160_000, 160_001),
    "sensor_open": ("temperature_counts", limits.SENSOR_OPEN_COUNTS - 1, limits.SENSOR_OPEN_COUNTS),
    "sensor_short": ("temperature_counts", limits.SENSOR_SHORT_COUNTS + 1, limits.SENSOR_SHORT_COUNTS),
    "short": ("mv", 108_800, 108_799),  # 40 % of 32 Ω × 8.5 A
    "fault_line": ("line_whole", True, False),
}


def scenario_each_limit_to_the_last_unit():
    for circuit in (0, 1):
        for name, (what, allowed, broken) in LIMITS.items():
            f = facts(circuit)
            if name == "over_current":
                f.mv[circuit] = 352_000
            getattr(f, what)[circuit] = allowed
            assert fires(f, 20) is None, name
            getattr(f, what)[circuit] = broken
            assert fires(f, 20) == name, name


def scenario_n_in_a_row():
    for row in ROWS:
        if row.name not in LIMITS:
            continue
        what, allowed, broken = LIMITS[row.name]
        f, judge = facts(), Judge()
        if row.name == "over_current":
            f.mv[0] = 352_000
        values = getattr(f, what)
        for _ in range(3):  # one pass short of it, again and again
            values[0] = broken
            for _ in range(row.n - 1):
                assert not judge.look(f), row.name
                assert judge.broken
            values[0] = allowed
            assert not judge.look(f)
            assert not judge.broken
        values[0] = broken
        for i in range(row.n):
            assert judge.look(f) == (i == row.n - 1), row.name
        assert (judge.row.name, judge.circuit) == (row.name, 0)


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
    f.set_limits(0, [1, True, 1_000_000, 100_000, 300_000, 100_000, 999, 1000])
    assert f.current_limit_ma[0] == limits.MAX_CURRENT_MA
    assert f.temperature_limit_m_degf[0] == limits.MAX_TEMPERATURE_M_DEGF
    assert f.short_min_ma[0] == limits.MAX_SHORT_MIN_MA


def scenario_short_is_rounded_towards_tripping():
    f = Facts()
    f.set_limits(0, [1, True, 5_001, 11_000, 160_000, 300, 800, 50])
    assert f.short_deci_ohm[0] == 11  # 1.0002 Ω


def scenario_every_trigger_has_its_row():
    named = [row.name for row in ROWS] + list(RAISED)
    assert sorted(named) == sorted(TRIGGERS[1:])
    for row in ROWS:
        assert TRIGGERS[row.trigger] == row.name
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
