"""The Pico's events as people read them: plain words, value and limit in human units, and an instant in UTC."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink import records
from tanklink.messages import SUBJECTS, TRIGGERS
from tankwarden.events import ALARM, INFO, WARNING, Event, PicoTime, from_pico, trigger_text, unit_of

NOW = 1_763_760_000_000
TIME = PicoTime(boot_id=77, uptime_ms=60_000, wall_ms=NOW)
WHEN: dict[str, int] = {"event_id": 5, "boot_id": 77, "at_uptime_s": 58, "at_uptime_ms_part": 500}


def trip(trigger: str, subject: str, value: int, limit: int, circuit: int = 1, kind: Any = records.Trip) -> Event:
    cause = {"trigger": TRIGGERS.index(trigger), "subject": SUBJECTS.index(subject), "value": value, "limit": limit}
    return from_pico(kind(**WHEN, circuit=circuit, **cause), "e660", TIME)


@pytest.mark.parametrize(
    ("event", "text", "value", "limit", "unit"),
    [
        (
            trip("over_current", "current_1", 12_840, 11_000),
            "over-current on circuit 1: 12.8 A, limit 11.0 A", 12.84, 11.0, "A",
        ),
        (
            trip("short", "voltage_2", 12_345, 108_800, circuit=2),
            "short circuit on circuit 2: 12.3 V, at least 108.8 V expected at this current", 12.345, 108.8, "V",
        ),
        (
            trip("over_temperature", "temperature_2", 160_250, 160_000, circuit=2),
            "over-temperature on circuit 2: 160.2 °F, limit 160.0 °F", 160.25, 160.0, "°F",
        ),
        (
            trip("sensor_open", "temperature_1", 4095, 4050),
            "sensor open on circuit 1: 4095 counts, open from 4050 counts on", 4095, 4050, "counts",
        ),
        (
            trip("sensor_short", "temperature_1", 3, 45),
            "sensor shorted on circuit 1: 3 counts, shorted up to 45 counts", 3, 45, "counts",
        ),
        (trip("fault_line", "fault_line_1", 0, 1), "fault line broken on circuit 1", 0, 1, ""),
        (
            trip("permit", "relays", 103, 100),
            "relay permit not renewed in time on circuit 1: 103 ms, limit 100 ms", 103, 100, "ms",
        ),
        (
            trip("watchdog", "cpu", 2000, 2000, circuit=0),
            "processor hung, reset by the watchdog on the board: it did not run for 2 s", 2000, 2000, "ms",
        ),
        (
            trip("too_many_trips", "trips", 4, 3, kind=records.Fault),
            "too many trips on circuit 1: 4, limit 3", 4, 3, "",
        ),
    ],
    ids=lambda cell: cell.trigger if isinstance(cell, Event) else "",
)  # fmt: skip
def test_a_trip_is_told_in_human_units(event: Event, text: str, value: float, limit: float, unit: str) -> None:
    assert event.text == text
    assert (event.value, event.limit, event.unit) == (value, limit, unit)
    assert event.severity == ALARM


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_of_the_table_has_words_of_its_own(trigger: str) -> None:
    assert "_" not in trigger_text(trigger)
    assert trigger_text(trigger) != trigger_text("some_new_trigger")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_measured_subject_has_a_unit(subject: str) -> None:
    counted = subject.startswith("fault_line") or subject in ("trips", "journal")
    assert bool(unit_of(subject).name) is not counted


def test_what_an_older_host_does_not_know_keeps_its_own_name() -> None:
    unknown = records.Trip(**WHEN, circuit=1, trigger=99, subject=98, value=7, limit=6)
    event = from_pico(unknown, "e660", TIME)
    assert (event.trigger, event.subject) == ("trigger_99", "subject_98")
    assert event.text == "trigger 99 on circuit 1: 7, limit 6"
    assert trigger_text("arc_fault") == "arc fault"


def test_a_lease_that_ran_out_is_a_warning_and_names_its_circuit() -> None:
    event = trip("none", "lease", 12, 0, circuit=2, kind=records.LeaseOver)
    assert (event.kind, event.severity, event.circuit) == ("lease_over", WARNING, 2)
    assert event.text == "the lease of circuit 2 ran out, it was opened: the host had not renewed it"


@pytest.mark.parametrize(
    ("reset_cause", "severity", "text"),
    [
        (0, INFO, "the Pico started (power came on), circuits tripped"),
        (1, WARNING, "the Pico started (the watchdog reset it), circuits tripped"),
        (9, INFO, "the Pico started (cause_9), circuits tripped"),
    ],
)
def test_a_start_says_why(reset_cause: int, severity: str, text: str) -> None:
    event = from_pico(records.Boot(**WHEN, reset_cause=reset_cause, state=4), "e660", TIME)
    assert (event.kind, event.severity, event.text, event.circuit) == ("boot", severity, text, None)


def test_a_reset_names_its_trip() -> None:
    event = from_pico(records.Reset(**WHEN, trip_id=4), "e660", TIME)
    assert (event.kind, event.severity, event.text) == ("reset", INFO, "trip 4 was reset by a person")


def test_the_whole_board_is_no_circuit() -> None:
    assert trip("exception", "cpu", 0, 0, circuit=0).circuit is None


def test_it_carries_what_makes_it_land_once() -> None:
    event = trip("short", "voltage_1", 1, 2)
    assert (event.board_id, event.boot_id, event.journal_id, event.id) == ("e660", 77, 5, None)
    assert event.with_id(12).id == 12


def test_an_uptime_becomes_utc() -> None:
    assert trip("short", "voltage_1", 1, 2).at_ms == NOW - 1500


def test_an_uptime_becomes_utc_where_wall_time_runs_fast() -> None:
    fast = PicoTime(77, 60_000, NOW, speed=100.0)
    record = records.Reset(**WHEN, trip_id=1)
    assert from_pico(record, "e660", fast).at_ms == NOW - 150_000


def test_an_event_of_an_earlier_boot_is_dated_when_it_was_told() -> None:
    record = records.Reset(**{**WHEN, "boot_id": 76}, trip_id=1)
    assert from_pico(record, "e660", TIME).at_ms == NOW


@given(at_s=st.integers(0, 2**30 - 1), uptime_ms=st.integers(0, 2**41))
def test_no_event_is_dated_in_the_future(at_s: int, uptime_ms: int) -> None:
    record = records.Reset(event_id=1, boot_id=77, at_uptime_s=at_s, at_uptime_ms_part=0, trip_id=1)
    assert PicoTime(77, uptime_ms, NOW).wall_of(record) <= NOW


def test_a_record_that_is_no_event_is_refused() -> None:
    with pytest.raises(TypeError, match="Ping is no event"):
        from_pico(records.Ping(token=1), "e660", TIME)  # type: ignore[arg-type]  # that it is refused is the test


def test_json_for_the_api() -> None:
    assert trip("over_current", "current_1", 12_800, 11_000).with_id(3).to_json() == {
        "id": 3,
        "at_ms": NOW - 1500,
        "kind": "trip",
        "severity": "alarm",
        "text": "over-current on circuit 1: 12.8 A, limit 11.0 A",
        "circuit": 1,
        "trigger": "over_current",
        "subject": "current_1",
        "value": 12.8,
        "limit": 11.0,
        "unit": "A",
    }
