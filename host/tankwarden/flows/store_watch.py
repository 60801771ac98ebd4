"""What the database does is an event: that it takes no writes, that it takes them again, that it was damaged."""

from collections.abc import Callable

from tankwarden.events import ALARM, INFO, WARNING, Event


class StoreWatch:
    """note: given each event. An event of a database that takes no writes is kept by the recorder until it does."""

    def __init__(self, wall_ms: Callable[[], int], note: Callable[[Event], None]) -> None:
        self._wall_ms, self._note = wall_ms, note
        self._failing = False
        self._damage: str | None = None

    def look(self, error: str | None, damage: str | None) -> None:
        """error: what keeps rows from the disk; damage: what was done about a damaged file, the last time."""
        if damage is not None and damage != self._damage:
            self._tell("store_damaged", ALARM, damage)
        self._damage = damage
        if error is not None and not self._failing:
            self._tell("store_failed", WARNING, f"{error}; heating and lights go on, rows wait in memory")
        if error is None and self._failing:
            self._tell("store_back", INFO, "the database takes writes again")
        self._failing = error is not None

    def _tell(self, kind: str, severity: str, text: str) -> None:
        self._note(Event(at_ms=self._wall_ms(), kind=kind, severity=severity, text=text, subject="store"))
