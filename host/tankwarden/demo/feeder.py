"""The demo's feeder: pellets for the reef, three meals a day, the first a minute after the demo begins."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tankwarden.logic.feeder import Entry, Feeder, ServoConfig
from tankwarden.store import Store

SERVO = 1
_FIRST_AFTER_MIN = 1
_MORNING, _EVENING = 8 * 60, 18 * 60


def add_feeder(store: Store, epoch_ms: int, zone: ZoneInfo) -> None:
    """Nothing, if an earlier demo or a person left one here. StoreError."""
    if store.feeder_queries().feeders():
        return
    start = datetime.fromtimestamp(epoch_ms / 1000, zone)
    first = (start.hour * 60 + start.minute + _FIRST_AFTER_MIN) % (24 * 60)
    meals = ((_MORNING, "Morning", 0.5), (first, "Brunch", None), (_EVENING, "Evening", 1.5))
    feeder = Feeder(
        name="Reef pellets",
        enclosure="reef",
        servo=SERVO,
        config=ServoConfig(rotate_duration=900, feed_hold_duration=600, portion_size=1.0, turns=2),
        schedule=tuple(
            Entry(name=name, minute=minute, portion_g=portion_g, since_ms=epoch_ms) for minute, name, portion_g in meals
        ),
        missed_within_min=30,
    )
    store.recorder.submit_feeder(feeder).result()
