"""In what bytes a block of the journal says what it says: written by journal_writer.py, read by journal_reading.py.

A record is programmed first and committed second, by clearing the bits of its last word. So a record that a cut has
torn is told from one that flash has spoilt: the former was never committed, and nobody was told of it.
"""

from tanklink.messages import BOOT, FAULT, FEED_REPORT, FEED_STARTED, LEASE_OVER, NOTICE, RESET, TRIP

RECORD_BYTES = 64
# kind, message id, slot, generation, event id, boot id, at s, at ms, five fields, acknowledged, four small fields;
# unused ones are 0, but for the small ones of an older program's records
FORMAT = "<BBHIIIIIiiiiiIhhhh"
CRC_AT, COMMIT_AT, COMMIT_BYTES = 56, 60, 4
FIRST_SLOT, LAST_SLOT = 1, 62  # before them the block's marker, behind them CLOSED
CLOSING_SLOT = 63
HEADER, CARRIED, SEAL, ADDED, ACK, CLOSED, FED = 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57
EVENTS = {m.id: m for m in (BOOT, TRIP, FAULT, LEASE_OVER, RESET, NOTICE, FEED_STARTED, FEED_REPORT)}
LATCHING = (TRIP.id, FAULT.id)
CIRCUIT = 5  # place of a trip's circuit in an event: message id, event id, boot id, s, ms, then the fields
