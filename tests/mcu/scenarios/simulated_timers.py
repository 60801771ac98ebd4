"""Hard and soft timers of the simulated board behave as on the chip, traps included.

What the chip answers was tried with MicroPython 1.26.1 on an emulated RP2040.
"""

import sys
import time

import machine
import simboard
from simulated_chip import powered, raised

MICROPYTHON = sys.implementation.name == "micropython"
START_US = 1_000_000


class Ticks:
    """A callback that counts, and notes when it was first and last called."""

    def __init__(self):
        self.n = self.first_us = self.last_us = 0

    def __call__(self, _timer):
        self.last_us = time.ticks_us()
        if not self.n:
            self.first_us = self.last_us
        self.n += 1


def scenario_a_hard_timer_ticks_at_its_instants_while_the_program_waits():
    powered(start_us=START_US)
    ticks = Ticks()
    machine.Timer(-1, freq=2000, hard=True, callback=ticks)
    time.sleep_us(499)
    assert ticks.n == 0
    time.sleep_us(1)
    assert (ticks.n, ticks.first_us) == (1, 1_000_500)
    time.sleep_ms(5)
    assert (ticks.n, ticks.last_us) == (11, 1_005_500)


def scenario_ticks_missed_are_made_up_back_to_back():
    backend = powered(start_us=START_US)
    ticks = Ticks()
    machine.Timer(freq=2000, hard=True, callback=ticks)
    backend.advance(52_500)
    assert ticks.n == 0
    time.sleep_us(0)
    time.ticks_us()
    assert (ticks.n, ticks.first_us, ticks.last_us) == (105, 1_052_500, 1_052_500)
    time.sleep_us(500)
    assert ticks.n == 106


def scenario_disabled_interrupts_come_late():
    powered(start_us=START_US)
    ticks = Ticks()
    machine.Timer(period=1, hard=True, callback=ticks)
    state = machine.disable_irq()
    inner = machine.disable_irq()
    time.sleep_ms(10)
    machine.enable_irq(inner)
    assert ticks.n == 0
    machine.enable_irq(state)
    assert ticks.n == 10


def scenario_a_hard_handler_that_allocates_fails_and_its_timer_ends():
    """On the chip: "uncaught exception in timer callback", and the timer never ticks again."""
    backend = powered(start_us=START_US)
    calls = bytearray(1)

    def allocates(timer):
        calls[0] += 1
        return [0] * 50

    def fails(timer):
        calls[0] += 1
        raise ValueError("from the handler")

    machine.Timer(freq=100, hard=True, callback=allocates)
    time.sleep_ms(100)
    assert calls[0] == (1 if MICROPYTHON else 10)  # CPython has no heap to lock
    assert backend.interrupts.failed == (1 if MICROPYTHON else 0)
    powered(start_us=START_US)
    calls[0] = 0
    timer = machine.Timer(freq=100, hard=True, callback=fails)
    time.sleep_ms(100)
    assert calls[0] == 1
    assert simboard.board().interrupts.failed == 1
    timer.init(freq=100, hard=True, callback=fails)
    time.sleep_ms(10)
    assert calls[0] == 2


def scenario_a_soft_timer_is_late_loses_ticks_and_outlives_its_exceptions():
    """Up to 11.5 ms were measured, and the scheduler has room for 8."""
    backend = powered(start_us=START_US)
    ticks = Ticks()
    timer = machine.Timer(period=20, callback=ticks)
    time.sleep_ms(31)
    assert ticks.n == 0
    time.sleep_ms(1)
    assert (ticks.n, ticks.first_us) == (1, 1_031_500)
    timer.deinit()
    ticks.n = 0
    timer.init(freq=2000, callback=ticks)
    backend.advance(60_000)
    time.ticks_us()
    assert ticks.n == 8
    timer.deinit()
    calls = bytearray(1)

    def fails(timer):
        calls[0] += 1
        raise ValueError("from the handler")

    timer.init(period=5, callback=fails)
    time.sleep_ms(31)
    assert calls[0] == 3


def scenario_a_one_shot_ticks_once_and_deinit_stops():
    powered(start_us=START_US)
    ticks = Ticks()
    machine.Timer(mode=machine.Timer.ONE_SHOT, period=3, hard=True, callback=ticks)
    time.sleep_ms(20)
    assert ticks.n == 1
    timer = machine.Timer(period=3, hard=True, callback=ticks)
    time.sleep_ms(3)
    timer.deinit()
    time.sleep_ms(20)
    assert ticks.n == 2


def scenario_timers_take_the_chips_arguments():
    powered(start_us=START_US)
    assert raised(ValueError, "Timer doesn't exist", machine.Timer, 3)
    assert raised(TypeError, "", machine.Timer, tempo=1)
    assert raised(NotImplementedError, "whole time", machine.Timer, freq=1_000_000, hard=True)
    assert repr(machine.Timer(freq=2000, hard=True)) == "Timer(mode=PERIODIC, tick_hz=1000000, period=500)"
