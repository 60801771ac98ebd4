"""Recording, replaying as a table and as a board, and calibrating against a meter, in a terminal."""

import json
import subprocess
import sys
import time
from pathlib import Path

from bench_kit import Sim, bench, ended, in_terminal
from bench_kit import healthy_fixture as healthy_fixture
from bench_kit import sim_fixture as sim_fixture

from tankbench.errors import BenchError, NoAnswerError, NotConfirmedError, PortError, RefusedError
from tankwarden import config


def test_a_recording_has_both_sides_and_is_never_written_over(sim: Sim, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    child = in_terminal("record", tape, "--port", sim.tty)
    end = time.monotonic() + 10
    while not tape.exists() or tape.read_text().count('"STATUS"') < 5:
        assert time.monotonic() < end
        time.sleep(0.05)  # a real process on real time
    child.sendintr()
    child.expect(r"\d+ messages in ")
    assert ended(child) == 0
    first, *frames, last = [json.loads(line) for line in tape.read_text().splitlines()]
    assert first["tankbench"] == 1
    assert {"HELLO", "WELCOME", "STATUS"} <= {frame["message"] for frame in frames}
    assert [f["t"] for f in frames] == sorted(f["t"] for f in frames)
    assert last["damaged"] == {}
    again = bench("record", tape, "--port", sim.tty)
    assert again.returncode == BenchError.code
    assert "name a file that is not there" in again.stderr
    table = bench("replay", tape, "--message", "WELCOME")
    assert table.stdout.count("WELCOME") == 1
    assert "STATUS" not in table.stdout
    assert "state=disarmed" in table.stdout


def test_a_recording_played_as_a_board_can_be_watched_and_not_armed(sim: Sim, tmp_path: Path) -> None:
    tape, tty = tmp_path / "tape", tmp_path / "tty"
    assert bench("record", tape, "--port", sim.tty, "--seconds", 3).returncode == 0
    command = [sys.executable, "-m", "tankbench", "replay", str(tape), "--tty", str(tty)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as player:
        assert player.stdout is not None
        assert player.stdout.readline().startswith(f"ready {tty}")
        watched = bench("watch", "--port", tty, "--seconds", 1)
        armed = bench("relay", 1, "--port", tty, "--config", sim.config, "--yes")
        assert player.wait(20) == 0
        assert "the recording is over" in player.stdout.read()
    assert watched.stdout.count("disarmed") >= 5
    assert armed.returncode in (RefusedError.code, NoAnswerError.code, PortError.code)  # the last two: it is over
    assert "closed" not in armed.stdout
    assert not tty.is_symlink()
    assert bench("replay", tape, "--tty", tmp_path).returncode == BenchError.code


def test_replay_of_nothing_is_told(tmp_path: Path) -> None:
    said = bench("replay", tmp_path / "none")
    assert said.returncode == BenchError.code
    assert "give the path of a recording" in said.stderr


def test_a_channel_is_calibrated_reading_by_reading(healthy: Sim, tmp_path: Path) -> None:
    """The tank's NTC as it is and as it boils; the meter's word is taken."""
    out = tmp_path / "tankwarden.toml"
    out.write_text(healthy.config.read_text())
    child = in_terminal("calibrate", "temperature_1", "--out", out, "--seconds", 0.5, "--port", healthy.tty)
    child.expect("reading 1, meter .°F.: ")
    child.sendline("abc")
    child.expect("'abc' is no number")
    child.sendline("105,4 °F")
    child.expect(r"\d+\.\d+ counts, σ \d")
    healthy.fault("overheat", 1)
    child.expect("reading 2, meter .°F.: ")
    child.sendline("195")
    child.expect(r"\d+\.\d+ counts, σ \d")
    child.expect("reading 3, meter .°F.: ")
    child.sendline("")
    child.expect("off by")
    child.expect("Type yes to go on: ")
    child.sendline("yes")
    child.expect("updated .*tankwarden.toml: restart the host to use it")
    assert ended(child) == 0
    scale = config.load(out).scale("temperature_1")
    assert scale is not None
    (low, hot), (high, usual) = scale.points
    assert low < high
    assert (hot, usual) == (195.0, 105.4)
    assert "against a meter" in out.read_text()


def test_a_calibration_that_is_not_confirmed_writes_nothing(sim: Sim, tmp_path: Path) -> None:
    out = tmp_path / "scales.toml"
    said = bench(
        "calibrate", "reference", "--out", out, "--seconds", 0.3, "--port", sim.tty, typed="2.5\n2.6\n\n"
    )  # two readings of one voltage
    assert said.returncode == BenchError.code
    assert "are too close: take them further apart" in said.stderr
    ended_early = bench("calibrate", "reference", "--out", out, "--seconds", 0.3, "--port", sim.tty, typed="2.5\n")
    assert ended_early.returncode == NotConfirmedError.code
    assert not out.exists()
