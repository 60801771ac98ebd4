"""What every test shares: hypothesis judges by content, not by how busy the machine is; and which tests there are.

tests/chip needs a firmware image and minutes of emulation: without --chip it is not collected.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from postgresql_kit import Server

CHIP = Path(__file__).parent / "chip"

settings.register_profile("tankwarden", deadline=None)
settings.load_profile("tankwarden")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chip", metavar="UF2", help="MicroPython for the Raspberry Pi Pico, to run tests/chip with")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path == CHIP and not config.getoption("--chip") else None


def pytest_report_header(config: pytest.Config) -> str | None:
    return (
        None
        if config.getoption("--chip")
        else "tests/chip: left out, it needs a firmware image: ./tools/test --chip UF2"
    )


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[Server]":
    """A PostgreSQL server on loopback. Where there is none its tests are left out; with CI=true they fail."""
    from postgresql_kit import MissingError, Server

    try:
        server = Server()
    except MissingError as error:
        stop: Callable[[str], Any] = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(str(error))
    try:
        yield server
    finally:
        server.end()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "each_database" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("sqlite") is not None
        metafunc.parametrize("each_database", ["sqlite"] if alone else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def each_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test on both: with PostgreSQL, what store_kit opens is a database that stands for the file's path.

    A test marked `sqlite` pins what only the file has.
    """
    import store_kit

    name = str(request.param)
    if name == "postgresql":
        monkeypatch.setattr(store_kit, "url_of", request.getfixturevalue("postgresql").url_of)
    return name
