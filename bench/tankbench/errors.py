"""The errors of the bench tool; their messages are for the person at the bench."""


class BenchError(Exception):
    """Something that the command line reports in one line, exit code 2."""


class PortError(BenchError, OSError):
    """The port cannot be opened, or went away."""


class NoAnswerError(BenchError, TimeoutError):
    """Nobody answers, or not a Pico with this program."""


class MismatchError(BenchError):
    """The Pico holds another message table."""
