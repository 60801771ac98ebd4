"""What the dashboard says, as the server renders it: every state, and never a value without its age and quality."""

import html
import re
from typing import Any

import pytest
import web_snapshots
from web_snapshots import NOW_MS, reading

from tanklink import messages
from tankwarden.logic.health import Minute
from tankwarden.logic.quality import Fault
from tankwarden.web import present, wording
from tankwarden.web.hourly import hourly
from tankwarden.web.pages import by_enclosure, total_power
from tankwarden.web.present import Times

HOUR_MS = 3_600_000


def words_of(site: Any, part: str = "") -> str:
    """The text of the page, or of its element with the id `part`, spaces made one; markup and scripts gone."""
    page = site.get("/").body.decode()
    if part:
        tag, rest = re.split(rf'<(?=[^>]*\bid="{part}")', page, maxsplit=1)[1].split(" ", 1)
        page = f"<{tag} {balanced(tag, rest)}"
    without_inline = re.sub(r"</?(data|span|strong|time|small|code)\b[^>]*>", "", page)
    text = html.unescape(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", without_inline, flags=re.DOTALL))
    return re.sub(r"[\s\u202f\u00a0]+", " ", text).strip()


def balanced(tag: str, rest: str) -> str:
    """`rest` up to where the element that it is inside of ends."""
    depth = 1
    for match in re.finditer(rf"<(/?){tag}\b", rest):
        depth += -1 if match[1] else 1
        if depth == 0:
            return rest[: match.start()]
    raise AssertionError(f"<{tag}> never ends")


SCENES = ("snapshot", "tripped", "faulted", "sensors_in_trouble", "without_pico", "without_circuits")


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_is_a_whole_page_in_the_tanks_time(site: Any, scene: str) -> None:
    site.controller.snapshot = getattr(web_snapshots, scene)()
    reply = site.get("/")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    text = words_of(site)
    assert "Casa Saguaro" in text
    assert "Sat 21 Jun 2025 · 14:32:07 MST" in text
    assert "None" not in text
    assert not re.search(r'\s(style|on\w+)="', reply.body.decode())  # the content policy would drop them


def test_the_big_numbers_have_units_and_ages(site: Any) -> None:
    text = words_of(site, "tiles")
    assert "Power now 2312 W 0 s ago" in text
    assert "Last 24 hours 17.89 kWh until 14:32:07" in text
    assert "Tank top 104.3 °F 0 s ago Water heater" in text
    assert "Reef water 78.4 °F 0 s ago Lagoon" in text


def test_a_circuit_says_how_it_is_and_why(site: Any) -> None:
    text = words_of(site, "circuit-east")
    for said in (
        "East array circuit 1", "outside closed", "inside closed", "Power 2312 W 0 s ago", "Current 8.52 A",
        "Voltage 271.4 V", "Temperature 104.3 °F", "Target 120.0 °F", "Fault line whole", "1.6 s left",
        "Last 24 hours 14.82 kWh", "Today 9.41 kWh", "Why on: 104.3 °F, heats to 120.0 °F (regulation)",
        "on Regulation · thermostat · wins", "off Fallback · fallback nothing asks for it always",
        "If the Raspberry Pi dies now: The Pico opens the outside relay within 2 s",
    ):  # fmt: skip
        assert said in text
    idle = words_of(site, "circuit-west")
    for said in ("outside open", "inside open", "none held", "Held: off for at least 5 min: 2 min 10 s left"):
        assert said in idle


def test_a_claim_with_an_end_says_until_when(site: Any) -> None:
    site.controller.snapshot["circuits"][0]["output"]["claims"][0]["until_ms"] = NOW_MS + 12 * HOUR_MS
    assert "since 13:02:07, until 22 Jun 02:32:07" in words_of(site, "claims-east")


def test_the_standing_trip_says_cause_value_limit_time_and_the_way_out(site: Any) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    text = words_of(site, "trip")
    for said in (
        "East array: over-current Every circuit is off", "Measured 12.43 A", "Limit 11.00 A", "Where current",
        "When 14:30:32", "Number in the Pico's journal 17", "mend it first: with the relays open it cannot be seen",
        "bin/tankwarden reset-trip 17",
    ):  # fmt: skip
        assert said in text
    assert text.lower().count("over-current") == 1, "the title is not said again"
    assert "<title>TRIPPED · Casa Saguaro" in site.get("/").body.decode()
    assert "Tripped" in words_of(site, "circuit-east")


def test_a_fault_of_too_many_trips_says_the_last_trip_and_what_a_reset_does(site: Any) -> None:
    site.controller.snapshot = web_snapshots.faulted()
    text = words_of(site, "trip")
    for said in (
        "East array: too many trips A fault holds every circuit off", "Trips in 10 min 4", "At most 3",
        "The last trip before, at 14:30:32: over-current on East array: 12.4 A, limit 11.0 A",
        "Resetting a fault also runs the Pico's self-test", "reset-trip 18",
    ):  # fmt: skip
        assert said in text


def test_a_trip_of_which_nothing_is_known_says_so(site: Any) -> None:
    site.controller.snapshot = web_snapshots.tripped()
    unknown = {"trigger": None, "circuit": None, "circuit_name": None, "subject": None, "value": None, "limit": None}
    site.controller.snapshot["trip"].update(unknown, text="number 17, of whose cause this host has not been told")
    text = words_of(site, "trip")
    assert text.startswith("The Pico: trip Every circuit is off")
    assert "of whose cause this host has not been told" in text
    assert "Measured" not in text


def test_power_with_both_relays_open_is_shown_as_none_and_told_as_measured(site: Any) -> None:
    now = site.controller.snapshot
    now["circuits"][0].update(relays={"outside": False, "inside": False})
    for circuit, noise in zip(now["circuits"], (0.7, 0.6), strict=True):
        circuit["readings"]["power"] = reading(noise, "W")
    now["totals"]["power_w"] = 1.3
    assert "Power now 0 W" in words_of(site, "tiles")
    assert "Power 0 W" in words_of(site, "circuit-east")
    assert "<title>0 W ·" in site.get("/").body.decode()
    assert site.get("/api/status").json()["totals"]["power_w"] == 1.3


@pytest.mark.parametrize("relays", [{"outside": True, "inside": False}, {"outside": None, "inside": None}])
def test_power_is_shown_as_measured_unless_both_relays_are_known_to_be_open(site: Any, relays: Any) -> None:
    now = site.controller.snapshot
    now["circuits"][1].update(relays=relays)
    now["circuits"][1]["readings"]["power"] = reading(40.0, "W")
    assert "Power 40 W" in words_of(site, "circuit-west")
    assert "Power now 2352 W" in words_of(site, "tiles")


def test_the_first_ten_events_are_open_and_the_rest_folded_away(site: Any) -> None:
    events = [web_snapshots.event(n, n, "start", "info", f"event {n}.") for n in range(13)]
    site.controller.snapshot["events"] = events
    assert "3 more" in words_of(site, "events-more")
    assert [n for n in range(13) if f"event {n}." in words_of(site, "events-more")] == [10, 11, 12]
    assert all(f"event {n}." in words_of(site, "events") for n in range(13))
    site.controller.snapshot = web_snapshots.snapshot(events=events[:10])
    assert "events-more" not in site.get("/").body.decode()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"kind": "trip", "trigger": "over_current", "value": 12.43, "limit": 11.0, "unit": "A"},
         "measured 12.43 A · limit 11.00 A"),
        ({"kind": "trip", "trigger": "short", "value": 12.3, "limit": 108.8, "unit": "V"},
         "measured 12.3 V · expected at least 108.8 V"),
        ({"kind": "trip", "trigger": "fault_line", "value": 0, "limit": 1, "unit": ""}, "found open · must be whole"),
        ({"kind": "trip", "trigger": "watchdog", "value": 2000, "limit": 2000, "unit": "ms"}, "did not run for 2.0 s"),
        ({"kind": "trip", "trigger": "permit", "value": 103, "limit": 100, "unit": "ms"},
         "not renewed for 103 ms · limit 100 ms"),
        ({"kind": "trip", "trigger": "exception", "value": 0, "limit": 0, "unit": "ms"}, ""),
        ({"kind": "fault", "trigger": "too_many_trips", "value": 4, "limit": 3, "unit": ""},
         "trips in 10 min 4 · at most 3"),
        ({"kind": "trip", "trigger": "element_open", "value": 0.01, "limit": 7.8, "unit": "A"},
         "measured 0.01 A · expected at least 7.80 A"),
        ({"kind": "fault", "trigger": "weld", "value": 8.9, "limit": 0.3, "unit": "A"}, "measured 8.90 A"),
        ({"kind": "trip", "trigger": "no_rise", "value": 0.1, "limit": 0.5, "unit": "°F"},
         "moved by ±0.1 °F · expected at least ±0.5 °F"),
        ({"kind": "trip", "trigger": "sensor_stuck", "value": 900_100, "limit": 900_000, "unit": "ms"},
         "same count for 900.1 s · limit 900.0 s"),
        ({"kind": "trip", "trigger": "sensor_rate", "value": 6.0, "limit": 2.5, "unit": "°F/s"},
         "changed by 6 °F/s · limit 2.50 °F/s"),
        ({"kind": "notice", "trigger": "slow_pass", "value": 31, "limit": 25, "unit": ""}, ""),
        ({"kind": "lease_over", "trigger": "none", "value": 0, "limit": 0, "unit": "ms"}, ""),
        ({"kind": "pico_restarted", "value": 1.2, "limit": 26.2, "unit": "s"}, "up for 1.2 s · up before 26.2 s"),
        ({"kind": "link_lost", "value": 1640, "limit": 1500, "unit": "ms"}, "silent for 1.6 s · limit 1.5 s"),
        ({"kind": "host_stalled", "value": 15.1, "limit": 2, "unit": "s"}, "stood still for 15.1 s · told from 2.0 s"),
        ({"kind": "sensor_open", "value": None, "limit": None, "unit": "°F"}, ""),
        ({"kind": "of_the_future", "value": 3, "limit": 2, "unit": "V"}, "measured 3.0 V · limit 2.0 V"),
        ({"kind": "output", "value": None, "limit": None, "unit": ""}, ""),
    ],
    ids=lambda cell: cell.get("trigger") or cell["kind"] if isinstance(cell, dict) else "",
)  # fmt: skip
def test_the_numbers_of_an_event_are_called_what_they_are(site: Any, facts: dict[str, Any], said: str) -> None:
    one = web_snapshots.event(1, 5, facts.pop("kind"), "info", "THE TEXT", **facts)
    site.controller.snapshot = web_snapshots.snapshot(events=[one])
    assert words_of(site, "events").partition("THE TEXT")[2].strip() == said


def test_a_failure_that_was_survived_fades(site: Any) -> None:
    def tasks(error_age_s: float) -> str:
        failed = {**web_snapshots.task("control", error="hung: no heartbeat for 10 s"), "error_age_s": error_age_s}
        site.controller.snapshot = web_snapshots.snapshot(tasks=[failed], feeders=[])
        return words_of(site, "tasks") + ("!" if "badge warn" in site.get("/").body.decode() else "")

    assert "hung: no heartbeat for 10 s (5 s ago)" in tasks(5)
    assert tasks(5).endswith("!")
    assert "hung: no heartbeat for 10 s (2 min ago)" in tasks(120)
    assert not tasks(120).endswith("!")
    assert "hung" not in tasks(3600)


def test_a_difference_of_temperatures_is_left_alone_by_the_switch_of_units() -> None:
    event = {"kind": "trip", "trigger": "no_rise", "value": 0.1, "limit": 0.5, "unit": "°F"}
    assert all("data-degf" not in html for _, html in wording.facts(event))
    for text in ("moved by ±0.1 °F", "6.0 °F/s, limit 2.0 °F/s"):
        assert "data-degf" not in present.prose(text)


def test_every_trigger_and_every_subject_has_words() -> None:
    assert set(present.TRIGGER_WORDS) == set(messages.TRIGGERS) - {"none"}
    for name in messages.SUBJECTS:
        assert "_" not in wording.subject(name)
    assert wording.subject("relay_2_inside") == "inside relay"
    assert set(present.CIRCUIT_WORDS) == set(messages.CIRCUIT_STATES)
    assert set(present.BOARD_WORDS) == set(messages.BOARD_STATES)


def test_every_refusal_and_every_number_of_health_has_words() -> None:
    assert set(wording.REFUSAL_WORDS) == set(messages.NAK_REASONS)
    fields = {*messages.HEALTH.index, *messages.BUDGET.index} - set(wording._NOT_SHOWN)
    assert set(wording.HEALTH) == fields
    assert list(wording.health({"gap_us_max": 6100, "uptime_s": 5, "new_one": 3})) == [
        ("Longest time between permits", "6.1 ms"),
        ("New one", "3"),
    ]
    assert wording.tally({"state": 2, "brand_new": 1}) == "brand new 1, not armed 2"
    assert wording.tally({}) == "none"


def test_a_watch_that_is_off_has_a_banner_that_stays(site: Any) -> None:
    site.controller.snapshot = web_snapshots.unwatched()
    said = words_of(site, "banners")
    assert said.count("Not watched:") == 2
    assert "East array: a current that flows with the relays open is not noticed: watch_leakage is off." in said


def test_without_a_trip_there_is_no_banner(site: Any) -> None:
    assert words_of(site, "banners") == ""


@pytest.mark.parametrize(
    ("quality", "value", "said"),
    [
        ("stale", 8.5, "8.50 A stale 34 s ago raw 2621"),
        ("stuck", 8.5, "8.50 A stuck 34 s ago raw 2621"),
        ("implausible", 8.5, "8.50 A implausible 34 s ago raw 2621"),
        ("open", None, "— sensor open 34 s ago raw 2621"),
        ("open", 8.5, "— sensor open 34 s ago raw 2621"),
        ("short", None, "— sensor shorted 34 s ago raw 2621"),
        ("missing", None, "— no reading 34 s ago raw 2621"),
        ("ok", None, "— no reading 34 s ago raw 2621"),
        ("new_kind", 8.5, "8.50 A new kind 34 s ago raw 2621"),
    ],
)
def test_a_value_that_is_not_good_is_never_a_bare_number(site: Any, quality: str, value: Any, said: str) -> None:
    readings = site.controller.snapshot["circuits"][0]["readings"]
    readings["current"] = reading(value, "A", quality, 34.0, 2621)
    assert f"Current {said}" in words_of(site, "circuit-east")


def test_a_value_never_read_says_so(site: Any) -> None:
    site.controller.snapshot["sensors"][2]["reading"] = reading(None, "°F", "missing", None)
    assert "Reef water — no reading never read Lagoon" in words_of(site, "tiles")


def test_only_good_values_go_on_the_charts(site: Any) -> None:
    assert 'data-point="power_w:east"' in site.get("/").body.decode()
    site.controller.snapshot = web_snapshots.without_pico()
    assert "data-point=" not in site.get("/").body.decode()


def test_without_a_pico_nothing_is_known_and_the_page_says_why(site: Any) -> None:
    site.controller.snapshot = web_snapshots.without_pico()
    assert words_of(site, "banners") == "Pico: no Pico at /dev/serial/by-id: is its cable in?"
    text = words_of(site, "circuit-east")
    for said in ("Unknown", "outside unknown", "inside unknown", "Fault line unknown", "Lease unknown"):
        assert said in text
    assert "Pico Not connected" in words_of(site, "pico")
    assert "link restarting 0 s ago 12 no such device" in words_of(site, "tasks")


def test_a_broken_fault_line_and_a_failing_recorder_are_told(site: Any) -> None:
    site.controller.snapshot["circuits"][0]["fault_line_ok"] = False
    site.controller.snapshot["recorder"] = {"pending_rows": 900, "error": "disk full"}
    assert "Fault line open" in words_of(site, "circuit-east")
    assert "Recorder: disk full. Control goes on; rows wait in memory." in words_of(site, "banners")


def test_the_pico_and_the_events_are_told(site: Any) -> None:
    pico = words_of(site, "pico")
    for said in (
        "Armed",
        "Up for 2 d 23 h",
        "Started by power on",
        "Firmware 5f3a90c1d27be844",
        "Damaged: wrong checksum 3",
        "Longest pass 2.1 ms",
        "Leases refused came too late 3",
    ):
        assert said in pico
    events = words_of(site, "events")
    assert events.index("East array on") < events.index("over-temperature")  # newest first, as given
    assert "11:57:07 · Trip over-temperature on circuit 1: 171.2 °F, limit 170.0 °F" in events
    assert "measured 171.2 °F · limit 170.0 °F" in events
    assert "18 Jun 15:09:55 · Start" in events


def test_a_fresh_installation_says_what_to_do(site: Any) -> None:
    site.controller.snapshot = web_snapshots.without_circuits()
    text = words_of(site)
    assert "Nothing is configured yet" in text
    assert "Nothing has happened yet." in text
    assert "Power now" not in text


def test_nothing_configured_or_measured_is_taken_for_markup(site: Any) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    changed = web_snapshots.tripped()
    changed["site"]["name"] = changed["pico"]["message"] = changed["recorder"]["error"] = evil
    changed["trip"].update(text=evil, unit=evil, how_to_reset=evil)
    for thing in (*changed["circuits"], *changed["sensors"], *changed["enclosures"]):
        thing["name"] = evil
    changed["circuits"][0].update(if_host_dies=evil)
    changed["circuits"][0]["output"].update(why=evil, holds=[evil])
    changed["circuits"][0]["output"]["claims"][0].update(why=evil, source=evil)
    changed["circuits"][0]["id"] = changed["sensors"][0]["id"] = evil
    changed["events"][0].update(text=evil, kind=evil, severity=evil, unit=evil)
    changed["tasks"][0].update(name=evil, error=evil, state=evil)
    site.controller.snapshot = changed
    assert b"<img" not in site.get("/").body


def test_the_history_as_a_table_for_those_without_charts(site: Any) -> None:
    text = words_of(site, "hourly-rows")
    assert text.startswith("Hour East array mean West array mean East array lowest to highest")
    assert re.search(r"14:00 \d+ W 0 W 10\d\.\d °F – 10\d\.\d °F", text)
    assert len(re.findall(r"\d\d:00 ", text)) == 25  # both ends of 24 hours, whatever the minute


def test_history_that_cannot_be_read_takes_nothing_else_away(site: Any) -> None:
    site.controller.history = OSError("disk")
    assert "The history cannot be read just now" in words_of(site, "hourly-rows")
    assert "Power now 2312 W" in words_of(site)
    site.controller.history = {"bucket_ms": 60_000, "t_ms": [], "series": {}}
    site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + 61_000)
    assert "No history yet" in words_of(site, "hourly-rows")


def test_the_table_reads_history_once_a_minute_however_often_the_page_is_asked_for(site: Any) -> None:
    for step_ms in (0, 1000, 59_000, 60_000, 61_000):
        site.controller.snapshot = web_snapshots.snapshot(time_ms=NOW_MS + step_ms)
        site.get("/")
    assert site.controller.hours_asked == [24.0, 24.0]


# -- pure parts ---------------------------------------------------------------------------------------------------


def test_the_sum_of_powers_is_as_old_and_as_bad_as_its_worst_part() -> None:
    now = web_snapshots.snapshot()
    now["circuits"][1]["readings"]["power"] = reading(0.0, "W", "stale", 41.0)
    assert total_power(now) == {**reading(2312.3, "W", "stale", 41.0), "measured": None, "fault": None}
    now["circuits"][0]["readings"]["power"] = reading(None, "W", "missing", None)
    assert total_power(now)["quality"] == "missing"


def test_what_belongs_to_no_known_enclosure_is_still_shown() -> None:
    now = web_snapshots.snapshot()
    now["circuits"][1]["enclosure"] = "gone"
    now["feeders"][1]["enclosure"] = "gone"
    groups = by_enclosure(now)
    assert [[group["name"], *(part["id"] for part in group["circuits"] + group["feeders"])] for group in groups] == [
        ["Water heater", "east"], ["Lagoon", 1], ["Elsewhere", "west", 2],
    ]  # fmt: skip


def test_hours_of_the_table_are_the_tanks_and_gaps_are_no_numbers() -> None:
    at = NOW_MS - NOW_MS % HOUR_MS  # 14:00 in Phoenix
    history = {
        "t_ms": [at - 1, at, at + 1, at + 24 * HOUR_MS],
        "series": {"power_w": {"east": [None, 10, 20, 5]}, "temperature_degf": {"new": [50.0, 60.0, 70.0, None]}},
    }
    table = hourly(history, {"power_w": {"east": "East"}}, Times("America/Phoenix", NOW_MS))
    assert table.heads == [("East", "mean"), ("new", "lowest to highest")]
    plain = [(hour, [re.sub("<[^>]*>|\u202f", "", cell) for cell in cells]) for hour, cells in table.rows]
    assert plain == [("14:00", ["5W", "—"]), ("14:00", ["15W", "60.0°F – 70.0°F"]), ("13:00", ["—", "50.0°F – 50.0°F"])]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2312.34, "W", "2312"), (8.5, "A", "8.50"), (104.26, "°F", "104.3"), (-0.04, "A", "−0.04"),
        (-0.001, "A", "0.00"), (-3.2, "°F", "−3.2"), (None, "W", "—"), (100, "ms", "100"), (3, "", "3"),
        (0.125, "", "0.12"), (17.894, "kWh", "17.89"),
    ],
)  # fmt: skip
def test_numbers_have_the_decimals_of_their_unit(value: Any, unit: str, text: str) -> None:
    assert present.number(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (5, "5 s"), (65, "1 min 5 s"), (3600, "1 h 0 min"), (90_061, "1 d 1 h"), (-3, "0 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert present.duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("tank 104.3 °F", ["104.3"]),
        ("below 120 °F ± 5 °F", ["120"]),
        ("−3.5 °F and -4 °F", ["-3.5", "-4"]),
        ("5 A & <b>", []),
    ],
)
def test_temperatures_in_sentences_are_marked_and_differences_are_not(text: str, marked: list[str]) -> None:
    out = present.prose(text)
    assert re.findall(r'data-degf="([^"]*)"', out) == marked
    assert html.unescape(re.sub("<[^>]*>", "", out)).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("zone", "abbreviation", "day"),
    [("Pacific/Tahiti", "UTC-10", "Sat 21 Jun 2025"), ("UTC", "UTC", "Sat 21 Jun 2025")],
)
def test_zones_without_a_name_go_by_their_distance(zone: str, abbreviation: str, day: str) -> None:
    times = Times(zone, NOW_MS)
    assert (times.abbreviation(), times.day()) == (abbreviation, day)


@pytest.mark.parametrize("fault", [str(fault) for fault in Fault])
def test_what_is_wrong_with_a_reading_is_named(site: Any, fault: str) -> None:
    now = web_snapshots.snapshot()
    now["sensors"][2]["reading"] |= {"quality": "implausible", "fault": fault, "measured": 12.5, "raw_counts": None}
    site.controller.snapshot = now
    text = words_of(site, "tiles")
    assert fault in text
    assert "raw 12.5" in text
    now = web_snapshots.snapshot()
    now["sensors"][2]["reading"] |= {"quality": "stale", "fault": fault}  # by now nothing is known of it
    site.controller.snapshot = now
    assert fault not in words_of(site)


def test_how_the_computer_fares_is_with_the_tasks(site: Any) -> None:
    told = Minute(ts_ms=0, cpu_percent=12.3, memory_percent=40.0, disk_percent=71.0, soc_degf=131.0, throttled=0x50005)
    site.controller.snapshot = {**web_snapshots.snapshot(), "computer": told.to_json()}
    text = words_of(site, "computer")
    assert text.startswith("This computer, as of ")
    assert "Processor 12.3 %" in text
    assert "Disk 71.0 %" in text
    assert "Processor temperature 131.0 °F" in text
    assert "Throttling under-voltage, throttled" in text
    calm = Minute(ts_ms=0, throttled=0x40000)
    site.controller.snapshot = {**web_snapshots.snapshot(), "computer": calm.to_json()}
    text = words_of(site, "computer")
    assert "Throttling not now; since its start: throttled" in text
    assert "Memory" not in text
