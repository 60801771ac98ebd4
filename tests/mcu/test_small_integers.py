"""No intermediate of the firmware reaches ±2^30, where the chip would box it: an integer that checks every result.

The arithmetic runs on Small, which raises as soon as a result leaves the range; inputs are the extremes of what the
wire, the converters and the clock can bring.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from clock import Clock, Every
from facts import Facts, within_reach
from feedlog import MAX_FEEDINGS, FeedLog
from heating import Heating
from lights import Lights
from relays import Circuit
from sampler import Sums
from servo import Servos
from telemetry import Loop
from trips import ROWS, Judge

from tanklink.config import Config
from tanklink.messages import MAX_SAMPLES, STATUS
from tanklink.schema import SMALL_MAX

LIMIT = 1 << 30


class Small(int):
    """An int whose operations yield Small, and raise OverflowError from ±2^30 on."""

    def __new__(cls, value: int) -> "Small":
        if not -LIMIT < value < LIMIT:
            raise OverflowError(f"{value} is no small integer on the chip")
        return super().__new__(cls, value)


def _operation(name: str) -> Callable[..., Any]:
    def operation(self: int, *others: int) -> Any:
        result = getattr(int, name)(self, *others)
        return Small(result) if type(result) is int else result

    return operation


for _name in ("add", "sub", "mul", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift"):
    setattr(Small, f"__{_name}__", _operation(f"__{_name}__"))
    setattr(Small, f"__r{_name}__", _operation(f"__r{_name}__"))
for _name in ("neg", "abs", "invert", "pos"):
    setattr(Small, f"__{_name}__", _operation(f"__{_name}__"))


def small(values: Iterable[int]) -> list[int]:
    return [Small(v) if type(v) is int else v for v in values]


def test_small_notices() -> None:
    with pytest.raises(OverflowError):
        Small(40_000) * Small(40_000)
    with pytest.raises(OverflowError):
        200_000 * Small(200_000)
    assert Small(40_000) * 20_000 // 1000 == 800_000


COUNTS = (0, 1, 44, 45, 46, 2048, 4049, 4050, 4094, 4095)
TABLES = (
    ((0, -10_000_000), (1, 10_000_000)),
    ((4094, 10_000_000), (4095, -10_000_000)),
    ((0, 0), (4095, 10_000_000)),
    ((372, 0), (4068, 14_000)),
    ((1, -10_000_000), (2, 10_000_000), (3, -10_000_000), (4095, 10_000_000)),
)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("extreme", ["least", "greatest"])
def test_scaling_and_every_judge(table: tuple[tuple[int, int], ...], extreme: str) -> None:
    config = Config()
    for channel in range(8):
        for index, (counts, value) in enumerate(table):
            assert config.set_point([channel, index, counts, value])
    config._values = small(config._values)  # type: ignore[attr-defined]  # private, so not in its stub
    config._counts = small(config._counts)  # type: ignore[attr-defined]  # private, so not in its stub
    facts = Facts()
    limits = GREATEST if extreme == "greatest" else LEAST
    for c in range(2):
        facts.set_limits(c, small(limits))
        facts.set_scales(c, config)
        assert config.set_circuit(small([c + 1, *limits[1:]]))
        within_reach(config, c)
    judge = Judge()
    clock = clock_at(14 * 86400, 999_999)
    for counts, gap_us in itertools.product(COUNTS, (0, 99_999, 100_000, 500_000_000)):
        facts.set_readings(small([counts] * 8), config)
        facts.gap_us = facts.peak_ma[0] = facts.adc_slipped = Small(gap_us)
        facts.dropped = [True, True]
        facts.phase = [Small(counts % 6)] * 2
        clock.advance(Small(400_000_000 * (counts % 2)))
        facts.follow(clock)
        judge.look(facts)
        for row in ROWS:
            for c in range(2):
                row.judge(facts, c)
                assert -LIMIT < facts.value < LIMIT
                assert -LIMIT < facts.limit < LIMIT


LEAST = [1, True, 0, 0, 0, 0, 999, 0, 0, 0, 0, 0, 0, 0, 0, 0, False, False]
GREATEST = [
    1, True, 1_000_000, 100_000, 300_000, 100_000, 0, 1000, 1_000_000, 1_000_000, 999, 100_000, 100_000, 100_000,
    86_400, 100_000, True, True,
]  # fmt: skip


def test_judges_of_products_at_their_greatest() -> None:
    """Every reading at either end, with the greatest element and its widest tolerance."""
    facts = Facts()
    for limits, ma, mv in itertools.product((LEAST, GREATEST), (-100_000, 0, 100_000), (-2_000_000, 0, 2_000_000)):
        facts.set_limits(0, small(limits))
        facts.ma[0], facts.mv[0] = Small(ma), Small(mv)
        for row in ROWS:
            row.judge(facts, 0)
            assert -LIMIT < facts.value < LIMIT
            assert -LIMIT < facts.limit < LIMIT


def test_a_year_of_heating() -> None:
    """Full power for ever, a sensor that leaps from end to end: sums end somewhere."""
    heating = Heating()
    heating._counts = 7
    heating._mj, heating.wh, heating.stuck_ms = Small(0), Small(999_999_999), Small(999_999_999)
    for i in range(100):
        heating.tick(Small(1000), Small(200_000), Small(7), Small(2_000_000 if i // 10 % 2 else -2_000_000), True)
        if i % 10 == 9:
            heating.close_window()
        heating.moved()
    assert heating.wh == heating.stuck_ms == 1_000_000_000


UPTIMES = (0, 1, 14 * 86400, SMALL_MAX - 1, SMALL_MAX)


def clock_at(s: int, us: int) -> Clock:
    clock = Clock(Small(SMALL_MAX))
    clock.s, clock.us, clock._last = Small(s), Small(us), Small(SMALL_MAX)
    return clock


@pytest.mark.parametrize("s", [0, 14 * 86400, 10 * 365 * 86400])
def test_clock(s: int) -> None:
    clock = clock_at(s, 999_999)
    for ticks in (SMALL_MAX, 0, SMALL_MAX - 1, 5, SMALL_MAX):
        clock.s = Small(s)
        clock.advance(Small(ticks))
    every = Every(clock, 60_000)
    every._s, every._us = Small(every._s), Small(every._us)
    clock.advance(Small(400_000_000))
    every.due(clock)


@pytest.mark.parametrize(("s", "until"), list(itertools.product(UPTIMES, UPTIMES)))
def test_leases(s: int, until: int) -> None:
    clock = clock_at(s, 999_999)
    circuit = Circuit()
    circuit.configure(Small(1000))
    for us in (0, 999_000):
        circuit.grant(Small(until), Small(us))
        for _ in range(3):
            circuit.step(clock, False, True)
            circuit.phase(clock)
            circuit.looked(True)
            circuit.permits_at(clock)
            assert all(-1 <= permit <= 100_000 for permit in circuit.permits)
            circuit.left_ms(clock)
        circuit.release()
        circuit.step(clock)
        circuit.permits_at(clock)


def test_sums_of_a_status() -> None:
    clock = clock_at(14 * 86400, 0)
    sums = Sums(clock)
    sums.values = small(sums.values)
    for _ in range(MAX_SAMPLES + 10):
        sums.add(small([4095] * 8))
    clock.s = Small(SMALL_MAX)
    sums.close(clock)
    STATUS.check([int(v) if isinstance(v, Small) else v for v in sums.values])
    assert sums.values[STATUS.index["vi_1_hi"]] * 4096 + sums.values[STATUS.index["vi_1_lo"]] == 64 * 4095 * 4095


def test_a_second_of_passes() -> None:
    """HEALTH begins anew every second, whatever a pass may have lasted: at most a second and one longest pass."""
    loop = Loop()
    loop.pass_us_sum = Small(1_000_000)
    loop.add_pass(Small(SMALL_MAX - 1_000_000))
    assert loop.pass_us_max < LIMIT


def test_feedings_of_a_day_are_summed_up_in_small_integers() -> None:
    most_mg, last_day, last_s = 10_000_000, 100_000, 86_399
    for day, s in itertools.product((0, last_day), (0, last_s)):
        log = FeedLog()
        for n in range(MAX_FEEDINGS):
            log.begin(LIMIT - 1, n, day, s, most_mg, 1, 1000, 3000)
        for now, now_s in itertools.product((0, last_day), (0, last_s)):
            log.count(1, Small(now), Small(now_s))
            assert log.fed_n == (MAX_FEEDINGS if now == day else 0)
            assert Small(log.fed_mg) == most_mg * log.fed_n


@pytest.mark.parametrize("turns", [0, 1])
def test_a_servo_moves_in_small_integers(turns: int, world: Any) -> None:
    clock = Clock(world.clock_us)
    clock.s = SMALL_MAX - 100
    servos = Servos(clock)
    servos.start(0, 500, 2500, Small(10_000), Small(10_000), turns)
    while servos.phase:
        for name in ("_from_us", "_to_us", "_phase_ms", "_us", "_s"):
            setattr(servos, name, Small(getattr(servos, name)))
        world.advance(5000)
        clock.advance(world.clock_us)
        servos.step()
    assert clock.s < SMALL_MAX


class Lamp:
    def duty_u16(self, level: int) -> None:
        assert 0 <= level <= 65535


@pytest.mark.parametrize("s", [200_000, 14 * 86400, 30 * 365 * 86400])
def test_lights(s: int) -> None:
    """The greatest of everything that the wire brings, at every age of the board."""
    clock = clock_at(s, 999_999)
    lights = Lights(clock, [Lamp()] * 8)
    assert lights.configure_all(small([600_000])) is None
    knots = bytes.fromhex("0000000000000000ffff007f0701ffff").ljust(192, b"\0")
    for light in range(1, 9):
        assert lights.configure(small([light, 65_535, 1_000_000, 65_535, 200_000])) is None
        assert lights.gather([*small([65_535, light, 0, 1]), knots]) is None
        for origin_s in (-SMALL_MAX, -172_800, 0, s - 10, s, s + 172_800, SMALL_MAX):
            lights.start([*small([65_535, light, 1]), bytes(4), *small([origin_s, 999])])
    for until_s in (0, s, s + 60, SMALL_MAX):
        lights.hold([Small(255), b"\xff" * 16, *small([until_s, 999])])
    for ahead_s in (0, 1, 15_000, 172_800, 10_000_000):
        clock.s, clock.us = Small(s + ahead_s), Small(0)
        lights.step()
        lights.fill()
    for effect in range(17):  # what they make of their seeds is machine words, which may have 31 bits
        lights.take_effect(small([effect, effect % 2, 255, s, 999, 14_400_000, 65_535, 60_000, SMALL_MAX]))
    lights.take_effect(small([99, 0, 255, SMALL_MAX, 999, 14_400_000, 65_535, 60_000, SMALL_MAX]))
