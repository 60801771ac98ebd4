"""machine.PWM of the simulated chip: registers, rounding, shared slices and errors as MicroPython 1.26 has them."""

import machine
import simboard
import simwire
from backend_virtual import VirtualBackend
from machine import PWM

SLICE5, SLICE2 = 0x40050000 + 5 * 0x14, 0x40050000 + 2 * 0x14
CSR, DIV, CC, TOP = 0, 4, 12, 16


def powered():
    backend = VirtualBackend()
    simboard.use(backend)
    return backend


def raised(kind, part, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except kind as error:
        return part in str(error)
    return False


def registers(slice_at):
    return tuple(machine.mem32[slice_at + at] for at in (CSR, DIV, CC, TOP))


def scenario_reset_values_and_the_first_start():
    powered()
    assert registers(SLICE5) == (0, 16, 0, 65535)
    light = PWM(10)
    assert (light.freq(), light.duty_u16(), light.duty_ns()) == (0, 0, 0)
    light.duty_u16(100)  # without a frequency nothing runs
    assert registers(SLICE5)[0] == 0
    light.freq(1908)
    assert registers(SLICE5) == (1, 16, 100, 65513)  # a new frequency sets the duty again, and that starts it


def scenario_a_frequency_has_the_largest_top_that_fits():
    powered()
    light = PWM(10, 1908, duty_u16=0)
    for hz, div16, top in (
        (1908, 16, 65513), (1907, 17, 61692), (50, 611, 65465), (8, 3815, 65530), (125_000_000, 16, 0),
        (1_000_000, 16, 124),
    ):  # fmt: skip
        light.freq(hz)
        assert registers(SLICE5)[1] == div16, (hz, registers(SLICE5))
        assert abs(registers(SLICE5)[3] - top) <= 1, (hz, registers(SLICE5))
        assert light.freq() == hz
    assert raised(ValueError, "freq too small", light.freq, 7)
    assert raised(NotImplementedError, "divides", light.freq, 0)


def scenario_duties_are_rounded_to_counts():
    powered()
    light = PWM(10, 1908, duty_u16=0)
    for duty in (0, 1, 2, 1000, 32767, 32768, 65534, 65535):
        light.duty_u16(duty)
        cc = registers(SLICE5)[2]
        assert abs(cc - duty * 65514 / 65535) <= 0.5, (duty, cc)
        assert abs(light.duty_u16() - duty) <= 1
    light.duty_u16(70_000)
    assert registers(SLICE5)[2] == 65514  # 100 %: never low
    light.freq(50)
    light.duty_ns(1_500_000)
    assert abs(light.duty_ns() - 1_500_000) <= 153
    light.duty_ns(30_000_000)
    assert registers(SLICE5)[2] == registers(SLICE5)[3] + 1
    assert raised(NotImplementedError, "wraps", light.duty_u16, -1)
    assert raised(TypeError, "can't convert float to int", light.duty_u16, 0.5)
    assert raised(ValueError, "invalid pin", PWM, 40)


def scenario_a_slice_has_one_frequency_and_runs_or_stands_as_one():
    powered()
    one, other = PWM(10, 1908, duty_u16=32768), PWM(11, duty_u16=65535)
    assert registers(SLICE5)[2] == 32757 | 65514 << 16
    other.freq(50)
    assert one.freq() == 50
    assert abs(one.duty_u16() - 32768) <= 1  # it was set anew
    one.deinit()
    assert registers(SLICE5)[0] == 0  # and so stands the other, too
    other.duty_u16(0)
    assert registers(SLICE5)[0] == 1
    assert PWM(10) is one
    assert one.duty_u16() == 0  # a new PWM of the pin has no duty
    assert repr(PWM(11)) == "<PWM slice=5 channel=1 invert=0>"
    assert PWM(4) is PWM(20)


def scenario_all_arguments_at_once_and_an_inverted_channel():
    backend = powered()
    servo = PWM(21, freq=50, duty_ns=1_500_000, invert=True)
    assert registers(SLICE2)[0] == 1 | 1 << 3
    assert abs(servo.duty_ns() - 1_500_000) <= 153
    kinds = [(row[1], row[2]) for row in backend.records()]
    assert (simwire.FUNCTION, 21) in kinds
    assert (simwire.PWM_SLICE, 2) in kinds
    assert backend.records(simwire.PWM_LEVEL)[-1][3] >> 17 == 3
    servo.init(duty_ns=0, invert=0)
    assert registers(SLICE2)[2] == 0
    assert raised(TypeError, "", PWM, 21, 50, 100)  # duties by name only


def scenario_setting_levels_allocates_nothing():
    import micropython

    backend = powered()
    light = PWM(10, 1908, duty_u16=0)
    before = backend.written
    micropython.heap_lock()
    try:
        for level in range(0, 65536, 257):
            light.duty_u16(level)
            light.duty_u16(level)
    finally:
        micropython.heap_unlock()
    assert backend.written - before == 255
