"""Power goes during a feeding, at every byte of its records and between them: nothing is fed twice, nothing is lost.

What the hopper gave is the truth; what the board says after the cut must be that.
"""

import gc

from journal import MAX_EVENTS, NAMES
from memory_disk import Disk
from virtual_feeder import DAY, HOLD_MS, REST_US, ROTATE_MS, WALL_S, Farm, cut_short

from tanklink.messages import DROPS_UNKNOWN, FEED_STARTED, LEASE_OVER

FIND_MS = 600  # servo.py
STEPS_OF_A_RECORD = 40  # at least
USED_BYTES = 768  # of a young journal's block


def scenario_cut_at_every_byte_of_one_feeding():
    """Both records, byte by byte; at each, what a board makes of it that finds flash so."""
    farm = Farm().ready(1)
    values = farm.feeding()
    seen = bytearray(farm.disk.files[NAMES[0]][:USED_BYTES])
    first, moments = bytes(seen), []

    def before_step():
        """Keep what has changed since the step before: memory is the chip's."""
        block, changed = farm.disk.files[NAMES[0]], []
        for at in range(USED_BYTES):
            if seen[at] != block[at]:
                seen[at] = block[at]
                changed.append(at << 8 | block[at])
        moments.append((changed, farm.hoppers.portions(), farm.hoppers.all[0].moves))

    farm.disk.before_step = before_step
    farm.accepted("FEED", *values)
    farm.done()
    before_step()
    assert len(moments) > 2 * STEPS_OF_A_RECORD
    files, hoppers, boot_id = farm.disk.files, farm.hoppers, farm.boot_id + 1
    assert min(files[NAMES[0]][USED_BYTES:]) == 255
    farm.program = farm.disk = None
    files[NAMES[0]][:USED_BYTES] = first
    disk, told = Disk(), {}
    for changed, portions, moves in moments:
        for change in changed:
            files[NAMES[0]][change >> 8] = change & 255
        gc.collect()
        state = told_after(Farm(disk.load(files), hoppers, boot_id), values, portions, moves)
        told[state] = told.get(state, 0) + 1
    assert told["unknown"] > STEPS_OF_A_RECORD  # the beginning was not yet in flash
    assert told["partial"] > STEPS_OF_A_RECORD
    assert told["done"] >= 1


def told_after(after, values, portions, moves):
    """What a board says of the feeding that finds flash so: it must agree with the hopper. Returns the state."""
    after.hoppers.all[0].portions = portions
    assert not after.program.journal.lost
    after.ready(1)
    after.run_until(lambda: not after.program.feeder.busy())
    state, reason = after.status(values[1])
    again = after.ask("FEED", *values)
    assert after.hoppers.portions() == portions  # going to rest gives nothing, and nothing is fed again
    if state == "unknown":
        assert (moves, again.name) == (0, "NAK")  # of another boot
        assert after.reports() == {}
    else:
        assert again.name == "FEED_STATE"
        assert after.reports() == {values[1]: (state, reason)}
        assert reason == ("restart" if state == "partial" else "none")
        assert portions == 1 or state == "partial"
    return state


def scenario_cut_in_every_part_of_the_movement():
    movement_ms = FIND_MS + 2 * ROTATE_MS + HOLD_MS
    for ms in range(0, movement_ms, 90):
        farm = Farm().ready(1)
        farm.feed()
        farm.run(ms)
        given = farm.hoppers.portions()
        assert not farm.reports()
        op, hopper = farm.op, farm.hoppers.all[0]
        farm = farm.restarted()
        farm.run(300)
        assert hopper.pulse_us == REST_US  # goes to rest by itself, with no host
        farm.done()
        assert hopper.pulse_us == 0
        farm.ready(1)
        assert farm.status(op) == ("partial", "restart")
        assert farm.reports() == {op: ("partial", "restart")}
        assert farm.hoppers.portions() == given
        farm = farm.done().restarted()
        assert farm.ready(1).reports() == {op: ("partial", "restart")}  # the same event


def scenario_cut_again_before_it_could_say_so():
    """Power fails a second time at the first bytes of the report: the next boot makes it, once."""
    farm = Farm().ready(1)
    farm.feed()
    farm.run(FIND_MS)
    farm.disk.budget = 20
    assert cut_short(lambda: Farm(farm.disk, farm.hoppers, farm.boot_id + 1))
    farm.disk.budget = None
    after = Farm(farm.disk, farm.hoppers, farm.boot_id + 2).ready(1)
    after.done()
    assert after.reports() == {farm.op: ("partial", "restart")}


def scenario_a_watchdog_reset_is_a_cut_like_any_other():
    farm = Farm().ready(1)
    farm.feed(turns=2)
    farm.run(FIND_MS + 2 * ROTATE_MS)
    given = farm.hoppers.portions()
    after = farm.restarted(reset_cause=1)
    after.run(100)
    assert after.state() == "tripped"  # rightly, of the circuits; and the servo goes to rest all the same
    assert after.hoppers.all[0].pulse_us == REST_US
    after.ready(1)
    after.done()
    assert after.status(farm.op) == ("partial", "restart")
    assert after.hoppers.portions() == given
    after.feed()
    assert after.done().hoppers.portions() == given + 1


# -- caps ------------------------------------------------------------------------------------------------------------


def fed(farm, **values):
    """One quick feeding to its end."""
    farm.feed(rotate_ms=100, hold_ms=0, **values)
    farm.run_until(lambda: not farm.program.feeder.busy())
    farm.acknowledge()


def scenario_feedings_within_24_hours_are_capped():
    """By the host's time; across cuts of power; and freed as they age."""
    farm = Farm().ready()
    for hour in range(8):
        fed(farm, wall_s=3600 * hour)
        if hour == 4:
            farm = farm.restarted().ready()
    assert farm.not_fed(wall_s=3600 * 8) == "feeding_cap"
    assert farm.not_fed(day=DAY - 1, wall_s=3600 * 8) == "feeding_cap"  # the host's clock was set back
    farm = farm.restarted().ready()
    assert farm.not_fed(day=DAY, wall_s=86_399) == "feeding_cap"
    fed(farm, day=DAY + 1, wall_s=0)  # the first one is 24 hours ago
    assert farm.not_fed(day=DAY + 1, wall_s=3599) == "feeding_cap"
    fed(farm, day=DAY + 1, wall_s=3600)
    fed(farm, feeder=2, day=DAY + 1, wall_s=3600)  # the other feeder has its own
    assert farm.hoppers.portions() == 11


def scenario_turns_and_grams_within_24_hours_are_capped():
    farm = Farm().ready()
    for n in range(4):
        fed(farm, turns=5, wall_s=n)
    assert farm.not_fed(wall_s=5) == "feeding_cap"  # 20 turns
    farm = Farm().ready()
    fed(farm, mg=20_000)
    assert farm.not_fed(mg=10_001) == "feeding_cap"
    fed(farm, mg=10_000)


def scenario_a_feeding_that_was_cut_counts_whole():
    farm = Farm().ready()
    for n in range(8):
        farm.feed(turns=1, wall_s=n)
        farm.run(100)
        farm = farm.restarted().ready()
        farm.done().acknowledge()
    assert farm.hoppers.portions() == 0
    assert farm.not_fed() == "feeding_cap"


def scenario_one_that_never_moved_does_not_count():
    farm = Farm().ready()
    log = farm.program.journal.feedings
    for n in range(9):
        log.end(log.begin(3, n, DAY, WALL_S, 500, 1, 1, REST_US), 4, 4, 0, 0, 0)  # too late
    fed(farm)
    assert farm.hoppers.portions() == 1


def scenario_so_many_are_kept_and_no_more():
    """Both feeders at their caps fill the log; a full one refuses until one has aged, and forgets that one then."""
    farm = Farm().ready()
    log = farm.program.journal.feedings
    for n in range(24):
        log.end(log.begin(3, n, DAY, n, 500, 1 + n % 2, 1, REST_US), 2, 0, 1, 1, 900)
    for feeder in (1, 2):
        farm.accepted("CONFIG_FEEDER", feeder, True, 550, 2400, 5, 24, 100, 500_000, True)
    assert farm.not_fed(wall_s=50) == "feeding_cap"
    assert farm.status(0)[0] == "done"
    fed(farm, day=DAY + 1, wall_s=0)
    assert farm.status(0)[0] == "unknown"
    assert [farm.status(n)[0] for n in (1, 23, farm.op)] == ["done"] * 3


# -- the journal -----------------------------------------------------------------------------------------------------


def scenario_they_are_carried_over_when_blocks_change():
    farm = Farm().ready()
    fed(farm)
    kept = farm.op
    journal = farm.program.journal
    for _ in range(130):
        journal.add(LEASE_OVER, farm.program.clock)
        farm.one_pass()
        farm.acknowledge()
    assert journal._sealed_generation > 2
    farm.feed()
    farm.run(300)
    journal._rotate(True)  # in the middle of one
    after = farm.restarted().ready()
    after.done()
    assert after.status(kept) == ("done", "none")
    assert after.status(farm.op) == ("partial", "restart")
    assert after.accepted("FEED_STATUS", 3, kept).turns == 1
    assert after.program.journal.feedings.rest_us(0) == REST_US


def heating(farm):
    """Armed and closed, with feeders."""
    farm.hello()
    for feeder in (1, 2):
        farm.accepted("CONFIG_FEEDER", feeder, True, 550, 2400, 5, 24, 100, 500_000, True)
    farm.configure()
    assert farm.arm().name == "ACK"
    for circuit in farm.program.circuits:
        circuit.prove(farm.program.clock)
    farm.closed(1, 5000)


def fill(farm, free):
    """Until so few records are left."""
    journal = farm.program.journal
    while journal.free() > free:
        journal.add(LEASE_OVER, farm.program.clock)
        if journal.free() % 20 == 0:
            farm.lease(1, 2000)
        farm.one_pass()
        journal.acknowledge(journal.events[journal.count - 1][1])
    farm.lease(1, 2000)
    farm.run(1100)  # the host has said enough for a second
    farm.lease(1, 2000)
    farm.one_pass()
    farm.heard = []


def scenario_a_full_journal_makes_the_circuits_open_and_the_animals_wait_a_moment():
    farm = Farm()
    heating(farm)
    fill(farm, 6)
    erases = farm.disk.erases
    assert farm.pins() == (1, 1, 0, 0)
    farm.feed()  # there is room for just this one
    farm.done()
    assert farm.hoppers.portions() == 1
    assert farm.disk.erases > erases  # done meanwhile, with the circuit open for a moment
    assert farm.last("NOTICE").notice == 2
    assert farm.state() == "armed"
    farm.feed()
    farm.done()
    assert farm.hoppers.portions() == 2


def scenario_no_room_for_both_records_and_nothing_moves():
    farm = Farm()
    heating(farm)
    journal = farm.program.journal
    fill(farm, 6)
    journal.add(LEASE_OVER, farm.program.clock)
    assert farm.refused("FEED", *farm.feeding()) == "journal_full"
    farm.run(500)
    assert farm.hoppers.portions() == 0
    farm.feed()  # the host may try again
    farm.done()
    assert farm.hoppers.portions() == 1


def scenario_no_place_for_its_events_and_nothing_moves():
    """A host that stores nothing: feedings would push out what it has not seen."""
    farm = Farm().ready()
    journal = farm.program.journal
    while journal.count < MAX_EVENTS - 5:
        journal.add(FEED_STARTED, farm.program.clock)
    farm.run(200)
    assert farm.not_fed() == "journal_full"
    farm.acknowledge()
    fed(farm)
    assert farm.hoppers.portions() == 1


def scenario_flash_that_refuses_is_told_and_nothing_moves():
    farm = Farm().ready()
    farm.disk.fails = True
    farm.feed()
    farm.run(300)
    assert farm.state() == "fault"
    assert farm.hoppers.all[0].moves == 0
    assert farm.reports() == {farm.op: ("failed", "journal")}
    assert farm.not_fed() == "journal_full"


def scenario_a_report_that_flash_did_not_take_is_told_and_once_more_after_a_restart():
    """The second time it tells what flash holds: the beginning. Nothing moves again, and the host keeps the first."""
    farm = Farm().ready()
    farm.feed()
    farm.run_until(lambda: farm.hoppers.all[0].moves)
    farm.disk.fails = True
    farm.done()
    farm.run(300)
    assert farm.state() == "fault"
    assert farm.reports() == {farm.op: ("done", "none")}
    farm.disk.fails = False
    after = farm.restarted().ready()
    after.run(300)
    assert after.reports() == {farm.op: ("partial", "restart")}
    assert after.last("FEED_REPORT").drops == DROPS_UNKNOWN
    assert after.hoppers.portions() == 1


def scenario_a_lost_journal_says_that_it_does_not_know():
    farm = Farm().ready()
    farm.feed()
    farm.done()
    assert not farm.accepted("FEED_STATUS", 3, farm.op).journal_lost
    for name in NAMES:
        block = farm.disk.files[name]
        for at in range(64, 300):
            block[at] &= 0x5A
    after = farm.restarted().ready()
    said = after.accepted("FEED_STATUS", 3, farm.op)
    assert (said.state, said.journal_lost) == (0, True)
    assert after.refused("FEED", *after.feeding(op=farm.op, boot_id=farm.boot_id)) == "boot_id"  # nor is it done again
