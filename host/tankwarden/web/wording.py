"""The program's names and numbers in a person's words: one table for each sort of thing the page lists. Pure.

FACTS says what an event's value and limit mean, for not every cause is a measurement that broke a limit.
"""

import html
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tankwarden.web.present import number, quantity, words

# -- events and the standing trip ---------------------------------------------------------------------------------


class Facts(NamedTuple):
    """The labels of an event's value and limit; empty: that number says nothing to a person.

    states: the words for values that are no quantity. difference: of two temperatures, and not one.
    """

    value: str = "Measured"
    limit: str = "Limit"
    states: Mapping[int, str] = {}
    difference: bool = False


NOTHING = Facts("", "")
# Trips and faults by their trigger, everything else by its kind; what is not here was measured and has a limit.
FACTS = {
    "short": Facts("Measured", "Expected at least"),
    "sensor_open": Facts("Measured", "Open from"),
    "sensor_short": Facts("Measured", "Shorted up to"),
    "fault_line": Facts("Found", "Must be", {0: "open", 1: "whole"}),
    "permit": Facts("Not renewed for", "Limit"),
    "watchdog": Facts("Did not run for", ""),  # the limit is how long that takes to notice: the same number
    "exception": NOTHING,
    "too_many_trips": Facts("Trips in 10 min", "At most"),
    "relay_stuck": NOTHING,
    "journal": NOTHING,
    "element_open": Facts("Measured", "Expected at least"),
    "element_drift": Facts("Measured", "Bound at this voltage"),
    "leakage": Facts("Measured", "At most"),
    "weld": Facts("Measured", ""),  # it must be none
    "no_rise": Facts("Moved by", "Expected at least", difference=True),
    "sensor_stuck": Facts("Same count for", "Limit"),
    "sensor_rate": Facts("Changed by", "Limit"),
    "sensor_dead": Facts("Measured", "Alive from"),
    "adc_slot": NOTHING,
    "adc_stopped": NOTHING,
    "slow_pass": Facts("A pass took", "Limit"),
    "config": NOTHING,
    "program": NOTHING,
    "memory": NOTHING,
    "clock": NOTHING,
    "line_stuck": NOTHING,
    "comparator": NOTHING,
    "lease_over": NOTHING,
    "notice": NOTHING,  # its sentence has the numbers
    "pico_restarted": Facts("Up for", "Up before"),
    "link_lost": Facts("Silent for", "Limit"),
    "link_back": NOTHING,  # its sentence has the number
    "link_noise": Facts("Damaged", "Limit"),
    "clock_jump": Facts("Jumped by", "Told from"),
    "host_stalled": Facts("Stood still for", "Told from"),
}
_CAUSED = ("trip", "fault")


def facts(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, HTML) of an event's numbers, or of the standing trip's: those that mean something."""
    said = FACTS.get(event["trigger"] if event["kind"] in _CAUSED else event["kind"]) or Facts()
    pairs = ((said.value, event["value"]), (said.limit, event["limit"]))
    return [(label, _shown(value, event["unit"] or "", said)) for label, value in pairs if label and value is not None]


def _shown(value: float, unit: str, said: Facts) -> str:
    if value in said.states:
        return html.escape(said.states[int(value)])
    if unit == "ms" and abs(value) >= 1000:
        value, unit = round(value / 1000, 1), "s"
    if said.difference:  # without the mark by which the browser's switch would take it for a temperature
        return html.escape(f"±{number(value, unit)} {unit}")
    return quantity(value, unit)


SUBJECT_WORDS = {
    "cpu": "the Pico's processor",
    "lease": "lease",
    "trips": "the Pico's count of trips",
    "relays": "relays",
    "journal": "the Pico's journal",
    "adc": "the Pico's converter",
    "program": "the Pico's program files",
    "config": "the Pico's configuration",
    "memory": "the Pico's memory",
    "clock": "the Pico's clock",
    "comparator": "the over-current comparator",
    "reference": "reference voltage",
    "reef_temperature": "reef temperature",
}


def subject(name: str | None) -> str:
    """What was judged. The number of the circuit is left out: its name stands beside it."""
    if name is None:
        return "unknown"
    thing, _, contact = name.rpartition("_")
    if thing in ("relay_1", "relay_2"):
        return f"{contact} relay"
    return SUBJECT_WORDS.get(name) or words(name.removesuffix("_1").removesuffix("_2")).lower()


# -- the link -----------------------------------------------------------------------------------------------------

LINK_WORDS = {
    "frames_ok": "Messages received",
    "damaged": "Damaged on the way",
    "openings": "Port opened, times",
    "retries": "Commands sent again",
    "refused": "Leases refused",
}
# The reasons of the Pico's NAK, short.
REFUSAL_WORDS = {
    "digest": "another protocol",
    "no_session": "no session",
    "state": "not armed",
    "range": "value out of range",
    "rate": "too many messages",
    "nonce": "permission used up",
    "boot_id": "Pico restarted",
    "config_crc": "another configuration",
    "config_incomplete": "configuration incomplete",
    "lease_expired": "came too late",
    "lease_too_long": "too long",
    "old_arming": "of an earlier arming",
    "not_configured": "not configured",
    "wrong_trip": "another trip",
    "cause_present": "cause still there",
    "too_soon": "too soon",
    "fault_line": "fault line open",
    "selftest": "self-test failed",
    "no_trace": "no waveform kept",
    "plan_incomplete": "parts of a plan missing",
    "plan_crc": "plan damaged",
    "plan_times": "plan's times wrong",
    "plan_over": "plan already over",
    "too_far": "too far ahead",
    "no_room": "no room",
    "too_late": "too late for it",
    "feeding_cap": "day's feeding cap reached",
    "servo_busy": "a servo moves",
    "journal_full": "journal full",
}


def tally(count: int | Mapping[str, int]) -> str:
    """A count, or counts by reason: "none", "came too late 3, not armed 1"."""
    if isinstance(count, int):
        return str(count)
    return (
        ", ".join(f"{REFUSAL_WORDS.get(reason) or words(reason).lower()} {n}" for reason, n in sorted(count.items()))
        or "none"
    )


# -- the Pico's health --------------------------------------------------------------------------------------------


class Gauge(NamedTuple):
    """A number of HEALTH or BUDGET: its label, and how it is shown: divided by `per`, with its unit."""

    label: str
    unit: str = ""
    per: int = 1
    digits: int = 0


HEALTH = {
    "passes": Gauge("Passes of the loop in the last second"),
    "pass_us_mean": Gauge("Mean pass", "ms", 1000, 1),
    "pass_us_max": Gauge("Longest pass", "ms", 1000, 1),
    "gap_us_max": Gauge("Longest time between permits", "ms", 1000, 1),
    "collect_us_max": Gauge("Longest memory clean-up", "ms", 1000, 1),
    "heap_free_bytes": Gauge("Free memory", "KiB", 1024),
    "frames_ok": Gauge("Messages accepted"),
    "bad_crc": Gauge("Damaged: wrong checksum"),
    "bad_cobs": Gauge("Damaged: wrong framing"),
    "bad_length": Gauge("Damaged: wrong length"),
    "bad_body": Gauge("Damaged: unreadable content"),
    "bad_id": Gauge("Unknown messages"),
    "bad_range": Gauge("Values out of range"),
    "bad_state": Gauge("Refused in its state"),
    "bad_rate": Gauge("Too many in a second"),
    "tx_dropped": Gauge("Not sent: the host read too slowly"),
    "leases_over": Gauge("Leases that ran out"),
    "events_dropped": Gauge("Events lost: the journal was full"),
    "slow_passes": Gauge("Passes longer than 25 ms"),
    "tx_waiting": Gauge("Waiting to be read by the host", "bytes"),
    "journal_free": Gauge("Room in the journal", "events"),
    "scans": Gauge("Scans of the currents in the last second"),
    "scan_us_max": Gauge("Longest scan", "µs"),
    "scan_gap_us_max": Gauge("Longest time between scans", "ms", 1000, 2),
    "ring_slips": Gauge("Samples lost or misplaced, times"),
    "checked_s": Gauge("Program and settings last found whole", "s ago"),
}
_NOT_SHOWN = ("uptime_s", "uptime_ms_part")  # "Up for" says it already


def health(numbers: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    """(label, text) of each; one that is not in the table goes by its own name."""
    for name, value in numbers.items():
        if name not in _NOT_SHOWN:
            gauge = HEALTH.get(name) or Gauge(words(name))
            yield gauge.label, f"{value / gauge.per:.{gauge.digits}f} {gauge.unit}".rstrip()


# The weather that a button makes, and its word on it; what it asks for stands in static/js/weather.js.
WEATHER_BUTTONS = (("cloud", "Cloud"), ("storm", "Storm"), ("lightning", "Lightning"), ("clear", "Clear sky"))
# What the Pico goes by, of a light.
LIGHT_SOURCES = {"plan": "by its plan", "levels": "set by hand", "fallback": "at its fallback", "unset": "not set up"}


FEEDING_WORDS = {"pending": "Asked for", "success": "Fed", "partial": "In part", "failed": "Not fed"}
FEEDING_LEVELS = {"pending": "busy", "success": "ok", "partial": "warn", "failed": "bad"}
FEEDING_SOURCES = {"schedule": "schedule", "person": "person", "pico": "Pico"}


def grams(value: float | None) -> str:
    """Of food; None: nobody knows."""
    return "unknown" if value is None else f"{value:g}\N{NARROW NO-BREAK SPACE}g"


def portion(feeding: dict[str, Any]) -> str:
    """What fell; while nobody knows yet, what was asked for."""
    return grams(feeding["asked"] if feeding["status"] == "pending" else feeding["portion"])


def seen(feeding: dict[str, Any]) -> str:
    """Markup of how often the drop sensor saw something fall."""
    if feeding["drops"] is None:
        return '<abbr title="no drop sensor, or nobody knows">–</abbr>'
    return f"{feeding['drops']} of {feeding['turns']}"


def feeder_state(feeder: dict[str, Any]) -> tuple[str, str]:
    """Of a feeder: a word and its colour."""
    if feeder["feeding"]:
        return "Feeding…", "busy"
    if feeder["why_not"]:
        return "Cannot feed", "none"
    return ("Ready", "ok") if feeder["enabled"] else ("Schedule off", "off")
