"""Feedings: each exactly once, told as it was, refused with a reason, and never more than the caps allow."""

import simboard
import simwire
from virtual_feeder import DAY, FEED_US, HOLD_MS, REST_US, ROTATE_MS, WALL_S, Farm
from virtual_rig import DAY_14_S

from tanklink.messages import DROPS_UNKNOWN

FIND_MS, SETTLE_MS, FADE_MS = 600, 300, 45  # servo.py


def scenario_a_feeding_is_kept_before_it_moves_and_told_after():
    farm = Farm().ready()
    hopper = farm.hoppers.all[0]
    said = farm.feed(turns=2, mg=1500)
    assert (said.name, said.state) == ("FEED_STATE", 1)
    farm.done()
    started, report = farm.last("FEED_STARTED"), farm.last("FEED_REPORT")
    assert started.event_id < report.event_id
    assert (started.op_hi, started.op_lo, started.feeder) == (3, farm.op, 1)
    assert (started.wall_day, started.wall_s, started.portion_mg) == (DAY, WALL_S, 1500)
    assert (started.turns, started.rest_us) == (2, REST_US)
    assert (report.op_hi, report.op_lo, report.feeder) == (3, farm.op, 1)
    assert farm.reports() == {farm.op: ("done", "none")}
    assert (report.turns, report.drops, hopper.portions) == (2, 2, 2)
    planned_ms = FIND_MS + 2 * (2 * ROTATE_MS + HOLD_MS) + SETTLE_MS + FADE_MS
    assert planned_ms <= report.took_ms <= planned_ms + 10
    assert farm.status(farm.op) == ("done", "none")


def scenario_nothing_moves_before_the_beginning_is_in_flash():
    farm = Farm().ready()
    journal, hopper = farm.program.journal, farm.hoppers.all[0]
    seen = []

    def watch(t, kind, a, b):
        if kind == simwire.PWM_LEVEL and not seen:
            seen.append([event[14] for event in journal.events[: journal.count] if event[0] == 65])
        farm.hoppers.record(t, kind, a, b)

    farm.backend.on_record = watch
    farm.feed()
    farm.done()
    assert seen == [[True]]
    assert hopper.portions == 1


def scenario_a_servo_at_rest_is_not_driven():
    farm = Farm().ready()
    hopper = farm.hoppers.all[0]
    farm.feed()
    farm.run_until(lambda: hopper.pulse_us > 0)
    assert farm.backend.records(simwire.FUNCTION)[-1][2:] == (hopper.gpio, simwire.FUNCTION_PWM)
    farm.done()
    assert farm.backend.records(simwire.FUNCTION)[-1][2:] == (hopper.gpio, simwire.FUNCTION_SIO)
    assert simboard.board().level(hopper.gpio) == 0
    moves = hopper.moves
    farm.run(500)
    assert hopper.moves == moves


def scenario_the_ramp_is_even_and_its_ends_are_kept():
    farm = Farm().ready()
    seen = []

    def watch(t, kind, a, b):
        farm.hoppers.record(t, kind, a, b)
        if kind == simwire.PWM_LEVEL:
            seen.append((t, farm.hoppers.all[0].pulse_us))

    farm.backend.on_record = watch
    farm.feed(rotate_ms=1000, hold_ms=500)
    farm.done()
    began = next(t for t, us in seen if us > REST_US)
    for t, us in seen:
        if began <= t <= began + 1_000_000:
            assert abs(us - (REST_US + (FEED_US - REST_US) * (t - began + 5000) // 1_000_000)) <= 6, (t - began, us)
    assert max(us for _, us in seen) == FEED_US
    assert min(us for _, us in seen if us) == REST_US


def scenario_a_known_operation_moves_nothing_again():
    farm = Farm().ready()
    values = farm.feeding()
    assert farm.accepted("FEED", *values).state == 1
    assert farm.accepted("FEED", *values).state == 1  # it runs
    farm.done()
    again = farm.accepted("FEED", *values)
    assert (again.state, again.turns, again.drops) == (2, 1, 1)
    farm.acknowledge()
    farm.run(2000)
    assert farm.accepted("FEED", *values).state == 2
    assert farm.hoppers.portions() == 1
    after = farm.restarted().ready()
    assert after.accepted("FEED", *values).state == 2  # known, and so not even of another boot
    assert after.accepted("FEED", *after.feeding(op=values[1])).state == 2
    assert after.hoppers.portions() == 1


def scenario_each_reason_to_refuse():
    farm = Farm()
    assert farm.refused("FEED", *farm.feeding()) == "no_session"
    farm.hello()
    assert farm.not_fed() == "not_configured"
    farm.ready(1)
    assert farm.not_fed(feeder=2) == "not_configured"
    assert farm.not_fed(feeder=0) == "range"
    assert farm.not_fed(boot_id=76) == "boot_id"
    assert farm.not_fed(ahead_ms=-1) == "too_late"
    assert farm.not_fed(ahead_ms=400_000) == "range"
    assert farm.not_fed(rest_us=549) == "range"
    assert farm.not_fed(feed_us=2401) == "range"
    assert farm.not_fed(rotate_ms=99) == "range"
    assert farm.not_fed(hold_ms=10_001) == "range"
    assert farm.not_fed(turns=0) == "range"
    assert farm.not_fed(turns=6) == "feeding_cap"
    assert farm.not_fed(turns=500, rotate_ms=1000) == "range"  # longer than a feeding may last
    assert farm.not_fed(mg=30_001) == "feeding_cap"
    assert farm.status(farm.op) == ("unknown", "none")
    assert farm.events()[-1].name == "BOOT"  # nothing of it went to flash
    farm.feed()
    assert farm.refused("FEED", *farm.feeding()) == "servo_busy"
    assert farm.refused("TEST_SERVO", 1, REST_US, FEED_US, ROTATE_MS, HOLD_MS) == "servo_busy"
    assert farm.refused("MAINTENANCE") == "servo_busy"
    assert farm.done().hoppers.portions() == 1


def scenario_one_servo_at_a_time():
    farm = Farm().ready()
    one, two = farm.hoppers.all
    farm.feed(1)
    farm.run_until(lambda: one.pulse_us > 0)
    assert farm.refused("FEED", *farm.feeding(2)) == "servo_busy"
    assert two.moves == 0
    farm.done()
    farm.feed(2)
    farm.run_until(lambda: two.pulse_us > 0)
    assert one.pulse_us == 0
    farm.done()
    assert (one.portions, two.portions) == (1, 1)
    assert sorted(farm.reports().values()) == [("done", "none")] * 2


def scenario_a_configuration_beyond_the_limits_is_refused():
    farm = Farm()
    farm.hello()
    good = [1, True, 550, 2400, 5, 8, 20, 30_000, True]
    for place, value in ((0, 0), (2, 499), (3, 2501), (2, 2400), (4, 0), (4, 21), (5, 25), (6, 101), (7, 500_001)):
        values = list(good)
        values[place] = value
        assert farm.refused("CONFIG_FEEDER", *values) == "range", (place, value)
    assert farm.not_fed() == "not_configured"
    farm.accepted("CONFIG_FEEDER", *good)
    farm.feed()
    farm.done()


def scenario_a_host_that_dies_changes_nothing():
    for say_no_more in (0, 3):
        farm = Farm().ready()
        farm.send("FEED", *farm.feeding(turns=3))
        for _ in range(say_no_more):
            farm.one_pass()
        farm.alive = False
        farm.run(6000)
        assert farm.hoppers.portions() == 3
        assert not farm.program.feeder.busy()
        farm.session += 1
        farm.ready()
        farm.run(200)
        assert farm.reports() == {farm.op: ("done", "none")}


def scenario_a_new_session_does_not_stop_it():
    farm = Farm().ready()
    farm.feed(turns=3)
    farm.run(1000)
    farm.session += 1
    farm.ready()
    assert farm.status(farm.op)[0] == "running"
    assert farm.done().hoppers.portions() == 3


def scenario_circuits_do_not_matter():
    """Animals eat whether the circuits are armed, heating, tripped or faulty; a feeding opens none."""
    farm = Farm()
    farm.armed()
    farm.session += 1
    farm.hello()
    for feeder in (1, 2):
        farm.accepted("CONFIG_FEEDER", feeder, True, 550, 2400, 5, 8, 20, 30_000, True)
    farm.configure()
    assert farm.arm().name == "ACK"
    for circuit in farm.program.circuits:
        circuit.prove(farm.program.clock)
    farm.closed(1, 5000)
    farm.feed()
    farm.run(2500)
    assert farm.state() == "armed"
    assert farm.pins() == (1, 1, 0, 0)
    assert farm.reports() == {farm.op: ("done", "none")}
    farm.set(1, amps=13)
    farm.run(100)
    farm.set(1, amps=0)
    assert farm.state() == "tripped"
    farm.feed()
    farm.done()
    farm.program._raise("journal", 0, 1, 0)
    assert farm.state() == "fault"
    farm.feed()
    farm.done()
    assert farm.hoppers.portions() == 3


def scenario_nothing_begins_on_the_way_to_maintenance():
    farm = Farm().ready()
    farm.send("MAINTENANCE")
    farm.send("FEED", *farm.feeding())
    farm.run(100)
    assert farm.hoppers.portions() == 0
    assert not farm.program.feeder.busy()


# -- what the sensor sees ---------------------------------------------------------------------------------------------


def scenario_a_hopper_that_gives_nothing_is_told():
    farm = Farm().ready()
    farm.hoppers.all[0].jammed = True
    farm.feed(turns=2)
    farm.done()
    assert farm.reports() == {farm.op: ("failed", "no_drop")}
    assert (farm.last("FEED_REPORT").turns, farm.last("FEED_REPORT").drops) == (2, 0)
    assert farm.status(farm.op) == ("failed", "no_drop")


def scenario_a_turn_that_gives_nothing_is_told():
    farm = Farm().ready()
    hopper = farm.hoppers.all[0]
    farm.feed(turns=3)
    farm.run_until(lambda: hopper.portions == 2)
    hopper.jammed = True
    farm.done()
    assert farm.reports() == {farm.op: ("partial", "missed_drop")}
    assert (farm.last("FEED_REPORT").turns, farm.last("FEED_REPORT").drops) == (3, 2)


def scenario_without_a_sensor_the_servo_is_believed():
    farm = Farm().ready(sensor=False)
    farm.hoppers.all[0].blind = True
    farm.feed(turns=2)
    farm.done()
    assert farm.reports() == {farm.op: ("done", "none")}
    assert farm.last("FEED_REPORT").drops == DROPS_UNKNOWN
    assert farm.accepted("FEED_STATUS", 3, farm.op).drops == DROPS_UNKNOWN


def scenario_what_fell_before_does_not_count():
    farm = Farm().ready()
    hopper = farm.hoppers.all[0]
    farm.backend.words[hopper.drops] += 3  # somebody filled it up
    hopper.blind = True
    farm.feed()
    farm.done()
    assert farm.reports() == {farm.op: ("failed", "no_drop")}


def scenario_many_grains_are_one_drop():
    farm = Farm().ready()
    hopper = farm.hoppers.all[0]
    farm.feed()
    farm.run_until(lambda: hopper.portions == 1)
    for _ in range(10):
        farm.backend.words[hopper.drops] += 1
        farm.run(10)
    farm.done()
    assert farm.last("FEED_REPORT").drops == 1


# -- rest ----------------------------------------------------------------------------------------------------------


def scenario_it_may_be_left_where_it_feeds():
    farm = Farm().ready()
    hopper = farm.hoppers.all[0]
    last = []

    def watch(t, kind, a, b):
        farm.hoppers.record(t, kind, a, b)
        if hopper.pulse_us:
            last.append(hopper.pulse_us)

    farm.backend.on_record = watch
    farm.feed(returns=False, turns=2)
    farm.done()
    assert (hopper.portions, last[-1]) == (2, FEED_US)
    del last[:]
    farm.feed(returns=True)  # begins where it was left, and evenly
    farm.done()
    assert FEED_US - 50 <= last[0] <= FEED_US
    assert (hopper.portions, last[-1]) == (3, REST_US)


def scenario_a_test_counts_as_no_feeding_and_is_seldom():
    farm = Farm().ready()
    for _ in range(10):
        farm.accepted("TEST_SERVO", 1, REST_US, FEED_US, ROTATE_MS, HOLD_MS)
        farm.done()
    assert farm.refused("TEST_SERVO", 1, REST_US, FEED_US, ROTATE_MS, HOLD_MS) == "feeding_cap"
    assert farm.reports() == {}
    assert farm.program.journal.feedings.n == 0
    farm.live_to(farm.program.clock.s + 3700)
    farm.accepted("TEST_SERVO", 1, REST_US, FEED_US, ROTATE_MS, HOLD_MS)
    farm.done()
    assert farm.refused("TEST_SERVO", 1, 540, FEED_US, ROTATE_MS, HOLD_MS) == "range"
    assert farm.refused("TEST_SERVO", 0, REST_US, FEED_US, ROTATE_MS, HOLD_MS) == "range"


def scenario_a_board_without_configuration_can_be_tried_out():
    farm = Farm()
    farm.hello()
    farm.accepted("TEST_SERVO", 2, 500, 2500, ROTATE_MS, HOLD_MS)
    farm.done()
    assert farm.hoppers.all[1].portions == 1
    assert farm.refused("TEST_SERVO", 2, 499, 2500, ROTATE_MS, HOLD_MS) == "range"


# -- time ------------------------------------------------------------------------------------------------------------


def scenario_a_clock_that_has_run_for_two_weeks():
    farm = Farm()
    farm.live_to(DAY_14_S)
    farm.ready()
    farm.feed(turns=2)
    farm.done()
    assert farm.not_fed(ahead_ms=-1) == "too_late"
    assert farm.reports() == {farm.op - 1: ("done", "none")}
    assert farm.hoppers.portions() == 2


def scenario_the_last_instant_counts_until_it_moves():
    """The journal took its time: what was accepted may have come too late by then, and that is told."""
    farm = Farm().ready()
    record = farm.program.journal.record

    def slow(all_open=True):
        farm.hang(100)
        return record(all_open)

    farm.program.journal.record = slow
    farm.feed(ahead_ms=60)
    farm.program.journal.record = record
    farm.run(100)
    assert farm.reports() == {farm.op: ("failed", "too_late")}
    assert (farm.last("FEED_REPORT").turns, farm.hoppers.portions()) == (0, 0)
    assert farm.hoppers.all[0].moves == 0
    assert farm.status(farm.op) == ("failed", "too_late")
