"""Backups of the database file: made while it is written, looked over before they count, the oldest deleted.

A backup is a database like the one it was made of: one file, to be opened with the same programs.
"""

import contextlib
import datetime
import json
import os
import shutil
import sqlite3
from pathlib import Path
from urllib.parse import quote

from tankwarden.errors import StoreError

_STAMP = "%Y%m%dT%H%M%SZ"
_PREFIX, _SUFFIX = "tankwarden-", ".db"
FEEDINGS_UNKNOWN = "feedings_unknown_until_ms"  # remembered setting: the meals up to then may have been given, or not
_PAGES, _PAUSE_S = 512, 0.005  # 2 MB at a time, so that the card is not kept from the writer


def name_at(now_ms: int) -> str:
    """The file name of a backup made then: tankwarden-20260609T102000Z.db"""
    return f"{_PREFIX}{stamp(now_ms)}{_SUFFIX}"


def stamp(now_ms: int) -> str:
    """UTC, as it stands in file names."""
    return datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC).strftime(_STAMP)


def made_ms(backup: Path) -> int | None:
    """When a backup was made, by its name; None if it is not called like one."""
    text = backup.name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    with contextlib.suppress(ValueError):
        return int(datetime.datetime.strptime(text, _STAMP).replace(tzinfo=datetime.UTC).timestamp()) * 1000
    return None


def known(folder: Path) -> list[Path]:
    """The backups in a folder, the newest first; none if there is no such folder."""
    return sorted((path for path in folder.glob(f"{_PREFIX}*{_SUFFIX}") if made_ms(path) is not None), reverse=True)


def make(source: Path, target: Path) -> None:
    """Copy a database, as it is at this instant, into a new file. StoreError if it cannot be; target then is not there.

    Its writer may go on writing: in WAL mode a reader has its own view of the file.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        if not source.is_file():
            raise StoreError(f"there is no database {source}: give the data folder of the host with --data")
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with contextlib.closing(_reader(source)) as old, contextlib.closing(sqlite3.connect(part)) as new:
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()  # now its view stands
            old.backup(new, pages=_PAGES, sleep=_PAUSE_S)
            new.execute("PRAGMA journal_mode = delete")  # one file, whoever opens it
        trouble = damage(part)
        if trouble is not None:
            raise StoreError(f"the backup {part} is damaged ({trouble}): look at the disk, and at {source}")
        _through_to_disk(part)
        os.replace(part, target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"{source} cannot be backed up into {target} ({error}): look at the rights and at the room on that disk"
        ) from error


def keep_newest(folder: Path, count: int) -> None:
    """Delete all but so many. StoreError if one cannot be."""
    for old in known(folder)[count:]:
        try:
            old.unlink()
        except OSError as error:
            raise StoreError(f"the old backup {old} cannot be deleted ({error}): look at its rights") from error


def damage(path: Path) -> str | None:
    """What SQLite finds wrong with a file that nobody writes; None if it is a whole database of ours."""
    try:
        with contextlib.closing(_reader(path)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found == "ok":
                db.execute("SELECT name FROM schema_migration LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return None if found == "ok" else " ".join(str(found).split())


def newest_whole(folder: Path) -> Path | None:
    """The newest backup that is not damaged."""
    return next((backup for backup in known(folder) if damage(backup) is None), None)


def copy(backup: Path, target: Path, now_ms: int) -> None:
    """A copy that is on the disk when this returns, and knows that it is one: what was fed since it was made, nobody
    knows. OSError.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(backup, part)
        with contextlib.closing(sqlite3.connect(part)) as db, db:
            db.execute("REPLACE INTO config (key, value) VALUES (?, ?)", (FEEDINGS_UNKNOWN, json.dumps(now_ms)))
        _through_to_disk(part)
        os.replace(part, target)
    except sqlite3.Error as error:
        raise OSError(f"{part}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def restore(backup: Path, path: Path, now_ms: int) -> Path | None:
    """Put a backup in the place of a database that nobody has open; where that one is kept, None if there was none.

    StoreError if the backup is not whole, or cannot be copied: then the database is as it was.
    """
    if not backup.is_file():
        raise StoreError(f"there is no backup {backup}: tankwarden restore --list shows those that there are")
    trouble = damage(backup)
    if trouble is not None:
        raise StoreError(f"{backup} is no whole backup ({trouble}): take another")
    ready = path.with_name(f"{path.name}.restored")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        copy(backup, ready, now_ms)
        kept = move_away(path, f"replaced-{stamp(now_ms)}") if path.exists() else None
        os.replace(ready, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            ready.unlink(missing_ok=True)
        raise StoreError(
            f"{backup} cannot be put in the place of {path} ({error}): look at the rights and the room there"
        ) from error
    return kept


def move_away(path: Path, why: str) -> Path:
    """Rename a database and its companions to PATH.why, or PATH.why-2, … if there is one; its new name. OSError."""
    kept = path.with_name(f"{path.name}.{why}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.{why}-{number}")
    # The companions first: a new database beside an old -wal would be damaged at once.
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{kept}{suffix}")
    return kept


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)


def _through_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
