"""Closing a circuit from the bench: only when a person says so, only by leases, and open again whatever happens."""

import re
import signal
from pathlib import Path

import pytest
from bench_kit import Sim, bench, ended, in_terminal
from bench_kit import healthy_fixture as healthy_fixture
from bench_kit import sim_fixture as sim_fixture

from tankbench.errors import BenchError, NotConfirmedError


def quiet(sim: Sim) -> None:
    assert sim.relays() == "0000"


def test_it_closes_after_a_yes_shows_the_element_and_opens_in_time(sim: Sim) -> None:
    child = in_terminal("relay", 1, *sim.at(), "--seconds", 2)
    child.expect("circuit 1 .House tank.: 32 Ω, trips above 11 A")
    child.expect("Type yes to go on: ")
    quiet(sim)
    child.sendline("yes")
    child.expect("closed   relays 11  current [78].* A  voltage 2.* V  temperature 1.* °F")
    sim.wait_relays("1100")
    child.expect("released: both relays open, disarmed")
    assert ended(child) == 0
    quiet(sim)


@pytest.mark.parametrize("answer", ["no", "", "y es"])
def test_anything_but_yes_does_nothing(sim: Sim, answer: str) -> None:
    before = sim.edges()
    child = in_terminal("relay", 2, *sim.at())
    child.expect("Type yes to go on: ")
    child.sendline(answer)
    child.expect("nothing was done")
    assert ended(child) == NotConfirmedError.code
    assert sim.edges() == before


def test_a_pipe_is_nobody_who_could_confirm(sim: Sim) -> None:
    before = sim.edges()
    said = bench("relay", 1, *sim.at(), typed="yes\n")
    assert said.returncode == NotConfirmedError.code
    assert "run it in a terminal, or give --yes" in said.stderr
    assert sim.edges() == before


def test_ctrl_c_opens_at_once(sim: Sim) -> None:
    child = in_terminal("relay", 1, *sim.at(), "--yes", "--seconds", 60)
    child.expect("closed ")
    sim.wait_relays("1100")
    child.sendintr()
    child.expect("released: both relays open, disarmed")
    assert ended(child) == 130
    quiet(sim)


def test_a_tool_that_is_killed_leaves_a_lease_that_ends(sim: Sim) -> None:
    child = in_terminal("relay", 1, *sim.at(), "--yes", "--seconds", 60)
    child.expect("closed ")
    sim.wait_relays("1100")
    child.kill(signal.SIGKILL)
    sim.wait_relays("0000", timeout_s=2)
    child.close()


def test_a_trip_ends_it_and_reset_trip_goes_on(healthy: Sim) -> None:
    child = in_terminal("relay", 1, *healthy.at(), "--yes", "--seconds", 30)
    child.expect("closed ")
    healthy.fault("overheat", 1)
    child.expect(
        r"over-temperature on circuit 1: 19[45]\.\d °F, limit 160.0 °F: mend it, then tankbench reset-trip (\d+)"
    )
    assert isinstance(child.match, re.Match)
    trip = child.match.group(1)
    assert ended(child) == 1
    quiet(healthy)
    again = bench("relay", 1, *healthy.at(), "--yes")
    assert again.returncode == 1
    assert f"tankbench reset-trip {trip}" in again.stdout
    wrong = bench("reset-trip", 999, *healthy.at(), "--yes")
    assert wrong.returncode == 6
    assert "another trip stands, or none" in wrong.stderr
    there = bench("reset-trip", trip, *healthy.at(), "--yes")
    assert there.returncode == 6
    assert "the cause of the trip is still there" in there.stderr
    healthy.fault("clear")
    child = in_terminal("reset-trip", trip, *healthy.at())
    child.expect("over-temperature on circuit 1")
    child.expect("once the cause has been gone for 2 s .* reset it")
    child.sendline("yes")
    child.expect(f"trip {trip} is reset")
    assert ended(child) == 0


def test_a_board_that_refuses_to_arm_is_told_why(healthy: Sim) -> None:
    before = healthy.edges()
    healthy.fault("fault-line", 2)
    said = bench("relay", 1, *healthy.at(), "--yes")
    assert said.returncode == 6
    assert "the Pico refuses to arm: a fault line is open" in said.stderr
    assert healthy.edges() == before


def test_without_limits_nothing_closes(sim: Sim, tmp_path: Path) -> None:
    child = in_terminal("relay", 1, "--port", sim.tty, "--yes", cwd=tmp_path)
    child.expect("limits and scales are needed: name the host's configuration file with --config")
    assert ended(child) == BenchError.code
    (tmp_path / "broken.toml").write_text("[site]\nlatitude = 100\n")
    said = bench("relay", 1, "--port", sim.tty, "--yes", "--config", tmp_path / "broken.toml")
    assert said.returncode == BenchError.code
    assert "broken.toml, [site]" in said.stderr
    one = sim.config.read_text().replace("short_min_a = 0.3", "short_min_a = 3.0")
    (tmp_path / "loose.toml").write_text(one)
    said = bench("relay", 1, "--port", sim.tty, "--yes", "--config", tmp_path / "loose.toml")
    assert "above the Pico's ceiling" in said.stderr
