"""What the hard timer does every half millisecond, without its registers: samples in, relays to drop out. Pure.

One function walks the new samples of both currents against the fine limits, sees whether samples still come and lie
where they belong, and counts the leases down. It is viper, since 200,000 samples a second pass through it, and it
allocates nothing, since it runs in an interrupt. Its memory is one array, whose places are named here; none is ever
negative, and what each of the two circuits has takes two places.
"""

from array import array

import board
import limits
from micropython import const

from tanklink._compat import micropython, ptr16, ptr32

RING = const(512)  # samples: 2.56 ms
TICK_US = const(500)
NEVER = const(0xFFFF)  # a limit that no sample reaches
OVER, STARVED = 1, 2  # why the comparator pulls

# Places of the state.
ORIGIN = const(0)  # address of the ring's first byte
AT = const(1)  # index of the next sample to look at; a multiple of 4, as the round is
LAST_US = const(2)  # when it was looked at, in ticks
SCANS = const(3)  # for BUDGET, as the next two
SCAN_US_MAX = const(4)
GAP_US_MAX = const(5)
MOST = const(6)  # of a circuit: the greatest counts that are right
HITS = const(8)  # of a circuit: samples in a row that were
FIRED = const(10)  # of a circuit: greatest counts in the ring when enough of them were; 0 = they were not
LEFT_US = const(12)  # of a circuit: for which the breaker may hold
HOLD_US = const(14)  # and the carrier
QUIET = const(16)  # looks in a row that found no new sample
ASTRAY = const(17)  # and that found the reference or the chip's temperature not in its place
SLIPS = const(18)  # times that this began
PULLED = const(19)  # OVER or STARVED since the comparator was seen to pull; else 0
PEAK = const(20)  # of a circuit: greatest counts in the ring when it was
ENOUGH = const(22)  # samples in a row
REFERENCE = const(23)  # least and greatest counts
DIE = const(25)  # least and greatest counts
BREAKER = const(27)  # of a circuit: the relay's pin, as a bit
CARRIER = const(29)
ALL = const(31)  # the pins of all relays
LINES = const(32)  # and those of the fault lines
PLACES = const(33)

# Places of the state of the black box's ring.
KEPT_AT = const(0)  # of the next instant
KEPT_LEFT = const(1)  # instants that are left: 0 = it has stopped
KEPT_ANY = const(2)  # whether there was one yet
KEPT_RUNS = const(1024)  # left while it goes on for ever: more than it holds
KEPT_TICKS = const(256)  # that it holds, of 8 channels each

_RING_MASK = const(511)
_ROUNDS_MASK = const(508)
_KEPT_MASK = const(255)
_LOST_US = const(2400)  # after so long, samples have been overwritten unseen
_SOON_US = const(100)  # within so short, there may be no whole round yet
_ENDLESS = const(1_000_000)  # counters stop here: BUDGET reads them once a second
_MOST_COUNTS = const(4095)


def new_state():
    """The state of a board on which nothing is configured, leased or found."""
    state = array("i", bytes(4 * PLACES))
    state[MOST] = state[MOST + 1] = NEVER
    state[ENOUGH] = limits.FINE_SAMPLES
    state[REFERENCE], state[REFERENCE + 1] = board.ADC_REFERENCE_COUNTS
    state[DIE], state[DIE + 1] = board.ADC_DIE_COUNTS
    state[LINES] = 1 << board.FAULT_PINS[0] | 1 << board.FAULT_PINS[1]
    for c in range(2):
        state[BREAKER + c] = 1 << board.RELAY_PINS[2 * c + board.DC_RATED]
        state[CARRIER + c] = 1 << board.RELAY_PINS[2 * c + 1 - board.DC_RATED]
        state[ALL] |= state[BREAKER + c] | state[CARRIER + c]
    return state


# In viper the first three parameters live in registers: what the inner loops use most comes first.


@micropython.viper
def scan(state: ptr32, ring: ptr16, at: int, now_us: int, pins: int, pulls: int) -> int:
    """Look at what came since the last time; returns the pins of the relays to drop.

    ring: RING samples of 16 bits. at: address where the next one will be written. now_us: ticks, below 2^30. pins: all
    of them, bit by bit. pulls: whether and why the comparator does: 0, OVER or STARVED.
    """
    end = ((at - state[ORIGIN]) >> 1) & _ROUNDS_MASK
    at = state[AT]
    gap_us = (now_us - state[LAST_US]) & 0x3FFFFFFF
    state[LAST_US] = now_us
    if gap_us > state[GAP_US_MAX]:
        state[GAP_US_MAX] = gap_us
    if state[SCANS] < _ENDLESS:
        state[SCANS] += 1
    fired = 0
    if gap_us > _LOST_US:
        at = (end + 4) & _RING_MASK
    if at != end:
        first = at
        most_1 = state[MOST]
        most_2 = state[MOST + 1]
        over = 0
        while at != end:  # a difference below 0 leaves its sign: no branch for the samples that are right
            over |= (most_1 - ring[at + 0]) | (most_2 - ring[at + 1])
            at = (at + 4) & _RING_MASK
        if over < 0:
            fired = int(_count(state, ring, first, end))
        else:
            state[HITS] = 0
            state[HITS + 1] = 0
        state[AT] = end
        state[QUIET] = 0
        at = (end - 4) & _RING_MASK
        reference = ring[at + 2]
        die = ring[at + 3]
        if (reference - state[REFERENCE]) | (state[REFERENCE + 1] - reference) | (die - state[DIE]) | (
            state[DIE + 1] - die
        ) < 0:
            if state[ASTRAY] == 0 and state[SLIPS] < _ENDLESS:
                state[SLIPS] += 1
            if state[ASTRAY] < _ENDLESS:
                state[ASTRAY] += 1
        else:
            state[ASTRAY] = 0
    elif gap_us > _SOON_US and state[QUIET] < _ENDLESS:
        state[QUIET] += 1

    drop = 0
    if fired or pulls:
        drop = state[ALL]
        _note(state, ring, fired, pulls)
    at = 0
    while at < 2:
        left_us = state[LEFT_US + at] - gap_us
        if left_us <= 0:
            left_us = 0
            drop |= pins & state[BREAKER + at]
        state[LEFT_US + at] = left_us
        left_us = state[HOLD_US + at] - gap_us
        if left_us <= 0:
            left_us = 0
            drop |= pins & state[CARRIER + at]
        state[HOLD_US + at] = left_us
        at += 1
    return drop


@micropython.viper
def _count(state: ptr32, ring: ptr16, at: int, end: int) -> int:
    """Count samples in a row beyond the limits; a bit for each circuit where they were enough."""
    enough = state[ENOUGH]
    fired = 0
    while at != end:
        c = 0
        while c < 2:
            if int(ring[at + c]) > state[MOST + c]:
                state[HITS + c] += 1
                if state[HITS + c] >= enough:
                    state[HITS + c] = enough
                    fired |= 1 << c
            else:
                state[HITS + c] = 0
            c += 1
        at = (at + 4) & _RING_MASK
    return fired


@micropython.viper
def _note(state: ptr32, ring, fired: int, pulls: int):
    """Keep what the loop must know of a drop: the first cause, and the peaks before the ring forgets them."""
    saw = pulls != 0 and state[PULLED] == 0
    c = 0
    while c < 2:
        most = int(peak(ring, c))
        if fired >> c & 1 and state[FIRED + c] == 0:
            state[FIRED + c] = most
        if saw:
            state[PEAK + c] = most
        c += 1
    if saw:
        state[PULLED] = pulls


@micropython.viper
def peak(ring: ptr16, slot: int) -> int:
    """The greatest of all samples of one input in the ring."""
    greatest = 0
    while slot < RING:
        if int(ring[slot + 0]) > greatest:
            greatest = int(ring[slot + 0])
        slot += 4
    return greatest


@micropython.viper
def mean(ring: ptr16, at: int, n_bits: int) -> int:
    """Of 2^n_bits samples of one input, rounded: the one at this place and those before."""
    total = 1 << n_bits >> 1
    n = 1 << n_bits
    while n:
        total += ring[at + 0]
        at = (at - 4) & _RING_MASK
        n -= 1
    return total >> n_bits


@micropython.viper
def fill(rows: ptr16, ring: ptr16, counts: ptr16, kept: ptr32, at: int):
    """An instant of every channel, to the others before a trip, and half a ring of them after it.

    The currents as the mean of the last four samples, the others as they were read. rows, kept: KEPT_TICKS of 8 counts
    each, and their state. at: place of the newest whole round, or that less a turn of the ring.
    """
    left = kept[KEPT_LEFT]
    if left == 0:
        return
    if left != KEPT_RUNS:
        kept[KEPT_LEFT] = left - 1
    to = kept[KEPT_AT]
    kept[KEPT_AT] = (to + 1) & _KEPT_MASK
    kept[KEPT_ANY] = 1
    to <<= 3
    last = at & _ROUNDS_MASK
    a = (at - 4) & _ROUNDS_MASK
    b = (at - 8) & _ROUNDS_MASK
    c = (at - 12) & _ROUNDS_MASK
    rows[to + 0] = (ring[last + 0] + ring[a + 0] + ring[b + 0] + ring[c + 0] + 2) >> 2
    rows[to + 1] = (ring[last + 1] + ring[a + 1] + ring[b + 1] + ring[c + 1] + 2) >> 2
    rows[to + 2] = counts[2]
    rows[to + 3] = counts[3]
    rows[to + 4] = counts[4]
    rows[to + 5] = counts[5]
    rows[to + 6] = counts[6]
    rows[to + 7] = counts[7]


@micropython.viper
def latest(state: ptr32, ring, address: int, slot: int) -> int:
    """The mean of the last 16 samples of one input of the round. address: as of scan()."""
    newest = (((address - state[ORIGIN]) >> 1) - 4) & _ROUNDS_MASK
    return int(mean(ring, newest + slot, 4))


def most_counts(config, channel, limit):
    """The greatest counts that a rising scale leaves within limit; 0 if none are."""
    low, high = 0, _MOST_COUNTS
    while low < high:
        middle = (low + high + 1) >> 1
        if config.scale(channel, middle) > limit:
            high = middle - 1
        else:
            low = middle
    return low
