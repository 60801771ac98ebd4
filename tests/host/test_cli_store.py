"""tankwarden backup, restore, export, import and migrate: what they do, and the one line in which they refuse."""

import re
from pathlib import Path

import pytest
from store_kit import T0, event, opened, row, stored

from tankwarden import places
from tankwarden.__main__ import main
from tankwarden.store.database import MIGRATIONS

NEWEST = len(list(MIGRATIONS.glob("0*.py")))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a database and a configuration."""
    folder = tmp_path / "data"
    with opened(folder / "tankwarden.db") as store:
        store.recorder.measurements(row(T0 + k * 1000) for k in range(100))
        store.recorder.event(event())
    (folder / "tankwarden.toml").write_text('[site]\nname = "Grün"\n')
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command says that does what it is asked to."""
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_a_backup_goes_into_its_folder_and_comes_back(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "backup", "--data", data)
    (made,) = (data / "backups").iterdir()
    assert str(made) in said
    assert run(capsys, "restore", "--list", "--data", data) == f"{made}\n"
    with opened(data / "tankwarden.db") as store:
        store.recorder.event(event(2))
    said = run(capsys, "restore", "--data", data)
    assert stored(data / "tankwarden.db", "count(*) FROM events") == 1
    kept = re.search(r"kept as (\S+)", said)
    assert kept is not None
    assert stored(Path(kept[1]), "count(*) FROM events") == 2


def test_a_backup_can_be_made_while_the_host_runs_and_nothing_be_restored(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with places.locked(data), opened(data / "tankwarden.db"):
        run(capsys, "backup", data / "mine.db", "--data", data)
        assert "is in use by another tankwarden" in refused(capsys, "restore", data / "mine.db", "--data", data)
        assert "is in use by another tankwarden" in refused(capsys, "migrate", "--data", data)
    assert stored(data / "mine.db") == 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backup", "--data", "{nowhere}"), "there is no database"),
        (("backup", "{config}", "--data", "{data}"), "is there already"),
        (("restore", "--data", "{data}"), "no whole backup in"),
        (("restore", "{config}", "--data", "{data}"), "is no whole backup"),
        (("restore", "{nowhere}", "--data", "{data}"), "there is no backup"),
        (("import", "{config}", "--data", "{new}"), "cannot be read as an export"),
        (("import", "{nowhere}", "--data", "{new}"), "cannot be read as an export"),
        (("export", "{nowhere}/a/b", "--data", "{data}"), "cannot be written"),
        (("export", "{new}.jsonl", "--data", "{nowhere}"), "cannot be opened|cannot be read"),
        (("migrate", "--to", "99", "--data", "{data}"), f"they go from 0 to {NEWEST}"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    places_of = {
        "data": data, "config": data / "tankwarden.toml", "nowhere": tmp_path / "nowhere", "new": tmp_path / "new",
    }  # fmt: skip
    error = refused(capsys, *(argument.format(**places_of) for argument in arguments))
    assert re.search(said, error), error
    assert stored(data / "tankwarden.db") == 100


def test_an_export_makes_another_house_the_same(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "export", tmp_path / "all.jsonl.gz", "--data", data)
    said = run(capsys, "import", tmp_path / "all.jsonl.gz", "--data", tmp_path / "new")
    assert f"and the configuration in {tmp_path}/new/tankwarden.toml" in said
    assert (tmp_path / "new" / "tankwarden.toml").read_text() == '[site]\nname = "Grün"\n'
    database = tmp_path / "new" / "tankwarden.db"
    assert (stored(database), stored(database, "count(*) FROM events")) == (100, 1)
    assert "holds something already" in refused(capsys, "import", tmp_path / "all.jsonl.gz", "--data", tmp_path / "new")


def test_a_configuration_that_is_there_stays(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "export", tmp_path / "all.jsonl", "--without-measurements", "--data", data)
    new = tmp_path / "new"
    new.mkdir()
    (new / "tankwarden.toml").write_text("mine")
    assert "stays as it is" in run(capsys, "import", tmp_path / "all.jsonl", "--data", new)
    assert (new / "tankwarden.toml").read_text() == "mine"
    assert (stored(new / "tankwarden.db"), stored(new / "tankwarden.db", "count(*) FROM events")) == (0, 1)


def test_migrate_goes_down_with_a_backup_and_up_again(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "as it was" in run(capsys, "migrate", "--data", data)
    said = run(capsys, "migrate", "--to", 3, "--data", data)
    assert "is of version 3" in said
    (backup,) = (data / "backups").iterdir()
    assert str(backup) in said
    assert stored(backup, "count(*) FROM measurement_minutes") > 0
    assert stored(data / "tankwarden.db", "count(*) FROM sqlite_master WHERE name = 'measurement_minutes'") == 0
    assert "tankwarden migrate brings it up" in refused(capsys, "export", data / "x", "--data", data)
    assert f"is of version {NEWEST}" in run(capsys, "migrate", "--data", data)
    assert stored(data / "tankwarden.db") == 100


def test_the_log_is_shown_oldest_first_and_searched(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(data / "tankwarden.db") as store:
        store.recorder.log("info", "system", "it starts")
        store.recorder.log("error", "backup", "no room for it")
    lines = run(capsys, "log", "--data", data).splitlines()
    assert [line[20:] for line in lines] == ["info    system: it starts", "error   backup: no room for it"]
    assert run(capsys, "log", "room", "--data", data).splitlines() == lines[1:]
    assert run(capsys, "log", "--limit", 1, "--level", "error", "--data", data).splitlines() == lines[1:]
    assert run(capsys, "log", "--category", "system", "--data", data).splitlines() == lines[:1]


def test_a_servers_database_is_backed_up_by_its_own_tools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(places.DATABASE_URL, "postgresql://ann:secret@example.invalid/tank")
    error = refused(capsys, "backup", "--data", tmp_path)
    assert "pg_dump" in error
    assert "secret" not in error
