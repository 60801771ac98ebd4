"""The lights' arithmetic over one array of words: where each goes, how fast, and how much all may take together.

Compiled to machine code, called from the loop; allocates nothing. Integers stay below 2^31 within and below 2^30 in
the array. The index of a word is always a sum: see tests/mcu/test_viper_index.py.
"""

from tanklink._compat import const, micropython, ptr32
from tanklink.messages import KNOT_BYTES, LIGHT_SOURCES, MAX_EFFECTS, MAX_KNOTS, N_LIGHTS
from tanklink.plans import MAX_PLAN_S, TICK_MS, level_at

# Words of a light. The first four are what CONFIG_LIGHT said, in its order.
WORDS = const(16)
CAP = const(0)
SLEW = const(1)
FALLBACK = const(2)
FULL_MW = const(3)
N = const(4)  # knots of the plan
ORIGIN_S = const(5)  # of the plan's tick 0, with BIAS_S
ORIGIN_US = const(6)
LAST = const(7)  # tick of the last knot
HELD = const(8)  # by LEVELS, until
UNTIL_S = const(9)
UNTIL_US = const(10)
TARGET = const(11)  # where it goes
BASE = const(12)  # where it has come to
REST = const(13)  # hundredths of a count that it should have gone further
OUT = const(14)  # BASE with lightning, caps and all: what the pin gets
SOURCE = const(15)

# Words of an effect; no lights: the place is free.
EFFECT_WORDS = const(9)
ID, KIND, LIGHTS, START_S, START_US, DURATION, DEPTH, DRIFT, SEED = range(9)
_LIGHTS = const(2)
_START_S = const(3)
_START_US = const(4)
_DURATION = const(5)
_DRIFT = const(7)

BIAS_S = const(172_800)  # a plan may have begun before the Pico did, and a word has no sign on the unix port
_FAR_S = const(400_000)  # beyond any plan and any effect
_N_LIGHTS = const(8)
_N_EFFECTS = const(16)  # for viper, to which an imported name is no number
_PLAN_BYTES = const(384)
_TICK_US = const(10_000)
_TICKS_PER_S = const(100)
assert (_N_LIGHTS, _N_EFFECTS, _PLAN_BYTES) == (N_LIGHTS, MAX_EFFECTS, MAX_KNOTS * KNOT_BYTES)
assert (BIAS_S, _TICK_US, LIGHT_SOURCES) == (MAX_PLAN_S, 1000 * TICK_MS, ("unset", "fallback", "plan", "levels"))


@micropython.viper
def aim(state, knots, cursors, s: int, us: int):
    """Set every light's target and source, at this uptime."""
    w = ptr32(state)
    light = 0
    at = 0
    while light < _N_LIGHTS:
        source = 0
        level = 0
        if w[at + CAP] > 0:
            source = 1
            level = w[at + FALLBACK]
            n = w[at + N]
            seconds = s + BIAS_S - w[at + ORIGIN_S]
            if n > 0 and seconds < _FAR_S:
                tick = seconds * _TICKS_PER_S + (us + 1_000_000 - w[at + ORIGIN_US]) // _TICK_US - _TICKS_PER_S
                if tick <= w[at + LAST]:
                    source = 2
                    level = int(level_at(knots, light * _PLAN_BYTES, n, tick, cursors, light))
            until = w[at + UNTIL_S]
            if until > s or (until == s and w[at + UNTIL_US] > us):
                source = 3
                level = w[at + HELD]
        w[at + SOURCE] = source
        w[at + TARGET] = level
        light += 1
        at += WORDS


@micropython.viper
def follow(state, ticks: int):
    """Let every light move towards its target for so many ticks (at most 100), and give out what it has reached."""
    w = ptr32(state)
    light = 0
    at = 0
    while light < _N_LIGHTS:
        cap = w[at + CAP]
        goal = w[at + TARGET]
        if goal > cap:
            goal = cap
        base = w[at + BASE]
        if base == goal:
            w[at + REST] = 0
        else:
            move = w[at + SLEW] * ticks + w[at + REST]
            step = move // _TICKS_PER_S
            w[at + REST] = move - step * _TICKS_PER_S
            if base < goal:
                base = base + step if goal - base > step else goal
            else:
                base = base - step if base - goal > step else goal
            w[at + BASE] = base
        w[at + OUT] = base if base < cap else cap
        light += 1
        at += WORDS


@micropython.viper
def power_mw(state) -> int:
    """What all lights take at what they give out, rounded up."""
    w = ptr32(state)
    total = 0
    light = 0
    at = 0
    while light < _N_LIGHTS:
        total += (w[at + FULL_MW] * ((w[at + OUT] + 63) >> 6) + 1023) >> 10
        light += 1
        at += WORDS
    return total


@micropython.viper
def scale_down(state, cap_mw: int, total_mw: int):
    """Every light to cap / total of what it gives out, rounded down; 0 ≤ cap < total < 2^25."""
    w = ptr32(state)
    share = 0  # in 20 binary places, five at a time
    rest = cap_mw
    i = 0
    while i < 4:
        rest = rest << 5
        digit = rest // total_mw
        rest -= digit * total_mw
        share = share << 5 | digit
        i += 1
    i = 0
    at = 0
    while i < _N_LIGHTS:
        level = w[at + OUT]
        w[at + OUT] = (level * (share >> 10) + (level * (share & 1023) >> 10)) >> 10
        i += 1
        at += WORDS


@micropython.viper
def under_way(effects, s: int, us: int) -> int:
    """Bit n: effect n has begun at its first light and not ended at its last. Those that have ended are forgotten."""
    w = ptr32(effects)
    found = 0
    i = 0
    at = 0
    while i < _N_EFFECTS:
        if w[at + _LIGHTS] > 0:
            seconds = s - w[at + _START_S]
            if seconds >= _FAR_S:
                w[at + _LIGHTS] = 0
            elif seconds >= -1:
                ms = seconds * 1000 + (us + 1_000_000 - w[at + _START_US]) // 1000 - 1000
                if ms >= w[at + _DURATION] + (_N_LIGHTS - 1) * w[at + _DRIFT]:
                    w[at + _LIGHTS] = 0
                elif ms >= 0:
                    found |= 1 << i
        i += 1
        at += EFFECT_WORDS
    return found
