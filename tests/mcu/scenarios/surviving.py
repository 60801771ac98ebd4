"""Power: what a trip, a fault, an event and a board that was armed are after it came back."""

import gc

import simwire
from journal import NAMES
from journal_image import COMMIT_AT, FIRST_SLOT, RECORD_BYTES
from memory_disk import BLOCK_BYTES, Disk, loses_power
from virtual_rig import Rig, kept

from tanklink.messages import TRACE_PARTS, TRIGGERS


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
    assert after.refused("ARM", 1, 78, bytes(4)) == "state"
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


def scenario_power_cut_at_every_byte_that_a_trip_writes():
    """Record and waveform: what was told of the trip stands; the waveform is whole or not there."""
    disk, cut = Disk(), Disk()
    rig = Rig(disk).armed()
    rig.closed(1)
    rig.set(1, degf=165)
    seen = {"cuts": 0, "standing": 0}

    def before_step():
        told = [said for said in rig.listen() if said.name == "TRIP"]
        shown = rig.last("STATUS").trip_id
        journal, black_box = kept(cut.load(disk.files), 78)
        assert not journal.lost
        stands = journal.standing_id() != 0
        assert stands or not (told or shown), seen
        assert not black_box.read(2, 0, samples)  # its header comes last
        assert stands or not seen["standing"]
        seen["cuts"] += 1
        seen["standing"] += stands

    samples = bytearray(192)
    disk.before_step = before_step
    rig.run_until(lambda: rig.state() == "tripped" and not rig.program.black_box.keeps(2), 5000)
    disk.before_step = None
    assert seen["cuts"] > 1200, seen
    assert 10 < seen["cuts"] - seen["standing"] < 80, seen  # those within the record
    journal, black_box = kept(cut.load(disk.files), 78)
    assert journal.standing_id() == 2
    assert all(black_box.read(2, part, samples) for part in range(TRACE_PARTS))


def scenario_uptime_and_boot_are_in_every_event():
    disk = Disk()
    Rig(disk, boot_id=5)
    after = Rig(Disk(disk.files), boot_id=6)
    after.hello()
    after.run(50)
    assert [(said.event_id, said.boot_id) for said in after.events()] == [(1, 5), (2, 6)]


# -- a journal that is there and cannot be read --------------------------------------------------------------------


def spoilt(disk, files, hits):
    """A disk with every byte of the given records turned over, but for their commit; hits: (file, slot)…"""
    disk.load(files)
    for name, slot in hits:
        for i in range(slot * RECORD_BYTES, slot * RECORD_BYTES + COMMIT_AT):
            disk.files[name][i] ^= 0xFF
    return disk


def slots_in_use(data):
    """Slots of a block that hold a record."""
    slots = range(FIRST_SLOT, BLOCK_BYTES // RECORD_BYTES)
    return [slot for slot in slots if min(data[slot * RECORD_BYTES : (slot + 1) * RECORD_BYTES]) < 255]


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
    slots = slots_in_use(disk.files[NAMES[0]])
    assert len(slots) == 4  # header, seal, boot, trip
    again = Disk()
    for slot in slots:
        gc.collect()
        rig = expect_lost(spoilt(again, disk.files, ((NAMES[0], slot),)))
        assert rig.last("FAULT").event_id > trip.event_id


def scenario_spoilt_newer_block_beside_a_good_older_one():
    """The older one does not know of the trip, or not that it was reset; it does know that it does not count."""
    disk = Disk()
    rig = Rig(disk)
    assert rig.program.journal.repair()  # rotates
    assert slots_in_use(disk.files[NAMES[1]])
    again = Disk()
    for hits in (((NAMES[1], 1),), ((NAMES[1], 2),), ((NAMES[1], 3),), ((NAMES[1], 1), (NAMES[1], 3))):
        gc.collect()
        expect_lost(spoilt(again, disk.files, hits))


def scenario_a_file_that_refuses_to_be_read():
    disk = Disk()
    hot(disk)

    class Refusing(Disk):
        def open(self, name, mode):
            if mode == "rb" and name in self.files:
                raise OSError(5)
            return Disk.open(self, name, mode)

    expect_lost(Refusing(disk.files))


def scenario_blocks_that_no_cut_leaves():
    disk = Disk()
    hot(disk)
    good = bytes(disk.files[NAMES[0]])
    blank = good[:RECORD_BYTES] + b"\xff" * (BLOCK_BYTES - RECORD_BYTES)  # the marker alone
    for first, second in (
        (good[RECORD_BYTES:], None),  # shorter than a block, and it begins otherwise
        (bytes(BLOCK_BYTES), None),
        (bytes(BLOCK_BYTES), bytes(BLOCK_BYTES)),
        (blank[:RECORD_BYTES] + good[2 * RECORD_BYTES : 3 * RECORD_BYTES] + blank[2 * RECORD_BYTES :], None),
    ):
        gc.collect()
        files = {NAMES[0]: first}
        if second:
            files[NAMES[1]] = second
        expect_lost(Disk(files))


def scenario_a_first_boot_that_was_cut_is_no_loss():
    disk = Disk()
    Rig(disk)
    steps = disk.written
    assert steps > 2 * 30
    for budget in range(0, steps, 7):
        disk.load({}).budget = budget
        assert loses_power(Rig, disk)
        disk.budget = None
        assert Rig(disk, boot_id=78).state() == "disarmed", budget


def scenario_the_loss_outlives_a_cut():
    """Until the fault is in flash, whatever was spoilt is found again."""
    disk, again = Disk(), Disk()
    hot(disk)
    rotated = {name: bytes(data) for name, data in disk.files.items()}
    Rig(again.load(disk.files), boot_id=78).program.journal._rotate(True)
    rotated = {name: bytes(data) for name, data in again.files.items()}
    for files, hits in (
        (disk.files, ((NAMES[0], 1),)),
        (disk.files, ((NAMES[0], 4),)),
        (rotated, ((NAMES[1], 1),)),
        (rotated, ((NAMES[0], 1), (NAMES[1], 2))),
        (rotated, ((NAMES[1], 0), (NAMES[1], 2))),
    ):
        gc.collect()
        boot_lost(spoilt(again, files, hits))
        steps = again.written
        for budget in range(0, steps, 31):
            spoilt(again, files, hits).budget = budget
            assert loses_power(boot_lost, again), budget
            again.budget = None
            assert Rig(again, boot_id=80).state() == "fault", (hits, budget)


def boot_lost(disk):
    """A board that finds its journal spoilt, until its fault is recorded."""
    assert Rig(disk, boot_id=79).state() == "fault"


def scenario_a_lost_journal_is_reset_by_a_person_and_stays_so():
    disk = Disk()
    hot(disk)
    disk = spoilt(Disk(), disk.files, ((NAMES[0], 1),))
    rig = expect_lost(disk)
    fault_id = rig.last("FAULT").event_id
    rig.configure(circuits=())
    rig.accepted("CONFIG_CHECK")
    rig.run(2100)
    assert rig.refused("RESET_TRIP", fault_id) == "config_incomplete", "nobody looks at what may have tripped"
    rig.configure()
    assert rig.refused("ARM", 1, 79, bytes(4)) == "state"
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
