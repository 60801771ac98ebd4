"""The one writer on a healthy disk: what is on disk when, what comes back after a restart, what a kill takes."""

import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from store_kit import CALIBRATION, HOUR, T0, event, opened, row, stored, wait_for

from tankwarden.errors import StoreError
from tankwarden.events import Event
from tankwarden.logic.claims import Claim, Priority
from tankwarden.store import Store
from tankwarden.store.sqlite import SqliteFile

pytestmark = pytest.mark.usefixtures("each_database")


def claim(claim_id: str = "by-hand", value: bool = True, until_ms: int | None = T0 + HOUR) -> Claim:
    return Claim("east", value, Priority.PERSON, "ann", "she wants it", T0, until_ms, claim_id)


# -- measurements -------------------------------------------------------------------------------------------------


def _holds(path: Path, rows: int) -> bool:
    return stored(path) == rows


def test_rows_wait_for_their_batch(tmp_path: Path) -> None:
    """A commit a minute, not a second: 365 MB a day against 16."""
    path = tmp_path / "a.db"
    with opened(path, batch_rows=5) as store:
        for k in range(4):
            store.recorder.measurement(row(T0 + k))
        store.recorder.event(event())  # committed at once, and does not take the rows with it
        assert (stored(path), store.recorder.status().pending_rows) == (0, 4)
        store.recorder.measurement(row(T0 + 4))
        wait_for(lambda: stored(path) == 5, "full batch on disk")
        wait_for(lambda: store.recorder.status().pending_rows == 0, "empty backlog")


def test_a_batch_does_not_wait_longer_than_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path, batch_s=0.05) as store:
        for k in (1, 2):  # the second batch has its own time
            store.recorder.measurement(row(T0 + k))
            wait_for(partial(_holds, path, k), "row on disk")


def test_close_writes_what_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = opened(path)
    store.recorder.measurement(row(T0))
    store.recorder.log("info", "stop", "it stops")
    store.close()
    store.close()
    assert not path.with_name("a.db-wal").exists()  # one file, to be copied as it is
    assert (stored(path), stored(path, "count(*) FROM system_logs")) == (1, 1)


def test_flush_writes_what_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.measurement(row(T0))
        store.recorder.flush()
        assert stored(path) == 1


def test_a_later_row_replaces_one_of_the_same_instant(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        for period_ms in (1, 2):
            store.recorder.measurement(row(T0, period_ms=period_ms))
            store.recorder.measurement(row(T0 + 1, period_ms=period_ms))
            if period_ms == 1:
                store.recorder.flush()
    assert stored(path) == 2
    assert stored(path, "min(period_ms) FROM measurements") == 2


def test_many_rows_at_once_are_on_disk_when_it_returns(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        assert store.recorder.measurements(row(T0 + k) for k in range(12_001)) == 12_001
        assert stored(path) == 12_001
        assert store.recorder.measurements([]) == 0


def test_what_is_taken_after_the_end_is_refused(tmp_path: Path) -> None:
    store = opened(tmp_path / "a.db")
    store.close()
    for take in (
        lambda: store.recorder.measurement(row(T0)),
        lambda: store.recorder.event(event()),
        lambda: store.recorder.log("info", "x", "y"),
        store.recorder.flush,
    ):
        with pytest.raises(StoreError, match="is closed"):
            take()


# -- events -------------------------------------------------------------------------------------------------------


def test_an_event_of_the_picos_lands_once_also_across_restarts(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        assert [store.recorder.event(event(1)) for _ in range(3)] == [True, False, False]
        assert store.recorder.event(event(2)) is True
    with opened(path) as store:
        assert [store.recorder.event(event(k)) for k in (1, 2, 3)] == [False, False, True]
        assert store.recorder.event(event(1, board_id="another")) is True
        assert [e.journal_id for e in store.queries(CALIBRATION).events()] == [1, 3, 2, 1]


def test_a_journal_that_was_erased_begins_anew(tmp_path: Path) -> None:
    """Its numbers begin at 1 again, in another boot: these are other events, and must not be taken for known."""
    with opened(tmp_path / "a.db") as store:
        assert store.recorder.event(event(1, boot_id=77)) is True
        assert store.recorder.event(event(1, boot_id=78)) is True


def test_the_hosts_own_events_are_all_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        assert [store.recorder.event(event(None)) for _ in range(2)] == [True, True]


def test_an_event_is_on_disk_when_event_returns_and_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.event(event(5))
        assert stored(path, "journal_id FROM events") == 5
        (back,) = store.queries(CALIBRATION).events()
        assert back == event(5).with_id(back.id or 0)
        assert back.id


def test_events_are_told_newest_first_and_not_too_many(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        for k in range(30):
            store.recorder.event(event(k))
        assert [e.journal_id for e in store.queries(CALIBRATION).events(20)] == list(range(29, 9, -1))


def test_an_event_without_its_whole_key_is_refused(tmp_path: Path) -> None:
    """It could not be told apart, and would land again and again."""
    half = Event(at_ms=T0, kind="trip", severity="alarm", text="", journal_id=1, board_id="b")
    with opened(tmp_path / "a.db") as store:
        with pytest.raises(ValueError, match="board_id and boot_id"):
            store.recorder.event(half)
        assert store.recorder.status().error is None  # the disk is not to blame
        assert store.recorder.event(event()) is True


def test_one_event_told_by_many_threads_is_new_once(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store, ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: store.recorder.event(event()), range(40))) == 1


@pytest.mark.sqlite
def test_what_must_last_is_written_through_to_the_disk(tmp_path: Path) -> None:
    """In WAL mode only synchronous=FULL (2) survives a power cut; batches are content with NORMAL (1)."""
    database = SqliteFile(tmp_path / "a.db", wall_ms=lambda: T0)
    database.open(check=True)
    for durable, level in ((True, 2), (False, 1), (True, 2)):
        with database.writing(durable=durable) as db:
            assert db.pragma("synchronous") == level
    database.close()


# -- claims, log, settings ----------------------------------------------------------------------------------------


def test_a_claim_outlives_a_restart_until_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = opened(path)
    store.recorder.claim_store(claim())
    assert stored(path, "count(*) FROM claims") == 1  # before it acts
    store.close()
    with opened(path) as store:
        queries = store.queries(CALIBRATION)
        assert queries.open_claims(T0 + HOUR - 1) == [claim()]
        assert queries.open_claims(T0 + HOUR) == []


def test_a_claim_that_was_ended_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.claim_store(claim("a"))
        store.recorder.claim_store(claim("b"))
        store.recorder.claim_end("east", "a")
        store.recorder.claim_end("east", "never there")
    with opened(path) as store:
        assert store.queries(CALIBRATION).open_claims(T0) == [claim("b")]


def test_a_claim_stored_again_replaces_itself_and_leaves_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.claim_store(claim())
        store.recorder.claim_store(claim(value=False, until_ms=T0 + 2 * HOUR))
        assert store.queries(CALIBRATION).open_claims(T0) == [claim(value=False, until_ms=T0 + 2 * HOUR)]
        assert stored(path, "count(*) FROM claims WHERE ended_ms IS NOT NULL") == 1


@pytest.mark.parametrize("value", [True, False, 3, 0.25, "lunar"])
def test_a_claims_value_keeps_its_type(tmp_path: Path, value: bool | int | float | str) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.claim_store(Claim("x", value, Priority.SAFETY, "s", "w", T0))
        (back,) = store.queries(CALIBRATION).open_claims(T0)
        assert (back.value, type(back.value), back.priority) == (value, type(value), Priority.SAFETY)


def test_the_log_tells_newest_first(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        store.recorder.log("info", "start", "first")
        store.recorder.log("warning", "link", "second")
        store.recorder.flush()
        lines = store.queries(CALIBRATION).logs()
        assert [(line["at_ms"], line["level"], line["category"], line["text"]) for line in lines] == [
            (T0, "warning", "link", "second"),
            (T0, "info", "start", "first"),
        ]
        assert len(store.queries(CALIBRATION).logs(1)) == 1


def test_settings_are_remembered_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.config_set("day", {"kwh": [1, 2.5]})
        store.recorder.config_set("day", {"kwh": None})
        with pytest.raises(TypeError):
            store.recorder.config_set("day", object())
    with opened(path) as store:
        assert store.queries(CALIBRATION).config_get("day") == {"kwh": None}
        assert store.queries(CALIBRATION).config_get("night") is None


# -- threads and kills --------------------------------------------------------------------------------------------


def test_readers_and_the_writer_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db", batch_rows=7) as store:
        queries, stop, faults = store.queries(CALIBRATION), threading.Event(), list[BaseException]()

        def read() -> None:
            try:
                while not stop.is_set():
                    queries.history(1, T0 + HOUR)
                    queries.energies_wh(T0, T0 + HOUR)
                    queries.events()
            except BaseException as error:  # told to the thread that pytest sees
                faults.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for k in range(300):
            store.recorder.measurement(row(T0 + 1000 * k))
            if k % 10 == 0:
                store.recorder.event(event(k))
        stop.set()
        for reader in readers:
            reader.join()
        assert faults == []
        assert store.recorder.status().error is None
        # 299 whole seconds of 1 kW, and the first row's own period
        assert queries.energy_wh("east", T0 - HOUR, T0 + HOUR) == pytest.approx(300 / 3.6)


WRITE_UNTIL_KILLED = """
import sys, time
sys.path.insert(0, {here!r})
from store_kit import T0, event, opened, row
from pathlib import Path
recorder = opened(Path({path!r}), batch_rows=50, batch_s=0.2).recorder
for k in range(100_000):
    recorder.measurement(row(T0 + k))
    if k % 20 == 0:
        recorder.event(event(k))
    print(k, flush=True)
    time.sleep(0.001)
"""


@pytest.mark.sqlite
def test_a_kill_takes_at_most_a_batch_and_no_event(tmp_path: Path) -> None:
    path, chance = tmp_path / "a.db", random.Random(5)
    script = WRITE_UNTIL_KILLED.format(here=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        time.sleep(chance.uniform(0.6, 1.0))  # a real process on a real disk
        process.send_signal(signal.SIGKILL)
        taken = int(process.stdout.read().split()[-1]) + 1  # the last line was printed whole: it is written at once
    assert taken > 100
    kept = stored(path)
    assert kept >= taken - 2 * 50  # a batch, and what came while it was being committed
    assert stored(path, "max(ts) FROM measurements") == T0 + kept - 1  # no holes
    with opened(path) as store:
        assert store.note is None
        assert not any(store.recorder.event(event(k)) for k in range(0, taken, 20))


@pytest.mark.sqlite
def test_a_store_is_a_context(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        assert isinstance(store, Store)
        assert store.name == str(tmp_path / "a.db")
        assert store.recorder.status().error is None
    with pytest.raises(StoreError):
        store.recorder.flush()
