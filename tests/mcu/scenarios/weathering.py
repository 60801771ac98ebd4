"""Weather and levels are the same numbers on every machine: checksums of many of them, and a few to look at."""

from array import array

from tanklink import effects, plans
from tanklink.messages import EFFECTS

SEEDS = (0, 1, 12345, 0x2AAAAAAA, 0x3FFFFFFF)


class Sum:
    """A checksum of small numbers that every interpreter makes alike."""

    def __init__(self):
        self.value = 1

    def add(self, number):
        self.value = (self.value * 31 + number) % 1_000_003


def scenario_numbers_are_the_order_of_the_table():
    assert (EFFECTS.index("lightning"), EFFECTS.index("cloud")) == (effects.LIGHTNING, effects.CLOUD)


def scenario_noise():
    total = Sum()
    for seed in SEEDS:
        for n in range(400):
            total.add(effects.noise(seed, n, n % 7))
    assert total.value == NOISE, total.value


def scenario_clouds():
    total = Sum()
    for seed in SEEDS:
        for duration in (1, 900, 60_000, 14_400_000):
            for i in range(101):
                total.add(
                    effects.cloud(seed, duration * i // 100 if duration < 100_000 else duration // 100 * i, duration)
                )
    assert total.value == CLOUDS, total.value


def scenario_lightning():
    total = Sum()
    for seed in SEEDS:
        for t in range(-3, 4_000, 7):
            total.add(effects.lightning(seed, t, 3_900))
    assert total.value == FLASHES, total.value


def scenario_levels_under_weather():
    """Sixteen effects at once, of both kinds, on eight lights, as they come and go."""
    held = array("i", [0] * 144)
    for n in range(16):
        record = (n, n % 2, 1 + n * 37 % 255, 990 + 3 * n, 61 * n, 9_000 + 777 * n, 65_535 - 999 * n, 40 * n, 7919 * n)
        for i in range(9):
            held[9 * n + i] = record[i]
    total = Sum()
    for i in range(400):
        for kind in (effects.CLOUD, effects.LIGHTNING):
            levels = array("i", (0, 1, 255, 9_999, 32_768, 50_000, 65_534, 65_535))
            total.add(effects.play(levels, held, kind, 985 + i // 5, i % 5 * 200_000 + i))
            for level in levels:
                total.add(level)
    assert [held[9 * n + 2] for n in range(16)] == [0] * 16
    assert total.value == UNDER, total.value


def scenario_levels_between_knots():
    knots = bytearray(6 * 5)
    ticks = (0, 900, 16_384 + 900, 17_000_000, 17_280_000)
    levels = (0, 65_535, 1, 65_000, 3)
    for i in range(5):
        knots[6 * i : 6 * i + 6] = ticks[i].to_bytes(4, "little") + levels[i].to_bytes(2, "little")
    total = Sum()
    cursors = bytearray(1)
    for i in range(2_000):
        total.add(plans.level_at(knots, 0, 5, i * 8_640 - 7, cursors, 0))
        total.add(plans.level_at(knots, 0, 5, i * 9, cursors, 0))
    assert total.value == BETWEEN, total.value
    assert plans.last_tick(knots, 0, 5) == 17_280_000


NOISE, CLOUDS, FLASHES, UNDER, BETWEEN = 527168, 640681, 808687, 242292, 435845
