"""The Pico's events as people read them: plain words, value and limit in human units, and an instant in UTC."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink import records
from tanklink.messages import NOTICES, SUBJECTS, TRIGGERS
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
            trip("over_voltage", "voltage_1", 470_300, 450_000),
            "over-voltage on circuit 1: 470.3 V, limit 450.0 V", 470.3, 450.0, "V",
        ),
        (
            trip("element_open", "current_2", 12, 7_800, circuit=2),
            "heating element open on circuit 2: 0.0 A, at least 7.8 A expected at this voltage", 0.012, 7.8, "A",
        ),
        (
            trip("element_drift", "current_1", 5_900, 7_700),
            "heating element drifted on circuit 1: 5.9 A, its bound at this voltage is 7.7 A", 5.9, 7.7, "A",
        ),
        (
            trip("leakage", "current_1", 820, 300),
            "leakage on circuit 1: 0.8 A with the relays open, limit 0.3 A", 0.82, 0.3, "A",
        ),
        (
            trip("weld", "relay_1_outside", 8_900, 300, kind=records.Fault),
            "relay welded on circuit 1, the outside one: 8.9 A where none may flow", 8.9, 0.3, "A",
        ),
        (
            trip("weld", "relay_2_inside", 8_900, 300, circuit=2, kind=records.Fault),
            "relay welded on circuit 2, the inside one: 8.9 A where none may flow", 8.9, 0.3, "A",
        ),
        (
            trip("weld", "relays", 8_900, 300, kind=records.Fault),
            "relay welded on circuit 1, both: 8.9 A where none may flow", 8.9, 0.3, "A",
        ),
        (
            trip("no_rise", "temperature_1", 100, 500),
            "tank does not get warmer on circuit 1: moved by ±0.1 °F for the energy put in, ±0.5 °F expected",
            0.1, 0.5, "°F",
        ),
        (
            trip("sensor_stuck", "temperature_2", 900_100, 900_000, circuit=2),
            "sensor stuck on circuit 2: the very same count for 900.1 s, limit 900 s", 900_100, 900_000, "ms",
        ),
        (
            trip("sensor_rate", "temperature_1", 6_000, 2_000),
            "sensor changes too fast on circuit 1: 6.0 °F/s, limit 2.0 °F/s", 6.0, 2.0, "°F/s",
        ),
        (
            trip("sensor_dead", "current_1", 0, 186),
            "current sensor dead on circuit 1: 0 counts, alive from 186 counts on", 0, 186, "counts",
        ),
        (
            trip("reference", "reference", 2_661, 2_575, circuit=0),
            "reference voltage off on the board: 2.661 V, limit 2.575 V", 2.661, 2.575, "V",
        ),
        (trip("adc_slot", "adc", 1, 0, circuit=0), "converter's samples slipped on the board", 1, 0, ""),
        (
            trip("adc_stopped", "adc", 3, 0, circuit=0),
            "converter stopped on the board: the timer that looks at its samples came no more", 3, 0, "",
        ),
        (trip("adc_stopped", "adc", 0, 1, circuit=0), "converter stopped on the board: not said by what", 0, 1, ""),
        (
            trip("slow_pass", "cpu", 63, 50, circuit=0),
            "program too slow on the board: a pass took 63 ms, limit 50 ms", 63, 50, "ms",
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
    parts = ("trips", "journal", "adc", "program", "config", "memory", "clock", "comparator")
    counted = subject.startswith(("fault_line", "relay_")) or subject in parts
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


def notice(name: str, value: int, limit: int, circuit: int = 0) -> Event:
    return from_pico(
        records.Notice(**WHEN, notice=NOTICES.index(name), circuit=circuit, value=value, limit=limit), "e660", TIME
    )


@pytest.mark.parametrize(
    ("event", "severity", "text"),
    [
        (notice("slow_pass", 31, 25), INFO, "a pass of the Pico's program took 31 ms; told from 25 ms on"),
        (
            notice("not_watched", TRIGGERS.index("leakage"), 0, circuit=2),
            WARNING, "leakage is not watched on circuit 2: turned off in the configuration",
        ),
        (
            notice("journal_full", 3, 4),
            INFO, "the Pico's journal was full: every circuit opened for a moment to make room",
        ),
        (
            notice("boot_loop", 5, 5), WARNING,
            "the Pico restarted 5 times in quick succession and then waited for a person, its outputs off",
        ),
        (
            notice("rolled_back", 0, 0), WARNING,
            "the new program did not report healthy: the previous one runs again",
        ),
    ],
    ids=lambda cell: cell.trigger if isinstance(cell, Event) else "",
)  # fmt: skip
def test_a_notice_says_what_is_worth_knowing(event: Event, severity: str, text: str) -> None:
    assert (event.kind, event.severity, event.text) == ("notice", severity, text)
    assert event.journal_id == 5


def test_every_notice_has_words_and_one_of_the_future_its_own_name() -> None:
    for name in NOTICES:
        assert "_" not in notice(name, 1, 0).text
        assert notice(name, 1, 0).trigger == name
    unknown = records.Notice(**WHEN, notice=99, circuit=1, value=7, limit=6)
    assert from_pico(unknown, "e660", TIME).text == "notice 99 on circuit 1: 7, limit 6"


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
