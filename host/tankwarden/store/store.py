"""Opens the database, and hands out the one writer and the readers."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote

from tankwarden.errors import StoreError
from tankwarden.logic.meters import Calibration
from tankwarden.store.calibrator import Calibrator
from tankwarden.store.database import Database
from tankwarden.store.feeder_queries import FeederQueries
from tankwarden.store.food_queries import FoodQueries
from tankwarden.store.health_queries import HealthQueries
from tankwarden.store.queries import Queries
from tankwarden.store.recorder import MAX_WAITING_ROWS, Recorder
from tankwarden.store.sqlite import SqliteFile
from tankwarden.store.upkeep import Upkeep


class Store:
    """database: for readers of one's own. recorder: the one writer. name: what messages call the database: a file's
    path, or a URL without its password."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self.database, self.recorder, self.name = database, recorder, database.name

    @property
    def note(self) -> str | None:
        """What a person should know of the last opening: that a damaged file was set aside, and where it is."""
        return self.recorder.note

    def queries(self, calibration: Calibration) -> Queries:
        """Readers that see what is on disk and what the recorder still holds. Keep it: it remembers sums."""
        return Queries(self.database, self.recorder, calibration)

    def calibrator(self, calibration: Calibration, zone: str, wall_ms: Callable[[], int]) -> Calibrator:
        """Who adds and takes back calibrations, and keeps daily summaries. calibration: the configuration's scales."""
        return Calibrator(self.database, self.recorder, calibration, zone, wall_ms)

    def feeder_queries(self) -> FeederQueries:
        """Readers of feeders and feedings."""
        return FeederQueries(self.database)

    def food_queries(self) -> FoodQueries:
        """Readers of foods and what fell of them."""
        return FoodQueries(self.database)

    def health_queries(self) -> HealthQueries:
        """Readers of how this computer fared."""
        return HealthQueries(self.database)

    def close(self) -> None:
        """Write what waits, and close. Safe to call twice."""
        self.recorder.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def now_ms() -> int:
    """The system's own UTC."""
    return time.time_ns() // 1_000_000


def open_store(
    path_or_url: str | Path,
    *,
    wall_ms: Callable[[], int] = now_ms,
    batch_s: float = 60.0,
    batch_rows: int = 60,
    retry_s: float = 5.0,
    busy_s: float = 2.0,
    max_waiting_rows: int = MAX_WAITING_ROWS,
    upkeep: Upkeep | None = None,
    backup_folder: Path | None = None,
) -> Store:
    """Open the database, or make it with its folders: a path, sqlite:///relative, sqlite:////absolute, or
    postgresql://user:password@host/database, which must be there.

    wall_ms: the Clock's. Rows wait for batch_rows or batch_s; a failed disk is tried again every retry_s, a locked file
    is waited for busy_s. backup_folder: where the newest backup of a damaged file is looked for. NewerDatabaseError (a
    StoreError) if a later Tankwarden made it. A disk that fails is no error here, for heating and lights must not wait
    for it: recorder.status() tells, and the recorder goes on trying.
    """
    database = database_at(path_or_url, wall_ms=wall_ms, busy_s=busy_s, backup_folder=backup_folder)
    recorder = Recorder(
        database,
        wall_ms=wall_ms,
        batch_s=batch_s,
        batch_rows=batch_rows,
        retry_s=retry_s,
        max_waiting_rows=max_waiting_rows,
        upkeep=upkeep,
    )
    recorder.start()
    return Store(database, recorder)


def database_at(
    path_or_url: str | Path,
    *,
    wall_ms: Callable[[], int] = now_ms,
    busy_s: float = 2.0,
    backup_folder: Path | None = None,
) -> Database:
    """The database that a path or a URL names, not opened yet. StoreError for a URL of another kind."""
    if isinstance(path_or_url, Path) or "://" not in path_or_url:
        return SqliteFile(Path(path_or_url), wall_ms=wall_ms, busy_s=busy_s, backup_folder=backup_folder)
    scheme, _, rest = path_or_url.partition("://")
    if scheme in ("postgresql", "postgres"):
        from tankwarden.store.postgresql import PostgresqlServer

        return PostgresqlServer(path_or_url, busy_s=busy_s)
    if scheme != "sqlite" or not rest.startswith("/") or rest == "/":
        raise StoreError(
            f"{path_or_url}: this is no database that can be used: give a path, sqlite:///PATH, or"
            " postgresql://HOST/DATABASE"
        )
    return SqliteFile(Path(unquote(rest[1:])), wall_ms=wall_ms, busy_s=busy_s, backup_folder=backup_folder)
