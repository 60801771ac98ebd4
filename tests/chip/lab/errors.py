"""What can go wrong in the lab itself; whoever runs the suite is told what to do."""


class LabError(Exception):
    """Base of all."""


class SetupError(LabError, RuntimeError):
    """The emulator, the boot ROM or an image cannot be had."""


class EmulatorError(LabError, RuntimeError):
    """The emulator's process refused a command or ended."""


class NotReachedError(LabError, TimeoutError):
    """The chip did not get where it was to be, within so much simulated time."""
