"""A database that fails, heals, or was damaged: one event each time, and none for what goes on."""

from tankwarden.events import Event
from tankwarden.flows.store_watch import StoreWatch


def test_each_change_is_one_event() -> None:
    told: list[Event] = []
    watch = StoreWatch(lambda: 5, told.append)
    for error in (None, "a.db is locked", "a.db is locked; 3 rows are lost", None, None, "a.db finds no room"):
        watch.look(error, None)
    assert [(event.kind, event.severity) for event in told] == [
        ("store_failed", "warning"), ("store_back", "info"), ("store_failed", "warning"),
    ]  # fmt: skip
    assert told[0].text == "a.db is locked; heating and lights go on, rows wait in memory"


def test_damage_is_an_alarm_once_for_each_file() -> None:
    told: list[Event] = []
    watch = StoreWatch(lambda: 5, told.append)
    for note in (None, "kept as a", "kept as a", "kept as b"):
        watch.look(None, note)
    assert [(event.kind, event.severity, event.text) for event in told] == [
        ("store_damaged", "alarm", "kept as a"), ("store_damaged", "alarm", "kept as b"),
    ]  # fmt: skip
