"""The control tick: who decides, and that a lease goes out only after a whole, sound round."""

from dataclasses import replace

import pytest
from house import HOT, NIGHT_MS, NOON_MS, TOML, House, Stands
from talk import told_of

from tanklink import records
from tankwarden.drivers.calibrated import CalibratedSensor
from tankwarden.drivers.dummy import DummySensor, DummySwitch
from tankwarden.flows.control import CircuitTick, Tick
from tankwarden.flows.notices import output_changed
from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.holds import Held


def leases(house: House) -> int:
    return len([r for r in told_of(house.pico, records.Lease) if r.until_uptime_s])  # until = 0 is a release


def test_a_cold_tank_by_day_is_heated_and_says_why() -> None:
    house = House().run(5)
    assert house.on
    assert house.east.decision.winner.source == "thermostat"
    assert "heats to 120.0 °F" in house.east.decision.why


def test_it_is_held_for_as_long_as_the_loop_lives_and_no_longer_than_the_ttl() -> None:
    house = House().run(5)
    for _ in range(100):
        assert house.run(0.1).on
    house.ticking = False
    last_lease = house.clock.mono()
    house.run(1.5)
    assert house.on
    while house.on:
        house.run(0.02)
    assert house.clock.mono() - last_lease <= 2.0


def test_a_tank_above_its_target_is_switched_off_at_once() -> None:
    house = House().run(5)
    house.pico.counts["temperature_1"] = HOT
    house.run(1.5)
    assert not house.on
    assert house.pico.status(house.clock.mono()).lease_1_ms == 0


def test_by_night_nothing_is_heated() -> None:
    house = House(wall_ms=NIGHT_MS).run(5)
    assert not house.on
    assert (house.east.decision.winner.source, house.east.decision.winner.priority) == ("lockout", Priority.SAFETY)


def test_a_standing_trip_keeps_it_off_and_says_which() -> None:
    house = House().run(5)
    house.trip = Stands()
    house.run(0.5)
    assert not house.on
    assert Stands.text in house.east.decision.why


@pytest.mark.parametrize("counts", [4090, 10])
def test_a_broken_or_shorted_probe_switches_off_at_once(counts: int) -> None:
    house = House().run(5)
    house.pico.counts["temperature_1"] = counts
    house.run(0.4)
    assert not house.on
    assert house.east.decision.winner.source == "probe"


def test_a_link_that_falls_silent_is_off_and_stays_off_until_readings_are_good_again() -> None:
    house = House().run(5)
    house.unplug()
    house.run(3)
    assert not house.on
    assert house.east.decision.winner.source == "probe"
    assert house.east.temperature.quality == "stale"
    house.plug()
    house.run(5)
    assert house.on


def test_a_tick_that_fails_renews_no_lease() -> None:
    house = House().run(5)
    before = leases(house)

    def fail(tick: Tick) -> None:
        raise RuntimeError("the page could not be made")

    house.control._done = fail
    for _ in range(5):
        with pytest.raises(RuntimeError):
            house.control.tick()
    assert leases(house) == before


@pytest.mark.parametrize("part", ["probes", "claims"])
def test_a_part_of_the_tick_that_fails_renews_no_lease(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House().run(5)
    before = leases(house)

    def fail(*_: object) -> None:
        raise OSError("a device is gone")

    monkeypatch.setattr(
        house.probes if part == "probes" else house.claims, "update" if part == "probes" else "living", fail
    )
    with pytest.raises(OSError, match="gone"):
        house.control.tick()
    assert leases(house) == before


def test_a_person_may_force_it_off_and_on_but_not_over_safety() -> None:
    house = House().run(5)

    def force(value: bool) -> None:
        now = house.clock.wall_ms()
        claim = Claim("circuit.east", value, Priority.PERSON, "person", "by hand", now, now + 60_000, id="person")
        house.claims._claims["circuit.east", "person"] = claim

    force(False)
    assert not house.run(0.5).on
    house.pico.counts["temperature_1"] = HOT
    force(True)
    assert house.run(1).on, "above the thermostat"
    house.trip = Stands()
    assert not house.run(0.5).on


def test_a_claim_ends_by_itself() -> None:
    house = House().run(5)
    now = house.clock.wall_ms()
    claim = Claim("circuit.east", False, Priority.PERSON, "person", "by hand", now, now + 3000, id="person")
    house.claims._claims["circuit.east", "person"] = claim
    assert not house.run(2.5).on
    assert house.run(1.5).on
    assert house.claims.living(house.clock.wall_ms()) == ()


def test_what_cannot_follow_is_shown_as_off_with_what_is_in_the_way() -> None:
    switch = DummySwitch()
    house = House(switches={1: switch}).run(5)
    assert switch.on
    switch.refusal = "the Pico is disarmed, not armed"
    house.run(0.5)
    assert house.east.held.value is False
    assert house.east.held.holds == ("waits: the Pico is disarmed, not armed",)
    assert switch.done[-1] == "release"


def test_minimum_times_hold_but_never_delay_safety() -> None:
    slow = TOML.replace("min_on_s = 0", "min_on_s = 60").replace("min_off_s = 0", "min_off_s = 20")
    house = House(slow).run(10)
    assert not house.on
    assert "minimum off time" in house.east.held.holds[0]
    assert house.run(15).on
    house.pico.counts["temperature_1"] = HOT
    assert house.run(5).on, "the thermostat's off waits"
    house.trip = Stands()
    assert not house.run(0.5).on


def test_opened_by_something_else_counts_as_off_for_the_minimum_off_time() -> None:
    house = House(TOML.replace("min_off_s = 0", "min_off_s = 20")).run(30)
    assert house.on
    house.ticking = False
    house.run(3)  # the lease ran out
    house.ticking = True
    house.run(10)
    assert not house.on
    assert "minimum off time" in house.east.held.holds[0]
    assert house.run(12).on


def test_auto_arm_off_waits_for_a_person() -> None:
    house = House(TOML.replace("min_on_s = 0", "min_on_s = 0\nauto_arm = false")).run(5)
    assert house.pico.state == "disarmed"
    assert house.east.held.holds == ("waits: the Pico is disarmed, not armed",)
    house.driver.permit_arming(5)
    assert house.run(2).on


def test_the_orderly_end_opens_and_renews_no_more() -> None:
    house = House().run(5)
    assert not house.control.all_off()
    house.control.finish()
    house.run(0.3)
    assert not house.on
    assert house.control.all_off()
    before, told = leases(house), len(house.switched)
    house.run(2)
    assert leases(house) == before
    assert len(house.switched) == told, (
        "the stop is told as such, not as an output that changed for a reason of its own"
    )


def test_the_orderly_end_takes_back_a_lease_of_which_no_status_has_told_yet() -> None:
    house = House()
    while not leases(house):
        house.run(0.02)
    house.control.finish()
    assert not house.control.all_off(), "nobody knows yet"
    house.run(0.04)  # not long enough for a STATUS
    assert not house.on
    assert house.run(0.4).control.all_off()


def test_every_change_of_an_output_is_told_once_with_its_reason() -> None:
    house = House().run(5)
    house.pico.counts["temperature_1"] = HOT
    house.run(3)
    told: list[CircuitTick] = house.switched
    assert [(circuit.held.value, circuit.decision.winner.source) for circuit in told] == [
        (True, "thermostat"), (False, "thermostat")
    ]  # fmt: skip


def test_a_quiet_night_is_quiet_on_the_wire() -> None:
    house = House(wall_ms=NIGHT_MS).run(5)
    house.pico.told.clear()
    house.run(10)
    assert {type(record) for record in house.pico.told} == {records.Ping}


def test_without_circuits_it_reads_sensors_and_arms_nothing() -> None:
    text = TOML[: TOML.index("[[circuit]]")] + TOML[TOML.index("[[sensor]]") :]
    house = House(text).run(3)
    assert house.ticks[-1].circuits == ()
    readings = house.ticks[-1].readings
    assert readings["sensor.cellar"].value == 64.5
    assert readings["sensor.reef"].value == pytest.approx(110)
    assert not house.pico.told_of(records.Arm)


def test_a_silent_sensor_becomes_stale_and_is_told_once() -> None:
    house = House().run(3)
    house.changes.clear()
    calibrated = house.probes._probes["sensor.cellar"].sensor
    assert isinstance(calibrated, CalibratedSensor)
    sensor = calibrated.sensor
    assert isinstance(sensor, DummySensor)
    sensor.frozen_at = house.clock.mono()
    house.run(10)
    assert [(c.probe, c.before, c.now.quality) for c in house.changes] == [("sensor.cellar", "ok", "stale")]
    assert house.changes[0].now.value == 64.5


def test_noon_is_day_and_night_is_night_where_the_tests_say() -> None:
    assert NIGHT_MS < NOON_MS
    assert House().run(2).east.decision.winner.source != "lockout"


def test_the_event_of_a_change_names_winner_and_priority() -> None:
    house = House().run(5)
    event = output_changed(NOON_MS, house.switched[0])
    assert event.text == "East on: 110.0 °F, heats to 120.0 °F (regulation)"
    assert (event.kind, event.circuit) == ("output", 1)


def test_the_event_of_an_output_that_is_held_says_the_hold_first() -> None:
    house = House().run(5)
    held = Held(False, ("stays off for another 2 s: minimum off time 2 s",))
    event = output_changed(NOON_MS, replace(house.switched[0], held=held))
    assert event.text == (
        "East off: stays off for another 2 s: minimum off time 2 s; then: 110.0 °F, heats to 120.0 °F (regulation)"
    )
