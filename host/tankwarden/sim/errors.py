"""What the simulation refuses or fails at, in words for the person at the command line."""

from tankwarden.errors import TankwardenError


class SimError(TankwardenError):
    """The simulation cannot start or go on."""


class FaultError(SimError, ValueError):
    """A fault that does not exist, or a value that it cannot take; nothing was changed."""
