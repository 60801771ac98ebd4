"""The immutable snapshot that the page and the API show: made once a tick, read by any thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tanklink import messages
from tankwarden.config import Circuit, Config, Sensor
from tankwarden.drivers.pico.advice import SELF_TEST, reset_text
from tankwarden.drivers.pico.driver import PicoView
from tankwarden.events import Event
from tankwarden.flows.control import CircuitTick, Tick
from tankwarden.flows.lights import LightsView
from tankwarden.flows.lights_json import lighting_json, lights_json
from tankwarden.flows.readings import probe_of, rounded
from tankwarden.flows.record import vi_counts
from tankwarden.flows.supervise import TaskRow
from tankwarden.flows.totals import Energy
from tankwarden.flows.weather import Running
from tankwarden.logic.calibration import Curve
from tankwarden.logic.claims import explain
from tankwarden.logic.energy import power_w
from tankwarden.logic.health import Minute
from tankwarden.logic.quality import Quality
from tankwarden.store.queries import LATCHING

Json = dict[str, Any]
# A circuit's settings that turn a watch off → what is then not noticed.
WATCHES = {
    "watch_impedance": "a heating element that is open or has drifted is not noticed: watch_impedance is off",
    "watch_leakage": "a current that flows with the relays open is not noticed: watch_leakage is off",
}


class RecorderState(Protocol):
    """What is shown of store.RecorderStatus."""

    @property
    def pending_rows(self) -> int: ...
    @property
    def error(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Trip:
    """The trip or fault that stands. event: what is known of it; before: the last trip before too many of them."""

    id: int
    kind: str
    text: str
    at_ms: int
    event: Event | None
    before: Event | None = None


@dataclass(frozen=True, slots=True)
class Scales:
    """What turns a circuit's sums into watts."""

    volts: Curve
    amperes: Curve


class Failures:
    """Since when each task's last error is its last: what has long been over is to fade from the page."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, str | None, float]] = {}  # restarts, error, monotonic s when first seen

    def age_s(self, row: TaskRow, now_s: float) -> float | None:
        """None without an error."""
        last = self._last.get(row.name)
        if last is None or last[:2] != (row.restarts, row.error):
            last = self._last[row.name] = (row.restarts, row.error, now_s)
        return None if row.error is None else now_s - last[2]


@dataclass(frozen=True, slots=True)
class Around:
    """Everything of a snapshot that the tick itself does not know."""

    view: PicoView
    tasks: Sequence[TaskRow]
    failures: Failures
    trip: Trip | None
    events: Sequence[Event]
    energy: Energy | None
    recorder: RecorderState
    lights: LightsView
    weather: Sequence[Running]
    feeders: Sequence[Json]
    health: Minute | None
    waveforms: Mapping[int, bool | None]  # by an event's id: is that of the trip stored? None, or no entry = not yet


class Snapshots:
    """Makes them. scales: by the Pico's number of the circuit. reset_command: with {id} for the trip's number."""

    def __init__(self, config: Config, version: str, scales: Mapping[int, Scales], reset_command: str) -> None:
        self._config, self._version, self._scales = config, version, scales
        self._reset_command = reset_command
        self._names = {circuit.circuit: circuit.name for circuit in config.circuits}

    def recalibrate(self, scales: Mapping[int, Scales]) -> None:
        """Power is reckoned by these from now on."""
        self._scales = scales

    def make(self, tick: Tick, around: Around) -> Json:
        """A fresh one, shared by all readers: nobody may change it."""
        circuits = [self._circuit(circuit, around) for circuit in tick.circuits]
        powers = [circuit["readings"]["power"] for circuit in circuits]
        energies = list(around.energy.kwh_24h.values()) if around.energy else []
        return {
            "version": self._version,
            "time_ms": tick.now_ms,
            "zone": self._config.site.zone,
            "site": {"name": self._config.site.name},
            "tasks": tasks_json(around.tasks, around.failures, tick.now_s),
            "pico": pico_json(around.view),
            "enclosures": [{"id": e.id, "name": e.name, "kind": e.kind} for e in self._config.enclosures],
            "circuits": circuits,
            "sensors": [self._sensor(sensor, tick) for sensor in self._config.sensors],
            "lights": lights_json(around.lights, tick.now_ms, self._config.site.zone),
            "lighting": lighting_json(around.lights, around.weather),
            "feeders": list(around.feeders),
            "not_watched": [row for circuit in self._config.circuits for row in not_watched(circuit)],
            "trip": None if around.trip is None else self._trip(around.trip, around),
            "events": [_event(event, around) for event in around.events],
            "totals": {
                "power_w": _total_w(powers),
                "kwh_24h": rounded(sum(energies), 4) if energies else None,
            },
            "computer": None if around.health is None else around.health.to_json(),
            "recorder": {"pending_rows": around.recorder.pending_rows, "error": around.recorder.error},
        }

    def _sensor(self, sensor: Sensor, tick: Tick) -> Json:
        reading = tick.readings[probe_of(sensor.id)].to_json()
        return {"id": sensor.id, "name": sensor.name, "enclosure": sensor.enclosure, "reading": reading}

    def _circuit(self, tick: CircuitTick, around: Around) -> Json:
        config, view, energy = tick.config, around.view, around.energy
        facts = circuit_facts(view, config.circuit)
        return {
            "id": config.id,
            "name": config.name,
            "enclosure": config.enclosure,
            "circuit": config.circuit,
            **facts,
            "target_degf": config.target_degf,
            "readings": {
                "current": tick.current.to_json(),
                "voltage": tick.voltage.to_json(),
                "power": self._power(tick, view),
                "temperature": tick.temperature.to_json(),
            },
            "kwh_24h": rounded(energy.kwh_24h[config.id], 4) if energy else None,
            "kwh_today": rounded(energy.kwh_today[config.id], 4) if energy else None,
            "output": {
                "id": tick.output,
                "value": tick.held.value,
                "why": tick.decision.winner.why,
                "claims": explain(tick.decision),
                "holds": list(tick.held.holds),
            },
            "if_host_dies": if_host_dies(facts, config.sequence_ms, self._config.pico.ttl_ms),
        }

    def _power(self, tick: CircuitTick, view: PicoView) -> Json:
        """Of the newest STATUS; as good as the worse of voltage and current, and as old."""
        status, number = view.status, tick.config.circuit
        worse = tick.current if not tick.current.ok else tick.voltage
        value = None
        if status is not None and tick.current.value is not None and tick.voltage.value is not None:
            scales = self._scales[number]
            value = power_w(
                getattr(status, f"voltage_{number}_sum_counts"), getattr(status, f"current_{number}_sum_counts"),
                vi_counts(status, number), status.n, scales.volts, scales.amperes,
            )  # fmt: skip
        return {
            "value": rounded(value, 1),
            "unit": "W",
            "quality": str(worse.quality),
            "age_s": rounded(worse.age_s, 1),
            "raw_counts": None,
            "measured": None,
            "fault": worse.to_json()["fault"],
        }

    def _trip(self, trip: Trip, around: Around) -> Json:
        event = trip.event
        trigger = event.trigger if event else None
        command = self._reset_command.format(id=trip.id)
        before_reset = reset_text(trigger)
        return {
            "id": trip.id,
            "kind": trip.kind,
            "trigger": trigger,
            "circuit": event.circuit if event else None,
            "subject": event.subject if event else None,
            "value": event.value if event else None,
            "limit": event.limit if event else None,
            "unit": event.unit if event else "",
            "text": trip.text,
            "at_ms": trip.at_ms,
            "how_to_reset": f"{before_reset}: {command}",
            "before_reset": before_reset,
            "reset_command": command,
            "reset_also": SELF_TEST if trip.kind == "fault" else None,
            "circuit_name": self._names.get(event.circuit) if event and event.circuit else None,
            "before": None if trip.before is None else _event(trip.before, around),
            "event_id": event.id if event else None,
            "waveform": waveform_word(event, around.waveforms) if event else None,
        }


def trips_json(trips: Sequence[tuple[Event, bool | None]]) -> list[Json]:
    """As the API lists them: the event, its number in the Pico's journal, and how its waveform stands."""
    kept = {event.id: there for event, there in trips if event.id is not None}
    return [
        {**event.to_json(), "trip_id": event.journal_id, "board_id": event.board_id,
         "waveform": waveform_word(event, kept)}
        for event, _ in trips
    ]  # fmt: skip


def waveform_word(event: Event, kept: Mapping[int, bool | None]) -> str | None:
    """Of a trip or fault: stored, none (the Pico has kept none) or awaited; None for an event that never has one."""
    if event.kind not in LATCHING:
        return None
    return {True: "stored", False: "none", None: "awaited"}[kept.get(event.id or 0)]


def _event(event: Event, around: Around) -> Json:
    return {**event.to_json(), "waveform": waveform_word(event, around.waveforms)}


def not_watched(circuit: Circuit) -> list[Json]:
    """What a person has turned off of a circuit's watches: to be seen as long as it is so."""
    return [
        {"circuit": circuit.id, "name": circuit.name, "watch": watch, "text": f"{circuit.name}: {text}"}
        for watch, text in WATCHES.items()
        if not getattr(circuit, watch)
    ]


def tasks_json(rows: Sequence[TaskRow], failures: Failures, now_s: float) -> list[Json]:
    return [
        {**row._asdict(), "age_s": rounded(row.age_s, 1), "error_age_s": rounded(failures.age_s(row, now_s), 0)}
        for row in rows
    ]


def pico_json(view: PicoView) -> Json:
    """Who the Pico is and how it stands."""
    welcome, status = view.welcome, view.status
    uptime_s = None if status is None else status.uptime_s + status.uptime_ms_part / 1000
    return {
        "connected": view.connected,
        "state": view.board_state if view.connected else None,
        "phase": str(view.phase),
        "port": view.port,
        "board_id": None if welcome is None else welcome.board_id.hex(),
        "firmware": None if welcome is None else welcome.firmware.hex(),
        "version": None if welcome is None else welcome.version,
        "boot_id": None if welcome is None else welcome.boot_id,
        "reset_cause": None if welcome is None else messages.RESET_CAUSES[welcome.reset_cause],
        "uptime_s": uptime_s,
        "age_s": rounded(view.age_s, 1),
        "events_waiting": None if status is None else status.events_waiting,
        "message": view.message,
        "health": health_json(view),
        "link": {
            "frames_ok": view.frames_ok,
            "damaged": view.damaged,
            "openings": view.openings,
            "retries": view.retries,
            "refused": dict(view.refused),
        },
    }


def health_json(view: PicoView) -> Json | None:
    """HEALTH and BUDGET as one: that they travel apart concerns the wire alone. None before either came."""
    told = [record._asdict() for record in (view.health, view.budget) if record is not None]
    return {name: value for values in told for name, value in values.items()} if told else None


def _total_w(powers: Sequence[Json]) -> float | None:
    """Of power readings; None unless every one of them is good now."""
    if not powers or any(power["quality"] != Quality.OK for power in powers):
        return None
    return rounded(sum(power["value"] for power in powers), 1)


def circuit_facts(view: PicoView, number: int) -> Json:
    """State, relays, fault line and lease of a circuit as the Pico last told; None for what is not known now."""
    status = view.status if view.connected else None
    if status is None:
        relays = {"outside": None, "inside": None}
        return {"state": None, "relays": relays, "fault_line_ok": None, "lease_ms": None}
    outside = 2 * (number - 1)
    return {
        "state": messages.CIRCUIT_STATES[getattr(status, f"circuit_{number}")],
        "relays": {"outside": bool(status.relays >> outside & 1), "inside": bool(status.relays >> outside + 1 & 1)},
        "fault_line_ok": bool(status.fault_lines >> (number - 1) & 1),
        "lease_ms": getattr(status, f"lease_{number}_ms"),
    }


def if_host_dies(facts: Json, sequence_ms: int, ttl_ms: int) -> str:
    """What becomes of a circuit if this program, or its computer, stops now."""
    if facts["state"] is None:
        return f"Nothing is heard of the Pico; a lease that it may hold ends by itself within {ttl_ms / 1000:g} s."
    if facts["state"] == "open" and not facts["lease_ms"]:
        return "Nothing changes: both relays are open and no lease is held."
    # The whole time to live, not what is left of it: a lease may be renewed at the very last moment before.
    return (
        f"The Pico opens the outside relay within {ttl_ms / 1000:g} s and the inside relay "
        f"{sequence_ms / 1000:g} s later; it stays off."
    )
