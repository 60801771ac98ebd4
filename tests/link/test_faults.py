"""Each simulated fault gives its own named trip or event, with channel, value and limit, on the page and in the log.

After the fault is cleared and a person has reset the trip the circuit runs again.
"""

import html
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from rig import Rig, running_rig


@dataclass(frozen=True)
class Case:
    """A fault and what it must be called. trigger is None where no trip stands, but an event tells."""

    fault: str
    value: float | None
    kind: str
    trigger: str | None
    subject: str
    over: bool | None  # the value lies over the limit, under it, or (None) both are merely stated


# Over both circuits: a fourth trip of one circuit within ten minutes would be a fault.
CASES = (
    Case("element-short", 1, "trip", "short", "voltage_1", over=False),
    Case("over-current", 1, "trip", "over_current", "current_1", over=True),
    Case("sensor-open", 1, "trip", "sensor_open", "temperature_1", over=True),
    Case("sensor-short", 2, "trip", "sensor_short", "temperature_2", over=False),
    Case("overheat", 2, "trip", "over_temperature", "temperature_2", over=True),
    Case("fault-line", 1, "trip", "fault_line", "fault_line_1", over=None),
    Case("cpu-hang", None, "trip", "watchdog", "cpu", over=None),
    Case("power-cut", 0.5, "pico_restarted", None, "cpu", over=False),
    Case("serial-noise", 50, "link_noise", None, "serial", over=True),
    Case("serial-cut", 3, "link_lost", None, "serial", over=True),
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_rig(tmp_path_factory.mktemp("faults")) as rig:
        yield rig


def new_events(rig: Rig, known: set[Any]) -> list[dict[str, Any]]:
    status = rig.status_or_none()
    return [e for e in status["events"] if e["id"] not in known] if status else []


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.fault)
def test_a_fault_is_named_and_after_clear_and_reset_the_circuit_runs(case: Case, rig: Rig) -> None:
    rig.wait_running(60)
    known = {e["id"] for e in rig.status()["events"]}
    rig.fault(case.fault, case.value)
    event = rig.wait(
        lambda: next((e for e in new_events(rig, known) if e["kind"] == case.kind), None), f"{case.kind} event", 20
    )
    assert event["trigger"] in (case.trigger, "none" if case.trigger is None else case.trigger)
    assert event["subject"] == case.subject
    assert event["value"] is not None
    assert event["limit"] is not None
    if case.over is not None:
        assert (event["value"] > event["limit"]) is case.over
    check_it_is_on_the_page_and_in_the_log(rig, event)
    if case.trigger is not None:
        check_trip_stands_and_reset(rig, case)
    else:
        rig.ask(cmd="fault", name="clear", value=None)
    rig.wait_running(60)
    assert {e["kind"] for e in new_events(rig, known) if e["kind"] in ("trip", "fault")} == (
        {"trip"} if case.trigger else set()
    ), "confused with another cause"


def check_it_is_on_the_page_and_in_the_log(rig: Rig, event: dict[str, Any]) -> None:
    """Cause, channel, value and limit, for people and for whoever searches the log."""
    shown = html.unescape(re.sub(r"<[^>]*>", "", rig.page()))
    assert "".join(event["text"].split()) in "".join(shown.split())
    lines = rig.wait(lambda: [line for line in rig.logged() if event["text"] in line], "line of the log", 5)
    facts = (event["kind"], event["subject"], f"value {event['value']:g}", f"limit {event['limit']:g}")
    assert all(fact in lines[0] for fact in facts), lines


def check_trip_stands_and_reset(rig: Rig, case: Case) -> None:
    trip = rig.wait(lambda: (rig.status_or_none() or {}).get("trip"), "the standing trip on the page", 20)
    assert (trip["trigger"], trip["subject"]) == (case.trigger, case.subject)
    assert set(rig.levels().values()) == {0}
    refused = rig.reset_trip(trip["id"] + 1000)
    assert refused.returncode != 0
    assert "wrong" in refused.stderr.lower() or "not the standing trip" in refused.stderr.lower()
    tripped_ns = time.monotonic_ns()
    rig.ask(cmd="fault", name="clear", value=None)

    def is_reset() -> bool:  # refused while the cause is there and for 2 s after it went
        return rig.reset_trip(trip["id"]).returncode == 0

    assert not [e for e in rig.edges(tripped_ns) if e.level == 1], "closed without a reset"
    rig.wait(is_reset, "reset to be accepted", 30)


def test_a_power_cut_in_tripped_comes_back_tripped(rig: Rig) -> None:
    rig.wait_running(60)
    rig.fault("overheat", 2)
    trip = rig.wait(lambda: (rig.status_or_none() or {}).get("trip"), "trip", 20)
    boot = rig.status()["pico"]["boot_id"]
    at_ns = rig.fault("power-cut", 0.5)
    rig.wait(
        lambda: (s := rig.status_or_none()) and s["pico"]["connected"] and s["pico"]["boot_id"] != boot, "reboot", 30
    )
    again = rig.wait(lambda: (rig.status_or_none() or {}).get("trip"), "the same trip", 20)
    for key in ("id", "trigger", "subject", "value", "limit"):
        assert again[key] == trip[key]
    assert rig.status()["pico"]["state"] == "tripped"
    assert not [e for e in rig.edges(at_ns) if e.level == 1]
    rig.wait(lambda: rig.status()["pico"]["phase"] == "ready", "configuration to be told", 20)
    refused = rig.reset_trip(trip["id"])  # the cause is still there, and the restarted Pico must know it
    assert refused.returncode != 0
    assert "still" in refused.stderr
    rig.ask(cmd="fault", name="clear", value=None)
    rig.wait(lambda: rig.reset_trip(trip["id"]).returncode == 0, "reset to be accepted", 30)
    rig.wait_running(60)


def test_every_fault_of_the_simulator_is_walked_through_here(rig: Rig) -> None:
    names = {f["name"] for f in rig.ask(cmd="list")["faults"]}
    assert names - {"clear"} == {c.fault for c in CASES}
