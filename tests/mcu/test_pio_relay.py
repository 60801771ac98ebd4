"""The relay program, cycle by cycle: the very words that mcu/interlock.py loads, in rp2040-pio-emulator."""

import interlock
import pio_relay
import pytest

from .relay_emulator import ARM, LATCH, EmulatedRelay

WORDS = interlock.relay_program[0]
FIRST_PERMIT_CYCLES = 4  # from a permit in the FIFO to the pin: pull, out, jmp, then side 1
ALL_ONES = 0xFFFFFFFF


def armed(line: bool = True) -> EmulatedRelay:
    return EmulatedRelay(WORDS, line).step(8).arm()


def running(permit: int = 1000, phase: int = 0) -> EmulatedRelay:
    return armed().put(permit).step(FIRST_PERMIT_CYCLES + phase)


def test_the_model_of_the_simulation_stands_for_this_program() -> None:
    execctrl = interlock.relay_program[4]
    assert tuple(WORDS) == pio_relay.PROGRAM
    assert (execctrl >> 12 & 31, execctrl >> 7 & 31) == (pio_relay.WRAP_TOP, pio_relay.WRAP_TARGET)
    assert execctrl >> 30 & 1 == 0  # every instruction says where the pin is: no side-set is optional


def test_a_started_machine_goes_into_the_latch_and_stays_low() -> None:
    relay = EmulatedRelay(WORDS)
    assert relay.step_until(lambda r: r.state.program_counter == LATCH, 2) == 2
    relay.step(1000)
    assert (relay.latched, relay.edges, relay.steps) == (True, [], 1002)


def test_a_latched_machine_ignores_permits() -> None:
    relay = EmulatedRelay(WORDS).step(8).put(1000).put(ALL_ONES).step(1000)
    assert (relay.latched, relay.edges, relay.steps) == (True, [], 1008)


def test_an_armed_machine_waits_low_for_its_first_permit() -> None:
    relay = armed().step(1000)
    assert (relay.state.program_counter, relay.edges) == (ARM, [])


@pytest.mark.parametrize("permit", [*range(12), 100, 3125])
def test_a_permit_of_n_lasts_4n_plus_1_cycles(permit: int) -> None:
    relay = armed()
    put_at = relay.steps
    relay.put(permit).step(FIRST_PERMIT_CYCLES + 4 * permit + 20)
    assert relay.edges == [(put_at + FIRST_PERMIT_CYCLES, 1), (put_at + FIRST_PERMIT_CYCLES + 4 * permit + 1, 0)]
    assert relay.latched
    assert relay.steps == put_at + FIRST_PERMIT_CYCLES + 4 * permit + 20


def test_a_renewed_permit_counts_from_its_arrival() -> None:
    for phase in range(8):
        relay = running(permit=50, phase=phase)
        put_at = relay.steps
        relay.put(100).step(600)
        (_, _), (fell, level) = relay.edges
        assert level == 0
        # pulled within a round of the loop, then out and jmp before the count goes on
        assert 4 * 100 + 1 + 3 <= fell - put_at <= 4 * 100 + 1 + 3 + 4


def test_a_shorter_permit_shortens() -> None:
    relay = running(permit=1000)
    put_at = relay.steps
    relay.put(10).step(100)
    assert relay.latched
    assert relay.edges[-1][0] - put_at <= 4 * 10 + 1 + 7


def test_any_word_is_capped_at_22_bits() -> None:
    relay = armed().put(ALL_ONES).step(FIRST_PERMIT_CYCLES - 1)
    assert relay.state.x_register == (1 << 22) - 1
    cap_ms = (4 * relay.state.x_register + 1) / 125_000
    assert cap_ms == pytest.approx(134.2, abs=0.05)
    # The way there is the loop of the shorter permits above; here its end, from a count of 3.
    relay.step().with_x(3).step(40)
    assert relay.latched
    assert relay.level == 0


def test_the_cap_holds_for_renewals_too() -> None:
    for phase in range(4):
        relay = running(phase=phase).put(ALL_ONES).step(8)
        assert relay.level == 1
        assert (1 << 22) - 4 < relay.state.x_register < 1 << 22


def test_a_permit_of_0_drops_a_running_relay() -> None:
    for phase in range(8):
        relay = running(phase=phase)
        put_at = relay.steps
        relay.put(0).step(20)
        assert relay.latched
        assert relay.edges[-1][0] - put_at <= 8


def test_a_permit_of_0_would_pulse_a_waiting_relay() -> None:
    """Why Interlock.permit(relay, 0) jumps to `trip` instead."""
    relay = armed().put(0).step(20)
    assert relay.latched
    assert relay.edges[1][0] - relay.edges[0][0] == 1


def test_a_jump_to_trip_drops_in_one_cycle_from_anywhere() -> None:
    for phase in range(8):
        relay = running(phase=phase)
        at = relay.steps
        relay.drop().step(20)
        assert relay.latched
        assert relay.edges[-1] == (at + 1, 0)
    waiting = armed().drop().step(20)
    assert (waiting.latched, waiting.edges) == (True, [])


def test_a_fault_drops_the_pin_within_5_cycles() -> None:
    """The input synchroniser adds two more on the chip."""
    cycles = []
    for phase in range(8):
        relay = running(phase=phase)
        relay.line = False
        cycles.append(relay.step_until(lambda r: r.level == 0, 5))
        assert relay.step(20).latched
    assert max(cycles) <= 5
    assert min(cycles) >= 1


def test_a_dip_of_4_cycles_always_latches_and_a_mended_line_does_not_release() -> None:
    for phase in range(8):
        relay = running(phase=phase)
        relay.line = False
        relay.step(4)
        relay.line = True
        relay.put(1000).step(100)
        assert relay.latched
        assert relay.level == 0


def test_arming_into_a_standing_fault_never_raises_the_pin() -> None:
    relay = armed(line=False).put(1000).step(100)
    assert (relay.latched, relay.edges) == (True, [])


def test_rearming_forgets_old_permits_and_works_again() -> None:
    relay = running(permit=2).step(100).put(1000).put(1000)
    edges = len(relay.edges)
    relay.arm().step(100)
    assert (relay.latched, relay.level, len(relay.edges)) == (False, 0, edges)
    relay.put(1000).step(FIRST_PERMIT_CYCLES)
    assert relay.level == 1


def test_arming_a_running_relay_drops_it_until_the_next_permit() -> None:
    relay = running()
    at = relay.steps
    relay.arm().step(50)
    assert relay.edges[-1] == (at + 1, 0)


def test_what_is_left_in_the_fifo_tells_why() -> None:
    ran_out = running(permit=5).step(100)
    assert list(ran_out.state.receive_fifo) == [ALL_ONES]
    faulted = running(permit=500)
    faulted.line = False
    (left,) = faulted.step(20).state.receive_fifo
    assert 490 < left <= 500
