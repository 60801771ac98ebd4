"""What every test shares: hypothesis judges by content, not by how busy the machine is; and which tests there are.

tests/chip needs a firmware image and minutes of emulation: without --chip it is not collected.
"""

from pathlib import Path

import pytest
from hypothesis import settings

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
