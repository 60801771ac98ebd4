"""Recalibration in the database: no row is touched, days are reckoned anew, and everything can be taken back."""

from dataclasses import replace
from pathlib import Path

import pytest
from calibration_kit import BEGIN, BENT, DAY, METERS, ZONE, hash_of_rows, plain_wh, plant, sunny, version
from store_kit import HOUR

from tankwarden.errors import NotKnownError, NotNowError
from tankwarden.logic.calibration import CalibrationError, Curve
from tankwarden.logic.meters import Timeline
from tankwarden.store import Calibrator, Store
from tankwarden.store.calibrator import Progress
from tankwarden.store.dialect import execute
from tankwarden.store.summaries import TOTAL

pytestmark = pytest.mark.usefixtures("each_database")
MINUTE = 60_000


def kwh(calibrator: Calibrator, circuit: str = "east") -> dict[str, float]:
    return {
        each.day.name: each.energy_wh / 1000 for each in calibrator.summaries(0, 1 << 60) if each.circuit == circuit
    }


def run(store: Store, statement: str, **parameters: object) -> list[tuple[object, ...]]:
    """One statement through the one writer."""
    future = store.recorder.submit_write(lambda db: _fetched(db, statement, parameters))
    return future.result()


def _fetched(db: object, statement: str, parameters: dict[str, object]) -> list[tuple[object, ...]]:
    cursor = execute(db, statement, parameters)  # type: ignore[arg-type]  # peewee's, which has no types
    return list(cursor.fetchall()) if cursor.description else []


def test_apply_and_undo_change_the_kwh_and_not_one_row(tmp_path: Path) -> None:
    rows = list(sunny(3, 60))
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        assert calibrator.catch_up() == 3
        before, fingerprint = kwh(calibrator), hash_of_rows(store)
        assert list(before) == ["2025-12-01", "2025-12-02", "2025-12-03"]
        second = BEGIN + DAY
        wanted = version(begin=second, end=second + DAY)
        (shown,) = [each for each in calibrator.preview(wanted) if each.circuit == "east"]
        assert kwh(calibrator) == before
        number = calibrator.apply(wanted, unit="V", who="tester")
        after = kwh(calibrator)
        assert {day: value for day, value in after.items() if day != "2025-12-02"} == {
            day: value for day, value in before.items() if day != "2025-12-02"
        }
        timeline = Timeline(METERS, [replace(wanted, id=1)])
        expected = plain_wh(rows, timeline, second, second + DAY) / 1000
        assert after["2025-12-02"] == pytest.approx(expected, rel=1e-9)
        assert shown.after_kwh == pytest.approx(after["2025-12-02"])
        assert shown.change_kwh == pytest.approx(after["2025-12-02"] - before["2025-12-02"])
        assert after["2025-12-02"] > before["2025-12-02"] * 1.02
        assert kwh(calibrator, TOTAL)["2025-12-02"] == pytest.approx(
            after["2025-12-02"] + kwh(calibrator, "west")["2025-12-02"]
        )
        calibrator.undo(number, who="tester")
        assert kwh(calibrator) == before
        assert hash_of_rows(store) == fingerprint
        assert [(each.id, each.undone_ms is not None) for each in calibrator.versions()] == [(number, True)]


def test_reckoning_again_gives_the_same_numbers(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(2, 60)) as (_, calibrator):
        calibrator.catch_up()
        first = calibrator.summaries(0, 1 << 60)
        assert calibrator.catch_up() == 0
        calibrator.renew_days(BEGIN, BEGIN + 2 * DAY)
        assert calibrator.summaries(0, 1 << 60) == first


def test_progress_is_told_day_by_day(tmp_path: Path) -> None:
    told: list[Progress] = []
    with plant(tmp_path / "a.db", sunny(3, 300)) as (_, calibrator):
        calibrator.apply(version(), unit="V", who="tester", told=told.append)
        assert [(each.done, each.of) for each in told] == [(1, 3), (2, 3), (3, 3)]
        assert calibrator.progress == Progress()


def test_only_one_recalibration_at_a_time(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(2, 300)) as (_, calibrator):

        def meanwhile(_: Progress) -> None:
            with pytest.raises(NotNowError, match="recalibration is going on"):
                calibrator.undo(1, who="another")

        calibrator.apply(version(), unit="V", who="tester", told=meanwhile)


def test_what_was_interrupted_is_made_up_for(tmp_path: Path) -> None:
    """Killed after the version was stored: days are missing, and not wrong."""
    with plant(tmp_path / "a.db", sunny(3, 300)) as (_, calibrator):
        calibrator.catch_up()

        def killed(_: Progress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            calibrator.apply(version(), unit="V", who="tester", told=killed)
        assert kwh(calibrator) == {}
        assert calibrator.catch_up() == 3
        assert kwh(calibrator)["2025-12-01"] > 0


def test_a_version_that_is_not_there_cannot_be_undone(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(1, 300)) as (_, calibrator):
        with pytest.raises(NotKnownError, match="no calibration 7"):
            calibrator.undo(7, who="tester")
        number = calibrator.apply(version(), unit="V", who="tester")
        calibrator.undo(number, who="tester")
        with pytest.raises(NotKnownError, match="that stands"):
            calibrator.undo(number, who="tester")


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [
        (BEGIN + 1, None, "whole minute"),
        (BEGIN, BEGIN, "end before it begins"),
        (BEGIN, BEGIN - DAY, "before it begins"),
    ],
)
def test_a_span_that_is_none_is_refused(tmp_path: Path, begin: int, end: int | None, says: str) -> None:
    with plant(tmp_path / "a.db", []) as (_, calibrator):
        with pytest.raises(CalibrationError, match=says):
            calibrator.apply(version(begin=begin, end=end), unit="V", who="tester")
        assert calibrator.versions() == []


def test_live_figures_follow(tmp_path: Path) -> None:
    """What the page sums up goes by the versions, too, and forgets what it remembered by others."""
    rows = list(sunny(1, 60))
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        queries = store.queries(METERS)
        calibrator.changed = queries.recalibrated
        noon = BEGIN + DAY // 2
        before = queries.energy_wh("east", BEGIN, noon)
        chart = queries.history(6, noon)["series"]["power_w"]["east"]
        calibrator.apply(version(end=BEGIN + 11 * HOUR), unit="V", who="tester")
        after = queries.energy_wh("east", BEGIN, noon)
        assert after == pytest.approx(plain_wh(rows, queries.timeline, BEGIN, noon), rel=1e-9)
        assert after > before * 1.01
        now = queries.history(6, noon)["series"]["power_w"]["east"]
        assert now[-1] == pytest.approx(chart[-1])
        assert max(now[:150]) > max(chart[:150]) * 1.01


# -- moments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [((0.0, 3.0), (4000.0, 507.0)), BENT], ids=["straight", "bent"])
def test_moments_say_what_their_rows_say(tmp_path: Path, points: tuple[tuple[float, float], ...]) -> None:
    """Also where a curve bends within a minute: there the rows are asked."""
    rows = list(sunny(1, 20))
    with plant(tmp_path / "a.db", rows) as (_, calibrator):
        calibrator.catch_up()
        calibrator.apply(version(points=points), unit="V", who="tester")
        (east, _, total) = sorted(calibrator.summaries(0, 1 << 60), key=lambda each: each.circuit or "~")
        expected = plain_wh(rows, calibrator.timeline, BEGIN, BEGIN + DAY)
        assert east.energy_wh == pytest.approx(expected, rel=1e-9)
        assert east.energy_bound_wh == 0
        assert east.covered_s == 86_400
        assert total.energy_wh > east.energy_wh


@pytest.mark.parametrize(
    "points",
    [((0.0, 3.0), (4000.0, 507.0)), ((0.0, 0.0), (1500.0, 188.5), (2300.0, 291.0), (4000.0, 505.0))],
    ids=["straight", "bent"],
)
def test_thinned_data_recalibrate_within_a_thousandth(tmp_path: Path, points: tuple[tuple[float, float], ...]) -> None:
    rows = list(sunny(1, 5))
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        calibrator.catch_up()
        run(store, "DELETE FROM measurements")
        store.recorder.config_set("raw_from_ms", BEGIN + DAY)  # as thinning leaves it
        calibrator.apply(version(points=points), unit="V", who="tester")
        east = next(each for each in calibrator.summaries(0, 1 << 60) if each.circuit == "east")
        expected = plain_wh(rows, calibrator.timeline, BEGIN, BEGIN + DAY)
        assert east.energy_wh == pytest.approx(expected, rel=1e-3 if len(points) > 2 else 1e-9)
        assert abs(east.energy_wh - expected) <= east.energy_bound_wh + 1e-6
        assert (east.energy_bound_wh > 0) == (len(points) > 2)


def test_a_row_that_comes_late_takes_its_minutes_moments_away(tmp_path: Path) -> None:
    rows = list(sunny(1, 60))
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        calibrator.catch_up()
        noon = next(row for row in rows if row.ts_ms == BEGIN + DAY // 2)
        store.recorder.measurements([replace(noon, vi=(0, 0), sums=tuple(0 for _ in noon.sums))])
        rows[rows.index(noon)] = replace(noon, vi=(0, 0), sums=tuple(0 for _ in noon.sums))
        assert calibrator.renew_days(BEGIN, BEGIN + DAY) == 1
        expected = plain_wh(rows, calibrator.timeline, BEGIN, BEGIN + DAY) / 1000
        assert kwh(calibrator)["2025-12-01"] == pytest.approx(expected, rel=1e-9)


def test_peaks_and_temperatures_of_a_day(tmp_path: Path) -> None:
    rows = list(sunny(1, 60))
    with plant(tmp_path / "a.db", rows) as (_, calibrator):
        calibrator.catch_up()
        east, west, total = (
            next(each for each in calibrator.summaries(0, 1 << 60) if each.circuit == name)
            for name in ("east", "west", TOTAL)
        )
        watts = {
            row.ts_ms: (row.sums[2] / 20 / 8) * ((row.sums[0] / 20 - 400) / 3600 * 14) for row in rows
        }  # fmt: skip
        best = max(watts, key=lambda ts: (watts[ts], -ts))
        assert east.peak_w == pytest.approx(watts[best], rel=1e-4)
        assert east.peak_ms == best
        assert total.peak_w == pytest.approx((east.peak_w or 0) + (west.peak_w or 0), rel=1e-9)
        curve = METERS.thermometers[0].curve
        values = [curve.value(row.sums[4] / 20) for row in rows]
        assert (east.low, east.high) == pytest.approx((min(values), max(values)))
        assert (west.low, west.high) == (None, None)


# -- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "day", "hours"),
    [
        (1_774_738_800_000, "2026-03-29", 23),
        (1_792_879_200_000, "2026-10-25", 25),
        (1_780_264_800_000, "2026-06-01", 24),
    ],
)
def test_a_day_of_the_clocks_change_has_its_own_length(tmp_path: Path, begin: int, day: str, hours: int) -> None:
    """A constant kilowatt: as many kWh as the day has hours."""
    flat = [
        replace(row, sums=tuple(20 * c for c in (1600, 400, 1600, 0, 2000, 0, 0, 0)), vi=(20 * 1600 * 1600, 0))
        for row in sunny(2, 60, begin - 6 * HOUR)
    ]
    watts = 200.0 * (1200 / 3600 * 14)
    with plant(tmp_path / "a.db", flat, zone="Europe/Berlin", now_ms=begin + 5 * DAY) as (_, calibrator):
        calibrator.catch_up()
        (found,) = [
            each for each in calibrator.summaries(0, 1 << 60) if each.day.name == day and each.circuit == "east"
        ]
        assert found.day.hours == hours
        assert found.energy_wh == pytest.approx(watts * hours, rel=1e-4)


def test_today_is_not_summed_up_before_it_is_over(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(1.5, 300), now_ms=BEGIN + 3 * DAY // 2) as (_, calibrator):
        calibrator.catch_up()
        assert list(kwh(calibrator)) == ["2025-12-01"]


def test_the_zone_is_the_sites() -> None:
    assert ZONE == "America/Phoenix"
    assert Curve(BENT).breaks == (1500,)
