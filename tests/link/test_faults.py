"""Each simulated fault gives its own named trip, fault or event, with circuit, channel, value and limit, and no other.

Every one is walked through from the relay's edge in the trace to the reset: page, API, store and log say the same; who
may not reset is refused, and so is everybody while the Pico still sees the cause; after that the circuit runs again.
"""

import html
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rig import RELAYS, Edge, Rig, running_rig

Value = float | str | None
SETTLED_S = 0.2  # a circuit that has just closed is given so long before its element is judged
WITHIN_S = 0.15  # N passes of 5 ms, the relays' and the simulation's own steps, and a busy machine's
SEEN, UNFIT = "still there", "self-test failed"
PICO_KINDS = {"trip", "fault", "lease_over", "notice"}  # what the Pico tells of by itself
SLOW_S = 20.0
TRIPS_ALLOWED = 3  # of a circuit in ten minutes; the next one is a fault


def at_once(_rig: Rig) -> None:
    """It shows as soon as it is there."""


def reopen(rig: Rig) -> None:
    """A new host: the circuits open in their sequence, the Pico is armed anew, and they close again."""
    rig.restart_host()


def reboot(rig: Rig) -> None:
    """The Pico's power is cut: the self-test of its start sees more than its loop."""
    rig.fault("power-cut", 0.3)


@dataclass(frozen=True)
class Case:
    """A fault and what it must be called. trigger None: no trip stands, but an event tells.

    over: the value lies over the limit, under it, or (None) both are merely stated. shows: what brings it to light.
    within_s: from there, or from the fault, to the relays' fall. refused: the word by which a reset is refused while
    the Pico goes on seeing the cause with its relays open.
    """

    fault: str
    value: Value
    trigger: str | None
    subject: str
    over: bool | None
    kind: str = "trip"
    circuit: int | None = 1
    shows: Callable[[Rig], None] = at_once
    within_s: float = WITHIN_S
    refused: str | None = None
    also: tuple[str, ...] = ()  # kinds of the Pico's events that follow of it
    first: Value = None  # the same fault with this value before it, which alone shows nothing

    @property
    def id(self) -> str:
        values = [str(value) for value in (self.first, self.value) if value is not None]
        return f"{self.fault}={'+'.join(values)}" if values else self.fault


FLIPPED_S, CHANGED_S = 2.5, 120  # the sums of the configuration and of the program's files take so long
STUCK_S, NO_RISE_WH = 4, 18  # 18 Wh warm the small tank by 1.5 °F within half a minute
# Circuit 1 heats a small tank from the temperature of the air on; circuit 2's tank is warm, so that it stays open.
IDLE_2 = (
    Case("detached-ntc", 1, "no_rise", "temperature_1", over=False, within_s=70),
    Case("dry-tank", 1, "no_rise", "temperature_1", over=False, within_s=70),
    Case("sensor-stuck", 1, "sensor_stuck", "temperature_1", over=True, within_s=STUCK_S + 2),
    Case("sensor-rate", 1, "sensor_rate", "temperature_1", over=True, within_s=8),
    Case("element-short", 1, "short", "voltage_1", over=False),
    Case("weak-short", 1, "short", "voltage_1", over=False),
    Case("over-current", 1, "over_current", "current_1", over=True),
    Case("element-open", 1, "element_open", "current_1", over=False, within_s=SETTLED_S + WITHIN_S),
    Case("element-drift", 1, "element_drift", "current_1", over=False, within_s=SETTLED_S + WITHIN_S),
    Case("over-voltage", 2, "over_voltage", "voltage_2", over=True, circuit=2, refused=SEEN),
    Case("leakage", 2, "leakage", "current_2", over=True, circuit=2, refused=SEEN),
    Case("weld", "2.inside", "weld", "relays", over=True, kind="fault", circuit=2, first="2.outside", refused=SEEN),
    Case("sensor-open", 1, "sensor_open", "temperature_1", over=True, refused=SEEN),
    Case("sensor-short", 2, "sensor_short", "temperature_2", over=False, circuit=2, refused=SEEN),
    Case("sensor-dead", 1, "sensor_dead", "current_1", over=False, refused=SEEN),
    Case("overheat", 2, "over_temperature", "temperature_2", over=True, circuit=2, refused=SEEN),
    Case("fault-line", 1, "fault_line", "fault_line_1", over=None, refused=SEEN),
    Case("reference-off", None, "reference", "reference", over=True, circuit=None, refused=SEEN),
    Case("adc-slip", None, "adc_slot", "adc", over=None, circuit=None),
    Case("adc-stop", None, "adc_stopped", "adc", over=None, circuit=None),
    Case("bus-error", None, "exception", "cpu", over=None, circuit=None),
    Case("bus-stall", None, "slow_pass", "cpu", over=True, circuit=None),
    Case("bit-flip", None, "config", "config", over=None, kind="fault", circuit=None, within_s=FLIPPED_S),
    Case("program-damaged", None, "program", "program", over=None, kind="fault", circuit=None, within_s=CHANGED_S,
         refused=UNFIT),
    Case("cpu-hang", 400, "permit", "relays", over=True),
    Case("cpu-hang", None, "watchdog", "cpu", over=None, circuit=None),
    Case("power-cut", 0.5, None, "cpu", over=False, kind="pico_restarted", circuit=None),
    Case("serial-noise", 50, None, "serial", over=True, kind="link_noise", circuit=None),
    Case("serial-cut", 3, None, "serial", over=True, kind="link_lost", circuit=None,
         also=("lease_over",)),
)  # fmt: skip
# Both circuits heat.
BOTH = (
    Case(
        "relay-stuck",
        "1.outside",
        "relay_stuck",
        "relays",
        over=True,
        kind="fault",
        circuit=None,
        shows=reboot,
        refused=UNFIT,
    ),
    Case("memory-stuck", None, "memory", "memory", over=None, kind="fault", circuit=None, shows=reboot, refused=UNFIT),
    Case("clock-off", None, "clock", "clock", over=False, kind="fault", circuit=None, shows=reboot, refused=UNFIT),
    Case(
        "comparator-dead",
        None,
        "comparator",
        "comparator",
        over=False,
        kind="fault",
        circuit=None,
        shows=reboot,
        refused=UNFIT,
    ),
    Case("flash-dead", None, "journal", "journal", over=True, kind="fault", circuit=None, shows=reboot, refused=UNFIT),
    Case("weld", "1.outside", "weld", "relay_1_outside", over=True, kind="fault", shows=reopen),
    Case("weld", "1.inside", "weld", "relay_1_inside", over=True, kind="fault", shows=reopen),
    Case("weld", "2.outside", "weld", "relay_2_outside", over=True, kind="fault", circuit=2, shows=reopen),
    Case("weld", "2.inside", "weld", "relay_2_inside", over=True, kind="fault", circuit=2, shows=reopen),
    Case("line-short", 1, "line_stuck", "fault_line_1", over=None, kind="fault", shows=reboot, refused=UNFIT),
    Case(
        "line-short", 2, "line_stuck", "fault_line_2", over=None, kind="fault", circuit=2, shows=reboot, refused=UNFIT
    ),
)


@dataclass
class House:
    """A rig, and how often each circuit has tripped since its Pico's last start."""

    rig: Rig
    trips: dict[int | None, int] = field(default_factory=dict)

    def mend(self) -> None:
        """What a walk that failed has left behind, so that it fails alone."""
        self.rig.ask(cmd="fault", name="clear", value=None)
        status = self.rig.status_or_none()
        if status and status["trip"]:
            reset(self.rig, status["trip"]["id"])

    def forgive(self, circuit: int | None) -> None:
        """A fourth trip of one circuit within ten minutes would be a fault: a restart ends that count."""
        if self.trips.get(circuit, 0) >= TRIPS_ALLOWED:
            reboot(self.rig)
            self.trips.clear()
            time.sleep(0.5)  # a real process on real time
        self.trips[circuit] = self.trips.get(circuit, 0) + 1


@pytest.fixture(scope="module")
def idle_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    tanks = ("--tank-gal", "1=5", "--tank-degf", "1=75", "--tank-degf", "2=150")
    circuit = {"no_rise_wh": NO_RISE_WH, "stuck_s": STUCK_S}
    with running_rig(tmp_path_factory.mktemp("idle"), sim_options=tanks, circuit=circuit) as rig:
        yield House(rig)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_rig(tmp_path_factory.mktemp("both")) as rig:
        yield House(rig)


def marked(cases: tuple[Case, ...]) -> list[Any]:
    """Those that take half a minute to show are slow tests."""
    return [
        pytest.param(case, id=case.id, marks=[pytest.mark.slow] if case.within_s > SLOW_S else []) for case in cases
    ]


@pytest.mark.parametrize("case", marked(IDLE_2))
def test_a_fault_is_named_and_after_clear_and_reset_the_circuit_runs(case: Case, idle_2: House) -> None:
    walk_through(case, idle_2)


@pytest.mark.parametrize("case", marked(BOTH))
def test_a_weld_or_a_shorted_line_is_found_before_the_circuit_runs_again(case: Case, both: House) -> None:
    walk_through(case, both)


def walk_through(case: Case, house: House) -> None:
    rig = house.rig
    house.mend()
    house.forgive(case.circuit)
    rig.wait_running(30)
    known = last_event(rig)
    if case.first is not None:
        rig.fault(case.fault, case.first)
    at_ns = rig.fault(case.fault, case.value)
    case.shows(rig)
    event = rig.wait(lambda: told(rig, known, case.kind), f"{case.kind} event", case.within_s + 30)
    check_what_is_said(rig, case, event)
    if case.trigger is None:
        rig.ask(cmd="fault", name="clear", value=None)
    else:
        if case.shows is at_once:
            check_relays_fell(rig, at_ns, case.within_s)
        check_reset(rig, case, at_ns)
    rig.wait_running(30)
    check_nothing_else_was_told(rig, case, known)


def last_event(rig: Rig) -> int:
    found = rig.rows("SELECT COALESCE(MAX(id), 0) FROM events")[0][0]
    assert isinstance(found, int)
    return found


def told(rig: Rig, known: int, kind: str) -> dict[str, Any] | None:
    """The first event of a kind since, as the API tells it."""
    status = rig.status_or_none() or {"events": []}
    return next((e for e in reversed(status["events"]) if (e["id"] or 0) > known and e["kind"] == kind), None)


def check_what_is_said(rig: Rig, case: Case, event: dict[str, Any]) -> None:
    """Cause, circuit, channel, value and limit: in the API, the store, on the page and for whoever searches the log."""
    assert (event["kind"], event["trigger"] or "none") == (case.kind, case.trigger or "none"), event["text"]
    assert (event["subject"], event["circuit"]) == (case.subject, case.circuit), event["text"]
    assert event["value"] is not None
    assert event["limit"] is not None
    if case.over is not None:
        assert (event["value"] > event["limit"]) is case.over, event["text"]
    row = rig.rows(
        "SELECT kind, circuit, trigger, subject, value, limit_value, unit FROM events WHERE id = ?", event["id"]
    )
    assert row == [tuple(event[k] for k in ("kind", "circuit", "trigger", "subject", "value", "limit", "unit"))]
    shown = html.unescape(re.sub(r"<[^>]*>", "", rig.page()))
    assert "".join(event["text"].split()) in "".join(shown.split())
    lines = rig.wait(lambda: [line for line in rig.logged() if event["text"] in line], "line of the log", 5)
    facts = (event["kind"], event["subject"], f"value {event['value']:g}", f"limit {event['limit']:g}")
    assert all(fact in lines[0] for fact in facts), lines


def check_relays_fell(rig: Rig, at_ns: int, within_s: float) -> None:
    """Every relay is low, and fell in time, by the trace; the time in which this machine stood still does not count."""
    assert set(rig.levels().values()) == {0}
    falls: list[Edge] = [edge for edge in rig.edges(at_ns) if edge.name in RELAYS and edge.level == 0]
    assert falls, "no relay was closed: nothing is shown"
    until_ns = max(edge.time_ns for edge in falls)
    took_s = rig.passed_s(at_ns, until_ns)
    assert took_s <= within_s, f"open {took_s:.3f} s after the fault"


def check_reset(rig: Rig, case: Case, at_ns: int) -> None:
    """By its number only, by a person at the machine only, and not while the Pico sees the cause."""
    trip = rig.wait(lambda: (rig.status_or_none() or {}).get("trip"), "the standing trip on the page", 20)
    assert (trip["kind"], trip["trigger"], trip["subject"]) == (case.kind, case.trigger, case.subject)
    rig.wait(lambda: (s := rig.status_or_none()) and s["pico"]["phase"] == "ready", "configuration to be told", 20)
    refused = rig.reset_trip(trip["id"] + 1000)
    assert refused.returncode != 0
    assert "wrong" in refused.stderr.lower() or "not the standing trip" in refused.stderr.lower()
    check_the_page_resets_nothing(rig, trip["id"])
    if case.refused:
        assert case.refused in refusal(rig, trip["id"])
    closed = [e for e in rig.edges(at_ns) if e.name in RELAYS and e.level == 1]
    assert case.shows is not at_once or not closed, "closed without a reset"
    rig.ask(cmd="fault", name="clear", value=None)
    reset(rig, trip["id"], case.within_s + 30)


def refusal(rig: Rig, trip_id: int) -> str:
    """What a person is told while the cause stands, once the two seconds that every reset waits are over."""

    def asked() -> str | None:
        done = rig.reset_trip(trip_id)
        assert done.returncode != 0, "reset with its cause still there"
        return None if "two seconds" in done.stderr else done.stderr

    return rig.wait(asked, "refusal", 20)


def reset(rig: Rig, trip_id: int, within_s: float = 30) -> None:
    """As a person does, until it is accepted: not before the cause has been gone for two seconds."""
    rig.wait(lambda: rig.reset_trip(trip_id).returncode == 0, "reset to be accepted", within_s)


def check_the_page_resets_nothing(rig: Rig, trip_id: int) -> None:
    """Whoever can open the page is not therefore who may reset."""
    for path in (f"/api/reset-trip/{trip_id}", f"/api/trips/{trip_id}/reset", f"/api/trips/{trip_id}"):
        request = urllib.request.Request(rig.base + path, data=b"{}", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5)
        refused.value.close()
        assert refused.value.code in (403, 404, 405)


def check_nothing_else_was_told(rig: Rig, case: Case, known: int) -> None:
    """Of the Pico's own events this very one alone."""
    rows = rig.rows("SELECT kind, trigger FROM events WHERE id > ? AND journal_id IS NOT NULL", known)
    found = {row for row in rows if row[0] in PICO_KINDS and row[0] not in case.also}
    assert found == ({(case.kind, case.trigger)} if case.trigger else set()), "confused with another cause"


def test_a_power_cut_in_tripped_comes_back_tripped(both: House) -> None:
    rig = both.rig
    both.forgive(2)
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
    reset(rig, trip["id"])
    rig.wait_running(60)


@pytest.mark.slow
def test_a_fourth_trip_of_a_circuit_is_a_fault_until_a_person_resets_it(both: House) -> None:
    rig = both.rig
    both.mend()
    reboot(rig)  # the count begins anew
    both.trips.clear()
    for n in range(TRIPS_ALLOWED + 1):
        rig.wait_running(30)
        known = last_event(rig)
        rig.fault("overheat", 2)
        trip = rig.wait(lambda: (rig.status_or_none() or {}).get("trip"), "trip", 20)
        rig.ask(cmd="fault", name="clear", value=None)
        if n < TRIPS_ALLOWED:
            assert (trip["kind"], trip["trigger"]) == ("trip", "over_temperature")
            reset(rig, trip["id"])
    event = rig.wait(lambda: told(rig, known, "fault"), "fault", 10)
    assert (event["trigger"], event["circuit"], event["value"], event["limit"]) == ("too_many_trips", 2, 4, 3)
    reboot(rig)
    fault = rig.wait(
        lambda: (s := rig.status_or_none()) and s["pico"]["phase"] == "ready" and s["trip"], "the fault after power", 20
    )
    assert (fault["kind"], fault["trigger"]) == ("fault", "too_many_trips")
    reset(rig, fault["id"])
    rig.wait_running(30)


def test_every_fault_of_the_simulator_is_walked_through_here(tmp_path: Path) -> None:
    from tankwarden.sim.faults import FAULTS

    no_trips = {"clear", "servo-jam", "drop-sensor-stuck"}  # tests/sim/test_sim_feeding.py
    assert set(FAULTS) - no_trips == {case.fault for case in (*IDLE_2, *BOTH)}
