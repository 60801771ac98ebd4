"""Weather over the lights, in integers: what the Pico plays is what the host shows beforehand. Pure, no allocation.

Every function is one of its seed and the time within the effect: no state, so that any instant can be asked for. The
values are 16 bit. Machine words stay within 31 bits, small integers are all that goes in and out.

Noise is a 16-bit multiply-xorshift hash, as in "hash prospector" searches (C. Wellons, 2018), with constants that fit
a signed word; clouds are value noise (K. Perlin, "An image synthesizer", SIGGRAPH 1985) with a smoothstep between
lattice points; a lightning flash is some return strokes 20 to 80 ms apart, as nature has them (V. A. Rakov, M. A. Uman,
"Lightning: Physics and Effects", 2003, chapter 1).
"""

from tanklink._compat import MICROPYTHON, const, micropython, ptr32
from tanklink.messages import EFFECT, MAX_EFFECTS, N_LIGHTS

LIGHTNING, CLOUD = 0, 1  # the order of messages.EFFECTS; play() knows it
FULL = const(65_535)
_SLOT = const(1_024)  # ms in which there is at most one flash
_FLASHES = const(40_000)  # of 65536 slots that have one
_GAP = const(8_192)  # ms between two points of a cloud's lattice
_LEAST = const(26_214)  # 40 %: no cloud that is on its way is thinner in the middle
_EDGE = const(10_000)  # ms in which a cloud comes and goes, at most a quarter of its duration

# Fields of EFFECT.
_FIELDS = const(9)
_KIND = const(1)
_LIGHTS = const(2)
_START_S = const(3)
_START_MS = const(4)
_DURATION = const(5)
_DEPTH = const(6)
_DRIFT = const(7)
_SEED = const(8)
_FAR_S = const(20_000)  # no effect lasts as long, with its drift over all lights
_FAR_MS = const(20_000_000)
_N_LIGHTS = const(8)  # for viper, to which an imported name is no number
_N_EFFECTS = const(16)
assert (N_LIGHTS, MAX_EFFECTS, EFFECT.count) == (_N_LIGHTS, _N_EFFECTS, _FIELDS)


@micropython.viper
def noise(seed: int, n: int, salt: int) -> int:
    """A 16-bit number that looks random; seed: 30 bits, n and salt: 16 bits count."""
    h = (seed ^ 0x5A3C) & 0xFFFF
    i = 0
    while i < 4:
        h = (h ^ (h >> 7)) * 27_459 & 0xFFFF  # odd, so one to one; below 2^31
        h = (h ^ (h >> 9)) * 31_351 & 0xFFFF
        word = seed >> 15
        if i == 1:
            word = n
        if i == 2:
            word = salt
        if i < 3:
            h = (h ^ word) & 0xFFFF
        i += 1
    return h ^ (h >> 8)


@micropython.viper
def cloud(seed: int, t_ms: int, duration_ms: int) -> int:
    """How dense a cloud is, 0 to 65535, t_ms after it began: 0 at both ends and outside."""
    if t_ms <= 0 or t_ms >= duration_ms:
        return 0
    k = t_ms // _GAP
    here = int(noise(seed, k, 0))
    there = int(noise(seed, k + 1, 0))
    here = _LEAST + (here * 19_660 >> 15)
    there = _LEAST + (there * 19_660 >> 15)
    x = (t_ms - k * _GAP) >> 3  # 10 bits
    smooth = (x * x >> 6) * (3072 - 2 * x) >> 10  # 14 bits of 3x² − 2x³
    dense = here + ((there - here) * smooth >> 14)
    edge = duration_ms >> 2
    if edge > _EDGE:
        edge = _EDGE
    rest = duration_ms - t_ms
    if rest > t_ms:
        rest = t_ms
    if rest < edge:
        dense = dense * rest // edge
    return dense


@micropython.viper
def lightning(seed: int, t_ms: int, duration_ms: int) -> int:
    """How bright a thunderstorm flashes, 0 to 65535, t_ms after its first stroke; 0 outside and most of the time."""
    if t_ms < 0 or t_ms >= duration_ms:
        return 0
    k = t_ms // _SLOT
    h = int(noise(seed, k, 1))
    t = t_ms - k * _SLOT
    if k > 0:  # the first flash comes at once
        if h >= _FLASHES:
            return 0
        t -= h & 255
    if t < 0:
        return 0
    strokes = 1 + (h >> 8 & 3)
    i = 0
    while i < strokes:
        h = int(noise(seed, k, 2 + i))
        decay = 40 + (h & 63)
        if t < decay:
            return (29_127 + (h >> 12) * 2_427) * (decay - t) // decay
        t -= decay + 20 + (h >> 6 & 63)
        if t < 0:
            return 0
        i += 1
    return 0


@micropython.viper
def play(levels, effects, kind: int, s: int, us: int) -> int:
    """Put the effects of one kind that are under way on the levels of all lights; how many there are.

    levels: array('i') of N_LIGHTS. effects: array('i') of MAX_EFFECTS times the fields of EFFECT, in their order; those
    that have ended are forgotten: their lights become 0. s, us: uptime. A cloud takes a share away, a flash shows where
    it is the brighter.
    """
    words = ptr32(effects)
    w = ptr32(levels)
    found = 0
    n = 0
    at = 0 - _FIELDS
    while n < _N_EFFECTS:
        n += 1
        at += _FIELDS
        lights = words[at + _LIGHTS]
        seconds = s - words[at + _START_S]
        if lights == 0 or seconds < -1:
            continue
        ms = _FAR_MS
        if seconds < _FAR_S:
            ms = seconds * 1000 + us // 1000 - words[at + _START_MS]
        duration = words[at + _DURATION]
        drift = words[at + _DRIFT]
        if ms >= duration + (_N_LIGHTS - 1) * drift:
            words[at + _LIGHTS] = 0
            continue
        if ms < 0 or words[at + _KIND] != kind:
            continue
        found += 1
        seed = words[at + _SEED]
        depth = words[at + _DEPTH] >> 1
        strength = -1
        light = 0
        while lights > 0:
            if lights & 1:
                if strength < 0:
                    strength = int(cloud(seed, ms, duration)) if kind == 1 else int(lightning(seed, ms, duration))
                share = (strength >> 1) * depth >> 14  # below 2^30
                level = w[light + 0]
                if kind == 1:
                    w[light + 0] = level - ((level >> 1) * (share >> 1) >> 14)
                elif share > level:
                    w[light + 0] = share
                if drift > 0:
                    ms -= drift
                    strength = -1
            light += 1
            lights = lights >> 1
    return found


if not MICROPYTHON:
    from tanklink.packing import weather  # noqa: F401  (offered)
