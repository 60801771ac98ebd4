"""The control socket: one JSON object a line each way, so that tests and people can break the simulated world."""

import contextlib
import json
import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tankwarden.sim.errors import SimError

_LONGEST = 65536
_PATH_MAX = 107  # what fits into sockaddr_un
Answer = dict[str, Any]
Command = Callable[[dict[str, Any]], Answer]


class ControlServer:
    """Listens on a unix socket within the simulation's own loop. A handler may raise SimError."""

    def __init__(self, path: Path, selector: selectors.BaseSelector, commands: dict[str, Command]) -> None:
        self._path, self._selector, self._commands = path, selector, commands
        self._lines: dict[socket.socket, bytes] = {}
        self._server = _listen(path)
        selector.register(self._server, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Hang up and remove the socket."""
        for client in list(self._lines):
            self._hang_up(client)
        self._selector.unregister(self._server)
        self._server.close()
        self._path.unlink(missing_ok=True)

    def _accept(self, _now_us: int) -> None:
        client, _ = self._server.accept()
        client.settimeout(0.2)  # a client that does not read its answers is hung up on
        self._lines[client] = b""
        self._selector.register(client, selectors.EVENT_READ, lambda _now_us: self._read(client))

    def _read(self, client: socket.socket) -> None:
        try:
            data = client.recv(4096)
        except OSError:
            data = b""
        *lines, rest = (self._lines[client] + data).split(b"\n")
        if not data or len(rest) > _LONGEST:
            self._hang_up(client)
            return
        self._lines[client] = rest
        for line in lines:
            try:
                client.sendall(json.dumps(self._answer(line)).encode() + b"\n")
            except OSError:
                self._hang_up(client)
                return

    def _hang_up(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._lines[client]
        client.close()

    def _answer(self, line: bytes) -> Answer:
        try:
            request = json.loads(line)
        except ValueError as error:
            return {"ok": False, "error": f"not JSON ({error}): send one object a line"}
        name = request.get("cmd") if isinstance(request, dict) else None
        command = self._commands.get(name) if isinstance(name, str) else None
        if command is None:
            return {"ok": False, "error": f"no command {name!r}: cmd must be one of {', '.join(self._commands)}"}
        try:
            return {"ok": True, **command(request)}
        except SimError as error:
            return {"ok": False, "error": str(error)}


def ask(path: Path, request: dict[str, Any], timeout_s: float = 10.0) -> Answer:
    """Send one command to a running simulation. SimError if it is not there or refuses."""
    _check_length(path)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout_s)
        try:
            sock.connect(os.fspath(path))
            sock.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(sock.makefile("rb").readline())
        except (OSError, ValueError) as error:
            raise SimError(f"no simulation answers at {path} ({error}): start sim with --control {path}") from error
    if not answer.get("ok"):
        raise SimError(str(answer.get("error")))
    return dict(answer)


def _listen(path: Path) -> socket.socket:
    _check_length(path)
    _remove_stale(path)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(os.fspath(path))
    except OSError as error:
        server.close()
        raise SimError(f"--control {path}: {error.strerror}: name a path in a folder that can be written") from error
    path.chmod(0o600)
    server.listen(8)
    return server


def _remove_stale(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_socket():
        raise SimError(f"--control {path}: exists and is no socket: name another path")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
    raise SimError(f"--control {path}: another simulation listens there: stop it or name another path")


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > _PATH_MAX:
        raise SimError(f"--control {path}: a unix socket's path has at most {_PATH_MAX} bytes: name a shorter one")
