"""The clocks: wall time may run fast or jump, monotonic time never does."""

import time

import pytest

from tankwarden.clock import Clock, ManualClock, SimulatedClock, SystemClock


def test_the_system_clock_is_the_machines() -> None:
    clock: Clock = SystemClock()
    before = time.time_ns() // 1_000_000, time.monotonic()
    wall_ms, mono = clock.wall_ms(), clock.mono()
    after = time.time_ns() // 1_000_000, time.monotonic()
    assert before[0] <= wall_ms <= after[0]
    assert before[1] <= mono <= after[1]
    assert clock.speed == 1.0


@pytest.mark.parametrize("speed", [0.5, 1.0, 240.0])
def test_simulated_wall_time_runs_at_its_speed_and_monotonic_time_does_not(speed: float) -> None:
    epoch_s = time.monotonic() - 100.0
    clock: Clock = SimulatedClock(1_763_760_000_000, epoch_s, speed)
    before = time.monotonic()
    wall_ms, mono = clock.wall_ms(), clock.mono()
    after = time.monotonic()
    assert (before - epoch_s) * speed * 1000 - 1 <= wall_ms - 1_763_760_000_000 <= (after - epoch_s) * speed * 1000 + 1
    assert before <= mono <= after


def test_two_simulated_clocks_of_one_epoch_agree() -> None:
    """The plant's process and the host's reckon the same wall time from the same two numbers."""
    here, there = (SimulatedClock(0, 50.0, 1000.0) for _ in range(2))
    first, other, last = here.wall_ms(), there.wall_ms(), here.wall_ms()
    assert first <= other <= last


def test_a_manual_clock_advances_and_jumps() -> None:
    clock = ManualClock(1000, 5.0, speed=10.0)
    clock.advance(2.0)
    assert (clock.wall_ms(), clock.mono()) == (21_000, 7.0)
    clock.jump(-3_600_000)
    assert (clock.wall_ms(), clock.mono()) == (-3_579_000, 7.0)


def test_monotonic_time_cannot_pass_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-0.1)
