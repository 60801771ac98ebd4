"""The small parts between the flows: inbox, claim book, energy totals, readings for the page, wiring."""

import asyncio
from collections.abc import Mapping
from dataclasses import fields, replace
from zoneinfo import ZoneInfo

import pytest
from house import NOON_MS, TOML, House, Kept, parse

from tanklink import records
from tankwarden import wiring
from tankwarden.ceilings import ceilings
from tankwarden.clock import ManualClock, SimulatedClock, SystemClock
from tankwarden.config import Circuit
from tankwarden.errors import ConfigError, StoreError
from tankwarden.flows.claims import ClaimBook
from tankwarden.flows.inbox import Inbox
from tankwarden.flows.readings import Probes, rounded
from tankwarden.flows.snapshot import WATCHES, not_watched, pico_json
from tankwarden.flows.totals import DAY_MS, Totals, midnight_ms
from tankwarden.logic.claims import Claim, Priority


def test_a_full_inbox_drops_the_oldest_and_counts_it() -> None:
    inbox: Inbox[int] = Inbox(3)
    for number in range(5):
        inbox.put(number)
    assert [inbox.take() for _ in range(4)] == [2, 3, 4, None]
    assert inbox.dropped == 2


def test_an_inbox_hands_over_in_order_and_beats() -> None:
    beats: list[int] = []

    async def main() -> list[str]:
        inbox: Inbox[str] = Inbox(9)
        asyncio.get_running_loop().call_later(0.01, inbox.put, "late")
        inbox.put("first")
        return [await inbox.get(lambda: beats.append(1)) for _ in range(2)]

    assert asyncio.run(main()) == ["first", "late"]
    assert len(beats) >= 3, "before it waits, and with everything it hands over"


def claim(until_ms: int) -> Claim:
    return Claim("circuit.east", True, Priority.PERSON, "person", "by hand", 0, until_ms, id="person")


def test_claims_from_before_the_restart_live_on_and_end_when_they_must() -> None:
    book = ClaimBook(Kept(), [claim(5000)])
    assert book.living(4999) == (claim(5000),)
    assert book.living(5000) == ()
    assert not book.end("circuit.east", "person")


def test_a_new_claim_replaces_the_one_of_its_name() -> None:
    kept = Kept()
    book = ClaimBook(kept, [claim(5000)])
    asyncio.run(book.add(claim(9000)))
    assert book.living(0) == (claim(9000),)
    assert kept.stored == [claim(9000)]


class Sums:
    """A store that answers with the span it was asked for, or fails."""

    def __init__(self) -> None:
        self.failing = False
        self.spans: list[tuple[int, int]] = []

    def energies_wh(self, t0_ms: int, t1_ms: int) -> Mapping[str, float]:
        if self.failing:
            raise StoreError("the database cannot be read")
        self.spans.append((t0_ms, t1_ms))
        return {"east": 1500.0}


def test_energy_is_asked_for_24_hours_and_since_midnight_at_the_tank() -> None:
    sums = Sums()
    totals = Totals(sums, ManualClock(NOON_MS), "America/Phoenix", lambda *_: None)
    asyncio.run(totals.refresh())
    assert sums.spans == [(NOON_MS - DAY_MS, NOON_MS), (NOON_MS - DAY_MS // 2, NOON_MS)]
    assert totals.energy is not None
    assert totals.energy.kwh_24h == {"east": 1.5}


def test_a_store_that_fails_costs_the_figure_and_is_logged_once() -> None:
    sums, log = Sums(), []
    totals = Totals(sums, ManualClock(NOON_MS), "America/Phoenix", lambda *line: log.append(line))
    asyncio.run(totals.refresh())
    sums.failing = True
    for _ in range(3):
        asyncio.run(totals.refresh())
    assert totals.energy is None
    assert log == [("error", "energy", "the database cannot be read")]
    sums.failing = False
    asyncio.run(totals.refresh())
    assert totals.energy is not None


@pytest.mark.parametrize(
    ("now_ms", "hours"),
    [
        (1_774_710_000_000, 16.0),  # 2026-03-28 16:00 in Berlin
        (1_774_792_800_000, 15.0),  # 2026-03-29 16:00 CEST, 15 hours after midnight CET
        (1_792_940_400_000, 17.0),  # 2026-10-25 16:00 CET, 17 hours after midnight CEST
    ],
)
def test_midnight_is_the_days_first_instant_also_when_clocks_change(now_ms: int, hours: float) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert (now_ms - midnight_ms(now_ms, zone)) / 3_600_000 == hours
    assert midnight_ms(midnight_ms(now_ms, zone), zone) == midnight_ms(now_ms, zone)


@pytest.mark.parametrize(("value", "shown"), [(None, None), (-0.0004, "0.0"), (1.26, "1.3")])
def test_numbers_for_people_are_never_minus_zero(value: float | None, shown: str | None) -> None:
    number = rounded(value, 1)
    assert (None if number is None else str(number)) == shown


def test_the_clock_is_the_machines_unless_the_configuration_simulates_one() -> None:
    assert isinstance(wiring.clock_of(parse()), SystemClock)
    simulated = "[clock]\nepoch_wall_ms = 5\nepoch_mono_ns = 2_000_000_000\nspeed = 60.0\n"
    assert wiring.clock_of(parse(TOML + simulated)) == SimulatedClock(5, 2.0, 60.0)


def test_channels_with_a_thermistor_know_a_broken_wire_and_others_do_not() -> None:
    house = House()
    probes = wiring.probes_of(house.config, house.driver, house.clock, lambda _: None)
    wires = {name: (rules.open_counts, rules.short_counts) for name, (_, rules) in probes.items()}
    ends = ceilings()["SENSOR_OPEN_COUNTS"], ceilings()["SENSOR_SHORT_COUNTS"]
    assert wires == {
        "current_1": (None, None), "voltage_1": (None, None), "temperature_1": ends, "sensor.reef": ends,
        "sensor.cellar": (None, None),
    }  # fmt: skip


def test_every_watch_that_can_be_turned_off_is_told_of() -> None:
    assert set(WATCHES) == {field.name for field in fields(Circuit) if field.name.startswith("watch_")}
    (circuit,) = parse(TOML).circuits
    assert not_watched(circuit) == []
    off = replace(circuit, watch_impedance=False, watch_leakage=False)
    assert [row["watch"] for row in not_watched(off)] == ["watch_impedance", "watch_leakage"]


def test_all_that_the_pico_tells_of_its_health_is_in_the_status() -> None:
    """HEALTH and BUDGET, as one; of either what has come, and nothing before."""
    names = (*records.Health._fields, *records.Budget._fields)
    health = records.Health(*range(len(records.Health._fields)))
    budget = records.Budget(*range(len(health), len(names)))
    view = House().driver.view()
    assert pico_json(view)["health"] is None
    assert pico_json(replace(view, health=health, budget=budget))["health"] == dict(
        zip(names, range(100), strict=False)
    )
    assert pico_json(replace(view, budget=budget))["health"] == budget._asdict()


def test_every_probe_has_a_name_for_people_and_every_channel_its_probe() -> None:
    house = House()
    assert set(wiring.probe_names(house.config)) == set(house.probes._probes)
    assert wiring.probe_of_channel(house.config)["reef_temperature"] == "sensor.reef"


def test_series_are_those_of_circuits_and_of_sensors_that_are_recorded() -> None:
    calibration = wiring.calibration_of(parse())
    assert [meter.id for meter in calibration.circuits] == ["east"]
    assert [(meter.id, meter.channel) for meter in calibration.thermometers] == [
        ("east", "temperature_1"), ("reef", "reef_temperature")
    ]  # fmt: skip


PAIR = """
[[sensor]]
id = "cellar-too"
name = "Cellar, again"
enclosure = "tank"
driver = "dummy"
value = {value}
agrees_with = "cellar"
agrees_within = 1.0
"""


@pytest.mark.parametrize(("value", "quality"), [(65.0, "ok"), (66.0, "implausible")])
def test_two_probes_that_differ_are_both_in_doubt(value: float, quality: str) -> None:
    config = parse(TOML + PAIR.format(value=value))
    house = House(TOML + PAIR.format(value=value))
    probes = Probes(wiring.probes_of(config, house.driver, house.clock, lambda _: None), wiring.pairs_of(config))
    probes.update(house.clock.mono(), 0)
    found = [str(probes.readings[f"sensor.{name}"].quality) for name in ("cellar", "cellar-too")]
    assert found == [quality] * 2


def test_a_sensor_agrees_only_with_another_that_is_there() -> None:
    with pytest.raises(
        ConfigError, match=r"\[\[sensor\]\] cellar-too, key agrees_with: there is no other sensor 'attic'"
    ):
        parse(TOML + PAIR.format(value=65.0).replace('"cellar"\n', '"attic"\n'))
