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


def passes(program):
    """All of it, before a fault is reset. A journal that failed gets another try."""
    if program.journal.broken and not program.journal.repair():
        return False
    return relays_open(program.interlock) and lines_answer(program.interlock, program.facts.enabled, program.sleep_us)
