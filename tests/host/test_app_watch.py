"""What the host notices by itself: silence, noise, restarts, another protocol, a clock that jumps."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from house import House

from tankwarden.drivers.pico.driver import PicoView
from tankwarden.drivers.pico.session import Mismatched
from tankwarden.events import Event
from tankwarden.flows.watch import Watch


class Scene:
    """A house that is watched."""

    def __init__(self) -> None:
        self.house = House()
        self.noted: list[Event] = []
        self.log: list[tuple[str, str, str]] = []
        self.watch = Watch(
            self.house.driver, self.house.clock, self.noted.append, lambda *line: self.log.append(line)
        )  # fmt: skip
        self.house.driver.subscribe(self.watch.told)

    def run(self, seconds: float) -> "Scene":
        for _ in range(round(seconds / 0.1)):
            self.house.run(0.1)
            self.watch.look()
        return self

    def kinds(self) -> list[str]:
        return [event.kind for event in self.noted]


def test_an_undisturbed_run_notes_nothing_and_logs_the_firmware_once() -> None:
    scene = Scene().run(15)
    assert scene.kinds() == []
    assert len(scene.log) == 1
    assert "program 0.1.0" in scene.log[0][2]


def test_a_lost_link_is_told_once_with_value_and_limit_and_then_that_it_is_back() -> None:
    scene = Scene().run(5)
    scene.house.unplug()
    scene.run(1.2)
    assert scene.kinds() == []
    scene.run(3)
    assert scene.kinds() == ["link_lost"]
    lost = scene.noted[0]
    assert (lost.subject, lost.limit, lost.unit) == ("serial", 1500, "ms")
    assert lost.value is not None
    assert 1500 < lost.value < 1800
    scene.house.plug()
    scene.run(3)
    assert scene.kinds() == ["link_lost", "link_back"]


def test_a_host_that_stood_still_says_so_and_does_not_blame_the_pico() -> None:
    scene = Scene().run(5)
    scene.house.clock.advance(15)
    scene.watch.look()  # before anything that came meanwhile is read
    scene.run(5)
    assert scene.kinds() == ["host_stalled"]
    stalled = scene.noted[0]
    assert (stalled.severity, stalled.value, stalled.limit, stalled.unit) == ("warning", 15.0, 2.0, "s")
    assert stalled.text.startswith("this computer stood still for 15.0 s")


def test_a_pico_that_is_gone_after_a_stall_is_lost_since_the_host_goes_on() -> None:
    scene = Scene().run(5)
    scene.house.unplug()
    scene.house.clock.advance(15)
    scene.watch.look()
    scene.run(3)
    assert scene.kinds() == ["host_stalled", "link_lost"]
    assert scene.noted[1].value == pytest.approx(1600, abs=100)


def test_looks_that_come_in_time_are_no_stall() -> None:
    scene = Scene().run(5)
    scene.house.ticking = False
    for _ in range(10):
        scene.house.run(1.9)
        scene.watch.look()
    assert "host_stalled" not in scene.kinds()


def test_a_pico_that_was_never_there_is_not_lost() -> None:
    scene = Scene()
    scene.house.unplug()
    assert scene.run(10).kinds() == []


def test_noise_is_told_once_per_episode() -> None:
    scene = Scene().run(3)

    def garbage(frames: int) -> None:
        scene.house.driver.received(b"\0\x05garbage that is no frame\0" * frames)

    garbage(3)
    assert scene.run(1).kinds() == []
    garbage(4)
    scene.run(1)
    garbage(10)
    assert scene.run(5).kinds() == ["link_noise"]
    noise = scene.noted[0]
    assert (noise.subject, noise.value, noise.limit) == ("serial", 7, 5)
    scene.run(12)
    garbage(6)
    assert scene.run(1).kinds() == ["link_noise", "link_noise"]


def test_noise_that_the_pico_hears_counts_as_well_but_not_what_it_counted_before_us() -> None:
    scene = Scene().run(3)
    view = scene.house.driver.view
    from tanklink import records

    health = records.Health(*([0] * len(records.Health._fields)))._replace(bad_crc=100)
    scene.watch._pico = _Shown(lambda: replace(view(), health=health))
    assert scene.run(1).kinds() == []
    worse = health._replace(bad_crc=106)
    scene.watch._pico = _Shown(lambda: replace(view(), health=worse))
    assert scene.run(1).kinds() == ["link_noise"]


class _Shown:
    def __init__(self, view: Callable[[], PicoView]) -> None:
        self.view = view


def test_a_restart_is_told_with_both_uptimes() -> None:
    scene = Scene().run(10)
    scene.house.pico.restart(scene.house.clock.mono(), "watchdog")
    scene.run(4)
    assert "pico_restarted" in scene.kinds()
    event = next(e for e in scene.noted if e.kind == "pico_restarted")
    assert event.value is not None
    assert event.limit is not None
    assert event.value < 3 < event.limit
    assert "(the watchdog reset it)" in event.text


def test_another_protocol_is_told_once_however_often_it_is_met() -> None:
    scene = Scene()
    for _ in range(3):
        scene.watch.told(Mismatched(b"\1" * 8, "flash the Pico: …"))
    assert scene.kinds() == ["mismatch"]
    assert scene.noted[0].text.startswith("flash the Pico")


@pytest.mark.parametrize(("jump_ms", "told"), [(3600_000, True), (-60_000, True), (1500, False), (-1500, False)])
def test_a_jump_of_the_wall_clock_is_told(jump_ms: int, told: bool) -> None:
    scene = Scene().run(2)
    scene.house.clock.jump(jump_ms)
    scene.run(2)
    assert scene.kinds() == (["clock_jump"] if told else [])
    if told:
        assert scene.noted[0].value == pytest.approx(jump_ms / 1000)
