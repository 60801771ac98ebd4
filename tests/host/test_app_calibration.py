"""A calibration through the whole application: the page, the probes and the Pico follow, and undo takes it back."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from house import TOML
from pico_pty import PicoPty
from test_app import Stage, pty  # noqa: F401  (a fixture)

from tankwarden import wiring
from tankwarden.__main__ import main
from tankwarden.app import App
from tankwarden.errors import CommandError, NotKnownError, RefusedError
from tankwarden.logic.calibration import CalibrationError
from tankwarden.logic.pico_config import calibrated
from tankwarden.store import Span

WISH = {"target": "east.voltage", "points": [[0, 0], [4000, 520]]}


def test_page_probe_and_pico_follow_and_undo_takes_it_back(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        assert stage.east["readings"]["voltage"]["value"] == pytest.approx(250)
        answer = await asyncio.to_thread(stage.app.command, {**WISH, "cmd": "calibrate", "note": "meter"})
        await stage.until(lambda: stage.east["readings"]["voltage"]["value"] == pytest.approx(260))
        await stage.until(lambda: pty.pico.config.scale(2, 4000) == 520_000)
        await stage.heating()  # the Pico was disarmed for a moment, and is armed again
        power = stage.east["readings"]["power"]["value"]
        assert power == pytest.approx(260 * (2000 - 372) * 14 / 3696, abs=0.1)
        listed = await asyncio.to_thread(stage.app.command, {"cmd": "calibrations"})
        assert [(each["id"], each["note"]) for each in listed["calibrations"]] == [(answer["id"], "meter")]
        assert listed["in_force"]["voltage_1"]["calibration"] == answer["id"]
        assert listed["in_force"]["current_1"]["calibration"] is None
        await asyncio.to_thread(stage.app.command, {"cmd": "calibrate-undo", "id": answer["id"]})
        await stage.until(lambda: stage.east["readings"]["voltage"]["value"] == pytest.approx(250))
        await stage.until(lambda: pty.pico.config.scale(2, 4000) == 500_000)
        await stage.heating()

    stage.play(scene)


def test_it_outlives_a_restart(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        await asyncio.to_thread(stage.app.command, {**WISH, "cmd": "calibrate"})

    stage.play(scene)
    again = App(stage.app.config, stage.data)
    try:
        assert again._queries.timeline.points(again.clock.wall_ms())["voltage_1"][1] == (4000, 520)
        assert again._snapshots._scales[1].volts.value(4000) == 520
    finally:
        again.close()


@pytest.mark.parametrize(
    ("wish", "error", "says"),
    [
        ({"target": "east.cats"}, RefusedError, "target: there is nothing to calibrate called 'east.cats'"),
        ({"points": []}, RefusedError, "points: give at least one point"),
        ({"points": [[1]]}, RefusedError, r"points: \[1\] is no point"),
        ({"points": [[0, 0], [0, 5]]}, CalibrationError, "0 was measured twice"),
        ({"points": [[0, 0], [4000, 900]], "from": "noon"}, RefusedError, "from: 'noon' is no day"),
        ({"days": 0}, RefusedError, "days: 0 is not 1 to 3660"),
        ({"points": [[0, 20], [4000, 520]]}, CalibrationError, "a dead short of 0.3 A would not show"),
        ({"target": "east.current", "points": [[372, 0], [4068, 9]]}, CalibrationError, "11 A might never trip"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    tmp_path: Path,
    pty: PicoPty,  # noqa: F811
    wish: dict[str, object],
    error: type[Exception],
    says: str,
) -> None:
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        with pytest.raises(error, match=says):
            await asyncio.to_thread(stage.app.command, {**WISH, **wish, "cmd": "calibrate"})
        with pytest.raises((NotKnownError, CommandError)):
            await asyncio.to_thread(stage.app.command, {"cmd": "calibrate-undo", "id": 1})
        assert stage.app._calibrator.versions() == []

    stage.play(scene)


def test_what_the_page_showed_is_a_point_by_the_curve_that_holds(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    """One alone moves the line: 250 V was shown, the meter says 252."""
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        wish = {"cmd": "calibrate-preview", "target": "voltage_1", "shown": [[250, 252]], "from": "ever"}
        answer = await asyncio.to_thread(stage.app.command, wish)
        assert answer["points"] == ((0, 2), (4000, 502))
        assert answer["residuals"][0]["error_before"] == pytest.approx(-2)
        assert answer["holds"] == "since ever on"

    stage.play(scene)


def test_series_and_export_of_the_running_host(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        await stage.until(lambda: stage.app._recorder.status().pending_rows > 1)
        now = stage.app.clock.wall_ms()
        found = await asyncio.to_thread(stage.app.series, "east.voltage", now - 60_000, now + 1000, 100)
        assert found["high"][-1] == pytest.approx(250)
        await asyncio.to_thread(stage.app._recorder.flush)
        text = await asyncio.to_thread(lambda: "".join(stage.app.export("measurements", None, None)))
        assert text.splitlines()[0].endswith("temperature_1_degf,reef_temperature_degf")

    stage.play(scene)
    assert Span().bounds[0] == -1


def test_the_picos_tables_are_whole_counts_of_at_most_eight_points() -> None:
    from house import parse

    config = parse()
    points = tuple((k * 250.3, k * 31.0) for k in range(17))
    board = wiring.board_of(calibrated(config, {"voltage_1": points}))
    steps = [step for step in board.steps if getattr(step, "channel", None) == 2]
    assert 2 <= len(steps) <= 8
    assert board.crc != wiring.board_of(config).crc
    assert replace(config, scales=config.scales) == config


# -- by hand, without a host ----------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tankwarden.toml").write_text(TOML)
    return folder


def test_the_command_line_without_a_host(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> str:
        assert main([*words, "--data", str(data)]) == 0
        return capsys.readouterr().out

    assert "voltage_1 (east.voltage): the configuration's scale: 0 → 0 V, 4000 → 500 V" in run("calibrate", "list")
    assert "0 days: 0.000 kWh before" in run("calibrate", "preview", "east.voltage", "250=252", "--days", "30")
    said = run("calibrate", "apply", "east.voltage", "0c=0", "250=252", "--from", "ever", "--note", "Fluke")
    assert "calibration 1 of voltage_1 holds since ever on; tankwarden calibrate undo 1 takes it back" in said
    assert "250 V was shown" not in said
    assert "252 V was shown as 250 V: -2.000" in said
    assert "1 voltage_1 since ever on: 0 → 0 V, 2000 → 252 V, Fluke" in run("calibrate", "list")
    assert run("summary") == "day         circuit            kWh   peak W   min °F   max °F\n"
    assert "calibration 1 of voltage_1 is undone" in run("calibrate", "undo", "1")
    assert run("csv", "export", "measurements").startswith("ts,period_ms,n,")
    file = data / "out.csv"
    run("csv", "export", "logs", "--output", str(file))
    assert file.read_text().startswith("id,ts,level")
    assert main(["csv", "import", str(file), "--data", str(data)]) == 2
    assert "line 1: there is no column period_ms" in capsys.readouterr().err


def test_the_ph_wizard_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "ph", "4.01=177", "7.00=0", "10.01=-178"]) == 0
    said = capsys.readouterr().out
    assert "slope 100.1 % and 100.0 % of Nernst's 59.16 mV per pH; +0.0 mV at pH 7" in said
    assert "good: slope and offset are as they should be" in said
    assert main(["calibrate", "ph", "7=x"]) == 2
    assert "7=x is no point" in capsys.readouterr().err


def test_what_only_reads_leaves_no_line_in_the_log(tmp_path: Path, pty: PicoPty) -> None:  # noqa: F811
    stage = Stage(tmp_path, pty)

    async def scene() -> None:
        await stage.heating()
        for _ in range(3):
            await asyncio.to_thread(stage.app.command, {"cmd": "calibrate-progress"})
        answer = await asyncio.to_thread(stage.app.command, {"cmd": "summaries", "days": 2})
        assert answer == {"text": "0 days", "summaries": []}
        await asyncio.to_thread(stage.app.command, {**WISH, "cmd": "calibrate"})

    stage.play(scene)
    again = App(stage.app.config, stage.data)
    try:
        texts = [line["text"] for line in again._queries.logs(50)]
    finally:
        again.close()
    assert sum("progress" in text or "summaries" in text for text in texts) == 0
    assert sum(text.startswith("calibrate: calibration 1") for text in texts) == 1
