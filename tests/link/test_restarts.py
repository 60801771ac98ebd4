"""Restarts of host, Pico and both at random instants: never armed without a handshake, nothing on outside ARMED,
no event lost or doubled."""

import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from rig import RELAYS, Edge
from tap import Seen
from tapped import TappedRig

from tanklink import records
from tanklink.messages import ARM
from tanklink.schema import HOST

WORKERS = 4
EVENT_RECORDS = records.Boot | records.Trip | records.Fault | records.LeaseOver | records.Reset
# The Pico keeps 24 events for a host that does not fetch them; a round makes at most four. A machine so busy that the
# host never gets through between two restarts must not look like a lost event.
ROUNDS_TOLD = 5
LATE_NS = 2_200_000_000  # ttl, sequence and some


@contextmanager
def tapped_rig(folder: Path, seed: int) -> Iterator[TappedRig]:
    rig = TappedRig(folder, seed)
    try:
        yield rig
    finally:
        rig.close()


def restart_at_random(rig: TappedRig, chance: random.Random) -> None:
    """One round: whichever of the two, at whatever point of the way back from the round before."""
    time.sleep(chance.uniform(0, 4.0))
    what = chance.choice(("host", "pico", "both"))
    if what != "pico":
        rig.kill_host(chance.choice((signal.SIGKILL, signal.SIGTERM)))
        assert rig.host is not None
        rig.host.wait(60)  # one that is told to stop while it starts, starts first
    if what != "host":
        rig.cut_power(chance.uniform(0.05, 0.6))
    if what != "pico":
        time.sleep(chance.uniform(0, 0.5))
        rig.start_host()


def armed_spans(seen: list[Seen], power_cuts_ns: list[int], now_ns: int) -> list[tuple[int, int]]:
    """(from, to) monotonic ns in which the Pico was armed, by the frames that passed: from the ARM that the host sent
    and the Pico acknowledged, to the end of that session; one that goes on, to now_ns."""
    ends = sorted(
        [s.time_ns for s in seen if isinstance(s.record, records.Hello | records.Disarm | records.Trip | records.Fault)]
        + power_cuts_ns
    )
    arms = [s.time_ns for s in seen if s.sender == HOST and isinstance(s.record, records.Arm)]
    spans = []
    for s in seen:
        if isinstance(s.record, records.Ack) and s.record.request == ARM.id:
            start = max((t for t in arms if t < s.time_ns), default=None)
            assert start is not None, "armed without a handshake"
            spans.append((start, next((t for t in ends if t > s.time_ns), now_ns)))
    return spans


def check_nothing_on_outside_armed(rig: TappedRig) -> None:
    now_ns = time.monotonic_ns()  # of what comes later nothing is known here
    spans = armed_spans(rig.tap.seen, rig.power_cuts_ns, now_ns)
    edges = [edge for edge in rig.edges() if edge.time_ns < now_ns]
    rises = [e for e in edges if e.name in RELAYS and e.level == 1]
    assert rises, "nothing ever closed: the test would be empty"
    for edge in rises:
        assert any(start < edge.time_ns < end for start, end in spans), f"{edge} outside ARMED"
    # Whatever was on is off by itself within ttl and sequence after the end of its span, and stays so until a later
    # span, which has the same time to end in.
    for _, end in spans:
        late = rig.after_ns(end, LATE_NS)
        others = ((start, rig.after_ns(stop, LATE_NS)) for start, stop in spans if stop > end)
        if late < now_ns and not any(start < late < stop for start, stop in others):
            for name in RELAYS:
                assert level_at(edges, name, late) == 0, (
                    f"{name} outlived its session: {told_around(rig, spans, end, late)}"
                )


def told_around(rig: TappedRig, spans: list[tuple[int, int]], since_ns: int, until_ns: int) -> str:
    """What is needed to understand a failure: in ms from its beginning."""
    from_ns, to_ns = since_ns - 2_000_000_000, until_ns + 2_000_000_000

    def ms(at_ns: int) -> int:
        return (at_ns - since_ns) // 1_000_000

    told: dict[str, object] = {
        "spans": [(ms(start), ms(end)) for start, end in spans if end > from_ns and start < to_ns],
        "cuts": [ms(at) for at in rig.power_cuts_ns if from_ns < at < to_ns],
        "edges": [(ms(e.time_ns), e.name, e.level) for e in rig.edges() if from_ns < e.time_ns < to_ns],
        "seen": [
            (ms(s.time_ns), s.sender, type(s.record).__name__) for s in rig.tap.seen if from_ns < s.time_ns < to_ns
        ],
    }
    return ", ".join(f"{name} {values}" for name, values in told.items())


def level_at(edges: list[Edge], name: str, at_ns: int) -> int:
    """Of an output, by its edges: low before the first."""
    return max(((e.time_ns, e.level) for e in edges if e.name == name and e.time_ns <= at_ns), default=(0, 0))[1]


def check_events_once(rig: TappedRig) -> int:
    """Every number in the Pico's journal is in the store exactly once."""
    sent = {s.record.event_id for s in rig.tap.seen if isinstance(s.record, EVENT_RECORDS)}
    stored = [row[0] for row in rig.rows("SELECT journal_id FROM events WHERE journal_id IS NOT NULL")]
    assert len(stored) == len(set(stored)), "an event was stored twice"
    assert sent <= set(stored), "an event was sent but not stored"
    assert sorted(stored) == list(range(min(stored), max(stored) + 1)), "an event was lost"
    return len(stored)


def run(folder: Path, seed: int, count: int) -> int:
    chance = random.Random(seed)
    with tapped_rig(folder, seed) as rig:
        rig.wait_running()
        for number in range(count):
            restart_at_random(rig, chance)
            if number % ROUNDS_TOLD == ROUNDS_TOLD - 1 or number == count - 1:
                rig.wait_running(60)
                rig.wait(lambda: rig.status()["pico"]["events_waiting"] == 0, "every event to be acknowledged", 20)
        check_nothing_on_outside_armed(rig)
        return check_events_once(rig)


def test_restarts_never_arm_by_themselves_and_lose_no_event(tmp_path: Path) -> None:
    assert run(tmp_path, seed=1, count=4) >= 2


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_rounds_of_restarts(tmp_path: Path) -> None:
    def one(number: int) -> int:
        place = tmp_path / str(number)
        place.mkdir()
        return run(place, seed=number, count=200 // WORKERS)

    with ThreadPoolExecutor(WORKERS) as pool:
        assert sum(pool.map(one, range(WORKERS))) >= 100
