"""The serial port that is stdin and stdout: USB on the chip, a socket in simulation.

The chip cannot say how many bytes have come, so one is read for each time poll says that there is one. Nothing but the
constructor allocates under MicroPython: ipoll() reuses its tuple, read fills a buffer of one byte.
"""

import select
import sys

import micropython

_MICROPYTHON = sys.implementation.name == "micropython"
NO_BYTE = -1


class UsbPort:
    """Bytes in and out of stdin and stdout."""

    def __init__(self):
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        if not _MICROPYTHON:  # CPython reads ahead, behind poll's back, unless PYTHONUNBUFFERED is set
            self._in, self._out = getattr(self._in, "raw", self._in), getattr(self._out, "raw", self._out)
        self._byte = bytearray(1)
        self._readable = select.poll()
        self._readable.register(self._in, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(self._out, select.POLLOUT)

    @micropython.native
    def poll(self, timeout_ms):
        """Wait until there is a byte to read; False if none came in time."""
        return _any(self._readable, timeout_ms, select.POLLIN)

    @micropython.native
    def writable(self):
        """Whether some bytes can be written at once."""
        return _any(self._writable, 0, select.POLLOUT)

    @micropython.native
    def read_byte(self):
        """The next byte, or NO_BYTE. Call after poll(): else it may block."""
        return self._byte[0] if self._in.readinto(self._byte) else NO_BYTE

    def write(self, buf, start, n):
        """Write up to n bytes of buf from start on; returns how many. Call after writable(): else it may block."""
        if _MICROPYTHON:
            return self._out.write(buf, start, n) or 0
        return self._out.write(memoryview(buf)[start : start + n]) or 0  # CPython's write takes no place and length


if _MICROPYTHON:

    @micropython.native
    def _any(poller, timeout_ms, event):
        for _, events in poller.ipoll(timeout_ms):  # noqa: SIM110  (a generator expression would allocate)
            if events & event:
                return True
        return False

else:  # which has no ipoll

    def _any(poller, timeout_ms, event):
        return any(events & event for _, events in poller.poll(timeout_ms))
