"""`tankwarden csv`: tables out of the database and measurements into it, also while the host runs."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tankwarden import places
from tankwarden.cli.desk import Ask, add_place, with_desk
from tankwarden.errors import CommandError

KINDS = ("measurements", "readings", "summaries", "feedings", "logs", "health")


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("csv", help="export tables as CSV, import measurements", description=__doc__)
    ways = parser.add_subparsers(title="ways", metavar="WAY", required=True)
    out = ways.add_parser("export", help="write a table; measurements raw, and calibrated beside it")
    out.add_argument("what", choices=KINDS)
    out.add_argument("--from", dest="begin", metavar="DAY", help="from a day on, as 2026-10-23")
    out.add_argument("--to", metavar="DAY", help="up to the beginning of that day")
    out.add_argument("--output", metavar="FILE", type=Path, help="default: standard output")
    out.set_defaults(run=_export)
    take = ways.add_parser("import", help="read measurements that an export has written; rows that are there stay")
    take.add_argument("file", metavar="FILE", type=Path)
    take.set_defaults(run=lambda a: with_desk(a, _import))
    for way in (out, take):
        add_place(way)


def _import(ask: Ask, arguments: argparse.Namespace) -> int:
    print(ask({"cmd": "csv-import", "path": str(arguments.file.absolute())})["text"])
    return 0


def _export(arguments: argparse.Namespace) -> int:
    """Read-only, so that a running host need not be asked; what waits for its batch there, a minute, is not in it."""
    pieces = _pieces(arguments)
    if arguments.output is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return 0
    try:
        with arguments.output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise CommandError(
            f"{arguments.output} cannot be written ({error.strerror}): choose another --output"
        ) from error
    return 0


def _pieces(arguments: argparse.Namespace) -> Iterator[str]:
    from tankwarden import config as settings
    from tankwarden import wiring
    from tankwarden.drivers import registry
    from tankwarden.store import Span, Timeline, export
    from tankwarden.store.calibrations import versions
    from tankwarden.store.store import database_at

    data: Path = arguments.data.absolute()
    config = settings.load(arguments.config or places.default_config(data), registry.parameters())
    database = database_at(places.database(data))
    with database.reading() as db:
        timeline = Timeline(wiring.calibration_of(config), versions(db))
    begin, end = (_instant(text, config.site.zone) for text in (arguments.begin, arguments.to))
    return export(database, timeline, arguments.what, Span(begin, end))


def _instant(text: str | None, zone: str) -> int | None:
    """UTC ms of a day's first instant, or of a day and a time, by the wall of the site."""
    if text is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no day: write it like 2026-10-23 or 2026-10-23T14:30") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)
