"""The door for people at this very machine: a unix socket in the data folder, for its owner only, JSON lines.

Until there are accounts, whoever may open the socket is who may command.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from tankwarden.errors import TankwardenError

MODE = 0o600
MAX_LINE = 64 * 1024
PATIENCE_S = 10.0  # with a caller that says nothing
Handler = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class DoorError(TankwardenError, OSError):
    """The socket cannot be had, or nobody is behind it."""


class Door:
    """One JSON object per line in, one out: {"ok": true, …} or {"ok": false, "error": "…"}."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self._path, self._handler = path, handler
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. The caller holds the folder's lock, so a socket that is there is a dead one's."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o777 & ~MODE)  # so that it is never open to others, not for an instant
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        except OSError as error:
            raise DoorError(f"cannot listen on {self._path}: {error}: choose another --data folder") from error
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Listen no more; safe to call twice."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):  # a caller who hangs up, waits or babbles
            while line := await asyncio.wait_for(reader.readline(), PATIENCE_S):
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
        except ValueError:
            return {"ok": False, "error": "this is no JSON"}
        if not isinstance(request, dict):
            return {"ok": False, "error": "one JSON object per line is expected"}
        try:
            return {"ok": True, **await self._handler(request)}
        except TankwardenError as error:
            return {"ok": False, "error": str(error)}


def knock(path: Path, request: Mapping[str, Any], timeout_s: float = 15.0) -> dict[str, Any]:
    """From another process: send one request, return the answer. DoorError if nobody answers."""
    import socket

    try:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(timeout_s)
            caller.connect(str(path))
            caller.sendall(json.dumps(dict(request)).encode() + b"\n")
            answer: dict[str, Any] = json.loads(caller.makefile("rb").readline())
    except PermissionError as error:
        raise DoorError(f"{path} is not yours: run this as the user that runs tankwarden") from error
    except (OSError, ValueError) as error:
        raise DoorError(
            f"no tankwarden answers on {path} ({error}): is it running, with this --data folder?"
        ) from error
    return answer
