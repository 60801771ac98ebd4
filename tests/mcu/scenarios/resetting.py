"""A person resets a trip of an earlier boot: the board looks at its circuits first, by a whole configuration."""

from memory_disk import Disk
from virtual_rig import FURTHER, Rig


def running(disk):
    """A circuit that is closed and heats."""
    rig = Rig(disk).armed()
    rig.closed(1, 4000)
    rig.set(1, amps=8.5, volts=272)
    rig.run(50)
    return rig


def cut_line(rig, broken):
    rig.backend.set_loop(1, not broken)


def overheat(rig, broken):
    rig.set(1, degf=190 if broken else 105)


def break_sensor(rig, broken):
    rig.set(1, degf=105)
    if broken:
        rig.backend.set_counts(4, 4095)


def configured(rig, **configuration):
    """As a host does: all of it, then the question what the board holds."""
    rig.configure(**configuration)
    rig.accepted("CONFIG_CHECK")


def after_power_cut(cause):
    """The board after a trip and a power cut, its cause still there, host connected; and the trip's number."""
    disk = Disk()
    rig = running(disk)
    cause(rig, True)
    rig.run(100)
    trip_id = rig.tripped().event_id
    rig.acknowledge()
    after = Rig(Disk(disk.files), boot_id=78)
    cause(after, True)
    after.hello()
    after.run(3000)
    return after, trip_id


def scenario_not_before_it_is_configured():
    rig, trip_id = after_power_cut(overheat)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    overheat(rig, False)
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    rig.accepted("CONFIG_CIRCUIT", 1, True, 32_000, 11_000, 160_000, 300, 600, 50, *FURTHER)  # but no scales
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    assert rig.state() == "tripped"


def not_while_it_stands(cause):
    rig, trip_id = after_power_cut(cause)
    configured(rig)
    for _ in range(2):
        rig.run(3000)
        assert rig.refused("RESET_TRIP", trip_id) == "cause_present"
    cause(rig, False)
    rig.run(1900)
    assert rig.refused("RESET_TRIP", trip_id) == "too_soon"
    rig.run(150)
    rig.accepted("RESET_TRIP", trip_id)
    assert rig.arm().name == "ACK"


def scenario_not_by_a_configuration_without_its_circuit():
    """Nobody looks at a circuit that was taken out: the other one cannot speak for it."""
    rig, trip_id = after_power_cut(overheat)
    configured(rig, circuits=(2,))
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    overheat(rig, False)
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    configured(rig)
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip_id)


def scenario_not_by_a_configuration_without_its_circuit_in_the_same_boot():
    rig = running(Disk())
    overheat(rig, True)
    trip_id = rig.tripped().event_id
    configured(rig, circuits=(2,))
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"


def scenario_not_while_the_line_is_cut():
    not_while_it_stands(cut_line)


def scenario_not_while_the_tank_is_too_hot():
    not_while_it_stands(overheat)


def scenario_not_while_the_sensor_is_broken():
    not_while_it_stands(break_sensor)


def scenario_quiet_seconds_are_seconds_in_which_it_looked():
    """Three calm seconds before the configuration came do not count, and one in which it broke begins them anew."""
    rig, trip_id = after_power_cut(overheat)
    overheat(rig, False)
    rig.run(3000)
    configured(rig)
    assert rig.refused("RESET_TRIP", trip_id) == "too_soon"
    rig.run(1000)
    overheat(rig, True)
    rig.one_pass()  # less than a trip needs
    overheat(rig, False)
    rig.run(1500)
    assert rig.refused("RESET_TRIP", trip_id) == "too_soon"
    rig.run(600)
    rig.accepted("RESET_TRIP", trip_id)


def scenario_it_looks_from_the_check_of_the_configuration_on():
    """So the person who comes later does not wait."""
    rig, trip_id = after_power_cut(overheat)
    configured(rig)
    overheat(rig, False)
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip_id)


def scenario_not_by_scales_that_see_nothing():
    rig, trip_id = after_power_cut(overheat)
    rig.configure()
    rig.accepted("CONFIG_POINT", 4, 0, 500, 40_000)
    rig.accepted("CONFIG_POINT", 4, 1, 3500, 40_001)  # 200 °F reads as 40
    rig.accepted("CONFIG_CHECK")
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    rig.accepted("CONFIG_POINT", 4, 0, 500, 200_000)
    rig.accepted("CONFIG_POINT", 4, 1, 3500, 40_000)
    rig.accepted("CONFIG_CHECK")
    assert rig.refused("RESET_TRIP", trip_id) == "cause_present"


def scenario_a_changed_configuration_is_looked_by_first():
    """Sent while tripped, in the same boot: the two seconds are of the new limits."""
    rig = running(Disk())
    overheat(rig, True)
    trip_id = rig.tripped().event_id
    overheat(rig, False)
    rig.run(2100)
    configured(rig, limit_m_degf=150_000)
    assert rig.refused("RESET_TRIP", trip_id) == "too_soon"
    assert rig.program.facts.temperature_limit_m_degf[0] == 150_000
    rig.set(1, degf=155)
    rig.run(2100)
    assert rig.refused("RESET_TRIP", trip_id) == "cause_present"


def scenario_the_self_test_of_a_fault_tests_the_lines_of_the_circuits():
    disk = Disk()
    rig = running(disk)
    disk.fails = True
    overheat(rig, True)
    rig.run(200)
    disk.fails = False
    assert rig.state() == "fault"
    assert rig.program.journal.repair()
    after = Rig(Disk(disk.files), boot_id=78)
    fault_id = after.hello().trip_id
    after.backend.set_stuck(1, True)  # short to 3V3: it always looks whole
    assert after.refused("RESET_TRIP", fault_id) == "config_incomplete"
    configured(after)
    after.run(2100)
    assert after.refused("RESET_TRIP", fault_id) == "selftest"
    after.backend.set_stuck(1, False)
    after.run(2100)
    after.accepted("RESET_TRIP", fault_id)
    assert after.state() == "disarmed"


def scenario_a_board_without_circuits_is_reset_too():
    """What tripped is the board itself, and nothing of it is judged by a configuration."""
    for reset_cause in (1, 2):
        rig = Rig(reset_cause=reset_cause)
        trip_id = rig.hello().trip_id
        assert rig.refused("RESET_TRIP", trip_id) == "too_soon"
        rig.run(2100)
        rig.accepted("RESET_TRIP", trip_id)
        assert rig.state() == "disarmed"


def scenario_after_a_hang_the_circuits_are_looked_at_if_there_are_any():
    rig = Rig(reset_cause=1)
    trip_id = rig.hello().trip_id
    configured(rig)
    overheat(rig, True)
    rig.run(3000)
    assert rig.refused("RESET_TRIP", trip_id) == "cause_present"


def scenario_a_reset_in_the_midst_of_a_configuration_disturbs_nothing():
    """Scales alone look complete, since no circuit is enabled: they are not taken for all of it."""
    rig = Rig(reset_cause=1)
    trip_id = rig.hello().trip_id
    rig.run(2100)
    rig.accepted("CONFIG_POINT", 0, 0, 372, 0)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    rig.accepted("CONFIG_POINT", 0, 1, 4068, 14_000)
    for channel, low, high in ((2, 0, 500_000), (4, 200_000, 40_000)):
        rig.accepted("CONFIG_POINT", channel, 0, 0, low)
        assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
        rig.accepted("CONFIG_POINT", channel, 1, 4095, high)
    rig.accepted("CONFIG_CIRCUIT", 1, True, 32_000, 11_000, 160_000, 300, 600, 50, *FURTHER)
    assert rig.refused("RESET_TRIP", trip_id) == "config_incomplete"
    assert rig.accepted("CONFIG_CHECK").complete is True
    assert rig.refused("RESET_TRIP", trip_id) == "too_soon"
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip_id)
    assert rig.arm().name == "ACK"
