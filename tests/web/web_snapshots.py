"""Realistic snapshots and histories as `App.status()` and the store give them, for tests of whatever shows them.

`snapshot()` is a sunny afternoon in Phoenix: two circuits on one tank, one heating and one held off, and a reef. Every
builder returns fresh dictionaries that a test may change before it shows them.
"""

import math
from typing import Any

import web_feeders
import web_lights

NOW_MS = 1_750_541_527_000  # 2025-06-21 14:32:07 in Phoenix
ZONE = "America/Phoenix"
HOUR_MS = 3_600_000
RESET = "/home/pi/tankwarden-0.1/.venv/bin/tankwarden reset-trip"
UNSEEN = "mend it first: with the relays open it cannot be seen, and would trip again on closing; then"


def reading(
    value: float | None, unit: str, quality: str = "ok", age_s: float | None = 0.2, raw_counts: int | None = None
) -> dict[str, Any]:
    return {"value": value, "unit": unit, "quality": quality, "age_s": age_s, "raw_counts": raw_counts}


def claim(source: str, priority: str, value: bool, why: str, wins: bool = False, **times: int | None) -> dict[str, Any]:
    return {
        "source": source,
        "priority": priority,
        "value": value,
        "why": why,
        "since_ms": times.get("since_ms", NOW_MS - 5_400_000),
        "until_ms": times.get("until_ms"),
        "wins": wins,
    }


def fallback_claim() -> dict[str, Any]:
    return claim("fallback", "fallback", False, "nothing asks for it", since_ms=0)


def heating_circuit() -> dict[str, Any]:
    heats = "104.3 °F, heats to 120.0 °F"
    why = f"on: {heats} (regulation)"
    return {
        "id": "east",
        "name": "East array",
        "enclosure": "tank",
        "circuit": 1,
        "state": "closed",
        "relays": {"outside": True, "inside": True},
        "fault_line_ok": True,
        "lease_ms": 1640,
        "target_degf": 120.0,
        "readings": {
            "current": reading(8.52, "A", raw_counts=2621),
            "voltage": reading(271.4, "V", raw_counts=2223),
            "power": reading(2312.3, "W"),
            "temperature": reading(104.3, "°F", raw_counts=1480),
        },
        "kwh_24h": 14.82,
        "kwh_today": 9.41,
        "output": {
            "id": "circuit.east",
            "value": True,
            "why": why,
            "claims": [
                claim("thermostat", "regulation", True, heats, wins=True),
                fallback_claim(),
            ],
            "holds": [],
        },
        "if_host_dies": "The Pico opens the outside relay within 2 s and the inside relay 0.2 s later; it stays off.",
    }


def idle_circuit() -> dict[str, Any]:
    warm = "104.1 °F, heats when below 90.0 °F"
    why = f"off: {warm} (regulation)"
    return {
        **heating_circuit(),
        "id": "west",
        "name": "West array",
        "circuit": 2,
        "state": "open",
        "relays": {"outside": False, "inside": False},
        "lease_ms": 0,
        "target_degf": 95.0,
        "readings": {
            "current": reading(0.0, "A", raw_counts=372),
            "voltage": reading(331.8, "V", raw_counts=2717),
            "power": reading(0.0, "W"),
            "temperature": reading(104.1, "°F", raw_counts=1483),
        },
        "kwh_24h": 3.07,
        "kwh_today": 0.0,
        "output": {
            "id": "circuit.west",
            "value": False,
            "why": why,
            "claims": [
                claim("thermostat", "regulation", False, warm, wins=True, since_ms=NOW_MS - 12 * HOUR_MS),
                fallback_claim(),
            ],
            "holds": ["off for at least 5 min: 2 min 10 s left"],
        },
        "if_host_dies": "Nothing changes: both relays are open and no lease is held.",
    }


def sensor(key: str, name: str, enclosure: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": key, "name": name, "enclosure": enclosure, "reading": value}


def event(number: int, ago_s: int, kind: str, severity: str, text: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": number,
        "at_ms": NOW_MS - ago_s * 1000,
        "kind": kind,
        "severity": severity,
        "text": text,
        "circuit": None,
        "trigger": None,
        "subject": None,
        "value": None,
        "limit": None,
        "unit": None,
        "waveform": None,
        **facts,
    }


def trip() -> dict[str, Any]:
    return {
        "id": 17,
        "kind": "trip",
        "trigger": "over_current",
        "circuit": 1,
        "subject": "current_1",
        "value": 12.43,
        "limit": 11.0,
        "unit": "A",
        "text": "over-current on circuit 1: 12.4 A, limit 11.0 A",
        "at_ms": NOW_MS - 95_000,
        "how_to_reset": f"{UNSEEN}: {RESET} 17",
        "before_reset": UNSEEN,
        "reset_command": f"{RESET} 17",
        "reset_also": None,
        "circuit_name": "East array",
        "before": None,
        "event_id": 32,
        "waveform": "stored",
    }


def pico() -> dict[str, Any]:
    return {
        "connected": True,
        "state": "armed",
        "phase": "armed",
        "port": "/dev/ttyACM0",
        "events_waiting": 0,
        "board_id": "e6614c311b8c5a2f",
        "firmware": "5f3a90c1d27be844",
        "version": "0.1.0",
        "boot_id": 734_112_905,
        "uptime_s": 256_932.4,
        "age_s": 0.1,
        "reset_cause": "power_on",
        "message": None,
        "health": {
            "uptime_s": 256_932,
            "uptime_ms_part": 412,
            "passes": 200,
            "pass_us_mean": 912,
            "pass_us_max": 2140,
            "gap_us_max": 6100,
            "collect_us_max": 3900,
            "heap_free_bytes": 91_264,
            "frames_ok": 514_220,
            "bad_crc": 3,
            "bad_cobs": 0,
            "bad_length": 0,
            "bad_body": 0,
            "bad_id": 0,
            "bad_range": 0,
            "bad_state": 1,
            "bad_rate": 0,
            "tx_dropped": 0,
            "leases_over": 2,
            "events_dropped": 0,
            "slow_passes": 1,
            "tx_waiting": 64,
            "journal_free": 211,
            "scans": 2000,
            "scan_us_max": 84,
            "scan_gap_us_max": 1320,
            "ring_slips": 0,
            "checked_s": 12,
        },
        "link": {"frames_ok": 2_571_002, "damaged": 4, "openings": 1, "retries": 0, "refused": {"lease_expired": 3}},
    }


def task(name: str, state: str = "running", error: str | None = None, restarts: int = 0) -> dict[str, Any]:
    error_age_s = None if error is None else 4.0
    return {
        "name": name, "state": state, "age_s": 0.3, "restarts": restarts, "error": error, "error_age_s": error_age_s,
    }  # fmt: skip


def snapshot(**changes: Any) -> dict[str, Any]:
    """All is well. `changes` replaces top-level keys."""
    whole: dict[str, Any] = {
        "version": "0.1.0",
        "time_ms": NOW_MS,
        "zone": ZONE,
        "site": {"name": "Casa Saguaro"},
        "tasks": [task("link"), task("control"), task("record"), task("clock")],
        "pico": pico(),
        "enclosures": [
            {"id": "tank", "name": "Water heater", "kind": "hot_water"},
            {"id": "reef", "name": "Lagoon", "kind": "reef"},
        ],
        "circuits": [heating_circuit(), idle_circuit()],
        "sensors": [
            sensor("tank_top", "Tank top", "tank", reading(104.3, "°F", raw_counts=1480)),
            sensor("tank_bottom", "Tank bottom", "tank", reading(98.9, "°F", raw_counts=1602)),
            sensor("reef_water", "Reef water", "reef", reading(78.4, "°F", raw_counts=2101)),
        ],
        "lights": web_lights.lights(),
        "lighting": web_lights.lighting(),
        "feeders": web_feeders.feeders(),
        "not_watched": [],
        "trip": None,
        "events": [
            event(31, 5400, "output", "info", "East array on: 104.3 °F, heats to 120.0 °F (regulation)", circuit=1),
            event(
                30, 9000, "trip_reset", "info", "trip 16 reset by a person at the console", circuit=1,
            ),
            event(
                29, 9300, "trip", "alarm", "over-temperature on circuit 1: 171.2 °F, limit 170.0 °F",
                circuit=1, trigger="over_temperature", subject="temperature_1", value=171.2, limit=170.0, unit="°F",
                waveform="none",
            ),
            event(
                28, 90_000, "lease_over", "warning", "the lease of circuit 2 ran out and it was opened",
                circuit=2, trigger="none", subject="lease", value=0, limit=0, unit="ms",
            ),
            event(27, 256_932, "start", "info", "Tankwarden 0.1.0 started, Pico program 0.1.0"),
        ],
        "totals": {"power_w": 2312.3, "kwh_24h": 17.89},
        "recorder": {"pending_rows": 42, "error": None},
    }  # fmt: skip
    return {**whole, **changes}


def tripped() -> dict[str, Any]:
    """The same afternoon, a minute after an over-current."""
    now = snapshot(trip=trip(), totals={"power_w": 0.0, "kwh_24h": 17.89})
    now["pico"]["state"] = "tripped"
    for circuit in now["circuits"]:
        stopped(circuit, "a trip stands: over-current on circuit 1: 12.4 A, limit 11.0 A")
    now["events"].insert(
        0,
        event(
            32, 95, "trip", "alarm", trip()["text"], circuit=1, trigger="over_current", subject="current_1",
            value=12.43, limit=11.0, unit="A", waveform="stored",
        ),
    )  # fmt: skip
    return now


def faulted() -> dict[str, Any]:
    """After the fourth trip in ten minutes."""
    now = tripped()
    before = now["events"][0]
    now["pico"]["state"] = "fault"
    now["trip"].update(
        id=18, kind="fault", trigger="too_many_trips", subject="trips", value=4, limit=3, unit="",
        text="too many trips on circuit 1: 4, limit 3", before=before, reset_command=f"{RESET} 18",
        reset_also="resetting a fault also runs the Pico's self-test, and fails if that does",
        event_id=33, waveform="none",
    )  # fmt: skip
    return now


def stopped(circuit: dict[str, Any], why: str) -> None:
    """Turn a circuit's dictionary into one that safety holds off."""
    circuit.update(state="open", relays={"outside": False, "inside": False}, lease_ms=0)
    circuit["readings"].update(current=reading(0.0, "A", raw_counts=372), power=reading(0.0, "W"))
    for one in circuit["output"]["claims"]:
        one["wins"] = False
    circuit["output"]["claims"].insert(0, claim("watchdog", "safety", False, why, wins=True, since_ms=NOW_MS - 95_000))
    circuit["output"].update(value=False, why=f"off: {why} (safety)")


def unwatched() -> dict[str, Any]:
    """Somebody has turned two watches off."""
    rows = (
        ("watch_impedance", "a heating element that is open or has drifted is not noticed: watch_impedance is off"),
        ("watch_leakage", "a current that flows with the relays open is not noticed: watch_leakage is off"),
    )
    return snapshot(
        not_watched=[
            {"circuit": "east", "name": "East array", "watch": watch, "text": f"East array: {text}"}
            for watch, text in rows
        ]
    )


def sensors_in_trouble() -> dict[str, Any]:
    """One of each bad quality."""
    now = snapshot()
    east, west = now["circuits"]
    east["readings"]["temperature"] = reading(104.3, "°F", "stale", 34.0, 1480)
    east["readings"]["current"] = reading(8.5, "A", "stuck", 0.2, 2621)
    west["readings"]["temperature"] = reading(None, "°F", "open", 0.2, 4093)
    west["readings"]["voltage"] = reading(None, "V", "missing", None)
    now["sensors"][0]["reading"] = reading(104.3, "°F", "stale", 34.0, 1480)
    now["sensors"][1]["reading"] = reading(None, "°F", "short", 0.2, 3)
    now["sensors"][2]["reading"] = reading(211.0, "°F", "implausible", 0.2, 102)
    return now


def without_pico() -> dict[str, Any]:
    """The Pico has never answered: nothing is known of the circuits."""
    now = snapshot(totals={"power_w": None, "kwh_24h": 17.89})
    now["pico"].update(
        connected=False, state=None, board_id=None, firmware=None, version=None, boot_id=None, uptime_s=None,
        age_s=None, reset_cause=None, health=None, message="no Pico at /dev/serial/by-id: is its cable in?",
    )  # fmt: skip
    for circuit in now["circuits"]:
        circuit.update(state=None, relays={"outside": None, "inside": None}, fault_line_ok=None, lease_ms=None)
        for name, was in circuit["readings"].items():
            circuit["readings"][name] = reading(None, was["unit"], "missing", None)
    for one in now["sensors"]:
        one["reading"] = reading(None, "°F", "missing", None)
    now["tasks"][0] = task("link", "restarting", "no such device", restarts=12)
    return now


def without_circuits() -> dict[str, Any]:
    """A fresh installation."""
    return snapshot(
        circuits=[], sensors=[], lights=[], enclosures=[], events=[], totals={"power_w": None, "kwh_24h": None},
    )  # fmt: skip


def history(hours: float = 24.0, now_ms: int = NOW_MS, points: int = 720) -> dict[str, Any]:
    """Two sunny days' power and three temperatures; an hour is missing, seven hours ago."""
    step = hours * HOUR_MS / points
    t_ms = [round(now_ms - hours * HOUR_MS + (index + 1) * step) for index in range(points)]
    gone = [now_ms - 7.5 * HOUR_MS < t < now_ms - 6.5 * HOUR_MS for t in t_ms]

    def series(of: Any) -> list[float | None]:
        return [None if missing else round(of(t), 1) for t, missing in zip(t_ms, gone, strict=True)]

    def sun(t: int) -> float:
        hour = (t / HOUR_MS - 7) % 24
        return max(0.0, math.sin((hour - 5.5) / 14 * math.pi)) if 5.5 < hour < 19.5 else 0.0

    return {
        "bucket_ms": round(step),
        "t_ms": t_ms,
        "series": {
            "power_w": {
                "east": series(lambda t: 2400 * sun(t) * (1 - 0.35 * (math.sin(t / 1.1e6) > 0.7))),
                "west": series(lambda t: 1900 * sun(t) if (t / HOUR_MS - 7) % 24 < 9 else 0.0),
            },
            "temperature_degf": {
                "east": series(lambda t: 102 - 9 * (1 - sun(t)) + 2 * math.sin(t / 5e6)),
                "west": series(lambda t: 101 - 9 * (1 - sun(t)) + 2 * math.sin(t / 5e6)),
                "tank_top": series(lambda t: 104.3 - 9 * (1 - sun(t)) + 2 * math.sin(t / 5e6)),
                "tank_bottom": series(lambda t: 98.9 - 12 * (1 - sun(t)) + 3 * math.sin(t / 5e6)),
                "reef_water": series(lambda t: 78.4 + 0.4 * math.sin(t / 8e6)),
            },
        },
    }
