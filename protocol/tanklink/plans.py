"""A light's plan: knots as they travel and are held, and the level between them, alike on the Pico and in previews.

A knot is KNOT_BYTES: its tick of TICK_MS since the plan's origin (4 bytes) and its level (2 bytes), little-endian. Two
knots of one tick are a step. Before the first knot its level holds, after the last one the last one's; who plays the
plan decides what comes then. Pure; level_at allocates nothing.
"""

from tanklink._compat import MICROPYTHON, const, micropython, ptr8
from tanklink.messages import KNOT_BYTES

TICK_MS = 10
TICKS_PER_S = 1000 // TICK_MS
MAX_PLAN_S = 48 * 3600
MAX_TICKS = const(17_280_000)  # of a knot; below 2^25, which level_at relies on
_KNOT = const(6)  # for viper, to which an imported name is no number
_SHORT = const(16_384)  # ticks within which a 16-bit product fits a machine word
assert (_KNOT, MAX_TICKS) == (KNOT_BYTES, MAX_PLAN_S * TICKS_PER_S)


@micropython.viper
def level_at(knots, first: int, n: int, tick: int, cursors, light: int) -> int:
    """The level at a tick of the n ≥ 1 knots that begin at knots[first], within one count of the exact one.

    cursors[light]: a byte that remembers between calls where the search ended; 0 does for a single one.
    """
    p = ptr8(knots)
    c = ptr8(cursors)
    k = c[light]
    if k >= n:
        k = 0
    at = first + k * _KNOT
    t = p[at] | p[at + 1] << 8 | p[at + 2] << 16 | p[at + 3] << 24
    if t > tick:
        k = 0
        at = first
        t = p[at] | p[at + 1] << 8 | p[at + 2] << 16 | p[at + 3] << 24
    end = t
    while k < n - 1:
        end = p[at + 6] | p[at + 7] << 8 | p[at + 8] << 16 | p[at + 9] << 24
        if end > tick:
            break
        k += 1
        at += _KNOT
        t = end
    c[light] = k
    level = p[at + 4] | p[at + 5] << 8
    if t >= tick or k == n - 1:
        return level
    rise = (p[at + 10] | p[at + 11] << 8) - level
    height = rise if rise > 0 else 0 - rise
    rest = tick - t
    run = end - t
    if run < _SHORT:
        part = (height * rest + (run >> 1)) // run  # below 2^30
    else:
        share = 0  # rest / run in 20 binary places, five at a time: rest · 32 stays below 2^30
        places = 0
        while places < 4:
            rest = rest << 5
            digit = rest // run
            rest -= digit * run
            share = share << 5 | digit
            places += 1
        part = (height * (share >> 10) + (height * (share & 1023) >> 10) + 512) >> 10
    return level + part if rise > 0 else level - part


@micropython.viper
def last_tick(knots, first: int, n: int) -> int:
    """Of the last of n ≥ 1 knots; −1 if some knot is before the one before it, or beyond MAX_TICKS."""
    p = ptr8(knots)
    at = first
    end = first + n * _KNOT
    last = 0
    while at < end:
        if p[at + 3] > 1:
            return -1
        t = p[at] | p[at + 1] << 8 | p[at + 2] << 16 | p[at + 3] << 24
        if t < last or t > MAX_TICKS:
            return -1
        last = t
        at += _KNOT
    return last


if not MICROPYTHON:
    from tanklink.packing import knots_crc, lights_crc, pack_knots, parts_of  # noqa: F401  (offered)
