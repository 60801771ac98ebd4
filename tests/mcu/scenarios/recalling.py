"""What a board knows of a trip that was not recorded and of eight that were; room in its journal for more."""

import gc

import simwire
from blackbox import KEPT_TRIPS
from journal import SPARE
from memory_disk import Disk, loses_power
from surviving import hot
from virtual_rig import Rig

from tanklink.messages import NOTICE, NOTICES, TRIGGERS

# -- a trip whose record never reached flash -----------------------------------------------------------------------


def reset_in_the_pass_of(trip, disk):
    """A board whose flash is cut off just when it trips; its scratch registers go on. Returns the next boot."""
    rig = Rig(disk).armed()
    rig.closed(1)
    trip(rig)
    disk.budget = 0
    assert loses_power(rig.run, 200)
    disk.budget = None
    return Rig(disk, cause=simwire.CAUSE_WATCHDOG, reset_cause=1, boot_id=78, words=rig.backend.words)


def scenario_first_facts_outlive_a_reset():
    disk = Disk()
    after = reset_in_the_pass_of(lambda rig: rig.set(1, degf=165), disk)
    assert after.state() == "tripped"
    after.hello()
    after.run(50)
    trip = after.last("TRIP")
    assert (TRIGGERS[trip.trigger], trip.circuit, trip.boot_id, trip.limit) == ("over_temperature", 1, 78, 160_000)
    assert 164_000 < trip.value < 166_000
    assert [said.name for said in after.events()] == ["BOOT", "TRIP", "BOOT"]  # and no watchdog's trip beside it
    gc.collect()
    again = Rig(disk, cause=simwire.CAUSE_WATCHDOG, reset_cause=1, boot_id=79, words=after.backend.words)
    assert again.hello().trip_id == trip.event_id
    again.run(50)
    assert [said.name for said in again.events()] == ["BOOT", "TRIP", "BOOT", "BOOT"]  # they were cleared


def scenario_first_facts_of_a_trip_that_was_recorded():
    disk = Disk()
    rig, trip = hot(disk)
    words = rig.backend.words
    assert words[simwire.W_SCRATCH + 1] == 0
    rig.program.journal._facts.note(rig.program.journal.events[rig.program.journal.count - 1])  # a reset before that
    assert words[simwire.W_SCRATCH + 1] != 0
    after = Rig(disk, cause=simwire.CAUSE_WATCHDOG, reset_cause=1, boot_id=78, words=words)
    assert after.hello().trip_id == trip.event_id
    after.run(50)
    assert [said.name for said in after.events()] == ["BOOT", "TRIP", "BOOT"]


def scenario_first_facts_that_are_none():
    """Half written, or never: the sum tells."""
    disk = Disk()
    rig, _ = hot(disk)
    words = rig.backend.words
    rig.program.journal._facts.note(rig.program.journal.events[rig.program.journal.count - 1])
    good = words[simwire.W_SCRATCH + 1]
    fresh = Disk()
    for word in (0, 1, good ^ 1 << 9, good ^ 1 << 22, -1):
        words[simwire.W_SCRATCH + 1] = word
        gc.collect()
        assert Rig(fresh.load({}), cause=simwire.CAUSE_SOFT, reset_cause=3, words=words).state() == "disarmed", word


# -- room in the journal -------------------------------------------------------------------------------------------


def scenario_a_full_journal_opens_the_circuits_for_an_erase():
    """One circuit stays closed while the other fills the journal; when it is full, both open in sequence and return."""
    disk = Disk()
    rig = Rig(disk).armed()
    journal = rig.program.journal
    rig.closed(1)
    rig.run(50)
    erases = disk.erases
    while journal.free() >= SPARE:
        assert rig.pins()[:2] == (1, 1)
        rig.lease(1)
        journal.add(NOTICE, rig.program.clock, 0, 0, 25, 25)
        rig.one_pass()
        rig.acknowledge()
    assert disk.erases == erases
    rig.run_until(lambda: rig.pins()[:2] == (0, 1), 100)  # the breaker first
    rig.lease(1)  # too early: the erase comes first
    rig.run_until(lambda: rig.pins()[:2] == (0, 0), 200)
    assert disk.erases == erases
    rig.run(20)
    assert disk.erases > erases
    assert journal.free() > SPARE
    assert rig.state() == "armed"
    rig.closed(1)
    notices = [said for said in rig.events() if said.name == "NOTICE"]
    assert (NOTICES[notices[-1].notice], notices[-1].limit) == ("journal_full", SPARE)


def scenario_the_last_eight_trips_are_told_and_traced_without_a_host():
    """Eight trips that no host acknowledges, each reset: nothing of them is missing afterwards."""
    assert KEPT_TRIPS == 8  # the waveforms: tracing.py
    disk = Disk()
    rig = Rig(disk)
    for i in range(8):
        rig.armed()
        rig.closed(1 + i % 2)
        rig.set(1 + i % 2, degf=165)
        rig.tripped()
        rig.set(1 + i % 2, degf=105)
        trip_id = rig.program.journal.standing_id()
        gc.collect()
        rig = Rig(disk, boot_id=78 + i)
        rig.hello()
        rig.configure()
        rig.accepted("CONFIG_CHECK")
        rig.run(2100)
        rig.accepted("RESET_TRIP", trip_id)
        rig.run(20)
    rig.run(100)
    trips = [said for said in rig.events() if said.name == "TRIP"]
    assert [said.circuit for said in trips] == [1, 2] * 4
