"""The schema: made by migrations, equal to the models, taken back and made again with data in."""

import sqlite3
from pathlib import Path

import pytest
import store_kit
from peewee import Database, SqliteDatabase
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models
from store_kit import CALIBRATION, T0, error, event, feeder, feeding, opened, row, stored, wait_for

from tankwarden.errors import StoreError
from tankwarden.logic.food import Food
from tankwarden.logic.health import Minute
from tankwarden.logic.quality import Quality
from tankwarden.logic.waveform import Waveform
from tankwarden.store import Begun, NewerDatabaseError, ReadingRow
from tankwarden.store.database import MIGRATIONS, migrate_to, versions
from tankwarden.store.models import MODELS, SystemLog
from tankwarden.store.store import database_at


def filled(path: Path) -> Path:
    """A database with something in every table."""
    with opened(path) as store:
        store.recorder.measurements([row(T0 + k * 1000) for k in range(100)])
        store.recorder.event(event())
        store.recorder.log("info", "start", "it starts")
        store.recorder.config_set("a", 1)
    return path


def tables(path: Path) -> dict[str, int]:
    """Each table and how many rows it has, but for those that SQLite keeps for its index of words."""
    connection = sqlite3.connect(path)
    every = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    names = [name for (name,) in every if not name.startswith("system_logs_words")]
    counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    connection.close()
    return counts


def test_what_the_migrations_make_is_what_the_models_say(tmp_path: Path) -> None:
    db = SqliteDatabase(str(filled(tmp_path / "a.db")))
    difference = diff_models(db, list(MODELS))
    db.close()
    assert not difference, difference


def test_a_model_that_differs_would_be_noticed(tmp_path: Path) -> None:
    """The test above can fail."""
    path = filled(tmp_path / "a.db")
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE claims DROP COLUMN why")
    connection.close()
    db = SqliteDatabase(str(path))
    assert diff_models(db, list(MODELS))
    db.close()


def test_every_migration_goes_down_and_up_again_with_data_in(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    assert tables(path)["measurements"] == 100
    made = {name for name in tables(path) if name != "schema_migration"}
    db = SqliteDatabase(str(path))
    runner = Runner(db, str(MIGRATIONS))
    names = [migration.name for migration in runner.migrations()]
    assert runner.down(names[0]) == names[::-1]
    assert not made & set(tables(path))
    assert runner.up() == names
    assert {name: count for name, count in tables(path).items() if name in made} == dict.fromkeys(made, 0)
    db.close()
    with opened(path) as store:
        assert store.recorder.event(event()) is True


def migrate(path: Path, way: str, target: str) -> None:
    db = SqliteDatabase(str(path))
    getattr(Runner(db, str(MIGRATIONS)), way)(target)
    db.close()


def test_waveforms_come_to_a_database_that_has_none_and_go_again_without_touching_the_rest(tmp_path: Path) -> None:
    """From 0001 with data in, to 0002 and back, and up again: what was there stays."""
    path = filled(tmp_path / "a.db")
    migrate(path, "down", "0002_trip_waveforms")
    first = tables(path)
    assert first["measurements"] == 100
    assert first["events"] == 1
    assert "trip_waveforms" not in first
    with opened(path) as store:  # opening brings it up
        waveform = Waveform(board_id="e66038b7", boot_id=77, journal_id=1, samples=bytes(24))
        assert store.recorder.submit_waveform(waveform).result() is True
        ((event, kept),) = store.queries(CALIBRATION).trips()
        assert (event.journal_id, kept) == (1, True)
    migrate(path, "down", "0003_feeders")
    second = tables(path)
    assert second == first | {"trip_waveforms": 1, "schema_migration": 2}
    migrate(path, "down", "0002_trip_waveforms")
    assert tables(path) == first
    migrate(path, "up", "0002_trip_waveforms")
    assert tables(path) == second | {"trip_waveforms": 0}


FEEDERS = ("feeders", "feeder_schedule", "feeding_history")


@pytest.mark.parametrize("before", ["0001_first", "0002_trip_waveforms"])
def test_feeders_come_to_every_earlier_database_and_go_again_without_touching_the_rest(
    tmp_path: Path, before: str
) -> None:
    path = filled(tmp_path / "a.db")
    migrate(path, "down", "0003_feeders" if before == "0002_trip_waveforms" else "0002_trip_waveforms")
    first = tables(path)
    assert not set(FEEDERS) & set(first)
    with opened(path) as store:  # opening brings it up
        number = store.recorder.submit_feeder(feeder()).result()
        assert store.recorder.submit_feeding(feeding(number)).result() is Begun.STORED
        assert [row.feeder for row in store.feeder_queries().feedings()] == [number]
    second = tables(path)
    assert {name: second[name] for name in FEEDERS} == {"feeders": 1, "feeder_schedule": 1, "feeding_history": 1}
    assert {name: second[name] for name in ("measurements", "events")} == {"measurements": 100, "events": 1}
    migrate(path, "down", "0003_feeders")
    assert {name: count for name, count in tables(path).items() if name in first and name != "schema_migration"} == {
        name: count for name, count in first.items() if name != "schema_migration"
    }
    assert not set(FEEDERS) & set(tables(path))
    migrate(path, "up", "0003_feeders")
    assert {name: tables(path)[name] for name in FEEDERS} == dict.fromkeys(FEEDERS, 0)


Content = dict[str, list[dict[str, object]]]


def content(db: Database) -> Content:
    """Every table of ours that there is, and its rows, as far as this version's tables go."""
    there = set(db.get_tables())
    told: Content = {}
    for model in MODELS:
        name = str(model._meta.table_name)
        if name in there:
            columns = {column.name for column in db.get_columns(name)}
            fields = [field for field in model._meta.sorted_fields if field.column_name in columns]
            rows = model.select(*fields).dicts().execute(db)
            told[name] = sorted(
                ({k: bytes(v) if isinstance(v, memoryview) else v for k, v in each.items()} for each in rows), key=repr
            )
    if "config" in there:  # what the program remembers of its own tables goes with them
        told["config"] = [each for each in told["config"] if each["key"] == "a"]
    return told


def known_to(below: Content, told: Content) -> Content:
    """`told`, as far as `below` has tables and columns for it."""
    return {
        name: sorted(({key: row[key] for key in (rows[0] if rows else row)} for row in told[name]), key=repr)
        for name, rows in below.items()
    }


NUMBERS = range(len(list(MIGRATIONS.glob("0*.py"))) + 1)


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("low", NUMBERS)
def test_to_every_earlier_version_and_back_what_both_know_stays(tmp_path: Path, low: int) -> None:
    """Filled by today's program, down to that version, and up again: what was there below is there above, untouched."""
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.measurements([row(T0 + k * 1000) for k in range(200)])
        store.recorder.reading(ReadingRow("ph", T0, 7.0, Quality.OK))
        store.recorder.event(event())
        waveform = Waveform(board_id="e66038b7", boot_id=77, journal_id=1, samples=bytes(24))
        store.recorder.submit_waveform(waveform).result()
        food = store.recorder.submit_food(Food(name="Pellets", protein=45.0, stock_g=250.0)).result()
        number = store.recorder.submit_feeder(feeder(food=food)).result()
        store.recorder.submit_feeding(feeding(number)).result()
        store.recorder.submit_health([Minute(ts_ms=T0, cpu_percent=12.5)]).result()
        store.recorder.log("info", "start", "it starts")
        store.recorder.config_set("a", 1)
    database = database_at(store_kit.place(path))
    db = database.connect()
    newest = versions(db)[1]
    above = content(db)
    migrate_to(db, database.name, low)
    below = content(db)
    assert versions(db)[0] == low
    assert known_to(below, above) == below
    migrate_to(db, database.name, newest)
    again = content(db)
    assert known_to(below, again) == below
    assert set(again) == set(above)
    assert all(not rows for name, rows in again.items() if name not in below)
    database.close()
    with opened(path) as store:
        assert store.recorder.event(event()) is (low == 0)
        store.recorder.log("info", "start", "again")
        store.recorder.flush()
        assert error(store) == ""
        if low:  # made of the rows again, if they were lost

            def minutes() -> int:
                return stored(path, "count(*) FROM measurement_minutes")

            wait_for(lambda: minutes() == len(above["measurement_minutes"]), "minutes")


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize(("to", "said"), [(99, "from 0 to"), (-1, "from 0 to")])
def test_a_version_that_there_is_not_is_refused(tmp_path: Path, to: int, said: str) -> None:
    opened(tmp_path / "a.db").close()
    database = database_at(store_kit.place(tmp_path / "a.db"))
    with pytest.raises(StoreError, match=said):
        migrate_to(database.connect(), database.name, to)
    database.close()


@pytest.mark.usefixtures("each_database")
def test_what_the_migrations_make_on_either_database_is_what_the_models_say(tmp_path: Path) -> None:
    opened(tmp_path / "a.db").close()
    database = database_at(store_kit.place(tmp_path / "a.db"))
    difference = diff_models(database.connect(), [model for model in MODELS if model is not SystemLog])
    database.close()
    assert not difference, difference


def test_up_runs_once(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    before = tables(path)
    opened(path).close()
    assert tables(path) == before


def test_a_database_of_a_later_tankwarden_is_left_alone(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabaseError, match=r"9999_later.*update this one"):
        opened(path)
    assert path.read_bytes() == before


def test_the_instant_is_the_rowid(tmp_path: Path) -> None:
    """INTEGER PRIMARY KEY: no second index, and rows lie in the order of time."""
    connection = sqlite3.connect(filled(tmp_path / "a.db"))
    assert connection.execute("SELECT count(*) FROM measurements WHERE rowid = ts").fetchone() == (100,)
    indexes = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'measurements'"
    )
    assert indexes.fetchone() == (0,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_folders_are_made_and_urls_understood(tmp_path: Path) -> None:
    opened(tmp_path / "new" / "folder" / "a.db").close()
    assert (tmp_path / "new" / "folder" / "a.db").is_file()
    opened(f"sqlite:///{tmp_path}/with%20space.db").close()
    assert (tmp_path / "with space.db").is_file()


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "sqlite:///"])
def test_a_url_of_another_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="give a path"):
        opened(url)
