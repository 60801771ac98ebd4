"""The demo's guard of its host: makes nobody wait while a new one starts, and outlives kills of that one, too."""

import signal
from typing import Any, cast
from zoneinfo import ZoneInfo

from tankwarden.demo.children import ChildWatch
from tankwarden.demo.guard import RESTART_S, HostGuard
from tankwarden.demo.house import House
from tankwarden.demo.reasons import Clock
from tankwarden.demo.story import Story

S = 1_000_000_000


class HostStandIn:
    """A process as the test wants it; counts its starts."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.suspended, self.pid, self.starts = False, 100, 0

    def start(self) -> None:
        self.exit_code, self.pid, self.starts = None, self.pid + 1, self.starts + 1


class HouseStandIn:
    """serves: whether its host has a page already."""

    def __init__(self) -> None:
        self.host, self.serves = HostStandIn(), True

    def host_serves(self) -> bool:
        return self.serves

    def status(self) -> dict[str, Any]:
        return {"from": self.host.pid}


def guarded() -> tuple[HouseStandIn, ChildWatch, HostGuard, Story, list[str]]:
    lines: list[str] = []
    house, watch = HouseStandIn(), ChildWatch()
    story = Story(lines.append, Clock(0, 0, 1.0), ZoneInfo("UTC"))
    return house, watch, HostGuard(cast(House, house), watch, story), story, lines


def die(house: HouseStandIn, watch: ChildWatch, number: int, at_ns: int) -> None:
    house.host.exit_code, house.serves, watch.changed_ns = -number, False, at_ns


def test_a_killed_host_is_replaced_without_waiting_for_its_page_even_if_that_one_is_killed() -> None:
    house, watch, guard, story, lines = guarded()
    die(house, watch, signal.SIGKILL, 10 * S)
    for second in (10, 12, 14):
        guard.look(second * S + 1)
    assert (house.host.starts, guard.status(), guard.killed) == (0, None, True)
    for second in (16, 18):
        guard.look(second * S)  # comes back at once: the page is not there yet
    assert (house.host.starts, guard.status()) == (1, None)
    die(house, watch, signal.SIGKILL, 19 * S)
    guard.look(19 * S + 1)
    guard.look(round((19 + RESTART_S) * S) + 1)
    house.serves = True
    guard.look(30 * S)
    assert (house.host.starts, guard.restarts, guard.status()) == (2, 2, {"from": 102})
    assert [(lost.at_ns // S, lost.until_ns and lost.until_ns // S) for lost in story.facts.lost] == [
        (10, 19),
        (19, 30),
    ]
    story.tell(40 * S)
    assert lines == [
        "00:00:10  the host was killed; a new one starts in 5 s",
        "00:00:19  the host was killed; a new one starts in 5 s",
        "00:00:30  a new host runs (process 102)",
    ]


def test_a_stopped_host_that_goes_on_was_gone_for_that_time_only() -> None:
    house, watch, guard, story, lines = guarded()
    house.host.suspended, watch.changed_ns = True, 5 * S
    guard.look(5 * S + 1)
    house.host.suspended, watch.changed_ns = False, 9 * S
    guard.look(9 * S + 1)
    assert (house.host.starts, guard.restarts, guard.killed) == (0, 0, False)
    assert [story.facts.lost_at(second * S) is not None for second in (4, 6, 9)] == [False, True, False]
    story.tell(20 * S)
    assert lines == ["00:00:05  the host was stopped", "00:00:09  the host goes on"]
