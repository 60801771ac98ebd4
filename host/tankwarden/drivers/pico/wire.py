"""A serial port on the engine's loop: bytes in by callback, bytes out without waiting, and word when it is gone."""

import asyncio
import contextlib
import os
from collections.abc import Callable

import serial

READ_SIZE = 4096
MAX_BACKLOG = 8192  # half a minute of leases: a port that takes nothing for so long is as good as gone


class Wire:
    """One open port. lost(why) is called once, when it fails or ends; after that nothing more is read or written."""

    def __init__(self, port: serial.Serial, received: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        self._port, self._received, self._lost = port, received, lost
        self._fd: int = port.fileno()
        self._backlog = bytearray()
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._readable)

    def write(self, data: bytes) -> None:
        """Send, or keep what the port does not take now. Nothing if the port is gone."""
        if not self._open:
            return
        waiting = bool(self._backlog)
        self._backlog += data
        if not waiting:
            self._writable()
        if len(self._backlog) > MAX_BACKLOG:
            self._fail("the port takes no more bytes")

    def close(self) -> None:
        """Give the port back. Safe to call twice."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            with contextlib.suppress(OSError):  # an unplugged port may refuse even that
                self._port.close()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:  # EIO: unplugged, or the other end of a pseudo-terminal closed
            self._fail(error.strerror or str(error))
            return
        if data:
            self._received(data)
        else:
            self._fail("the port hung up")

    def _writable(self) -> None:
        try:
            written = os.write(self._fd, self._backlog)
        except BlockingIOError:
            written = 0
        except OSError as error:
            self._fail(error.strerror or str(error))
            return
        del self._backlog[:written]
        if self._backlog:
            self._loop.add_writer(self._fd, self._writable)
        else:
            self._loop.remove_writer(self._fd)

    def _fail(self, why: str) -> None:
        if self._open:
            self.close()
            self._lost(why)
