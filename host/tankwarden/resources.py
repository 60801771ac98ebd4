"""Where the Pico's program and the protocol's sources lie: in a checkout, or as data in an installed copy."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DATA = _PACKAGE / "_data"
_CHECKOUT = _PACKAGE.parent.parent


def mcu_dir() -> Path:
    """The folder whose files are copied to the Pico. FileNotFoundError if this copy was packed without it."""
    return _find("mcu", "main.py")


def protocol_dir() -> Path:
    """The folder that holds `tanklink`, to be put on MicroPython's path."""
    return _find("protocol", "tanklink/messages.py")


def _find(name: str, witness: str) -> Path:
    for root in (_DATA, _CHECKOUT):
        if (root / name / witness).is_file():
            return root / name
    raise FileNotFoundError(f"{name}/{witness} is neither in {_DATA} nor in {_CHECKOUT}: reinstall tankwarden")
