"""The link's lower half: bytes in to frames, frames out in slices, and the last replies kept for repeated requests.

A slice is at most SLICE_BYTES in and as many out. Nothing is sent later than TALK_MS after the last valid frame, since
a write to a host that does not read blocks. Nothing here allocates after construction.
"""

import micropython
from limits import SLICE_BYTES, TALK_MS

from tanklink.frames import MAX_FRAME, ByteReader, encode_into

KEPT_REPLIES = 8  # as many as requests can come in one slice, so that none is lost to a host that reads
NOBODY = -1


class Reply:
    """A reply as it went out, for the request with this seq and id."""

    def __init__(self):
        self.frame = bytearray(MAX_FRAME)
        self.n = 0
        self.seq = self.request = NOBODY
        self.waits = False  # to be sent


class Link:
    """Frames over a port. Whoever handles the messages is given to receive(), who makes the rest to send()."""

    def __init__(self, port, clock):
        self.port, self._clock = port, clock
        self.reader = ByteReader()
        self.dropped = 0  # frames that were not sent, or not to the end
        self._replies = [Reply() for _ in range(KEPT_REPLIES)]
        self._next_reply = 0
        self._replies_wait = False  # some reply may be waiting to be sent
        self._own = bytearray(MAX_FRAME)  # STATUS, HEALTH and events
        self._seq = 0
        self._frame, self._n, self._at = self._own, 0, 0  # what is being sent
        self._heard = False
        self._heard_s = self._heard_us = 0

    # -- in ---------------------------------------------------------------------------------------------------------

    @micropython.native
    def receive(self, take):
        """Read a slice; take(message, seq, values) is called for every valid frame. True if there was a byte."""
        port, reader = self.port, self.reader
        for i in range(SLICE_BYTES):
            if not port.poll(0):
                return i > 0
            byte = port.read_byte()
            if byte < 0:
                return i > 0
            if reader.push(byte):
                self._heard = True
                self._heard_s, self._heard_us = self._clock.s, self._clock.us
                take(reader.message, reader.seq, reader.values)
        return True

    @micropython.native
    def may_talk(self):
        """Whether the host was heard lately."""
        return self._heard and self._clock.since_us(self._heard_s, self._heard_us) <= TALK_MS * 1000

    # -- replies ----------------------------------------------------------------------------------------------------

    def reply(self, message, values, seq, request):
        """Queue the reply to the request with this seq and id, and keep it. The oldest kept one makes room."""
        index = self._next_reply
        if self.sending() and self._frame is self._replies[index].frame:
            index = (index + 1) % KEPT_REPLIES
        self._next_reply = (index + 1) % KEPT_REPLIES
        reply = self._replies[index]
        if reply.waits:
            self.dropped += 1
        reply.n = encode_into(message, seq, values, reply.frame)
        reply.seq, reply.request = seq, request
        reply.waits = self._replies_wait = True

    def replay(self, seq, request):
        """Send the kept reply to this request again. False if there is none."""
        for reply in self._replies:
            if reply.seq == seq and reply.request == request:
                reply.waits = self._replies_wait = True
                return True
        return False

    def forget(self):
        """Of a new session: no reply of the old one is replayed."""
        for reply in self._replies:
            reply.seq = reply.request = NOBODY

    # -- out --------------------------------------------------------------------------------------------------------

    @micropython.native
    def sending(self):
        """Whether a frame is under way."""
        return self._at < self._n

    @micropython.native
    def send(self, source):
        """Write a slice of the frame under way, or else of the next one: replies first, then what source composes.

        source.waits(): whether there may be anything to compose. source.compose(link): calls own() at most once and
        returns whether it did. True if anything was written.
        """
        under_way = self._at < self._n
        if not (under_way or self._replies_wait or source.waits()):
            return False
        if not self.may_talk():
            if under_way:
                self.dropped += 1
                self._n = self._at = 0
            return False
        if not self.port.writable():
            return False
        if not under_way and not self._next_frame(source):
            return False
        written = self.port.write(self._frame, self._at, min(SLICE_BYTES, self._n - self._at))
        self._at += written
        return written > 0

    def waiting(self):
        """Bytes of frames that are ready and wait for the host to read."""
        n = self._n - self._at
        if self._replies_wait:
            for i in range(KEPT_REPLIES):
                if self._replies[i].waits:
                    n += self._replies[i].n
        return n

    def own(self, message, values):
        """Make this the next frame: a message that answers nothing."""
        self._n = encode_into(message, self._seq, values, self._own)
        self._frame, self._at = self._own, 0
        self._seq = (self._seq + 1) & 0xFFFF

    def _next_frame(self, source):
        if self._replies_wait:
            for i in range(KEPT_REPLIES):
                reply = self._replies[(self._next_reply + i) % KEPT_REPLIES]  # the oldest first
                if reply.waits:
                    reply.waits = False
                    self._frame, self._n, self._at = reply.frame, reply.n, 0
                    return True
            self._replies_wait = False
        return source.compose(self)
