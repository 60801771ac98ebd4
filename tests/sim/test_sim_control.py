"""The control socket: a line each way; what is no command, no JSON or no simulation is told in words."""

import contextlib
import json
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tankwarden.sim.control import ControlServer, ask
from tankwarden.sim.errors import SimError


def refuse(_: dict[str, Any]) -> dict[str, Any]:
    raise SimError("not today")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Of a server that knows echo and refuse, in a loop of its own."""
    path = tmp_path / "control"
    with selectors.DefaultSelector() as selector:
        server = ControlServer(path, selector, {"echo": lambda request: {"got": request}, "refuse": refuse})
        stop = threading.Event()

        def loop() -> None:
            while not stop.is_set():
                for key, _ in selector.select(0.02):
                    key.data(0)

        thread = threading.Thread(target=loop)
        thread.start()
        yield path
        stop.set()
        thread.join()
        server.close()
    assert not path.exists()


def exchange(path: Path, data: bytes, lines: int = 1) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        sock.sendall(data)
        with sock.makefile("rb") as file:
            return [json.loads(file.readline()) for _ in range(lines)]


def test_a_command_is_answered(path: Path) -> None:
    assert ask(path, {"cmd": "echo", "value": 3}) == {"ok": True, "got": {"cmd": "echo", "value": 3}}


def test_commands_may_share_a_connection_and_come_in_pieces(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        with sock.makefile("rb") as file:
            for piece in (b'{"cmd": ', b'"echo"}\n{"cmd":"echo","n":2}\n{"cm', b'd":"echo","n":3}\n'):
                sock.sendall(piece)
            assert [json.loads(file.readline())["got"].get("n") for _ in range(3)] == [None, 2, 3]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"hello\n", "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"\n", "not JSON"),
        (b"[1]\n", "no command None: cmd must be one of echo, refuse"),
        (b'{"cmd": "dance"}\n', "no command 'dance': cmd must be one of echo, refuse"),
        (b'{"cmd": ["echo"]}\n', "no command"),
        (b'{"cmd": "refuse"}\n', "not today"),
    ],
)
def test_what_is_refused_is_told_and_the_line_stays_open(path: Path, line: bytes, error: str) -> None:
    refused, served = exchange(path, line + b'{"cmd":"echo"}\n', lines=2)
    assert refused["ok"] is False
    assert error in refused["error"]
    assert served["ok"] is True


def test_a_refusal_is_an_error_for_the_asker(path: Path) -> None:
    with pytest.raises(SimError, match="not today"):
        ask(path, {"cmd": "refuse"})


def test_a_line_without_end_is_hung_up_on(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(b"x" * 200_000)
            assert sock.recv(10) == b""
    assert ask(path, {"cmd": "echo"})["ok"]


def test_a_client_that_vanishes_harms_nobody(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.sendall(b'{"cmd":"echo"}\n{"cmd"')
    assert ask(path, {"cmd": "echo"})["ok"]


def test_nobody_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SimError, match=r"no simulation answers at .*: start sim with --control"):
        ask(tmp_path / "none", {"cmd": "list"})


def serve(path: Path) -> None:
    with selectors.DefaultSelector() as selector:
        ControlServer(path, selector, {}).close()


def test_a_socket_in_use_a_file_and_a_long_path_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(SimError, match="another simulation listens"):
        serve(path)
    (tmp_path / "file").touch()
    with pytest.raises(SimError, match="is no socket"):
        serve(tmp_path / "file")
    for refused in (serve, lambda long: ask(long, {})):
        with pytest.raises(SimError, match="at most 107 bytes"):
            refused(tmp_path / ("x" * 200))
    with pytest.raises(SimError, match="in a folder that can be written"):
        serve(tmp_path / "missing" / "control")


def test_a_socket_left_by_a_simulation_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    serve(path)
