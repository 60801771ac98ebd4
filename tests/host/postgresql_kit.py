"""A PostgreSQL server of the tests' own: on loopback, in a folder that goes with it, run by a user without rights."""

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql


class MissingError(Exception):
    """There is no PostgreSQL server to be started on this machine."""


# Nothing here must outlive a power cut, and little is there to be cached.
_SETTINGS = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=40")


class Server:
    """url(name): of a schema, which is made if it is not there yet. stop and start leave what is in it."""

    def __init__(self) -> None:
        self._bin, self._as, self.port = _programs(), _unprivileged(), _free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="tankwarden-postgresql-"))  # not pytest's, which only root enters
        self._data = self._folder / "data"
        if self._as:
            shutil.chown(self._folder, _user())
        self._run("initdb", "-D", str(self._data), "--no-sync", "--auth=trust", "--username=tank", "--encoding=UTF8")
        self.start()

    def start(self) -> None:
        settings = " ".join(f"-c {setting}" for setting in _SETTINGS)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {settings}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._data / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def end(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, name: str) -> str:
        """Of a schema, which costs far less than a database of its own."""
        with self.admin() as connection:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))
        return f"postgresql://tank@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{name}"

    def url_of(self, path: Path) -> str:
        """A schema that stands for a file of that path."""
        return self.url(f"t{hashlib.sha256(str(path).encode()).hexdigest()[:16]}")

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(f"postgresql://tank@127.0.0.1:{self.port}/postgres", autocommit=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._bin / program), *arguments]
        with open(os.devnull, "w") as nowhere:  # a pipe would stay open as long as the server runs
            subprocess.run(command, check=True, cwd="/", stdout=nowhere, timeout=60)


def _programs() -> Path:
    """Where initdb and pg_ctl are: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise MissingError("no PostgreSQL server: sudo apt-get install postgresql")
    return found[-1].parent if found else Path(str(on_path)).parent


def _user() -> str:
    """Whom the server runs as where the tests run as root, which it refuses."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _unprivileged() -> Sequence[str]:
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={_user()}", f"--regid={pwd.getpwnam(_user()).pw_gid}", "--clear-groups")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
