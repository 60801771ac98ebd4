"""A damaged or vanished database: set aside under a name that says when, never thrown away, and a new one begun."""

from collections.abc import Callable
from pathlib import Path

import pytest
from store_kit import CALIBRATION, HOUR, T0, event, healthy, opened, row, stored, wait_for

from tankwarden.errors import StoreError


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all, " * 1000)


def torn(path: Path) -> None:
    """Pages in the middle overwritten: SQLite opens it, and only a look at all of it tells."""
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xaa" * 4096 * 40)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4096 * 5 + 100)


def filled(path: Path) -> None:
    with opened(path) as store:
        store.recorder.measurements(row(T0 + k) for k in range(10_000))


@pytest.mark.parametrize("damage", [garbage, torn, cut])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "a.db"
    filled(path)
    damage(path)
    content = path.read_bytes()
    with opened(path) as store:
        kept = tmp_path / "a.db.damaged-20260609T102000Z"
        assert store.note
        assert "the database was damaged" in store.note
        assert f"kept as {kept}, and a new one was begun" in store.note
        assert kept.read_bytes() == content
        assert healthy(store)
        assert store.recorder.event(event()) is True
        assert [line["text"] for line in store.queries(CALIBRATION).logs()] == [store.note]
    with opened(path) as store:
        assert store.note is None


def test_a_second_damaged_file_does_not_replace_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    for _ in range(3):
        garbage(path)
        opened(path).close()
    assert len(list(tmp_path.glob("a.db.damaged-*"))) == 3


def test_the_companions_of_a_damaged_file_go_with_it(tmp_path: Path) -> None:
    """An old -wal beside a new file would be taken for its own."""
    path = tmp_path / "a.db"
    garbage(path)
    path.with_name("a.db-wal").write_bytes(b"old")
    opened(path).close()
    assert (tmp_path / "a.db.damaged-20260609T102000Z-wal").read_bytes() == b"old"


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    with opened(path) as store:
        assert store.note is None
        assert healthy(store)


def test_a_file_damaged_while_it_runs_is_set_aside_and_waiting_rows_go_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    filled(path)
    with opened(path, batch_rows=1) as store:
        queries = store.queries(CALIBRATION)
        assert queries.energy_wh("east", T0, T0 + HOUR) > 0
        torn(path)
        late = T0 + 500
        for k in range(20):  # into the middle of what is torn
            store.recorder.measurement(row(late + k))
        wait_for(lambda: store.note, "set-aside")
        wait_for(lambda: healthy(store), "recovery")
        assert stored(path) == 20
        # What was remembered of the other file is forgotten.
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx((500 + 19) / 3600)  # since T0
    assert len(list(tmp_path.glob("a.db.damaged-????????T??????Z"))) == 1


def test_damage_that_only_a_reader_meets_is_looked_into(tmp_path: Path) -> None:
    """The writer adds at the end and never sees the middle."""
    path = tmp_path / "a.db"
    filled(path)
    with opened(path) as store:
        torn(path)
        with pytest.raises(StoreError, match="is damaged"):
            store.queries(CALIBRATION).energy_wh("east", T0, T0 + HOUR)
        store.recorder.log("info", "a", "b")
        store.recorder.flush()
        assert store.note
        assert store.queries(CALIBRATION).energy_wh("east", T0, T0 + HOUR) == 0.0


def test_a_file_that_is_deleted_while_it_runs_is_begun_anew(tmp_path: Path) -> None:
    """Else everything would go into a file that has no name any more, without any error."""
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.event(event())
        for file in tmp_path.iterdir():
            file.unlink()
        store.recorder.measurement(row(T0))
        store.recorder.flush()
        assert stored(path) == 1
        assert store.recorder.event(event()) is True
