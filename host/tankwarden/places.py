"""Where things lie: the data folder with its database, lock and socket, and the configuration beside them."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from tankwarden.errors import TankwardenError

DATABASE_URL = "TANKWARDEN_DATABASE"  # environment: another database than the file in the data folder


class DataFolderError(TankwardenError, OSError):
    """The data folder cannot be used."""


def default_data() -> Path:
    """$XDG_DATA_HOME/tankwarden, or ~/.local/share/tankwarden."""
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(base, "tankwarden")


def default_config(data: Path) -> Path:
    return data / "tankwarden.toml"


def database(data: Path) -> str:
    """Path or URL for the store."""
    return os.environ.get(DATABASE_URL) or str(data / "tankwarden.db")


def backups(data: Path) -> Path:
    """The folder of the nightly backups."""
    return data / "backups"


def socket_path(data: Path) -> Path:
    """Of the door for people at this machine."""
    return data / "control.sock"


def api_token(data: Path) -> str:
    """The token of the API's routes that change something: in the file api-token, which its owner alone may read.

    Made at the first call. DataFolderError if it cannot be made or read.
    """
    path = data / "api-token"
    try:
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as made:
                made.write(secrets.token_urlsafe(32) + "\n")
        token = path.read_text().strip()
    except OSError as error:
        raise DataFolderError(f"{path} cannot be used ({error.strerror}): look at its rights") from error
    if len(token) < 16:
        raise DataFolderError(f"{path} holds no token of 16 characters or more: delete it, and a new one is made")
    return token


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Make the folder if need be, and hold it: two hosts on one database would each believe to be the only one.

    DataFolderError if it cannot be made or written, or is held by another process. The lock ends with the process.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o750)
        lock = open(data / "lock", "a+")  # noqa: SIM115 - held as long as the context
    except OSError as error:
        raise DataFolderError(
            f"{data} cannot be written ({error.strerror}): make it writable, or choose another with --data"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise DataFolderError(
                f"{data} is in use by another tankwarden (process {lock.read().strip() or '?'}): stop it, or choose "
                "another folder with --data"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
