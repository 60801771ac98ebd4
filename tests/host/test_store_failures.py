"""The disk fails: control goes on, what is to be kept waits in bounded memory, a person is told, and it heals itself.

Each failure is the real one: a full file system, a limit of the kernel's, another program's lock, no rights.
(Garbage in the file: test_store_damage.py.)
"""

import contextlib
import json
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store_kit import CALIBRATION, HOUR, T0, error, event, healthy, opened, row, stored, wait_for

from tankwarden.errors import StoreError
from tankwarden.logic.claims import Claim, Priority
from tankwarden.store.rows import COLUMNS
from tankwarden.store.writer import MAX_JOBS

HERE = str(Path(__file__).parent)
CLAIM = Claim("east", False, Priority.PERSON, "ann", "off", T0, T0 + HOUR, "by-hand")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


# -- locked: the failure that can be had at will, so the common behaviour is pinned with it ------------------------


def test_while_locked_rows_wait_are_seen_and_are_written_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path, batch_rows=1) as store:
        queries = store.queries(CALIBRATION)
        with locked(path):
            for k in range(61):
                store.recorder.measurement(row(T0 + k * 1000))
            wait_for(lambda: error(store), "error")
            assert f"{path} is locked: close the other program" in error(store)
            assert store.recorder.status().pending_rows == 61
            assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(60 * 1000 / 3600)
            assert len(queries.history(1, T0 + HOUR // 2)["t_ms"]) == 13
        wait_for(lambda: healthy(store), "recovery by itself")
        assert stored(path) == 61
        assert store.recorder.status().dropped_rows == 0
        assert "takes writes again" in queries.logs()[0]["text"]


def test_what_must_be_on_disk_before_it_acts_says_that_it_is_not(tmp_path: Path) -> None:
    """A Pico's event is then not acknowledged and comes again; a claim does not act. Neither turns up by itself."""
    path = tmp_path / "a.db"
    with opened(path) as store:
        with locked(path):
            for refused in (
                lambda: store.recorder.event(event(1)),
                lambda: store.recorder.claim_store(CLAIM),
                lambda: store.recorder.config_set("a", 1),
                lambda: store.recorder.measurements([row(T0)]),
            ):
                with pytest.raises(StoreError, match="is locked"):
                    refused()
        wait_for(lambda: healthy(store), "recovery")
        queries = store.queries(CALIBRATION)
        assert (queries.events(), queries.open_claims(T0), queries.config_get("a")) == ([], [], None)
        assert store.recorder.event(event(1)) is True


def test_what_nobody_would_say_again_is_kept_and_written_in_its_order(tmp_path: Path) -> None:
    """The host's own events, ends of claims, log lines."""
    path = tmp_path / "a.db"
    with opened(path) as store:
        store.recorder.claim_store(CLAIM)
        with locked(path):
            store.recorder.log("info", "a", "first")
            store.recorder.claim_end("east", "by-hand")
            with pytest.raises(StoreError):
                store.recorder.event(event(None, text="own"))
            store.recorder.log("info", "a", "last")
        queries = store.queries(CALIBRATION)
        wait_for(lambda: len(queries.logs()) == 3, "log lines")
        assert [line["text"] for line in queries.logs()][1:] == ["last", "first"]
        assert [e.text for e in queries.events()] == ["own"]
        assert queries.open_claims(T0) == []


def test_memory_is_bounded_and_the_oldest_rows_go(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(path, batch_rows=1, max_waiting_rows=10) as store:
        with locked(path):
            for k in range(25):
                store.recorder.measurement(row(T0 + k))
            wait_for(lambda: error(store), "error")
            status = store.recorder.status()
            assert (status.pending_rows, status.dropped_rows) == (10, 15)
            assert "15 rows did not fit into memory and are lost" in (status.error or "")
        wait_for(lambda: healthy(store), "recovery")
        assert stored(path, "group_concat(ts - 1781000400000, '') FROM measurements") == int(
            "".join(map(str, range(15, 25)))
        )
        assert "15 rows" in store.queries(CALIBRATION).logs()[0]["text"]


def test_no_more_writes_wait_than_memory_is_for(tmp_path: Path) -> None:
    """A queue that is full refuses; what is kept over a failure is bounded too, and what is lost of it is said."""
    path = tmp_path / "a.db"
    with opened(path, busy_s=2.0) as store:
        with locked(path):
            futures = [store.recorder.submit_event(event(0))]
            while not (futures[-1].done() and "writes already wait" in str(futures[-1].exception())):
                assert len(futures) < 100 * MAX_JOBS, "whatever waits, more is taken"
                futures.append(store.recorder.submit_event(event(len(futures))))
            with pytest.raises(StoreError, match="is locked"):
                futures[0].result()
            wait_for(lambda: all(future.done() for future in futures), "end of those that were taken")
            for k in range(2):
                for _ in range(MAX_JOBS - 10):
                    store.recorder.log("info", "a", str(k))
                with pytest.raises(StoreError):
                    store.recorder.event(event(1))  # after which the lines before it are kept
        wait_for(lambda: healthy(store), "recovery")
        lines = store.queries(CALIBRATION).logs(2 * MAX_JOBS)
        assert [sum(line["text"] == text for line in lines) for text in "01"] == [10, MAX_JOBS - 10]
        assert f"so are {MAX_JOBS - 20} of the host's own events" in lines[0]["text"]


def test_a_close_that_cannot_write_ends_and_says_what_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.db"
    store = opened(path)
    with locked(path), caplog.at_level(logging.ERROR):
        store.recorder.measurement(row(T0))
        store.recorder.log("info", "a", "b")
        store.close()
    assert "1 rows of measurements were not written" in caplog.text
    assert "1 events, claims and log lines were not written" in caplog.text


def test_a_file_that_is_locked_at_the_start_keeps_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    other = sqlite3.connect(path, isolation_level=None)  # a new file, not yet in WAL mode: nothing can be read either
    other.execute("BEGIN EXCLUSIVE")
    with opened(path, batch_rows=1) as store:
        assert "is locked" in error(store)
        store.recorder.measurement(row(T0))
        with pytest.raises(StoreError):
            store.recorder.event(event())
        with pytest.raises(StoreError, match="is locked"):
            store.queries(CALIBRATION).events()
        other.execute("ROLLBACK")
        other.close()
        wait_for(lambda: healthy(store), "recovery")
        assert stored(path) == 1


# -- full ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting takes root; the test with a limit of the kernel's runs everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(ballast: Path, leave: int = 0) -> None:
    """Use up what room there is, but for so many bytes."""
    with ballast.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        file.truncate(max(0, file.tell() - leave))


def test_a_full_disk_costs_nothing_that_fits_into_memory(small_disk: Path) -> None:
    path, ballast = small_disk / "a.db", small_disk / "ballast"
    with opened(path, batch_rows=100) as store:
        store.recorder.measurements(row(T0 + k) for k in range(1000))
        fill(ballast)
        for k in range(1000, 5000):
            store.recorder.measurement(row(T0 + k))
        wait_for(lambda: error(store), "error")
        assert "finds no room: free some space" in error(store)
        assert store.queries(CALIBRATION).history(0.1, T0 + 5000)["t_ms"], "the chart stands still"
        ballast.unlink()
        wait_for(lambda: healthy(store), "recovery")
        assert store.recorder.status().dropped_rows == 0
    assert stored(path) == 5000
    assert stored(path, "count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1


def test_a_disk_that_is_full_at_the_start_keeps_nobody_waiting(small_disk: Path) -> None:
    """Not even the tables can be made."""
    path, ballast = small_disk / "a.db", small_disk / "ballast"
    fill(ballast, leave=20_000)
    with opened(path, batch_rows=1) as store:
        assert "finds no room" in error(store) or "errors of its disk" in error(store)
        store.recorder.measurement(row(T0))
        ballast.unlink()
        wait_for(lambda: healthy(store), "recovery")
        assert store.note is None
    assert stored(path) == 1


FILES_MAY_NOT_GROW = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from store_kit import CALIBRATION, T0, event, opened, row, wait_for
from tankwarden.errors import StoreError
path = Path({path!r})
store = opened(path, batch_rows=100)
store.recorder.measurements(row(T0 + k) for k in range(1000))
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("a.db-wal").stat().st_size + 5000, limits[1]))
for k in range(1000, 15_000):
    store.recorder.measurement(row(T0 + k))
try:
    store.recorder.flush()
    flushed = "it did"
except StoreError as error:
    flushed = str(error)
waiting = store.recorder.status()
seen = store.queries(CALIBRATION).energy_wh("east", T0, T0 + 15_000)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
wait_for(lambda: store.recorder.status().error is None, "recovery")
store.recorder.flush()
store.close()
print(json.dumps([flushed, waiting.pending_rows, waiting.error, waiting.dropped_rows, seen]))
"""


# To root no file is read-only: so the script runs without that privilege.
UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def run(script: str, **parameters: str) -> Any:
    """A script in a process of its own, and the JSON it prints."""
    command = [*UNPRIVILEGED, sys.executable, "-c", script.format(here=HERE, **parameters)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_file_that_may_not_grow_is_a_disk_that_fails(tmp_path: Path) -> None:
    """RLIMIT_FSIZE: the kernel refuses the write, as a failing card does (SQLite: disk I/O error)."""
    path = tmp_path / "a.db"
    flushed, pending, told, dropped, seen = run(FILES_MAY_NOT_GROW, path=str(path))
    assert "meets errors of its disk" in flushed
    assert (told, dropped) == (flushed, 0)
    assert pending > 0
    assert seen == pytest.approx(15 / 3.6, rel=0.01)  # 1 kW for 15 s, seen while it waits
    assert stored(path) == 15_000
    assert stored(path, "count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1


# -- rights -------------------------------------------------------------------------------------------------------

RIGHTS_COME_AND_GO = """
import json, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from store_kit import CALIBRATION, HOUR, T0, event, opened, row, wait_for
folder = Path({folder!r})
path = folder / "a.db"
if {made_before!r} == "yes":
    with opened(path) as store:
        store.recorder.measurement(row(T0))
        store.recorder.event(event(1))
    path.chmod(0o444)
folder.chmod(0o555)
store = opened(path, batch_rows=1)
told = store.recorder.status().error
store.recorder.measurement(row(T0 + 1000))
folder.chmod(0o755)
if path.exists():
    path.chmod(0o644)
wait_for(lambda: store.recorder.status().error is None, "recovery")
store.recorder.flush()
events = len(store.queries(CALIBRATION).events())
store.close()
print(json.dumps([told, events]))
"""


@pytest.mark.parametrize(("made_before", "rows"), [("yes", 2), ("no", 1)])
def test_a_read_only_disk_at_the_start_keeps_nobody_waiting(tmp_path: Path, made_before: str, rows: int) -> None:
    path = tmp_path / "a.db"
    told, events = run(RIGHTS_COME_AND_GO, folder=str(tmp_path), made_before=made_before)
    assert "cannot be written" in told or "cannot be opened" in told
    assert str(path) in told
    assert events == (1 if made_before == "yes" else 0)
    assert stored(path) == rows


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = opened(tmp_path / "file" / "a.db")
    store.recorder.measurement(row(T0))
    assert "folder of the database" in error(store)
    with pytest.raises(StoreError):
        store.queries(CALIBRATION).events()
    (tmp_path / "file").unlink()
    wait_for(lambda: healthy(store), "recovery")
    store.close()
    assert stored(tmp_path / "file" / "a.db") == 1


def test_a_table_that_somebody_dropped_is_told_and_rows_wait(tmp_path: Path) -> None:
    """No failure of the disk's: yet neither does the thread die nor a row get lost."""
    path = tmp_path / "a.db"
    with opened(path, batch_rows=1) as store:
        other = sqlite3.connect(path)
        (statement,) = other.execute("SELECT sql FROM sqlite_master WHERE name = 'measurements'").fetchone()
        other.execute("DROP TABLE measurements")
        store.recorder.measurement(row(T0))
        wait_for(lambda: error(store), "error")
        assert "no such table: measurements" in error(store)
        with pytest.raises(StoreError, match="cannot be read"):
            store.queries(CALIBRATION).history(1, T0)
        other.execute(statement)
        other.close()
        wait_for(lambda: healthy(store), "recovery")
        assert stored(path, f"count({COLUMNS[-1]}) FROM measurements") == 1
