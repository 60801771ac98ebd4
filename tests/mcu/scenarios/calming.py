"""The short cut of the judge: what it takes for calm breaks no rule, and what it leaves out is not remembered."""

import random

import judges
import limits
from facts import Facts
from relays import BREAKER_ALONE, MOVING
from trips import ROWS, TRIP, Judge

MANY = 4000


def near(chance, *edges):
    """At one of these, or beside it, or far from it."""
    edge = edges[chance.randrange(len(edges))]
    return edge + (-1, 0, 1, -17, 17, -700, 700)[chance.randrange(7)]


def some_facts(chance):
    """A circuit with any limits that may be configured, and readings at its edges."""
    f = Facts()
    resistance = chance.choice((5_000, 5_100, 32_000, 500_000))
    tolerance = chance.choice((50, 300, 500))
    f.set_limits(0, [
        1, True, resistance, chance.choice((1, 11_000, 15_000)), chance.choice((1, 160_000, 185_000)),
        chance.choice((1, 300, 2_000)), chance.choice((0, 600, 800)), 50,
        chance.choice((1, 450_000, 480_000)), chance.choice((5_000, 60_000, 150_000)), tolerance,
        chance.choice((50, 300, 1_000)), 1000, 1000, 900, 2000,
        chance.choice((True, False)), chance.choice((True, False)),
    ])  # fmt: skip
    f.dead_counts[0] = chance.choice((50, 186))
    mv = near(chance, 0, f.voltage_min_mv[0], f.voltage_limit_mv[0], 272_000)
    ohm = chance.choice((f.short_deci_ohm[0], f.deci_ohm[0], 4 * f.deci_ohm[0], f.low_deci_ohm[0], f.high_deci_ohm[0]))
    f.mv[0] = max(-2_000_000, min(mv, 2_000_000))
    f.ma[0] = near(chance, 0, f.leak_ma[0], f.short_min_ma[0], f.current_limit_ma[0], min(f.mv[0] * 10 // ohm, 99_000))
    f.m_degf[0] = near(chance, f.temperature_limit_m_degf[0], 105_000)
    f.temperature_counts[0] = near(chance, limits.SENSOR_SHORT_COUNTS, limits.SENSOR_OPEN_COUNTS, 2_000, 2_000)
    f.current_counts[0] = near(chance, f.dead_counts[0], 2_600)
    f.phase[0] = chance.randrange(MOVING, BREAKER_ALONE + 1)
    f.reference_mv = near(chance, 2_425, 2_575, 2_500, 2_500)
    f.line_whole[0] = chance.randrange(20) > 0
    f.dropped[0] = chance.randrange(20) == 0
    f.peak_ma[0] = 9_000 if chance.randrange(20) == 0 else 0
    f.adc_slipped = 2 if chance.randrange(20) == 0 else 0
    f.adc_stopped = 2 if chance.randrange(20) == 0 else 0
    f.gap_us = near(chance, 5_000, limits.PERMIT_US)
    return f


def broken_rules(f):
    """Of those that are judged in every pass, as the walk looks at them."""
    return [
        row.trigger for row in ROWS
        if not row.slow and row.phases >> f.phase[0] & 1 and row.judge(f, 0)
    ]  # fmt: skip


def scenario_calm_means_that_no_rule_is_broken():
    chance = random
    chance.seed(7)
    calm = broken = 0
    for _ in range(MANY):
        f = some_facts(chance)
        rules = broken_rules(f)
        is_calm = judges.board_is_calm(f) and judges.is_calm(f, 0)
        assert not (is_calm and rules), rules
        calm += bool(is_calm)
        broken += bool(rules)
    assert calm > MANY // 50, calm  # both ways were really gone
    assert broken > MANY // 5, broken


def heats(ma):
    f = Facts()
    f.set_limits(0, [1, True, 32_000, 11_000, 160_000, 300, 600, 50, 450_000, 60_000, 300, 300, 2000, 1000, 900, 2000,
                     True, True])  # fmt: skip
    f.ma[0], f.mv[0], f.m_degf[0], f.temperature_counts[0], f.current_counts[0] = ma, 352_000, 105_000, 2_000, 2616
    f.phase[0] = MOVING
    return f


def scenario_what_was_broken_counts_until_it_is_forgotten():
    """Three of three, with calm passes in between: none of them may keep an old one alive."""
    judge = Judge()
    for ma in (12_000, 12_000, 8_000, 12_000, 12_000, 8_000, 8_000, 8_000, 8_000, 8_000, 8_000, 12_000, 12_000):
        assert not judge.look(heats(ma), TRIP)
        assert judge.broken == (ma == 12_000)
    assert judge.look(heats(12_000), TRIP)


def scenario_all_is_calm_where_the_circuit_heats():
    f = heats(11_000)
    assert judges.is_calm(f, 0)
    assert judges.board_is_calm(f)
