"""The journal alone: cut at every byte of every write, rotation, numbers, and too many events."""

import simboard
from backend_virtual import VirtualBackend
from clock import Clock
from firstfacts import FirstFacts
from flashpages import find
from journal import MAX_EVENTS, NAMES, SPARE, Journal
from journal_image import CLOSING_SLOT, FIRST_SLOT, LAST_SLOT, RECORD_BYTES
from memory_disk import Disk, loses_power

from tanklink.messages import BOOT, FAULT, LEASE_OVER, RESET, TRIP

HEADER_SLOT, SEAL_SLOT = FIRST_SLOT, FIRST_SLOT + 1  # of a first journal


def opened(disk, boot_id=1):
    simboard.use(VirtualBackend(ring=1))
    return Journal(boot_id, find(disk, disk, NAMES), FirstFacts(), disk)


def waiting(journal):
    """(message id, event id) of each waiting event."""
    return [(event[0], event[1]) for event in journal.events[: journal.count]]


def slot(disk, side, index):
    """The bytes of a record."""
    return disk.files[NAMES[side]][index * RECORD_BYTES : (index + 1) * RECORD_BYTES]


def used(disk, side):
    """How many of a block's slots are not blank, CLOSED's included."""
    return sum(1 for index in range(FIRST_SLOT, CLOSING_SLOT + 1) if min(slot(disk, side, index)) < 255)


def scenario_what_is_recorded_is_read_again():
    disk = Disk()
    journal = opened(disk)
    clock = Clock(0)
    clock.s, clock.us = (1 << 30) - 1, 999_999
    assert journal.add(BOOT, clock, 3, 2) == 1
    assert journal.add(TRIP, clock, 2, 6, 9, -((1 << 30) - 1), (1 << 30) - 1) == 2
    assert journal.shown_trip_id() == 0  # not yet in flash
    assert journal.durable() == 0
    assert journal.record()
    assert (journal.durable(), journal.shown_trip_id()) == (2, 2)
    again = opened(disk, 2)
    assert waiting(again) == [(BOOT.id, 1), (TRIP.id, 2)]
    values = TRIP.new()
    again.fill(1, values)
    assert values == [2, 1, (1 << 30) - 1, 999, 2, 6, 9, -((1 << 30) - 1), (1 << 30) - 1]
    TRIP.check(values)
    assert (again.standing_id(), again.shown_trip_id(), again.standing_is_fault()) == (2, 2, False)


def scenario_reset_and_acknowledgement_are_read_again():
    disk = Disk()
    journal = opened(disk)
    journal.add(FAULT, Clock(0), 0, 10, 12, 1, 0)
    journal.record()
    assert opened(disk).standing_is_fault()
    journal.add(RESET, Clock(0), 1)
    journal.record()
    assert opened(disk).standing_id() == 0
    assert journal.acknowledge(1) == 1
    journal.record()
    assert waiting(opened(disk)) == [(RESET.id, 2)]


def scenario_only_what_is_in_flash_can_be_acknowledged():
    journal = opened(Disk())
    journal.add(BOOT, Clock(0))
    assert journal.acknowledge(9) == 0
    journal.record()
    journal.add(LEASE_OVER, Clock(0))
    assert journal.acknowledge(9) == 1
    assert waiting(journal) == [(LEASE_OVER.id, 2)]


def scenario_rotation_carries_over_what_is_wanted():
    disk = Disk()
    journal = opened(disk)
    journal.add(TRIP, Clock(0), 1, 3, 4, 5, 6)
    for _ in range(3 * LAST_SLOT):
        journal.add(LEASE_OVER, Clock(0))
        journal.record()
        journal.acknowledge(journal.events[journal.count - 1][1])
    journal.add(LEASE_OVER, Clock(0))
    journal.record()
    assert disk.erases == 3  # wear: one for each 60 records; what is acknowledged is in the next record
    again = opened(disk)
    assert (again.standing_id(), again.standing_circuit()) == (1, 1)
    assert waiting(again) == [(LEASE_OVER.id, 3 * LAST_SLOT + 2)]
    assert again.add(BOOT, Clock(0)) == 3 * LAST_SLOT + 3


def scenario_no_erase_while_a_circuit_is_closed():
    """Both blocks fill up with page programs alone; then the journal says that it needs an erase, and says it early."""
    disk = Disk()
    journal = opened(disk)
    journal.add(BOOT, Clock(0))
    journal.record()
    erases, written = disk.erases, 0
    assert journal.free() > LAST_SLOT
    while not journal.needs_erase():
        journal.add(LEASE_OVER, Clock(0))
        assert journal.may_append()
        assert journal.record(False)
        journal.acknowledge(journal.events[journal.count - 1][1])
        written += 1
    assert disk.erases == erases
    assert written > LAST_SLOT + 30
    assert journal.free() == SPARE - 1
    for _ in range(SPARE - 1):
        journal.add(TRIP, Clock(0), 1)
        assert journal.may_append()
        assert journal.record(False)
    journal.add(TRIP, Clock(0), 1)
    assert not journal.may_append()
    assert journal.record(True)
    assert disk.erases == erases + 2  # the one to rotate into, and the other one ahead
    assert not journal.needs_erase()
    assert opened(disk).standing_id() == written + 2 + SPARE - 1


def scenario_too_many_events():
    """Boots and ended leases make room for trips and resets; numbers go on."""
    journal = opened(Disk())
    journal.add(TRIP, Clock(0))
    for _ in range(MAX_EVENTS):
        journal.add(BOOT, Clock(0))
    journal.add(RESET, Clock(0), 1)
    assert journal.count == MAX_EVENTS
    assert journal.dropped == 2
    kept = waiting(journal)
    assert kept[0] == (TRIP.id, 1)
    assert kept[-1] == (RESET.id, MAX_EVENTS + 2)
    assert kept[1] == (BOOT.id, 4)  # the two oldest boots are gone
    assert journal.record()
    for _ in range(MAX_EVENTS - 1):
        journal.add(TRIP, Clock(0))
    assert [message_id for message_id, _ in waiting(journal)] == [RESET.id] + [TRIP.id] * (MAX_EVENTS - 1)


def scenario_a_spoilt_record_costs_itself_and_is_noticed():
    """A flipped byte: no cut leaves such a block, so what stood is not known."""
    whole = Disk()
    journal = opened(whole)
    journal.add(TRIP, Clock(0))
    journal.add(BOOT, Clock(0))
    journal.record()
    first = FIRST_SLOT * RECORD_BYTES
    disk = Disk()
    for at in range(first, first + 4 * RECORD_BYTES, 5):  # header, seal, trip, boot
        disk.load(whole.files)
        disk.files[NAMES[0]][at] ^= 0x40
        again = opened(disk)
        kept = [event_id for _, event_id in waiting(again)]
        index = at // RECORD_BYTES - FIRST_SLOT
        in_commit = at % RECORD_BYTES >= RECORD_BYTES - 4
        assert kept == ([1, 2] if in_commit else {0: [1, 2], 1: [], 2: [2], 3: [1]}[index]), (at, kept)
        assert again.lost != in_commit
        if in_commit:
            continue
        assert again.standing_id() == (0 if index in (1, 2) else 1), (at, kept)
        assert again.add(BOOT, Clock(0)) > max(kept, default=0)
        assert again.record()
        after = opened(disk)
        assert len(waiting(after)) == len(kept) + 1
        assert not after.lost


def scenario_a_file_that_is_gone_is_a_loss():
    """If it was the one that counted: the other one was closed, or erased since. Without any it is a fresh board."""
    disk = Disk()
    journal = opened(disk)
    journal._rotate(True)
    for erased in (False, True):
        journal.add(TRIP, Clock(0))
        journal.record(erased)
        assert not opened(Disk(disk.files)).lost
        for name in NAMES:
            files = {other: data for other, data in disk.files.items() if other != name}
            again = opened(Disk(files))
            assert again.lost == (name == NAMES[1]), name
            assert again.standing_id() == (0 if name == NAMES[1] else journal.standing_id())
    assert not opened(Disk()).lost


def course(disk, told, until_rotated):
    """Boots, trips, resets and acknowledgements, through rotations; `told` is what a host saw."""
    journal = opened(disk)
    for round_ in range(until_rotated):
        clock = Clock(0)
        journal.add(BOOT, clock, 0, 2)
        journal.record()
        told.append((journal.shown_trip_id(), waiting(journal)[: journal.durable()]))
        trip = journal.add(TRIP, clock, 1, 3, 4, round_, 6)
        told.append((journal.shown_trip_id(), waiting(journal)[: journal.durable()]))
        journal.record()
        told.append((journal.shown_trip_id(), waiting(journal)[: journal.durable()]))
        journal.acknowledge(trip)
        if round_ % 3:
            journal.add(RESET, clock, trip)
        journal.record()
        told.append((journal.shown_trip_id(), waiting(journal)[: journal.durable()]))


def check_after_cut(disk, told):
    """What a host was told last must hold after the cut, or else be what was being written just then."""
    again = opened(disk, 9)
    assert not again.lost  # a cut is no loss
    shown, events = told[-1] if told else (0, [])
    known = [event_id for _, said in told for _, event_id in said]
    kept = waiting(again)
    kept_ids = [event_id for _, event_id in kept]
    # No event that was told and not acknowledged is lost; no number is given twice.
    assert all(event in kept or event[1] <= again._acked for event in events), (events, kept)
    assert kept_ids == sorted(set(kept_ids))
    fresh = again.add(BOOT, Clock(0))
    assert fresh > max(known + kept_ids, default=0), (fresh, known)
    # A trip that was shown stands, unless a reset came to flash after it was shown last.
    resets = [event_id for message_id, event_id in kept if message_id == RESET.id and event_id > shown]
    if shown and not resets:
        assert again.standing_id() >= shown, (shown, again.standing_id())
    return again


def at_every_cut(disk, check):
    """Run check(another disk as it would be after a cut) before each step of whatever is done with this one."""
    cut, count = Disk(), [0]

    def before_step():
        count[0] += 1
        check(cut.load(disk.files))

    disk.before_step = before_step
    return count


def scenario_cut_at_every_byte():
    """Every byte of every write of a course with trips, resets, acknowledgements, a rotation and erases."""
    for backwards in (False, True):
        cut_at_every_byte(backwards)


def cut_at_every_byte(backwards):
    disk, told = Disk(), []
    count = at_every_cut(disk, lambda cut: check_after_cut(cut, told))
    course(disk, told, 2)
    disk.before_step = None
    course(disk, told, 14)
    assert disk.erases == 0
    disk.backwards = backwards
    more = at_every_cut(disk, lambda cut: check_after_cut(cut, told))
    course(disk, told, 6)
    assert disk.erases > 0
    assert count[0] + more[0] > 1300


def scenario_cut_while_the_next_boot_writes():
    """A first cut leaves a torn record; the next boot goes on behind it, and is cut at every byte of that."""
    for budget in range(150, 1500, 97):
        disk, told = Disk(), []
        disk.budget = budget
        assert loses_power(course, disk, told, 22)
        disk.budget = None
        again = opened(disk, 2)
        again.add(BOOT, Clock(0))
        at_every_cut(disk, lambda cut, told=told: check_after_cut(cut, told))
        again.record()
        disk.before_step = None
        assert len(waiting(opened(disk))) == again.count


def scenario_a_record_that_lacks_its_commit_only_is_committed_by_the_next_boot():
    """Whether it was told is not known, and bits that a cut half cleared may read differently tomorrow."""
    disk = Disk()
    journal = opened(disk)
    journal.add(TRIP, Clock(0), 1)
    journal.record()
    block, commit = disk.files[NAMES[0]], (FIRST_SLOT + 3) * RECORD_BYTES - 4  # behind header and seal is the trip
    assert bytes(block[commit : commit + 4]) == bytes(4)
    block[commit : commit + 4] = b"\xff" * 4
    assert opened(disk).standing_id() == 1
    assert bytes(block[commit : commit + 4]) == bytes(4)
    block[commit - 8] ^= 1  # not even whole
    block[commit : commit + 4] = b"\xff" * 4
    again = opened(disk)
    assert (again.standing_id(), again.lost) == (0, False)


def scenario_flash_that_refuses_and_recovers():
    disk = Disk()
    journal = opened(disk)
    journal.add(BOOT, Clock(0))
    journal.record()
    disk.fails = True
    trip = journal.add(TRIP, Clock(0))
    assert not journal.record()
    assert journal.broken
    assert journal.shown_trip_id() >= 1 << 29  # a number that the next boot will not give again
    assert journal.shown_trip_id() != trip
    assert journal.durable() == 2  # it is told all the same
    later = journal.add(BOOT, Clock(0))
    assert not journal.record()
    assert journal.durable() == 3
    assert later < 1 << 30
    disk.fails = False
    assert journal.repair()
    assert not journal.broken
    again = opened(disk)
    assert again.standing_id() == journal.standing_id()
    assert len(waiting(again)) == 3


def scenario_flash_that_refuses_from_the_start():
    disk = Disk()
    disk.fails = True
    journal = opened(disk)
    assert journal.broken
    assert journal.add(BOOT, Clock(0)) >= 1 << 29


def scenario_flash_that_takes_nothing_is_found_out():
    """It reports no error; what was programmed is read back."""
    disk = Disk()
    journal = opened(disk)
    journal.add(BOOT, Clock(0))
    journal.record()
    disk.deaf = True
    journal.add(TRIP, Clock(0))
    assert not journal.record()
    assert journal.broken
    disk.deaf = False
    assert journal.repair()
    assert len(waiting(opened(disk))) == 2


def scenario_a_place_that_cannot_be_written_is_left_for_the_other_block():
    """With a circuit closed only if that one is erased already."""
    for all_open in (True, False):
        disk = Disk()
        journal = opened(disk)
        journal.add(BOOT, Clock(0))
        journal.record()
        disk.files[NAMES[0]][(FIRST_SLOT + 3) * RECORD_BYTES + 61] = 0xFE  # not as erased as it looks
        journal.add(TRIP, Clock(0))
        assert journal.record(all_open)
        again = opened(disk)
        assert waiting(again) == [(BOOT.id, 1), (TRIP.id, 2)]
        assert not again.lost
        assert used(disk, 1) == 4


def scenario_a_first_boot_that_was_cut_twice_is_no_loss():
    disk = Disk()
    boot(disk)
    steps = disk.written
    for first in range(0, steps, 5):
        for second in range(0, 120, 17):
            disk.load({})
            for budget in (first, second):
                disk.budget = budget
                loses_power(boot, disk)
            disk.budget = None
            assert not opened(disk).lost, (first, second)


def boot(disk):
    """A boot of the program, whatever it finds."""
    journal = opened(disk)
    journal.add(BOOT, Clock(0))
    journal.record()
