"""The errors of the host: one tree. Branch on the type, never on the text; a leaf also is the builtin it resembles.

A message says what is wrong, where, and what to do. Parts of the host hang their own leaves below these branches.
"""


class TankwardenError(Exception):
    """Anything that Tankwarden refuses or fails at, in words meant for the person who runs it."""


class ConfigError(TankwardenError, ValueError):
    """The configuration cannot be used. what: the fault; where: file, table and key; fix: what to do about it."""

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(f"{where}: {what}: {fix}")
        self.what, self.where, self.fix = what, where, fix


class CommandError(TankwardenError):
    """A person's command cannot be carried out; nothing was changed."""


class RefusedError(CommandError, ValueError):
    """Something that was given does not fit. field: its name, dotted; empty = the whole."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(f"{field}: {text}" if field else text)
        self.field = field


class TakenError(CommandError):
    """What was asked for belongs to something else already, which the message names."""


class NotNowError(CommandError):
    """It cannot be done at this time; the message says what must be so first."""


class NotKnownError(TankwardenError, LookupError):
    """What was asked for is not there, or not yet."""


class DriverError(TankwardenError, OSError):
    """A device does not do what its driver asks of it."""


class StoreError(TankwardenError, OSError):
    """The database cannot be opened, migrated or written."""
