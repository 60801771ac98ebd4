"""tankbench as a person at the bench meets it: against the simulated Pico, no host, and against what goes wrong."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tankbench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def tty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("bench")
    link = folder / "tty"
    command = [sys.executable, "-m", "tankwarden", "sim", "--tty", str(link), "--flash", str(folder / "flash")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sim:
        assert sim.stdout is not None
        assert sim.stdout.readline() == f"ready {link}\n"
        yield link
        sim.terminate()


def test_hello_says_who_answers(tty: Path) -> None:
    said = bench("hello", "--port", tty)
    assert said.returncode == 0, said.stderr
    for word in ("board ", "program  0.", "messages ", "boot ", "power_on", "state    disarmed"):
        assert word in said.stdout


def test_watch_prints_every_status_and_stops_in_time(tty: Path) -> None:
    said = bench("watch", "--port", tty, "--seconds", 2)
    assert said.returncode == 0, said.stderr
    heading, *rows = said.stdout.splitlines()
    assert "temperature_1" in heading
    assert len(rows) >= 15  # 10 Hz
    assert all("disarmed" in row and "0000" in row for row in rows)


def test_watch_into_a_pipe_that_closes_ends_quietly(tty: Path) -> None:
    shell = f"{sys.executable} -m tankbench watch --seconds 20 --port {tty} | head -n 2"
    said = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=30)
    assert len(said.stdout.splitlines()) == 2
    assert said.stderr == ""


def test_a_port_that_another_program_holds_is_refused(tty: Path) -> None:
    held = os.open(tty, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said = bench("hello", "--port", tty)
    finally:
        os.close(held)
    assert said.returncode == 2
    assert "is in use: stop the other program" in said.stderr


def test_what_is_no_port_and_who_does_not_answer_are_told_in_one_line(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        silent = bench("hello", "--port", os.ttyname(slave))
    finally:
        os.close(slave)
        os.close(master)
    missing = bench("hello", "--port", tmp_path / "none")
    wrong = bench("hello", "--port", "/dev/null")
    assert [r.returncode for r in (silent, missing, wrong)] == [2, 2, 2]
    assert "no answer to HELLO: is it a Pico with the Tankwarden program?" in silent.stderr
    assert "is not there: plug the Pico in, or correct the path" in missing.stderr
    assert "is not a serial port" in wrong.stderr
    assert all(len(r.stderr.splitlines()) == 1 for r in (silent, missing, wrong))


def test_without_a_pico_ports_says_so_and_hello_asks_for_a_port() -> None:
    if bench("ports").stdout.startswith("/dev/"):
        pytest.fail("a Pico is plugged into the machine that runs the tests: unplug it, they are about having none")
    said = bench("hello")
    assert said.returncode == 2
    assert "no Pico is plugged in; name the port with --port" in said.stderr
