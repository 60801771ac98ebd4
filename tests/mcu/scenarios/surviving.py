"""Power: what a trip, a fault, an event and a board that was armed are after it came back."""

import simwire
from memory_disk import Disk, loses_power
from virtual_rig import Rig

from tanklink.messages import TRIGGERS


def hot(disk):
    """A board that has tripped on over-temperature."""
    rig = Rig(disk).armed()
    rig.closed(1)
    rig.set(1, degf=165)
    return rig, rig.tripped()


def scenario_power_cut_while_tripped():
    disk = Disk()
    _, trip = hot(disk)
    after = Rig(Disk(disk.files), boot_id=78)
    welcome = after.hello()
    assert (welcome.state, welcome.trip_id) == (4, trip.event_id)
    after.configure()
    assert after.refused("ARM", bytes(8), 78, bytes(4)) == "state"
    after.run(100)
    told = after.last("TRIP")
    assert (told.event_id, told.boot_id, told.value, told.limit) == (trip.event_id, 77, trip.value, trip.limit)
    after.run(2100)
    after.accepted("RESET_TRIP", trip.event_id)
    assert after.arm().name == "ACK"


def scenario_power_cut_after_the_reset():
    disk = Disk()
    rig, trip = hot(disk)
    rig.set(1, degf=120)
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip.event_id)
    assert Rig(Disk(disk.files), boot_id=78).state() == "disarmed"


def scenario_a_trip_the_host_has_stored_still_stands():
    disk = Disk()
    rig, trip = hot(disk)
    rig.acknowledge()
    rig.run(50)
    after = Rig(Disk(disk.files), boot_id=78)
    assert after.hello().trip_id == trip.event_id
    after.run(50)
    assert [said.name for said in after.events()] == ["BOOT"]  # the new one


def scenario_a_fault_is_a_fault_after_power():
    disk = Disk()
    rig = Rig(disk).armed()
    rig.closed(1)
    disk.fails = True
    rig.set(1, degf=165)
    rig.run(100)
    disk.fails = False
    rig.set(1, degf=120)
    rig.run(2100)
    fault = rig.last("FAULT")
    assert TRIGGERS[fault.trigger] == "journal"
    assert rig.program.journal.repair()  # flash works again, and is told
    after = Rig(Disk(disk.files), boot_id=78)
    assert after.state() == "fault"
    assert after.hello().trip_id == fault.event_id


def scenario_armed_is_never_remembered():
    disk = Disk()
    rig = Rig(disk).armed()
    rig.closed(1)
    after = Rig(Disk(disk.files), boot_id=78)
    assert after.state() == "disarmed"
    after.lease(1)
    after.run(300)
    assert after.pins() == (0, 0, 0, 0)
    after.armed()  # a clean record: the host may arm by itself


def scenario_watchdog_on_a_standing_trip_keeps_the_first_cause():
    disk = Disk()
    _, trip = hot(disk)
    after = Rig(Disk(disk.files), cause=simwire.CAUSE_WATCHDOG, reset_cause=1, boot_id=78)
    assert after.hello().trip_id == trip.event_id
    after.run(50)
    assert [said.name for said in after.events()] == ["BOOT", "TRIP", "BOOT"]
    assert after.last("BOOT").reset_cause == 1


def scenario_power_cut_in_the_very_pass_of_the_trip():
    """Cut at every byte of what a trip writes: either nothing of it was told, or it stands afterwards."""
    disk = Disk()
    rig = Rig(disk).armed()
    rig.closed(1)
    rig.set(1, degf=165)
    before = disk.written
    rig.run(100)
    length = disk.written - before
    assert length >= 64
    for budget in range(0, length + 1, 7):
        cut_disk = Disk()
        rig = Rig(cut_disk).armed()
        rig.closed(1)
        rig.set(1, degf=165)
        cut_disk.budget = budget
        loses_power(rig.run, 100)
        rig.listen()
        told = [said for said in rig.heard if said.name == "TRIP"]
        shown = rig.last("STATUS").trip_id
        after = Rig(Disk(cut_disk.files), boot_id=78)
        if told or shown:
            assert after.state() == "tripped", budget
        assert after.state() in ("tripped", "disarmed")


def scenario_uptime_and_boot_are_in_every_event():
    disk = Disk()
    Rig(disk, boot_id=5)
    after = Rig(Disk(disk.files), boot_id=6)
    after.hello()
    after.run(50)
    assert [(said.event_id, said.boot_id) for said in after.events()] == [(1, 5), (2, 6)]
