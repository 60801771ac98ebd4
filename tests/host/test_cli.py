"""The command line: what it refuses it says in one line, with exit code 2; what it runs it ends in order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import TOML
from pico_pty import PicoPty
from store_kit import stored

from tankwarden import places
from tankwarden.__main__ import main, parser
from tankwarden.drivers.pico.ports import open_port
from tankwarden.version import version


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tankwarden.toml").write_text(TOML)
    return folder


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that is refused says."""
    assert main([str(argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tankwarden: ")
    assert error.count("\n") == 1
    return error


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out == f"tankwarden {version()}\n"


def test_every_command_has_help_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        "run",
        "reset-trip",
        "arm",
        "light",
        "weather",
        "sim",
        "sim-fault",
        "demo",
        "backup",
        "restore",
        "export",
        "import",
        "migrate",
        "log",
    ):
        with pytest.raises(SystemExit) as done:
            parser().parse_args([command, "--help"])
        assert done.value.code == 0
        assert f"tankwarden {command}" in capsys.readouterr().out


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([])
    assert done.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_a_configuration_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "tankwarden.toml: cannot be read" in refused(capsys, "run", "--data", tmp_path / "data")
    assert "other.toml: cannot be read" in refused(
        capsys, "run", "--data", tmp_path / "data", "--config", tmp_path / "other.toml"
    )


def test_a_fault_in_the_configuration_names_file_table_and_key(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "tankwarden.toml").write_text(TOML.replace("target_degf", "taget_degf"))
    error = refused(capsys, "run", "--data", data)
    assert "tankwarden.toml, [[circuit]] 1: unknown key taget_degf: did you mean target_degf?" in error


def test_a_data_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    error = refused(capsys, "run", "--data", tmp_path / "file" / "data")
    assert "cannot be written" in error
    assert "--data" in error


def test_a_data_folder_in_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with places.locked(data):
        error = refused(capsys, "run", "--data", data)
    assert f"in use by another tankwarden (process {os.getpid()})" in error
    with places.locked(data):
        pass


def test_a_serial_port_in_use(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        port = open_port(str(pty.link))
        error = refused(capsys, "run", "--data", data, "--serial", pty.link)
        assert "is in use: stop " in error
        assert f"(process {os.getpid()}) first" in error
        port.close()


def test_a_serial_port_that_is_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, "run", "--data", data, "--serial", data / "tankwarden.toml")
    assert "is not a serial port" in error


@pytest.mark.parametrize("address", ["8080", "nowhere:http", "127.0.0.1:99999", ":8080"])
def test_an_address_that_is_none(address: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, "run", "--data", data, "--http", address)
    assert f"--http {address} is not HOST:PORT" in error


def test_an_http_port_in_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = refused(capsys, "run", "--data", data, "--http", f"127.0.0.1:{port}")
    assert f"127.0.0.1:{port}" in error
    assert "--http" in error


@pytest.mark.parametrize("command", [("reset-trip", "7"), ("arm",)])
def test_asking_a_host_that_does_not_run(
    command: tuple[str, ...], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is it running" in refused(capsys, *command, "--data", data)


def test_the_default_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert places.default_data() == tmp_path / "tankwarden"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/srv/bella")
    assert places.default_data() == Path("/srv/bella/.local/share/tankwarden")
    assert places.database(Path("/d")) == "/d/tankwarden.db"
    monkeypatch.setenv("TANKWARDEN_DATABASE", "sqlite:////other.db")
    assert places.database(Path("/d")) == "sqlite:////other.db"


@pytest.fixture
def host(data: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], PicoPty, str]]:
    """A running host process, its Pico and the address of its page."""
    with PicoPty(tmp_path / "tty") as pty, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        process = subprocess.Popen(
            [sys.executable, "-m", "tankwarden", "run", "--data", data, "--serial", pty.link, "--http", address],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield process, pty, f"http://{address}"
        finally:
            process.kill()
            process.communicate()


def connected(page: str) -> bool:
    try:
        with urllib.request.urlopen(page + "/api/status", timeout=2) as answer:
            return bool(json.load(answer)["pico"]["connected"])
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
    number: signal.Signals, host: tuple[subprocess.Popen[str], PicoPty, str], data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    process, pty, page = host
    end = time.monotonic() + 20
    while not connected(page):
        assert time.monotonic() < end, "it never connected"
        time.sleep(0.05)
    assert "is in use" in refused(capsys, "run", "--data", data, "--serial", pty.link)
    assert "is not the standing trip" in refused(capsys, "reset-trip", "7", "--data", data)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "Tankwarden 0.1.0 stopped" in errors
    assert not places.socket_path(data).exists()
    assert stored(data / "tankwarden.db") > 0, "the rows that waited for their minute are not on disk"
