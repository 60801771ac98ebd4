"""A recording played as if it were a board: behind a pseudo-terminal, for tankbench watch or a host with empty data.

It plays what the Pico said, at its own pace, from the first HELLO on. It answers HELLO and PING, refuses all else
(NAK state), and so is never armed by anybody. Nothing of it can reach a board.
"""

import os
import select
import time
import tty
from collections.abc import Callable
from pathlib import Path

from tankbench.errors import BenchError
from tankbench.tape import Tape
from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tanklink.records import Record
from tanklink.schema import COMMAND, EVENT, HOST, STATE

_STATE_NAK = messages.NAK_REASONS.index("state")


class Player:
    """Pure: bytes and `now` in, bytes out. speed: of the recording's own pace."""

    def __init__(self, tape: Tape, speed: float = 1.0) -> None:
        self._speed = speed
        self._reader = FrameReader(HOST)
        frames = [(e.at_s, tape.record(e)) for e in tape if not e.sent]
        welcome = next((record for _, record in frames if isinstance(record, records.Welcome)), None)
        if welcome is None:
            raise BenchError(f"{tape.path}: nobody says WELCOME in it: it cannot be played as a board")
        self._welcome = welcome
        self._said = [(at_s, record) for at_s, record in frames if record.MESSAGE.kind in (STATE, EVENT)]
        self._next = 0
        self._began: float | None = None  # of the caller's clock
        self._first_s = self._said[0][0] if self._said else 0.0
        self._uptime_ms, self._uptime_at = welcome.uptime_s * 1000 + welcome.uptime_ms_part, 0.0

    @property
    def over(self) -> bool:
        """Whether everything was said."""
        return self._next >= len(self._said)

    def receive(self, data: bytes, now: float) -> bytes:
        """What the host says; the answers."""
        out = b""
        for frame in self._reader.feed(data):
            answer = self._answer(frame.record, now)
            if answer is not None:
                out += pack(answer, frame.seq)
        return out

    def tick(self, now: float) -> bytes:
        """What is due."""
        out = b""
        while self._began is not None and not self.over:
            at_s, record = self._said[self._next]
            if (at_s - self._first_s) / self._speed > now - self._began:
                break
            self._next += 1
            if isinstance(record, records.Status):
                self._uptime_ms, self._uptime_at = record.uptime_s * 1000 + record.uptime_ms_part, now
            out += pack(record, self._next & 0xFFFF)
        return out

    def _answer(self, record: Record, now: float) -> Record | None:
        if isinstance(record, records.Hello):
            if self._began is None:
                self._began = self._uptime_at = now
            s, ms = self._uptime(now)
            return self._welcome._replace(uptime_s=s, uptime_ms_part=ms)
        if self._began is None:
            return None
        if isinstance(record, records.Ping):
            return records.Pong(record.token, *self._uptime(now))
        if record.MESSAGE.kind == COMMAND:
            if isinstance(record, records.ConfigCheck):
                return records.ConfigState(config_crc=bytes(4), nonce=0, complete=False)
            return records.Nak(request=record.MESSAGE.id, reason=_STATE_NAK)
        return None

    def _uptime(self, now: float) -> tuple[int, int]:
        return divmod(self._uptime_ms + round(1000 * (now - self._uptime_at)), 1000)


def play(player: Player, link: Path, ready: Callable[[], None], mono: Callable[[], float] = time.monotonic) -> None:
    """Until everything was said. link: becomes a link to the terminal. BenchError if it cannot be made."""
    near, far = os.openpty()
    try:
        tty.setraw(far)
        try:
            link.symlink_to(os.ttyname(far))
        except OSError as error:
            raise BenchError(f"{link} cannot be made ({error.strerror}): name a path that is free") from error
        try:
            ready()
            while not player.over:
                readable = select.select([near], [], [], 0.01)[0]
                now = mono()
                out = player.receive(os.read(near, 4096), now) if readable else b""
                out += player.tick(now)
                if out and select.select([], [near], [], 0.5)[1]:  # as the chip: a host that does not read gets less
                    os.write(near, out)
        finally:
            link.unlink(missing_ok=True)
    finally:
        os.close(far)
        os.close(near)
