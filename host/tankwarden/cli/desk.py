"""How the commands about calibrations and stored data reach the database: by the running host, or by themselves."""

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tankwarden import places
from tankwarden.cli.run import add_data_argument
from tankwarden.errors import CommandError, TankwardenError

PATIENCE_S = 600.0  # years of rows take a while
POLL_S = 0.5
Ask = Callable[[Mapping[str, Any]], dict[str, Any]]


def add_place(parser: argparse.ArgumentParser) -> None:
    """Where the data are."""
    add_data_argument(parser)
    parser.add_argument("--config", metavar="FILE", type=Path, help="default: tankwarden.toml in the data folder")


def with_desk(arguments: argparse.Namespace, run: Callable[[Ask, argparse.Namespace], int]) -> int:
    """Run a command that asks: a running host through its door, or else a desk of this process's own."""
    data: Path = arguments.data.absolute()
    if places.socket_path(data).exists():
        return run(lambda request: _knock(data, request), arguments)
    with _own_desk(data, arguments.config) as ask:
        return run(ask, arguments)


def _knock(data: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    from tankwarden.flows.door import knock

    def look() -> str:
        answer = knock(places.socket_path(data), {"cmd": "calibrate-progress"})
        return str(answer.get("text", ""))

    with _progress(look):
        answer = knock(places.socket_path(data), request, PATIENCE_S)
    if not answer.get("ok"):
        raise CommandError(str(answer.get("error", "refused")))
    return answer


@contextlib.contextmanager
def _own_desk(data: Path, config_file: Path | None) -> Iterator[Ask]:
    """The database, opened by this process alone."""
    from tankwarden import config as settings
    from tankwarden import wiring
    from tankwarden.drivers import registry
    from tankwarden.flows.calibrating import Desk
    from tankwarden.store import open_store

    config = settings.load(config_file or places.default_config(data), registry.parameters())
    clock = wiring.clock_of(config)
    with (
        places.locked(data),
        open_store(places.database(data), wall_ms=clock.wall_ms, upkeep=wiring.upkeep_of(config)) as store,
    ):
        calibrator = store.calibrator(wiring.calibration_of(config), config.site.zone, clock.wall_ms)
        calibrator.load()
        desk = Desk(config, calibrator, clock)

        def ask(request: Mapping[str, Any]) -> dict[str, Any]:
            with _progress(lambda: str(desk.table["calibrate-progress"]({})["text"])):
                if request["cmd"] == "summaries":
                    calibrator.catch_up()
                return desk.table[request["cmd"]](request)

        yield ask


@contextlib.contextmanager
def _progress(look: Callable[[], str]) -> Iterator[None]:
    """On a terminal, how far it is; written over itself, and gone at the end."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def show() -> None:
        while not done.wait(POLL_S):
            with contextlib.suppress(TankwardenError):
                sys.stderr.write(f"\r\x1b[K{look()}")
                sys.stderr.flush()

    watcher = threading.Thread(target=show, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        sys.stderr.write("\r\x1b[K")
