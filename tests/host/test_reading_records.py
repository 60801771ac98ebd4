"""Readings of probes that do not hang on the Pico: each new one is a row, raw, with its quality; an old one is none."""

from tankwarden.flows.readings import Reading
from tankwarden.flows.record import ReadingRecording
from tankwarden.logic.quality import Quality
from tankwarden.store import ReadingRow


class Taken(list[ReadingRow]):
    """A recorder that keeps what it is given."""

    def reading(self, reading: ReadingRow) -> None:
        self.append(reading)


def reading(
    at_s: float | None, value: float | None, quality: Quality = Quality.OK, raw: float | None = None
) -> Reading:
    return Reading(value, "pH", quality, 0.0, raw, 0, at_s)


def test_every_new_sample_is_a_row_and_a_stale_one_is_none() -> None:
    taken = Taken()
    recording = ReadingRecording(taken, {"sensor.ph": "ph", "sensor.orp": "orp"})
    none = reading(None, None, Quality.MISSING)
    recording.take({"sensor.ph": none, "sensor.orp": none, "current_1": reading(1.0, 2.0)}, 1000)
    recording.take({"sensor.ph": reading(1.0, 7.5), "sensor.orp": none}, 2000)
    recording.take({"sensor.ph": reading(1.0, 7.5, Quality.STALE), "sensor.orp": none}, 3000)
    recording.take({"sensor.ph": reading(2.0, None, Quality.OPEN), "sensor.orp": reading(2.0, 0.31, raw=310.0)}, 4000)
    assert taken == [
        ReadingRow("ph", 2000, 7.5, Quality.OK),
        ReadingRow("ph", 4000, None, Quality.OPEN),
        ReadingRow("orp", 4000, 310.0, Quality.OK),
    ]
