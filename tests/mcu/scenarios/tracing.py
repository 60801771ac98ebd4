"""The black box: the waveform of a trip, from the ring to the message, over power cuts and other trips."""

import gc
from array import array

from blackbox import KEPT_TRIPS, NAMES, BlackBox, Ring
from flashpages import find
from memory_disk import Disk, loses_power
from scan import RING, fill
from virtual_rig import Rig

from tanklink.messages import N_CHANNELS, TRACE_PART_BYTES, TRACE_PART_TICKS, TRACE_PARTS, TRACE_TICKS, TRIGGERS


def opened(disk, boot_id=1):
    return BlackBox(find(disk, disk, NAMES), boot_id)


def counts_at(tick):
    """Something different for every instant and channel, with all 12 bits in use."""
    return array("H", [(tick * 37 + 401 * channel) & 4095 for channel in range(N_CHANNELS)])


def put(box, counts):
    """An instant, as the hard timer has it kept."""
    fill(box.ring.samples, steady(counts), counts, box.ring.state, 0)


def steady(counts):
    """The converter's ring when the currents have been the same for a while."""
    return array("H", list(counts[:4]) * (RING // 4))


def whole(box, trip_id):
    """Every part of a trip's trace, oldest first; None if one is not there."""
    parts = []
    for part in range(TRACE_PARTS):
        samples = bytearray(TRACE_PART_BYTES)
        if not box.read(trip_id, part, samples):
            return None
        parts.append(samples)
    return parts


def row(parts, tick):
    """The counts of one instant."""
    samples, at = parts[tick // TRACE_PART_TICKS], tick % TRACE_PART_TICKS * N_CHANNELS * 3 // 2
    counts = array("H")
    for i in range(at, at + N_CHANNELS * 3 // 2, 3):
        low, middle, high = samples[i], samples[i + 1], samples[i + 2]
        counts.append(low | (middle & 15) << 8)
        counts.append(middle >> 4 | high << 4)
    return counts


def keep(box, trip_id, ticks=TRACE_TICKS):
    """A trip after so many instants, and passes until its trace is in flash and room is made for the next."""
    for tick in range(ticks):
        put(box, counts_at(tick))
    box.freeze(trip_id)
    for tick in range(ticks, ticks + TRACE_TICKS // 2):
        assert not box.ring.frozen()
        put(box, counts_at(tick))
    assert box.ring.frozen()
    for _ in range(TRACE_PARTS + 4):
        put(box, counts_at(4000))  # ignored while it is written
        box.step(True)


def scenario_before_and_after_in_order():
    disk = Disk()
    for ticks in (TRACE_TICKS, TRACE_TICKS + 77, 1000):
        box = opened(disk.load({}))
        keep(box, 5, ticks)
        parts = whole(box, 5)
        assert box.at_tick == TRACE_TICKS // 2
        for i in range(TRACE_TICKS):
            assert row(parts, i) == counts_at(ticks - TRACE_TICKS // 2 + i), (ticks, i)


def scenario_a_trip_soon_after_the_start():
    """What was before the start reads 0."""
    box = opened(Disk())
    keep(box, 5, 10)
    parts = whole(box, 5)
    for i in range(TRACE_TICKS):
        tick = i - (TRACE_TICKS // 2 - 10)
        assert row(parts, i) == (counts_at(tick) if tick >= 0 else array("H", [0] * N_CHANNELS)), i


def scenario_nothing_was_seen():
    """A trip that the boot found has no waveform."""
    ring = Ring()
    assert not ring.freeze()
    box = opened(Disk())
    box.freeze(3)
    assert not box.keeps(3)


def scenario_the_last_eight_survive():
    disk = Disk()
    box = opened(disk)
    for trip_id in range(1, KEPT_TRIPS + 5):
        keep(box, trip_id, TRACE_TICKS + trip_id)
        box = opened(disk, trip_id)  # a reset after each
    for trip_id in range(1, KEPT_TRIPS + 5):
        parts = whole(box, trip_id)
        if trip_id <= 4:
            assert parts is None, trip_id
        else:
            assert row(parts, TRACE_TICKS - 1) == counts_at(TRACE_TICKS + trip_id + TRACE_TICKS // 2 - 1), trip_id
    assert whole(box, 0) is None


def scenario_the_ninth_at_any_cut():
    """Eight are kept at any instant, whatever becomes of the ninth; and the board goes on recording."""
    before = Disk()
    for trip_id in range(1, KEPT_TRIPS + 1):
        keep(opened(before), trip_id)
    full = Disk(before.files)
    keep(opened(full), 9)
    steps = full.written
    assert steps > TRACE_PARTS * 150
    disk = full
    for budget in range(0, steps, 61):
        disk.load(before.files).budget = budget
        assert loses_power(lambda: keep(opened(disk), 9)), budget
        disk.budget = None
        box = opened(disk)
        held = [trip_id for trip_id in range(1, 10) if whole(box, trip_id)]
        assert len(held) >= KEPT_TRIPS, (budget, held)
        box.step(True)
        keep(box, 10)
        assert whole(box, 10), budget


def scenario_one_trip_at_a_time():
    """A second trip while the first is kept has no waveform of its own, and does not spoil the first."""
    box = opened(Disk())
    for tick in range(TRACE_TICKS):
        put(box, counts_at(tick))
    box.freeze(5)
    put(box, counts_at(TRACE_TICKS))
    box.freeze(6)
    assert box.keeps(5)
    assert not box.keeps(6)
    for tick in range(TRACE_TICKS + 1, TRACE_TICKS + TRACE_TICKS // 2):
        put(box, counts_at(tick))
    for _ in range(TRACE_PARTS + 2):
        box.step(True)
    assert row(whole(box, 5), TRACE_TICKS - 1) == counts_at(TRACE_TICKS + TRACE_TICKS // 2 - 1)
    assert whole(box, 6) is None


def scenario_a_fault_that_follows_of_a_trip_has_its_trace():
    """Also after a reset of the board; no other event does, nor one that follows of a trip that was not kept."""
    disk = Disk()
    box = opened(disk)
    keep(box, 5)
    for tick in range(TRACE_TICKS):
        put(box, counts_at(tick))
    box.freeze(7)
    box.freeze(8)
    box.share(8)
    assert box.keeps(7)
    assert box.keeps(8)
    assert not box.keeps(9)
    for tick in range(TRACE_TICKS):
        put(box, counts_at(tick))
    for _ in range(TRACE_PARTS + 4):
        box.step(True)
    box.share(8)
    for again in (box, opened(disk)):
        assert whole(again, 8) == whole(again, 7)
        assert whole(again, 7) is not None
        assert whole(again, 6) is None
        assert whole(again, 9) is None


def scenario_nothing_is_erased_while_a_circuit_is_closed():
    disk = Disk()
    box = opened(disk)
    for trip_id in range(1, KEPT_TRIPS + 1):
        keep(box, trip_id)
    box = opened(disk)
    for tick in range(TRACE_TICKS):
        put(box, counts_at(tick))
    box.freeze(9)
    for tick in range(TRACE_TICKS):
        put(box, counts_at(tick))
    erases = disk.erases
    for _ in range(3 * TRACE_PARTS):
        box.step(False)
    assert disk.erases == erases
    assert whole(box, 9)  # there was a spare block
    box.step(True)
    assert disk.erases == erases + 1
    assert whole(box, 1) is None


def scenario_flash_that_refuses_costs_the_trace_only():
    disk = Disk()
    rig = Rig(disk).armed()
    rig.closed(1)
    rig.program.black_box._blocks[0].program = refuses
    rig.set(1, degf=165)
    trip = rig.tripped()
    rig.run_until(lambda: rig.program.black_box.read(trip.event_id, 0, bytearray(192)), 5000)  # in the next block
    assert rig.state() == "tripped"


def refuses(*_):
    raise OSError(5)


def scenario_the_host_reads_a_trip_in_parts():
    disk = Disk()
    trip = read_hot(disk)
    gc.collect()
    again = Rig(disk, boot_id=78)
    again.hello()
    expect_hot(again, trip)


def read_hot(disk):
    """A board that trips on over-temperature, and the host that reads the waveform of it; returns the event."""
    rig = Rig(disk).armed()
    rig.run(700)
    rig.closed(1)
    rig.set(1, degf=165, amps=4)
    trip = rig.tripped()
    assert TRIGGERS[trip.trigger] == "over_temperature"
    assert rig.refused("READ_TRACE", trip.event_id, 0) == "too_soon"
    assert rig.refused("READ_TRACE", trip.event_id + 1, 0) == "no_trace"
    assert rig.refused("READ_TRACE", 0, 0) == "no_trace"
    rig.run_until(lambda: not rig.program.black_box.keeps(trip.event_id), 5000)
    expect_hot(rig, trip)
    return trip


def expect_hot(rig, trip):
    """The current had risen and the tank was too hot when it tripped, and neither long before."""
    parts = []
    for i in range(TRACE_PARTS):
        said = rig.ask("READ_TRACE", trip.event_id, i)
        assert (said.name, said.trip_id, said.part, said.at_tick, said.period_us) == (
            "TRACE", trip.event_id, i, TRACE_TICKS // 2, 500,
        )  # fmt: skip
        parts.append(said.samples)
        rig.replies.clear()
    at = TRACE_TICKS // 2
    assert row(parts, at)[0] > 1400
    assert row(parts, at - 100)[0] < 400
    assert row(parts, at)[4] < row(parts, at - 100)[4]  # a thermistor's counts fall


def scenario_put_and_freeze_allocate_nothing():
    import micropython

    box = opened(Disk())
    counts = counts_at(1)
    samples, ring, state = box.ring.samples, steady(counts), box.ring.state
    micropython.heap_lock()
    try:
        for _ in range(TRACE_TICKS):
            fill(samples, ring, counts, state, 0)
        box.freeze(5)
        for _ in range(TRACE_TICKS):
            fill(samples, ring, counts, state, 0)
        for _ in range(TRACE_PARTS + 4):
            box.step(True)
    finally:
        micropython.heap_unlock()
    assert row(whole(box, 5), 0) == counts
