"""This computer's health: read, counted by the minute, stored together, thinned for charts, deleted when old."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from store_kit import CALIBRATION, T0, opened, stored

from tankwarden.clock import ManualClock
from tankwarden.drivers.machine import ThisMachine
from tankwarden.errors import RefusedError
from tankwarden.flows.health import TOGETHER, Health
from tankwarden.logic.health import Machine, Minute, minute, throttling
from tankwarden.logic.meters import Timeline
from tankwarden.store import Span, export

MINUTE = 60_000


def test_the_machine_tells_what_it_can(tmp_path: Path) -> None:
    tree = tmp_path / "sys" / "devices/platform/soc/soc:firmware"
    tree.mkdir(parents=True)
    (tree / "get_throttled").write_text("50005\n")
    told = ThisMachine(tmp_path, tmp_path / "sys").read()
    assert told.throttled == 0x50005
    assert told.process_mb is not None
    assert 5 < told.process_mb < 5000
    assert told.memory_percent is not None
    assert 0 < told.memory_percent <= 100
    assert told.disk_free_mb is not None
    assert told.disk_percent is not None
    assert told.cpu_percent is None or 0 <= told.cpu_percent <= 100


@pytest.mark.parametrize("content", [None, "", "no number"])
def test_where_nobody_tells_of_throttling_nobody_knows(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        tree = tmp_path / "devices/platform/soc/firmware"
        tree.mkdir(parents=True)
        (tree / "get_throttled").write_text(content)
    told = ThisMachine(tmp_path / "gone", tmp_path).read()
    assert (told.throttled, told.disk_percent) == (None, None)
    assert throttling(None) is None


def test_throttling_in_words() -> None:
    assert throttling(0) == {"now": [], "since_start": []}
    assert throttling(0x50005) == {
        "now": ["under-voltage", "throttled"], "since_start": ["under-voltage", "throttled"]
    }  # fmt: skip


def test_the_link_is_counted_by_the_minute() -> None:
    before = {"frames_ok": 100, "damaged": 1, "retries": 2, "openings": 1}
    now = {"frames_ok": 700, "damaged": 1, "retries": 5, "openings": 1}
    first, second = (minute(T0, Machine(), known, now) for known in (None, before))
    assert (first.link_frames, first.link_retries) == (None, None)
    assert (second.link_frames, second.link_damaged, second.link_retries, second.link_openings) == (600, 0, 3, 0)
    assert minute(T0, Machine(), now, before).link_frames == 0  # the counters began anew
    assert second.to_json()["throttling"] is None


class Kept:
    """Stands for the recorder."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, int | None]] = []

    def submit_health(self, minutes: Sequence[Minute], keep_ms: int | None = None) -> "Future[None]":
        self.batches.append((len(minutes), keep_ms))
        done: Future[None] = Future()
        done.set_result(None)
        return done


class Computer:
    def read(self) -> Machine:
        return Machine(cpu_percent=50.0)


def health(kept: Kept, clock: ManualClock) -> Health:
    view: Any = SimpleNamespace(frames_ok=1, damaged=0, retries=0, openings=1)
    return Health(Computer(), cast(Any, lambda: view), kept, clock, keep_days=90)


def test_minutes_are_stored_together_and_at_the_end() -> None:
    kept, clock = Kept(), ManualClock(wall_ms=T0)
    flow = health(kept, clock)
    for _ in range(TOGETHER + 3):
        flow.take(Machine(cpu_percent=1.0))
        clock.advance(60.0)
    assert kept.batches == [(TOGETHER, 90 * 86_400_000)]
    assert len(flow.waiting) == 3
    flow.finish()
    flow.finish()
    assert [count for count, _ in kept.batches] == [TOGETHER, 3]
    assert flow.now is not None
    assert flow.now.cpu_percent == 1.0


def test_the_first_minute_comes_at_once() -> None:
    flow = health(Kept(), ManualClock(wall_ms=T0))

    async def run() -> None:
        task = asyncio.ensure_future(flow.run(lambda: None))
        async with asyncio.timeout(10):
            while flow.now is None:
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert flow.now is not None
    assert flow.now.cpu_percent == 50.0


@pytest.mark.usefixtures("each_database")
def test_history_keeps_extremes_and_shows_gaps(tmp_path: Path) -> None:
    end = T0 + 3 * 3_600_000
    minutes = [Minute(ts_ms=T0 + (k + 1) * MINUTE, cpu_percent=90.0 if k == 17 else 10.0) for k in range(60)]
    minutes += [Minute(ts_ms=T0 + 7_200_000 + (k + 1) * MINUTE, soc_degf=120.0) for k in range(60)]
    with opened(tmp_path / "a.db") as store:
        store.recorder.submit_health(minutes[:-1]).result()
        queries = store.health_queries()
        found = queries.history(T0, end, 2000, waiting=minutes[-3:])
        assert found["bucket_ms"] == MINUTE
        cpu, soc = found["series"]["cpu_percent"], found["series"]["soc_degf"]
        assert len(found["t_ms"]) == 121  # a point of nulls between the two hours
        assert cpu["mean"][60] is None
        assert max(value for value in cpu["mean"] if value is not None) == 90.0
        assert soc["mean"][-1] == 120.0
        assert soc["unit"] == "°F"
        thin = queries.history(T0, end, 30)
        assert len(thin["t_ms"]) <= 30
        assert max(value for value in thin["series"]["cpu_percent"]["high"] if value is not None) == 90.0
        with pytest.raises(RefusedError):
            queries.history(end, T0, 30)


@pytest.mark.usefixtures("each_database")
def test_old_minutes_go_and_the_same_minute_is_there_once(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.submit_health([Minute(ts_ms=T0 + k * MINUTE) for k in range(10)]).result()
        again = [Minute(ts_ms=T0 + 9 * MINUTE, cpu_percent=3.0), Minute(ts_ms=T0 + 10 * MINUTE)]
        store.recorder.submit_health(again, keep_ms=3 * MINUTE).result()
        assert stored(tmp_path / "a.db", "count(*) FROM system_health") == 4
        text = "".join(export(store.database, Timeline(CALIBRATION), "health", Span()))
        lines = text.splitlines()
        assert lines[0].startswith("ts,cpu_percent,memory_percent")
        assert lines[3].startswith(f"{T0 + 9 * MINUTE},3.0,")
