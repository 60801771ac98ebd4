"""The configuration file: a good one is read in full, every bad one is refused saying what, where and what to do."""

import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from tankwarden import config
from tankwarden.ceilings import ceilings
from tankwarden.errors import ConfigError, TankwardenError
from tankwarden.fields import setting, settings_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "docs" / "example.toml").read_text("utf-8")
SECOND_CIRCUIT = """
[[circuit]]
id = "guest-tank"
name = "Guest tank"
enclosure = "hot-water"
circuit = 2
resistance_ohm = 32
current_limit_a = 11
temperature_limit_degf = 160
target_degf = 125
"""


SERVO = "\n[[servo]]\nservo = 1\n"


def changed(old: str, new: str, count: int = 1) -> str:
    """The example with one thing changed."""
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, count)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, "tank.toml")
    assert caught.value.where.startswith("tank.toml")
    assert caught.value.fix
    return str(caught.value)


def test_the_example_is_read() -> None:
    read = config.load(ROOT / "docs" / "example.toml")
    assert read.site.zone == "America/Phoenix"
    assert [enclosure.kind for enclosure in read.enclosures] == ["hot_water", "reef"]
    assert read.circuits[0].resistance_ohm == 32.0
    assert read.circuits[0].hysteresis_degf == 5.0  # a default
    assert read.sensors[0].parameters == config.PicoChannel(channel="reef_temperature")
    assert read.clock is None
    assert read.http.address == ("127.0.0.1", 8080)
    scale, circuit = read.scale("current_1"), read.circuit(1)
    assert scale is not None
    assert scale.points == ((372, 0.0), (4068, 14.0))
    assert circuit is read.circuits[0]
    assert read.circuit(2) is None
    assert read.scale("current_2") is None


def test_it_is_frozen() -> None:
    with pytest.raises(AttributeError):
        config.parse(EXAMPLE).site.name = "elsewhere"  # type: ignore[misc]  # that it cannot be set is the test


def test_a_simulated_clock_is_read_only_where_it_is_written() -> None:
    text = EXAMPLE + "[clock]\nepoch_wall_ms = 1763760000000\nepoch_mono_ns = 5\nspeed = 240\n"
    clock = config.parse(text).clock
    assert clock == config.ClockSettings(epoch_wall_ms=1763760000000, epoch_mono_ns=5, speed=240.0)


# (what is wrong, the file, texts that the message must hold)
BAD: list[tuple[str, str, tuple[str, ...]]] = [
    ("not TOML", "[site\n", ("is not TOML", "line 1")),
    ("unknown table", EXAMPLE + "[recoder]\n", ("unknown key recoder", "did you mean recorder?")),
    ("unknown key", changed("target_degf", "taget_degf"), ("[[circuit]] 1", "taget_degf", "did you mean target_degf?")),
    ("unknown key, nothing near", changed("name = ", "xyzzy = 1\nname = "), ("[site]", "xyzzy", "it takes latitude")),
    ("unknown driver parameter", changed("channel = ", "chanel = "), ("[[sensor]] 1", "did you mean channel?")),
    ("another driver's parameter", changed("driver =", "value = 3\ndriver ="), ("[[sensor]] 1", "unknown key value")),
    ("missing key", changed("resistance_ohm = 32.0\n", ""), ("[[circuit]] 1", "resistance_ohm", "is missing")),
    ("missing driver parameter", changed('channel = "reef_temperature"\n', ""), ("[[sensor]] 1", "channel", "missing")),
    ("missing section", "[[enclosure]]\nid = 'x'\n", ("[site]", "latitude (north positive) is missing")),
    ("no driver", changed('driver = "pico"\n', ""), ("[[sensor]] 1", "None", "use one of dummy, pico")),
    ("unknown driver", changed('"pico"', '"pcio"'), ("[[sensor]] 1", "pcio", "use one of dummy, pico")),
    ("text for a number", changed("32.0", '"32"'), ("key resistance_ohm", "'32' is a text, not a number")),
    ("number for a text", changed('"Our house"', "3"), ("[site], key name", "3 is a whole number, not a text")),
    ("fraction for a whole number", changed("circuit = 1", "circuit = 1.0"), ("key circuit", "not a whole number")),
    ("truth for a number", changed("32.0", "true"), ("key resistance_ohm", "is true or false, not a number")),
    ("number for a truth", EXAMPLE + "[lockout]\nenabled = 1\n", ("key enabled", "not true or false")),
    ("infinite", changed("32.0", "inf"), ("key resistance_ohm", "inf")),
    ("not a number", changed("32.0", "nan"), ("key resistance_ohm", "nan")),
    ("below the bounds", changed("33.45", "-91"), ("key latitude", "-90 to 90 °")),
    ("above the bounds", EXAMPLE + "[recorder]\nperiod_s = 61\n", ("key period_s", "1 to 60 s")),
    ("one-sided bound", EXAMPLE + "[pico]\nttl_ms = 499\n", ("key ttl_ms", "at least 500 ms")),
    ("not a choice", changed('"reef"\n\n', '"aquarium"\n\n'), ("key kind", "one of reef, terrarium, hot_water")),
    ("no such circuit", changed("circuit = 1", "circuit = 3"), ("key circuit", "one of 1, 2")),
    ("no identifier", changed('id = "reef"', 'id = "Reef 1"'), ("key id", "Reef 1", "small letter")),
    ("one table for many", changed("[[circuit]]", "[circuit]"), ("[circuit]", "write [[circuit]]")),
    ("a value for a table", "site = 3\n", ("[site]", "not a table")),
    ("a value for a row", "sensor = [3]\n" + EXAMPLE.partition("[[sensor]]")[0], ("[[sensor]] 1", "not a table")),
    ("no zone", changed("America/Phoenix", "America/Fenix"), ("key zone", "America/Fenix", "timedatectl")),
    ("zone is a path", changed("America/Phoenix", "../etc/passwd"), ("key zone", "no time zone")),
    ("no port", EXAMPLE + '[http]\nlisten = "localhost"\n', ("key listen", "HOST:PORT")),
    ("no such port", EXAMPLE + '[http]\nlisten = "localhost:70000"\n', ("key listen", "HOST:PORT")),
    ("gap below the period", EXAMPLE + "[energy]\nmax_gap_s = 9\n[recorder]\nperiod_s = 10\n", ("max_gap_s", "10 s")),
    ("id used twice", changed('id = "reef"', 'id = "hot-water"'), ("[[enclosure]] 2", "[[enclosure]] 1 (Hot water)")),
    ("id of another kind", changed('"reef-water"', '"house-tank"'), ("[[sensor]] 1", "[[circuit]] 1 (House tank)")),
    ("no enclosure", changed('= "hot-water"\ncircuit', '= "hotwater"\ncircuit'), ("key enclosure", "hot-water, reef")),
    ("sensor's enclosure", changed('= "reef"\ndriver', '= "rif"\ndriver'), ("[[sensor]] reef-water", "'rif'")),
    ("heated reef", changed('= "hot-water"\ncircuit', '= "reef"\ncircuit'), ("hot_water", "reef is a reef")),
    ("circuit taken", EXAMPLE + SECOND_CIRCUIT.replace("= 2", "= 1"), ("guest-tank", "by [[circuit]] house-tank")),
    ("channel taken", changed('"reef_temperature"', '"temperature_1"'), ("reef-water", "by [[circuit]] house-tank")),
    ("scale twice", changed('"voltage_1"', '"current_1"'), ("[[scale]] 2", "by [[scale]] 1")),
    ("no scale for a circuit", EXAMPLE + SECOND_CIRCUIT, ("[[circuit]] guest-tank", "no scale for current_2")),
    ("no scale for a sensor", EXAMPLE.rpartition("[[scale]]")[0], ("[[sensor]] reef-water", "reef_temperature")),
    ("no points", changed("[[372, 0.0], [4068, 14.0]]", "[]"), ("[[scale]] current_1", "exactly 2")),
    ("three for a current", changed("[372, 0.0]", "[372, 0.0], [999, 2.0]"), ("current_1", "straight line")),
    ("three for a voltage", changed("[0, 0.0]", "[0, 0.0], [9, 1.0]"), ("voltage_1", "straight line")),
    ("one for a temperature", changed("[1260, 112.0], [1825, 86.0], [2978, 40.0]]\n\n", "[4, 5]]\n\n"), ("scale",)),
    ("nine points", changed("[267, 212.0], ", "[267, 212.0], [270, 210], [280, 200], "), ("9 points", "2 to 8")),
    ("points in disorder", changed("[484, 173.0]", "[667, 173.0]"), ("temperature_1", "counts go from 667 to 658")),
    ("points with equal counts", changed("[484, 173.0]", "[267, 173.0]"), ("counts go from 267 to 267",)),
    ("too many counts", changed("4095", "4096"), ("voltage_1", "4096", "12 bits")),
    ("point too great", changed("500.0", "10001"), ("voltage_1", "10001", "±10000")),
    ("falling current", changed("14.0", "-1"), ("current_1", "does not rise")),
    ("point is no pair", changed("[4095, 500.0]", "[4095]"), ("key points", "point 2 is [4095]", "[[counts, value]")),
    ("counts are no whole number", changed("[4095,", "[4095.5,"), ("key points", "point 2")),
    ("value is no number", changed("500.0", '"500"'), ("key points", "value of point 2")),
    ("points are no list", changed("[[0, 0.0], [4095, 500.0]]", "5"), ("key points", "not a list of points")),
    ("target above the trip", changed("= 135.0", "= 160.0"), ("house-tank", "target_degf", "lower target_degf")),
    ("short never judged", changed("= 11.0", "= 0.2"), ("short_min_a 0.3 A is not below current_limit_a 0.2 A",)),
    ("short never seen", changed("[[0, 0.0], [4095", "[[0, 4.0], [4095"), ("short_min_a", "voltage_1 reads 4 V at 0")),
    ("never trips", changed("= 11.0", "= 14.2"), ("key current_limit_a", "might never trip", "goes to 14.1023 A")),
    ("trips beyond the points", changed("[267, 212.0], [484, 173.0], ", ""), ("temperature_limit_degf", "to 153.5 °F")),
    ("trips where the wire is short", changed("[267, 212.0], [484,", "[40, 212.0], [45,"), ("goes to 153.5 °F",)),
    ("implausible bounds", changed("driver", "plausible_low = 9\nplausible_high = 3\ndriver"), ("plausible_low", "9")),
    ("lease too long", EXAMPLE + "[pico]\nttl_ms = 5001\n", ("[pico], key ttl_ms", "MAX_LEASE_MS", "at most 5000")),
    ("current ceiling", changed("= 11.0", "= 15.5").replace("14.0]", "16]"), ("MAX_CURRENT_MA", "at most 15")),
    ("temperature ceiling", changed("= 160.0", "= 186"), ("MAX_TEMPERATURE_M_DEGF", "at most 185")),
    ("resistance ceiling", changed("= 32.0", "= 501"), ("MAX_RESISTANCE_MOHM", "at most 500")),
    ("resistance too small", changed("= 32.0", "= 4"), ("MIN_RESISTANCE_MOHM", "measure the element")),
    ("short ceiling", changed("= 11.0", "= 11.0\nshort_min_a = 2.5"), ("MAX_SHORT_MIN_MA", "at most 2")),
    ("tolerance ceiling", changed("= 11.0", "= 11.0\nshort_tolerance = 0.9"), ("MAX_SHORT_TOLERANCE_PERMILLE", "0.8")),
    ("servo twice", EXAMPLE + SERVO + SERVO, ("servo 1 is already taken", "[[servo]] 2")),
    ("a third servo", EXAMPLE + SERVO.replace("1", "3"), ("out of bounds", "one of 1, 2")),
    ("turns ceiling", EXAMPLE + SERVO + "max_turns = 21", ("MAX_TURNS", "at most 20")),
    ("feedings ceiling", EXAMPLE + SERVO + "max_feedings_24h = 25", ("MAX_FEEDINGS_24H", "at most 24")),
    ("food ceiling", EXAMPLE + SERVO + "max_g_24h = 501", ("MAX_MG_24H", "at most 500")),
    ("pulses", EXAMPLE + SERVO + "pulse_min_us = 1500\npulse_max_us = 1500", ("not below pulse_max_us", "swap")),
    ("sequence ceiling", changed("= 11.0", "= 11.0\nsequence_ms = 1001"), ("MAX_SEQUENCE_MS", "at most 1000")),
]


@pytest.mark.parametrize(("text", "parts"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_file_is_refused_saying_what_where_and_what_to_do(text: str, parts: tuple[str, ...]) -> None:
    message = refusal(text)
    for part in parts:
        assert part in message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read \(No such file or directory\)"):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "tank.toml"
    path.write_bytes(b"[site]\nname = '\xff'\n")
    with pytest.raises(ConfigError, match=r"tank\.toml: is not UTF-8 text"):
        config.load(path)


def test_an_error_is_of_the_tree_and_a_value_error() -> None:
    with pytest.raises(TankwardenError):
        config.parse("x = 1")
    with pytest.raises(ValueError, match="unknown key x"):
        config.parse("x = 1")


def test_a_limit_at_the_ceiling_is_allowed() -> None:
    text = changed("= 160.0", "= 185")
    assert config.parse(text).circuits[0].temperature_limit_degf == 185


def test_two_circuits() -> None:
    scales = EXAMPLE[EXAMPLE.index("[[scale]]") :].rpartition("[[scale]]")[0].replace("_1", "_2")
    read = config.parse(EXAMPLE + SECOND_CIRCUIT + scales)
    assert [circuit.id for circuit in read.circuits] == ["house-tank", "guest-tank"]


def test_drivers_of_sensors_bring_their_own_parameters() -> None:
    @dataclass(frozen=True)
    class Probe:
        address: int = setting("on the bus", low=0x48, high=0x4B)

    text = EXAMPLE + '[[sensor]]\nid = "ph"\nname = "pH"\nenclosure = "reef"\ndriver = "ads1115"\naddress = 0x49\n'
    read = config.parse(text, drivers={**config.SENSOR_PARAMETERS, "ads1115": Probe})
    assert read.sensors[1].parameters == Probe(0x49)
    assert read.sensors[1].driver == "ads1115"


@pytest.mark.parametrize(
    ("listen", "address"),
    [("[::1]:80", ("::1", 80)), ("0.0.0.0:0", ("0.0.0.0", 0)), ("tank.local:8080", ("tank.local", 8080))],
)
def test_addresses(listen: str, address: tuple[str, int]) -> None:
    assert config.parse(EXAMPLE + f'[http]\nlisten = "{listen}"\n').http.address == address


ALL_CLASSES = [*config.TABLES.values(), *config.SENSOR_PARAMETERS.values()]


@pytest.mark.parametrize("cls", ALL_CLASSES, ids=lambda cls: cls.__name__)
def test_every_key_is_explained_and_its_default_is_one_that_a_file_may_hold(cls: type) -> None:
    known: dict[str, Any] = settings_of(cls)
    assert set(known) == {field.name for field in fields(cls)} - {"parameters"}
    for name, (field, rule, _) in known.items():
        assert rule.help, name
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert rule.low is None or field.default >= rule.low, name
            assert rule.high is None or field.default <= rule.high, name


def test_ceilings_are_those_of_the_pico() -> None:
    assert ceilings()["MAX_LEASE_MS"] == 5000
    assert all(type(value) is int for value in ceilings().values())


def test_the_document_is_fresh() -> None:
    run = subprocess.run([sys.executable, ROOT / "tools" / "config_doc", "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
