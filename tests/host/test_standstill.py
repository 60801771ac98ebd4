"""While the control loop stands still nothing is shown as fresh: not by the API, not by the page made of it."""

import copy
import time
from pathlib import Path
from typing import Any

import pytest
from house import TOML, parse

from tankwarden.app import App
from tankwarden.clock import ManualClock
from tankwarden.config import ClockSettings
from tankwarden.flows.standstill import Live, aged

OK = {"value": 2.5, "unit": "A", "quality": "ok", "age_s": 0.1, "raw_counts": 12}
OPEN = {"value": None, "unit": "°F", "quality": "open", "age_s": None, "raw_counts": 4095}


def snapshot() -> dict[str, Any]:
    return {
        "time_ms": 5, "tasks": [], "pico": {"connected": True, "age_s": 0.1, "state": "armed"},
        "circuits": [
            {
                "id": "east", "state": "closed", "relays": {"outside": True, "inside": True}, "fault_line_ok": True,
                "lease_ms": 1800, "output": {"value": True, "why": "heats", "holds": [], "claims": [{"wins": True}]},
                 "readings": {"current": OK, "temperature": OPEN}, "if_host_dies": "…",
            }
        ],
        "sensors": [{"id": "reef", "reading": OK}], "totals": {"power_w": 800.0, "kwh_24h": 4.0},
    }  # fmt: skip


def test_values_grow_old_and_what_the_pico_does_is_no_longer_known() -> None:
    before = snapshot()
    kept = copy.deepcopy(before)
    shown = aged(before, 9, 2.1, Live([{"name": "control", "state": "hung"}], True, 0.2))
    assert before == kept, "a snapshot is shared: nobody may change it"
    assert shown["stalled_s"] == 9
    assert shown["time_ms"] == 5
    assert shown["tasks"] == [{"name": "control", "state": "hung"}]
    assert shown["sensors"][0]["reading"] == {**OK, "quality": "stale", "age_s": 9.1}
    circuit = shown["circuits"][0]
    assert circuit["readings"]["temperature"] == OPEN, "what was bad stays as bad as it was"
    assert (circuit["state"], circuit["lease_ms"], circuit["fault_line_ok"]) == (None, None, None)
    assert circuit["relays"] == {"outside": None, "inside": None}
    assert "has not moved for 9 s" in circuit["if_host_dies"]
    assert (shown["pico"]["connected"], shown["pico"]["age_s"]) == (True, 0.2), "the link goes on by itself"
    assert circuit["output"]["value"] is None
    assert circuit["output"]["why"] == "nothing has been decided for 9 s; the last decision was: heats"
    assert not any(claim["wins"] for claim in circuit["output"]["claims"])
    assert shown["totals"] == {"power_w": None, "kwh_24h": 4.0}


@pytest.mark.parametrize(("by_s", "over"), [(1, False), (5, False), (6, True)])
def test_relays_are_said_to_be_open_only_once_every_lease_is_over(by_s: int, over: bool) -> None:
    shown = aged(snapshot(), by_s, 5.1, Live([], True, 0.1))
    assert shown["leases_over"] is over
    said = shown["circuits"][0]["if_host_dies"]
    assert ("has opened" in said) is over
    assert ("within" in said) is not over


def test_the_application_shows_its_last_snapshot_aged_once_a_second(tmp_path: Path) -> None:
    config = parse(TOML)
    epoch = ClockSettings(epoch_wall_ms=1_781_636_400_000, epoch_mono_ns=time.monotonic_ns(), speed=1.0)
    object.__setattr__(config, "clock", epoch)
    app = App(config, tmp_path)
    try:
        now_s = app.clock.mono()
        fresh = app.status()
        assert "stalled_s" not in fresh
        clock = ManualClock(0, now_s + 0.8)
        app.clock = clock
        assert app.status() is fresh
        clock.advance(3.7)
        old = app.status()
        assert old["stalled_s"] in (4, 5)
        assert app.status() is old, "the same object while nothing is new"
        clock.advance(1.0)
        assert app.status()["stalled_s"] == old["stalled_s"] + 1
        app.control.tick()  # it moves again, on the application's own clock
    finally:
        app.close()
