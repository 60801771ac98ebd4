"""The errors of the bench tool: one tree, each branch with its exit code. A message says what, where, what to do."""

FOUND = 1  # exit code of a command that ran to its end and found something: a trip, a failed test, a loss


class BenchError(Exception):
    """Something that the command line reports in one line. code: the exit code, as docs/bench.md lists them."""

    code = 2


class PortError(BenchError, OSError):
    """The port cannot be opened."""

    code = 3


class NoAnswerError(BenchError, TimeoutError):
    """Nobody answers, not a Pico with this program, or it fell silent."""

    code = 4


class LostError(NoAnswerError):
    """The line broke in the middle of a conversation: unplugged, reset, or silent."""


class MismatchError(BenchError):
    """The Pico holds another message table."""

    code = 5


class RefusedError(BenchError):
    """The Pico said no. reason: the name of its NAK."""

    code = 6

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class NotConfirmedError(BenchError):
    """A person said no, or there was nobody to ask."""

    code = 7
