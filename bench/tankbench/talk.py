"""A conversation with one Pico from a terminal: the host's own session, turned by whoever waits for something.

The session (tankwarden.drivers.pico.session) is a state machine without I/O; here is its port, its clock, and the one
loop, `pump`. Nothing is known here of messages that the session does not know of.
"""

import os
import secrets
import select
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from tankbench.errors import LostError, MismatchError, NoAnswerError, PortError, RefusedError
from tanklink import records
from tanklink.frames import FrameReader, pack
from tanklink.records import Record
from tankwarden.drivers.pico.advice import nak_text
from tankwarden.drivers.pico.configuration import LOOK_ONLY, BoardConfig
from tankwarden.drivers.pico.ports import PortError as HostPortError
from tankwarden.drivers.pico.ports import open_port, resolve
from tankwarden.drivers.pico.session import JournalRecord, Phase, Session, nak_reason
from tankwarden.version import version

R = TypeVar("R")
BEGIN_S = 6.0  # from HELLO to a configuration that both sides agree on: fifty commands, and some tries
WRITE_S = 1.0  # a port that takes nothing for so long is as good as gone
REOPEN_S = 0.1


class Tap(Protocol):
    """Sees every frame: mono_s when, sent or received, its seq and record."""

    def __call__(self, mono_s: float, sent: bool, seq: int, record: Record) -> None: ...


class Talk:
    """One Pico on one port. board: what it is to hold, LOOK_ONLY = what it holds. PortError if there is no port."""

    def __init__(
        self, port: str, board: BoardConfig = LOOK_ONLY, *, tap: Tap | None = None,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._asked_port, self._mono = port, mono
        self.tap = tap
        self._board = board
        self.session = self._new_session()
        self.reader = FrameReader()
        self.events: dict[int, JournalRecord] = {}  # of the Pico's journal, by number
        self._open()

    def _new_session(self) -> Session:
        return Session(self._board, version=version(), random_uint=lambda: secrets.randbits(30))

    def _open(self) -> None:
        try:
            self.path = resolve(self._asked_port)
            self._port = open_port(self.path)
        except HostPortError as error:
            raise PortError(str(error).replace("set [pico] port to", "name it with --port:")) from error
        self._fd: int = self._port.fileno()
        self._open_now = True
        self.session.opened(self._mono())

    def close(self) -> None:
        """Give the port back. What is leased ends by itself: release it before."""
        if self._open_now:
            self._open_now = False
            self.session.closed()
            self._port.close()

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the loop ----------------------------------------------------------------------------------------------------

    def pump(self, timeout_s: float) -> list[Record]:
        """Do what is due, and wait at most so long for something to arrive; what did. LostError if the line breaks."""
        self._turn()
        now = self._mono()
        due = self.session.deadline()
        wait_s = timeout_s if due is None else min(timeout_s, due - now)
        ready, _, _ = select.select([self._fd], [], [], max(0.0, wait_s))
        found = self._read() if ready else []
        self._turn()
        return found

    def _read(self) -> list[Record]:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LostError(f"{self.path} went away ({error.strerror}): cable, power or a reset") from error
        if not data:
            raise LostError(f"{self.path} hung up: cable, power or a reset")
        now = self._mono()
        found = []
        for frame in self.reader.feed(data):
            if self.tap is not None:
                self.tap(now, False, frame.seq, frame.record)
            self.session.received(frame.seq, frame.record, now)
            if isinstance(frame.record, JournalRecord):
                self.events[frame.record.event_id] = frame.record
            found.append(frame.record)
        self.session.happenings()  # the records themselves are what is looked at here
        return found

    def _turn(self) -> None:
        now = self._mono()
        self.session.tick(now)
        for seq, record in self.session.take():
            if self.tap is not None:
                self.tap(self._mono(), True, seq, record)
            self._write(pack(record, seq))

    def _write(self, data: bytes) -> None:
        end = self._mono() + WRITE_S
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                if self._mono() > end:
                    raise LostError(f"{self.path} takes no more bytes: unplug it and plug it in again") from None
                select.select([], [self._fd], [], 0.05)
            except OSError as error:
                raise LostError(f"{self.path} went away ({error.strerror}): cable, power or a reset") from error

    # -- what commands use -------------------------------------------------------------------------------------------

    def begin(self, timeout_s: float = BEGIN_S) -> records.Welcome:
        """From HELLO to an understanding; who answers. NoAnswerError, MismatchError, RefusedError.

        Where something comes, if only damaged frames, it is asked again and again: a soak is for lines like that.
        """
        end = self._mono() + timeout_s
        session = self.session
        while session.phase is not Phase.READY:
            self.pump(0.05)
            if session.phase is Phase.MISMATCH:
                raise MismatchError(f"{self.path}: {session.message}")
            if session.wants_reopen:
                if not any(self.reader.counts) or self._mono() > end:
                    raise NoAnswerError(f"{self.path}: {session.message}")
                session.opened(self._mono())
            if self._mono() > end:
                if session.phase is Phase.REFUSED:
                    raise RefusedError(f"{self.path}: {session.message}")
                raise NoAnswerError(f"{self.path}: no understanding within {timeout_s:g} s: is the line very noisy?")
        assert session.welcome is not None
        return session.welcome

    def listen(self, seconds: float | None = None) -> Iterator[Record | None]:
        """Every record that arrives, for that long or for ever, None about ten times a second while none does.

        LostError if the Pico falls silent for three seconds.
        """
        end = None if seconds is None else self._mono() + seconds
        while end is None or self._mono() < end:
            found = self.pump(0.1)
            yield from found
            if not found:
                if self.session.wants_reopen:
                    raise LostError(f"{self.path}: nothing comes any more: cable or power?")
                yield None

    def ask(self, request: Record) -> Record:
        """A command and its reply. RefusedError for a NAK, NoAnswerError if four tries brought nothing."""
        box: list[Record | None] = []
        self.session.command(request, box.append, self._mono())
        while not box:
            self.pump(0.05)
        reply = box[0]
        if reply is None:
            raise NoAnswerError(f"{self.path}: no answer to {request.MESSAGE.name}: cable, power or a reset?")
        if isinstance(reply, records.Nak):
            reason = nak_reason(reply)
            raise RefusedError(f"{self.path}: the Pico refuses {request.MESSAGE.name}: {nak_text(reason)}", reason)
        return reply

    def expect(self, request: Record, expected: type[R]) -> R:
        """As ask, for a reply of this kind."""
        reply = self.ask(request)
        if not isinstance(reply, expected):
            raise NoAnswerError(f"{self.path}: {request.MESSAGE.name} was answered by {type(reply).__name__}")
        return reply

    def idle(self) -> None:
        """Keep the conversation going while a person thinks. LostError as listen."""
        self.pump(0.05)
        if self.session.wants_reopen:
            raise LostError(f"{self.path}: nothing comes any more: cable or power?")

    def use(self, board: BoardConfig) -> records.Welcome:
        """A new session on the same port, with something else for the board to hold. Whatever was armed is not."""
        self._board = board
        self.session = self._new_session()
        self.session.opened(self._mono())
        return self.begin()

    def restore(self, timeout_s: float) -> records.Welcome:
        """After LostError: open the port again as soon as it is back, and begin anew. The last error if it is not."""
        self.close()
        end = self._mono() + timeout_s
        while True:
            try:
                if not self._open_now:
                    self.reader = FrameReader()
                    self._open()
                return self.begin(min(BEGIN_S, max(0.5, end - self._mono())))
            except (PortError, NoAnswerError):
                self.close()
                if self._mono() > end:
                    raise
                time.sleep(REOPEN_S)

    def now(self) -> float:
        """The clock that the session goes by, in seconds."""
        return self._mono()
