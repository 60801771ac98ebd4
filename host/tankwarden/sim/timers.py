"""What is to happen later: actions by instant, each with a name by which it can be called off or brought forward."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Timer:
    due_us: int
    name: str
    action: Callable[[], None]


class Timers:
    """At most one timer of a name. An action may set and cancel timers."""

    def __init__(self) -> None:
        self._timers: dict[str, _Timer] = {}

    def set(self, due_us: int, name: str, action: Callable[[], None]) -> None:
        """Do this then, instead of what the name stood for."""
        self._timers[name] = _Timer(due_us, name, action)

    def cancel(self, name: str) -> None:
        """Do not do it; fine if there is none."""
        self._timers.pop(name, None)

    def hurry(self, name: str) -> None:
        """Do it now instead of later; nothing if there is none."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.action()

    def run(self, now_us: int) -> None:
        """Do what is due, in order of time."""
        for timer in sorted(self._timers.values(), key=lambda t: t.due_us):
            if timer.due_us <= now_us and self._timers.get(timer.name) is timer:
                self.hurry(timer.name)
