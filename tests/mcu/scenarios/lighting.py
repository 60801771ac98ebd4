"""The lights by themselves, on a clock that the test moves: plans, swaps, ends, bounds, weather, refusals."""

import limits
from clock import Clock
from lights import Lights

from tanklink import effects
from tanklink.crc import crc32
from tanklink.messages import KNOT_BYTES, LIGHTS, MAX_EFFECTS, NAK_REASONS, PART_KNOTS

DAY_14_S = 14 * 86400  # in ms beyond 2^30
FAST = 1_000_000  # counts a second: what no test's plan comes near
STEP_US = 5_000


class Pin:
    """A PWM output: what it was given last, and how often it changed."""

    def __init__(self):
        self.level = 0
        self.changes = 0

    def duty_u16(self, level):
        assert 0 <= level <= 65535
        self.level = level
        self.changes += 1


class Stage:
    """Lights, their clock and pins, and the host's words."""

    def __init__(self, uptime_s=100, n=8):
        self.clock = Clock(0)
        self.clock.s = uptime_s
        self.pins = [Pin() for _ in range(n)]
        self.lights = Lights(self.clock, self.pins)
        self._ticks = 0
        self.lights.step()
        self.ok(self.lights.configure_all([limits.MAX_LIGHTS_MW]))

    def ok(self, objection):
        assert objection is None, NAK_REASONS[objection]

    def refused(self, objection):
        assert objection is not None
        return NAK_REASONS[objection]

    def configure(self, light, cap=65535, slew=FAST, fallback=0, full_mw=1000):
        self.ok(self.lights.configure([light, cap, slew, fallback, full_mw]))

    def gather(self, plan_id, light, knots):
        for first in range(0, len(knots), PART_KNOTS):
            part = knots[first : first + PART_KNOTS]
            self.ok(self.lights.gather([plan_id, light, first, len(part), packed(part, PART_KNOTS * KNOT_BYTES)]))

    def start(self, plan_id, light, knots, origin_s=None, origin_ms=0):
        data = packed(knots, len(knots) * KNOT_BYTES)
        origin_s = self.clock.s if origin_s is None else origin_s
        return self.lights.start([plan_id, light, len(knots), crc_of(data), origin_s, origin_ms])

    def play(self, light, knots, plan_id=1, origin_s=None, origin_ms=0):
        """Bring a plan and start it."""
        self.gather(plan_id, light, knots)
        self.ok(self.start(plan_id, light, knots, origin_s, origin_ms))

    def effect(self, kind, start_s, duration, lights=1, depth=65535, drift=0, seed=7, start_ms=0, effect_id=1):
        return self.lights.take_effect([effect_id, kind, lights, start_s, start_ms, duration, depth, drift, seed])

    def hold(self, mask, level, s, ms=0):
        return self.lights.hold([mask, bytes((level & 255, level >> 8)) * 8, s, ms])

    def to(self, s, us=0):
        """The clock jumps, then one step."""
        self.clock.s, self.clock.us = s, us
        self.lights.step()

    def run(self, ms, step_us=STEP_US):
        for _ in range(ms * 1000 // step_us):
            self._ticks += step_us
            self.clock.advance(self._ticks)
            self.lights.step()

    def level(self, light):
        assert self.pins[light - 1].level == self.lights.level(light - 1)
        return self.pins[light - 1].level

    def said(self, name):
        self.lights.fill()
        return self.lights.values[LIGHTS.index[name]]


def packed(knots, size):
    data = bytearray(size)
    for i in range(len(knots)):
        tick, level = knots[i]
        data[6 * i : 6 * i + 6] = tick.to_bytes(4, "little") + level.to_bytes(2, "little")
    return data


def crc_of(data):
    return crc32(data, len(data)).to_bytes(4, "little")


def exact(knots, ms):
    """The level at ms after the origin, to its floor and its ceiling, by whole numbers alone."""
    tick = ms // 10
    if tick < knots[0][0]:
        return knots[0][1], knots[0][1]
    at = 0
    while at + 1 < len(knots) and knots[at + 1][0] <= tick:
        at += 1
    t, level = knots[at]
    if at == len(knots) - 1 or t == tick:
        return level, level
    end, to = knots[at + 1]
    product = (to - level) * (tick - t)
    return level + product // (end - t), level - (-product // (end - t))


def weather(kind, level, seed, t_ms, duration, depth):
    """By the formulas of one light."""
    if kind == effects.CLOUD:
        share = (effects.cloud(seed, t_ms, duration) >> 1) * (depth >> 1) >> 14
        return level - ((level >> 1) * (share >> 1) >> 14)
    return max(level, (effects.lightning(seed, t_ms, duration) >> 1) * (depth >> 1) >> 14)


class Chance:
    """Lehmer's generator with Park and Miller's constants: the same on both interpreters."""

    def __init__(self, seed):
        self._x = seed

    def below(self, n):
        self._x = self._x * 16807 % 2147483647
        return self._x % n


# -- plans --------------------------------------------------------------------------------------------------------


def scenario_levels_are_exact_to_a_count_over_random_plans():
    """48 h and 2 s, steep and flat, 1 to 64 knots, at random instants, also past day 13."""
    for seed in range(1, 25):
        chance = Chance(seed)
        stage = Stage(uptime_s=DAY_14_S * (seed % 2) + 50)
        span = (200, 17_280_000, 20_000, 400_000)[seed % 4]
        knots = sorted([(chance.below(span + 1), chance.below(65536)) for _ in range(1 + chance.below(64))])
        knots[-1] = (span, knots[-1][1])
        origin = stage.clock.s
        for light in (1, 8):
            stage.configure(light, slew=FAST)
            stage.play(light, knots, origin_s=origin, origin_ms=250)
        for ms in sorted([chance.below(10 * span) for _ in range(60)]):
            stage.lights._s -= 1  # as if a second had passed: the slew limit is not meant here
            stage.to(origin + (ms + 250) // 1000, (ms + 250) % 1000 * 1000)
            low, high = exact(knots, ms)
            for light in (1, 8):
                assert low - 1 <= stage.level(light) <= high + 1, (seed, ms, stage.level(light), low, high)


def scenario_at_least_fifty_levels_a_second():
    stage = Stage()
    stage.configure(1)
    stage.play(1, [(0, 0), (200, 65535)])
    changes = stage.pins[0].changes
    stage.run(1000)
    assert 99 <= stage.pins[0].changes - changes <= 101
    stage.run(1000, step_us=25_000)  # the slowest pass
    assert stage.pins[0].changes - changes >= 139


def scenario_a_new_plan_that_agrees_moves_nothing_and_one_that_does_not_makes_no_step():
    stage = Stage()
    stage.configure(1, slew=10_000)
    stage.play(1, [(0, 30_000), (360_000, 30_000)], plan_id=1)
    stage.run(4000)
    assert stage.level(1) == 30_000
    changes = stage.pins[0].changes
    stage.play(1, [(0, 5), (100, 30_000), (720_000, 30_000)], plan_id=2, origin_s=stage.clock.s - 10)
    stage.run(500)
    assert stage.pins[0].changes == changes
    assert stage.said("plans")[0] == 2
    stage.play(1, [(0, 60_000), (720_000, 60_000)], plan_id=3)
    last = stage.level(1)
    for _ in range(200):
        stage.run(10)
        assert 0 <= stage.level(1) - last <= 100
        last = stage.level(1)
    assert 49_000 <= last <= 50_100


def scenario_a_plan_in_motion_is_replaced_without_a_movement_of_its_own():
    """The same slope, from another origin with other knots."""
    one, other = Stage(), Stage()
    for stage in (one, other):
        stage.configure(1)
        stage.play(1, [(0, 0), (6000, 60_000)])
        stage.run(10_000)
    other.play(1, [(0, 5_000), (5000, 55_000), (6000, 65_000)], plan_id=2, origin_s=105)
    for _ in range(100):
        one.run(10)
        other.run(10)
        assert one.level(1) == other.level(1)


def scenario_before_its_first_knot_a_plan_waits_and_after_its_last_the_light_falls_back():
    stage = Stage()
    stage.configure(1, fallback=7_000)
    stage.run(1000)
    assert (stage.level(1), stage.said("sources")[0]) == (7_000, 1)
    stage.play(1, [(100, 20_000), (300, 40_000)])
    stage.run(500)
    assert (stage.level(1), stage.said("sources")[0], stage.said("left_s")[0]) == (20_000, 2, 3)
    stage.run(2500)
    assert abs(stage.level(1) - 40_000) <= 1
    stage.run(500)
    assert (stage.level(1), stage.said("sources")[0], stage.said("left_s")[0]) == (7_000, 1, 0)


def scenario_no_plan_is_a_plan_too():
    stage = Stage()
    stage.configure(2, fallback=100)
    stage.play(2, [(0, 9_000), (1000, 9_000)], plan_id=700)
    stage.run(100)
    assert (stage.level(2), stage.said("knots"), stage.said("plans")[2:4]) == (9_000, 2, b"\xbc\x02")
    stage.ok(stage.lights.start([5, 2, 0, b"\0\0\0\0", 0, 0]))
    stage.run(100)
    assert (stage.level(2), stage.said("knots"), stage.said("plans")[2:4]) == (100, 0, b"\0\0")


def scenario_a_plan_that_began_before_the_pico_did():
    stage = Stage(uptime_s=5)
    stage.configure(1)
    stage.play(1, [(0, 0), (17_280_000, 48_000)], origin_s=-86_400)
    stage.run(100)
    assert abs(stage.level(1) - 24_001) <= 1


def scenario_forty_eight_hours_without_a_host():
    """A day that is repeated, hour by hour, on the board's own clock; nobody says a word."""
    stage = Stage(uptime_s=DAY_14_S)
    knots = [(h * 360_000, 65535 if h % 24 == 12 else 1_000 * (h % 24)) for h in range(49)]
    for light in range(1, 9):
        stage.configure(light, fallback=123)
        stage.play(light, knots)
    for minute in range(48 * 60):
        stage.to(DAY_14_S + 60 * minute, 0)
        low, high = exact(knots, 60_000 * minute)
        for light in (1, 5, 8):
            assert low - 1 <= stage.level(light) <= high + 1
    stage.to(DAY_14_S + 48 * 3600 + 1)
    stage.to(DAY_14_S + 48 * 3600 + 2)
    assert [stage.level(light) for light in range(1, 9)] == [123] * 8


# -- bounds -------------------------------------------------------------------------------------------------------


def scenario_a_light_that_was_not_configured_stays_dark():
    stage = Stage()
    stage.run(100)
    assert [pin.changes for pin in stage.pins] == [0] * 8
    assert stage.said("sources") == bytes(8)
    assert stage.refused(stage.hold(1, 5, stage.clock.s + 5)) == "not_configured"


def scenario_the_slew_limit_is_exact_however_slow():
    stage = Stage()
    stage.configure(1, slew=7)
    stage.play(1, [(0, 65535), (10_000, 65535)])
    stage.run(10_000)
    assert 69 <= stage.level(1) <= 70
    stage.configure(1, slew=limits.MAX_LIGHT_SLEW)
    stage.run(70)
    assert stage.level(1) == 65535


def scenario_a_cap_holds_at_once_and_for_everything():
    stage = Stage()
    stage.configure(1, cap=40_000, slew=1_000, fallback=50_000)
    stage.configure(2, cap=40_000)
    stage.play(2, [(0, 65535), (10_000, 65535)])
    stage.ok(stage.effect(effects.LIGHTNING, stage.clock.s, 5_000, lights=2))
    for _ in range(200):
        stage.run(5)
        assert stage.level(2) <= 40_000
    stage.configure(2, cap=10_000, slew=1)
    stage.run(10)
    assert stage.level(2) == 10_000
    stage.ok(stage.hold(2, 65535, stage.clock.s + 5))
    stage.run(50)
    assert stage.level(2) == 10_000


def scenario_all_together_never_take_more_than_the_power_cap():
    for cap_mw in (0, 1, 999, 45_000, 119_999, 120_000):
        stage = Stage()
        for light in range(1, 9):
            stage.configure(light, full_mw=10_000 * (light % 3 + 1))
            stage.play(light, [(0, 8_000 * light), (1_000, 65_535)])
        stage.ok(stage.lights.configure_all([cap_mw]))
        for _ in range(50):
            stage.run(200)
            levels = [stage.level(light) for light in range(1, 9)]
            taken = sum([levels[i] * 10_000 * ((i + 1) % 3 + 1) for i in range(8)])
            assert taken <= cap_mw * 65535
            if stage.said("power_capped"):
                assert taken >= cap_mw * 65535 * 99 // 100 - 8 * 30_000
                assert all(levels[i] <= levels[i + 1] + 1 for i in range(7))  # all alike: their order stays
            else:
                assert abs(taken // 65535 - stage.said("power_mw")) <= 200


def scenario_levels_by_hand_end_by_themselves():
    stage = Stage()
    stage.configure(1, slew=65_535, fallback=10)
    stage.run(50)
    stage.ok(stage.hold(1, 30_000, stage.clock.s + 2, 500))
    stage.run(1500)
    assert (stage.level(1), stage.said("sources")[0]) == (30_000, 3)
    stage.run(2000)
    assert (stage.level(1), stage.said("sources")[0]) == (10, 1)
    stage.ok(stage.hold(1, 30_000, stage.clock.s + 2))
    stage.run(100)
    stage.ok(stage.hold(1, 0, stage.clock.s - 1))  # a past end ends it
    stage.run(1500)
    assert stage.level(1) == 10
    assert stage.refused(stage.hold(1, 5, stage.clock.s + limits.MAX_LEVELS_S + 1)) == "too_far"
    assert stage.refused(stage.hold(0, 5, stage.clock.s + 1)) == "range"


# -- weather ------------------------------------------------------------------------------------------------------


def scenario_lightning_is_played_to_the_pass_through_the_slew_limit():
    stage = Stage()
    for light in (1, 3):
        stage.configure(light, slew=100, fallback=0)
    stage.ok(stage.effect(effects.LIGHTNING, stage.clock.s + 1, 3_000, lights=5, depth=60_000, drift=40, seed=99))
    stage.run(995)
    assert stage.pins[0].changes == 0
    for i in range(700):
        stage.run(5)
        for light, late in ((1, 0), (3, 40)):
            wanted = weather(effects.LIGHTNING, 0, 99, 5 * i - late, 3_000, 60_000)
            assert stage.level(light) == wanted, (i, light)
    assert stage.said("effects") == 0
    assert stage.pins[0].changes > 20


def scenario_a_cloud_is_what_the_preview_shows():
    for uptime_s in (100, DAY_14_S):
        stage = Stage(uptime_s=uptime_s)
        stage.configure(2, fallback=50_000)
        stage.run(1000)
        stage.ok(stage.effect(effects.CLOUD, stage.clock.s + 1, 60_000, lights=2, depth=50_000, seed=3, start_ms=500))
        begins_ms = 1500
        for i in range(1, 640):
            stage.run(100)
            wanted = weather(effects.CLOUD, 50_000, 3, 100 * i - begins_ms, 60_000, 50_000)
            assert abs(stage.level(2) - wanted) <= 1, (i, stage.level(2), wanted)
        assert stage.said("effects") == 0
        assert stage.level(2) == 50_000


def scenario_an_effect_that_is_taken_away_leaves_no_step_in_a_cloud():
    stage = Stage()
    stage.configure(1, slew=20_000, fallback=60_000)
    stage.run(4000)
    stage.ok(stage.effect(effects.CLOUD, stage.clock.s, 40_000))
    stage.run(20_000)
    last = stage.level(1)
    assert last < 45_000
    stage.ok(stage.effect(effects.CLOUD, 0, 0, lights=0))
    for _ in range(400):
        stage.run(10)
        assert 0 <= stage.level(1) - last <= 200
        last = stage.level(1)
    assert last == 60_000


def scenario_sixteen_effects_and_no_more():
    stage = Stage()
    stage.configure(1)
    for i in range(MAX_EFFECTS):
        stage.ok(stage.effect(effects.CLOUD, stage.clock.s + 100 + i, 1_000, effect_id=i))
    assert stage.refused(stage.effect(effects.CLOUD, stage.clock.s + 100, 1_000, effect_id=99)) == "no_room"
    stage.ok(stage.effect(effects.LIGHTNING, stage.clock.s + 50, 1_000, effect_id=5))  # takes its own place
    assert stage.said("effects") == MAX_EFFECTS
    stage.ok(stage.effect(effects.CLOUD, 0, 0, lights=0, effect_id=5))
    stage.ok(stage.effect(effects.CLOUD, 0, 0, lights=0, effect_id=5))  # is away already
    assert stage.said("effects") == MAX_EFFECTS - 1
    stage.to(stage.clock.s + 200)
    assert stage.said("effects") == 0


# -- refusals -----------------------------------------------------------------------------------------------------


def scenario_every_refusal_and_none_changes_anything():
    stage = Stage(n=6)  # a board with six lights
    stage.configure(1)
    knots = [(0, 1_000), (100_000, 1_000)]
    stage.play(1, knots, plan_id=9)
    stage.run(100)
    before = bytes(stage.lights._state), bytes(stage.lights._knots), bytes(stage.lights._effects)
    now, lights = stage.clock.s, stage.lights
    part = packed(knots, PART_KNOTS * KNOT_BYTES)
    assert stage.refused(lights.configure([0, 1, 1, 1, 1])) == "range"
    assert stage.refused(lights.configure([7, 1, 1, 1, 1])) == "range"
    assert stage.refused(lights.configure([1, 1, 0, 1, 1])) == "range"  # it would never move
    assert stage.refused(lights.configure([1, 1, 1, 1, limits.MAX_LIGHT_MW + 1])) == "range"
    assert stage.refused(lights.configure_all([limits.MAX_LIGHTS_MW + 1])) == "range"
    for first, count, light in ((0, 0, 1), (40, 30, 1), (0, 2, 0), (0, 2, 7)):
        assert stage.refused(lights.gather([1, light, first, count, part])) == "range"
    assert stage.refused(lights.gather([10, 1, 32, 2, part])) == "plan_incomplete"  # of another plan than the last
    assert stage.refused(lights.gather([9, 1, 3, 2, part])) == "plan_incomplete"
    assert stage.refused(stage.start(10, 1, knots)) == "plan_incomplete"
    assert stage.refused(stage.start(9, 1, knots + knots)) == "plan_incomplete"
    assert stage.refused(lights.start([9, 1, 2, b"0000", now, 0])) == "plan_crc"
    assert stage.refused(stage.start(9, 7, knots)) == "range"
    assert stage.refused(stage.start(9, 2, knots)) == "not_configured"
    assert stage.refused(stage.start(9, 1, knots, origin_s=now - 1_002)) == "plan_over"
    assert stage.refused(stage.start(9, 1, knots, origin_s=-200_000)) == "plan_over"
    assert stage.refused(stage.start(9, 1, knots, origin_s=now + 172_801)) == "too_far"
    for wrong in ([(5, 1), (4, 1)], [(0, 1), (17_280_001, 1)]):
        stage.gather(11, 1, wrong)
        assert stage.refused(stage.start(11, 1, wrong)) == "plan_times"
    assert stage.refused(stage.effect(0, now, 10, lights=64)) == "range"
    assert stage.refused(stage.effect(0, now - 60, 10)) == "plan_over"
    assert stage.refused(stage.effect(0, now + 172_801, 10)) == "too_far"
    assert stage.refused(stage.hold(64, 1, now + 1)) == "range"
    assert before == (bytes(lights._state), bytes(lights._knots), bytes(lights._effects))
    stage.run(100)
    assert stage.level(1) == 1_000


def scenario_parts_and_the_start_may_come_twice():
    stage = Stage()
    stage.configure(1)
    knots = [(100 * i, 500 * i) for i in range(64)]
    stage.gather(3, 1, knots)
    stage.gather(3, 1, knots)
    for _ in range(2):
        stage.ok(stage.start(3, 1, knots))
    assert stage.said("knots") == 64
    stage.run(30_000)
    assert abs(stage.level(1) - 15_000) <= 5
    assert len(stage.said("lights_crc")) == 4
