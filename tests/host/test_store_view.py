"""The view of calibrated measurements says what the points say, to 1e-9, whatever points and rows there are.

The oracle is numpy's own interpolation, with the end segments drawn on, and not a line of ours.
"""

from pathlib import Path

import numpy as np
import pytest
from calibration_kit import BEGIN, METERS, plant, version
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tanklink.messages import CHANNELS
from tankwarden.store import MeasurementRow, Store

pytestmark = pytest.mark.usefixtures("each_database")
Floats = NDArray[np.float64]


def interpolated(points: tuple[tuple[float, float], ...], measured: Floats) -> Floats:
    """numpy.interp between the points; beyond them the first and the last line."""
    x, y = np.array(points).T
    first, last = np.polyfit(x[:2], y[:2], 1), np.polyfit(x[-2:], y[-2:], 1)
    inside = np.interp(measured, x, y)
    return np.where(
        measured < x[0], np.polyval(first, measured), np.where(measured > x[-1], np.polyval(last, measured), inside)
    )


@st.composite
def curve(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    counts = sorted(draw(st.sets(st.integers(0, 81), min_size=2, max_size=12)))
    steps = draw(st.lists(st.floats(0.5, 60), min_size=len(counts), max_size=len(counts)))
    return tuple((float(50 * c), float(y)) for c, y in zip(counts, np.cumsum(steps), strict=True))


@st.composite
def rows(draw: st.DrawFn) -> list[MeasurementRow]:
    found = []
    for k in range(draw(st.integers(1, 12))):
        n = draw(st.integers(1, 40))
        v, i, t = (draw(st.integers(0, 4095 * n)) for _ in range(3))
        sums = dict.fromkeys(CHANNELS, 0) | {"voltage_1": v, "current_1": i, "temperature_1": t}
        vi = draw(st.integers(0, 4095 * 4095 * n))
        found.append(MeasurementRow(BEGIN + (k + 1) * 30_000, 1000, n, tuple(sums[c] for c in CHANNELS), (vi, 0)))
    return found


def shown(store: Store, *names: str) -> Floats:
    with store.database.reading() as db:
        cursor = db.execute_sql(f"SELECT {', '.join(names)} FROM measurements_calibrated ORDER BY ts")
        return np.array(cursor.fetchall(), dtype=np.float64)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows(), curve(), curve(), curve(), st.integers(0, 6))
def test_the_view_is_what_numpy_says(
    tmp_path_factory: pytest.TempPathFactory, given_: list[MeasurementRow], volts: tuple[tuple[float, float], ...],
    amperes: tuple[tuple[float, float], ...], degrees: tuple[tuple[float, float], ...], edge: int,
) -> None:  # fmt: skip
    """Also at the instant at which another version begins to hold: a row's time is that before its ts."""
    path: Path = tmp_path_factory.mktemp("view") / "a.db"
    begins = BEGIN + edge * 60_000
    with plant(path, given_) as (store, calibrator):
        for target, points in (("voltage_1", volts), ("current_1", amperes), ("temperature_1", degrees)):
            calibrator.apply(version(target, points, begin=begins), unit="", who="tester")
        found = shown(store, "voltage_1_v", "current_1_a", "temperature_1_degf", "power_1_w")
    ts, n = np.array([row.ts_ms for row in given_]), np.array([row.n for row in given_])
    later = ts > begins
    places = [CHANNELS.index(name) for name in ("voltage_1", "current_1", "temperature_1")]
    base = METERS.circuits[0]
    before = (base.voltage.points, base.current.points, METERS.thermometers[0].points)
    values, slopes = [], []
    for place, points, old in zip(places, (volts, amperes, degrees), before, strict=True):
        means = np.array([row.sums[place] for row in given_]) / n
        values.append(np.where(later, interpolated(points, means), interpolated(old, means)))
        slopes.append(np.where(later, _slope(points, means), _slope(old, means)))
    for column, expected in enumerate(values):
        assert found[:, column] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    v, i = (np.array([row.sums[place] for row in given_]) / n for place in places[:2])
    vi = np.array([row.vi[0] for row in given_]) / n
    watts = values[0] * values[1] + slopes[0] * slopes[1] * (vi - v * i)
    # The terms of this sum are far greater than the sum itself: 1e-9 of the greatest of them.
    scale = float(np.max(np.abs(slopes[0] * slopes[1] * vi) + np.abs(values[0] * values[1]) + 1))
    assert found[:, 3] == pytest.approx(watts, abs=1e-9 * scale)


def _slope(points: tuple[tuple[float, float], ...], measured: Floats) -> Floats:
    x, y = np.array(points).T
    slopes: Floats = (np.diff(y) / np.diff(x))[np.searchsorted(x[1:-1], measured, side="right")]
    return slopes


def test_what_is_not_known_is_null(tmp_path: Path) -> None:
    from dataclasses import replace

    from calibration_kit import sunny

    from tankwarden.store import pack_quality

    row = next(iter(sunny(0.1, 60)))
    bad = replace(row, ts_ms=row.ts_ms + 60_000, quality=pack_quality({"current_1": "open"}))
    none = replace(row, ts_ms=row.ts_ms + 120_000, n=0)
    with plant(tmp_path / "a.db", [row, bad, none]) as (store, _):
        found = shown(store, "voltage_1_v", "current_1_a", "power_1_w", "power_2_w")
        assert np.isnan(found).tolist() == [[False] * 4, [False, True, True, False], [True] * 4]


def test_the_view_is_in_no_migrations_way(tmp_path: Path) -> None:
    """Down to none and up again; whoever knows the curves makes it anew."""
    from tankwarden.store.database import migrate_to

    with plant(tmp_path / "a.db", []) as (store, _):
        pass
    store.database.open(check=False)
    db = store.database._writer  # type: ignore[attr-defined]  # of either database
    newest = len(migrate_to(db, "it", 0))
    assert newest > 9
    assert len(migrate_to(db, "it", newest)) == newest
    store.database.close()
    with plant(tmp_path / "a.db", []) as (store, _):
        assert shown(store, "voltage_1_v").size == 0
