"""The store as one readable file: whatever it held comes back, from either database into either; or nothing does."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import store_kit
from store_kit import CALIBRATION, T0, event, feeder, feeding, opened, row, stored

from tankwarden.errors import StoreError
from tankwarden.logic.quality import Quality
from tankwarden.logic.waveform import Waveform
from tankwarden.store import ReadingRow, Store, exchange
from tankwarden.store.backups import FEEDINGS_UNKNOWN
from tankwarden.store.models import MODELS, TripWaveform
from tankwarden.store.store import database_at

pytestmark = pytest.mark.usefixtures("each_database")


def fill(store: Store) -> None:
    """Something in every table that a recorder writes."""
    recorder = store.recorder
    recorder.measurements(row(T0 + k * 1000) for k in range(12_000))  # more than two portions
    recorder.reading(ReadingRow("ph", T0, 7.25, Quality.OK))
    recorder.reading(ReadingRow("ph", T0 + 1, None, Quality.OPEN))
    recorder.event(event())
    recorder.event(event(None, text="Grüße, “quoted”\n"))
    recorder.submit_waveform(
        Waveform(board_id="e66038b7", boot_id=77, journal_id=1, samples=bytes(range(240)))
    ).result()
    recorder.submit_feeding(feeding(recorder.submit_feeder(feeder()).result())).result()
    recorder.config_set("a", {"b": 1})
    recorder.log("info", "test", "a line")
    recorder.flush()


def content(store: Store) -> dict[str, list[dict[str, Any]]]:
    with store.database.reading() as db:
        return {
            model._meta.table_name: sorted(
                (
                    {k: bytes(v) if isinstance(v, memoryview) else v for k, v in each.items()}
                    for each in model.select().dicts().execute(db)
                ),
                key=repr,
            )
            for model in MODELS
        }


def write(store: Store, path: Path, *, measurements: bool = True) -> int:
    with store.database.reading() as db:
        return exchange.write(path, db, configuration="[site]\n", measurements=measurements, now_ms=T0, made_by="0.1")


def read(path: Path, where: str | Path, taken: Callable[[str], None] = lambda _: None) -> int:
    database = database_at(where)
    database.open(check=False)
    try:
        with database.writing(durable=True) as db:
            return exchange.read(path, db, T0, take_configuration=taken)
    finally:
        database.close()


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
def test_all_of_it_comes_back(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / "a.db") as store:
        fill(store)
        before = content(store)
        assert write(store, tmp_path / name) == sum(map(len, before.values()))
    taken: list[str] = []
    where = store_kit.place(tmp_path / "c.db")
    assert read(tmp_path / name, where, taken.append) == sum(map(len, before.values()))
    assert taken == ["[site]\n"]
    unknown = {"key": FEEDINGS_UNKNOWN, "value": str(T0)}  # what was fed since, nobody knows
    with opened(tmp_path / "c.db") as store:
        assert content(store) == {**before, "config": sorted([*before["config"], unknown], key=repr)}
        assert store.recorder.event(event()) is False  # known
        assert store.recorder.event(event(2)) is True  # and new rows are numbered behind the old
        assert store.queries(CALIBRATION).events()[0].journal_id == 2


def test_from_a_server_into_a_file(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        fill(store)
        before = content(store)
        write(store, tmp_path / "all.jsonl")
    read(tmp_path / "all.jsonl", str(tmp_path / "file.db"))
    database = database_at(str(tmp_path / "file.db"))
    with database.reading() as db:
        assert [e["samples"] for e in TripWaveform.select().dicts().execute(db)] == [
            e["samples"] for e in before["trip_waveforms"]
        ]


def test_without_measurements_it_is_short(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        fill(store)
        assert write(store, tmp_path / "short.jsonl", measurements=False) < 20
    lines = [json.loads(line) for line in (tmp_path / "short.jsonl").read_text().splitlines()]
    assert lines[0]["tankwarden_export"] == 1
    assert lines[1] == {"configuration_file": "[site]\n"}
    assert "measurements" not in {line[0] for line in lines[2:]}
    assert "Grüße" in (tmp_path / "short.jsonl").read_text()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda _: ["no json"], "cannot be read as an export"),
        (lambda lines: ['{"a": 1}', *lines[1:]], "is no export"),
        (lambda lines: [lines[0].replace('"schema": ', '"schema": 99'), *lines[1:]], "of a later Tankwarden"),
        (lambda lines: [*lines[:3], '["nothing", {}]'], "line 4: this is no row"),
        (lambda lines: [*lines[:3], '["claims", {"colour": 1}]'], "line 4: claims has no colour"),
        (lambda lines: [*lines[:30], lines[30][:9]], "cannot be read as an export"),
        (lambda _: [], "is no export"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_nothing_is_imported(
    tmp_path: Path, spoilt: Callable[[list[str]], list[str]], said: str
) -> None:
    path = tmp_path / "all.jsonl"
    with opened(tmp_path / "a.db") as store:
        fill(store)
        write(store, path)
    path.write_text("\n".join(spoilt(path.read_text().splitlines())))
    with pytest.raises(StoreError, match=said):
        read(path, str(tmp_path / "new.db"))
    assert stored(tmp_path / "new.db") == 0


@pytest.mark.sqlite
def test_a_database_that_holds_something_is_not_imported_into(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        fill(store)
        write(store, tmp_path / "all.jsonl.gz")
    with gzip.open(tmp_path / "all.jsonl.gz") as file:
        assert file.readline().startswith(b"{")
    with pytest.raises(StoreError, match="holds something already"):
        read(tmp_path / "all.jsonl.gz", str(tmp_path / "a.db"))
