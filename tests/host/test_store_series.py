"""One thing's history: as many points as a chart takes, no extreme lost, gaps that stay gaps; from rows and moments."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from calibration_kit import BEGIN, DAY, METERS, plant, sunny, version
from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import HOUR

from tankwarden.errors import NotKnownError, RefusedError
from tankwarden.logic.quality import Quality
from tankwarden.store import MeasurementRow, ReadingRow, Store

pytestmark = pytest.mark.usefixtures("each_database")
NAMES = ("east.power", "east.voltage", "east.current", "east.temperature")


def value(row: MeasurementRow, name: str) -> float:
    meter = METERS.circuits[0]
    volts, amperes = meter.voltage.value(row.sums[2] / row.n), meter.current.value(row.sums[0] / row.n)
    return {
        "east.power": volts * amperes, "east.voltage": volts, "east.current": amperes,
        "east.temperature": METERS.thermometers[0].curve.value(row.sums[4] / row.n),
    }[name]  # fmt: skip


def ask(store: Store, name: str, t0: int, t1: int, points: int = 2000) -> dict[str, Any]:
    return store.queries(METERS).series(name, t0, t1, points)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("points", [200, 2000])
def test_no_extreme_is_lost_and_no_more_points_than_asked_for(tmp_path: Path, name: str, points: int) -> None:
    """200 points of a day come from moments, 2,000 from rows."""
    rows = list(sunny(1, 20))
    with plant(tmp_path / "a.db", rows) as (store, _):
        found = ask(store, name, BEGIN, BEGIN + DAY, points)
        assert len(found["t_ms"]) <= points
        assert {len(found[key]) for key in ("mean", "low", "high")} == {len(found["t_ms"])}
        values = [value(row, name) for row in rows]
        assert max(found["high"]) == pytest.approx(max(values), rel=1e-3)
        if name != "east.power" or points == 2000:
            assert min(found["low"]) == pytest.approx(min(values), rel=1e-9, abs=1e-9)
        assert sum(found["mean"]) / len(found["mean"]) == pytest.approx(sum(values) / len(values), rel=2e-3)
        for low, mean, high in zip(found["low"], found["mean"], found["high"], strict=True):
            assert low - 1e-6 <= mean <= high + 1e-6


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    rows = [row for row in sunny(1, 60) if not 5 * HOUR < row.ts_ms - BEGIN < 8 * HOUR]
    with plant(tmp_path / "a.db", rows) as (store, _):
        for points in (200, 1500):
            found = ask(store, "east.voltage", BEGIN, BEGIN + DAY, points)
            empty = [t - BEGIN for t, mean in zip(found["t_ms"], found["mean"], strict=True) if mean is None]
            assert len(empty) == 1
            assert 5 * HOUR <= empty[0] <= 5 * HOUR + 20 * 60_000


def test_the_curves_are_those_of_the_time(tmp_path: Path) -> None:
    noon = BEGIN + DAY // 2
    with plant(tmp_path / "a.db", sunny(1, 60)) as (store, calibrator):
        calibrator.apply(version(points=((0.0, 0.0), (4000.0, 1000.0)), begin=noon), unit="V", who="tester")
        queries = store.queries(METERS)
        before = queries.series("east.voltage", BEGIN, BEGIN + DAY)
        queries.recalibrated(calibrator.timeline)
        after = queries.series("east.voltage", BEGIN, BEGIN + DAY)
        place = before["t_ms"].index(noon)
        assert after["mean"][:place] == pytest.approx(before["mean"][:place])
        assert after["mean"][place:] == pytest.approx([2 * mean for mean in before["mean"][place:]])


def test_thinned_data_still_have_a_history(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(1, 20)) as (store, _):
        whole = ask(store, "east.power", BEGIN, BEGIN + DAY, 200)
        store.recorder.submit_write(lambda db: db.execute_sql("DELETE FROM measurements") and None).result()
        store.recorder.config_set("raw_from_ms", BEGIN + DAY)
        thinned = ask(store, "east.power", BEGIN, BEGIN + DAY, 200)
        assert thinned["mean"] == pytest.approx(whole["mean"])
        assert len(ask(store, "east.power", BEGIN, BEGIN + HOUR)["t_ms"]) >= 59


def test_rows_that_wait_are_seen(tmp_path: Path) -> None:
    rows = list(sunny(0.5, 60))
    with plant(tmp_path / "a.db", rows) as (store, _):
        end = rows[-1].ts_ms
        store.recorder.measurement(replace(rows[-1], ts_ms=end + 1000))
        found = ask(store, "east.voltage", end - 60_000, end + 1000)
        assert found["t_ms"][-1] == end
        assert found["mean"][-1] == pytest.approx(value(rows[-1], "east.voltage"))


def test_other_probes_have_a_history_too(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", []) as (store, _):
        for k in range(100):
            quality = Quality.OPEN if k == 50 else Quality.OK
            store.recorder.reading(ReadingRow("cellar", BEGIN + k * 1000, 60.0 + k % 7, quality))
        store.recorder.flush()
        found = ask(store, "sensor.cellar", BEGIN - 1000, BEGIN + 100_000, 20)
        assert (min(found["low"]), max(found["high"])) == (60, 66)
        assert len(found["t_ms"]) <= 20


@pytest.mark.parametrize(
    ("name", "t0", "t1", "points", "error", "says"),
    [
        ("east.cats", 0, DAY, 100, NotKnownError, "no series 'east.cats': it is one of east.power"),
        ("sensor.cats", 0, DAY, 100, NotKnownError, "no series 'sensor.cats'"),
        ("east.power", DAY, DAY, 100, RefusedError, "to: the span ends before it begins"),
        ("east.power", 0, DAY, 5, RefusedError, "points: 5 is not 10 to 2000"),
        ("east.power", 0, 10**15, 100, RefusedError, "from: the span is too long"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    tmp_path: Path, name: str, t0: int, t1: int, points: int, error: type[Exception], says: str
) -> None:
    with plant(tmp_path / "a.db", []) as (store, _), pytest.raises(error, match=says):
        ask(store, name, t0, t1, points)


@settings(max_examples=25)
@given(st.integers(0, DAY - 1), st.integers(1, 400 * DAY), st.integers(20, 2000))
def test_any_span_fits(begin: int, length: int, points: int) -> None:
    from tankwarden.store.series import _width

    width = _width(begin, begin + length, points)
    assert (begin + length - 1) // width - begin // width + 1 <= points
