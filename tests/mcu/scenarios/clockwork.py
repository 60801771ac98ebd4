"""The clock past its wraps, and what hangs on it: periods, rates."""

from clock import FAR_US, Clock, Every
from commands import Window

WRAP = 1 << 30
DAY_14_S = 14 * 86400


def scenario_uptime_over_many_wraps_of_the_ticks():
    clock = Clock(WRAP - 5)
    ticks, total_us = WRAP - 5, 0
    for step_us in (1, 999_999, 4_999, 1_000_000, WRAP - 1, 3, WRAP // 2, 500_000_001) * 40:
        ticks = (ticks + step_us) % WRAP
        total_us += step_us
        clock.advance(ticks)
        assert (clock.s, clock.us) == (total_us // 1_000_000, total_us % 1_000_000)
    assert clock.s > 80_000


def scenario_ticks_of_a_port_that_wraps_later():
    """The unix port's ticks are 2^62 long: only their low bits are looked at."""
    clock = Clock((1 << 40) + 7)
    clock.advance((1 << 40) + 1_500_007)
    assert (clock.s, clock.us, clock.ms_part()) == (1, 500_000, 500)


def scenario_differences_are_clamped():
    clock = Clock(0)
    clock.s, clock.us = DAY_14_S, 250_000
    assert clock.until_us(DAY_14_S + 2, 0) == 1_750_000
    assert clock.until_us(DAY_14_S - 1, 999_999) == -250_001
    assert clock.since_us(DAY_14_S - 1, 999_999) == 250_001
    assert clock.until_us(WRAP - 1, 999_999) == FAR_US
    assert clock.until_us(0, 0) == -FAR_US
    assert clock.until_us(DAY_14_S + 500, 999_999) < WRAP


def advance(clock, us):
    clock.advance((clock._last + us) % WRAP)


def scenario_a_period_keeps_step():
    clock = Clock(0)
    every = Every(clock, 100)
    due = 0
    for _ in range(2000):  # passes of 5.3 ms: 10.6 s
        advance(clock, 5_300)
        due += every.due(clock)
    assert due == 106


def scenario_a_period_does_not_catch_up():
    clock = Clock(0)
    every = Every(clock, 1000)
    advance(clock, 7_500_000)
    assert every.due(clock)
    assert not every.due(clock)
    advance(clock, 999_999)
    assert not every.due(clock)
    advance(clock, 1)
    assert every.due(clock)


def scenario_a_window_admits_so_many_a_second():
    clock, window = Clock(0), Window(3)
    clock.s = DAY_14_S
    assert [window.admit(clock) for _ in range(5)] == [True, True, True, False, False]
    advance(clock, 999_999)
    assert not window.admit(clock)
    advance(clock, 1)
    assert [window.admit(clock) for _ in range(4)] == [True, True, True, False]
