"""`tankwarden demo` as a person runs it: serves, survives a kill, sums up and ends by itself or on Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tankwarden import places
from tankwarden.demo.cli import data_folder

TANKWARDEN = (sys.executable, "-m", "tankwarden")


class Demo:
    """The process, and what it has printed so far."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [*TANKWARDEN, "demo", "--http", "127.0.0.1:0", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.said = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, pattern: str, timeout_s: float = 30) -> re.Match[str]:
        end = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self.said)):
            assert time.monotonic() < end, f"no {pattern!r} within {timeout_s} s in\n{self.said}"
            assert self.process.poll() is None, f"ended without {pattern!r}:\n{self.said}"
            time.sleep(0.05)
        return found

    def end(self, timeout_s: float = 30) -> int:
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def start() -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def begin(*arguments: object) -> Demo:
        started.append(Demo(*arguments))
        return started[-1]

    yield begin
    for demo in started:
        if demo.process.poll() is None:
            demo.process.terminate()
        demo.end()


def pids(demo: Demo) -> list[int]:
    found = demo.wait_for(r"host (\d+), simulated Pico (\d+)")
    return [int(found[1]), int(found[2])]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
def test_it_serves_a_page_with_a_past_survives_kill_9_and_sums_up(start: Callable[..., Demo], tmp_path: Path) -> None:
    demo = start("--seconds", 20, "--data", tmp_path / "data", "--seed", 2)
    url = demo.wait_for(r"The page: (\S+)")[1]
    with urlopen(url + "api/history?hours=24") as answer:
        history = answer.read().decode()
    assert history.count(",") > 3000, "a day of points for five series"
    demo.wait_for(r"relay 1 inside closed, outside \d+ ms later: .*heats to")
    host, sim = pids(demo)
    os.kill(host, signal.SIGKILL)
    after_s = float(demo.wait_for(r"relay 1 outside opened (\S+) s after the host was killed.*its lease ran out")[1])
    assert 1.3 < after_s < 2.02
    demo.wait_for("a new host runs")
    assert demo.end() == 0
    apart = re.search(r"page \S+ kWh, plant's ledger \S+ kWh \((\S+) % apart\)", demo.said)
    assert apart
    assert float(apart[1]) < 0.5
    assert "host restarted 1 times, Pico 0 times" in demo.said
    assert all(gone(pid) for pid in (host, sim))


@pytest.mark.slow
def test_it_goes_on_with_its_own_data_a_day_later(start: Callable[..., Demo], tmp_path: Path) -> None:
    for hours in (24, 24):
        demo = start("--seconds", 1, "--data", tmp_path)
        demo.wait_for(f"making the {hours} hours before")
        assert demo.end() == 0


@pytest.mark.slow
def test_what_a_demo_tells_is_true_in_order_and_of_its_own_run(start: Callable[..., Demo], tmp_path: Path) -> None:
    demo = start("--data", tmp_path, "--seed", 2)
    control = demo.wait_for(r"--control (\S+) clear")[1]

    def fault(name: str) -> None:
        subprocess.run([*TANKWARDEN, "sim-fault", "--control", control, name], check=True, capture_output=True)

    demo.wait_for(r"relay 2 inside closed")
    fault("serial-cut=4")
    demo.wait_for(r"relay 1 outside opened, inside \d+ ms later: its lease ran out: nothing came through the link")
    demo.wait_for(r"(?s)its lease ran out.*relay 1 inside closed, outside \d+ ms later: .*heats to")
    fault("element-short")
    demo.wait_for(r"relay 1 outside opened, inside with it: a trip: short circuit on circuit 1")
    demo.wait_for(r"relay 2 outside opened, inside with it: a trip: short circuit on circuit 1")
    demo.wait_for("the log says: short circuit")
    times = re.findall(r"(?m)^(\d\d:\d\d:\d\d)  ", demo.said)
    assert times == sorted(times)
    assert not re.search(r"opened.*heats to|closed.*(trip|lease)", demo.said)

    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "tankwarden.db", tmp_path / "tankwarden.toml")}
    second = start("--data", tmp_path)
    assert second.end() == 2
    assert "another demo runs on it" in second.said
    assert "making the" not in second.said
    assert (tmp_path / "tankwarden.toml").stat().st_mtime_ns == files[tmp_path / "tankwarden.toml"]

    demo.process.send_signal(signal.SIGINT)
    assert demo.end() == 0
    again = start("--data", tmp_path, "--seconds", 4)
    assert again.end() == 0
    assert "the log says: short circuit" not in again.said
    assert "a trip of an earlier run stands" in again.said


def test_a_folder_that_a_host_holds_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with data_folder(tmp_path):
        pass
    with places.locked(tmp_path):
        before = sorted(tmp_path.iterdir())
        refused = subprocess.run(
            [*TANKWARDEN, "demo", "--http", "127.0.0.1:0", "--data", tmp_path],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert sorted(tmp_path.iterdir()) == before
    assert refused.returncode == 2
    assert "is in use by another tankwarden" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.slow
def test_without_a_reader_its_children_end() -> None:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*TANKWARDEN, "demo", "--http", "127.0.0.1:0"], stdout=writer, stderr=subprocess.DEVNULL, text=True
    )
    os.close(writer)
    said = ""
    with open(reader) as output:
        while "Ctrl-C ends everything" not in said:
            line = output.readline()
            assert line, f"it ended before it was up:\n{said}"
            said += line
    found = re.search(r"host (\d+), simulated Pico (\d+)", said)
    assert found
    process.wait(30)  # at its next line: what the log says of the start
    assert gone(int(found[1])), "the host"
    assert gone(int(found[2])), "the simulated Pico"


@pytest.mark.slow
def test_a_second_demo_compares_what_its_own_ledger_knows(start: Callable[..., Demo], tmp_path: Path) -> None:
    assert start("--speed", 60, "--seconds", 12, "--data", tmp_path / "data").end() == 0
    again = start("--seconds", 3, "--data", tmp_path / "data")
    assert again.end() == 0
    found = re.search(r"in the last (\S+) h: page (\S+) kWh, plant's ledger \S+ kWh \((\S+) % apart\)", again.said)
    assert found
    assert float(found[3]) < 0.5
    assert 20 < float(found[1]) <= 24
    assert float(found[2]) > 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_in_order(start: Callable[..., Demo], number: signal.Signals) -> None:
    demo = start()
    processes = pids(demo)
    demo.process.send_signal(number)
    assert demo.end() == 0
    assert "energy in the last 24 h" in demo.said
    assert all(gone(pid) for pid in processes)


@pytest.mark.slow
def test_killed_it_leaves_no_process_behind(start: Callable[..., Demo]) -> None:
    demo = start()
    processes = pids(demo)
    demo.process.kill()
    demo.end()
    end = time.monotonic() + 10
    while not all(gone(pid) for pid in processes):
        assert time.monotonic() < end, "host or simulation still runs"
        time.sleep(0.05)


def test_what_cannot_be_is_told_in_a_line() -> None:
    for arguments, message in (
        (("--data", "/proc/x"), "--data /proc/x: cannot be written"),
        (("--http", "here"), "--http here is not HOST:PORT"),
        (("--seconds", "0"), "0 is not a number of seconds above 0"),
        (("--speed", "9999"), "9999 is not 0.1 to 3600"),
        (("--seconds", "soon"), "soon is not a number of seconds above 0"),
    ):
        refused = subprocess.run([*TANKWARDEN, "demo", *arguments], capture_output=True, text=True, timeout=30)
        assert refused.returncode != 0
        assert message in refused.stderr
        assert "Traceback" not in refused.stderr
