"""Calibrations of probes that do not hang on the Pico: live, in charts and exports, over time, and of a pH electrode by
its buffers with the water's temperature; the rows stay as they were read."""

import csv
from pathlib import Path

import pytest
from store_kit import CALIBRATION, T0, opened, row, stored

from tankwarden.__main__ import main
from tankwarden.clock import ManualClock
from tankwarden.drivers.calibrated import CalibratedSensor
from tankwarden.drivers.dummy import DummySensor
from tankwarden.errors import NotKnownError
from tankwarden.logic import ph, probes
from tankwarden.logic.calibration import CalibrationError, Curve, Version, of_probe
from tankwarden.logic.meters import Calibration, Probe
from tankwarden.logic.ph import Buffer, Electrode
from tankwarden.logic.quality import Quality
from tankwarden.store import Calibrator, ReadingRow, Span, Store, export

MINUTE = 60_000
PROBES = (Probe("ph", "mV"), Probe("water", "°F"), Probe("orp", "mV"))
BASE = Calibration(CALIBRATION.circuits, CALIBRATION.thermometers, CALIBRATION.max_gap_s, PROBES)
ELECTRODE = ph.calibrate([Buffer(177.0, 4.01), Buffer(0.5, 7.0), Buffer(-171.2, 10.01)], 25.0)


def version(target: str, electrode: Electrode | None = None, by: str | None = None, *, number: int = 0,
            begin: int | None = None, end: int | None = None) -> Version:  # fmt: skip
    if electrode is None:
        return Version(number, target, ((0.0, 1.0), (100.0, 102.0)), begin, end, T0)
    told = ph.parameters_of(electrode, by)
    return Version(number, target, electrode.points, begin, end, T0, unit="pH", parameters=told)


def calibrator(store: Store) -> Calibrator:
    made = store.calibrator(BASE, "America/Phoenix", lambda: T0 + 7_200_000)
    queries = store.queries(BASE)
    made.changed = queries.recalibrated
    made.load()
    return made


def mv(k: int) -> float:
    return -30.0 + 7 * (k % 11)


def degf(k: int) -> float:
    return 70.0 + k % 17


def fill(store: Store) -> None:
    """Two hours of a reading a minute; the first temperature comes late, and the electrode is at fault once."""
    for k in range(120):
        at = T0 + k * MINUTE
        store.recorder.reading(ReadingRow("ph", at, mv(k), Quality.IMPLAUSIBLE if k == 50 else Quality.OK))
        if k >= 10:
            store.recorder.reading(ReadingRow("water", at, degf(k), Quality.OK))
    store.recorder.flush()


@pytest.mark.usefixtures("each_database")
def test_charts_and_exports_say_what_the_live_reading_says(tmp_path: Path) -> None:
    """A version that begins in the middle, compensated by a sensor that is calibrated itself from some time on."""
    path, middle, late = tmp_path / "a.db", T0 + 30 * MINUTE, T0 + 60 * MINUTE
    with opened(path) as store:
        fill(store)
        made = calibrator(store)
        made.apply(version("sensor.ph", ELECTRODE, "sensor.water", begin=middle), unit="pH", who="me")
        made.apply(version("sensor.water", begin=late), unit="°F", who="me")
        timeline = made.timeline
        queries = store.queries(BASE)
        queries.recalibrated(timeline)

        def plain(k: int) -> float:
            at = T0 + k * MINUTE
            held = probes.held(timeline.versions, "sensor.ph", at)
            warm = probes.value(probes.held(timeline.versions, "sensor.water", at), degf(k), None) if k >= 10 else None
            return probes.value(held, mv(k), warm)

        found = queries.series("sensor.ph", T0 - 1, T0 + 120 * MINUTE, 2000)
        want = [None if k == 50 else pytest.approx(plain(k), abs=1e-9) for k in range(120)]
        assert [found["mean"][place] for place in range(120)] == want
        assert found["unit"] == "pH"
        lines = list(csv.DictReader("".join(export(store.database, timeline, "readings", Span())).splitlines()))
        shown = [line for line in lines if line["sensor"] == "ph"]
        assert [float(line["measured"]) for line in shown] == [mv(k) for k in range(120)]
        assert [float(line["value"]) for line in shown] == [pytest.approx(plain(k), abs=1e-9) for k in range(120)]
        assert {line["unit"] for line in shown[:30]} == {"mV"}
        assert {line["unit"] for line in shown[30:]} == {"pH"}
        assert shown[50]["quality"] == "implausible"
        assert len(lines) == 230
        assert stored(path, "count(*) FROM sensor_readings WHERE sensor = 'ph' AND measured = -30.0") == 11
        made.undo(1, who="me")
        queries.recalibrated(made.timeline)
        assert queries.series("sensor.ph", T0 - 1, T0 + 120 * MINUTE, 2000)["mean"][119] == mv(119)


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("thinned", [False, True])
def test_a_channel_of_the_pico_can_tell_the_temperature(tmp_path: Path, thinned: bool) -> None:
    counts, at = 2400, T0 + 15 * MINUTE
    with opened(tmp_path / "a.db") as store:
        store.recorder.measurements([row(T0 + k * 1000, tank=counts) for k in range(1200)])
        if thinned:
            store.recorder.submit_write(lambda db: db.execute_sql("DELETE FROM measurements")).result()
        store.recorder.reading(ReadingRow("ph", at, 100.0, Quality.OK))
        made = calibrator(store)
        made.apply(version("sensor.ph", ELECTRODE, "sensor.tank"), unit="pH", who="me")
        queries = store.queries(BASE)
        queries.recalibrated(made.timeline)
        warm = Curve(CALIBRATION.thermometers[0].points).value(counts)
        (shown,) = queries.series("sensor.ph", at - 1, at, 100)["mean"]
        assert shown == pytest.approx(probes.value(made.versions()[0], 100.0, warm), abs=1e-9)
        assert shown != pytest.approx(probes.value(made.versions()[0], 100.0, None), abs=1e-3)


@pytest.mark.usefixtures("each_database")
def test_a_reading_that_waits_is_in_the_chart(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        queries = store.queries(BASE)
        assert queries.series("sensor.orp", T0, T0 + MINUTE, 100)["t_ms"] == []  # configured, and nothing read yet
        with pytest.raises(NotKnownError):
            queries.series("sensor.nobody", T0, T0 + MINUTE, 100)
        store.recorder.reading(ReadingRow("orp", T0 + 5, 310.0, Quality.OK))
        assert store.recorder.status().pending_rows == 1
        assert queries.series("sensor.orp", T0, T0 + MINUTE, 100)["mean"] == [310.0]
        store.recorder.flush()
        assert queries.series("sensor.orp", T0, T0 + MINUTE, 100)["mean"] == [310.0]


def test_the_live_reading_is_calibrated_and_keeps_what_was_read() -> None:
    clock = ManualClock(mono_s=10.0)
    told: dict[str, float | None] = {"sensor.water": 104.0}
    sensor = CalibratedSensor(DummySensor(clock, 177.0, "mV", 1.0), "sensor.ph", lambda by: told[by])
    plain = sensor.sample()
    assert plain is not None
    assert (plain.value, plain.measured, sensor.unit) == (177.0, None, "mV")
    sensor.version = version("sensor.ph", ELECTRODE, "sensor.water")
    warm = sensor.sample()
    assert warm is not None
    assert warm.value == pytest.approx(7 + (4.01 - 7) * 298.15 / 313.15)
    assert (warm.measured, sensor.unit) == (177.0, "pH")
    told["sensor.water"] = None  # nobody knows: as warm as the buffers
    cold = sensor.sample()
    assert cold is not None
    assert cold.value == pytest.approx(4.01)
    sensor.sensor = DummySensor(clock, None, "mV", 1.0)
    assert sensor.sample() is None
    sensor.sensor = DummySensor(clock, float("nan"), "mV", 1.0)
    broken = sensor.sample()
    assert broken is not None
    assert broken.value != broken.value


def test_a_version_holds_from_its_first_instant_to_the_one_before_its_end() -> None:
    one = version("sensor.orp", number=1, begin=T0, end=T0 + 2 * MINUTE)
    two = version("sensor.orp", number=2, begin=T0 + MINUTE)
    found = probes.stretches([one, two], ["sensor.orp"], T0 - MINUTE, T0 + 5 * MINUTE)
    told = [(s.from_ms - T0, s.to_ms - T0, None if s.version is None else s.version.id) for s in found]
    assert told == [(-MINUTE, -1, None), (-1, MINUTE - 1, 1), (MINUTE - 1, 2 * MINUTE - 1, 2),
                    (2 * MINUTE - 1, 5 * MINUTE, 2)]  # fmt: skip


def test_points_that_turn_or_are_too_big_make_no_calibration() -> None:
    assert of_probe([(100, 4.0), (-100, 10.0)]) == ((-100, 10.0), (100, 4.0))
    with pytest.raises(CalibrationError, match="does not"):
        of_probe([(0, 1), (1, 3), (2, 2), (3, 9)])
    with pytest.raises(CalibrationError, match="beyond"):
        of_probe([(0, 1), (1, 30_000)])


TOML = """
[site]
latitude = 33.45
longitude = -112.07
zone = "America/Phoenix"

[[enclosure]]
id = "reef"
name = "Reef"
kind = "reef"

[[sensor]]
id = "ph"
name = "pH"
enclosure = "reef"
driver = "dummy"
value = 12.0
unit = "mV"

[[sensor]]
id = "water"
name = "Water"
enclosure = "reef"
driver = "dummy"
value = 77.0
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "tankwarden.toml").write_text(TOML)
    return tmp_path


def test_the_command_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str, code: int = 0) -> str:
        assert main([*words, "--data", str(data)]) == code
        told = capsys.readouterr()
        return told.out + told.err

    buffers = ("4.01=177", "7.00=0.5", "--degf", "77", "--sensor", "ph")
    assert "sensor.ph (ph): as it is read, in mV" in run("calibrate", "list")
    assert "good: slope and offset" in run("calibrate", "ph", *buffers, "--preview")
    assert "calibration 1" not in run("calibrate", "list")
    said = run("calibrate", "ph", *buffers, "--temperature", "water", "--days", "2")
    assert "calibration 1 of sensor.ph holds from" in said
    assert "electrode good; tankwarden calibrate undo 1 takes it back" in said
    assert "sensor.ph (ph): calibration 1: 0.5 → 7 pH, 177 → 4.01 pH" in run("calibrate", "list")
    assert "give what was read, as 177c=4.01" in run("calibrate", "apply", "ph", "7.1=7.0", code=2)
    assert "is no sensor that reads °F: it is one of water" in run(
        "calibrate", "ph", *buffers, "--temperature", "ph", code=2
    )
    assert "calibration 2 of sensor.water" in run("calibrate", "apply", "water", "77=78")
    assert "nothing is stored yet" in run("calibrate", "preview", "sensor.water", "0c=0", "80c=81", "--unit", "°F")
    assert "calibration 1 of sensor.ph is undone" in run("calibrate", "undo", "1")
    assert "sensor.ph (ph): as it is read, in mV" in run("calibrate", "list")
    assert "there is nothing to calibrate called 'salt'" in run("calibrate", "ph", "7=0", "--sensor", "salt", code=2)
    assert run("csv", "export", "readings") == "sensor,ts,measured,value,unit,quality\n"
