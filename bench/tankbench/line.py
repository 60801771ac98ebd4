"""A Pico on a serial line, for one person at a time: send a record, wait for its reply, listen."""

import errno
import os
import time
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import serial
from serial.tools import list_ports

from tankbench.errors import MismatchError, NoAnswerError, PortError
from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tanklink.records import Record

R = TypeVar("R", bound=NamedTuple)
PICO_IDS = ((0x2E8A, 0x0005), (0x2E8A, 0x000A))
RETRIES_S = (0.05, 0.1, 0.2, 0.4)
_OBSTACLES = {
    errno.ENOENT: "is not there: plug the Pico in, or correct the path",
    errno.EACCES: "may not be opened by this user: make it a member of the port's group (dialout)",
    errno.EWOULDBLOCK: "is in use: stop the other program (tankwarden, mpremote) first",
    errno.EBUSY: "is in use: stop the other program (tankwarden, mpremote) first",
}
KEEPALIVE_S = 0.4  # the Pico transmits only within 1 s of a valid frame


def picos() -> list[str]:
    """The paths of every Pico plugged in now."""
    return sorted(p.device for p in list_ports.comports() if (p.vid, p.pid) in PICO_IDS)


class Line:
    """One open port. Raises PortError, NoAnswerError, MismatchError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._reader = FrameReader()
        self._seq = int.from_bytes(os.urandom(2))
        self._kept: list[Record] = []
        self._asked_at = 0.0
        try:
            self._port = serial.Serial(path, exclusive=True, timeout=0.01)
        except OSError as error:  # SerialException is an OSError
            raise PortError(f"{path} {_OBSTACLES.get(error.errno or 0, f'is not a serial port ({error})')}") from error

    def close(self) -> None:
        self._port.close()

    def hello(self) -> records.Welcome:
        """Open a session. A session of the bench ends one of the host's, and with it every lease."""
        session = int.from_bytes(os.urandom(4)) >> 2
        welcome = self.ask(records.Hello(digest=messages.DIGEST, session=session), records.Welcome)
        if welcome.digest != messages.DIGEST:
            raise MismatchError(
                f"{self.path}: the Pico runs {welcome.version} with messages {welcome.digest.hex()}, this tool has "
                f"{messages.DIGEST.hex()}: flash the Pico with the program of this version, or use the tool of that one"
            )
        return welcome

    def ask(self, request: Record, expected: type[R]) -> R:
        """Send, wait, send again: 50 ms, doubling, 4 tries. NoAnswerError names the request."""
        self._seq = (self._seq + 1) & 0xFFFF
        for wait_s in RETRIES_S:
            self._send(request)
            end = time.monotonic() + wait_s
            while (left := end - time.monotonic()) > 0:
                for seq, record in self._receive(left):
                    if seq == self._seq and isinstance(record, expected):
                        return record
                    self._kept.append(record)
        name = request.MESSAGE.name
        raise NoAnswerError(f"{self.path}: no answer to {name}: is it a Pico with the Tankwarden program?")

    def listen(self, seconds: float | None = None) -> Iterator[Record | None]:
        """Every record that arrives, for that long or for ever, None while none does; keeps the Pico talking."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            yield from self._kept
            self._kept.clear()
            if time.monotonic() - self._asked_at > KEEPALIVE_S:
                self._send(records.Ping(token=0))
            received = self._receive(0.05)
            yield from (record for _, record in received)
            if not received:
                yield None

    @property
    def damaged(self) -> int:
        """Frames received and thrown away."""
        return sum(self._reader.counts[1:])

    def _send(self, record: Record) -> None:
        self._asked_at = time.monotonic()
        try:
            self._port.write(pack(record, self._seq))
        except OSError as error:
            raise PortError(f"{self.path} went away: {error}") from error

    def _receive(self, timeout_s: float) -> list[tuple[int, Record]]:
        self._port.timeout = max(0.0, min(timeout_s, 0.05))
        try:
            data = self._port.read(max(1, self._port.in_waiting))
        except OSError as error:
            raise PortError(f"{self.path} went away: {error}") from error
        return [(frame.seq, frame.record) for frame in self._reader.feed(data)]
