"""The whole store as one readable file, and back: JSON, a line a row, whichever database it comes from and goes to.

The first line says what it is; each further one names a table and holds a row of it. Rows are read and written in
portions, so that years of measurements need no more memory than a day's.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal

from peewee import AutoField, Database, Model, Tuple

from tankwarden.errors import StoreError
from tankwarden.store import writes
from tankwarden.store.backups import FEEDINGS_UNKNOWN
from tankwarden.store.database import versions
from tankwarden.store.dialect import execute, is_postgresql
from tankwarden.store.hours_made import HOURS_MADE
from tankwarden.store.models import (
    MODELS,
    ConfigEntry,
    Measurement,
    MeasurementMinute,
    SensorReading,
    SeriesHour,
    SystemHealth,
)

FORMAT = 1
BULKY: tuple[type[Model], ...] = (Measurement, MeasurementMinute, SensorReading, SystemHealth)
TABLES = tuple(model for model in MODELS if model is not SeriesHour)  # hours are made anew
CONFIGURATION = "configuration_file"  # the line with the text of tankwarden.toml
_ROWS = 5_000
_BASE64 = "base64"


def write(path: Path, db: Database, *, configuration: str | None, measurements: bool, now_ms: int, made_by: str) -> int:
    """Write all that the database holds, but with measurements=False none of BULKY; how many rows.

    A name that ends with .gz is compressed. StoreError if the file cannot be written; what was there then is gone.
    """
    head = {"tankwarden_export": FORMAT, "version": made_by, "schema": versions(db)[0], "made_ms": now_ms}
    count = 0
    try:
        with _open(path, "wt") as file:
            file.write(json.dumps(head) + "\n")
            if configuration is not None:
                file.write(json.dumps({CONFIGURATION: configuration}, ensure_ascii=False) + "\n")
            for model in TABLES:
                if measurements or model not in BULKY:
                    for row in _rows(db, model):
                        file.write(json.dumps([_table(model), row], ensure_ascii=False) + "\n")
                        count += 1
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} cannot be written ({error.strerror}): look at its folder and its disk") from error
    return count


def read(path: Path, db: Database, now_ms: int, *, take_configuration: Callable[[str], None] = lambda _: None) -> int:
    """Put what a file holds into an empty database, in the caller's transaction; how many rows. What was fed since the
    file was written, nobody knows: that is remembered.

    take_configuration: given the text of the configuration file, if there is one in it. StoreError, naming the line,
    for a file that is no export or does not fit, and for a database that holds something.
    """
    _refuse_full(db)
    tables = {_table(model): model for model in TABLES}
    count = 0
    waiting: list[dict[str, Any]] = []
    before: type[Model] | None = None
    for number, line in _lines(path, db):
        if isinstance(line, dict) and CONFIGURATION in line:
            take_configuration(str(line[CONFIGURATION]))
            continue
        model, row = _row(path, number, line, tables)
        if before is not None and (model is not before or len(waiting) >= _ROWS):
            _insert(path, number, db, before, waiting)
            waiting = []
        before = model
        waiting.append(row)
        count += 1
    if before is not None:
        _insert(path, number, db, before, waiting)
    _count_on(db)
    ConfigEntry.delete().where(ConfigEntry.key == HOURS_MADE).execute(db)  # they did not come along
    writes.set_config(db, FEEDINGS_UNKNOWN, json.dumps(now_ms))
    return count


# -- out -------------------------------------------------------------------------------------------------------------


def _rows(db: Database, model: type[Model]) -> Iterator[dict[str, Any]]:
    """In the order of the key, portion by portion: PostgreSQL's driver would fetch all of a table at once."""
    key: Any = model._meta.primary_key
    fields = [model._meta.fields[name] for name in key.field_names] if hasattr(key, "field_names") else [key]
    last: list[Any] | None = None
    while True:
        query = model.select().order_by(*fields).limit(_ROWS).dicts()
        if last is not None:
            query = query.where(Tuple(*fields) > Tuple(*last))
        portion = list(query.execute(db))
        for row in portion:
            yield {name: _told(value) for name, value in row.items()}
        if len(portion) < _ROWS:
            return
        last = [portion[-1][field.name] for field in fields]


def _told(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {_BASE64: base64.b64encode(bytes(value)).decode("ascii")}
    return value


# -- in --------------------------------------------------------------------------------------------------------------


def _lines(path: Path, db: Database) -> Iterator[tuple[int, Any]]:
    """The lines behind the first, with their numbers."""
    try:
        with _open(path, "rt") as file:
            lines = enumerate(map(_parsed, file), 1)
            _refuse_strange(path, next(lines, (1, None))[1], versions(db)[1])
            yield from lines
    except (OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} cannot be read as an export of Tankwarden's ({error}): give another file") from error


def _parsed(line: str) -> Any:
    return json.loads(line)


def _refuse_strange(path: Path, head: Any, newest: int) -> None:
    if not isinstance(head, dict) or head.get("tankwarden_export") != FORMAT:
        raise StoreError(f"{path} is no export of Tankwarden's: tankwarden export writes one")
    if int(head.get("schema", 0)) > newest:
        raise StoreError(f"{path} is of a later Tankwarden ({head.get('version')}): update this one")


def _refuse_full(db: Database) -> None:
    for model in MODELS:
        if model.select().limit(1).exists(db):
            raise StoreError(
                f"the database holds something already, in {_table(model)}: import into a new one, with --data FOLDER"
            )


def _row(path: Path, number: int, line: Any, tables: Mapping[str, type[Model]]) -> tuple[type[Model], dict[str, Any]]:
    if not (isinstance(line, list) and len(line) == 2 and line[0] in tables and isinstance(line[1], dict)):
        raise StoreError(f"{path}, line {number}: this is no row of a table that there is: nothing was imported")
    model, row = tables[line[0]], line[1]
    unknown = set(row) - set(model._meta.fields)
    if unknown:
        raise StoreError(f"{path}, line {number}: {line[0]} has no {', '.join(sorted(unknown))}: nothing was imported")
    return model, {name: _meant(value) for name, value in row.items()}


def _meant(value: Any) -> Any:
    return base64.b64decode(value[_BASE64]) if isinstance(value, dict) else value


def _insert(path: Path, number: int, db: Database, model: type[Model], rows: list[dict[str, Any]]) -> None:
    """In portions that no driver finds too many parameters in."""
    size = max(1, 900 // len(model._meta.fields))
    try:
        for start in range(0, len(rows), size):
            model.insert_many(rows[start : start + size]).execute(db)
    except (ValueError, TypeError) as error:
        raise StoreError(f"{path}, before line {number}: a row does not fit {_table(model)} ({error})") from error


def _count_on(db: Database) -> None:
    """PostgreSQL numbers new rows behind those that brought their numbers; SQLite does by itself."""
    if not is_postgresql(db):
        return
    for model in MODELS:
        if isinstance(model._meta.primary_key, AutoField):
            execute(db, _COUNT_ON.format(table=_table(model)))


_COUNT_ON = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE(MAX(id), 0) + 1, false) FROM {table}"


def _open(path: Path, mode: Literal["rt", "wt"]) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, mode, encoding="utf-8")
    return path.open(mode, encoding="utf-8")


def _table(model: type[Model]) -> str:
    return str(model._meta.table_name)
