"""Host killed at noon, with real processes: the simulated lamps go on to their plans' end, and a host that comes back
makes no step. What a lamp does is taken from the simulator's trace, on the chip's own time.
"""

import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rig import Rig

from tankwarden import config, wiring
from tankwarden.logic.lights import Counts, curves
from tankwarden.logic.plans import FULL

FORENOON = 9.5  # o'clock
HALF_PERCENT = FULL * 0.005
EVERY_MS = 1_200_000  # of wall time: a lamp is looked at so often
# A plan lies where the Pico's clock was when it was sent: what this machine withheld between reckoning and sending
# shifts all of it. So much of real time is allowed for that, one shift for all lamps and all the time.
SHIFT_S, SHIFT_STEP_S = 1.5, 0.02
LATE_S = 0.03  # and so much for a plan's tick, a pass of the loop, and the step above


class LightRig(Rig):
    """At a thousand times the speed the evening's dimming would be faster than lamps are usually let change."""

    def config_overrides(self) -> dict[str, Any]:
        return super().config_overrides() | ({"lights": {"slew_s": 0.1}} if self.speed > 100 else {})


@contextmanager
def supplied_rig(folder: Path, speed: float) -> Iterator[Rig]:
    """Every light has its plan, and the slew limit has let it come to its level; it is the forenoon."""
    rig = LightRig(folder, speed=speed, local_hour=FORENOON)
    try:
        rig.start_sim()
        rig.start_host()
        rig.wait(lambda: settled(rig.status_or_none()), "every light at its level by plan", 60)
        yield rig
    finally:
        rig.close()


def supplied(status: dict[str, Any] | None) -> bool:
    return status is not None and all(light["source"] == "plan" and light["plan"] for light in status["lights"])


def settled(status: dict[str, Any] | None) -> bool:
    return status is not None and supplied(status) and all(
        light["level"]["value"] is not None and abs(light["level"]["value"] - light["wished_percent"]) < 1.5
        for light in status["lights"]
    )  # fmt: skip


class Lamps:
    """The lamps by the trace, and what they were to be."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        settings = config.load(rig.folder / "config.toml")
        clock = rig.ask(cmd="clock")
        self._epoch_ms, self._epoch_ns, self.speed = clock["epoch_wall_ms"], clock["epoch_mono_ns"], clock["speed"]
        channels = wiring.channels_of(settings)
        self.wishes: dict[str, Counts] = {
            f"light.{channel.light.channel + 1}": curve
            for channel, curve in zip(channels, curves(channels, (), settings.lighting.total_power_w), strict=True)
        }

    def wall_ms(self, at_ns: int) -> int:
        return int(self._epoch_ms + (at_ns - self._epoch_ns) / 1e6 * self.speed)

    def traced(self, since_ns: int) -> dict[str, tuple[list[int], list[int]]]:
        """Of each lamp: its changes in wall time as the Pico reckons it since then, and its level from each on."""
        begin_ms = self.wall_ms(since_ns)
        spans = self.rig.ask(cmd="stalls")["spans_ns"]
        found: dict[str, tuple[list[int], list[int]]] = {name: ([begin_ms], [0]) for name in self.wishes}
        for edge in self.rig.edges():
            if edge.name not in found:
                continue
            times, levels = found[edge.name]
            if edge.time_ns <= since_ns:
                levels[0] = edge.level
                continue
            stood_ns = sum(max(0, min(end, edge.time_ns) - max(start, since_ns)) for start, end in spans)
            times.append(round(begin_ms + (edge.time_ns - since_ns - stood_ns) / 1e6 * self.speed))
            levels.append(edge.level)
        return found

    def worst(self, since_ns: int, until_ms: int) -> tuple[float, str]:
        """The greatest deviation of a lamp from level(t) in counts, and where; with the shift that makes it least."""
        seen = {
            (name, at_ms): levels[bisect_right(times, at_ms) - 1]
            for name, (times, levels) in self.traced(since_ns).items()
            for at_ms in range(self.wall_ms(since_ns), until_ms, EVERY_MS)
        }
        shifts = [step * SHIFT_STEP_S for step in range(-round(SHIFT_S / SHIFT_STEP_S), round(SHIFT_S / SHIFT_STEP_S))]
        return min(self._off(seen, round(shift * 1000 * self.speed)) for shift in shifts)

    def _off(self, seen: dict[tuple[str, int], int], shift_ms: int) -> tuple[float, str]:
        late_ms = round(LATE_S * 1000 * self.speed)
        worst, where = 0.0, ""
        for (name, at_ms), level in seen.items():
            near = [self.wishes[name](at_ms + shift_ms + late) for late in (-late_ms, 0, late_ms)]
            off = max(level - max(near), min(near) - level)
            if off > worst:
                worst, where = off, f"{name} at {at_ms}, shifted by {shift_ms} ms"
        return worst, where


@pytest.mark.slow
def test_lamps_outlive_a_host_that_is_killed_at_noon_to_the_end_of_their_plans(tmp_path: Path) -> None:
    with supplied_rig(tmp_path, 1200) as rig:
        lamps = Lamps(rig)
        noon_ms = rig.epoch_ms() + round((12 - FORENOON) * 3_600_000)
        while lamps.wall_ms(time.monotonic_ns()) < noon_ms:
            time.sleep(0.02)
        end_ms = min(light["plan"]["end_ms"] for light in rig.status()["lights"])
        killed_ns = rig.kill_host()
        assert end_ms - lamps.wall_ms(killed_ns) > 44 * 3_600_000
        seconds = (end_ms - lamps.wall_ms(killed_ns)) / 1000 / lamps.speed + 2 * SHIFT_S
        rig.wait(lambda: rig.passed_s(killed_ns, time.monotonic_ns()) > seconds, "the plans' end", 3 * seconds)
        worst, where = lamps.worst(killed_ns, end_ms - round(SHIFT_S * 1000 * lamps.speed))
        assert worst <= HALF_PERCENT, where
        assert lamps.traced(killed_ns)["light.4"][1][-1] == round(FULL * 0.2**2.2)  # the refugium's fallback


def test_a_host_that_comes_back_makes_no_step(tmp_path: Path) -> None:
    with supplied_rig(tmp_path, 60) as rig:
        lamps = Lamps(rig)
        killed_ns = rig.kill_host()
        time.sleep(6.0)  # minutes of the lamps': real processes on real time, there is no clock to pass in
        before = rig.ask(cmd="state")["lights"]
        rig.start_host()
        rig.wait(lambda: supplied(rig.status_or_none()), "the lights' plans of the new host", 30)
        back_ns = time.monotonic_ns()
        time.sleep(6.0)  # as long as the slew limit would take for all of it
        for name, (_, levels) in lamps.traced(killed_ns).items():
            wish = lamps.wishes[name]
            least, most = (wish(lamps.wall_ms(at_ns)) for at_ns in (killed_ns, time.monotonic_ns()))
            slack = HALF_PERCENT + abs(most - least) * 0.2
            assert min(least, most) - slack <= min(levels), name
            assert max(levels) <= max(least, most) + slack, name
        assert back_ns - killed_ns > 6e9
        assert before["1"]["level"] > 0
