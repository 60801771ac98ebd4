"""The simulation as a whole with the tiny board: reset, hang, power cut and crash as the chip would take them."""

import os
import time
from pathlib import Path

import pytest
from sim_kit import NOON_MS, Sim, running_sim

from tankwarden.sim.errors import SimError
from tankwarden.sim.process import Options, Simulation
from tankwarden.sim.wire import simwire

RELAYS = {"relay.1.outside", "relay.1.inside", "relay.2.outside", "relay.2.inside"}


def arm(sim: Sim) -> None:
    with sim.terminal() as terminal:
        terminal.write(b"A")
    sim.wait(lambda: set(sim.state()["relays"].values()) == {1}, "closed relays")


def cause(sim: Sim) -> int:
    """What the program that runs now finds as its reset cause."""
    sim.wait(lambda: sim.tty.exists() and sim.state()["board"]["cpu"] == "running", "board that runs")
    with sim.terminal() as terminal:
        terminal.write(b"C")
        return int(terminal.read(1))


def falls(sim: Sim, since_ns: int) -> dict[str, float]:
    """Name → seconds from the instant to the first fall."""
    found: dict[str, float] = {}
    for at_ns, name, level in sim.edges(since_ns):
        if level == 0:
            found.setdefault(name, (at_ns - since_ns) / 1e9)
    return found


def test_bytes_reach_the_board_and_come_back_within_a_few_milliseconds(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim, sim.terminal() as terminal:
        times = []
        for _ in range(50):
            start = time.perf_counter()
            terminal.write(b"z")
            assert terminal.read(1) == b"z"
            times.append(time.perf_counter() - start)
        assert sorted(times)[25] < 0.005


def test_relays_energy_and_tanks_follow_the_pins(tmp_path: Path) -> None:
    with running_sim(tmp_path, tank_degf={1: 120.0}) as sim:
        assert sim.ask(cmd="ledger")["circuits"]["1"]["tank_degf"] == pytest.approx(120, abs=0.1)
        arm(sim)
        time.sleep(0.5)
        with sim.terminal() as terminal:
            terminal.write(b"D")
        sim.wait(lambda: set(sim.state()["relays"].values()) == {0}, "open relays")
        time.sleep(0.05)
        edges = {(name, level): at for at, name, level in sim.edges()}
        one = sim.ask(cmd="ledger")["circuits"]["1"]
        pins_s = (edges["relay.1.outside", 0] - edges["relay.1.inside", 1]) / 1e9
        assert one["closed_s"] == pytest.approx(pins_s - 0.004, abs=0.002)  # 12 ms to close, 8 ms to open, a ms each
        assert one["wh"] > 0
        assert one["closures"] == {"outside": 1, "inside": 1}


def test_light_and_servo_pins_are_traced_and_a_servo_goes_where_its_pulse_says(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        with sim.terminal() as terminal:
            terminal.write(b"LS")
        sim.wait(lambda: sim.state()["servos"]["1"]["angle_deg"] == pytest.approx(90.0), "servo at 90°")
        state = sim.state()
        edges = [(name, level) for _, name, level in sim.edges()]
    assert [e for e in edges if e[0] == "light.1"] == [("light.1", 65535), ("light.1", 0)]
    assert [e for e in edges if e[0] == "servo.1"] == [("servo.1", 1), ("servo.1", 0)]
    assert state["servos"]["1"]["pulse_us"] == 1500
    assert state["lights"]["1"]["on_s"] >= 0.03
    assert state["lights"]["2"] == {"level": 0, "on_s": 0.0, "full_s": 0.0}


def test_a_hung_cpu_loses_its_permits_at_their_end_and_its_watchdog_resets_it(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        at_ns = sim.fault("cpu-hang")
        assert sim.state()["board"]["cpu"] == "hung"
        sim.wait(lambda: len(falls(sim, at_ns)) == 4, "fall of every relay")
        assert all(0.05 < after_s < 0.102 for after_s in falls(sim, at_ns).values())
        sim.wait(lambda: sim.state()["board"]["cpu"] == "off", "reset")
        assert 1.9 < (time.monotonic_ns() - at_ns) / 1e9 < 2.3
        assert cause(sim) == simwire.CAUSE_WATCHDOG
        assert [level for _, _, level in sim.edges(at_ns)] == [0] * 4


def test_a_short_hang_ends_without_a_reset_and_does_not_close_anything_again(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        at_ns = sim.fault("cpu-hang", 300)
        sim.wait(lambda: sim.state()["board"]["cpu"] == "running", "end of the hang")
        time.sleep(0.1)
        assert [level for _, _, level in sim.edges(at_ns)] == [0] * 4
        assert sim.state()["board"]["starts"] == 1


def test_clear_lets_a_hung_cpu_go_on(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        sim.fault("cpu-hang")
        sim.fault("clear")
        assert cause(sim) == simwire.CAUSE_POWER_ON
        assert sim.state()["board"]["starts"] == 1


def test_a_program_that_stops_feeding_is_reset_by_its_watchdog(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        with sim.terminal() as terminal:
            terminal.write(b"H")
        sim.wait(lambda: sim.state()["board"]["starts"] == 2, "restart")
        assert cause(sim) == simwire.CAUSE_WATCHDOG


def test_a_power_cut_drops_every_pin_at_once_and_ends_the_hosts_terminal(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim, sim.terminal() as terminal:
        arm(sim)
        sim.simulation.page.write(simwire.W_SCRATCH, [7])
        at_s = time.time()
        at_ns = sim.fault("power-cut", 0.4)
        assert set(falls(sim, at_ns)) == RELAYS
        assert max(falls(sim, at_ns).values()) < 0.02
        assert not sim.tty.exists()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(terminal.fd, b"x")
        assert sim.simulation.page.read(simwire.W_SCRATCH) == (0,)
        sim.wait(sim.tty.exists, "terminal")
        jiffy = 0.01  # by which the file system's clock may be behind
        assert 0.4 - jiffy <= sim.tty.lstat().st_ctime - at_s < 0.6  # however late this test is to see it
        assert cause(sim) == simwire.CAUSE_POWER_ON
        assert [level for _, _, level in sim.edges(at_ns)] == [0] * 4


def test_clear_brings_power_back(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        sim.fault("power-cut", 1000)
        with pytest.raises(SimError, match="the board is off"):
            sim.fault("cpu-hang")
        sim.fault("power-cut", 1000)
        sim.fault("clear")
        assert cause(sim) == simwire.CAUSE_POWER_ON
        assert sim.state()["board"]["starts"] == 2


def test_machine_reset_drops_the_pins_and_starts_anew_with_its_scratch_registers_kept(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        sim.simulation.page.write(simwire.W_SCRATCH, [7])
        with sim.terminal() as terminal:
            terminal.write(b"R")
        sim.wait(lambda: sim.state()["board"]["starts"] == 2, "restart")
        assert cause(sim) == simwire.CAUSE_SOFT
        assert sim.simulation.page.read(simwire.W_SCRATCH) == (7,)
        assert [level for _, _, level in sim.edges()] == [1] * 4 + [0] * 4


def test_a_program_that_ends_without_a_reset_leaves_permits_and_watchdog_to_run_out(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        at_ns = time.monotonic_ns()
        with sim.terminal() as terminal:
            terminal.write(b"X")
        sim.wait(lambda: len(falls(sim, at_ns)) == 4, "fall of every relay")
        assert all(0.05 < after_s < 0.12 for after_s in falls(sim, at_ns).values())
        assert sim.state()["board"]["cpu"] == "ended"
        sim.wait(lambda: sim.state()["board"]["starts"] == 2, "restart")
        assert cause(sim) == simwire.CAUSE_WATCHDOG


def test_a_cut_fault_line_drops_its_circuit_at_once(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        at_ns = sim.fault("fault-line", 2)
        assert set(falls(sim, at_ns)) == {"relay.2.outside", "relay.2.inside"}
        assert max(falls(sim, at_ns).values()) < 0.005


def test_what_is_wrong_on_the_board_is_on_its_page_until_cleared(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:

        def words() -> tuple[int, int]:
            page = sim.simulation.page
            return page.read(simwire.W_FAULTS)[0], page.read(simwire.W_STUCK)[0]

        sim.fault("adc-slip")
        sim.fault("line-short", 2)
        assert words() == (simwire.FAULT_ADC_SLIP, 1 << simwire.FED_GPIOS[1])
        sim.fault("adc-stop")
        assert words()[0] == simwire.FAULT_ADC_SLIP | simwire.FAULT_ADC_STOP
        sim.fault("clear")
        assert words() == (0, 0)


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("bus-error", simwire.FAULT_EXCEPTION),
        ("bus-stall", simwire.FAULT_BUS_STALL),
        ("bit-flip", simwire.FAULT_BIT_FLIP),
    ],
)
def test_a_glitch_is_over_before_the_board_can_have_restarted(tmp_path: Path, name: str, bit: int) -> None:
    with running_sim(tmp_path) as sim:
        page = sim.simulation.page
        sim.fault(name)
        assert page.read(simwire.W_FAULTS) == (bit,)
        sim.wait(lambda: page.read(simwire.W_FAULTS) == (0,), "end of the failure", 0.29)


def test_a_relay_whose_pin_is_stuck_is_closed_whatever_the_board_does(tmp_path: Path) -> None:
    """Until it is mended: then it opens, if nothing else holds it."""
    with running_sim(tmp_path) as sim:
        at_ns = sim.fault("relay-stuck", "2.inside")
        sim.wait(lambda: sim.state()["relays"]["relay.2.inside"] == 1, "closed relay")
        assert sim.simulation.page.read(simwire.W_STUCK) == (1 << simwire.RELAY_GPIOS[3],)
        sim.fault("clear")
        sim.wait(lambda: not any(sim.state()["relays"].values()), "open relay")
        assert [(name, level) for _, name, level in sim.edges(at_ns)] == [("relay.2.inside", 1), ("relay.2.inside", 0)]


def test_a_dead_comparator_drops_nothing(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        with sim.terminal() as terminal:
            terminal.write(b"W")
        page = sim.simulation.page
        sim.wait(lambda: page.read(simwire.W_PULLS) == (1 << 2,), "comparator that watches")
        sim.fault("comparator-dead")
        sim.fault("adc-stop")
        time.sleep(0.05)  # a real process on real time: a dozen of its ticks
        assert page.read(simwire.W_PULLS) == (1 << 2,)


def test_the_comparator_drops_the_relays_of_a_hung_board_when_its_converter_stops(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim:
        arm(sim)
        with sim.terminal() as terminal:
            terminal.write(b"W")
        page = sim.simulation.page
        sim.wait(lambda: page.read(simwire.W_PULLS) == (1 << 2,), "comparator that watches")
        sim.fault("cpu-hang")
        at_ns = sim.fault("adc-stop")
        sim.wait(lambda: len(falls(sim, at_ns)) == 4, "open relays")
        assert max(falls(sim, at_ns).values()) < 0.005  # their permits would have lasted up to 100 ms
        assert page.read(simwire.W_PULLS) == (1 << 2 | 3,)


def test_a_cut_serial_line_mends_itself_after_its_time(tmp_path: Path) -> None:
    with running_sim(tmp_path) as sim, sim.terminal() as terminal:
        sim.fault("serial-cut", 0.3)
        terminal.write(b"z")
        assert terminal.read(1, 0.1) == b""
        sim.wait(lambda: not sim.state()["cable"]["cut"], "mended line")
        terminal.write(b"y")
        assert terminal.read(1) == b"y"


def test_plant_time_runs_at_its_speed_and_the_watchdog_does_not(tmp_path: Path) -> None:
    with running_sim(tmp_path, speed=720.0) as sim:
        clock = sim.ask(cmd="clock")
        arm(sim)
        time.sleep(0.5)
        ledger = sim.ask(cmd="ledger")
        expected_ms = clock["epoch_wall_ms"] + (ledger["mono_ns"] - clock["epoch_mono_ns"]) / 1e6 * 720
        assert clock["epoch_wall_ms"] == NOON_MS
        assert ledger["plant_ms"] == pytest.approx(expected_ms, abs=720 * 20)
        assert ledger["circuits"]["1"]["wh"] > 100
        assert sim.state()["board"]["starts"] == 1


def test_the_chip_keeps_its_id_with_its_flash(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        with running_sim(tmp_path) as sim:
            found.append(sim.simulation.page.read(simwire.W_ID_LOW, 2))
    assert found[0] == found[1] != (0, 0)


def options(folder: Path, **given: object) -> Options:
    return Options(**{"tty": folder / "tty", "trace": None, "control": None, "flash": folder, **given})  # type: ignore[arg-type]  # a dict of mixed values


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"trace": Path("/no/such/trace")}, "--trace /no/such/trace"),
        ({"control": Path("/no/such/socket")}, "--control /no/such/socket"),
        ({"tty": Path("/etc/hostname")}, "--tty /etc/hostname"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_left_behind(
    tmp_path: Path, given: dict[str, object], message: str
) -> None:
    pages = set(Path("/dev/shm").glob("tankwarden-page-*"))
    with pytest.raises(SimError) as caught:
        Simulation(options(tmp_path, **given))
    assert message in str(caught.value)
    assert set(Path("/dev/shm").glob("tankwarden-page-*")) <= pages


def test_a_chip_id_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".chip-id").write_text("what?")
    with pytest.raises(SimError, match=r"\.chip-id cannot be used"):
        Simulation(options(tmp_path))


def test_a_program_that_ends_at_its_start_is_told(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit(3)")
    simulation = Simulation(options(tmp_path, interpreter="python", script=script))
    with pytest.raises(SimError, match=r"ended at its start \(code 3\)"):
        simulation.run(lambda: None)
    assert not (tmp_path / "tty").is_symlink()
