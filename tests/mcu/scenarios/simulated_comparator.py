"""The comparator of the simulated board, between converter and fault lines, behaves as on the chip.

What the chip answers was tried with MicroPython 1.26.1 on an emulated RP2040.
"""

import time

import machine
import rp2
import simboard
import simwire
from simulated_chip import raised
from simulated_converter import CLEAR, CS, FCS, SET, START_MANY, TXF1, go, on, powered, ring_of

SM4_EXECCTRL, SM4_SHIFTCTRL, SM4_ADDR, SM4_INSTR = 0x503000CC, 0x503000D0, 0x503000D4, 0x503000D8
FJOIN_RX = 1 << 31
AT = 17  # where the SDK loads the comparator's 15 instructions
PASSES, PULLS = 3711, 3712


def watched(start=True):
    """A board whose comparator sees every sample."""
    import comparator

    backend = powered()
    machine.Pin(8, machine.Pin.OUT, value=1)
    on()
    dma, other = rp2.DMA(), rp2.DMA()
    ring = ring_of(dma, count=1, chain_to=other.channel)
    other.config(read=ring, write=TXF1, count=1, ctrl=other.pack_ctrl(
        size=1, inc_write=False, ring_size=7, chain_to=dma.channel))  # fmt: skip
    dma.active(1)
    sm = rp2.StateMachine(4, comparator.comparator_program, set_base=machine.Pin(6))
    machine.mem32[SM4_EXECCTRL + SET] = 1
    go()
    if start:
        sm.active(1)
    return backend, sm


def lines():
    return machine.Pin(6).value(), machine.Pin(7).value()


def scenario_the_comparator_pulls_both_lines_at_its_ceiling_and_holds_them():
    backend, _ = watched()
    assert (lines(), machine.mem32[SM4_ADDR]) == ((1, 1), AT + 2)
    backend.set_counts(1, PASSES)
    time.sleep_ms(10)
    assert lines() == (1, 1)
    backend.set_counts(1, PULLS)
    time.sleep_us(20)
    assert (lines(), machine.mem32[SM4_ADDR]) == ((0, 0), AT + 14)
    time.sleep_us(20)
    machine.mem32[CS]
    backend.set_counts(1, 500)
    time.sleep_ms(10)
    assert lines() == (0, 0)
    machine.mem32[SM4_INSTR] = AT  # without emptying its FIFO: what waited there is seen first
    assert lines() == (0, 0)
    time.sleep_us(20)
    machine.mem32[SM4_SHIFTCTRL + 0x1000] = FJOIN_RX
    machine.mem32[SM4_SHIFTCTRL + 0x1000] = FJOIN_RX
    machine.mem32[SM4_INSTR] = AT
    time.sleep_us(20)
    assert (lines(), machine.mem32[SM4_ADDR]) == ((1, 1), AT + 2)


def scenario_a_comparator_that_starves_pulls():
    backend, _ = watched()
    time.sleep_ms(1)
    machine.mem32[CS + CLEAR] = START_MANY
    time.sleep_us(12)
    assert lines() == (1, 1)
    time.sleep_us(2)
    assert (lines(), machine.mem32[SM4_ADDR]) == ((0, 0), AT + 5)
    backend, _ = watched()
    backend.set_fault(simwire.FAULT_ADC_STOP, True)
    time.sleep_us(14)
    assert lines() == (0, 0)


def scenario_the_comparator_needs_no_processor():
    import interlock

    backend, _ = watched()
    sm = rp2.StateMachine(0, interlock.relay_program, jmp_pin=machine.Pin(6), sideset_base=machine.Pin(2))
    sm.active(1)
    machine.mem32[0x502000D8] = 23
    machine.mem32[0x50200010] = 3_000_000
    assert machine.Pin(2).value() == 1
    backend.set_counts(0, 4000)
    backend.advance(30)
    simboard.board().refresh()
    assert simboard.board().bank.pins[0] == 0


def scenario_a_pin_made_an_input_after_the_comparator_is_taken_from_it():
    """`Pin(6)` alone touches nothing."""
    backend, _ = watched()
    machine.Pin(6, machine.Pin.IN, machine.Pin.PULL_DOWN)
    backend.set_counts(0, 4000)
    time.sleep_us(50)
    assert lines() == (1, 0)


def scenario_a_line_short_to_its_supply_is_stronger_than_the_comparator():
    backend, _ = watched()
    backend.set_stuck(1, True)
    backend.set_counts(0, 4000)
    time.sleep_us(50)
    assert lines() == (1, 0)


def scenario_a_comparator_that_waits_keeps_four_words():
    """What was sampled before it was started is the first that it sees."""
    backend, sm = watched(start=False)
    backend.set_counts(0, 4000)
    time.sleep_ms(1)
    assert lines() == (1, 1)
    sm.active(1)
    assert lines() == (0, 0)


def scenario_a_word_of_the_processor_is_a_sample():
    _, _ = watched()
    machine.mem32[TXF1] = PASSES
    assert lines() == (1, 1)
    machine.mem32[TXF1] = 0xFFF
    assert lines() == (0, 0)


def scenario_the_comparator_is_refused_with_another_program_or_wiring():
    import comparator

    powered()
    program = list(comparator.comparator_program)
    program[0] = program[0][:-1]
    assert raised(NotImplementedError, "comparator program only", rp2.StateMachine, 4, program, set_base=machine.Pin(6))
    program = comparator.comparator_program
    assert raised(NotImplementedError, "pulls GP6 and GP7", rp2.StateMachine, 4, program, set_base=machine.Pin(2))
    sm = rp2.StateMachine(4, program, set_base=machine.Pin(6))
    assert raised(NotImplementedError, "STATUS_N", sm.active, 1)
    assert raised(NotImplementedError, "not active", machine.mem32.__setitem__, SM4_INSTR, AT)


def scenario_nothing_of_all_that_allocates():
    import micropython

    backend, _ = watched()
    ticks = bytearray(2)

    def tick(timer):
        ticks[0] = (ticks[0] + 1) & 255
        machine.mem32[0x50000004]
        machine.mem32[SM4_ADDR]
        machine.mem32[0xD0000004]

    machine.Timer(freq=2000, hard=True, callback=tick)
    time.sleep_ms(1)
    micropython.heap_lock()
    try:
        for _ in range(20):
            time.sleep_ms(5)
            machine.mem32[FCS]
    finally:
        micropython.heap_unlock()
    assert backend.interrupts.failed == 0
    assert ticks[0] == 202
