"""Scales must let every rule fire: a flat, reversed or short one does not arm."""

import gc

from virtual_rig import COUNTS_PER_A, LIMIT_M_DEGF, LIMIT_MA, ZERO_COUNTS, Rig

from tanklink.config import Config

CURRENT, VOLTAGE, TEMPERATURE = 0, 2, 4
LIMIT_COUNTS = ZERO_COUNTS + LIMIT_MA * COUNTS_PER_A // 1000

# channel, points
BAD = (
    (CURRENT, ((0, 0), (4095, 0))),
    (CURRENT, ((372, 14_000), (4068, 0))),
    (CURRENT, ((372, 0), (2000, 6_000), (3000, 5_000), (4068, 14_000))),
    (CURRENT, ((372, 0), (2000, 6_000), (3000, 6_000), (4068, 14_000))),
    (CURRENT, ((372, 0), (4095, LIMIT_MA))),  # its very top is the limit
    (CURRENT, ((0, 0), (4095, 14_000))),  # no live zero: dead looks like no current
    (CURRENT, ((99, 0), (4095, 14_000))),
    (CURRENT, ((0, -9_000_000), (4095, -1))),
    (VOLTAGE, ((0, 500_000), (4095, 0))),
    (VOLTAGE, ((0, 200_000), (4095, 200_000))),
    (VOLTAGE, ((0, 400_000), (4095, 500_000))),  # a collapsed voltage would never be seen
    (VOLTAGE, ((0, 60_000), (4095, 500_000))),  # as high as a short at 4 A would be judged
    (VOLTAGE, ((0, 3_840), (4095, 500_000))),  # as a short at the least current that counts: 12.8 Ω · 0.3 A
    (VOLTAGE, ((0, 0), (4095, 450_000))),  # its very top is the limit
    (TEMPERATURE, ((500, 100_000), (3500, 100_000))),
    (TEMPERATURE, ((500, 120_000), (3500, 40_000))),  # its table ends below the limit, beyond is guesswork
    (TEMPERATURE, ((500, LIMIT_M_DEGF), (3500, 40_000))),
    (TEMPERATURE, ((500, 200_000), (2000, 40_000), (3500, 100_000))),
    (TEMPERATURE, ((500, 163_000), (3500, 155_000))),  # too narrow for three windows of the greatest rate
    (TEMPERATURE, ((500, 40_000), (3500, LIMIT_M_DEGF))),
    (TEMPERATURE, ((0, 170_000), (40, 159_000), (3500, 40_000))),  # hot only where the sensor counts as shorted
)
GOOD = (
    (CURRENT, ((100, 0), (4095, LIMIT_MA + 1))),
    (CURRENT, ((2048, 0), (4095, LIMIT_MA + 1))),  # of a sensor for both directions
    (CURRENT, ((372, 0), (LIMIT_COUNTS - 500, 9_000), (4000, 14_000))),
    (VOLTAGE, ((0, 3_839), (4095, 500_000))),
    (VOLTAGE, ((40, 1_000), (4000, 480_000))),  # calibrated at two voltages
    (VOLTAGE, ((0, 3_839), (4095, 450_001))),
    (TEMPERATURE, ((500, LIMIT_M_DEGF + 1), (3500, 40_000))),
    (TEMPERATURE, ((500, 40_000), (3500, LIMIT_M_DEGF + 1))),  # of a thermistor at the other end of its divider
)


def arming_with(rig, channel, points):
    """The answer to ARM with this scale."""
    rig.configure()
    for index in range(len(points)):
        rig.accepted("CONFIG_POINT", channel, index, points[index][0], points[index][1])
    return rig.arm()


def scenario_scales_that_cannot_trip_do_not_arm():
    from tanklink.messages import NAK_REASONS

    for circuit in (1, 2):
        rig = Rig()
        rig.hello()
        for n, (channel, points) in enumerate(BAD):
            answer = arming_with(rig, channel + circuit - 1, points)
            assert answer.name == "NAK", points
            assert NAK_REASONS[answer.reason] == "config_incomplete", points
            assert rig.program.commands.bad_state == n + 1
            rig.run(200)  # the rate of messages
            rig.heard.clear()
            rig.replies.clear()
        assert rig.state() == "disarmed"
        assert rig.program.facts.enabled == [False, False]  # nothing was adopted


def scenario_scales_that_just_reach():
    for channel, points in GOOD:
        gc.collect()
        rig = Rig()
        rig.hello()
        rig.show(1, volts=100)
        if channel == CURRENT:
            rig.backend.idle[0] = points[0][0]
        answer = arming_with(rig, channel, points)
        assert answer.name == "ACK", (points, answer)


def scenario_scales_of_a_circuit_that_is_not_enabled_are_free():
    rig = Rig()
    rig.hello()
    rig.configure(circuits=(2,))
    rig.accepted("CONFIG_POINT", CURRENT, 0, 0, 0)
    rig.accepted("CONFIG_POINT", CURRENT, 1, 4095, 0)
    assert rig.arm().name == "ACK"


def scenario_slope():
    config = Config()
    assert config.slope(3) == 0
    for points, slope in (
        (((5, 1),), 0),
        (((5, 1), (6, 2)), 1),
        (((5, 2), (6, 1)), -1),
        (((5, -10_000_000), (6, 10_000_000)), 1),
        (((5, 1), (6, 2), (7, 2)), 0),
        (((5, 1), (6, 2), (7, 1)), 0),
        (((5, 3), (6, 2), (7, 3)), 0),
        (((5, 3), (6, 2), (7, 1), (8, 0)), -1),
    ):
        for index in range(len(points)):
            assert config.set_point([3, index, points[index][0], points[index][1]])
        assert config.slope(3) == slope, points
        assert (config.first_counts(3), config.last_counts(3)) == (5, points[-1][0])
