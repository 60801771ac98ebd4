"""Soaks of the firmware in one process, on a virtual clock, under MicroPython with the chip's memory.

As long here as a test may be; run_soak.py takes any count.
"""

import re
import subprocess
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("run_soak.py")
# The chip's 190, and what it has not: the world around it (flash, host, peripherals), and a program that is not linked
# (docs/decisions/0013). What the chip itself has left is measured there: tests/chip, tools/benchmarks/chip.
HEAP = "heapsize=420wK"
REFUSALS = ("bad_crc", "bad_cobs", "bad_length", "bad_body", "bad_id", "bad_range", "bad_state", "bad_rate")


def soak(micropython: str, name: str, count: int) -> dict[str, int]:
    """The figures on its last line. A soak that fails says why."""
    command = [micropython, "-X", HEAP, str(RUNNER), name, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {key: int(value) for key, value in re.findall(r"(\w+)=(-?\d+)", done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("frames", [2_000, pytest.param(200_000, marks=[pytest.mark.slow, pytest.mark.timeout(1600)])])
def test_frames_of_every_bad_kind_do_nothing_and_are_counted(micropython: str, frames: int) -> None:
    counts = soak(micropython, "flood", frames)
    assert counts["frames"] == frames
    assert [reason for reason in REFUSALS if not counts[reason]] == []
    assert counts["frames_ok"] > 0, "good frames at the wrong time are part of it"


@pytest.mark.parametrize("passes", [2_000, pytest.param(200_000, marks=[pytest.mark.slow, pytest.mark.timeout(1600)])])
def test_the_heap_is_as_it_was_after_so_many_passes(micropython: str, passes: int) -> None:
    figures = soak(micropython, "steady", passes)
    assert figures["passes"] == passes
    assert figures["free_after"] == figures["free_before"] > 0


@pytest.mark.parametrize("cuts", [25, pytest.param(1_000, marks=[pytest.mark.slow, pytest.mark.timeout(1600)])])
def test_cuts_of_power_double_no_feeding_and_lose_none(micropython: str, cuts: int) -> None:
    """The soak itself compares every feeding with what fell out of the hopper; here, that it saw all there is."""
    figures = soak(micropython, "feedcuts", cuts)
    assert figures["cuts"] >= cuts
    assert all(figures[state] for state in ("done", "partial", "unknown", "rotations"))
    assert figures["failed"] == 0


@pytest.mark.parametrize("lives", [20, pytest.param(1_000, marks=[pytest.mark.slow, pytest.mark.timeout(1600)])])
def test_no_reboot_arms_resets_closes_or_forgets(micropython: str, lives: int) -> None:
    figures = soak(micropython, "reboots", lives)
    assert figures["lives"] == lives
    for name in ("armed", "trips", "traces", "resets", "power_cuts"):
        assert figures[name] > lives // 20, f"{name}: the test would be empty"
    assert figures["in_flash"] > 0 or lives < 100
