"""The demo's story: a relay's reason is the one of its instant, lines come in the order of their times."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tankwarden.demo.edges import Edge, TraceTail, groups
from tankwarden.demo.reasons import Clock, Facts, Lost
from tankwarden.demo.story import Story, sentence

EPOCH_MS = 1_781_631_000_000  # 10:30:00 at the site
CLOCK = Clock(EPOCH_MS, 5_000_000_000, 1.0)
ZONE = ZoneInfo("America/Phoenix")
CIRCUITS = [{"circuit": 1, "name": "House: tank"}, {"circuit": 2, "name": "Guest tank"}]


def at(ms: float) -> int:
    """Monotonic ns, so many ms after the epoch."""
    return CLOCK.mono_ns(EPOCH_MS + ms)


def edges(circuit: int, level: int, *times_ms: float, relays: tuple[str, str] = ("outside", "inside")) -> list[Edge]:
    return [Edge(at(ms), circuit, relay, level) for ms, relay in zip(times_ms, relays, strict=True)]


def event(number: int, ms: float, kind: str, text: str, circuit: int | None = None, **more: Any) -> dict[str, Any]:
    return {"id": number, "at_ms": EPOCH_MS + ms, "kind": kind, "text": text, "circuit": circuit, "trigger": None,
            "value": None, **more}  # fmt: skip


ON = event(1, 100, "output", "House: tank on: 108 °F, heats to 135 °F", 1)
OFF = event(2, 10_000, "output", "House: tank off: 135 °F, rests", 1)
TRIP = event(3, 10_002, "trip", "short circuit on circuit 1", 1, trigger="short", value=30.0)
TRIP_OFF = event(4, 10_080, "output", "House: tank off: a trip stands: short circuit", 1)
PERMIT = event(5, 10_900, "trip", "permit not renewed", 1, trigger="permit", value=850.0)
LEASE_OVER = event(6, 10_010, "lease_over", "the lease of circuit 1 ran out", 1)
FAULT = event(7, 10_001, "fault", "too many trips", 1, trigger="too_many_trips", value=4)
TOGETHER, STAGGERED = edges(1, 0, 10_005, 10_005), edges(1, 0, 10_005, 10_055)
CLOSED = edges(1, 1, 150, 200)


def facts(
    events: Sequence[dict[str, Any]] = (), boards: Sequence[tuple[float, str, int]] = (),
    links: Sequence[tuple[float, float]] = (), lost: Sequence[Lost] = (),
) -> Facts:  # fmt: skip
    """boards: ms, cpu, starts. links: ms, age in s."""
    found = Facts(CLOCK)
    for known in events:
        found.event(known, CIRCUITS)
    for ms, cpu, starts in boards:
        found.board(at(ms), {"cpu": cpu, "starts": starts})
    for ms, age_s in links:
        found.link({"time_ms": EPOCH_MS + ms, "pico": {"age_s": age_s}})
    found.lost += lost
    return found


@pytest.mark.parametrize(
    ("known", "group", "words"),
    [
        (facts([ON]), CLOSED, "108 °F, heats to 135 °F"),
        (facts([ON, TRIP, TRIP_OFF]), CLOSED, "108 °F, heats to 135 °F"),
        (facts([TRIP_OFF]), CLOSED, None),
        (facts([ON]), edges(2, 1, 150, 200), None),
        (facts([ON]), STAGGERED, None),
        (facts([ON, OFF]), STAGGERED, "135 °F, rests"),
        (facts([ON, TRIP_OFF, TRIP]), TOGETHER, "a trip: short circuit on circuit 1"),
        (facts([ON, TRIP_OFF]), TOGETHER, None),
        (facts([ON, TRIP]), edges(2, 0, 10_005, 10_005), "a trip: short circuit on circuit 1"),
        (facts([FAULT]), TOGETHER, "a fault: too many trips"),
        (facts([TRIP]), edges(1, 0, 12_000, 12_000), None),
        (facts([PERMIT]), TOGETHER, "a trip: permit not renewed"),
        (facts([ON, LEASE_OVER]), STAGGERED, "its lease ran out"),
        (facts([LEASE_OVER]), edges(2, 0, 10_005, 10_055), None),
        (facts([ON], lost=[Lost(at(8000), "was killed")]), STAGGERED, "its lease ran out"),
        (facts([ON], lost=[Lost(at(8000), "was killed")]), TOGETHER, None),
        (facts([ON], lost=[Lost(at(10_100), "was killed")]), STAGGERED, None),
        (facts([ON], lost=[Lost(at(8000), "was stopped", until_ns=at(9000))]), STAGGERED, None),
        (facts([ON], lost=[Lost(at(10_300), "ended", orderly=True)]), STAGGERED, "the host ended its lease"),
        (facts([ON, OFF], links=[(10_200, 2.2)]), STAGGERED, "its lease ran out: nothing came through the link"),
        (facts([ON, OFF], links=[(9_900, 2.0), (10_200, 0.1)]), STAGGERED, "135 °F, rests"),
        (facts([ON], boards=[(9_900, "running", 1), (10_150, "off", 1)]), TOGETHER, "the Pico went down"),
        (facts([ON], boards=[(9_900, "running", 1), (10_150, "running", 2)]), TOGETHER, "the Pico went down"),
        (facts([ON], boards=[(9_900, "off", 1), (9_950, "running", 2), (10_150, "running", 2)]), TOGETHER, None),
        (facts([ON], boards=[(9_900, "running", 1), (10_150, "hung", 1)]), TOGETHER, "processor hangs"),
        (facts([ON], boards=[(9_900, "running", 1), (10_150, "running", 1), (12_000, "off", 1)]), TOGETHER, None),
    ],
)  # fmt: skip
def test_a_reason_is_of_the_edges_instant_or_there_is_none(known: Facts, group: list[Edge], words: str | None) -> None:
    found = known.reason(group)
    assert found is None if words is None else found is not None and words in found


@pytest.mark.parametrize(
    ("known", "group", "words"),
    [
        (facts([ON]), edges(1, 1, 9000, 9050), "the host still asks for it: 108 °F, heats to 135 °F"),
        (facts([ON, OFF]), edges(1, 1, 20_000, 20_050), "why is not known yet; the log may tell"),
        (facts([ON]), TOGETHER, "why is not known yet; the log may tell"),
        (facts(lost=[Lost(at(8000), "was killed")]), TOGETHER, "no host runs that could say why"),
        (facts([ON]), CLOSED, "108 °F, heats to 135 °F"),
    ],
)
def test_in_the_end_what_is_not_known_is_said_to_be_so(known: Facts, group: list[Edge], words: str) -> None:
    assert known.last_reason(group).startswith(words)


def test_a_fast_wall_clock_changes_no_match() -> None:
    fast = Clock(EPOCH_MS, 0, 720.0)
    assert fast.mono_ns(fast.wall_ms(7_000_000_000)) == pytest.approx(7_000_000_000, abs=1000)
    known = Facts(fast)
    known.event({**TRIP, "at_ms": EPOCH_MS + 720_000}, CIRCUITS)
    assert known.reason([Edge(1_005_000_000, 1, "outside", 0)]) == "a trip: short circuit on circuit 1"


# -- lines -------------------------------------------------------------------------------------------------------


def told() -> tuple[Story, list[str]]:
    lines: list[str] = []
    return Story(lines.append, CLOCK, ZONE), lines


def status(ms: float, *events: dict[str, Any], trip: dict[str, Any] | None = None) -> dict[str, Any]:
    """events: oldest first."""
    return {
        "time_ms": EPOCH_MS + ms,
        "pico": {"age_s": 0.1},
        "events": events[::-1],
        "circuits": CIRCUITS,
        "trip": trip,
    }


def test_a_trip_is_told_after_its_edges_even_if_the_log_comes_first_and_once() -> None:
    story, lines = told()
    for _ in range(2):
        story.status(status(10_100, ON, {**TRIP, "at_ms": EPOCH_MS + 10_006}, TRIP_OFF))
    story.tell(at(10_150))
    story.edges([*edges(1, 1, 150, 200), *TOGETHER])
    story.tell(at(10_700))
    assert len(lines) == 1, "the closing is old enough"
    story.tell(at(10_900))
    assert lines == [
        "10:30:00  relay 1 outside closed, inside 50 ms later: 108 °F, heats to 135 °F",
        "10:30:10  relay 1 outside opened, inside with it: a trip: short circuit on circuit 1",
        "10:30:10  the log says: short circuit on circuit 1",
    ]


def test_an_edge_waits_for_its_reason_and_holds_later_lines_but_not_for_ever() -> None:
    story, lines = told()
    story.edges(TOGETHER)
    story.note(at(10_500), "the host was killed")
    story.tell(at(12_000))
    assert lines == []
    story.tell(at(13_100))
    assert lines == [
        "10:30:10  relay 1 outside opened, inside with it: why is not known yet; the log may tell",
        "10:30:10  the host was killed",
    ]


def test_what_is_known_late_says_of_when_it_is_and_the_times_never_go_back() -> None:
    story, lines = told()
    story.note(at(20_000), "a new host runs")
    story.tell(at(21_000))
    story.status(status(21_000, LEASE_OVER))
    story.tell(at(22_000))
    assert lines == [
        "10:30:20  a new host runs", "10:30:20  (of 10:30:10) the log says: the lease of circuit 1 ran out",
    ]  # fmt: skip


def test_events_of_an_earlier_run_are_known_and_a_standing_trip_of_it_is_told_once() -> None:
    story, lines = told()
    old = {**TRIP, "at_ms": EPOCH_MS - 60_000}
    trip = {"id": 7, "kind": "trip", "text": "a short", "at_ms": EPOCH_MS - 60_000}
    for ms in (500, 700):
        story.status(status(ms, old, trip=trip))
    story.tell(at(5000))
    assert lines == ["10:30:00  a trip of an earlier run stands (ID 7): a short"]


def test_at_the_end_everything_is_told() -> None:
    story, lines = told()
    story.edges(TOGETHER)
    story.note(at(10_100), "the last")
    story.tell(at(10_101), final=True)
    assert [line[10:17] for line in lines] == ["relay 1", "the las"]


# -- edges -------------------------------------------------------------------------------------------------------


def test_edges_of_a_circuit_within_a_moment_are_one_group() -> None:
    both = edges(1, 0, 1000, 1050) + edges(2, 0, 1001, 1051) + edges(1, 1, 1100, 1150) + edges(1, 0, 2000, 2050)
    found = groups(both)
    assert [(g[0].circuit, g[0].level, len(g)) for g in found] == [(1, 0, 2), (2, 0, 2), (1, 1, 2), (1, 0, 2)]


@pytest.mark.parametrize(
    ("group", "lost", "words"),
    [
        (edges(1, 1, 0, 51), None, "relay 1 outside closed, inside 51 ms later: why"),
        (edges(2, 0, 0, 0.3), None, "relay 2 outside opened, inside with it: why"),
        (
            edges(1, 0, 3003, 3053), Lost(at(1000), "was killed"),
            "relay 1 outside opened 2.003 s after the host was killed, inside 50 ms later: why",
        ),
    ],
)  # fmt: skip
def test_sentences(group: list[Edge], lost: Lost | None, words: str) -> None:
    assert sentence(group, "why", lost) == words


def test_a_relay_that_closes_alone_proves_the_other_one_and_the_closing_after_it_is_another_line() -> None:
    alone = [Edge(at(1000), 1, "outside", 1), Edge(at(1062), 1, "outside", 0)]
    closing = [Edge(at(1124), 1, "inside", 1), Edge(at(1175), 1, "outside", 1)]
    assert groups(alone + closing) == [alone, closing]
    said: list[str] = []
    story = Story(said.append, CLOCK, ZONE)
    story.edges(alone + closing)
    story.tell(at(9000), final=True)
    assert [line.partition("  ")[2] for line in said] == [
        "relay 1 outside closed alone for 62 ms: a proof that the other one is not welded",
        "relay 1 inside closed, outside 51 ms later: why is not known yet; the log may tell",
    ]


def test_a_circuit_that_trips_right_after_closing_is_no_proof() -> None:
    closing = [Edge(at(1000), 1, "inside", 1), Edge(at(1050), 1, "outside", 1)]
    falling = [Edge(at(1100), 1, "outside", 0), Edge(at(1100), 1, "inside", 0)]
    assert groups(closing + falling) == [closing, falling]


def test_the_trace_is_read_as_it_grows_even_by_half_lines_and_without_a_file(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    tail = TraceTail(file)
    assert tail.edges() == []
    file.write_text("1 relay.1.outside 1\n2 light.3 40000\n3 relay.2.ins")
    assert tail.edges() == [Edge(1, 1, "outside", 1)]
    with file.open("a") as trace:
        trace.write("ide 0\n")
    assert tail.edges() == [Edge(3, 2, "inside", 0)]
    assert tail.edges() == []
