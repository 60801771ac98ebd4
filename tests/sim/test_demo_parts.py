"""The demo's parts: its configuration, the day before, the sentences, the summary, what it refuses."""

import socket
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tankwarden import config, wiring
from tankwarden.demo.children import Child, DemoError, cause
from tankwarden.demo.cli import data_folder, free_address
from tankwarden.demo.configuration import demo_config
from tankwarden.demo.house import House
from tankwarden.demo.past import DAY_MS, Past, Truth
from tankwarden.demo.run import greeting, start_ms
from tankwarden.demo.summary import Summary
from tankwarden.sim.defaults import CIRCUITS, scaling_points
from tankwarden.store import open_store, unpack_states

CLOCK = {"epoch_wall_ms": 1_781_631_000_000, "epoch_mono_ns": 5, "speed": 1.0, "ok": True}
START_MS = 1_781_631_000_000  # 2026-06-16 10:30 at the site

# -- configuration -----------------------------------------------------------------------------------------------


def test_the_configuration_is_one_that_the_host_takes_and_says_what_the_plant_is() -> None:
    settings = config.parse(demo_config("/tmp/tty", CLOCK))
    assert settings.pico.port == "/tmp/tty"
    assert settings.clock is not None
    assert (settings.clock.epoch_wall_ms, settings.clock.epoch_mono_ns, settings.clock.speed) == (START_MS, 5, 1)
    for spec, circuit in zip(CIRCUITS, settings.circuits, strict=True):
        assert circuit.resistance_ohm == spec.element_ohm
        assert circuit.target_degf == spec.target_degf
    for scale in settings.scales:
        assert scale.points == tuple(scaling_points(scale.channel))


def test_overrides_reach_their_sections_and_every_circuit() -> None:
    overrides = {"recorder": {"period_s": 5}, "pico": {"ttl_ms": 1000}, "circuit": {"min_off_s": 0}}
    settings = config.parse(demo_config("auto", CLOCK, overrides))
    assert (settings.recorder.period_s, settings.pico.ttl_ms, settings.pico.port) == (5, 1000, "auto")
    assert [circuit.min_off_s for circuit in settings.circuits] == [0, 0]


def test_rows_of_a_fast_clock_are_no_gap() -> None:
    fast = config.parse(demo_config("auto", {**CLOCK, "speed": 720.0}))
    assert fast.energy.max_gap_s > 720 * 0.1 * 2, "two of the Pico's reports"
    assert config.parse(demo_config("auto", CLOCK)).energy.max_gap_s == 60


def test_a_hurried_plant_may_change_faster_up_to_the_picos_ceiling() -> None:
    def rate(speed: float) -> float:
        return config.parse(demo_config("auto", {**CLOCK, "speed": speed})).circuits[0].rate_degf_per_s

    assert [rate(speed) for speed in (0.5, 1.0, 4.0, 720.0)] == [2.0, 2.0, 8.0, 20.0]


def test_names_with_quotes_and_umlauts_survive() -> None:
    settings = config.parse(demo_config('/tmp/a "b" ü', CLOCK))
    assert settings.pico.port == '/tmp/a "b" ü'


# -- the day before ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past() -> tuple[Past, list[Any]]:
    past = Past(START_MS - DAY_MS, START_MS, seed=4)
    return past, list(past.rows())


def test_the_stores_energy_of_the_past_equals_the_plants(past: tuple[Past, list[Any]], tmp_path: Path) -> None:
    day, rows = past
    settings = config.parse(demo_config("auto", CLOCK))
    with open_store(tmp_path / "db") as store:
        store.recorder.measurements(rows)
        queries = store.queries(wiring.calibration_of(settings))
        stored_wh = sum(queries.energies_wh(START_MS - DAY_MS, START_MS).values())
    assert day.truth.wh[-1] > 5000
    assert stored_wh == pytest.approx(day.truth.wh[-1], rel=0.005)


def test_rows_of_the_past_are_whole_and_heat_by_day_only(past: tuple[Past, list[Any]]) -> None:
    day, rows = past
    assert [row.ts_ms for row in rows] == [START_MS - DAY_MS + 20_000 * n for n in range(1, 4321)]
    closed_hours = {row.ts_ms // 3_600_000 % 24 for row in rows if unpack_states(row.states).relays}
    assert closed_hours
    assert not closed_hours & {(hour + 7) % 24 for hour in (20, 21, 22, 23, 0, 1, 2, 3, 4)}
    assert {unpack_states(row.states).relays for row in rows} <= {0, 0b0011, 0b1100, 0b1111}
    for spec in CIRCUITS:
        assert 60 < day.tank_degf[spec.circuit] < spec.target_degf - spec.hysteresis_degf, "no heat at the start"


def test_truth_is_interpolated_and_holds_at_its_ends() -> None:
    truth = Truth()
    for at_ms, wh in ((100, 0), (200, 10), (200, 99), (400, 10), (500, 30)):
        truth.add(at_ms, wh)
    assert [truth.at(ms) for ms in (0, 100, 150, 200, 300, 450, 500, 900)] == [0, 0, 5, 10, 10, 20, 30, 30]


def test_the_demo_starts_at_half_past_ten_of_the_sites_day() -> None:
    zone = ZoneInfo("America/Phoenix")
    for hour in (0.1, 10.5, 23.9):
        assert start_ms(START_MS + (hour - 10.5) * 3_600_000, zone) == START_MS


# -- the summary -------------------------------------------------------------------------------------------------


def test_summary_puts_the_pages_energy_beside_the_ledgers() -> None:
    circuits = {str(n): {"closures": {"outside": n + 2, "inside": 2}} for n in (1, 2)}
    text = Summary(61.25, 44_100, 24.0, 14_012.0, 14_000.0, circuits, ["trip", "boot", "trip"], 1, 2).text()
    assert "ran 61.2 s (12:15:00 of the tanks' time); host restarted 1 times, Pico 2 times" in text
    assert "page 14.012 kWh, plant's ledger 14.000 kWh (0.09 % apart)" in text
    assert "relays closed: circuit 1: outside 3 times, inside 2; circuit 2: outside 4 times, inside 2" in text
    assert "killed host" not in text
    assert "boot 1, trip 2" in text


def test_after_a_kill_the_summary_says_why_the_energies_differ() -> None:
    text = Summary(61.25, 44_100, 23.96, 13_900.0, 14_000.0, {}, [], 1, 0, host_killed=True).text()
    assert "energy in the last 24 h: page" in text
    assert "(0.71 % apart) (a killed host loses its unwritten minute)" in text


def test_summary_of_nothing() -> None:
    text = Summary(1, 1, 24, 0, 0, {}, [], 0, 0).text()
    assert "apart" not in text
    assert "relays closed: none" in text
    assert "events: none" in text


# -- the greeting ------------------------------------------------------------------------------------------------


def test_the_things_to_try_say_what_they_cost_and_when_they_show(tmp_path: Path) -> None:
    text = greeting(House(tmp_path, tmp_path, ("::1", 8080)), "tankwarden")
    assert "The page: http://[::1]:8080/" in text
    assert "the last minute of measurements, not yet written, is lost" in text
    assert "more than three trips of one circuit within ten minutes are a FAULT: reset-trip resets that, too" in text
    assert "mend it before a reset: a short or over-current shows again only when the circuit closes" in text


# -- what is refused ---------------------------------------------------------------------------------------------


def test_an_address_in_use_is_refused_and_port_0_becomes_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DemoError, match=r"cannot be served \(Address already in use\): choose another with --http"):
            free_address(f"127.0.0.1:{taken.getsockname()[1]}")
    assert free_address("127.0.0.1:0")[1] > 0


@pytest.mark.parametrize("text", ["8080", "localhost", "host:port", ":8080", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(DemoError, match="is not HOST:PORT"):
        free_address(text)


@pytest.mark.parametrize("held", ["tankwarden.db", "holiday.jpg"])
def test_a_demo_adds_nothing_to_what_others_made_but_goes_on_with_its_own(tmp_path: Path, held: str) -> None:
    (tmp_path / held).touch()
    with pytest.raises(DemoError, match="holds what no demo made"), data_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [held]
    own = tmp_path / "own"
    for _ in range(2):
        with data_folder(own) as data:
            (data / "tankwarden.db").touch()
    assert own.is_dir()


def test_a_running_demos_folder_is_refused_even_while_its_host_is_replaced(tmp_path: Path) -> None:
    for given in (tmp_path, None):
        with data_folder(given) as data:
            (data / "tankwarden.db").touch()
            before = sorted(data.iterdir())
            with pytest.raises(DemoError, match="another demo runs on it"), data_folder(data):
                pass
            assert sorted(data.iterdir()) == before
    with data_folder(tmp_path):
        pass  # the first has ended


def test_a_folder_that_cannot_be_written_is_told_and_a_temporary_one_is_removed() -> None:
    with pytest.raises(DemoError, match=r"--data /proc/x: cannot be written"), data_folder(Path("/proc/x")):
        pass
    with data_folder(None) as data:
        assert data.is_dir()
    assert not data.exists()


def test_of_a_child_that_fails_only_the_cause_of_this_time_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child(log, "sim", "--speed", "0")
    assert str(child.failed("it did not start")) == "it did not start: it said nothing"
    log.write_text("tankwarden: of another time\n")
    child.start()
    child.wait()
    assert child.exit_code == 2
    assert str(child.failed("no")).endswith(": 0 is not 0.1 to 3600")
    assert str(child.failed("no")).count("\n") == 0


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("2026 INFO link: a\n2026 INFO web: b\ntankwarden: /x is in use: stop it\n", "/x is in use: stop it"),
        ("2026 INFO a\nTraceback (most\n  x\nValueError: y\n", "\nTraceback (most\n  x\nValueError: y"),
        ("2026 INFO a\n2026 ERROR b\n", "2026 ERROR b"),
        ("\n", "it said nothing"),
    ],
)  # fmt: skip
def test_the_cause_of_a_programs_end(output: str, words: str) -> None:
    assert cause(output) == words
