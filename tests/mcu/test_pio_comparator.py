"""The comparator program, cycle by cycle: the very words that mcu/comparator.py loads, in rp2040-pio-emulator."""

import comparator
import limits
import pytest

from .comparator_emulator import FIFO_DEPTH, MOV_X_STATUS_15, EmulatedComparator

WORDS = comparator.comparator_program[0]
EXECCTRL, SHIFTCTRL = comparator.comparator_program[4:6]
WRAP = (EXECCTRL >> 7 & 31, EXECCTRL >> 12 & 31)
PERIOD = 625  # cycles between two samples at 200,000 a second
TRIPS_AT = 128 * (limits.COARSE_STEPS + 1)
QUIET = 372
ROUND, FOUND = 48, 32  # of the wait: it looks once a round, and a look that finds a sample takes so long
JUDGED = 4 + 3 * (limits.COARSE_STEPS + 1) + 1  # pull, out, out, set; the steps; set
WAIT = 2  # the instruction that looks for a sample


def started() -> EmulatedComparator:
    return EmulatedComparator(WORDS, WRAP)


def fed(samples: list[int], period: int = PERIOD) -> EmulatedComparator:
    """After the last of these samples was judged."""
    machine = started()
    last = machine.feed(samples, period)
    return machine.run_to(last + 300)


def test_the_words_that_the_simulation_models() -> None:
    assert [f"{word:04x}" for word in WORDS] == [
        "e080", "e05f", "af25", "0f27", "0f82", "e083", "0005", "80a0", "6067", "6025", "e05c", "0021", "004d", "008b",
        "e083",
    ]  # fmt: skip
    assert WRAP == (14, 14)
    assert SHIFTCTRL == 1 << 19  # out to the right; nothing pulled or pushed by itself


def test_the_instruction_that_is_modelled_here_is_the_only_one_of_its_kind() -> None:
    """MOV X, STATUS with a delay of 15: the emulator runs every other word."""
    assert [at for at, word in enumerate(WORDS) if word == MOV_X_STATUS_15] == [2]
    assert MOV_X_STATUS_15 == 0xA000 | 15 << 8 | 1 << 5 | 5
    assert not [word for word in WORDS if word >> 13 == 5 and word != MOV_X_STATUS_15]


def test_the_ceiling_is_the_limits_own() -> None:
    assert comparator.TRIPS_AT_COUNTS == TRIPS_AT == 3712
    assert WORDS[10] & 31 == limits.COARSE_STEPS


@pytest.mark.parametrize("sample", [0, 1, 127, 128, QUIET, 2048, TRIPS_AT - 129, TRIPS_AT - 128, TRIPS_AT - 1])
def test_a_sample_below_the_ceiling_passes(sample: int) -> None:
    machine = fed([sample] * 8)
    assert (machine.pulls, machine.dropped, len(machine.state.transmit_fifo)) == ([], 0, 0)
    machine.run_until(lambda m: m.state.program_counter == WAIT, 100)
    empty_rounds = machine.status_reads - 8  # of status, jmp and jmp; a round that finds a sample lacks the last
    samples = 8 * (1 + 2 + 4 + 3 * (sample // 128) + 1)  # set; status, jmp; pull, out, out, set; the steps; jmp
    assert machine.steps == 1 + 3 * empty_rounds + samples + 1  # the first release, the patience for the next one


@pytest.mark.parametrize("sample", [TRIPS_AT, TRIPS_AT + 1, 4094, 4095])
def test_a_sample_at_the_ceiling_pulls_both_lines(sample: int) -> None:
    machine = fed([QUIET, QUIET, sample, QUIET])
    ((at, pulled),) = machine.pulls
    assert pulled
    assert 2 * PERIOD + FOUND + JUDGED <= at <= 2 * PERIOD + ROUND + FOUND + JUDGED


def test_the_worst_answer_to_a_sample() -> None:
    """Whatever the phase of the wait: within 172 cycles, 1.38 µs, of the sample's arrival."""
    worst = 0
    for phase in range(0, 48, 3):
        machine = started()
        machine.feed([QUIET], PERIOD)
        at = machine.feed([4095], PERIOD, after=PERIOD + phase)
        machine.run_until(lambda m: m.pulling, 2 * PERIOD)
        worst = max(worst, machine.pulls[0][0] - at)
    assert 160 < worst <= ROUND + FOUND + JUDGED == 172


def test_every_sample_is_done_before_the_next_one_comes() -> None:
    """At 200,000 samples a second: the dearest one that passes takes less than a third of the time."""
    machine = fed([TRIPS_AT - 1] * 20)
    assert (machine.dropped, machine.pulls) == (0, [])
    fastest = fed([TRIPS_AT - 1] * 50, period=180)
    assert (fastest.dropped, fastest.pulls) == (0, [])


def test_it_holds_the_lines_whatever_comes_after() -> None:
    machine = fed([4095, *[QUIET] * 20])
    steps = machine.steps
    machine.run_to(machine.clock + 2_000)
    assert machine.pulling
    assert machine.steps == steps + 2_000  # one instruction, again and again
    assert machine.state.program_counter == comparator.OVER_AT
    assert len(machine.state.transmit_fifo) == FIFO_DEPTH
    assert machine.dropped == 20 - FIFO_DEPTH


def test_without_samples_it_pulls_after_12_3_us() -> None:
    machine = started()
    assert machine.run_until(lambda m: m.pulling, 2000) == comparator.STARVED_CYCLES + 2  # start, and the pull itself
    assert machine.status_reads == 32
    assert machine.steps == 2 + 32 * 3 + 1
    assert pytest.approx(12.3, abs=0.01) == comparator.STARVED_CYCLES / 125
    machine.run_to(machine.clock + 1000)
    assert machine.pulling
    assert machine.state.program_counter in (comparator.STARVED_AT, comparator.STARVED_AT + 1)


def test_samples_that_stop_starve_it() -> None:
    machine = fed([QUIET] * 5)
    last = 4 * PERIOD
    machine.run_until(lambda m: m.pulling, 2000)
    ((at, _),) = machine.pulls
    assert comparator.STARVED_CYCLES <= at - last <= comparator.STARVED_CYCLES + 48 + 40


@pytest.mark.parametrize(("period", "starves"), [(1500, False), (1700, True)])
def test_how_far_apart_samples_may_be(period: int, starves: bool) -> None:
    machine = fed([QUIET] * 20, period)
    assert machine.pulling is starves


def test_a_starved_machine_takes_no_late_samples() -> None:
    machine = started()
    machine.run_until(lambda m: m.pulling, 2000)
    machine.feed([QUIET] * 20, PERIOD)
    machine.run_to(machine.clock + 20 * PERIOD)
    assert machine.pulling
    assert machine.state.program_counter in (comparator.STARVED_AT, comparator.STARVED_AT + 1)


def test_released_it_lets_go_and_watches_again() -> None:
    machine = fed([4095, 4095, 4095])
    machine.release()
    machine.feed([QUIET] * 4, PERIOD)
    began = machine.clock
    assert machine.run_until(lambda m: not m.pulling, 2) <= 1
    machine.run_to(began + 4 * PERIOD)
    assert not machine.pulling
    machine.feed([4095], PERIOD)
    assert machine.run_until(lambda m: m.pulling, 300) > 0
    assert [level for _, level in machine.pulls] == [True, False, True]


def test_only_the_lower_half_of_a_word_counts_and_only_12_bits() -> None:
    machine = started()
    machine._coming.append((0, 0xFFFF_0000 | QUIET))
    machine.run_to(400)
    assert machine.pulls == []
    machine._coming.append((400, 0xF000 | QUIET))
    machine.run_to(800)
    assert machine.pulls == []


def test_it_is_wired_to_both_lines_and_counts_an_empty_fifo() -> None:
    """What __init__ must do to the registers is what the emulated machine takes for granted."""
    assert comparator.comparator_program[7] == (0, 0)  # set_init: two pins, inputs, latched low
    assert comparator._STATUS_EMPTY == 1
