"""Weather and levels are the same numbers on every machine: checksums of many of them, and a few to look at."""

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
    total = Sum()
    for level in (0, 1, 255, 32_768, 65_534, 65_535):
        for strength in (0, 1, 40_000, 65_535):
            for depth in (0, 1, 30_000, 65_535):
                total.add(effects.dimmed(level, strength, depth))
                total.add(effects.lit(level, strength, depth))
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


NOISE, CLOUDS, FLASHES, UNDER, BETWEEN = 527168, 640681, 808687, 766039, 435845
