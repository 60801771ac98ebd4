"""While the control loop stands still nothing is shown as fresh: not by the API, not by the page made of it."""

import copy
import time
from pathlib import Path
from typing import Any

from house import TOML, parse

from tankwarden.app import App
from tankwarden.clock import ManualClock
from tankwarden.config import ClockSettings
from tankwarden.flows.standstill import aged

OK = {"value": 2.5, "unit": "A", "quality": "ok", "age_s": 0.1, "raw_counts": 12}
OPEN = {"value": None, "unit": "°F", "quality": "open", "age_s": None, "raw_counts": 4095}


def snapshot() -> dict[str, Any]:
    return {
        "time_ms": 5, "tasks": [], "pico": {"connected": True, "age_s": 0.1, "state": "armed"},
        "circuits": [
            {
                "id": "east", "state": "closed", "relays": {"outside": True, "inside": True}, "fault_line_ok": True,
                "lease_ms": 1800, "readings": {"current": OK, "temperature": OPEN}, "if_host_dies": "…",
            }
        ],
        "sensors": [{"id": "reef", "reading": OK}], "totals": {"power_w": 800.0, "kwh_24h": 4.0},
    }  # fmt: skip


def test_values_grow_old_and_what_the_pico_does_is_no_longer_known() -> None:
    before = snapshot()
    kept = copy.deepcopy(before)
    shown = aged(before, 9, [{"name": "control", "state": "hung"}])
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
    assert (shown["pico"]["connected"], shown["pico"]["age_s"]) == (False, 9.1)
    assert shown["totals"] == {"power_w": None, "kwh_24h": 4.0}


def test_the_application_shows_its_last_snapshot_aged_once_a_second(tmp_path: Path) -> None:
    config = parse(TOML)
    epoch = ClockSettings(epoch_wall_ms=1_781_636_400_000, epoch_mono_ns=time.monotonic_ns(), speed=1.0)
    object.__setattr__(config, "clock", epoch)
    app = App(config, tmp_path)
    try:
        now_s = app.clock.mono()
        fresh = app.status()
        assert "stalled_s" not in fresh
        clock = ManualClock(0, now_s + 1.5)
        app.clock = clock
        assert app.status() is fresh
        clock.advance(3.0)
        old = app.status()
        assert old["stalled_s"] in (4, 5)
        assert app.status() is old, "the same object while nothing is new"
        clock.advance(1.0)
        assert app.status()["stalled_s"] == old["stalled_s"] + 1
        app.control.tick()  # it moves again, on the application's own clock
    finally:
        app.close()
