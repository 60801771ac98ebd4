"""The host's side of plans and effects: knots and their sums as messages carry them, and weather for previews.

CPython only; users import plans.py and effects.py, which offer these names.
"""

import struct
from array import array
from binascii import crc32

from tanklink.messages import EFFECT, KNOT_BYTES, MAX_EFFECTS, MAX_KNOTS, N_LIGHTS, PART_KNOTS

MAX_TICKS = 17_280_000  # as plans.py, which imports this


def pack_knots(knots):
    """Bytes of (tick, level_u16) pairs. ValueError, naming the knot, if a Pico would refuse them."""
    if not 1 <= len(knots) <= MAX_KNOTS:
        raise ValueError("a plan has 1 to %d knots, not %d" % (MAX_KNOTS, len(knots)))
    last = 0
    for i, (tick, level) in enumerate(knots):
        if not (last <= tick <= MAX_TICKS and 0 <= level <= 65535):
            raise ValueError(
                "knot %d (%r, %r): ticks rise from %d to %d, levels are 0 to 65535" % (i, tick, level, last, MAX_TICKS)
            )
        last = tick
    return b"".join([struct.pack("<IH", tick, level) for tick, level in knots])


def parts_of(packed):
    """The (first, count, knots) of the PLAN_KNOTS messages that bring packed knots."""
    size = PART_KNOTS * KNOT_BYTES
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    return [(i * PART_KNOTS, len(piece) // KNOT_BYTES, piece.ljust(size, b"\0")) for i, piece in enumerate(pieces)]


def knots_crc(packed):
    """For PLAN_START: 4 bytes."""
    return crc32(packed).to_bytes(4, "little")


def lights_crc(lights, power_cap_mw):
    """What LIGHTS.lights_crc must be. lights: by number (1 to 8), (cap_u16, slew, fallback_u16, full_mw)."""
    words = [word for light in range(1, N_LIGHTS + 1) for word in lights.get(light, (0, 0, 0, 0))]
    return crc32(struct.pack("<%dI" % (len(words) + 1), *words, power_cap_mw)).to_bytes(4, "little")


def weather(kind, level, seed, t_ms, duration_ms, depth):
    """A level with one effect on it, t_ms after it began: for previews."""
    from tanklink.effects import play  # which imports this

    levels = array("i", [level] * N_LIGHTS)
    effects = array("i", [0] * (EFFECT.count * MAX_EFFECTS))
    effects[: EFFECT.count] = array("i", [0, kind, 1, 1000, 0, duration_ms, depth, 0, seed])
    play(levels, effects, kind, 1000 + t_ms // 1000, t_ms % 1000 * 1000)
    return levels[0]
