"""Frames of every bad kind, and good ones at the wrong time, into the receiver of a board that may not be armed.

Whatever comes: no exception, no MemoryError, no relay, never ARMED; and what is refused is counted by its reason.
"""

import gc

import simwire
from chance import Chance
from virtual_rig import Rig

from tanklink.crc import write_crc
from tanklink.frames import MAX_FRAME, encode_into
from tanklink.messages import BOARD_STATES, HELLO, MAINTENANCE, TABLE
from tanklink.schema import BLOB, FLAG, HOST, INT
from tanklink.wire import REASONS

SPOKEN = [m for m in TABLE if m.sender == HOST and m.id not in (MAINTENANCE.id, HELLO.id)]
CLOSING = (simwire.PERMIT, simwire.REARM)
_ID_AT = 1  # in a body, behind the mark of an array of up to 15, as MAINTENANCE is
FRAMES_A_PASS = 8
REFUSED_BY_STATE = ("bad_state", "bad_rate")


def soak(count, seed):
    """count frames. Returns how often each reason was counted."""
    chance = Chance(seed)
    rig = Rig()
    rig.hello()
    rig.configure()
    rig.alive = False
    flood = Flood(rig, chance)
    rig.backend.on_record = flood.record
    totals = [0] * len(REASONS)
    for n in range(count):
        flood.one()
        if n % FRAMES_A_PASS == FRAMES_A_PASS - 1:
            while rig.port.waiting():
                flood.one_pass()
            assert rig.program.machine.state != BOARD_STATES.index("armed")
            take_counts(rig.program.link.reader.counts, totals)
        if n % 4096 == 0:
            gc.collect()
    assert flood.closings == 0, flood.closings
    assert rig.pins() == (0, 0, 0, 0)
    assert not rig.resets
    gc.collect()
    figures = {REASONS[i]: totals[i] for i in range(len(REASONS))}
    figures["bad_state"], figures["bad_rate"] = rig.program.commands.bad_state, rig.program.commands.bad_rate
    figures["frames"] = count
    return figures


def take_counts(counts, totals):
    """Counters of the chip end at the largest small integer: those of a soak go on."""
    for i in range(len(counts)):
        totals[i] += counts[i]
        counts[i] = 0


class Flood:
    """Makes frames into one buffer and feeds them."""

    def __init__(self, rig, chance):
        self._rig, self._chance = rig, chance
        self._buf = bytearray(2 * MAX_FRAME)
        self._values = [m.new() for m in SPOKEN]
        self.closings = 0

    def record(self, _t, kind, _a, _b):
        """Of the board: what closes a relay is counted."""
        if kind in CLOSING:
            self.closings += 1

    def one_pass(self):
        rig = self._rig
        rig.program.step(rig.backend.clock_us & 0x3FFFFFFF)
        rig.backend.clock_us += 5000
        rig.port.forget()

    def one(self):
        kind = self._chance.below(8)
        if kind == 0:
            n = self._noise()
        else:
            n = self._message()
            if kind == 1:
                n = self._forged(n)
            elif kind < 5:
                n = self._damaged(n)
        self._rig.port.feed(self._buf, n)

    def _noise(self):
        n = 1 + self._chance.below(MAX_FRAME)
        for i in range(n):
            self._buf[i] = self._chance.below(256)
        self._buf[n] = 0
        return n + 1

    def _message(self):
        """A frame as a host would make it, with values that the table allows."""
        chance = self._chance
        index = chance.below(len(SPOKEN))
        message, values = SPOKEN[index], self._values[index]
        for i in range(len(message.kinds)):
            kind, low, high = message.kinds[i], message.bounds[2 * i], message.bounds[2 * i + 1]
            if kind == INT:
                values[i] = chance.between(low, high)
            elif kind == FLAG:
                values[i] = chance.below(2) == 1
            elif kind == BLOB:
                values[i] = bytes([chance.below(256) for _ in range(high)])
        return encode_into(message, chance.below(65536 >> 1), values, self._buf)

    def _damaged(self, n):
        """Bytes flipped, lost or added; sometimes the rest of the frame is missing."""
        buf, chance = self._buf, self._chance
        for _ in range(1 + chance.below(3)):
            at, how = chance.below(n), chance.below(4)
            if how == 0 and n > 4:
                for i in range(at, n - 1):
                    buf[i] = buf[i + 1]
                n -= 1
            elif how == 1:
                for i in range(n, at, -1):
                    buf[i] = buf[i - 1]
                buf[at] = chance.below(256)
                n += 1
            elif how == 2:
                n = max(2, at)
            else:
                buf[at] ^= 1 + chance.below(255)
        buf[n] = 0
        return n + 1

    def _forged(self, n):
        """A right CRC over a body that says something else: another id, field, length or form."""
        body, buf = bytearray(n), self._buf
        size = unstuff(buf, n, body)
        payload = size - 4
        body[self._chance.below(payload)] ^= 1 + self._chance.below(255)
        if body[_ID_AT] == MAINTENANCE.id:
            body[_ID_AT] ^= 64  # which is obeyed: the board would reset
        write_crc(body, 0, payload)
        return stuff(body, size, buf)


def unstuff(frame, n, out):
    """COBS, plainly (Cheshire and Baker 1999): frame[:n] with both delimiters; returns the length."""
    at, size = 1, 0
    while at < n - 1:
        code = frame[at]
        for i in range(1, code):
            out[size] = frame[at + i]
            size += 1
        at += code
        if code < 255 and at < n - 1:
            out[size] = 0
            size += 1
    return size


def stuff(body, size, out):
    """The other way, with both delimiters; bodies are shorter than 254 bytes."""
    out[0] = 0
    code_at, n = 1, 2
    for i in range(size):
        if body[i]:
            out[n] = body[i]
        else:
            out[code_at] = n - code_at
            code_at = n
        n += 1
    out[code_at] = n - code_at
    out[n] = 0
    return n + 1
