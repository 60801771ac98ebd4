"""The shims of `machine`, `rp2` and `time` behave as MicroPython 1.26.1 on the chip does.

What the chip answers was tried on an emulated RP2040 with the official image.
"""

import time

import machine
import rp2
import simboard
import simwire
from backend_virtual import BoardReset, VirtualBackend

_SCRATCH0 = 0x4005800C
_TXF0, _SM0_ADDR, _SM0_INSTR, _SM0_SHIFTCTRL = 0x50200010, 0x502000D4, 0x502000D8, 0x502000D0


def powered(**settings):
    backend = VirtualBackend(**settings)
    simboard.use(backend)
    return backend


def raised(error, text, function, *args, **kwargs):
    """Whether function raises this very kind of error with this text in it."""
    try:
        function(*args, **kwargs)
    except Exception as caught:
        return type(caught) is error and text in str(caught)
    return False


# -- errors -------------------------------------------------------------------------------------------------------


def scenario_wrong_arguments_are_refused_in_the_chips_words():
    powered()
    assert raised(ValueError, "invalid pin", machine.Pin, 30)
    assert raised(ValueError, "invalid pin", machine.Pin, -1)
    assert raised(ValueError, "Pin doesn't have ADC capabilities", machine.ADC, 5)
    assert raised(ValueError, "Pin doesn't have ADC capabilities", machine.ADC, machine.Pin(2))
    assert raised(ValueError, "SPI(2) doesn't exist", machine.SPI, 2)
    assert raised(ValueError, "bad SCK pin", machine.SPI, 0, sck=machine.Pin(5))
    assert raised(ValueError, "bad MOSI pin", machine.SPI, 0, mosi=machine.Pin(5))
    assert raised(ValueError, "bad MISO pin", machine.SPI, 0, miso=machine.Pin(5))
    assert raised(NotImplementedError, "LSB", machine.SPI, 0, firstbit=machine.SPI.LSB)
    spi = machine.SPI(0)
    assert raised(ValueError, "buffers must be the same length", spi.write_readinto, bytearray(2), bytearray(3))
    assert raised(ValueError, "WDT(1) doesn't exist", machine.WDT, 1)
    assert raised(ValueError, "timeout exceeds 8388", machine.WDT, timeout=9000)
    assert raised(ValueError, "invalid StateMachine", rp2.StateMachine, 9)
    assert raised(OverflowError, "ticks interval overflow", time.ticks_add, 0, 1 << 29)


def scenario_what_the_board_does_not_have_says_so():
    powered()
    assert raised(NotImplementedError, "wires SPI(0) only", machine.SPI, 1)
    assert raised(NotImplementedError, "SPI mode 0 or 3", machine.SPI, 0, polarity=1)
    assert raised(NotImplementedError, "name the converter's pin", machine.ADC, 0)
    assert raised(NotImplementedError, "Pin.IN and Pin.OUT only", machine.Pin, 2, machine.Pin.OPEN_DRAIN)
    assert raised(NotImplementedError, "no program for machine 5", rp2.StateMachine, 5)
    for address in (0, 0x50200000, 0x503000DC, 0x502000E0, 0x50200200, 0x4004C018, 0x50000300, 0x50000434, 0xD0000010,
                    0x4005800E):  # fmt: skip
        assert raised(NotImplementedError, "no such register", machine.mem32.__getitem__, address)
        assert raised(NotImplementedError, "no such register", machine.mem32.__setitem__, address, 0)


# -- time ---------------------------------------------------------------------------------------------------------


def scenario_ticks_wrap_at_2_to_the_30():
    backend = powered(start_us=(1 << 30) - 2)
    assert time.ticks_us() == (1 << 30) - 2
    backend.advance(5)
    assert time.ticks_us() == 3
    backend.clock_us = 1000 * (1 << 30) + 7000
    assert time.ticks_ms() == 7


def scenario_ticks_differ_across_the_wrap():
    powered()
    assert time.ticks_diff(3, (1 << 30) - 2) == 5
    assert time.ticks_diff((1 << 30) - 2, 3) == -5
    assert time.ticks_diff(0, 1 << 29) == -(1 << 29)
    assert time.ticks_add((1 << 30) - 1, 2) == 1
    assert time.ticks_add(0, -1) == (1 << 30) - 1
    assert time.ticks_add(0, (1 << 29) - 1) == (1 << 29) - 1


def scenario_sleeping_lets_time_pass():
    backend = powered(start_us=0)
    time.sleep_us(5)
    time.sleep_ms(2)
    time.sleep_ms(-1)
    time.sleep_us(0)
    assert backend.clock_us == 2005


# -- pins ---------------------------------------------------------------------------------------------------------


def scenario_a_pin_is_one_object():
    powered()
    assert machine.Pin(9) is machine.Pin(9)


def scenario_naming_a_pin_does_not_touch_it():
    backend = powered()
    machine.Pin(9, machine.Pin.OUT, value=1)
    before = backend.written
    assert machine.Pin(9).value() == 1
    assert backend.written == before


def scenario_an_output_takes_its_value_before_it_drives():
    backend = powered()
    machine.Pin(9, machine.Pin.OUT, value=1)
    kinds = [record[1:] for record in backend.records()]
    assert kinds == [(simwire.PIN, 9, 1), (simwire.FUNCTION, 9, simwire.FUNCTION_SIO)]


def scenario_an_output_can_be_set_in_each_of_the_chips_ways():
    powered()
    pin = machine.Pin(9, machine.Pin.OUT, value=0)
    pin.value(1)
    assert pin() == 1
    pin(0)
    assert pin.value() == 0
    pin.on()
    assert pin.value() == 1
    pin.low()
    assert pin.value() == 0
    pin.toggle()
    assert pin.value() == 1
    pin.off()
    pin.high()
    assert pin.value() == 1


def scenario_an_input_reads_the_world_or_its_pull():
    backend = powered()
    pin = machine.Pin(10, machine.Pin.IN, machine.Pin.PULL_UP)
    assert pin.value() == 1
    pin.init(machine.Pin.IN, machine.Pin.PULL_DOWN)
    assert pin.value() == 0
    backend.words[simwire.W_LEVELS] |= 1 << 10
    assert pin.value() == 1


def scenario_an_output_that_becomes_an_input_stops_driving():
    backend = powered()
    machine.Pin(9, machine.Pin.OUT, value=1)
    machine.Pin(9, machine.Pin.IN)
    assert backend.records()[-1][1:] == (simwire.INPUT, 9, 0)
    assert machine.Pin(9).value() == 0


# -- converters ---------------------------------------------------------------------------------------------------


def scenario_the_chips_converter_gives_12_bits_spread_over_16():
    backend = powered()
    current_1, current_2 = machine.ADC(machine.Pin(26)), machine.ADC(27)
    backend.set_counts(0, 0xABC)
    backend.set_counts(1, 4095)
    assert current_1.read_u16() == 0xABCA
    assert current_2.read_u16() == 65535
    assert machine.ADC(28).read_u16() >> 4 == simwire.ADC_REFERENCE_COUNTS
    assert machine.ADC(29).read_u16() == 0  # nothing there on this board
    assert machine.ADC(machine.ADC.CORE_TEMP).read_u16() >> 4 == simwire.ADC_DIE_COUNTS


def _spi(tx, select=0):
    pin = machine.Pin(17, machine.Pin.OUT, value=1)
    rx = bytearray(len(tx))
    pin.value(select)
    machine.SPI(0).write_readinto(tx, rx)
    pin.value(1)
    return rx[0] << 16 | rx[1] << 8 | rx[2]


def scenario_the_mcp3208_answers_12_bits_after_a_null_bit():
    backend = powered()
    for channel in range(6):
        backend.set_counts(2 + channel, 0x801 + channel)
        # Byte-aligned as in the data sheet's figure 6-1: 00000 1 S D2 | D1 D0 …, the answer ends with the third byte.
        answer = _spi(bytes((6 | channel >> 2, (channel & 3) << 6, 0)))
        assert answer & 0x1FFF == 0x801 + channel
        assert answer >> 13 == 0x7FF  # the output floats before


def scenario_the_mcp3208_follows_the_start_bit():
    backend = powered()
    backend.set_counts(3, 0xABC)
    assert _spi(bytes((0b11001000, 0, 0))) >> 5 & 0x1FFF == 0xABC  # start bit first, single-ended, channel 1
    assert raised(NotImplementedError, "start bit", _spi, bytes(3))
    assert raised(NotImplementedError, "differential", _spi, bytes((4, 0, 0)))
    assert raised(NotImplementedError, "3 bytes", _spi, bytes((6, 0, 0, 0)))


def scenario_without_chip_select_nothing_answers():
    backend = powered()
    backend.set_counts(2, 0x123)
    assert _spi(bytes((6, 0, 0)), select=1) == 0xFFFFFF


def scenario_each_conversion_needs_chip_select_anew():
    backend = powered()
    backend.set_counts(2, 0x123)
    pin = machine.Pin(17, machine.Pin.OUT, value=1)
    spi, rx = machine.SPI(0), bytearray(3)
    pin.value(0)
    spi.write_readinto(bytes((6, 0, 0)), rx)
    assert rx[2] == 0x23
    spi.write_readinto(bytes((6, 0, 0)), rx)
    assert rx == b"\xff\xff\xff"


def scenario_an_open_input_reads_0():
    powered()
    assert _spi(bytes((7, 0xC0, 0))) & 0xFFF == 0  # channel 7


def scenario_a_broken_bus_raises_once():
    backend = powered()
    backend.words[simwire.W_FAULTS] = simwire.FAULT_EXCEPTION
    assert raised(OSError, "", _spi, bytes((6, 0, 0)))
    _spi(bytes((6, 0, 0)))
    backend.words[simwire.W_FAULTS] = 0
    _spi(bytes((6, 0, 0)))
    backend.words[simwire.W_FAULTS] = simwire.FAULT_EXCEPTION
    assert raised(OSError, "", _spi, bytes((6, 0, 0)))


# -- reset --------------------------------------------------------------------------------------------------------


def scenario_reset_tells_the_world_and_ends_the_board():
    backend = powered()
    try:
        machine.reset()
    except BoardReset:
        assert backend.records()[-1][1] == simwire.RESET
    else:
        raise AssertionError("machine.reset() returned")


def scenario_the_chip_tells_power_from_all_other_resets():
    for cause, expected in (
        (simwire.CAUSE_POWER_ON, machine.PWRON_RESET),
        (simwire.CAUSE_WATCHDOG, machine.WDT_RESET),
        (simwire.CAUSE_SOFT, machine.WDT_RESET),
    ):
        powered(reset_cause=cause)
        assert machine.reset_cause() == expected


def scenario_scratch_registers_survive_a_reset():
    backend = powered()
    machine.mem32[_SCRATCH0] = 0x2A50F7
    machine.mem32[_SCRATCH0 + 28] = 0xFFFFFFFF
    powered(reset_cause=simwire.CAUSE_SOFT, words=backend.words)
    assert machine.mem32[_SCRATCH0] == 0x2A50F7
    assert machine.mem32[_SCRATCH0 + 28] == 0xFFFFFFFF


def scenario_a_board_has_its_own_id():
    backend = powered()
    backend.words[simwire.W_ID_LOW] = 0x04030201
    backend.words[simwire.W_ID_HIGH] = -1
    assert machine.unique_id() == b"\x01\x02\x03\x04\xff\xff\xff\xff"


def scenario_the_watchdog_is_the_worlds_business():
    backend = powered()
    dog = machine.WDT(timeout=2000)
    dog.feed()
    assert [record[1:] for record in backend.records()] == [(simwire.WDT, 2000, 0), (simwire.FEED, 0, 0)]


# -- state machines -----------------------------------------------------------------------------------------------


def _relay_machine(backend):
    import interlock

    backend.set_loop(1, True)
    machine.Pin(8, machine.Pin.OUT, value=1)
    sm = rp2.StateMachine(0, interlock.relay_program, jmp_pin=machine.Pin(6), sideset_base=machine.Pin(2))
    sm.active(1)
    return sm


def scenario_a_machine_shows_where_its_program_is():
    backend = powered()
    _relay_machine(backend)
    assert machine.mem32[_SM0_ADDR] == 20 + 2  # the SDK loads 12 instructions at 20 to 31; 2 is `latch`
    machine.mem32[_SM0_INSTR] = 23
    assert machine.mem32[_SM0_ADDR] == 23
    machine.mem32[_TXF0] = 1000
    assert machine.mem32[_SM0_ADDR] == 29
    machine.mem32[_SM0_INSTR] = 20
    assert machine.mem32[_SM0_ADDR] == 22


def scenario_joining_the_fifos_empties_them():
    backend = powered()
    _relay_machine(backend)
    machine.mem32[_TXF0] = 1000
    machine.mem32[_SM0_SHIFTCTRL + 0x1000] = 1 << 31
    machine.mem32[_SM0_SHIFTCTRL + 0x1000] = 1 << 31
    machine.mem32[_SM0_INSTR] = 23
    assert machine.Pin(2).value() == 0
    assert machine.mem32[_SM0_ADDR] == 23


def scenario_a_latched_machine_keeps_words_and_acts_on_them_when_armed():
    """Why Interlock.arm() empties the FIFO first."""
    backend = powered()
    _relay_machine(backend)
    machine.mem32[_TXF0] = 1000
    assert backend.records(simwire.PERMIT) == []
    machine.mem32[_SM0_INSTR] = 23
    assert machine.Pin(2).value() == 1


def scenario_a_machine_refuses_what_the_model_does_not_know():
    import interlock

    powered()
    program = list(interlock.relay_program)
    program[0] = program[0][:-1]
    pins = {"jmp_pin": machine.Pin(6), "sideset_base": machine.Pin(2)}
    assert raised(NotImplementedError, "relay program only", rp2.StateMachine, 0, program, **pins)
    program = list(interlock.relay_program)
    program[5] = 0  # shifts out to the left
    assert raised(NotImplementedError, "to the right", rp2.StateMachine, 0, program, **pins)
    assert raised(
        NotImplementedError,
        "machine 1 drives GP3 under fault line GP6",
        rp2.StateMachine,
        1,
        interlock.relay_program,
        **pins,
    )
    assert raised(NotImplementedError, "full clock", rp2.StateMachine, 0, interlock.relay_program, 1_000_000, **pins)
    assert raised(NotImplementedError, "not active", machine.mem32.__setitem__, _SM0_INSTR, 0)
    _relay_machine(powered())
    for instruction in (0xE081, 21, 23 | 1 << 12):
        assert raised(NotImplementedError, "only jumps", machine.mem32.__setitem__, _SM0_INSTR, instruction)


def scenario_a_relay_pin_taken_as_plain_output_obeys_that():
    backend = powered()
    _relay_machine(backend)
    machine.mem32[_SM0_INSTR] = 23
    machine.mem32[_TXF0] = 3_000_000
    assert machine.Pin(2).value() == 1
    machine.Pin(2, machine.Pin.OUT, value=0)
    assert machine.Pin(2).value() == 0
    assert simboard.board().bank.pins[0] == 0
