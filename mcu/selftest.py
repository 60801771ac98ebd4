"""What the board checks of itself: at boot, before arming, and before a fault is reset. Every relay is open then."""

import board

from tanklink.messages import N_CIRCUITS


def relays_open(interlock):
    """Whether all relay pins read low after they were dropped."""
    interlock.drop_all()
    return interlock.pins() == 0


def lines_answer(interlock, enabled, sleep_us):
    """Whether the fault lines of the enabled circuits fall with their feed: one that does not is short to 3V3."""
    interlock.feed(0)
    sleep_us(board.FAULT_SETTLE_US)
    short = False
    for c in range(N_CIRCUITS):
        if enabled[c] and interlock.fault_line(c + 1):
            short = True
    interlock.feed(1)
    sleep_us(board.FAULT_SETTLE_US)
    return not short


def comparator_pulls(interlock, comparator, sleep_us):
    """Whether a sample beyond the ceiling makes the comparator pull both lines, and they rise again when released."""
    comparator.release()
    sleep_us(board.FAULT_SETTLE_US)
    idle = not comparator.pulls()
    comparator.provoke()
    sleep_us(board.FAULT_SETTLE_US)
    pulled = comparator.pulls() and not interlock.fault_line(1) and not interlock.fault_line(2)
    comparator.release()
    sleep_us(board.FAULT_SETTLE_US)
    return idle and pulled and not comparator.pulls()


def passes(program):
    """All of it, before a fault is reset. A journal that failed gets another try."""
    if program.journal.broken and not program.journal.repair():
        return False
    return relays_open(program.interlock) and lines_answer(program.interlock, program.facts.enabled, program.sleep_us)
