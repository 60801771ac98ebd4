"""The events that the host itself tells of: the link, the probes, the outputs, its own start and stop."""

from tankwarden.drivers.pico.session import Mismatched, Restarted
from tankwarden.events import ALARM, INFO, WARNING, Event, reset_cause_text
from tankwarden.flows.control import CircuitTick
from tankwarden.flows.readings import Change
from tankwarden.logic.feeder import Feeder
from tankwarden.logic.feeding import Due, Status
from tankwarden.logic.quality import Quality

_QUALITY_TEXTS = {
    Quality.OK: "reads well again",
    Quality.STALE: "tells nothing new",
    Quality.OPEN: "reads as if its wire were broken",
    Quality.SHORT: "reads as if its wire were shorted",
    Quality.STUCK: "does not move",
    Quality.IMPLAUSIBLE: "reads what cannot be",
    Quality.MISSING: "has never been read",
}


def started(at_ms: int, version: str) -> Event:
    return Event(at_ms=at_ms, kind="start", severity=INFO, text=f"Tankwarden {version} started")


def stopped(at_ms: int, version: str, seen_open: bool) -> Event:
    circuits = "every circuit is open" if seen_open else "what the Pico may still hold opens when its lease ends"
    return Event(at_ms=at_ms, kind="stop", severity=INFO, text=f"Tankwarden {version} stopped; {circuits}")


def link_lost(at_ms: int, silent_ms: float, limit_ms: float) -> Event:
    return Event(
        at_ms=at_ms, kind="link_lost", severity=ALARM, subject="serial", value=round(silent_ms), limit=limit_ms,
        unit="ms", text=f"the Pico has not been heard for {silent_ms:.0f} ms, limit {limit_ms:.0f} ms: "
        "a circuit that it holds opens when its lease ends",
    )  # fmt: skip


def host_stalled(at_ms: int, stalled_s: float, limit_s: float) -> Event:
    """Stopped, starved, or blocked: whichever it was, the Pico is not to blame for what was not heard meanwhile."""
    return Event(
        at_ms=at_ms, kind="host_stalled", severity=WARNING, value=round(stalled_s, 1), limit=limit_s, unit="s",
        text=f"this computer stood still for {stalled_s:.1f} s, or Tankwarden on it: leases that ended meanwhile "
        "opened their circuits",
    )  # fmt: skip


def link_back(at_ms: int, silent_ms: float) -> Event:
    text = f"the Pico is heard again after {silent_ms / 1000:.1f} s"
    return Event(
        at_ms=at_ms, kind="link_back", severity=INFO, subject="serial", value=round(silent_ms), unit="ms", text=text
    )


def link_noise(at_ms: int, damaged: int, limit: int, within_s: float) -> Event:
    return Event(
        at_ms=at_ms, kind="link_noise", severity=WARNING, subject="serial", value=damaged, limit=limit, unit="frames",
        text=f"{damaged} damaged frames on the link within {within_s:g} s, limit {limit}: look at cable and connectors",
    )  # fmt: skip


def pico_restarted(at_ms: int, restarted: Restarted) -> Event:
    now_s, last_s = restarted.uptime_ms / 1000, restarted.last_uptime_ms / 1000
    return Event(
        at_ms=at_ms, kind="pico_restarted", severity=WARNING, subject="cpu", value=now_s, limit=last_s, unit="s",
        text=f"the Pico restarted ({reset_cause_text(restarted.reset_cause)}): up for {now_s:.1f} s, and had been for "
        f"{last_s:.1f} s",
    )  # fmt: skip


def mismatch(at_ms: int, mismatched: Mismatched) -> Event:
    return Event(at_ms=at_ms, kind="mismatch", severity=ALARM, subject="serial", text=mismatched.message)


def clock_jumped(at_ms: int, jump_s: float, limit_s: float) -> Event:
    return Event(
        at_ms=at_ms, kind="clock_jump", severity=WARNING, value=round(jump_s, 1), limit=limit_s, unit="s",
        text=f"the wall clock was set {'forward' if jump_s > 0 else 'back'} by {abs(jump_s):.1f} s",
    )  # fmt: skip


def probe_changed(at_ms: int, change: Change, name: str) -> Event:
    """kind: sensor_ok, sensor_open, sensor_short, sensor_stale …"""
    quality, fault = change.now.quality, change.now.fault
    why = f": {fault}" if fault is not None and quality is Quality.IMPLAUSIBLE else ""
    text = f"{name} {_QUALITY_TEXTS[quality]}{why}"
    return Event(
        at_ms=at_ms, kind=f"sensor_{quality}", severity=INFO if quality is Quality.OK else WARNING,
        subject=change.probe, value=change.now.value, unit=change.now.unit, text=text,
    )  # fmt: skip


def output_changed(at_ms: int, circuit: CircuitTick) -> Event:
    """With winner and why, so that the log can always answer. What holds it comes first: the wish is not yet so."""
    winner = circuit.decision.winner
    why = f"{winner.why} ({winner.priority.label})"
    if circuit.held.holds:
        why = f"{'; '.join(circuit.held.holds)}; then: {why}"
    text = f"{circuit.config.name} {'on' if circuit.held.value else 'off'}: {why}"
    return Event(at_ms=at_ms, kind="output", severity=INFO, circuit=circuit.config.circuit, text=text)


def not_fed(at_ms: int, feeder: Feeder | None, status: Status, reason: str) -> Event:
    """A feeding that the host judged itself; what a Pico tells of one is an event of the Pico's."""
    name = "a feeder that is gone" if feeder is None else feeder.name
    said = "did not feed" if status is Status.FAILED else "may have fed"
    severity = WARNING if feeder is None or feeder.notification else INFO
    return Event(at_ms=at_ms, kind="not_fed", severity=severity, subject="feeder", text=f"{name} {said}: {reason}")


def meal_missed(at_ms: int, due: Due, reason: str) -> Event:
    severity = WARNING if due.feeder.notification else INFO
    text = f"{due.feeder.name} was not fed its {due.entry.name!r} of {due.day} {due.entry.time}: {reason}"
    return Event(at_ms=at_ms, kind="meal_missed", severity=severity, subject="feeder", text=text)
