"""Relay contacts follow their pins after the travel time of the armature."""

from tankwarden.sim.defaults import RELAY_CLOSE_MS, RELAY_OPEN_MS

_TRAVEL_US = (round(RELAY_OPEN_MS * 1000), round(RELAY_CLOSE_MS * 1000))


class Contacts:
    """Takes pin edges, gives contact changes in order of time. A pulse shorter than the travel moves nothing."""

    def __init__(self, count: int) -> None:
        self._pending: list[tuple[int, int, bool]] = []  # (instant in µs, relay, closed)
        self._goal = [False] * count

    def edge(self, at_us: int, relay: int, level: bool) -> None:
        """The pin of a relay changes; edges of one relay come in order of time."""
        arrives_us = at_us + _TRAVEL_US[level]
        overtaken = [c for c in self._pending if c[1] == relay and c[0] >= arrives_us]
        for change in overtaken:
            self._pending.remove(change)
            self._goal[relay] = not change[2]
        if self._goal[relay] != level:
            self._goal[relay] = level
            self._pending.append((arrives_us, relay, level))
            self._pending.sort()

    def due(self, until_us: int) -> list[tuple[int, int, bool]]:
        """The changes up to and including an instant, removed: (instant in µs, relay, closed)."""
        due = [c for c in self._pending if c[0] <= until_us]
        del self._pending[: len(due)]
        return due
