"""What a person is told to do about a trip: a command that works where it is typed, and what comes before it."""

import shlex
import sys
from pathlib import Path

import pytest

from tanklink.messages import TRIGGERS
from tankwarden import places
from tankwarden.drivers.pico.advice import reset_text
from tankwarden.flows.snapshot import Failures
from tankwarden.flows.supervise import TaskRow
from tankwarden.howto import reset_command


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment's folder of programs; nothing is on the path."""
    folder = tmp_path / "a venv" / "bin"
    folder.mkdir(parents=True)
    script = folder / "tankwarden"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setattr(sys, "prefix", str(folder.parent))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return folder


def words(data: Path) -> list[str]:
    return shlex.split(reset_command(data).format(id=12))


def test_what_is_on_no_path_is_called_by_its_place(installed: Path) -> None:
    assert words(places.default_data()) == [str(installed / "tankwarden"), "reset-trip", "12"]


def test_an_activated_environment_is_not_active_in_another_terminal(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(installed))
    assert words(places.default_data())[0] == str(installed / "tankwarden")


def test_what_is_on_the_path_is_called_by_its_name_if_it_is_this_copy(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "local" / "tankwarden"
    link.parent.mkdir()
    link.symlink_to(installed / "tankwarden")
    monkeypatch.setenv("PATH", str(link.parent))
    assert words(places.default_data()) == ["tankwarden", "reset-trip", "12"]
    link.unlink()
    link.write_text("#!/bin/sh\n# another copy\n")
    link.chmod(0o755)
    assert words(places.default_data())[0] == str(installed / "tankwarden")


def test_without_a_script_it_is_called_through_the_interpreter(installed: Path) -> None:
    (installed / "tankwarden").unlink()
    assert words(places.default_data())[:3] == [str(installed / "python"), "-m", "tankwarden"]


def test_a_data_folder_is_given_whole_and_quoted(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words(Path("my {data}"))[-2:] == ["--data", str(tmp_path / "my {data}")]


@pytest.mark.parametrize("trigger", ["short", "over_current", "element_open", "element_drift", "sensor_stuck"])
def test_what_cannot_be_seen_with_open_relays_is_to_be_mended_first(trigger: str) -> None:
    assert reset_text(trigger).startswith("mend it first: with the relays open it cannot be seen")


@pytest.mark.parametrize(
    "trigger",
    [
        "over_temperature", "over_voltage", "sensor_open", "sensor_short", "sensor_rate", "sensor_dead", "leakage",
        "reference", "fault_line",
    ],
)  # fmt: skip
def test_what_the_pico_goes_on_seeing_must_be_gone_for_two_seconds(trigger: str) -> None:
    assert reset_text(trigger).startswith("once the cause has been gone for 2 s")


def test_every_trigger_has_its_own_advice_and_the_unknown_has_some() -> None:
    from tankwarden.drivers.pico.advice import _RESET_TEXTS

    assert set(_RESET_TEXTS) == set(TRIGGERS) - {"none"}
    assert reset_text(None) == reset_text("of_the_future") != ""


def test_a_failure_is_as_old_as_its_first_sight_and_a_new_one_begins_anew() -> None:
    failures = Failures()

    def row(restarts: int, error: str | None) -> TaskRow:
        return TaskRow("control", "running", 0.1, restarts, error)

    assert failures.age_s(row(0, None), 10.0) is None
    assert failures.age_s(row(1, "hung"), 20.0) == 0
    assert failures.age_s(row(1, "hung"), 95.0) == 75
    assert failures.age_s(row(2, "hung"), 96.0) == 0
