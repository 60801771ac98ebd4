"""A PostgreSQL server that goes, comes back, refuses, or is another host's: heating and lights go on, rows wait."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from store_kit import CALIBRATION, T0, error, event, healthy, opened, row, wait_for

from tankwarden.errors import StoreError
from tankwarden.store import NewerDatabaseError, Store
from tankwarden.store.store import database_at

if TYPE_CHECKING:
    from postgresql_kit import Server


@pytest.fixture
def url(postgresql: "Server", request: pytest.FixtureRequest) -> str:
    return postgresql.url(f"p{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}")


@pytest.fixture
def own_server() -> "Iterator[Server]":
    """One that a test may stop."""
    from postgresql_kit import MissingError, Server

    try:
        server = Server()
    except MissingError as missing:
        pytest.skip(str(missing))
    yield server
    server.end()


def rows(url: str) -> int:
    with psycopg.connect(url) as db:
        found = db.execute("SELECT count(*) FROM measurements").fetchone()
    assert found is not None
    return int(found[0])


def test_a_server_that_goes_and_comes_back_costs_nothing(own_server: "Server") -> None:
    url = own_server.url("house")
    with opened(url, batch_rows=1) as store:
        store.recorder.event(event(1))
        own_server.stop()
        for k in range(20):
            store.recorder.measurement(row(T0 + k * 1000))
        wait_for(lambda: error(store), "error")
        assert "look at" in error(store) or "being shut down" in error(store)
        with pytest.raises(StoreError):
            store.recorder.event(event(2))
        with pytest.raises(StoreError, match="cannot be reached"):
            store.queries(CALIBRATION).events()
        own_server.start()
        wait_for(lambda: healthy(store), "recovery", 30.0)
        assert store.recorder.event(event(2)) is True
        assert store.recorder.event(event(1)) is False
    assert rows(url) == 20


def test_a_server_that_is_not_there_at_the_start_keeps_nobody_waiting() -> None:
    with opened("postgresql://tank@127.0.0.1:1/house", batch_rows=1) as store:
        assert "cannot be reached: look at its server" in error(store)
        store.recorder.measurement(row(T0))
        assert store.recorder.status().pending_rows == 1


def test_a_connection_that_an_administrator_ends_is_made_again(url: str, postgresql: "Server") -> None:
    with opened(url, batch_rows=1) as store:
        store.recorder.flush()
        with postgresql.admin() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tankwarden'"
            )
        store.recorder.measurement(row(T0))
        wait_for(lambda: healthy(store) and rows(url) == 1, "recovery")


def test_a_database_has_one_writer(url: str) -> None:
    with opened(url, batch_rows=1) as first:
        with opened(url, batch_rows=1) as second:
            assert "is written by another tankwarden" in error(second)
            second.recorder.measurement(row(T0))
            assert second.recorder.status().pending_rows == 1
            first.close()
            wait_for(lambda: healthy(second), "its turn")
        assert rows(url) == 1


def test_a_table_that_another_program_locks_is_waited_for(url: str) -> None:
    with opened(url, batch_rows=1) as store:
        store.recorder.flush()
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE measurements IN ACCESS EXCLUSIVE MODE")
            store.recorder.measurement(row(T0))
            wait_for(lambda: error(store), "error")
            assert "is locked: close the other program" in error(store)
            other.rollback()
        wait_for(lambda: healthy(store), "recovery")
    assert rows(url) == 1


def test_a_server_that_takes_no_writes_is_told(url: str) -> None:
    with opened(url) as store:
        store.recorder.event(event(1))
    read_only = f"{url}%20-cdefault_transaction_read_only%3Don"
    with opened(read_only, batch_rows=1) as store:
        store.recorder.measurement(row(T0))
        wait_for(lambda: "takes no writes" in error(store), "error")
        assert len(store.queries(CALIBRATION).events()) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("/postgres", "/nothing"), r"cannot be reached: look at .* \"nothing\" does not exist"),
        (("tank@", "nobody@"), r"cannot be reached: .* \"nobody\" does not exist"),
    ],
)
def test_a_url_that_does_not_fit_is_told_without_its_password(url: str, change: tuple[str, str], said: str) -> None:
    with opened(url.replace(*change).replace("@", ":secret@")) as store, pytest.raises(StoreError, match=said) as told:
        store.queries(CALIBRATION).events()
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://host", "postgresql://host/"])
def test_a_url_without_a_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="write it like postgresql://host/name"):
        database_at(url)


def test_a_database_of_a_later_tankwarden_is_left_alone(url: str) -> None:
    opened(url).close()
    with psycopg.connect(url) as db:
        db.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    with pytest.raises(NewerDatabaseError, match=r"9999_later.*update this one"):
        opened(url)


def test_without_its_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'tankwarden\[postgresql\]'"):
        database_at("postgresql://host/name")


def test_a_large_sum_has_room(url: str) -> None:
    """A minute of fast samples passes 32 bits."""
    with opened(url) as store:
        store.recorder.measurements([row(T0, n=2_000_000)])
        assert isinstance(store, Store)
    assert rows(url) == 1


def connections(postgresql: "Server") -> set[int]:
    """The server's processes of every connection of ours."""
    with postgresql.admin() as admin:
        found = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'tankwarden'").fetchall()
    return {int(pid) for (pid,) in found}


def backend(store: Store) -> int:
    with store.database.reading() as db:
        return int(db.execute_sql("SELECT pg_backend_pid()").fetchone()[0])


def test_readers_share_their_connections(url: str, postgresql: "Server") -> None:
    before = connections(postgresql)
    with opened(url) as store:
        first = backend(store)
        assert {backend(store) for _ in range(20)} == {first}
        with ThreadPoolExecutor(4) as threads:
            pids = set(threads.map(lambda _: backend(store), range(40)))
        assert len(pids) <= 4
        store.recorder.measurement(row(T0))  # a temporary table of one reader is no other's
        assert [len(store.queries(CALIBRATION).history(1.0, T0 + 1000)["t_ms"]) for _ in range(3)] == [1, 1, 1]
    wait_for(lambda: connections(postgresql) <= before, "end of every connection")


def test_who_reads_when_too_many_do_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tankwarden.store.postgresql._READERS", 1)
    monkeypatch.setattr("tankwarden.store.postgresql._CONNECT_S", 1)
    with opened(url) as store, store.database.reading(), ThreadPoolExecutor(1) as threads:
        other = threads.submit(backend, store)
        with pytest.raises(StoreError, match="asked too much at once"):
            other.result()


def test_a_server_that_was_restarted_is_read_again_at_once(own_server: "Server") -> None:
    with opened(own_server.url("house")) as store:
        store.recorder.event(event(1))
        assert len(store.queries(CALIBRATION).events()) == 1  # a connection that waits in the pool
        own_server.stop()
        own_server.start()
        assert len(store.queries(CALIBRATION).events()) == 1
