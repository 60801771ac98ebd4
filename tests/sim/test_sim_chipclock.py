"""The simulated chip's clock: what the machine withholds from the simulation did not happen to the chip."""

from collections.abc import Iterator

import pytest

from tankwarden.sim.chipclock import GRACE_US, ChipClock
from tankwarden.sim.page import Page
from tankwarden.sim.wire import simwire

START_US = 5_000_000_000_000  # far beyond 32 bits, as after two months


class Machine:
    """Its CLOCK_MONOTONIC."""

    def __init__(self) -> None:
        self.us = START_US

    def read(self) -> int:
        return self.us


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page(1)
    yield page
    page.close()


@pytest.fixture
def clock(machine: Machine, page: Page) -> ChipClock:
    return ChipClock(page, machine.read)


def told(page: Page, machine: Machine) -> tuple[int, int]:
    """What a board reads in the page: (ms withheld, µs since the last tick)."""
    return page.read(simwire.W_WITHHELD)[0], (machine.us - page.read(simwire.W_TICK)[0]) & simwire.TICK_MASK


def test_it_is_the_machines_clock_while_ticks_come_in_time(clock: ChipClock, machine: Machine, page: Page) -> None:
    for _ in range(1000):
        machine.us += GRACE_US
        assert clock.tick() == machine.us
    assert told(page, machine) == (0, 0)
    assert clock.stalls_ns() == []


def test_it_stands_still_with_the_simulation(clock: ChipClock, machine: Machine, page: Page) -> None:
    machine.us += 80_000
    assert clock.now_us() == START_US + GRACE_US, "ahead of what the next tick will say"
    assert clock.tick() == START_US + GRACE_US
    assert told(page, machine) == (72, 0)
    machine.us += 3_000
    assert clock.now_us() == START_US + GRACE_US + 3_000


def test_it_stands_still_with_a_starved_board(clock: ChipClock, machine: Machine) -> None:
    for _ in range(20):
        machine.us += 4_000
        assert clock.tick(starved=True) == START_US
    machine.us += 4_000
    assert clock.tick() == START_US + 4_000


def test_it_never_runs_back_at_a_tick(clock: ChipClock, machine: Machine) -> None:
    before = clock.tick()
    for step_us in (4_000, 8_001, 8_999, 9_000, 50_500, 3_999, 400_123, 4_000):
        for starved in (False, True):
            machine.us += step_us
            now = clock.tick(starved)
            assert before <= now <= machine.us
            before = now


def test_an_instant_of_the_chips_has_its_time_on_the_machines_clock(clock: ChipClock, machine: Machine) -> None:
    machine.us += 4_000
    early_us = clock.tick()
    machine.us += 108_000
    late_us = clock.tick()
    assert clock.monotonic_us(early_us) == START_US + 4_000
    assert clock.monotonic_us(late_us) == START_US + 112_000
    assert clock.monotonic_us(late_us - GRACE_US) == START_US + 4_000, "just before it stood still"
    assert clock.stalls_ns() == [(1000 * (START_US + 12_000), 1000 * (START_US + 112_000))]
