"""The judges: does this circuit, or the board, break this rule now? One function a trigger. Pure, without allocation.

Each leaves what it compared in facts.value and facts.limit. Nothing is divided unless a rule is broken; compared
are products, mA × tenths of an ohm against tenths of a mV, all below 2^30.
"""

import board
import limits
import micropython
from relays import MOVING, ON

# -- all at once ------------------------------------------------------------------------------------------------


@micropython.native
def board_is_calm(facts):
    """Whether none of the board's own rules is broken."""
    return not (
        facts.adc_stopped
        or facts.adc_slipped
        or facts.reference_mv < _LEAST_REFERENCE_MV
        or facts.reference_mv > _GREATEST_REFERENCE_MV
    )


@micropython.native
def is_calm(facts, c):
    """Whether none of the rules that are judged in every pass is broken by circuit c.

    False may also mean that one nearly is: then they are asked one by one. A test holds the two against each other.
    """
    ma, mv, counts = facts.ma[c], facts.mv[c], facts.temperature_counts[c]
    if facts.peak_ma[c] or facts.dropped[c] or not facts.line_whole[c]:
        return False
    if counts <= limits.SENSOR_SHORT_COUNTS or counts >= limits.SENSOR_OPEN_COUNTS:
        return False
    if ma > facts.current_limit_ma[c] or mv > facts.voltage_limit_mv[c]:
        return False
    if facts.m_degf[c] > facts.temperature_limit_m_degf[c] or facts.current_counts[c] < facts.dead_counts[c]:
        return False
    deci_mv = 10 * mv
    if ma > facts.short_min_ma[c] and deci_mv < facts.short_deci_ohm[c] * ma:
        return False
    phase = facts.phase[c]
    if phase == ON:
        if mv <= facts.voltage_min_mv[c]:
            return True
        return ma * facts.high_deci_ohm[c] >= deci_mv and ma * facts.low_deci_ohm[c] <= deci_mv
    return phase == MOVING or ma <= facts.leak_ma[c]


# -- the board's own parts --------------------------------------------------------------------------------------

_LEAST_REFERENCE_MV = board.REFERENCE_MV * (1000 - limits.REFERENCE_PERMILLE) // 1000
_GREATEST_REFERENCE_MV = board.REFERENCE_MV * (1000 + limits.REFERENCE_PERMILLE) // 1000


def peak_current(facts, c):
    """It was faster than the loop: the circuit is open already."""
    facts.value, facts.limit = facts.peak_ma[c], facts.current_limit_ma[c]
    return facts.value > 0


def adc_stopped(facts, _c):
    facts.value, facts.limit = facts.adc_stopped, 0
    return facts.value > 0


def adc_slot(facts, _c):
    facts.value, facts.limit = facts.adc_slipped, 0
    return facts.value > 0


def reference(facts, _c):
    facts.value = facts.reference_mv
    facts.limit = _LEAST_REFERENCE_MV if facts.value < board.REFERENCE_MV else _GREATEST_REFERENCE_MV
    return not _LEAST_REFERENCE_MV <= facts.value <= _GREATEST_REFERENCE_MV


def fault_line(facts, c):
    """Down now, or down so shortly that only the interlock saw it: it latched although the permits came in time."""
    facts.value, facts.limit = 0, 1
    return not facts.line_whole[c] or (facts.dropped[c] and facts.gap_us < limits.PERMIT_US)


def permit(facts, c):
    facts.value, facts.limit = facts.gap_us // 1000, limits.PERMIT_US // 1000
    return facts.dropped[c] and facts.gap_us >= limits.PERMIT_US


# -- sensors ----------------------------------------------------------------------------------------------------


def sensor_open(facts, c):
    facts.value, facts.limit = facts.temperature_counts[c], limits.SENSOR_OPEN_COUNTS
    return facts.value >= facts.limit


def sensor_short(facts, c):
    facts.value, facts.limit = facts.temperature_counts[c], limits.SENSOR_SHORT_COUNTS
    return facts.value <= facts.limit


def sensor_dead(facts, c):
    """A current sensor gives a good part of a volt at no current; far below that it is dead or its wire is broken."""
    facts.value, facts.limit = facts.current_counts[c], facts.dead_counts[c]
    return facts.value < facts.limit


def sensor_stuck(facts, c):
    facts.value, facts.limit = facts.heating[c].stuck_ms, facts.stuck_ms[c]
    return facts.value >= facts.limit


def sensor_rate(facts, c):
    facts.value, facts.limit = facts.heating[c].rate, facts.rate[c]
    return facts.value > facts.limit


# -- current, voltage, temperature ------------------------------------------------------------------------------


def over_current(facts, c):
    facts.value, facts.limit = facts.ma[c], facts.current_limit_ma[c]
    return facts.value > facts.limit


def over_voltage(facts, c):
    facts.value, facts.limit = facts.mv[c], facts.voltage_limit_mv[c]
    return facts.value > facts.limit


def short(facts, c):
    """PV current is limited: a dead short shows as a collapsed voltage. V < R(1 − tolerance)·I, with no gate on V."""
    ma = facts.ma[c]
    if ma <= facts.short_min_ma[c]:
        return False
    facts.value, facts.limit = facts.mv[c], facts.short_deci_ohm[c] * ma // 10
    return facts.value < facts.limit


def over_temperature(facts, c):
    """Not judged on a broken sensor, which is a trip of its own name."""
    if not limits.SENSOR_SHORT_COUNTS < facts.temperature_counts[c] < limits.SENSOR_OPEN_COUNTS:
        return False
    facts.value, facts.limit = facts.m_degf[c], facts.temperature_limit_m_degf[c]
    return facts.value > facts.limit


# -- the element: closed and settled ----------------------------------------------------------------------------


def element_open(facts, c):
    """Hardly a quarter of the current that the element would take. A dead current sensor is a trip of its own name."""
    mv, ma = facts.mv[c], facts.ma[c]
    if mv <= facts.voltage_min_mv[c] or not facts.watch_impedance[c] or sensor_dead(facts, c):
        return False
    if ma * facts.deci_ohm[c] >= mv * 10 >> 2:
        return False
    facts.value, facts.limit = ma, (mv * 10 >> 2) // facts.deci_ohm[c]
    return True


def element_drift(facts, c):
    """I outside V / (R(1 ± tolerance)), but not as far as an open element."""
    mv, ma = facts.mv[c], facts.ma[c]
    if mv <= facts.voltage_min_mv[c] or not facts.watch_impedance[c] or ma * facts.deci_ohm[c] < mv * 10 >> 2:
        return False
    if ma * facts.high_deci_ohm[c] < mv * 10:
        facts.value, facts.limit = ma, mv * 10 // facts.high_deci_ohm[c]
        return True
    if ma * facts.low_deci_ohm[c] > mv * 10:
        facts.value, facts.limit = ma, mv * 10 // facts.low_deci_ohm[c]
        return True
    return False


def no_rise(facts, c):
    """Energy went in and the temperature did not move: a detached sensor, or a dry tank. Value: how far it moved."""
    heating = facts.heating[c]
    facts.value, facts.limit = heating.moved(), facts.no_rise_m_degf[c]
    return heating.wh >= facts.no_rise_wh[c] and facts.value < facts.limit


# -- current where none may be ----------------------------------------------------------------------------------


def _flows(facts, c):
    """More than half of the element's own current: I·R > V/2. A closed loop takes all of it, a leak hardly."""
    return facts.ma[c] * facts.deci_ohm[c] > facts.mv[c] * 5


def leakage(facts, c):
    """Both relays off, and yet a current; but not the element's own, which is that of two welded relays."""
    facts.value, facts.limit = facts.ma[c], facts.leak_ma[c]
    return facts.value > facts.limit and facts.watch_leakage[c] and not _flows(facts, c)


def both_welded(facts, c):
    facts.value, facts.limit = facts.ma[c], facts.leak_ma[c]
    return facts.value > facts.limit and _flows(facts, c)


def welded(facts, c):
    """One relay is closed alone, and the element's current flows: the other is closed, too.

    With V above its minimum there can be no doubt: in a closed loop V is I·R, however dim the sun.
    """
    if facts.mv[c] <= facts.voltage_min_mv[c] or not _flows(facts, c):
        return False
    facts.value, facts.limit = facts.ma[c], facts.leak_ma[c]
    return facts.value > facts.limit
