"""The lights on the whole board: commanded by the link, told in LIGHTS, played in every state and without a host."""

import micropython
import simboard
import simwire
from allocation import START_US, Script, run_locked
from virtual_rig import DAY_14_S, Rig

from tanklink import effects
from tanklink.crc import crc32
from tanklink.messages import N_LIGHTS

KNOT_BYTES, PART = 6, 192
SOURCES = bytes((2,) * N_LIGHTS)


def packed(knots):
    data = bytearray(PART)
    for i in range(len(knots)):
        data[6 * i : 6 * i + 6] = knots[i][0].to_bytes(4, "little") + knots[i][1].to_bytes(2, "little")
    return data


def lit(rig, knots, lights=range(1, 9), slew=1_000_000, fallback=500):
    """Lights that play these knots from now on."""
    rig.accepted("CONFIG_LIGHTS", 600_000)
    data = packed(knots)
    crc = crc32(data, KNOT_BYTES * len(knots)).to_bytes(4, "little")
    origin_s = rig.program.clock.s
    for light in lights:
        rig.accepted("CONFIG_LIGHT", light, 65_535, slew, fallback, 50_000)
        rig.accepted("PLAN_KNOTS", 40 + light, light, 0, len(knots), data)
        rig.accepted("PLAN_START", 40 + light, light, len(knots), crc, origin_s, 0)
    return origin_s


def duty(light):
    """Counts and top of a light's channel, as the chip holds them."""
    gpio = simwire.LIGHT_GPIOS[light - 1]
    pwm, channel = simboard.board().pwm, (gpio >> 1 & 7) * 2 + (gpio & 1)
    assert pwm.running[channel >> 1]
    return pwm.cc[channel], pwm.top[channel >> 1]


def u16(data, light):
    return data[2 * light - 2] | data[2 * light - 1] << 8


def scenario_a_plan_comes_over_the_link_and_shows_at_the_pins_and_in_lights():
    for uptime_s in (10, DAY_14_S):
        rig = Rig()
        rig.live_to(uptime_s)
        rig.hello()
        lit(rig, [(0, 10_000), (60_000, 10_000)])
        rig.run(1000)
        for light in range(1, 9):
            cc, top = duty(light)
            assert top == 65_513
            assert abs(cc - 10_000 * 65_514 / 65_535) <= 0.5
        said = rig.last("LIGHTS")
        assert [u16(said.levels, light) for light in range(1, 9)] == [10_000] * 8
        assert [u16(said.plans, light) for light in range(1, 9)] == list(range(41, 49))
        assert (said.sources, said.knots, said.effects, said.power_capped) == (SOURCES, 16, 0, False)
        assert 595 <= said.left_s[0] | said.left_s[1] << 8 <= 600
        assert abs(said.power_mw - 8 * 50_000 * 10_000 // 65_535) < 500


def scenario_lights_are_told_twice_a_second():
    rig = Rig()
    rig.hello()
    rig.run(5000)
    assert 9 <= rig.said["LIGHTS"] <= 11
    assert rig.program.link.dropped == 0


def scenario_every_refusal_goes_over_the_link_and_a_session_is_needed():
    rig = Rig()
    rig.alive = True
    assert rig.refused("CONFIG_LIGHT", 1, 1, 1, 1, 1) == "no_session"
    rig.hello()
    blank = bytes(PART)
    assert rig.refused("CONFIG_LIGHT", 0, 1, 1, 1, 1) == "range"
    assert rig.refused("CONFIG_LIGHTS", 10_000_000) == "range"
    assert rig.refused("PLAN_KNOTS", 1, 1, 5, 1, blank) == "plan_incomplete"
    assert rig.refused("PLAN_START", 1, 1, 1, b"0000", 0, 0) == "not_configured"
    rig.accepted("CONFIG_LIGHT", 1, 65_535, 1_000, 0, 0)
    assert rig.refused("PLAN_START", 1, 1, 1, b"0000", 0, 0) == "plan_incomplete"
    rig.accepted("PLAN_KNOTS", 1, 1, 0, 1, blank)
    assert rig.refused("PLAN_START", 1, 1, 1, b"0000", 0, 0) == "plan_crc"
    crc = crc32(blank, KNOT_BYTES).to_bytes(4, "little")
    assert rig.refused("PLAN_START", 1, 1, 1, crc, 200_000, 0) == "too_far"
    assert rig.refused("PLAN_START", 1, 1, 1, crc, -10, 0) == "plan_over"
    back = packed([(9, 0), (8, 0)])
    rig.accepted("PLAN_KNOTS", 2, 1, 0, 2, back)
    assert rig.refused("PLAN_START", 2, 1, 2, crc32(back, 12).to_bytes(4, "little"), 0, 0) == "plan_times"
    rig.run(1000)  # ten refusals a second
    for i in range(16):
        rig.accepted("EFFECT", i, 1, 1, 1000, 0, 100, 1, 0, 0)
    assert rig.refused("EFFECT", 77, 1, 1, 1000, 0, 100, 1, 0, 0) == "no_room"
    assert rig.refused("LEVELS", 2, bytes(16), rig.program.clock.s + 5, 0) == "not_configured"
    assert rig.refused("LEVELS", 1, bytes(16), rig.program.clock.s + 100, 0) == "too_far"
    assert rig.program.commands.bad_state == 13


def scenario_a_trip_a_fault_and_disarming_leave_the_lights_alone():
    rig = Rig()
    rig.armed()
    lit(rig, [(0, 0), (60_000, 60_000)])
    rig.closed(1, 3000)
    rig.run(100)
    rig.backend.set_loop(1, False)
    before = duty(3)[0]
    rig.run(2000)
    assert rig.state() == "tripped"
    assert duty(3)[0] - before >= 150
    rig.program._raise("clock", 0, 0, 0)
    before = duty(3)[0]
    rig.run(1000)
    assert rig.last("LIGHTS").sources == SOURCES
    assert duty(3)[0] - before >= 90
    lit(rig, [(0, 20_000), (6_000, 20_000)], lights=(1,))  # and a new plan is taken then, too
    rig.run(200)
    assert abs(duty(1)[0] - 20_000 * 65_514 // 65_535) <= 1


def scenario_the_plan_outlives_the_host_and_a_new_session_moves_nothing():
    rig = Rig()
    rig.hello()
    origin_s = lit(rig, [(0, 0), (6_000, 60_000)])
    rig.alive = False
    rig.run(10_000)
    clock = rig.program.clock
    wanted = 10 * (100 * (clock.s - origin_s) + clock.us // 10_000)
    assert abs(duty(8)[0] * 65_535 // 65_514 - wanted) <= 30
    rig.session += 1
    before = duty(8)[0]
    rig.hello()
    rig.run(50)
    assert 0 <= duty(8)[0] - before <= 200
    assert rig.program.lights.level(7) > 9_000


def scenario_a_board_that_starts_is_dark_until_it_is_told():
    rig = Rig()
    rig.run(300)
    assert [duty(light)[0] for light in range(1, 9)] == [0] * 8
    assert rig.program.lights.values[2] == bytearray(16)


def scenario_eight_lights_and_weather_allocate_nothing():
    """Heating and leases run beside them; the plan has knots in the middle of it, LEVELS come by the host."""
    for uptime_s in (10, DAY_14_S):
        rig = Rig(start_us=START_US)
        rig.live_to(uptime_s)
        rig.armed()
        origin_s = lit(rig, [(0, 1_000), (300, 60_000), (350, 0), (500, 50_000)])
        rig.accepted("EFFECT", 1, effects.CLOUD, 0xFF, origin_s, 0, 60_000, 40_000, 100, 3)
        rig.accepted("EFFECT", 2, effects.LIGHTNING, 0x0F, origin_s + 1, 0, 60_000, 65_535, 50, 4)
        rig.closed(1, 1500)
        rig.set(1, amps=8.5, volts=272)
        rig.run(20)
        script = Script(rig, True)
        changes = rig.backend.written
        rig.backend.on_record = None
        run_locked(rig, script)
        assert rig.backend.written - changes > 2_000
        assert rig.program.lights.values[0] > 0  # LIGHTS went out


def scenario_levels_by_hand_allocate_nothing():
    rig = Rig()
    rig.hello()
    lit(rig, [(0, 1_000), (60_000, 1_000)])
    values = [255, bytearray(b"\x00\x80" * 8), rig.program.clock.s + 5, 0]
    micropython.heap_lock()
    try:
        assert rig.program.lights.hold(values) is None
    finally:
        micropython.heap_unlock()
    rig.run(200)
    assert abs(duty(1)[0] - 32_757) <= 1
