"""Lamps and servos behind the plain pins: pure, on instants that are passed in."""

from pathlib import Path

import pytest

from tankwarden.sim.lamps import Lamp, PlainPins
from tankwarden.sim.servo import Servo
from tankwarden.sim.trace import Trace
from tankwarden.sim.wire import simwire

S = 1_000_000


def pulse(servo: Servo, at_us: int, width_us: int) -> None:
    servo.edge(at_us - width_us, 1)
    servo.edge(at_us, 0)


def test_a_servo_takes_its_time_and_stays_there() -> None:
    servo = Servo()
    pulse(servo, 1 * S, 2500)
    assert servo.angle_deg(1 * S) == pytest.approx(0)
    assert servo.angle_deg(1 * S + 100_000) == pytest.approx(60)
    assert servo.angle_deg(2 * S) == pytest.approx(180)
    pulse(servo, 3 * S, 1500)
    assert servo.angle_deg(3 * S + 50_000) == pytest.approx(150)
    assert servo.angle_deg(9 * S) == pytest.approx(90)


@pytest.mark.parametrize("width_us", [0, 100, 399, 2601, 20_000])
def test_what_is_no_pulse_moves_nothing(width_us: int) -> None:
    servo = Servo()
    pulse(servo, 1 * S, width_us)
    servo.edge(2 * S, 0)  # a fall without a rise
    assert (servo.pulse_us, servo.angle_deg(9 * S)) == (None, 0)


def test_a_lamp_counts_its_time() -> None:
    lamp = Lamp()
    lamp.set(1 * S, 65535)
    assert lamp.on_s(3 * S) == lamp.full_s(3 * S) == 2
    lamp.set(4 * S, 0)
    lamp.set(6 * S, 13107)
    assert lamp.on_s(7 * S) == 4
    assert lamp.full_s(7 * S) == pytest.approx(3.2)


def test_edges_are_traced_by_name_once_and_a_reset_makes_all_dark(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    pins = PlainPins(trace)
    second_light, second_servo = simwire.LIGHT_GPIOS[1], simwire.SERVO_GPIOS[1]
    pins.record(10, simwire.PIN, second_light, 1)
    pins.record(11, simwire.PIN, second_light, 1)  # no edge
    pins.record(12, simwire.PIN, second_servo, 1)
    pins.record(13, simwire.INPUT, second_servo, 0)
    pins.record(14, simwire.PIN, simwire.RELAY_GPIOS[0], 1)  # not ours
    pins.record(15, simwire.PERMIT, 2, second_light)
    pins.reset(16)
    trace.close()
    assert (tmp_path / "trace").read_text().splitlines() == [
        "10000 light.2 65535", "12000 servo.2 1", "13000 servo.2 0", "16000 light.2 0",
    ]  # fmt: skip


def channel(gpio: int) -> int:
    return (gpio >> 1 & 7) * 2 + (gpio & 1)


def test_pulses_are_levels_of_lights_and_widths_of_servos(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    pins = PlainPins(trace)
    light, servo = simwire.LIGHT_GPIOS[6], simwire.SERVO_GPIOS[0]
    pins.record(1, simwire.PWM_SLICE, channel(light) >> 1, 16 << 16 | 65513)
    pins.record(2, simwire.PWM_LEVEL, channel(light), 32757 | 1 << 17)  # nobody sees it before the pin is its
    pins.record(3, simwire.FUNCTION, light, simwire.FUNCTION_PWM)
    pins.record(4, simwire.PWM_SLICE, channel(servo) >> 1, 611 << 16 | 65466)
    pins.record(5, simwire.FUNCTION, servo, simwire.FUNCTION_PWM)
    pins.record(6, simwire.PWM_LEVEL, channel(servo), 4910 | 1 << 17)
    pins.record(7, simwire.PWM_LEVEL, channel(light), 65514 | 1 << 17)
    pins.record(8, simwire.PWM_LEVEL, channel(light), 100)  # stopped within a pulse: it may stay high
    pins.record(9, simwire.PWM_LEVEL, channel(light), 0)
    pins.record(10, simwire.PWM_LEVEL, channel(light), 0 | 1 << 17 | 1 << 18)
    pins.record(11, simwire.FUNCTION, light, simwire.FUNCTION_SIO)
    pins.record(12, simwire.PWM_LEVEL, channel(light), 5 | 1 << 17)  # nor after
    assert pins.state(13)["servos"]["1"]["pulse_us"] == pytest.approx(1500, abs=0.5)
    pins.reset(14)
    trace.close()
    assert (tmp_path / "trace").read_text().splitlines() == [
        "3000 light.7 32768", "6000 servo.1 1500", "7000 light.7 65535", "9000 light.7 0",
        "10000 light.7 65535", "14000 light.7 0", "14000 servo.1 0",
    ]  # fmt: skip
