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
    lamp.edge(1 * S, 1)
    assert lamp.on_s(3 * S) == 2
    lamp.edge(4 * S, 0)
    lamp.edge(6 * S, 1)
    assert lamp.on_s(7 * S) == 4


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
        "10000 light.2 1", "12000 servo.2 1", "13000 servo.2 0", "16000 light.2 0",
    ]  # fmt: skip
