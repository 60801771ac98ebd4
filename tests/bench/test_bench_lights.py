"""A light at a level, along a plan and under weather, and a servo out and back: by the simulated pins, by no word."""

import re
import time
from collections.abc import Callable

import pytest
from bench_kit import Sim, bench, ended, in_terminal
from bench_kit import sim_fixture as sim_fixture

from tankbench.errors import BenchError, NotConfirmedError


def level(sim: Sim, light: int) -> int:
    """Of its pin's pulses, 0 to 65535."""
    found: int = sim.state()["lights"][str(light)]["level"]
    return found


def wait(condition: Callable[[], bool], what: str, timeout_s: float = 8) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)  # a real process on real time


def test_pwm_holds_a_level_and_ctrl_c_ends_it(sim: Sim) -> None:
    child = in_terminal("pwm", 3, 40, "--seconds", 60, "--port", sim.tty)
    child.expect("Type yes to go on: ")
    assert level(sim, 3) == 0
    child.sendline("yes")
    child.expect(r"light 3   40.00 %  \(26214\)  by levels")
    assert abs(level(sim, 3) - 26214) <= 64  # one step of a slice's 16-bit counter and more
    child.sendintr()
    child.expect("light 3 is dark")
    assert ended(child) == 130
    wait(lambda: level(sim, 3) == 0, "light 3 to go out")


def test_a_level_is_never_above_the_cap(sim: Sim) -> None:
    said = bench("pwm", 2, 100, "--cap", 25, "--seconds", 1.2, "--yes", "--port", sim.tty)
    assert said.returncode == 0, said.stderr
    levels = [float(found) for found in re.findall(r"light 2 +([\d.]+) %", said.stdout)]
    assert max(levels) == levels[-1] == 25, "it rises as fast as it may, and ends at the cap"


def test_a_light_of_a_tool_that_is_killed_goes_out_by_itself(sim: Sim) -> None:
    child = in_terminal("pwm", 5, 80, "--seconds", 60, "--yes", "--port", sim.tty)
    child.expect("light 5   80.00 %")
    child.kill(9)
    child.close()
    wait(lambda: level(sim, 5) == 0, "light 5 to go out", 4)


def test_a_plan_is_played_to_the_count(sim: Sim) -> None:
    said = bench("plan", 1, "0:0", "1.5:100", "2.5:20", "--yes", "--port", sim.tty)
    assert said.returncode == 0, said.stderr
    offs = [int(off) for off in re.findall(r"off by (\d+) of", said.stdout)]
    assert len(offs) >= 3
    # A STATUS-like word is of the tick it was made in: one tick of 10 ms of the steepest second is 0.8 % of full scale.
    assert max(offs) <= 1200
    assert "by fallback" in said.stdout
    assert "of full scale at most" in said.stdout
    wait(lambda: level(sim, 1) == 0, "light 1 to go out")


@pytest.mark.parametrize(
    ("knots", "code", "said"),
    [
        (("5:10", "2:20"), BenchError.code, "give the knots in the order of their times"),
        (("5",), 2, "5 is not SECONDS:PERCENT"),
        (("1:200",), 2, "200 is not 0 to 100 %"),
        (("-1:20",), 2, ""),
    ],
)
def test_knots_that_make_no_plan_are_refused(sim: Sim, knots: tuple[str, ...], code: int, said: str) -> None:
    done = bench("plan", 1, *knots, "--yes", "--port", sim.tty)
    assert done.returncode == code
    assert said in done.stderr
    assert level(sim, 1) == 0


def test_a_cloud_is_the_one_of_its_seed(sim: Sim) -> None:
    said = bench("effect", 4, "cloud", "--seed", 5, "--seconds", 2.5, "--yes", "--port", sim.tty)
    assert said.returncode == 0, said.stderr
    assert "cloud, seed 5" in said.stdout
    offs = [int(off) for off in re.findall(r"off by (\d+) of", said.stdout)]
    assert len(offs) >= 3
    assert max(offs) <= 1200
    assert bench("effect", 4, "cloud", "--seed", -1, "--yes", "--port", sim.tty).returncode == BenchError.code


def test_lightning_flashes_at_the_pin(sim: Sim) -> None:
    child = in_terminal("effect", 6, "lightning", "--base", 0, "--seed", 3, "--seconds", 4, "--yes", "--port", sim.tty)
    child.expect("lightning, seed 3")
    wait(lambda: level(sim, 6) > 5000, "a stroke")
    child.expect("light 6 is dark")
    assert ended(child) == 0


def test_a_servo_goes_out_and_back_once(sim: Sim) -> None:
    """From its resting pulse to the other one and to rest, then no pulse any more."""
    child = in_terminal("servo", 2, "--rest", 1000, "--feed", 1900, "--rotate", 500, "--hold", 400, "--port", sim.tty)
    child.expect("what is in its feeder may fall")
    child.sendline("yes")
    child.expect("moving for 1.9 s")
    seen: list[float] = []

    def pulse() -> float:
        seen.append(float(sim.state()["servos"]["2"]["pulse_us"] or 0))
        return seen[-1]

    wait(lambda: pulse() >= 1899, "the servo to feed")
    wait(lambda: pulse() <= 1000, "the servo to go back")
    child.expect("servo 2 is at rest, released")
    assert ended(child) == 0
    assert max(seen) <= 1901


def test_a_servo_moves_for_nobody(sim: Sim) -> None:
    said = bench("servo", 1, "--port", sim.tty)
    assert said.returncode == NotConfirmedError.code
    assert bench("servo", 1, "--feed", 3000, "--port", sim.tty).returncode == 2
