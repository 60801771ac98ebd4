"""The chart's data: how many points, what a gap looks like, and that waiting rows are in it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import CALIBRATION, HOUR, KW, T0, opened, row

from tankwarden.logic.quality import Quality
from tankwarden.store import Calibration, Thermometer, pack_quality
from tankwarden.store.queries import MAX_POINTS, bucket_width

pytestmark = pytest.mark.usefixtures("each_database")

MINUTE = 60_000


def shape(history: dict[str, Any]) -> tuple[list[int], list[float | None], list[float | None]]:
    """Times after T0 in s, power of east, the tank's temperature."""
    series = history["series"]
    times = [(t - T0) // 1000 for t in history["t_ms"]]
    return times, series["power_w"]["east"], series["temperature_degf"]["tank"]


def test_a_day_of_rows_is_a_point_a_minute(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements(row(T0 + k * 10_000) for k in range(1, 8641))
        history = store.queries(CALIBRATION).history(24, T0 + 24 * HOUR)
    assert history["bucket_ms"] == MINUTE
    assert history["t_ms"] == [T0 + k * MINUTE for k in range(1440)]
    assert history["series"]["power_w"] == {
        "east": pytest.approx([1000.0] * 1440),
        "west": pytest.approx([0.0] * 1440, abs=1e-9),
    }
    assert history["series"]["temperature_degf"] == {"tank": pytest.approx([82.0] * 1440)}


def test_an_empty_store_has_every_series_and_no_point(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        assert store.queries(CALIBRATION).history(24, T0) == {
            "bucket_ms": MINUTE,
            "t_ms": [],
            "series": {"power_w": {"east": [], "west": []}, "temperature_degf": {"tank": []}},
        }


def test_a_bucket_holds_the_rows_that_end_in_it(tmp_path: Path) -> None:
    """A row at the very end of a minute is the mean of time within it."""
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + MINUTE), row(T0 + MINUTE + 1, (0, 400))])
        times, power, _ = shape(store.queries(CALIBRATION).history(24, T0 + 2 * MINUTE))
    assert times == [0, 60]
    assert power == pytest.approx([1000.0, 0.0])


def test_a_gap_is_one_point_of_nulls(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + 1000), row(T0 + 10 * MINUTE)])
        times, power, tank = shape(store.queries(CALIBRATION).history(24, T0 + HOUR))
    assert times == [0, 60, 540]
    assert power == [pytest.approx(1000.0), None, pytest.approx(1000.0)]
    assert tank == [pytest.approx(82.0), None, pytest.approx(82.0)]


def test_rows_that_are_farther_apart_than_buckets_are_no_gap(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + k * 30_000) for k in range(1, 5)])
        history = store.queries(CALIBRATION).history(1, T0 + 2 * MINUTE)
    assert history["bucket_ms"] == 5000
    times, power, _ = shape(history)
    assert times == [25, 55, 85, 115]
    assert power == pytest.approx([1000.0] * 4)


@pytest.mark.parametrize("quality", [quality for quality in Quality if quality is not Quality.OK])
def test_what_was_not_ok_is_null_and_spoils_no_mean(tmp_path: Path, quality: str) -> None:
    with opened(tmp_path / "a.db") as store:
        bad_tank, bad_volts = pack_quality({"temperature_1": quality}), pack_quality({"voltage_1": quality})
        store.recorder.measurements(
            [
                row(T0 + 1000, tank=2000),
                row(T0 + 2000, tank=4095, quality=bad_tank),
                row(T0 + MINUTE + 1000, tank=4095, quality=bad_tank),
                row(T0 + 2 * MINUTE + 1000, (4095, 4095), quality=bad_volts),
                row(T0 + 3 * MINUTE + 1000, n=0),
            ]
        )
        times, power, tank = shape(store.queries(CALIBRATION).history(24, T0 + HOUR))
    assert times == [0, 60, 120, 180]
    assert power == [pytest.approx(1000.0), pytest.approx(1000.0), None, None]
    assert tank == [pytest.approx(82.0), None, pytest.approx(82.0), None]


def test_a_temperature_follows_its_bent_scale(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        counts = [0, 1000, 2000, 3000, 4000, 4095]
        store.recorder.measurements([row(T0 + k * MINUTE + 1, tank=c) for k, c in enumerate(counts)])
        _, _, tank = shape(store.queries(CALIBRATION).history(24, T0 + HOUR))
    assert tank == pytest.approx([32.0, 57.0, 82.0, 157.0, 232.0, 239.125])


def test_samples_weigh_and_not_rows(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + 1000, n=30), row(T0 + 2000, (0, 400), n=10)])
        _, power, _ = shape(store.queries(CALIBRATION).history(24, T0 + HOUR))
    assert power == pytest.approx([750.0])


def test_another_calibration_changes_the_past_and_no_row(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + 1000)])
        warmer = (Thermometer("tank", "temperature_1", ((0, 132.0), (4000, 232.0))),)
        for calibration, degf in ((CALIBRATION, 82.0), (replace(CALIBRATION, thermometers=warmer), 182.0)):
            _, _, tank = shape(store.queries(calibration).history(1, T0 + HOUR // 2))
            assert tank == pytest.approx([degf])


def test_waiting_rows_are_seen_at_once_and_count_once(tmp_path: Path) -> None:
    """Merged while they wait; the same when they are written, also those that replace one that is there."""
    with opened(tmp_path / "a.db") as store:
        queries = store.queries(CALIBRATION)
        store.recorder.measurements([row(T0 + 1000, (0, 400)), row(T0 + 2000)])
        assert shape(queries.history(24, T0 + HOUR))[1] == pytest.approx([500.0])
        store.recorder.measurement(row(T0 + 1000))
        store.recorder.measurement(row(T0 + MINUTE + 1000))
        waiting = queries.history(24, T0 + HOUR)
        assert shape(waiting)[1] == pytest.approx([1000.0, 1000.0])
        assert store.recorder.status().pending_rows == 2
        store.recorder.flush()
        assert queries.history(24, T0 + HOUR) == waiting


def test_a_row_that_comes_late_changes_a_minute_that_was_remembered(tmp_path: Path) -> None:
    """After the clock was set back."""
    with opened(tmp_path / "a.db") as store:
        queries = store.queries(CALIBRATION)
        store.recorder.measurements([row(T0 + k * MINUTE + 1000, n=10) for k in range(5)])
        assert shape(queries.history(24, T0 + HOUR))[1] == pytest.approx([1000.0] * 5)
        store.recorder.measurement(row(T0 + 2 * MINUTE + 2000, (0, 400), n=30))
        for _ in ("waiting", "written"):
            assert shape(queries.history(24, T0 + HOUR))[1] == pytest.approx([1000.0, 1000.0, 250.0, 1000.0, 1000.0])
            store.recorder.flush()


def test_rows_from_the_future_wait_for_their_time(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + 1000), row(T0 + 2 * HOUR)])
        assert shape(store.queries(CALIBRATION).history(24, T0 + HOUR))[0] == [0]


def test_a_calibration_of_nothing_shows_times_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurement(row(T0 + 1000))
        queries = store.queries(Calibration((), (), 60.0))
        assert queries.history(1, T0 + HOUR // 2)["series"] == {"power_w": {}, "temperature_degf": {}}
        assert queries.energies_wh(T0, T0 + HOUR) == {}


@given(st.floats(0.0001, 30_000))
def test_any_span_fits_into_its_points(hours: float) -> None:
    width_ms = bucket_width(hours)
    assert hours * HOUR / width_ms + 2 <= MAX_POINTS
    assert width_ms == 1000 or hours * HOUR / width_ms > MAX_POINTS / 6, "coarser than it need be"


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf"), 1e9])
def test_no_span_to_be_shown_is_refused(hours: float) -> None:
    with pytest.raises(ValueError, match="more than 0 and at most"):
        bucket_width(hours)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.integers(1, 5 * HOUR), st.sampled_from([KW, (0, 400)]), max_size=60),
    st.floats(0.01, 6),
    st.integers(0, 60),
)
def test_any_history_is_in_order_within_its_span_and_right(
    content: dict[int, tuple[int, int]], hours: float, waiting: int
) -> None:
    rows = [row(T0 + offset, counts) for offset, counts in content.items()]
    now = T0 + 5 * HOUR
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "a.db") as store:
        store.recorder.measurements(rows[waiting:])
        for each in rows[:waiting]:
            store.recorder.measurement(each)
        queries = store.queries(CALIBRATION)
        history = queries.history(hours, now)
        assert queries.history(hours, now) == history
    times, width, power = history["t_ms"], history["bucket_ms"], history["series"]["power_w"]["east"]
    assert len(times) == len(power) <= MAX_POINTS
    assert times == sorted(set(times))
    expected: dict[int, list[float]] = {}
    for each in rows:
        bucket_ms = (each.ts_ms - 1) // width * width
        if bucket_ms >= (now - hours * HOUR) // width * width:
            expected.setdefault(bucket_ms, []).append(1000.0 if each.vi[0] else 0.0)
    means = {t: watts for t, watts in zip(times, power, strict=True) if watts is not None}
    assert means == pytest.approx({t: sum(values) / len(values) for t, values in expected.items()}, abs=1e-9)
