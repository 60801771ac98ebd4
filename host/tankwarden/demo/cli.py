"""The command `tankwarden demo`: simulated house and host together, from one command, with nothing to configure."""

import argparse
import fcntl
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tankwarden.sim.cli import add_world_arguments

_MARK = ".tankwarden-demo"  # in a data folder that a demo made; locked while it runs


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("demo", help="try everything in simulation, with a page", description=__doc__)
    parser.add_argument(
        "--http", metavar="HOST:PORT", default="127.0.0.1:8080", help="of the page; default: %(default)s"
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="keep the data here; default: a temporary folder")
    add_world_arguments(parser)
    parser.add_argument("--seconds", metavar="N", type=_seconds, help="end so long after the first served page")
    parser.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """tankwarden demo."""
    from tankwarden import places
    from tankwarden.demo import run

    os.environ.pop(places.DATABASE_URL, None)  # a demo's made-up past must never reach a real database
    address = free_address(arguments.http)
    with data_folder(arguments.data) as data:
        run.run(run.Options(address, data, arguments.speed, arguments.seconds, arguments.seed, _command()))
    return 0


def free_address(text: str) -> tuple[str, int]:
    """HOST:PORT, checked to be free; port 0 becomes a free one. DemoError."""
    from tankwarden.demo.children import DemoError

    host, _, number = text.rpartition(":")
    host = host.strip("[]")
    if not host or not number.isdigit() or int(number) > 65535:
        raise DemoError(f"--http {text} is not HOST:PORT: write one like 127.0.0.1:8080")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, int(number), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            return host, probe.getsockname()[1]
    except OSError as error:
        raise DemoError(f"{text} cannot be served ({error.strerror}): choose another with --http HOST:PORT") from error


@contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """A folder for the host's data, held: the given one, or a temporary one. DemoError."""
    if given is None:
        with tempfile.TemporaryDirectory(prefix="tankwarden-data-") as folder, _marked(Path(folder), Path(folder)):
            yield Path(folder)
        return
    data = given.absolute()
    with _marked(data, given):
        yield data


@contextmanager
def _marked(data: Path, given: Path) -> Iterator[None]:
    """Mark the folder as a demo's, and hold it: its own host's lock is free while a killed host is replaced."""
    from tankwarden.demo.children import DemoError

    try:
        data.mkdir(parents=True, exist_ok=True)
        if not (data / _MARK).exists() and any(data.iterdir()):
            raise DemoError(f"--data {given}: holds what no demo made, to which a demo adds nothing: name another")
        mark = (data / _MARK).open("a")
    except OSError as error:
        raise DemoError(f"--data {given}: cannot be written ({error.strerror}): name another folder") from error
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(f"--data {given}: another demo runs on it: end that one, or name another folder") from error
        yield


def _command() -> str:
    """How to call tankwarden from a shell."""
    called = shutil.which(sys.argv[0])
    if called is None or Path(called).name != "tankwarden":
        return f"{sys.executable} -m tankwarden"
    return "tankwarden" if shutil.which("tankwarden") == called else os.path.abspath(called)  # tried from elsewhere


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 1e7:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds
