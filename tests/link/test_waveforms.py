"""A trip's waveform from the Pico's black box to the API: with a host that lives, and with one that comes later."""

import contextlib
import json
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from rig import Rig, running_rig

from tanklink.messages import CHANNELS, TRACE_TICKS

RESTS_S = 1.0


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_rig(tmp_path_factory.mktemp("waveforms")) as rig:
        yield rig


def api(rig: Rig, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(rig.base + path, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def waveform_of_the_last_trip(rig: Rig) -> dict[str, Any]:
    """As soon as it is there; the refusals before are no errors of the host's."""

    def stored() -> dict[str, Any] | None:
        trips = api(rig, "/api/trips")["trips"] if rig.status_or_none() else []
        return trips[0] if trips and trips[0]["waveform"] == "stored" else None

    return api(rig, f"/api/trips/{rig.wait(stored, 'waveform', 40)['id']}/waveform")


def forget_waveforms_in_a_restart(rig: Rig) -> None:
    """As if the host had ended before it could store them."""
    assert rig.host is not None
    rig.host.terminate()
    rig.host.wait(20)
    with contextlib.closing(sqlite3.connect(rig.data / "tankwarden.db")) as database, database:
        database.execute("DELETE FROM trip_waveforms")
    rig.start_host()


def wait_for_flash_to_rest(rig: Rig) -> None:
    """Until the Pico has written what it had to write: nothing has changed in its flash for a while."""
    seen: list[tuple[float, list[bytes]]] = []

    def rests() -> bool:
        content = [path.read_bytes() for path in sorted(rig.flash.rglob("*")) if path.is_file()]
        if not seen or seen[-1][1] != content:
            seen.append((time.monotonic(), content))
        return time.monotonic() - seen[-1][0] > RESTS_S

    rig.wait(rests, "rest of the flash", 20)


def check_it_shows_an_over_current(shown: dict[str, Any]) -> None:
    """Heating before, over the limit at the trip, and nothing after the relays have opened."""
    assert shown["trip"]["trigger"] == "over_current"
    assert set(shown["series"]) == set(CHANNELS)
    assert all(len(series["counts"]) == TRACE_TICKS for series in shown["series"].values())
    current, limit = shown["series"]["current_1"]["values"], shown["trip"]["limit"]
    near = shown["at_tick"]
    assert max(current[near - 20 : near + 20]) > limit
    assert max(current[-10:]) < 1.0
    assert shown["t_ms"][near] == 0


@pytest.mark.slow
def test_a_trip_brings_its_waveform_and_a_host_without_it_reads_it_while_the_circuit_runs(rig: Rig) -> None:
    rig.fault("over-current", 1)
    shown = waveform_of_the_last_trip(rig)
    check_it_shows_an_over_current(shown)
    trip = rig.wait(lambda: (t := rig.status()["trip"]) and t["waveform"] == "stored" and t, "it on the page", 5)
    assert trip["event_id"] == shown["trip"]["id"]
    rig.ask(cmd="fault", name="clear", value=None)
    rig.wait(lambda: rig.reset_trip(trip["id"]).returncode == 0, "reset to be accepted", 30)
    rig.wait_running(60)
    forget_waveforms_in_a_restart(rig)
    rig.wait_running(60)
    runs_ns = time.monotonic_ns()
    assert waveform_of_the_last_trip(rig)["series"] == shown["series"]
    assert rig.rows("SELECT count(*) FROM trip_waveforms") == [(1,)]
    assert rig.running()
    assert not [edge for edge in rig.edges(runs_ns) if edge.level == 0]


@pytest.mark.slow
def test_a_trip_that_a_power_cut_and_a_dead_host_followed_keeps_its_waveform(rig: Rig) -> None:
    """Only the Pico knows of it: the host dies as it trips, and then the Pico's power goes."""
    rig.fault("over-current", 1)
    rig.wait_open(1)
    rig.kill_host()
    wait_for_flash_to_rest(rig)
    rig.fault("power-cut", 0.5)
    rig.start_host()
    check_it_shows_an_over_current(waveform_of_the_last_trip(rig))
