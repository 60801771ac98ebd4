"""What the flows know of devices, whatever they are. A driver offers one of these; a flow asks for nothing more."""

from typing import Protocol

from tankwarden.logic.quality import Sample


class Sensor(Protocol):
    """Something that is measured."""

    @property
    def unit(self) -> str:
        """Of every value."""

    def sample(self) -> Sample | None:
        """The newest measurement, None if there is none yet. Never blocks: a slow device is read in its own task."""


class Switch(Protocol):
    """Something that is on only as long as it is held on."""

    def ready(self) -> str | None:
        """None if it could be switched on now, else what is in the way, in a few words."""

    def hold(self) -> None:
        """Keep it on for the next ttl. It goes off by itself when this is not called again."""

    def release(self) -> None:
        """Off now."""

    def is_off(self) -> bool | None:
        """Whether it is known to be off; None = nothing is known."""
