"""The journal finds its blocks again, wherever they are, and what an older program has left in files."""

import struct

import journal_files
from clock import Clock
from flashpages import find
from journal import NAMES
from journal_image import RECORD_BYTES
from journaling import boot, opened, waiting
from memory_disk import Disk, loses_power

from tanklink.crc import write_crc
from tanklink.messages import BOOT, FAULT, TRIP

# -- blocks that are not where they were -----------------------------------------------------------------------------


def scenario_a_file_that_was_made_anew_lies_elsewhere():
    """The old block still begins with a marker, but with another one."""
    disk = Disk()
    journal = opened(disk)
    journal.add(TRIP, Clock(0), 1)
    journal.record()
    block = find(disk, disk, NAMES)[1]
    before = block.number
    block.number = -1
    block.erase()
    assert block.number != before
    again = opened(disk)
    assert find(disk, disk, NAMES)[1].number == block.number
    assert again.standing_id() == 1


def scenario_two_blocks_with_the_same_beginning():
    """A file that was written back by hand: which block is the file's cannot be told, so the journal is lost."""
    disk = Disk()
    journal = opened(disk)
    journal.add(TRIP, Clock(0), 1)
    journal.record()
    disk.blocks.append(bytearray(disk.files[NAMES[0]]))
    again = opened(disk)
    assert again.lost
    again.add(FAULT, Clock(0), 0, 12, 14, 1, 0)
    assert again.record()
    after = opened(disk)
    assert (after.lost, after.standing_is_fault()) == (False, True)


# -- the journal of an older program ---------------------------------------------------------------------------------


def old_file(generation, *records):
    """A sealed file as programs up to 0.1 wrote it. records: kind, message id, event id, fields of it…"""
    data = bytearray()
    rows = ((journal_files.HEADER, 0, 0, 1), (journal_files.SEAL, 0, 0, 0)) + records
    for index, row in enumerate(rows):
        record = bytearray(RECORD_BYTES)
        fields = row[2:] + (0,) * (11 - len(row))
        struct.pack_into(journal_files.FORMAT, record, 0, row[0], row[1], index, generation, *fields)
        write_crc(record, 0, journal_files.CRC_AT)
        data += record
    return data


OLD_TRIP = (journal_files.ADDED, TRIP.id, 7, 77, 60, 250, 2, 6, 9, 5, 4)


def scenario_upgrade_keeps_the_standing_trip_at_every_cut():
    disk = Disk({"journal.a": old_file(1), "journal.b": old_file(2, OLD_TRIP)})
    written = Disk(disk.files)
    boot(written)
    assert sorted(written.files) == list(NAMES)
    steps = written.written
    for budget in range(steps + 1):
        written.load(disk.files).budget = budget
        assert loses_power(boot, written) == (budget < steps)
        written.budget = None
        again = opened(written)
        assert (again.standing_id(), again.standing_circuit(), again.lost) == (7, 2, False), budget
        assert waiting(again)[0] == (TRIP.id, 7)
        assert again.add(BOOT, Clock(0)) >= 8


def scenario_upgrade_from_a_spoilt_journal_is_a_loss():
    spoilt = old_file(2, OLD_TRIP)
    spoilt[2 * RECORD_BYTES + 9] ^= 1
    disk = Disk({"journal.a": old_file(1), "journal.b": spoilt})
    assert opened(disk).lost
    journal = opened(disk)
    assert journal.lost  # still
    journal.add(FAULT, Clock(0), 0, 12, 14, 1, 0)
    journal.record()
    assert opened(disk).standing_is_fault()
