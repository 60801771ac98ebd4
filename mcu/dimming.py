"""The lights' arithmetic over arrays of words: where each goes, how fast, and how much all may take together.

Compiled to machine code, called from the loop; allocates nothing. Integers stay below 2^31 within and below 2^30 in
the arrays. The index of a word is always a sum: see tests/mcu/test_viper_index.py. lights.py knows the same words.
"""

from tanklink._compat import const, micropython, ptr8, ptr32
from tanklink.messages import KNOT_BYTES, LIGHT_SOURCES, MAX_KNOTS, N_LIGHTS
from tanklink.plans import MAX_PLAN_S, TICK_MS, level_at

# Words of a light. The first four are what CONFIG_LIGHT said, in its order.
_WORDS = const(13)
_CAP = const(0)
_SLEW = const(1)
_FALLBACK = const(2)
_FULL_MW = const(3)
_N = const(4)  # knots of the plan
_ORIGIN_S = const(5)  # of the plan's tick 0, with _BIAS_S
_ORIGIN_MS = const(6)
_LAST = const(7)  # tick of the last knot
_HELD = const(8)  # by LEVELS, until
_UNTIL_S = const(9)
_UNTIL_MS = const(10)
_BASE = const(11)  # how far it has come
_REST = const(12)  # hundredths of a count that it should have gone further

_BIAS_S = const(172_800)  # a plan may have begun before the Pico did, and a word has no sign on the unix port
_FAR_S = const(400_000)  # beyond any plan
_N_LIGHTS = const(8)  # for viper, to which an imported name is no number
_PLAN_BYTES = const(384)
_TICKS_PER_S = const(100)
assert (_N_LIGHTS, _PLAN_BYTES) == (N_LIGHTS, MAX_KNOTS * KNOT_BYTES)
assert (_BIAS_S, 10, LIGHT_SOURCES) == (MAX_PLAN_S, TICK_MS, ("unset", "fallback", "plan", "levels"))


@micropython.viper
def aim(state, targets, sources, knots, cursors, now_s: int, now_ms: int):
    """Set every light's target and source, at this uptime."""
    w = ptr32(state)
    t = ptr32(targets)
    source_of = ptr8(sources)
    light = 0
    at = 0
    while light < _N_LIGHTS:
        source = 0
        level = 0
        if w[at + _CAP] > 0:
            source = 1
            level = w[at + _FALLBACK]
            n = w[at + _N]
            seconds = now_s + _BIAS_S - w[at + _ORIGIN_S]
            if n > 0 and seconds < _FAR_S:
                tick = seconds * _TICKS_PER_S + (now_ms + 1000 - w[at + _ORIGIN_MS]) // 10 - _TICKS_PER_S
                if tick <= w[at + _LAST]:
                    source = 2
                    level = int(level_at(knots, light * _PLAN_BYTES, n, tick, cursors, light))
            until = w[at + _UNTIL_S]
            if until > now_s or (until == now_s and w[at + _UNTIL_MS] > now_ms):
                source = 3
                level = w[at + _HELD]
        source_of[light] = source
        t[light + 0] = level
        light += 1
        at += _WORDS


@micropython.viper
def follow(state, targets, levels, ticks: int):
    """Let every light move towards its target for so many ticks (at most 100); levels: how far it has come."""
    w = ptr32(state)
    t = ptr32(targets)
    out = ptr32(levels)
    light = 0
    at = 0
    while light < _N_LIGHTS:
        goal = t[light + 0]
        if goal > w[at + _CAP]:
            goal = w[at + _CAP]
        base = w[at + _BASE]
        if base == goal:
            w[at + _REST] = 0
        else:
            move = w[at + _SLEW] * ticks + w[at + _REST]
            step = move // _TICKS_PER_S
            w[at + _REST] = move - step * _TICKS_PER_S
            if base < goal:
                base = base + step if goal - base > step else goal
            else:
                base = base - step if base - goal > step else goal
            w[at + _BASE] = base
        out[light + 0] = base
        light += 1
        at += _WORDS


@micropython.viper
def limit(state, levels, cap_mw: int) -> int:
    """Hold every level to its light's cap, and all to the power cap, each less by the same share; what they would take.

    The power in mW is rounded up, the levels down. 0 ≤ cap < 2^25.
    """
    w = ptr32(state)
    out = ptr32(levels)
    total = 0
    light = 0
    at = 0
    while light < _N_LIGHTS:
        level = out[light + 0]
        if level > w[at + _CAP]:
            level = w[at + _CAP]
            out[light + 0] = level
        total += (w[at + _FULL_MW] * ((level + 63) >> 6) + 1023) >> 10
        light += 1
        at += _WORDS
    if total > cap_mw:
        share = 0  # cap / total in 20 binary places, five at a time
        rest = cap_mw
        light = 0
        while light < 4:
            rest = rest << 5
            digit = rest // total
            rest -= digit * total
            share = share << 5 | digit
            light += 1
        light = 0
        while light < _N_LIGHTS:
            level = out[light + 0]
            out[light + 0] = (level * (share >> 10) + (level * (share & 1023) >> 10)) >> 10
            light += 1
    return total


@micropython.viper
def changed(levels, shown) -> int:
    """Bit n: light n + 1 has another level than is shown, 2 bytes each; it is shown now."""
    out = ptr32(levels)
    p = ptr8(shown)
    found = 0
    light = 0
    while light < _N_LIGHTS:
        level = out[light + 0]
        at = light << 1
        if p[at] != level & 255 or p[at + 1] != level >> 8:
            p[at] = level & 255
            p[at + 1] = level >> 8
            found |= 1 << light
        light += 1
    return found


@micropython.viper
def left(state, left_s, now_s: int) -> int:
    """Write how many seconds of each plan are left, 4 bytes each; how many knots there are."""
    w = ptr32(state)
    p = ptr8(left_s)
    knots = 0
    light = 0
    at = 0
    while light < _N_LIGHTS:
        seconds = 0
        if w[at + _N] > 0:
            knots += w[at + _N]
            seconds = w[at + _ORIGIN_S] - _BIAS_S + w[at + _LAST] // _TICKS_PER_S - now_s
            if seconds < 0:
                seconds = 0
        p[light << 2] = seconds & 255
        p[(light << 2) + 1] = seconds >> 8 & 255
        p[(light << 2) + 2] = seconds >> 16 & 255
        p[(light << 2) + 3] = seconds >> 24
        light += 1
        at += _WORDS
    return knots
