"""Backups of the file: made while it is written, whole or not there; a damaged database comes back from the newest."""

import sqlite3
import threading
from pathlib import Path

import pytest
from store_kit import CALIBRATION, T0, event, healthy, opened, row, stored, wait_for

from tankwarden.errors import StoreError
from tankwarden.store import backups, open_store

DAY = 86_400_000


def filled(path: Path, count: int = 2000) -> Path:
    with opened(path) as store:
        store.recorder.measurements(row(T0 + k * 1000) for k in range(count))
        store.recorder.event(event())
    return path


def spoil(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xaa" * 4096 * 20)


def test_a_backup_is_whole_while_rows_and_events_go_on(tmp_path: Path) -> None:
    """Every backup holds the events up to some instant, and none behind it."""
    path = filled(tmp_path / "a.db", 20_000)
    done = threading.Event()
    with opened(path, batch_rows=10) as store:

        def write() -> None:
            number = 2
            while not done.is_set():
                store.recorder.event(event(number))
                store.recorder.measurement(row(T0 + 100_000_000 + number))
                number += 1

        writing = threading.Thread(target=write)
        writing.start()
        try:
            for k in range(3):
                backups.make(path, tmp_path / f"b{k}.db")
        finally:
            done.set()
            writing.join()
        assert store.recorder.status().error is None
    for k in range(3):
        copy = tmp_path / f"b{k}.db"
        assert backups.damage(copy) is None
        assert stored(copy, "max(journal_id) = count(*) FROM events") == 1
        assert stored(copy, "count(*) FROM measurements") >= 20_000
    assert not list(tmp_path.glob("*.part"))


def test_so_many_are_kept_and_other_files_are_left_alone(tmp_path: Path) -> None:
    path, folder = filled(tmp_path / "a.db", 10), tmp_path / "backups"
    for day in range(5):
        backups.make(path, folder / backups.name_at(T0 + day * DAY))
    (folder / "tankwarden-mine.db").touch()
    backups.keep_newest(folder, 2)
    assert [backups.made_ms(made) for made in backups.known(folder)] == [T0 + 4 * DAY, T0 + 3 * DAY]
    assert (folder / "tankwarden-mine.db").exists()


@pytest.mark.parametrize("fault", ["no database", "no folder", "damaged"])
def test_a_backup_that_cannot_be_made_says_why_and_leaves_nothing(tmp_path: Path, fault: str) -> None:
    source, target = tmp_path / "a.db", tmp_path / "backups" / "b.db"
    if fault != "no database":
        filled(source, 5000)
    if fault == "no folder":
        (tmp_path / "backups").write_text("a file")
    if fault == "damaged":
        spoil(source)
    said = {"no database": "there is no database", "no folder": "look at the rights", "damaged": "damaged|malformed"}
    with pytest.raises(StoreError, match=said[fault]):
        backups.make(source, target)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part" or path == target]


def test_a_damaged_database_comes_back_from_the_newest_whole_backup(tmp_path: Path) -> None:
    """The newest of all is damaged, too: the one before it is taken."""
    path, folder = filled(tmp_path / "a.db"), tmp_path / "backups"
    good, newer = folder / backups.name_at(T0 - DAY), folder / backups.name_at(T0)
    backups.make(path, good)
    with opened(path) as store:
        store.recorder.event(event(2))
    backups.make(path, newer)
    spoil(newer)
    spoil(path)
    content = path.read_bytes()
    with open_store(path, wall_ms=lambda: T0, backup_folder=folder) as store:
        assert store.note is not None
        assert f"the backup {good} was put in its place" in store.note
        assert (tmp_path / "a.db.damaged-20260609T102000Z").read_bytes() == content
        queries = store.queries(CALIBRATION)
        assert [e.journal_id for e in queries.events()] == [1]
        assert queries.logs()[0]["text"] == store.note
        assert store.recorder.event(event(2)) is True  # which the Pico tells again, for it was never acknowledged here
    assert backups.damage(good) is None


def test_a_database_that_is_damaged_while_it_runs_comes_back_too(tmp_path: Path) -> None:
    path, folder = filled(tmp_path / "a.db", 20_000), tmp_path / "backups"
    backups.make(path, folder / backups.name_at(T0))
    with open_store(path, wall_ms=lambda: T0, batch_rows=1, retry_s=0.03, backup_folder=folder) as store:
        spoil(path)
        with pytest.raises(StoreError, match="damaged"):
            store.queries(CALIBRATION).history(24, T0 + DAY // 4)
        store.recorder.measurement(row(T0 + DAY))
        wait_for(lambda: store.note and healthy(store), "restored database")
        store.recorder.flush()
        assert stored(path) == 20_001


def test_a_backup_is_put_back_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    backup = tmp_path / "b.db"
    backups.make(path, backup)
    with opened(path) as store:
        store.recorder.event(event(2))
    kept = backups.restore(backup, path, T0)
    assert kept is not None
    assert (stored(path, "count(*) FROM events"), stored(kept, "count(*) FROM events")) == (1, 2)
    assert backups.restore(backup, tmp_path / "new" / "a.db", T0) is None
    assert stored(tmp_path / "new" / "a.db", "count(*) FROM events") == 1


def test_a_backup_that_is_not_whole_is_not_put_back(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    strange = tmp_path / "strange.db"
    sqlite3.connect(strange).execute("CREATE TABLE something (x)").connection.close()
    damaged = filled(tmp_path / "damaged.db")
    spoil(damaged)
    before = path.read_bytes()
    for backup in (strange, damaged, tmp_path / "none.db"):
        with pytest.raises(StoreError, match=r"no whole backup|no backup"):
            backups.restore(backup, path, T0)
    assert path.read_bytes() == before


def test_a_backup_where_none_can_be_written_says_so(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    folder = tmp_path / "backups"
    folder.write_text("a file, which stops root as well as others")
    with pytest.raises(StoreError, match="look at the rights"):
        backups.make(path, folder / "b.db")
