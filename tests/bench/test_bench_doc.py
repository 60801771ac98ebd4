"""docs/bench.md tells of every command, every option and every exit code, and of none that there is not."""

import argparse
import re
from pathlib import Path

import pytest

import tankbench.errors
from tankbench.__main__ import INTERRUPTED, parser
from tankbench.errors import FOUND, BenchError

DOC = (Path(__file__).resolve().parents[2] / "docs" / "bench.md").read_text()
SECTIONS = {
    part.partition("\n")[0].strip(): part.partition("\n")[2].partition("\n## ")[0]
    for part in re.split(r"^### ", DOC, flags=re.MULTILINE)[1:]
}


def commands() -> dict[str, argparse.ArgumentParser]:
    action = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def test_every_command_has_its_section_and_no_section_is_of_none() -> None:
    assert set(SECTIONS) == set(commands())


def test_the_commands_are_those_of_the_bench() -> None:
    wanted = "ports hello watch adc relay pwm servo plan effect selftest drill soak record replay calibrate reset-trip"
    assert set(commands()) == set(wanted.split())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_is_told_and_no_other(name: str) -> None:
    options = {
        option
        for action in commands()[name]._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }
    text = SECTIONS[name]
    told = set(re.findall(r"`(--[a-z]+)", text)) | set(re.findall(rf"tankbench {name}[^\n]*?(--[a-z]+)", text))
    others = {"--control"} if name == "drill" else set()
    if name != "ports":
        told |= {"--port"} & set(re.findall(r"--port", text))
    assert told - others == options - others


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        parser().parse_args([name, "--help"])
    assert done.value.code == 0
    assert f"usage: tankbench {name}" in capsys.readouterr().out


def test_the_exit_codes_are_those_of_the_errors() -> None:
    kinds = [
        kind for kind in vars(tankbench.errors).values() if isinstance(kind, type) and issubclass(kind, BenchError)
    ]
    codes = {kind.code for kind in kinds} | {0, FOUND, INTERRUPTED}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", DOC, re.MULTILINE)} == codes
