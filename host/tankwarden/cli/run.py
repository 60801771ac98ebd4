"""`tankwarden run`: the host itself, until SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tankwarden import places
from tankwarden.errors import TankwardenError

if TYPE_CHECKING:
    from tankwarden.config import Config


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("run", help="run the host: link, control, recorder and page", description=__doc__)
    parser.add_argument("--config", metavar="FILE", type=Path, help="default: tankwarden.toml in the data folder")
    parser.add_argument("--serial", metavar="PATH", help="the Pico's port, or auto; default: [pico] port")
    parser.add_argument("--http", metavar="HOST:PORT", help="where to serve the page; default: [http] listen")
    add_data_argument(parser)
    parser.set_defaults(run=run)


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """What every command takes that deals with a running host."""
    parser.add_argument(
        "--data", metavar="DIR", type=Path, default=places.default_data(),
        help="folder of database, lock and socket; default: %(default)s",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Load, check everything that can be told at once, then run. TankwardenError before anything runs."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    data: Path = arguments.data.absolute()
    with places.locked(data):
        config = _config(arguments, data)
        _try_port(config.pico.port)
        _serve(config, data)
    return 0


def _config(arguments: argparse.Namespace, data: Path) -> "Config":
    from tankwarden import config as settings
    from tankwarden.drivers import registry

    config = settings.load(arguments.config or places.default_config(data), registry.parameters())
    if arguments.serial is not None:
        config = replace(config, pico=replace(config.pico, port=arguments.serial))
    if arguments.http is not None:
        config = replace(config, http=replace(config.http, listen=arguments.http))
        _check_address(config)
    return config


def _check_address(config: "Config") -> None:
    try:
        host, port = config.http.address
        good = bool(host) and 0 <= port <= 65535
    except ValueError:
        good = False
    if not good:
        raise TankwardenError(f"--http {config.http.listen} is not HOST:PORT: write one like 127.0.0.1:8080")


def _try_port(port: str) -> None:
    """A port that is busy, forbidden or no port is told now; one that is not there yet may still come."""
    from tankwarden.drivers.pico.ports import PortMissingError, open_port, resolve

    try:
        open_port(resolve(port)).close()
    except PortMissingError as error:
        logging.getLogger("tankwarden").warning("link: %s; waiting for it", error)


def _serve(config: "Config", data: Path) -> None:
    from tankwarden.app import App
    from tankwarden.web.api import Sources
    from tankwarden.web.server import WebServer, make_app

    app = App(config, data)
    try:
        token = places.api_token(data)
        sources = Sources(
            status=app.status, history=app.history, trips=app.trips, waveform=app.waveform, lights=app.lights_today,
            feedings=app.feedings, series=app.series, export=app.export, health=app.health, token=token,
            command=app.command,
        )  # fmt: skip
        web = WebServer(make_app(sources), *config.http.address)
        try:
            web.start()
            logging.getLogger("tankwarden").info("web: the page is at http://%s:%d/", web.host, web.port)
            asyncio.run(app.run())
        finally:
            web.stop()
    finally:
        app.close()
