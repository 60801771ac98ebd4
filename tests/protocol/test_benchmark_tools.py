"""tools/benchmarks: what they print can be read by other programs, and goals are judged the right way round."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "tools" / "benchmarks"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / command[0]), *command[1:]], capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
@pytest.mark.parametrize("part", ["codec", "recovery"])
def test_a_benchmark_prints_figures_and_nothing_else(part: str) -> None:
    result = run("link", "--only", part)
    assert result.returncode == 0, result.stderr
    figures = [json.loads(line) for line in result.stdout.splitlines()]
    assert figures
    for figure in figures:
        assert sorted(figure) == ["name", "unit", "value"]
        assert figure["name"].startswith("link.")
        assert figure["value"] > 0


@pytest.mark.slow
def test_all_shows_each_figure_beside_its_goal() -> None:
    result = run("all", "link", "--only=recovery")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines] == ["link.recovered_flip", "link.recovered_drop", "link.recovered_insert"]
    assert all(line[3:5] == ["≥", "0.999"] for line in lines)


def test_an_unknown_benchmark_is_named_with_those_there_are() -> None:
    result = run("all", "lnk")
    assert result.returncode == 1
    assert "no benchmark 'lnk'; there are: " in result.stderr
    assert "link" in result.stderr


@pytest.mark.parametrize(
    ("sense", "limit", "value", "met"),
    [("min", 3, 3, True), ("min", 3, 2.9, False), ("max", 2, 2, True), ("max", 2, 2.1, False), ("max", 0, 0, True)],
)
def test_a_goal_is_met_at_its_limit_and_on_the_right_side_of_it(
    sense: str, limit: float, value: float, met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from goals import Goal

    assert Goal(sense, limit).met(value) is met
