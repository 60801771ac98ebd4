"""What the board checks of itself: at boot, before arming, and before a fault is reset. Every relay is open then.

Each failure has a trigger of its own, by which program.py raises it. What is checked while it runs is in integrity.py.
"""
# ruff: noqa: RUF046  (to viper, int(len(x)) makes a machine integer of an object)

import board
import limits
import micropython

from tanklink._compat import ptr8
from tanklink.messages import CHANNELS, N_CIRCUITS

_REFERENCE = CHANNELS.index("reference")
_RAM_BYTES = 4096
_PATTERNS = (0x55, 0xAA)
_SAMPLES_PER_S = 48_000_000 // board.ADC_CLOCKS  # the converter's clock comes from another PLL than the timer's
_RING_MASK = 511
_CLOCK_US = 1000  # watched for so long, in which the ring must not go round
_CLOCK_SLACK = 12  # samples of 200: the ring is looked at in whole rounds of four
_CLOCK_TRIES = 5
_TICKS_MASK = 0x3FFFFFFF
stand = None  # called with the memory while a pattern stands in it


def at_boot(interlock, sampler, ticks_us, sleep_us):
    """What is not as it must be first, as (name in trips.RAISED, circuit, value, limit); None if all is well."""
    return (
        _relays(interlock)
        or _memory(bytearray(_RAM_BYTES))
        or _lines(interlock, sleep_us)
        or _clock(sampler.ring, ticks_us, sleep_us)
        or _comparator(sampler.comparator, interlock, sleep_us)
    )


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
    if at_boot(program.interlock, program.sampler, program.ticks_us, program.sleep_us):
        return False
    if not program.integrity.whole():
        return False
    program.integrity.begin_anew()
    return lines_answer(program.interlock, program.facts.enabled, program.sleep_us)


# -- one by one -------------------------------------------------------------------------------------------------


def _relays(interlock):
    return None if relays_open(interlock) else ("relay_stuck", 0, interlock.pins(), 0)


def _memory(ram):
    for pattern in _PATTERNS:
        _fill(ram, pattern)
        if stand:
            stand(ram)
        wrong = _first_wrong(ram, pattern)
        if wrong >= 0:
            return "memory", 0, wrong, len(ram)
    return None


def _lines(interlock, sleep_us):
    """A line that is high without its feed is short to 3V3. One that is low with it may simply have no loop yet."""
    for c in range(N_CIRCUITS):
        if not lines_answer(interlock, [c == i for i in range(N_CIRCUITS)], sleep_us):
            return "line_stuck_%d" % (c + 1), c + 1, 1, 0
    return None


def _clock(ring, ticks_us, sleep_us):
    """How many samples come in a time of the timer's. None at all has a row of its own, adc_stopped.

    Something may come between a look at the timer and one at the ring: a clock that is wrong is wrong every time.
    """
    wrong = None
    for _ in range(_CLOCK_TRIES):
        began_us, first = ticks_us(), ring.newest()
        sleep_us(_CLOCK_US)
        ended_us, last = ticks_us(), ring.newest()
        us = (ended_us - began_us) & _TICKS_MASK
        if us < 2 * _CLOCK_US:  # else something came between
            samples = (last - first) & _RING_MASK
            wanted = us * (_SAMPLES_PER_S // 1000) // 1000
            if not samples or abs(samples - wanted) <= _CLOCK_SLACK:
                return None
            wrong = "clock", 0, samples, wanted
    return wrong


def _comparator(comparator, interlock, sleep_us):
    """A sample beyond every ceiling must make it pull both lines, and they must be seen to fall."""
    if comparator.pulls():
        return None  # it holds the lines for a reason, of which the loop will tell
    comparator.provoke()
    sleep_us(board.FAULT_SETTLE_US)
    held = comparator.pulls()
    high = interlock.fault_line(1) or interlock.fault_line(2)
    comparator.release()
    sleep_us(board.FAULT_SETTLE_US)
    return None if held and not high else ("comparator", 0, held, 1)


def reference(sampler):
    """What circuits are measured by: of a board that has none configured nothing is asked, nor need it have one."""
    mv = sampler.counts[_REFERENCE] * board.SUPPLY_MV // 4095
    off = board.REFERENCE_MV * limits.REFERENCE_PERMILLE // 1000
    if abs(mv - board.REFERENCE_MV) <= off:
        return None
    return "reference", 0, mv, board.REFERENCE_MV - off if mv < board.REFERENCE_MV else board.REFERENCE_MV + off


@micropython.viper
def _fill(ram, pattern: int):
    """No two neighbours alike, so that shorted address lines show, too."""
    p = ptr8(ram)
    n = int(len(ram))
    i = 0
    while i < n:
        p[i] = (i ^ (i >> 8) ^ pattern) & 255
        i += 1


@micropython.viper
def _first_wrong(ram, pattern: int) -> int:
    p = ptr8(ram)
    n = int(len(ram))
    i = 0
    while i < n:
        if p[i] != (i ^ (i >> 8) ^ pattern) & 255:
            return i
        i += 1
    return -1
