"""Looking at a board with no host: who answers, what it measures, its self-test, the link; and what goes wrong."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench_kit import Sim, bench, ended, in_terminal
from bench_kit import healthy_fixture as healthy_fixture
from bench_kit import sim_fixture as sim_fixture

from tankbench.errors import MismatchError, NoAnswerError, PortError
from tanklink import messages


def test_hello_says_who_answers(sim: Sim) -> None:
    said = bench("hello", "--port", sim.tty)
    assert said.returncode == 0, said.stderr
    for word in ("board ", "program  0.", "messages ", "boot ", "power_on", "state    disarmed"):
        assert word in said.stdout


def test_watch_into_a_pipe_prints_every_status_and_stops_in_time(sim: Sim) -> None:
    said = bench("watch", "--port", sim.tty, "--seconds", 2)
    assert said.returncode == 0, said.stderr
    heading, *rows = said.stdout.splitlines()
    assert "temperature_1" in heading
    assert len(rows) >= 15  # 10 Hz
    assert all("disarmed" in row and "0000" in row for row in rows)


def test_watch_on_a_terminal_is_one_live_table_with_values(sim: Sim) -> None:
    child = in_terminal("watch", *sim.at())
    child.expect("board .*disarmed")
    child.expect("outside 1 .*open")
    child.expect("circuit 2 .*fault line .*whole")
    child.expect(r"voltage_1 .*V")
    child.expect(r"temperature_1 .*°F")
    child.sendintr()
    child.expect("0 damaged frames")
    assert ended(child) == 0


def test_watch_waits_for_a_board_that_went_away(sim: Sim) -> None:
    child = in_terminal("watch", "--port", sim.tty)
    child.expect("disarmed")
    sim.fault("power-cut", 0.5)
    child.expect("waiting for it to come back")
    child.expect("it is back")
    child.sendintr()
    assert ended(child) == 0


def test_watch_into_a_pipe_that_closes_ends_quietly(sim: Sim) -> None:
    shell = f"{sys.executable} -m tankbench watch --seconds 20 --port {sim.tty} | head -n 2"
    said = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=30)
    assert len(said.stdout.splitlines()) == 2
    assert said.stderr == ""


def test_looking_leaves_the_configuration_of_the_board_alone(sim: Sim, tmp_path: Path) -> None:
    """Neither CONFIG nor ARM is sent: seen in a recording of what a look says."""
    bench("hello", "--port", sim.tty)
    bench("record", tmp_path / "tape", "--port", sim.tty, "--seconds", 1)
    lines = [json.loads(line) for line in (tmp_path / "tape").read_text().splitlines()[1:-1]]
    assert {line["message"] for line in lines if line["sent"]} == {"HELLO", "PING", "CONFIG_CHECK"}


def test_adc_shows_counts_values_and_noise(sim: Sim) -> None:
    said = bench("adc", *sim.at(), "--seconds", 2)
    assert said.returncode == 0, said.stderr
    rows = {line.split()[0]: line.split() for line in said.stdout.splitlines() if line.split()}
    assert set(messages.CHANNELS) <= set(rows)
    _, value, unit, sigma, mean, noise, _, least, most, n = rows["voltage_1"]
    assert (unit, float(value) > 300, 2400 < float(mean) < 3400) == ("V", True, True)
    assert 0.5 < float(noise) < 4  # 1.5 counts, as it is simulated
    assert 0.05 < float(sigma) < 0.5  # of 500 V in 4095 counts
    assert int(least) < float(mean) < int(most)
    assert int(n) > 200
    only = bench("adc", "--port", sim.tty, "--seconds", 0.5, "--channel", "reference")
    assert "reference" in only.stdout
    assert "voltage_1" not in only.stdout
    assert "values need the scales of a configuration: --config FILE" in only.stdout


def test_selftest_of_a_board_in_order(sim: Sim) -> None:
    said = bench("selftest", "--port", sim.tty)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("ok  ") == 7
    assert "reference" not in said.stdout, "that is looked at before arming, and not here"


def test_selftest_names_what_failed_and_how_to_go_on(healthy: Sim) -> None:
    healthy.fault("line-short", 2)
    said = bench("selftest", "--port", healthy.tty)
    assert said.returncode == 1
    assert "FAILED       each fault line falls with its feed: fault_line_2 reads 1, limit 0" in said.stdout
    assert "not reached  the converter's clock" in said.stdout
    assert "The board is at FAULT: mend it, then reset-trip" in said.stdout
    healthy.fault("clear")
    trip = next(line for line in bench("hello", "--port", healthy.tty).stdout.splitlines() if "standing" in line)
    assert "state    fault" in trip
    done = bench("reset-trip", trip.split()[-1], *healthy.at(), "--yes")
    assert done.returncode == 0, done.stderr
    assert "fault line shorted to its supply on circuit 2" in done.stdout
    assert "state    disarmed" in bench("hello", "--port", healthy.tty).stdout


def test_soak_of_a_noisy_line_counts_both_sides(healthy: Sim, tmp_path: Path) -> None:
    healthy.fault("serial-noise", 10)
    said = bench("soak", "--port", healthy.tty, "--seconds", 4, "--json", tmp_path / "figures")
    assert said.returncode == 1, said.stderr
    figures = json.loads((tmp_path / "figures").read_text())
    assert not figures["clean"]
    assert sum(figures["damaged_here"].values()) > 0
    assert figures["rtt_p50_ms"] <= figures["rtt_p99_ms"] <= figures["rtt_max_ms"]
    assert figures["frames"]["STATUS"] > 5
    assert "█" in said.stdout
    assert "damaged frames received here: " in said.stdout


def test_a_port_that_another_program_holds_is_refused_by_name(sim: Sim) -> None:
    held = os.open(sim.tty, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said = bench("hello", "--port", sim.tty)
    finally:
        os.close(held)
    assert said.returncode == PortError.code
    assert "is in use: stop " in said.stderr
    assert f"(process {os.getpid()})" in said.stderr


def test_what_is_no_port_and_who_does_not_answer_are_told_in_one_line(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        silent = bench("hello", "--port", os.ttyname(slave))
    finally:
        os.close(slave)
        os.close(master)
    missing = bench("hello", "--port", tmp_path / "none")
    wrong = bench("hello", "--port", "/dev/null")
    assert [r.returncode for r in (silent, missing, wrong)] == [NoAnswerError.code, PortError.code, PortError.code]
    assert "the Pico does not answer: cable or power?" in silent.stderr
    assert "is not there: plug the Pico in, or correct the path" in missing.stderr
    assert "is not a serial port" in wrong.stderr
    assert all(len(r.stderr.splitlines()) == 1 for r in (silent, missing, wrong))


def test_without_a_pico_ports_says_so_and_hello_asks_for_a_port() -> None:
    if bench("ports").stdout.startswith("/dev/"):
        pytest.fail("a Pico is plugged into the machine that runs the tests: unplug it, they are about having none")
    said = bench("hello")
    assert said.returncode == PortError.code
    assert "no Raspberry Pi Pico is plugged in" in said.stderr
    assert "name it with --port" in said.stderr


@pytest.mark.parametrize(
    ("theirs", "what"), [("0.0.9", "flash the Pico"), ("99.0.0", "update Tankwarden")], ids=["older", "newer"]
)
def test_a_board_with_other_messages_is_refused_saying_which_side_to_update(
    sim: Sim, tmp_path: Path, theirs: str, what: str
) -> None:
    """A recording of a board that had other messages, played as one."""
    tape = tmp_path / "tape"
    assert bench("record", tape, "--port", sim.tty, "--seconds", 0.5).returncode == 0
    lines = [json.loads(line) for line in tape.read_text().splitlines()]
    for line in lines:
        if line.get("message") == "WELCOME":
            line["fields"].update(digest="00" * 8, version=theirs)
    tape.write_text("\n".join(map(json.dumps, lines)) + "\n")
    player = subprocess.Popen(
        [sys.executable, "-m", "tankbench", "replay", tape, "--tty", tmp_path / "tty"], stdout=subprocess.PIPE
    )
    try:
        assert player.stdout is not None
        player.stdout.readline()
        said = bench("hello", "--port", tmp_path / "tty")
    finally:
        player.terminate()
        player.communicate(timeout=30)
    assert said.returncode == MismatchError.code
    assert what in said.stderr
    assert messages.DIGEST.hex() in said.stderr
