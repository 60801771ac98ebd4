"""What the wire uses of MessagePack: one array of integers, booleans, short strings and bytes, nothing nested.

Spec: https://github.com/msgpack/msgpack/blob/master/spec.md. The writer chooses the shortest form, as the msgpack
package does; the reader takes every form, as that package does. The host uses the package instead.
"""
# ruff: noqa: RUF046  (to viper, int(len(x)) makes a machine integer of an object)

from tanklink._compat import micropython, ptr8, ptr32

WRONG = 4  # kind of an element that is MessagePack, yet fits no field: an integer from 2^30 on, a string not ASCII
TOKEN_WORDS = 3  # per element: kind; value, or length in bytes; where the bytes begin


@micropython.viper
def write(values, kinds, out, at: int, end: int) -> int:
    """Append the values to out[at:end]. Returns where it ended, or -1 if it had no room. Allocates nothing.

    kinds: one byte a value (schema.INT, FLAG, TEXT, BLOB). The caller sees to end ≤ len(out).
    """
    k = ptr8(kinds)
    o = ptr8(out)
    n = int(len(kinds))
    i = 0
    while i < n:
        value = values[i]
        kind = k[i]
        if kind >= 2:
            v = int(len(value))
            size = 1  # bytes of v to follow the lead
            lead = 0xD9 if kind == 2 else 0xC4
            if kind == 2 and v < 32:
                size = 0
                lead = 0xA0 | v
            if v > 255 or at + 1 + size + v > end:
                return -1
        elif kind == 1:
            v = 1 if value else 0
            size = 0
            lead = 0xC2 | v
        else:
            v = int(value)
            size = 4
            lead = 0xCE if v >= 0 else 0xD2
            if v >= -32 and v < 128:
                size = 0
                lead = v & 255
            elif v >= -128 and v < 256:
                size = 1
                lead = 0xCC if v >= 0 else 0xD0
            elif v >= -32768 and v < 65536:
                size = 2
                lead = 0xCD if v >= 0 else 0xD1
            if at + 1 + size > end:
                return -1
        o[at] = lead
        at += 1
        while size > 0:
            size -= 1
            o[at] = (v >> (size << 3)) & 255
            at += 1
        if kind >= 2:
            source = ptr8(value)
            j = 0
            while j < v:
                o[at] = source[j]
                at += 1
                j += 1
        i += 1
    return at


@micropython.viper
def write_head(id: int, seq: int, count: int, out) -> int:
    """Begin the array [id, seq, *fields] of count fields at out[2]. Returns where it ended: out[10] at most."""
    o = ptr8(out)
    n = count + 2
    at = 3
    if n < 16:
        o[2] = 0x90 | n
    else:
        o[2] = 0xDC
        o[3] = n >> 8
        o[4] = n & 255
        at = 5
    o[at] = id
    at += 1
    if seq > 255:
        o[at] = 0xCD
        o[at + 1] = seq >> 8
        at += 2
    elif seq > 127:
        o[at] = 0xCC
        at += 1
    o[at] = seq & 255
    return at + 1


@micropython.viper
def scan(buf, at: int, end: int, tokens, room: int) -> int:
    """Take the array in buf[at:end] to pieces: its number of elements, or -1 if it is anything but such an array.

    tokens: array('i') of room × TOKEN_WORDS; elements beyond room are counted and not stored. Allocates nothing.
    """
    p = ptr8(buf)
    t = ptr32(tokens)
    if at >= end:
        return -1
    lead = p[at]
    at += 1
    width = 0
    count = lead & 15
    if lead == 0xDC:
        width = 2
    elif lead == 0xDD:
        width = 4
    elif lead >> 4 != 9:
        return -1
    if at + width > end:
        return -1
    if width > 0:
        count = 0
        while width > 0:
            if count > 255:
                return -1  # more elements than a body has bytes; also keeps the shift within 31 bits
            count = count << 8 | p[at]
            at += 1
            width -= 1
    i = 0
    while i < count:
        if at >= end:
            return -1
        lead = p[at]
        at += 1
        kind = 0
        v = lead
        width = 0
        size = 0
        if lead < 0x80:
            pass
        elif lead >= 0xE0:
            v = lead - 256
        elif lead >> 5 == 5:
            kind = 2
            v = lead & 31
        elif lead == 0xC2 or lead == 0xC3:
            kind = 1
            v = lead & 1
        elif lead >= 0xCC and lead <= 0xD3:
            width = 1 << (lead & 3)
        elif lead >= 0xD9 and lead <= 0xDB:
            kind = 2
            width = 1 << (lead - 0xD9)
        elif lead >= 0xC4 and lead <= 0xC6:
            kind = 3
            width = 1 << (lead - 0xC4)
        else:
            return -1
        if at + width > end:
            return -1
        if width > 0:
            v = 0
            if lead >= 0xD0 and lead <= 0xD3 and p[at] >= 128:
                v = -1
            while width > 0:
                # Checked before the shift: what is here within ±2^22 cannot leave 31 bits in it.
                if v >= 0x400000 or v < -0x400000:
                    if kind == 2 or kind == 3:
                        return -1  # a length beyond any body
                    kind = 4
                    v = 0
                v = v << 8 | p[at]
                at += 1
                width -= 1
        if kind == 2 or kind == 3:
            size = v
            if size > end - at:
                return -1
            if i < room:
                t[i * 3 + 2] = at
            if kind == 2:
                while size > 0:
                    if p[at] >= 128:
                        kind = 4
                    at += 1
                    size -= 1
            at += size
        if i < room:
            t[i * 3] = kind
            t[i * 3 + 1] = v
        i += 1
    if at != end:
        return -1
    return count


@micropython.viper
def copy(source, at: int, target):
    """Fill target from source[at:]. The caller sees to its length."""
    s = ptr8(source)
    t = ptr8(target)
    n = int(len(target))
    i = 0
    while i < n:
        t[i] = s[at + i]
        i += 1
