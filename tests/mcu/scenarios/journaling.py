"""The journal alone: cut at every byte of every write, rotation, numbers, and too many events."""

from clock import Clock
from journal import FILE_RECORDS, MAX_EVENTS, NAMES, RECORD_BYTES, Journal
from memory_disk import Disk, loses_power

from tanklink.messages import BOOT, FAULT, LEASE_OVER, RESET, TRIP


def opened(disk, boot_id=1):
    return Journal(boot_id, open_file=disk.open)


def waiting(journal):
    """(message id, event id) of each waiting event."""
    return [(event[0], event[1]) for event in journal.events[: journal.count]]


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
    for _ in range(3 * FILE_RECORDS):
        journal.add(LEASE_OVER, Clock(0))
        journal.record()
        journal.acknowledge(journal.events[journal.count - 1][1])
    journal.add(LEASE_OVER, Clock(0))
    journal.record()
    assert all(len(disk.files[name]) <= FILE_RECORDS * RECORD_BYTES for name in NAMES)
    assert len(disk.files) == 2
    again = opened(disk)
    assert (again.standing_id(), again.standing_circuit()) == (1, 1)
    assert waiting(again) == [(LEASE_OVER.id, 3 * FILE_RECORDS + 2)]
    assert again.add(BOOT, Clock(0)) == 3 * FILE_RECORDS + 3


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


def scenario_spoilt_flash_is_left_for_the_other_file():
    """A flipped byte costs its own record, nothing else, and nothing is added to that file."""
    for at in range(0, 5 * RECORD_BYTES, 5):
        disk = Disk()
        journal = opened(disk)
        journal.add(TRIP, Clock(0))
        journal.add(BOOT, Clock(0))
        journal.record()
        name = NAMES[0]
        assert len(disk.files[name]) == 4 * RECORD_BYTES  # header, seal, trip, boot
        if at < len(disk.files[name]):
            disk.files[name][at] ^= 0x40
        else:
            disk.files[name].extend(b"junk")
        again = opened(disk)
        kept = [event_id for _, event_id in waiting(again)]
        hit = at // RECORD_BYTES
        assert kept == {0: [1, 2], 1: [], 2: [2], 3: [1], 4: [1, 2]}[hit], (at, kept)
        assert again.standing_id() == (0 if hit in (1, 2) else 1)
        assert again.lost == (hit < 4)  # no cut leaves such a file: what stood is not known
        assert again.add(BOOT, Clock(0)) > max(kept, default=0)
        assert again.record()
        assert len(waiting(opened(disk))) == len(kept) + 1


def scenario_a_file_that_is_gone_is_a_loss():
    """The two take turns, and a rotation begins its file before it is wanted: no cut takes one away."""
    disk = Disk()
    journal = opened(disk)
    journal._rotate()
    journal.add(TRIP, Clock(0))
    journal.record()
    assert not opened(Disk(disk.files)).lost
    for name in NAMES:
        files = {other: data for other, data in disk.files.items() if other != name}
        again = opened(Disk(files))
        assert again.lost == (name == NAMES[0]), name
        assert again.standing_id() == (1 if name == NAMES[0] else 0)


def course(disk, told, until_rotated):
    """Boots, trips, resets and acknowledgements, until the file has been rotated twice; `told` is what a host saw."""
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


def scenario_cut_at_every_byte():
    """Every byte of every write of a course with trips, resets, acknowledgements and rotations."""
    whole = Disk()
    course(whole, [], 22)
    assert whole.files[NAMES[1]]  # it was rotated
    for budget in range(whole.written):
        disk, told = Disk(), []
        disk.budget = budget
        assert loses_power(course, disk, told, 22), budget
        check_after_cut(Disk(disk.files), told)


def scenario_cut_during_the_rotation_of_the_next_boot():
    """A first cut leaves a torn record; the next boot rotates because of it, and is cut at every byte of that."""
    disk, told, budget = Disk(), [], 30
    while not (told and told[-1][0]):
        disk, told, budget = Disk(), [], budget + RECORD_BYTES
        disk.budget = budget
        assert loses_power(course, disk, told, 22)
    length = Disk(disk.files)
    opened(length)
    assert length.written > 3 * RECORD_BYTES
    for budget in range(length.written):
        second = Disk(disk.files)
        second.budget = budget
        assert loses_power(opened, second, 2), budget
        check_after_cut(Disk(second.files), told)


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


def scenario_a_write_that_fails_half_way_is_repeated_whole_in_the_other_file():
    """No power cut: flash refuses once in the middle of a record."""

    class FlakyDisk(Disk):
        left = None

        def spend(self, n):
            if self.left is not None:
                self.left -= n
                if self.left < 0:
                    self.left = None
                    raise OSError(28)
            return Disk.spend(self, n)

    disk = FlakyDisk()
    journal = opened(disk)
    journal.add(BOOT, Clock(0))
    journal.record()
    disk.left = 30
    journal.add(TRIP, Clock(0))
    assert journal.record()
    assert waiting(opened(disk)) == [(BOOT.id, 1), (TRIP.id, 2)]
    assert disk.files[NAMES[1]]
