"""Commands and their replies: one at a time, matched by seq, tried four times, paced below the Pico's rate limit.

Pure: records and `now` go in, (seq, record) pairs come out of `take()`. Grants (leases, acknowledgements) overtake
the commands and are not waited for: they are absolute values, the next one mends a lost one. Inquiries change nothing
and have time: they go only while there is no command, and make room for one that comes.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tanklink.records import Record

FIRST_TIMEOUT_S = 0.05  # doubles with every try
TRIES = 4
PACE_S = 0.0125  # 80 commands a second: leaves 20 of the Pico's 100 messages/s to grants
INQUIRY_TIMEOUT_S = 0.25  # their replies are long, and nothing waits for them
INQUIRY_PACE_S = 0.1  # ten a second: a tenth of what the link carries from the Pico, a tenth of its rate limit
SEQ_MODULO = 1 << 16

Answered = Callable[[Record | None, float], None]  # the reply, or None when no try was answered; and now


@dataclass
class _Pending:
    """A command on its way: the same seq at every try, so that the Pico replays its reply instead of acting twice."""

    record: Record
    answered: Answered
    inquiry: bool = False
    seq: int = -1
    tries: int = 0
    due: float = 0.0


class Exchange:
    """The command queue of one session. `first_seq` is random, so that no reply to an earlier session matches."""

    def __init__(self, first_seq: int) -> None:
        self._seq = first_seq % SEQ_MODULO
        self._queue: deque[_Pending] = deque()
        self._inquiries: deque[_Pending] = deque()
        self._flying: _Pending | None = None
        self._next_start = self._next_inquiry = 0.0
        self._out: list[tuple[int, Record]] = []
        self.retries = 0

    @property
    def idle(self) -> bool:
        return self._flying is None and not self._queue and not self._inquiries

    def command(self, record: Record, answered: Answered, *, urgent: bool = False) -> None:
        """Queue a command; `answered` is called once, from `reply` or `tick`, or never if the exchange is cleared.

        urgent: before the others, as a person's command is before the fifty of a configuration.
        """
        pending = _Pending(record, answered)
        if urgent:
            self._queue.appendleft(pending)
        else:
            self._queue.append(pending)
        flying = self._flying
        if flying is not None and flying.inquiry:  # asked again later; a reply that still comes is nobody's
            self._flying = None
            self._inquire(flying.record, flying.answered, first=True)

    def inquire(self, record: Record, answered: Answered) -> None:
        """As command(), behind every command, now and later."""
        self._inquire(record, answered)

    def _inquire(self, record: Record, answered: Answered, *, first: bool = False) -> None:
        pending = _Pending(record, answered, inquiry=True)
        if first:
            self._inquiries.appendleft(pending)
        else:
            self._inquiries.append(pending)

    def grant(self, record: Record) -> int:
        """Send a grant at once; returns its seq."""
        seq = self._next_seq()
        self._out.append((seq, record))
        return seq

    def reply(self, seq: int, record: Record, now: float) -> bool:
        """A reply came. False if no command waits for it (a late duplicate, or the answer to a grant)."""
        flying = self._flying
        if flying is None or flying.seq != seq:
            return False
        self._flying = None
        flying.answered(record, now)
        self._start(now)
        return True

    def tick(self, now: float) -> None:
        """Try again what is overdue, give up what was tried often enough, start the next."""
        flying = self._flying
        if flying is not None and now >= flying.due:
            if flying.tries >= TRIES:
                self._flying = None
                flying.answered(None, now)
            else:
                self.retries += 1
                self._send(flying, now)
        self._start(now)

    def deadline(self) -> float | None:
        """When `tick` has something to do next; None = nothing under way."""
        if self._flying is not None:
            return self._flying.due
        if self._queue:
            return self._next_start
        return self._next_inquiry if self._inquiries else None

    def clear(self) -> None:
        """Forget every command and everything not yet taken; nobody is called."""
        self._queue.clear()
        self._inquiries.clear()
        self._flying = None
        self._out.clear()

    def take(self) -> list[tuple[int, Record]]:
        """What is to be sent now, in order."""
        out, self._out = self._out, []
        return out

    def _start(self, now: float) -> None:
        if self._flying is not None:
            return
        if self._queue:
            if now >= self._next_start:
                self._next_start = now + PACE_S
                self._launch(self._queue.popleft(), now)
        elif self._inquiries and now >= self._next_inquiry:
            self._next_inquiry = now + INQUIRY_PACE_S
            self._launch(self._inquiries.popleft(), now)

    def _launch(self, pending: _Pending, now: float) -> None:
        self._flying = pending
        pending.seq = self._next_seq()
        self._send(pending, now)

    def _send(self, pending: _Pending, now: float) -> None:
        first_s = INQUIRY_TIMEOUT_S if pending.inquiry else FIRST_TIMEOUT_S
        pending.due = now + first_s * (1 << pending.tries)
        pending.tries += 1
        self._out.append((pending.seq, pending.record))

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) % SEQ_MODULO
        return self._seq
