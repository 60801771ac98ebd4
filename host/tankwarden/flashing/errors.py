"""What can go wrong on the way of a program to the Pico. Each message says what, where, and what to do."""

from tankwarden.errors import TankwardenError


class FlashError(TankwardenError):
    """Base of all: the Pico was not flashed, or not with what was meant."""


class CompileError(FlashError, ValueError):
    """The program cannot be compiled."""


class NotOursError(FlashError):
    """What answers on the port is no MicroPython that the program can run on."""


class LostBoardError(FlashError, OSError):
    """The board went away or stopped answering in the middle."""


class BoardRefusedError(FlashError, OSError):
    """The board's own file system or interpreter raised."""


class NoRoomError(FlashError, OSError):
    """Two programs do not fit."""


class DigestError(FlashError):
    """What was written reads back as something else."""


class LimitsError(FlashError, PermissionError):
    """The ceilings would change, and nobody holds the button."""


class UnhealthyError(FlashError):
    """The new program did not report healthy. kept: whether the one before runs again."""

    def __init__(self, message: str, *, restored: bool) -> None:
        super().__init__(message)
        self.restored = restored
