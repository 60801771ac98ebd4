"""kill -9 in a loop on one database: each time at most a minute of samples is lost, and never what was told as kept."""

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from store_kit import HOUR, T0, event, feeding, opened, row, stored

from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.waveform import Waveform

KILLS = 200
BATCH = 60  # rows of a second each, as the host's recorder has it


def write_until_killed(path: str, first: int, told: Connection) -> None:
    """Second after second, as fast as the disk lets it; after every commit that must last, its number is told."""
    recorder = opened(Path(path), batch_rows=BATCH).recorder
    told.send(("open", 0))
    for k in range(first, first + 1_000_000):
        recorder.measurement(row(T0 + k * 1000))
        told.send(("row", k))
        while recorder.status().pending_rows >= BATCH:  # a second is longer than a commit
            time.sleep(0.0002)
        if k % 5 == 0:
            recorder.event(replace(event(k), text=f"trip {k}"))
            told.send(("event", k))
        if k % 10 == 0:
            waveform = Waveform(board_id="e66038b7", boot_id=77, journal_id=k, samples=bytes(3072))
            recorder.submit_waveform(waveform).result()
            told.send(("waveform", k))
        if k % 7 == 0:
            recorder.submit_feeding(feeding(1, operation_id=k)).result()
            told.send(("feeding", k))
        if k % 11 == 0:
            recorder.claim_store(Claim("east", True, Priority.PERSON, "ann", "on", T0, T0 + HOUR, f"claim {k}"))
            told.send(("claim", k))


def kill_once(path: Path, first: int, delay_s: float, *, opened_first: bool) -> dict[str, list[int]]:
    """Let it write for so long (or else count its start in), kill it, and return what it had told by then."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=write_until_killed, args=(str(path), first, theirs), daemon=True)
    process.start()
    theirs.close()
    if opened_first:
        ours.poll(30.0)
    time.sleep(delay_s)  # a real process, killed at whatever it happens to do
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    told: dict[str, list[int]] = {}
    try:
        while True:
            kind, number = ours.recv()
            told.setdefault(kind, []).append(number)
    except EOFError:
        return told


def numbers(path: Path, statement: str) -> set[int]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = {int(str(number).removeprefix("claim ")) for (number,) in connection.execute(statement)}
    connection.close()
    return found


def loop(path: Path, kills: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # The server that forks the writers imports all there is once, and finds it where this process does.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    multiprocessing.get_context("forkserver").set_forkserver_preload(["store_kit", "test_store_kills"])
    chance = random.Random(8)
    opened(path).close()
    kept = {kind: set[int]() for kind in ("event", "waveform", "feeding", "claim")}
    first, lost, wrote = 1, 0, 0
    for _ in range(kills):
        told = kill_once(path, first, chance.uniform(0.0, 0.2), opened_first=chance.random() < 0.9)
        for kind, known in kept.items():
            known.update(told.get(kind, ()))
        rows = told.get("row", [])
        stored_rows = stored(path, f"count(*) FROM measurements WHERE ts >= {T0 + first * 1000}")
        assert len(rows) - stored_rows <= BATCH
        lost, wrote = max(lost, len(rows) - stored_rows), wrote + bool(rows)
        first = max([first, *rows]) + 1
    print(f"at most {lost} rows lost, {wrote} of {kills} wrote, {len(kept['event'])} events")
    assert wrote > kills // 4, "it was killed too early to have been about anything"
    assert kept["event"] <= numbers(path, "SELECT journal_id FROM events")
    assert kept["waveform"] <= numbers(path, "SELECT journal_id FROM trip_waveforms WHERE samples IS NOT NULL")
    assert kept["feeding"] <= numbers(path, "SELECT operation_id FROM feeding_history")
    assert kept["claim"] <= numbers(path, "SELECT claim_id FROM claims")
    assert stored(path, "count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1
    with opened(path) as store:
        assert store.note is None


def test_a_few_kills_take_a_minute_at_most_and_nothing_that_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop(tmp_path / "a.db", 10, monkeypatch)


@pytest.mark.slow
def test_two_hundred_kills_take_a_minute_at_most_each_and_nothing_that_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop(tmp_path / "a.db", KILLS, monkeypatch)
