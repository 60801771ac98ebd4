"""Feeders of the simulated world: what falls follows from the servo's pulses, and the ledger holds it."""

import pytest

from tankwarden.sim.hopper import Hopper
from tankwarden.sim.lamps import PlainPins
from tankwarden.sim.trace import Trace
from tankwarden.sim.wire import simwire

S = 1_000_000
TOP, DIV16 = 65465, 611  # of a slice at 50 Hz


@pytest.mark.parametrize(
    ("angles_deg", "portions"),
    [
        ((0, 59, 0), 0), ((0, 61), 1), ((0, 61, 90, 61, 90), 1), ((0, 90, 31, 90), 1), ((0, 90, 29, 90), 2),
        ((90, 0, 90), 2), ((), 0),
    ],
)  # fmt: skip
def test_a_portion_falls_each_way_out(angles_deg: tuple[float, ...], portions: int) -> None:
    hopper = Hopper()
    for angle_deg in angles_deg:
        hopper.turn(angle_deg)
    assert hopper.truth() == {"portions": portions, "drops": portions}


class Servo:
    """The board's side of servo n."""

    def __init__(self, pins: PlainPins, number: int, at_us: int = 0) -> None:
        self._pins, gpio = pins, simwire.SERVO_GPIOS[number - 1]
        self._channel = (gpio >> 1 & 7) * 2 + (gpio & 1)
        pins.record(at_us, simwire.PWM_SLICE, self._channel >> 1, DIV16 << 16 | TOP)
        pins.record(at_us, simwire.FUNCTION, gpio, simwire.FUNCTION_PWM)

    def pulses(self, at_us: int, us: int) -> None:
        self._pins.record(at_us, simwire.PWM_LEVEL, self._channel, round(us * (TOP + 1) / 20_000) | 1 << 17)


@pytest.fixture
def pins() -> PlainPins:
    return PlainPins(Trace(None))


def test_the_horn_needs_its_time_and_the_ledger_has_what_fell(pins: PlainPins) -> None:
    servo = Servo(pins, 2)
    servo.pulses(1 * S, 600)
    servo.pulses(2 * S, 1500)  # 90 degrees: 60 are reached a tenth of a second later
    assert pins.drops(2 * S + 80_000) == [0, 0]
    assert pins.drops(2 * S + 120_000) == [0, 1]
    servo.pulses(3 * S, 600)
    servo.pulses(4 * S, 1500)
    assert pins.ledger(5 * S)["feeders"] == {"1": {"portions": 0, "drops": 0}, "2": {"portions": 2, "drops": 2}}


def test_what_fell_stays_through_a_reset_of_the_board(pins: PlainPins) -> None:
    servo = Servo(pins, 1)
    servo.pulses(1 * S, 600)
    servo.pulses(2 * S, 1500)
    pins.reset(3 * S)
    assert pins.ledger(4 * S)["feeders"]["1"] == {"portions": 1, "drops": 1}
    Servo(pins, 1, 5 * S).pulses(5 * S, 600)
    assert pins.drops(6 * S) == [1, 0]
