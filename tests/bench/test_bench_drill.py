"""The drill against the simulated board: with the simulator's hands, with a person's, ended early, and its report."""

from pathlib import Path

import pytest
from bench_kit import Sim, bench, ended, in_terminal
from bench_kit import healthy_fixture as healthy_fixture
from bench_kit import sim_fixture as sim_fixture

from tankbench.drill_report import COLUMNS
from tankbench.drill_steps import STEPS
from tankbench.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "drill-example.md"


def rows(text: str) -> list[list[str]]:
    """The cells of the table of trips."""
    lines = text.partition("## Trips")[2].splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    assert [cell.strip() for cell in table[0]] == list(COLUMNS)
    return [[cell.strip() for cell in row] for row in table[2:]]


def drill(sim: Sim, report: Path, *arguments: object, timeout: float = 120) -> str:
    """With the simulator's hands; what was printed."""
    said = bench("drill", *sim.at(), "--control", sim.control, "--report", report, *arguments, timeout=timeout)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def test_trips_are_brought_about_named_reset_and_reported(sim: Sim, tmp_path: Path) -> None:
    only = ("fault_line", "sensor_open", "short", "weld", "line_stuck", "reference", "watchdog", "memory")
    report = tmp_path / "drill.md"
    said = drill(sim, report, "--circuit", 1, *(word for name in only for word in ("--only", name)))
    assert "fault line broken on circuit 1" in said
    text = report.read_text()
    assert "**Passed.** 8 passed, 0 failed, 1 skipped." in text
    assert [row[1].partition(":")[0] for row in rows(text)] == [
        "fault_line", "sensor_open", "short", "weld", "weld", "line_stuck", "reference", "watchdog", "memory",
    ]  # fmt: skip
    assert [row[4] for row in rows(text)][:5] == [
        "fault_line_1", "temperature_1", "voltage_1", "relay_1_outside", "relay_1_inside",
    ]  # fmt: skip
    assert sim.relays() == "0000"
    kept = (tmp_path / "drill.events.jsonl").read_text()
    assert kept.count('"event": "TRIP"') == 5
    assert kept.count('"event": "FAULT"') == 3
    assert "state    disarmed" in bench("hello", "--port", sim.tty).stdout
    again = bench("drill", *sim.at(), "--control", sim.control, "--report", report)
    assert again.returncode == BenchError.code
    assert "name another file with --report" in again.stderr


def test_a_person_does_mends_skips_and_ends(healthy: Sim, tmp_path: Path) -> None:
    """The test has the hands, and does what it is told."""
    report = tmp_path / "drill.md"
    only = ("--only", "sensor_open", "--only", "sensor_short", "--only", "reference")
    child = in_terminal("drill", *healthy.at(), "--report", report, "--circuit", 2, *only, timeout=30)
    child.expect("Put a lamp in place")
    child.expect("Type yes to go on: ")
    child.sendline("yes")
    child.expect("Disconnect the NTC of tank 2.")
    healthy.fault("sensor-open", 2)
    child.sendline("")
    child.expect("Connect it again.")
    assert healthy.relays() == "0000"
    child.sendline("")  # but it is not done
    child.expect("not yet: .* the cause of the trip is still there")
    child.expect("Connect it again.")
    healthy.fault("clear")
    child.sendline("")
    child.expect("passed sensor open on circuit 2")
    child.expect("Bridge the two wires of the NTC of tank 2.")
    child.sendline("s")
    child.expect("why. ")
    child.sendline("its clamps are sealed")
    child.expect("skipped .* its clamps are sealed")
    child.expect("Disconnect the 2.5 V reference")
    child.sendline("q")
    child.expect("ended early")
    child.expect("1 passed, 0 failed, 2 skipped")
    assert ended(child) == 0
    cells = rows(report.read_text())
    assert [row[3] for row in cells] == ["passed", "skipped", "skipped"]
    assert cells[0][7] == ""  # nobody knows when the wire came off
    assert [row[8] for row in cells[1:]] == ["its clamps are sealed", "the drill was ended before it"]


def test_by_hand_limits_come_to_the_circuit(healthy: Sim, tmp_path: Path) -> None:
    """Nobody shorts anything: over-current, short and drift come about by tightened limits alone."""
    report = tmp_path / "drill.md"
    only = ("--only", "over_current", "--only", "short", "--only", "element_drift", "--only", "no_rise")
    said = bench("drill", *healthy.at(), "--report", report, "--circuit", 1, *only, "--yes", timeout=120)
    assert said.returncode == 0, said.stdout + said.stderr
    assert [row[3] for row in rows(report.read_text())] == ["passed"] * 4


def test_what_is_not_what_it_must_be_fails_the_drill(healthy: Sim, tmp_path: Path) -> None:
    """A person says that the NTC is off, and has shorted it."""
    report = tmp_path / "drill.md"
    child = in_terminal(
        "drill", *healthy.at(), "--report", report, "--circuit", 1, "--only", "sensor_open", "--yes", timeout=30
    )
    child.expect("Disconnect the NTC of tank 1.")
    healthy.fault("sensor-short", 1)
    child.sendline("")
    child.expect("Connect it again.")
    healthy.fault("clear")
    child.sendline("")
    child.expect("FAILED sensor shorted on circuit 1")
    assert ended(child) == 1
    text = report.read_text()
    assert "**Not passed.**" in text
    assert "told TRIP sensor_short temperature_1 instead of TRIP sensor_open temperature_1" in text


def test_a_control_socket_that_is_none_is_told_before_anything_moves(sim: Sim, tmp_path: Path) -> None:
    said = bench("drill", *sim.at(), "--control", tmp_path / "none", "--report", tmp_path / "drill.md")
    assert said.returncode == BenchError.code
    assert "no simulation answers at" in said.stderr
    assert not (tmp_path / "drill.md").exists()


@pytest.mark.slow
def test_the_whole_drill_passes(sim: Sim, tmp_path: Path) -> None:
    drill(sim, tmp_path / "drill.md", timeout=500)
    verdicts = [row[3] for row in rows((tmp_path / "drill.md").read_text())]
    assert "FAILED" not in verdicts
    assert verdicts.count("passed") > 35


def test_the_example_is_a_drill_of_these_steps() -> None:
    """docs/drill-example.md was made by a real run; a step that was added or renamed since makes it stale."""
    text = EXAMPLE.read_text()
    found = [(row[1].partition(":")[0], row[2]) for row in rows(text)]
    wanted = [(step.trigger, c) for step in STEPS for c in (("board",) if step.once else ("1", "2"))]
    assert found == wanted, "make it anew: docs/bench.md says how"
    cells = rows(text)
    assert {row[3] for row in cells} == {"passed", "skipped"}
    for row in cells:
        assert (row[3] == "skipped") == (not row[4]), row
        assert row[3] == "passed" or row[8], "whatever is skipped says why"
    for word in ("| board |", "| program |", "| date |", "| configuration |", "## Self-test before the drill"):
        assert word in text
