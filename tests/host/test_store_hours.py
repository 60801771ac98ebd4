"""Hours for long charts: they say what minutes say, and are not believed once what they are made of has changed."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import store_kit
from calibration_kit import BEGIN, DAY, METERS, plant, sunny, version
from store_kit import HOUR, opened, row, stored

from tankwarden.logic import ph
from tankwarden.logic.calibration import Version
from tankwarden.logic.meters import Calibration, Probe
from tankwarden.logic.ph import Buffer
from tankwarden.logic.quality import Quality
from tankwarden.store import Calibrator, ReadingRow, Store, exchange, hours
from tankwarden.store.hours_made import told
from tankwarden.store.store import database_at

NAMES = ("east.power", "west.power", "east.voltage", "east.temperature")
DAYS = 2

pytestmark = pytest.mark.usefixtures("each_database")


def charts(store: Store, calibrator: Calibrator) -> dict[str, Any]:
    """Of every series, in buckets of an hour, of two, and of a day, by readers that remember nothing."""
    queries = store.queries(METERS)
    queries.recalibrated(calibrator.timeline)
    end = BEGIN + DAYS * DAY
    return {
        f"{name} {points}": queries.series(name, BEGIN, end, points) for name in NAMES for points in (49, 25, 10)
    } | {"history": queries.history(24.0 * 90, end)}


def numbers(part: Any, path: str = "") -> dict[str, Any]:
    """Every leaf by its way to it."""
    if isinstance(part, dict | list):
        inner = part.items() if isinstance(part, dict) else enumerate(part)
        return {name: leaf for key, each in inner for name, leaf in numbers(each, f"{path}/{key}").items()}
    return {path: part}


def same(one: Any, other: Any) -> None:
    """Up to the order in which doubles are added."""
    mine, theirs = numbers(one), numbers(other)
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        close = isinstance(value, float) and isinstance(theirs[name], float) and abs(value - theirs[name]) < 1e-6
        assert close or value == theirs[name], name


def all_hours(calibrator: Calibrator) -> int:
    """Make all that can be made; in how many portions."""
    portions = 0
    while calibrator.make_hours():
        portions += 1
    return portions


def reach(store: Store, base: Calibration = METERS) -> float:
    """How many hours can be believed."""
    with store.database.reading() as db:
        begin, end = hours.believed(db, base)
    return (end - begin) / HOUR


def test_charts_from_hours_are_those_from_minutes(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(DAYS, 60)) as (store, calibrator):
        before = charts(store, calibrator)
        assert all_hours(calibrator) == 1
        assert reach(store) == DAYS * 24
        assert stored(tmp_path / "a.db", "count(*) FROM series_hours") > DAYS * 24 * len(NAMES)
        same(charts(store, calibrator), before)
        assert all_hours(calibrator) == 0


def test_they_are_what_is_read(tmp_path: Path) -> None:
    """The test above compares two different ways."""
    with plant(tmp_path / "a.db", sunny(DAYS, 60)) as (store, calibrator):
        all_hours(calibrator)
        store.recorder.submit_write(lambda db: db.execute_sql("UPDATE series_hours SET high = 12345.0")).result()
        found = charts(store, calibrator)
        assert found["east.power 49"]["high"][12] == 12345.0
        assert store.queries(METERS).series("east.power", BEGIN, BEGIN + 2 * HOUR, 2000)["high"][0] != 12345.0


@pytest.mark.parametrize("begin", [None, BEGIN + DAY + 90 * 60_000])
def test_a_calibration_and_its_undoing_spoil_what_they_change(tmp_path: Path, begin: int | None) -> None:
    with plant(tmp_path / "a.db", sunny(DAYS, 60)) as (store, calibrator):
        all_hours(calibrator)
        before = charts(store, calibrator)
        number = calibrator.apply(version(begin=begin), unit="V", who="me")
        assert reach(store) == (0 if begin is None else 25)
        changed = charts(store, calibrator)
        assert changed["east.power 49"] != before["east.power 49"]
        all_hours(calibrator)
        assert reach(store) == DAYS * 24
        same(charts(store, calibrator), changed)
        calibrator.undo(number, who="me")
        same(charts(store, calibrator), before)
        all_hours(calibrator)
        same(charts(store, calibrator), before)


def test_rows_that_come_late_spoil_what_they_change(tmp_path: Path) -> None:
    rows = list(sunny(DAYS, 60))
    late = [each for each in rows if BEGIN + DAY < each.ts_ms <= BEGIN + DAY + HOUR]
    with plant(tmp_path / "b.db", rows) as (store, calibrator):
        want = charts(store, calibrator)
    with plant(tmp_path / "a.db", (each for each in rows if each not in late)) as (store, calibrator):
        all_hours(calibrator)
        store.recorder.measurements(late)
        assert reach(store) == 23
        same(charts(store, calibrator), want)
        all_hours(calibrator)
        assert reach(store) == DAYS * 24
        same(charts(store, calibrator), want)


def test_rows_of_before_the_first_hour_begin_it_all_anew(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(1, 60, BEGIN + DAY)) as (store, calibrator):
        all_hours(calibrator)
        store.recorder.measurements(sunny(1, 60, BEGIN))
        assert reach(store) == 0
        want = charts(store, calibrator)
        all_hours(calibrator)
        assert reach(store) == DAYS * 24
        same(charts(store, calibrator), want)


def test_other_scales_in_the_configuration_begin_it_all_anew(tmp_path: Path) -> None:
    other = replace(METERS, max_gap_s=61.0)
    with plant(tmp_path / "a.db", sunny(1, 60)) as (store, calibrator):
        all_hours(calibrator)
        assert reach(store) == 24
        assert reach(store, other) == 0


class Interrupted:
    """A recorder that stores something else before it stores what it is given."""

    def __init__(self, store: Store, first: Callable[[], object]) -> None:
        self._recorder, self._first = store.recorder, first

    def submit_write(self, write: Callable[[Any], Any]) -> "Future[Any]":
        self._first()
        return self._recorder.submit_write(write)


def test_what_was_reckoned_before_a_late_row_came_is_not_stored(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(DAYS, 60)) as (store, calibrator):
        all_hours(calibrator)
        calibrator.apply(version(begin=BEGIN + DAY), unit="V", who="me")
        late = row(BEGIN + DAY + HOUR + 500, (4000, 4000))
        recorder: Any = Interrupted(store, lambda: store.recorder.measurements([late]))
        assert hours.make(store.database, recorder, METERS) is True
        assert reach(store) == 24
        want = charts(store, calibrator)
        assert all_hours(calibrator) == 1
        same(charts(store, calibrator), want)


def test_an_import_brings_no_hours(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(1, 60)) as (store, calibrator):
        all_hours(calibrator)
        with store.database.reading() as db:
            exchange.write(tmp_path / "x.jsonl", db, configuration=None, measurements=False, now_ms=0, made_by="1")
    database = database_at(store_kit.place(tmp_path / "b.db"))
    database.open(check=False)
    with database.writing(durable=True) as db:
        exchange.read(tmp_path / "x.jsonl", db, 0)
    database.close()
    with opened(tmp_path / "b.db") as store, store.database.reading() as db:
        assert told(db) is None
        assert exchange.write(tmp_path / "y.jsonl", db, configuration=None, measurements=True, now_ms=0, made_by="1")


def test_nothing_measured_makes_no_hours(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", ()) as (store, calibrator):
        assert all_hours(calibrator) == 0
        assert reach(store) == 0


WATER = replace(METERS, probes=(Probe("water", "°F"), Probe("ph", "mV")))


@pytest.mark.parametrize("pico", [True, False])
def test_readings_of_other_probes_have_hours_too(tmp_path: Path, pico: bool) -> None:
    """Compensated ones, with a late reading of the temperature that they go by; also where there is no Pico at all."""
    rows = sunny(1, 60) if pico else ()
    with plant(tmp_path / "a.db", rows, meters=WATER) as (store, calibrator):
        for k in range(24 * 20 + 1):
            at = BEGIN + k * 180_000
            store.recorder.reading(ReadingRow("ph", at, 10.0 * (k % 13), Quality.OK))
            if not 200 < k < 210:
                store.recorder.reading(ReadingRow("water", at - 1, 70.0 + k % 9, Quality.OK))
        store.recorder.flush()
        electrode = ph.calibrate([Buffer(177.0, 4.01), Buffer(0.5, 7.0)], 25.0)
        told = ph.parameters_of(electrode, "sensor.water")
        wish = Version(0, "sensor.ph", electrode.points, BEGIN + 3 * HOUR, None, BEGIN, unit="pH", parameters=told)
        all_hours(calibrator)
        calibrator.apply(wish, unit="pH", who="me")

        def chart() -> Any:
            queries = store.queries(WATER)
            queries.recalibrated(calibrator.timeline)
            return queries.series("sensor.ph", BEGIN, BEGIN + DAY, 25)

        assert reach(store, WATER) == 3  # the first reading is of the hour before
        before = chart()
        assert all_hours(calibrator) == 1
        assert reach(store, WATER) == 25
        same(chart(), before)
        store.recorder.reading(ReadingRow("water", BEGIN + 205 * 180_000, 104.0, Quality.OK))
        store.recorder.flush()
        assert reach(store, WATER) == 11
        changed = chart()
        assert changed != before
        all_hours(calibrator)
        same(chart(), changed)


def test_a_late_row_takes_the_summary_of_its_day_away(tmp_path: Path) -> None:
    rows = list(sunny(DAYS, 60))
    with plant(tmp_path / "a.db", (each for each in rows if each is not rows[700])) as (store, calibrator):
        assert calibrator.catch_up() == DAYS
        store.recorder.measurements([rows[700]])
        assert {each.day.begin_ms for each in calibrator.summaries(0, 1 << 62)} == {BEGIN + DAY}
        assert calibrator.catch_up() == 1
        assert calibrator.catch_up() == 0
