"""Consistent Overhead Byte Stuffing, in place, for bodies of at most 253 bytes.

S. Cheshire, M. Baker: "Consistent overhead byte stuffing", IEEE/ACM Transactions on Networking 7(2), 1999. A body this
short never needs a code of 255, so encoding is: put one byte before it and let each zero become the distance to the
next one. That is why buffers hold the body from the second byte on. The host uses the cobs package instead.
"""

from tanklink._compat import micropython, ptr8


@micropython.viper
def encode(buf, start: int, end: int):
    """Encode buf[start+1:end] into buf[start:end]. The caller sees to end - start ≤ 254 and end ≤ len(buf)."""
    p = ptr8(buf)
    mark = start
    at = start + 1
    while at < end:
        if p[at] == 0:
            p[mark] = at - mark
            mark = at
        at += 1
    p[mark] = end - mark


@micropython.viper
def decode(buf, n: int) -> bool:
    """Decode buf[:n] into buf[1:n]. False, with buf spoiled, if it is not the code of anything."""
    p = ptr8(buf)
    at = 0
    while at < n:
        step = p[at]
        if step == 0:
            return False
        p[at] = 0
        at += step
    return at == n
