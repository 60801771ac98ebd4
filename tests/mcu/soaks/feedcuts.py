"""Feedings with power cuts at random instants, on one flash that goes through its blocks: none doubled, none lost.

The host mints an operation, sends it, and lives on through the cuts; what it was told last must be what the hoppers
gave. Cuts come between passes or within a write, and some hit the start that follows a cut.
"""

from chance import Chance
from memory_disk import PowerCut
from virtual_feeder import DAY, Farm

MOVEMENT_MS, RECORDS_STEPS = 1700, 260
REMEMBERED = 32  # operations, more than the board does: memory is the chip's
QUARTER_S = 21_600  # of a day, from one feeding to the next: caps are not what is looked at


class Host:
    """ops: operation → turns asked for. told: operation → outcome by name, from events or asked for."""

    def __init__(self):
        self.ops, self.told, self.reports = {}, {}, {}

    def listen(self, farm):
        """Take what the board has said; a report must never change."""
        for op, said in farm.reports().items():
            assert self.reports.get(op, said) == said, (op, said, self.reports[op])
            self.reports[op] = said
            self.told[op] = said[0]

    def forget(self, before):
        """Operations whose reports are long acknowledged."""
        for known in (self.told, self.reports):
            for op in [op for op in known if op < before]:
                del known[op]


def soak(count, seed):
    """count cuts. Returns how feedings ended, and how many were doubled, lost or told wrongly: none."""
    chance, host = Chance(seed), Host()
    farm = Farm().ready(1)
    figures = {"cuts": 0, "done": 0, "partial": 0, "failed": 0, "unknown": 0, "portions": 0, "rotations": 0}
    while figures["cuts"] < count:
        before = farm.hoppers.portions()
        op, turns = farm.op + 1, 1 + chance.below(2)
        farm = feed_and_cut(farm, chance, host, turns, figures)
        given = farm.hoppers.portions() - before
        state = settle(farm, host, op)
        check(state, given, turns)
        figures[state] += 1
        figures["portions"] += given
        host.ops.clear()
        host.forget(op - REMEMBERED)
    figures["rotations"] = farm.disk.erases
    assert figures["portions"] == farm.hoppers.portions()
    return figures


def feed_and_cut(farm, chance, host, turns, figures):
    """One feeding and the cut; returns the board that starts after it, with a host."""
    when_s = figures["cuts"] * QUARTER_S
    op = farm.op + 1
    host.ops[op] = turns
    values = farm.feeding(op=op, turns=turns, day=DAY + when_s // 86_400, wall_s=when_s % 86_400)
    if chance.below(2):
        farm.disk.budget = chance.below(RECORDS_STEPS)  # within a write, if not between two
    try:
        farm.send("FEED", *values)
        farm.run(5 * chance.below((MOVEMENT_MS + 500 * turns) // 5))
        host.listen(farm)
        if chance.below(3) == 0:
            farm.acknowledge()
    except PowerCut:
        pass
    figures["cuts"] += 1
    boot_id = farm.boot_id + 1
    while True:
        farm.disk.budget = chance.below(150) if chance.below(4) == 0 else None
        try:
            after = Farm(farm.disk, farm.hoppers, boot_id)
            farm.disk.budget = None
            break
        except PowerCut:
            figures["cuts"] += 1
            boot_id += 1
    after.op = op
    return after.ready(1)


def settle(farm, host, op):
    """Until nothing moves; what the board says of the operation, asked and by its report."""
    assert not farm.program.journal.lost
    farm.run_until(lambda: not farm.program.feeder.busy())
    farm.run(20)
    host.listen(farm)
    state, _ = farm.status(op)
    if state == "unknown":
        assert op not in host.told, (op, host.told[op])  # what was told is not forgotten
    else:
        assert host.told.get(op) == state, (op, state, host.told.get(op))
    farm.acknowledge()
    return state


def check(state, given, turns):
    """The truth agrees with what was told."""
    if state == "unknown":
        assert given == 0
    elif state == "done":
        assert given == turns
    else:
        assert state == "partial", state
        assert given <= turns
