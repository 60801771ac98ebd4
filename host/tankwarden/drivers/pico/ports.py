"""Finding and opening the Pico's serial port: raw, never blocking, and locked, so that a second host is refused.

The path is resolved anew at every attempt: a Pico that was unplugged comes back under another name.
"""

import errno
import os
import termios
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import serial

from tankwarden.drivers.pico.holder import holder
from tankwarden.errors import DriverError

BY_ID = Path("/dev/serial/by-id")
# (vendor, product) of a Raspberry Pi Pico: MicroPython, and a program built with the Pico SDK.
PICO_IDS = ((0x2E8A, 0x0005), (0x2E8A, 0x000A))
_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO)
_BUSY = (errno.EBUSY, errno.EWOULDBLOCK)
_DENIED = (errno.EACCES, errno.EPERM)


class PortError(DriverError):
    """The Pico's port cannot be had."""


class PortMissingError(PortError, FileNotFoundError):
    """There is none now; it may come, so it is worth waiting."""


class PortBusyError(PortError, BlockingIOError):
    """Another program holds it."""


class PortDeniedError(PortError, PermissionError):
    """This user may not open it."""


class NotASerialPortError(PortError):
    """It is something else."""


class Comport(Protocol):
    """What is read of serial.tools.list_ports_common.ListPortInfo."""

    device: str
    vid: int | None
    pid: int | None


def resolve(
    port: str, *, comports: Callable[[], Iterable[Comport]] | None = None, by_id: Path = BY_ID,
    setting: str = "set [pico] port",
) -> str:  # fmt: skip
    """The path to open now: `port` itself, or for "auto" the one Pico plugged in, by its name in /dev/serial/by-id.

    PortMissingError if there is none, or more than one to choose from; setting: how a person names a port.
    """
    if port != "auto":
        return port
    found = pico_ports(comports)
    if not found:
        raise PortMissingError(f"no Raspberry Pi Pico is plugged in (USB 2e8a): connect it, or {setting} to a path")
    if len(found) > 1:
        names = ", ".join(_lasting_name(device, by_id) for device in found)
        raise PortMissingError(f"{len(found)} Picos are plugged in: {setting} to the right one of {names}")
    return _lasting_name(found[0], by_id)


def pico_ports(comports: Callable[[], Iterable[Comport]] | None = None) -> list[str]:
    """The device of every Pico plugged in now."""
    return sorted({p.device for p in (comports or _comports)() if (p.vid, p.pid) in PICO_IDS})


def _comports() -> Iterable[Comport]:
    from serial.tools import list_ports  # walks sysfs; not needed when the path is given

    found: Iterable[Comport] = list_ports.comports()
    return found


def _lasting_name(device: str, by_id: Path) -> str:
    """The link in by_id that leads to the device, which is named after the board; else the device."""
    links = sorted(by_id.iterdir()) if by_id.is_dir() else []
    return next((str(link) for link in links if os.path.realpath(link) == os.path.realpath(device)), device)


def open_port(path: str) -> serial.Serial:
    """Open it raw, not blocking and locked. PortError, by kind, if it cannot be; the message says what to do."""
    try:
        return serial.Serial(path, exclusive=True, timeout=0, write_timeout=0)
    except (OSError, termios.error) as error:  # SerialException is an OSError
        raise _explained(path, error) from error


def _explained(path: str, error: Exception) -> PortError:
    number = getattr(error, "errno", None)
    if number in _GONE:
        return PortMissingError(f"{path} is not there: plug the Pico in, or correct the path")
    if number in _BUSY:
        who = holder(path) or "the other program (tankwarden, tankbench, mpremote)"
        return PortBusyError(f"{path} is in use: stop {who} first")
    if number in _DENIED:
        return PortDeniedError(f"{path} may not be opened by this user: make it a member of the port's group (dialout)")
    return NotASerialPortError(f"{path} is not a serial port ({error}): give the path of the Pico's port, or auto")
