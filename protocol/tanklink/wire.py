"""Framing: `00 | COBS(body) | 00`, body = MessagePack [id, seq, *fields] | CRC-32, little-endian.

One source for both interpreters, slow on CPython: there the host uses fast.py, which accepts exactly the same frames.
Users import frames.py, which offers what their interpreter has.
"""

from array import array

from tanklink import cobs, crc, msgpack
from tanklink._compat import const, micropython, ptr8
from tanklink.errors import FieldRangeError, FrameLengthError
from tanklink.messages import BY_ID, HOST
from tanklink.schema import BLOB, FLAG, INT

MAX_BODY = const(240)  # decoded, with its CRC
MAX_CODE = const(241)  # what COBS makes of it, without the delimiters
MAX_FRAME = const(243)
MIN_BODY = const(7)  # array of id and seq, and the CRC
MAX_SEQ = const(65535)

REASONS = ("frames_ok", "bad_crc", "bad_cobs", "bad_length", "bad_body", "bad_id", "bad_range")
OK, BAD_CRC, BAD_COBS, BAD_LENGTH, BAD_BODY, BAD_ID, BAD_RANGE = range(7)


def encode_into(message, seq, values, out):
    """Write the whole frame to out, a bytearray of at least MAX_FRAME bytes; return its length. Allocates nothing.

    seq: 0 to 65535. The values are not checked against their bounds: the reader does that.
    Raises FieldRangeError for a wrong seq or number of values, FrameLengthError for a body over MAX_BODY, a short out.
    """
    if len(out) < MAX_FRAME:
        raise FrameLengthError("a frame wants a buffer of %d bytes, not %d" % (MAX_FRAME, len(out)))
    if len(values) != message.count:
        raise FieldRangeError("%s takes %d values, not %d" % (message.name, message.count, len(values)))
    if not 0 <= seq <= MAX_SEQ:
        raise FieldRangeError("%s: seq %r is not 0 to %d" % (message.name, seq, MAX_SEQ))
    at = msgpack.write_head(message.id, seq, message.count, out)
    at = msgpack.write(values, message.kinds, out, at, MAX_FRAME - 1 - crc.CRC_SIZE)
    if at < 0:
        raise FrameLengthError("%s: these values make a body over %d bytes" % (message.name, MAX_BODY))
    crc.write_crc(out, 2, at - 2)
    at += crc.CRC_SIZE
    cobs.encode(out, 1, at)
    out[0] = out[at] = 0
    return at + 1


class ByteReader:
    """Bytes in, messages out, one byte at a time. `push` allocates nothing, whatever the bytes are.

    After a push that returned True: message, seq, and values (a list per message, overwritten by the next frame of its
    kind; blobs are bytearrays). counts: how many frames were accepted, or dropped and why, in the order of REASONS.
    """

    def __init__(self, sender=HOST):
        """sender: whose messages are accepted, HOST or PICO."""
        self.message = None
        self.seq = 0
        self.values = ()
        self.counts = [0] * len(REASONS)
        self._buf = bytearray(MAX_CODE + 1)  # the last byte is _collect's
        known = [message for message in BY_ID.values() if message.sender == sender]
        self._by_id = [None] * (1 + max([message.id for message in known]))
        self._lists = self._by_id[:]
        for message in known:
            self._by_id[message.id] = message
            self._lists[message.id] = _receiving_list(message)
        self._room = 2 + max([message.count for message in known])  # elements of the longest message
        self._tokens = array("i", bytes(4 * msgpack.TOKEN_WORDS * self._room))

    @micropython.native
    def push(self, byte):
        """Take one byte. True when it completes a valid frame."""
        n = _collect(self._buf, byte)
        if n == 0:
            return False
        reason = self._take(n)
        self.counts[reason] += 1
        return reason == OK

    @micropython.native
    def _take(self, n):
        buf = self._buf
        if n <= MIN_BODY or n > MAX_CODE:
            return BAD_LENGTH
        if not cobs.decode(buf, n):
            return BAD_COBS
        end = n - crc.CRC_SIZE
        if not crc.check_crc(buf, 1, end - 1):
            return BAD_CRC
        count = msgpack.scan(buf, 1, end, self._tokens, self._room)
        if count < 2:
            return BAD_BODY
        return self._judge(count - 2)

    @micropython.native
    def _judge(self, count):
        tokens = self._tokens
        number = tokens[1]
        if tokens[0] != INT or not 0 < number < len(self._by_id):
            return BAD_ID
        message = self._by_id[number]
        if message is None:
            return BAD_ID
        seq = tokens[4]
        if tokens[3] != INT or not 0 <= seq <= MAX_SEQ or count != message.count:
            return BAD_RANGE
        values = self._lists[number]
        if not self._fill(message, values):
            return BAD_RANGE
        self.message = message
        self.values = values
        self.seq = seq
        return OK

    @micropython.native
    def _fill(self, message, values):
        tokens = self._tokens
        kinds = message.kinds
        bounds = message.bounds
        t = 6
        for i in range(message.count):
            measure = tokens[t + 1]
            if tokens[t] != kinds[i] or not bounds[2 * i] <= measure <= bounds[2 * i + 1]:
                return False
            if kinds[i] == INT:
                values[i] = measure
            elif kinds[i] == FLAG:
                values[i] = measure == 1
            else:
                self._store(values, i, tokens[t + 2], measure)
            t += msgpack.TOKEN_WORDS
        return True

    def _store(self, values, i, at, size):
        """Only text, and bytes of another length than the last, allocate: no message to the Pico has them."""
        value = values[i]
        if type(value) is bytearray and len(value) == size:
            msgpack.copy(self._buf, at, value)
        elif type(value) is bytearray:
            values[i] = bytearray(self._buf[at : at + size])
        else:
            values[i] = str(self._buf[at : at + size], "ascii")


@micropython.viper
def _collect(buf, byte: int) -> int:
    """Add a byte to those since the last delimiter; at a delimiter, return how many there were.

    buf[MAX_CODE] counts them and stops at MAX_CODE + 1, which says that there were too many.
    """
    p = ptr8(buf)
    n = p[MAX_CODE]
    if byte == 0:
        p[MAX_CODE] = 0
        return n
    if n < MAX_CODE:
        p[n] = byte
    if n <= MAX_CODE:
        p[MAX_CODE] = n + 1
    return 0


def _receiving_list(message):
    values = message.new()
    for i in range(message.count):
        if message.kinds[i] == BLOB:
            values[i] = bytearray(message.bounds[2 * i + 1])
    return values
