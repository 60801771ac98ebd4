"""Measurements back from CSV, as the export writes them: the whole file is looked over before a row is stored.

A row whose instant is taken already is left out: what was measured first stays.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tanklink.messages import N_CHANNELS
from tankwarden.errors import CommandError
from tankwarden.store.database import Database
from tankwarden.store.dialect import execute
from tankwarden.store.recorder import Recorder
from tankwarden.store.rows import COLUMNS, MeasurementRow

MAX_ERRORS = 20  # more say nothing new
_CHUNK = 5_000
_INT64 = 1 << 63


class CsvError(CommandError):
    """The file cannot be imported; nothing of it was. errors: its first lines that are wrong, by number."""

    def __init__(self, path: Path, errors: Sequence[str]) -> None:
        more = " (and perhaps more)" if len(errors) == MAX_ERRORS else ""
        super().__init__(f"{path}: nothing was imported{more}: " + "; ".join(errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Imported:
    """stored, known: rows that were new, and that were there already. first_ms, last_ms: of all in the file."""

    stored: int
    known: int
    first_ms: int
    last_ms: int


def import_measurements(
    database: Database, recorder: Recorder, path: Path, told: Callable[[int], None] = lambda _: None
) -> Imported:
    """Read a file of raw measurements. CsvError for a file with anything wrong in it, StoreError.

    told: how many rows so far, while they are stored.
    """
    errors = list(islice(_errors(path), MAX_ERRORS))
    if errors:
        raise CsvError(path, errors)
    stored = known = 0
    first_ms, last_ms = _INT64, -1
    rows = _rows(path)
    while chunk := list(islice(rows, _CHUNK)):
        times = [row.ts_ms for row in chunk]
        first_ms, last_ms = min(first_ms, *times), max(last_ms, *times)
        there = _taken(database, times)
        fresh = [row for row in chunk if row.ts_ms not in there]
        stored += recorder.measurements(fresh)
        known += len(chunk) - len(fresh)
        told(stored + known)
    return Imported(stored, known, first_ms, last_ms)


def _taken(database: Database, times: Sequence[int]) -> set[int]:
    with database.reading() as db:
        span = {"t0": min(times), "t1": max(times)}
        return {ts for (ts,) in execute(db, "SELECT ts FROM measurements WHERE ts >= :t0 AND ts <= :t1", span)}


def _errors(path: Path) -> Iterator[str]:
    """What is wrong, line by line."""
    before = -1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = next(reader, None)
            if header is None:
                yield "it is empty: the first line must name the columns"
                return
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                yield f"line 1: there is no column {', '.join(missing)}: export measurements, and keep its raw columns"
                return
            places = [header.index(name) for name in COLUMNS]
            empty = True
            for fields in _filled(reader):
                empty = False
                wrong = _wrong(fields, places, before)
                if wrong is not None:
                    yield f"line {reader.line_num}: {wrong}"
                else:
                    before = int(fields[places[0]])
            if empty:
                yield "it has no row"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield f"it cannot be read ({error})"


def _filled(reader: Iterable[list[str]]) -> Iterator[list[str]]:
    return (fields for fields in reader if fields)


def _wrong(fields: list[str], places: Sequence[int], before: int) -> str | None:
    """The first thing wrong with a line."""
    for name, place in zip(COLUMNS, places, strict=True):
        if place >= len(fields):
            return f"it ends before {name}"
        text = fields[place]
        if not (text.isascii() and text.isdigit()) or int(text) >= _INT64:
            return f"{name} is {text!r}: it must be a whole number from 0 to 2^63 − 1"
    if int(fields[places[0]]) <= before:
        return f"ts is {fields[places[0]]}, not after {before}: the rows must be in the order of time"
    return None


def _rows(path: Path) -> Iterator[MeasurementRow]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = next(reader)
        places = [header.index(name) for name in COLUMNS]
        for fields in _filled(reader):
            ts, period, n, *rest = (int(fields[place]) for place in places)
            sums, vi, last = rest[:N_CHANNELS], rest[N_CHANNELS:-2], rest[-2:]
            yield MeasurementRow(ts, period, n, tuple(sums), tuple(vi), *last)
