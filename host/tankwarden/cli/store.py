"""What a person does with the store: `tankwarden backup`, `restore`, `export`, `import`, `migrate` and `log`.

A backup can be made while the host runs; the others want it stopped, but for an export and a look
into the log, which only read.
"""

import argparse
import contextlib
import datetime
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tankwarden import places
from tankwarden.cli.run import add_data_argument
from tankwarden.errors import StoreError

if TYPE_CHECKING:
    from tankwarden.store.database import Database


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    backup = subparsers.add_parser("backup", help="copy the database while the host runs", description=__doc__)
    backup.add_argument(
        "file", metavar="FILE", type=Path, nargs="?", help="default: one in backups/ of the data folder"
    )
    backup.set_defaults(run=_backup)
    restore = subparsers.add_parser(
        "restore", help="put a backup in the place of the database; the host must be stopped"
    )
    restore.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: the newest that is whole")
    restore.add_argument("--list", action="store_true", help="only show the backups that there are")
    restore.set_defaults(run=_restore)
    export = subparsers.add_parser("export", help="write configuration and store into one readable file, a line a row")
    export.add_argument("file", metavar="FILE", type=Path, help="one that ends with .gz is compressed")
    export.add_argument("--without-measurements", action="store_true", help="settings, events, feedings and logs alone")
    export.set_defaults(run=_export)
    taken = subparsers.add_parser("import", help="put an export into a new data folder or database")
    taken.add_argument("file", metavar="FILE", type=Path)
    taken.set_defaults(run=_import)
    migrate = subparsers.add_parser("migrate", help="bring the database to another version; the host must be stopped")
    migrate.add_argument("--to", metavar="N", type=int, help="default: the newest; a lower one loses what it has not")
    migrate.set_defaults(run=_migrate)
    log = subparsers.add_parser("log", help="show the newest lines of the log, or search it")
    log.add_argument("words", metavar="WORD", nargs="*", help="only lines that have all of them")
    log.add_argument("--category", help="such as system, storage, backup")
    log.add_argument("--level", choices=("info", "warning", "error"), default="info", help="this one and graver ones")
    log.add_argument("--limit", metavar="N", type=int, default=50, help="default: %(default)s")
    log.set_defaults(run=_log)
    for parser in (log, backup, restore, export, taken, migrate):
        add_data_argument(parser)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _file(data: Path) -> Path:
    """The database file. StoreError if the database is a server's."""
    from tankwarden.store.sqlite import SqliteFile

    database = _database(data)
    if not isinstance(database, SqliteFile):
        raise StoreError(
            f"{database.name} is a server's: back it up and restore it with pg_dump and pg_restore; tankwarden export"
            " and import work with it, too"
        )
    return database.path


def _database(data: Path) -> "Database":
    from tankwarden.store.store import database_at

    return database_at(places.database(data), busy_s=10.0)


def _backup(arguments: argparse.Namespace) -> int:
    from tankwarden.store import backups

    data = arguments.data.absolute()
    source = _file(data)
    target = arguments.file or places.backups(data) / backups.name_at(_now_ms())
    if target.exists():
        raise StoreError(f"{target} is there already: give another name, or move it away")
    backups.make(source, target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from tankwarden.store import backups

    data = arguments.data.absolute()
    path, folder = _file(data), places.backups(data)
    if arguments.list:
        print("\n".join(map(str, backups.known(folder))) or f"There is no backup in {folder}.")
        return 0
    backup = arguments.file or backups.newest_whole(folder)
    if backup is None:
        raise StoreError(f"there is no whole backup in {folder}: give the path of one")
    with places.locked(data):
        kept = backups.restore(backup, path, _now_ms())
    print(f"{path} is {backup} now" + (f"; what was there is kept as {kept}" if kept else ""))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from tankwarden.store import exchange
    from tankwarden.store.database import versions
    from tankwarden.version import version

    data = arguments.data.absolute()
    database = _database(data)
    with database.reading() as db:
        there, newest = versions(db)
        if there != newest:
            raise StoreError(
                f"{database.name} is of version {there}, this Tankwarden of {newest}: tankwarden migrate brings it up"
            )
        count = exchange.write(
            arguments.file, db, configuration=_configuration(data), measurements=not arguments.without_measurements,
            now_ms=_now_ms(), made_by=version(),
        )  # fmt: skip
    print(f"{arguments.file}: {count} rows")
    return 0


def _configuration(data: Path) -> str | None:
    """The text of the configuration file in the data folder; None if there is none."""
    path = places.default_config(data)
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read ({error}): look at it") from error


def _import(arguments: argparse.Namespace) -> int:
    from tankwarden.store import exchange

    data = arguments.data.absolute()
    configuration: list[str] = []
    with places.locked(data), _opened(_database(data)) as database:
        with database.writing(durable=True) as db:
            count = exchange.read(arguments.file, db, _now_ms(), take_configuration=configuration.append)
        where = _put(places.default_config(data), configuration)
    print(f"{count} rows are in {database.name}{where}")
    return 0


def _put(path: Path, configuration: list[str]) -> str:
    """Write the configuration file, unless there is one; what to tell of it."""
    if not configuration:
        return ""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(configuration[0])
    except FileExistsError:
        return f"; {path} is there already and stays as it is"
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}); the rows are imported") from error
    return f", and the configuration in {path}"


def _migrate(arguments: argparse.Namespace) -> int:
    from tankwarden.store import backups
    from tankwarden.store.database import migrate_to, versions
    from tankwarden.store.sqlite import SqliteFile

    data = arguments.data.absolute()
    with places.locked(data):
        database = _database(data)
        with _connected(database) as db:
            there, newest = versions(db)
            wanted = newest if arguments.to is None else arguments.to
            if wanted < there and isinstance(database, SqliteFile):
                backup = places.backups(data) / backups.name_at(_now_ms())
                backups.make(database.path, backup)
                print(f"what the lower version does not know is lost; {backup} has it")
            ran = migrate_to(db, database.name, wanted)
        print(f"{database.name} is of version {wanted}" + (f" ({', '.join(ran)})" if ran else ", as it was"))
    return 0


def _log(arguments: argparse.Namespace) -> int:
    from tankwarden.store.log_queries import search

    lines = search(
        _database(arguments.data.absolute()), words=" ".join(arguments.words), category=arguments.category,
        level=arguments.level, limit=arguments.limit,
    )  # fmt: skip
    for line in reversed(lines):
        at = datetime.datetime.fromtimestamp(line.at_ms / 1000).astimezone()
        print(f"{at:%Y-%m-%d %H:%M:%S} {line.level:<7} {line.category}: {line.text}")
    return 0


@contextlib.contextmanager
def _opened(database: "Database") -> "Iterator[Database]":
    """Open for writing and up to date. StoreError for whatever keeps it from that."""
    with _closed_after(database):
        database.open(check=True)
        yield database


@contextlib.contextmanager
def _connected(database: "Database") -> Iterator[Any]:
    """As _opened, but of whatever version it is."""
    with _closed_after(database):
        yield database.connect()


@contextlib.contextmanager
def _closed_after(database: "Database") -> Iterator[None]:
    """What the database's driver raises is told as a StoreError, if it is known."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        trouble = database.failure(error)
        if trouble is None:
            raise
        raise StoreError(trouble.text) from error
    finally:
        database.close()
