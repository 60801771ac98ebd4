"""Power: what a trip, a fault, an event and a board that was armed are after it came back."""

import gc

import simwire
from journal import NAMES, RECORD_BYTES
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
    after.accepted("CONFIG_CHECK")
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


# -- a journal that is there and cannot be read --------------------------------------------------------------------


def spoilt(files, hits):
    """A disk with every byte of the given records turned over; hits: (file, record)…"""
    disk = Disk(files)
    for name, record in hits:
        for i in range(record * RECORD_BYTES, (record + 1) * RECORD_BYTES):
            disk.files[name][i] ^= 0xFF
    return disk


def expect_lost(disk):
    """A board with this flash starts at fault, by its journal; returns it."""
    rig = Rig(disk, boot_id=79)
    assert rig.state() == "fault"
    rig.hello()
    rig.run(50)
    fault = rig.last("FAULT")
    assert TRIGGERS[fault.trigger] == "journal"
    assert rig.program.journal.standing_id() == fault.event_id
    return rig


def scenario_a_journal_that_cannot_be_read_is_a_fault():
    """Whatever record is spoilt: what stood may have been in it."""
    disk = Disk()
    trip = hot(disk)[1]
    name = NAMES[0]
    for record in range(len(disk.files[name]) // RECORD_BYTES):
        gc.collect()
        assert expect_lost(spoilt(disk.files, ((name, record),))).last("FAULT").event_id > trip.event_id


def scenario_spoilt_newer_file_beside_a_good_older_one():
    """The older one does not know of the trip."""
    disk = Disk()
    hot(disk)
    older = Disk(disk.files)
    newer = Rig(older, boot_id=78)
    newer.program.journal.repair()  # rotates
    assert older.files[NAMES[1]]
    for hits in (((NAMES[1], 0),), ((NAMES[1], 1),), ((NAMES[1], 0), (NAMES[1], 1))):
        expect_lost(spoilt(older.files, hits))
    whole = len(older.files[NAMES[1]]) // RECORD_BYTES
    expect_lost(spoilt(older.files, [(NAMES[1], i) for i in range(whole)]))
    assert Rig(spoilt(older.files, ((NAMES[0], 0),)), boot_id=80).state() == "tripped"  # the older one: no matter


def scenario_a_file_that_refuses_to_be_read():
    disk = Disk()
    hot(disk)

    class Refusing(Disk):
        def open(self, name, mode):
            if mode == "rb" and name in self.files:
                raise OSError(5)
            return Disk.open(self, name, mode)

    expect_lost(Refusing(disk.files))


def scenario_files_that_no_cut_leaves():
    disk = Disk()
    hot(disk)
    good = bytes(disk.files[NAMES[0]])
    for files in (
        {NAMES[0]: bytes(RECORD_BYTES)},
        {NAMES[0]: b"", NAMES[1]: b""},
        {NAMES[1]: b""},
        {NAMES[1]: good[:RECORD_BYTES]},  # begun, but it was never the first
        {NAMES[0]: good[RECORD_BYTES:]},
    ):
        expect_lost(Disk(files))


def scenario_a_first_boot_that_was_cut_is_no_loss():
    whole = Disk()
    Rig(whole)
    assert whole.written > 2 * RECORD_BYTES
    for budget in range(whole.written):
        disk = Disk()
        disk.budget = budget
        assert loses_power(Rig, disk)
        assert Rig(Disk(disk.files), boot_id=78).state() == "disarmed", budget


def scenario_the_loss_outlives_a_cut_at_every_byte():
    """Until the fault is in flash, whatever was spoilt is found again."""
    disk = Disk()
    hot(disk)
    rotated = Disk(disk.files)
    Rig(rotated, boot_id=78).program.journal.repair()
    for files, hits in (
        (disk.files, ((NAMES[0], 0),)),
        (disk.files, ((NAMES[0], 2),)),
        (rotated.files, ((NAMES[1], 0),)),
        (rotated.files, ((NAMES[0], 0), (NAMES[1], 0))),
    ):
        length = spoilt(files, hits)
        Rig(length, boot_id=79)
        for budget in range(0, length.written, 9):
            cut = spoilt(files, hits)
            cut.budget = budget
            assert loses_power(Rig, cut), budget
            assert Rig(Disk(cut.files), boot_id=80).state() == "fault", (hits, budget)


def scenario_a_lost_journal_is_reset_by_a_person_and_stays_so():
    disk = Disk()
    hot(disk)
    disk = spoilt(disk.files, ((NAMES[0], 0),))
    rig = expect_lost(disk)
    fault_id = rig.last("FAULT").event_id
    rig.configure(circuits=())
    rig.accepted("CONFIG_CHECK")
    rig.run(2100)
    assert rig.refused("RESET_TRIP", fault_id) == "config_incomplete", "nobody looks at what may have tripped"
    rig.configure()
    assert rig.refused("ARM", bytes(8), 79, bytes(4)) == "state"
    rig.accepted("CONFIG_CHECK")
    rig.run(2100)
    rig.accepted("RESET_TRIP", fault_id)
    rig.run(50)
    after = Rig(Disk(disk.files), boot_id=81)
    assert after.state() == "disarmed"
    after.armed()


# -- a program that ended by itself --------------------------------------------------------------------------------


def expect_crashed(disk):
    """The next boot is tripped by it; returns the rig."""
    after = Rig(disk, cause=simwire.CAUSE_SOFT, reset_cause=2, boot_id=78)
    assert after.state() == "tripped"
    after.hello()
    after.run(50)
    trip = after.last("TRIP")
    assert (TRIGGERS[trip.trigger], trip.circuit, trip.boot_id) == ("exception", 0, 78)
    assert after.program.journal.standing_id() == trip.event_id
    return after


def scenario_a_crash_that_flash_did_not_take():
    disk = Disk()
    rig = Rig(disk).armed()
    rig.closed(1)
    disk.fails = True
    rig.program.crash()
    expect_crashed(Disk(disk.files))


def scenario_an_end_that_nothing_caught():
    """A BaseException passes main.py's catch: only its note is left."""
    disk = Disk()
    Rig(disk).armed()
    after = expect_crashed(disk)
    trip_id = after.last("TRIP").event_id
    after.run(2100)
    in_flash = Disk(disk.files)
    after.accepted("RESET_TRIP", trip_id)
    after.armed()
    assert Rig(in_flash, boot_id=79).state() == "tripped"  # by its record, without the note


def scenario_maintenance_is_no_crash():
    assert Rig(cause=simwire.CAUSE_SOFT, reset_cause=3).state() == "disarmed"
