"""CSV: what comes out is what is stored and what the curves make of it; what goes in is looked over first."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from calibration_kit import BEGIN, DAY, METERS, hash_of_rows, plant, sunny, version
from store_kit import feeder, feeding

from tankwarden.errors import NotKnownError
from tankwarden.logic.energy import power_w
from tankwarden.logic.meters import Timeline
from tankwarden.store import Span, Store, export, pack_quality
from tankwarden.store.imports import CsvError
from tankwarden.store.rows import COLUMNS

pytestmark = pytest.mark.usefixtures("each_database")


def read(store: Store, timeline: Timeline, what: str, span: Span | None = None) -> list[dict[str, str]]:
    text = "".join(export(store.database, timeline, what, span or Span()))
    return list(csv.DictReader(io.StringIO(text)))


def test_measurements_raw_and_calibrated_each_by_the_curve_of_its_time(tmp_path: Path) -> None:
    rows = list(sunny(1, 300))
    rows[100] = replace(rows[100], quality=pack_quality({"voltage_1": "open"}))
    rows[101] = replace(rows[101], n=0)
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        calibrator.apply(version(end=BEGIN + DAY // 2), unit="V", who="tester")
        lines = read(store, calibrator.timeline, "measurements")
        assert [tuple(int(line[name]) for name in COLUMNS) for line in lines] == [row.values() for row in rows]
        for row, line in zip(rows, lines, strict=True):
            meter = calibrator.timeline.at(row.ts_ms - 1).circuits[0]
            if row.n == 0 or row.quality:
                assert line["voltage_1_v"] == line["power_1_w"] == ""
                assert (line["current_1_a"] == "") == (row.n == 0)
                continue
            watts = power_w(row.sums[2], row.sums[0], row.vi[0], row.n, meter.voltage, meter.current)
            assert float(line["power_1_w"]) == pytest.approx(watts, abs=6e-4)
            assert float(line["voltage_1_v"]) == pytest.approx(meter.voltage.value(row.sums[2] / row.n), abs=6e-4)
            assert float(line["temperature_1_degf"]) == pytest.approx(
                METERS.thermometers[0].curve.value(row.sums[4] / row.n), abs=6e-4
            )
        part = read(store, calibrator.timeline, "measurements", Span(BEGIN + 600_000, BEGIN + 1_200_000))
        assert [int(line["ts"]) for line in part] == [BEGIN + 900_000, BEGIN + 1_200_000]


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", []) as (store, calibrator):
        for what in ("measurements", "summaries", "feedings", "logs"):
            assert len("".join(export(store.database, calibrator.timeline, what, Span())).splitlines()) == 1
        with pytest.raises(NotKnownError, match="no export of 'cats': it is one of measurements"):
            export(store.database, calibrator.timeline, "cats", Span())


def test_summaries_feedings_and_the_log_quote_what_needs_it(tmp_path: Path) -> None:
    with plant(tmp_path / "a.db", sunny(1, 300)) as (store, calibrator):
        calibrator.catch_up()
        number = store.recorder.submit_feeder(feeder()).result()
        store.recorder.submit_feeding(feeding(number)).result()
        store.recorder.log("info", "test", 'he said "no",\nand went')
        store.recorder.flush()
        (line,) = read(store, calibrator.timeline, "logs")
        assert (line["category"], line["text"]) == ("test", 'he said "no",\nand went')
        (line,) = read(store, calibrator.timeline, "feedings")
        assert (line["status"], line["portion_g"]) == ("pending", "")
        days = read(store, calibrator.timeline, "summaries")
        assert [(line["day"], line["circuit"]) for line in days] == [
            ("2025-12-01", ""), ("2025-12-01", "east"), ("2025-12-01", "west"),
        ]  # fmt: skip
        assert float(days[1]["energy_wh"]) == calibrator.summaries(0, 1 << 60)[1].energy_wh


def test_what_was_exported_can_be_imported(tmp_path: Path) -> None:
    rows = list(sunny(1, 300))
    file = tmp_path / "rows.csv"
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        calibrator.catch_up()
        file.write_text("".join(export(store.database, calibrator.timeline, "measurements", Span())))
        days, fingerprint = calibrator.summaries(0, 1 << 60), hash_of_rows(store)
    with plant(tmp_path / "b.db", rows[:50]) as (store, calibrator):
        done = calibrator.take_in(file)
        assert (done.stored, done.known) == (len(rows) - 50, 50)
        assert hash_of_rows(store) == fingerprint
        assert calibrator.summaries(0, 1 << 60) == [
            pytest.approx(day) if isinstance(day, float) else day for day in days
        ]


def test_a_row_that_is_there_stays_as_it_was_measured(tmp_path: Path) -> None:
    rows = list(sunny(0.1, 300))
    other = [replace(row, n=row.n + 1) for row in rows]
    file = tmp_path / "rows.csv"
    with plant(tmp_path / "b.db", other) as (store, calibrator):
        file.write_text("".join(export(store.database, calibrator.timeline, "measurements", Span())))
    with plant(tmp_path / "a.db", rows) as (store, calibrator):
        fingerprint = hash_of_rows(store)
        assert calibrator.take_in(file).stored == 0
        assert hash_of_rows(store) == fingerprint


def edited(change: Callable[[list[str]], None]) -> str:
    lines = [",".join(COLUMNS), *(",".join(map(str, row.values())) for row in sunny(0.01, 60))]
    change(lines)
    return "\n".join(lines) + "\n"


def _field(lines: list[str], line: int, name: str, text: str) -> None:
    fields = lines[line - 1].split(",")
    fields[COLUMNS.index(name)] = text
    lines[line - 1] = ",".join(fields)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: _field(lines, 3, "n", "x"), "line 3: n is 'x': it must be a whole number"),
        (lambda lines: _field(lines, 4, "vi_1_sum", "-1"), "line 4: vi_1_sum is '-1'"),
        (lambda lines: _field(lines, 5, "quality", ""), "line 5: quality is ''"),
        (lambda lines: _field(lines, 5, "ts", str(1 << 63)), "line 5: ts is"),
        (lambda lines: lines.__setitem__(5, "1,2,3"), "line 6: it ends before current_1_sum"),
        (lambda lines: lines.append(lines[2]), "line 16: ts is .* in the order of time"),
        (lambda lines: lines.__setitem__(0, "ts,n"), "line 1: there is no column period_ms, current_1_sum"),
        (lambda lines: lines.clear(), "line 1: there is no column"),
        (lambda lines: lines.__delitem__(slice(1, None)), "it has no row"),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_nothing_is_imported(
    tmp_path: Path, change: Callable[[list[str]], None], says: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(edited(change))
    with plant(tmp_path / "a.db", []) as (store, calibrator):
        with pytest.raises(CsvError, match=says):
            calibrator.take_in(file)
        assert read(store, calibrator.timeline, "measurements") == []


def test_what_is_no_file_of_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"ts\xff\xfe")
    (tmp_path / "empty").write_bytes(b"")
    with plant(tmp_path / "a.db", []) as (_, calibrator):
        for name, says in (("binary", "cannot be read"), ("nowhere", "cannot be read"), ("empty", "it is empty")):
            with pytest.raises(CsvError, match=says):
                calibrator.take_in(tmp_path / name)


def test_after_two_dozen_wrong_lines_it_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(",".join(COLUMNS) + "\n" + "x\n" * 100)
    with plant(tmp_path / "a.db", []) as (_, calibrator), pytest.raises(CsvError, match="and perhaps more") as caught:
        calibrator.take_in(file)
    assert len(caught.value.errors) == 20
