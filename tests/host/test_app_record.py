"""From STATUS to rows: sums add up, rows are a period of wall time, nothing is lost at the end."""

import pytest

from tanklink.messages import CHANNELS
from tankwarden.clock import ManualClock
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.drivers.pico.session import Arrived
from tankwarden.flows.record import Recording, vi_counts
from tankwarden.logic.quality import Quality
from tankwarden.store import MeasurementRow, unpack_quality, unpack_states


class Rows:
    """What the recorder is given."""

    def __init__(self) -> None:
        self.rows: list[MeasurementRow] = []

    def measurement(self, row: MeasurementRow) -> None:
        self.rows.append(row)


def record(period_s: int, *, statuses: int, speed: float = 1.0, quality: Quality = Quality.OK) -> list[MeasurementRow]:
    """Rows of so many STATUS, one every 100 ms from wall time 10.05 s on; finished."""
    clock = ManualClock(10_050, 0.0, speed)
    pico, rows = FakePico(), Rows()
    pico.counts["voltage_1"] = 2100
    recording = Recording(rows, clock, period_s, lambda: {"temperature_1": quality})
    for _ in range(statuses):
        recording.told(Arrived(pico.status(clock.mono())))
        clock.advance(0.1)
    recording.finish()
    return rows.rows


def test_one_row_per_period_stamped_with_its_end() -> None:
    rows = record(1, statuses=33)
    assert [row.ts_ms for row in rows] == [11_050, 12_050, 13_050, 13_350]
    assert [row.n for row in rows] == [220, 200, 200, 40]
    assert [row.period_ms for row in rows] == [1100, 1000, 1000, 200]


def test_sums_of_every_channel_and_product_add_up() -> None:
    row = record(60, statuses=10)[0]
    assert row.sums[CHANNELS.index("voltage_1")] == 10 * 20 * 2100
    assert row.sums[CHANNELS.index("temperature_2")] == 10 * 20 * 2000
    assert row.vi == (10 * 20 * 2100 * 2000, 10 * 20 * 2000 * 2000)
    assert unpack_states(row.states).fault_lines == 3


def test_vi_is_put_together_from_its_two_parts() -> None:
    status = FakePico().status(0.0)
    assert vi_counts(status, 1) == 20 * 2000 * 2000


def test_where_the_wall_clock_runs_fast_every_status_is_a_row() -> None:
    rows = record(1, statuses=10, speed=360.0)
    assert [row.n for row in rows] == [40] + [20] * 8, "the first begins a period, and all others end one"
    assert rows[1].ts_ms - rows[0].ts_ms == 36_000


@pytest.mark.parametrize(
    ("quality", "stored"),
    [(Quality.OPEN, "open"), (Quality.STUCK, "stuck"), (Quality.STALE, "ok"), (Quality.MISSING, "ok")],
)
def test_a_doubtful_channel_is_marked_and_a_row_that_exists_is_never_stale(quality: Quality, stored: str) -> None:
    row = record(60, statuses=3, quality=quality)[0]
    assert unpack_quality(row.quality)["temperature_1"] == stored


def test_a_clock_that_is_set_back_only_ends_the_period() -> None:
    clock, rows = ManualClock(100_000, 0.0), Rows()
    recording = Recording(rows, clock, 10, dict)
    for jump in (0, 0, -50_000, 0):
        clock.jump(jump)
        recording.take(clock.wall_ms(), FakePico().status(clock.mono()))
        clock.advance(0.1)
    recording.finish()
    assert sum(row.n for row in rows.rows) == 80


def test_nothing_told_is_no_row() -> None:
    assert record(1, statuses=0) == []
