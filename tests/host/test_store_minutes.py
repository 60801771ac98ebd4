"""Moments of minutes: always what the rows say, in whatever order they came; what is left when rows are deleted."""

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import CALIBRATION, T0, error, healthy, opened, row, stored, wait_for

from tankwarden.logic.quality import Quality
from tankwarden.store import MeasurementRow, ReadingRow, Store, Upkeep, pack_quality
from tankwarden.store.dialect import execute
from tankwarden.store.minutes import MINUTE_MS, moments

pytestmark = pytest.mark.usefixtures("each_database")
DAY = 86_400_000
METERS = CALIBRATION.circuits


def kept(store: Store) -> list[dict[str, Any]]:
    """The table, by the names of its columns."""
    with store.database.reading() as db:
        cursor = execute(db, "SELECT * FROM measurement_minutes ORDER BY ts")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def told_by(rows: Sequence[MeasurementRow], gap_ms: int = 60_000) -> list[dict[str, Any]]:
    """What the closed minutes of these rows come to, reckoned at once."""
    latest = {row.ts_ms: row.values() for row in rows}
    ordered = [latest[ts] for ts in sorted(latest)]
    return sorted(moments(ordered, 0, max(latest) // MINUTE_MS * MINUTE_MS, gap_ms), key=lambda moment: moment["ts"])


def agrees(store: Store, rows: Sequence[MeasurementRow], gap_ms: int) -> bool:
    """Whether the table says what the rows say; the last minutes may be missing, for five are made together."""
    table, told = kept(store), told_by(rows, gap_ms)
    made_ms = table[-1]["ts"] if table else 0
    late = [moment["ts"] for moment in told if moment["ts"] > made_ms]
    closed_ms = max(row.ts_ms for row in rows) // MINUTE_MS * MINUTE_MS
    return table == [moment for moment in told if moment["ts"] <= made_ms] and all(
        ts > closed_ms - 5 * MINUTE_MS for ts in late
    )


def test_a_minute_holds_what_its_rows_come_to(tmp_path: Path) -> None:
    """Half a minute of 1 kW and half of nothing; the thermometer open for ten seconds of it."""
    lost = pack_quality({"temperature_1": Quality.OPEN})
    rows = [
        row(T0 + k * 1000, (2500, 800) if k <= 30 else (3000, 400), tank=2000 + k, quality=lost if k > 50 else 0)
        for k in range(62)
    ]
    with opened(tmp_path / "a.db", upkeep=Upkeep(meters=METERS)) as store:
        store.recorder.measurements(rows)
        minute = kept(store)[1]
    assert (minute["ts"], minute["n_rows"], minute["covered_ms"]) == (T0 + 60_000, 60, 60_000)
    assert (minute["circuit_1_ms"], minute["temperature_1_ms"]) == (60_000, 50_000)
    assert minute["vi_1_sum"] == 30_000 * 2500 * 800 + 30_000 * 3000 * 400
    assert (minute["voltage_1_min"], minute["voltage_1_max"], minute["current_1_min"]) == (2500, 3000, 400)
    assert (minute["temperature_1_min"], minute["temperature_1_max"]) == (2001, 2050)
    # by counts alone the same row; by the scales (live zero at 400) surely
    assert (minute["peak_1_voltage"], minute["peak_1_current"], minute["peak_1_vi"]) == (2500, 800, 2_000_000)


def test_a_peak_is_told_by_the_scales(tmp_path: Path) -> None:
    """4095 counts of voltage at the current's live zero are 0 W, and yet the greatest product of counts."""
    rows = [row(T0 + k * 1000, (4095, 400) if k == 30 else (2000, 500)) for k in range(62)]
    for name, upkeep, peak in (("a", Upkeep(), 4095), ("b", Upkeep(meters=METERS), 2000)):
        with opened(tmp_path / name, upkeep=upkeep) as store:
            store.recorder.measurements(rows)
            assert kept(store)[1]["peak_1_voltage"] == peak


def test_a_minute_without_any_good_row_says_so(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + k * 1000, n=0) for k in range(62)])
        minute = kept(store)[1]
    assert (minute["n_rows"], minute["circuit_1_ms"], minute["vi_1_sum"], minute["voltage_1_min"]) == (60, 0, 0, None)


def test_minutes_are_made_five_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0)])
        made = []
        for k in range(1, 12):
            store.recorder.measurements([row(T0 + k * 60_000 + s * 1000) for s in range(2)])
            made.append(len(kept(store)))
    assert made == [1, 1, 1, 1, 6, 6, 6, 6, 6, 11, 11]


def test_a_row_that_reaches_over_minutes_is_cut(tmp_path: Path) -> None:
    """150 s of one row, of which max_gap_s lets 100 count."""
    with opened(tmp_path / "a.db", upkeep=Upkeep(gap_ms=100_000)) as store:
        store.recorder.measurements([row(T0), row(T0 + 150_000), row(T0 + 180_000)])
        assert [(minute["ts"] - T0, minute["covered_ms"]) for minute in kept(store)] == [
            (0, 1000), (60_000, 10_000), (120_000, 60_000), (180_000, 60_000),
        ]  # fmt: skip


TIMES = st.lists(st.integers(0, 600).map(lambda s: T0 + s * 1000), min_size=1, max_size=20)


@settings(max_examples=15)
@given(batches=st.lists(TIMES, min_size=1, max_size=3), gap_s=st.sampled_from([5, 60, 200]), data=st.data())
def test_minutes_are_what_the_rows_say_in_whatever_order_they_came(
    batches: list[list[int]], gap_s: int, data: st.DataObject
) -> None:
    """Late rows, replaced rows, restarts in between; some rows not ok."""
    rows: list[MeasurementRow] = []
    with tempfile.TemporaryDirectory() as folder:
        for batch in batches:
            with opened(Path(folder) / "a.db", upkeep=Upkeep(gap_ms=gap_s * 1000)) as store:
                ordered = sorted(batch) if data.draw(st.booleans()) else batch
                new = [row(ts, (ts // 1000 % 97, 7), quality=(ts // 7000 % 3 == 0) << 9) for ts in ordered]
                store.recorder.measurements(new)
                rows.extend(new)
                assert agrees(store, rows, gap_s * 1000)


def test_rows_of_before_there_were_minutes_are_made_up_in_portions(tmp_path: Path) -> None:
    rows = [row(T0 + k * 10_000, (k % 100, 7)) for k in range(3000)]  # 8 h
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.measurements(rows)
        whole = kept(store)
        assert whole == told_by(rows)
    other_gap = Upkeep(gap_ms=5000)
    with opened(path, upkeep=other_gap) as store:  # another max_gap_s: all are made anew
        wait_for(lambda: kept(store) == told_by(rows, 5000), "minutes", 60.0)
    with opened(path) as store:
        wait_for(lambda: kept(store) == whole, "minutes", 60.0)


def test_old_rows_are_deleted_and_their_minutes_stay(tmp_path: Path) -> None:
    """The clock of the kit stands at T0: rows of before T0 − 1 day go, but for the last of them."""
    path = tmp_path / "a.db"
    rows = [row(T0 - DAY - 7_200_000 + k * 10_000) for k in range(1440)]  # from 26 h ago on, for 4 h
    with opened(path) as store:
        store.recorder.measurements(rows)
        whole = kept(store)
    with opened(path, upkeep=Upkeep(keep_raw_days=1)) as store:
        wait_for(lambda: stored(path) == 720, "thinned table", 30.0)
        assert kept(store) == whole
        assert stored(path, "min(ts) FROM measurements") == T0 - DAY
        assert store.queries(CALIBRATION).config_get("raw_from_ms") == T0 - DAY
        # what follows the deleted rows is reckoned as it was: its minutes come out the same
        store.recorder.measurements([row(T0 - DAY + 10_000)])
        assert kept(store) == whole


def test_without_a_limit_nothing_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.measurements([row(T0 - 1000 * DAY + k * 1000) for k in range(100)])
    with opened(path) as store:
        store.recorder.flush()
        assert stored(path) == 100


def test_readings_of_other_probes_wait_are_seen_and_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.reading(ReadingRow("ph", T0, 7.01, Quality.OK))
        store.recorder.reading(ReadingRow("ph", T0 + 1000, None, Quality.OPEN))
        store.recorder.reading(ReadingRow("orp", T0, 310.0, Quality.OK))
        assert store.recorder.status().pending_rows == 3
        assert [reading.sensor for reading in store.recorder.view().readings] == ["ph", "ph", "orp"]
        store.recorder.flush()
        assert healthy(store)
        store.recorder.reading(ReadingRow("ph", T0, 7.02, Quality.OK))  # the later one of an instant stays
    assert stored(path, "count(*) FROM sensor_readings") == 3
    assert stored(path, "count(*) FROM sensor_readings WHERE measured = 7.02 AND quality = 0") == 1
    assert stored(path, "count(*) FROM sensor_readings WHERE measured IS NULL AND quality = 2") == 1


@pytest.mark.sqlite
def test_readings_wait_in_bounded_memory_while_the_disk_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path, batch_s=0.01, max_waiting_rows=10) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for k in range(25):
            store.recorder.reading(ReadingRow("ph", T0 + k, 7.0, Quality.OK))
        wait_for(lambda: error(store), "error")
        assert (store.recorder.status().pending_rows, store.recorder.status().dropped_rows) == (10, 15)
        other.execute("ROLLBACK")
        other.close()
        wait_for(lambda: healthy(store), "recovery")
        assert stored(path, "count(*) FROM sensor_readings WHERE ts >= 1781000400015") == 10
