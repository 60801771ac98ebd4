"""The triggers that watch element, leaks, voltage, sensors and converters, on the whole board; and what none of them
may take for a fault: noise, clouds, night, travelling and bouncing contacts.
"""

import virtual_house
from virtual_rig import COUNTS_PER_A, FURTHER, REFERENCE, REFERENCE_COUNTS, ZERO_COUNTS, Rig

from tanklink.messages import NOTICES, SUBJECTS, TRIGGERS

OPEN_PINS = (0, 0, 0, 0)
IMPEDANCE_OFF, LEAKAGE_OFF = FURTHER[:8] + (False, True), FURTHER[:8] + (True, False)


def heating(circuit=1, further=FURTHER, settled=True):
    """A circuit that is closed and heats."""
    rig = Rig().armed(further=further)
    rig.closed(circuit, 5000)
    rig.run(300 if settled else 20)
    assert rig.state() == "armed"
    return rig


def expect(rig, trigger, subject, circuit, low, high, limit=None, passes=None):
    """The trip that comes within so many passes and stands."""
    began = rig.backend.clock_us
    rig.run_until(lambda: rig.state() == "tripped", 1000 if passes is None else 5 * passes + 5)
    assert passes is None or rig.backend.clock_us - began >= 5000 * (passes - 1)
    trip = rig.tripped()
    assert (TRIGGERS[trip.trigger], SUBJECTS[trip.subject], trip.circuit) == (trigger, subject, circuit), trip
    assert low <= trip.value <= high, trip
    assert limit is None or abs(trip.limit - limit) <= limit // 100 + 1, trip
    assert rig.pins() == OPEN_PINS
    return trip


def resets_after(rig, mend, unseen=False):
    """A person resets it: refused while the cause stands and can be seen, accepted two quiet seconds after."""
    trip_id = rig.last("TRIP").event_id
    rig.run(2200)
    if not unseen:
        assert rig.refused("RESET_TRIP", trip_id) == "cause_present"
    mend()
    rig.run(2100)
    rig.accepted("RESET_TRIP", trip_id)
    assert rig.arm().name == "ACK"
    rig.closed(1)
    rig.run(300)
    assert rig.state() == "armed"


# -- the element ------------------------------------------------------------------------------------------------


def scenario_element_open():
    for circuit in (1, 2):
        rig = heating(circuit)
        rig.set(circuit, amps=0, volts=340)
        expect(rig, "element_open", f"current_{circuit}", circuit, -50, 50, 2_656, passes=3)
    resets_after(rig, lambda: rig.set(2, amps=8.5, volts=272), unseen=True)


def scenario_an_element_that_was_open_before_it_closed():
    """Not before it is settled."""
    rig = Rig().armed()
    rig.set(1, amps=0, volts=340)
    rig.closed(1)
    rig.run(180)
    assert rig.state() == "armed"
    expect(rig, "element_open", "current_1", 1, -50, 50, 2_656)


def scenario_element_drift_both_ways():
    for amps, limit in ((6.3, 6_538), (10.95, 10_900)):
        rig = heating()
        volts = 272 if amps < 8 else 244  # 22 Ω: and still no over-current
        rig.set(1, amps=amps, volts=volts)
        expect(rig, "element_drift", "current_1", 1, amps * 990, amps * 1010, limit)


def scenario_elements_within_their_tolerance():
    for amps in (6.7, 7.5, 9.5, 10.9):
        rig = heating()
        rig.set(1, amps=amps, volts=272)
        rig.run(500)
        assert rig.state() == "armed", amps


def scenario_an_element_that_is_not_watched():
    rig = heating(further=IMPEDANCE_OFF)
    for amps in (0, 4):
        rig.set(1, amps=amps, volts=340)
        rig.run(500)
        assert rig.state() == "armed"


# -- leaks ------------------------------------------------------------------------------------------------------


def scenario_leakage_in_every_state_with_circuits():
    for circuit in (1, 2):
        for disarm in (False, True):
            rig = Rig().armed()
            if disarm:
                rig.accepted("DISARM")
            rig.run(150)
            rig.set_open(circuit, amps=0.5)
            expect(rig, "leakage", f"current_{circuit}", circuit, 480, 520, 300, passes=5)
            trip_id = rig.last("TRIP").event_id
            rig.run(3000)
            assert rig.refused("RESET_TRIP", trip_id) == "cause_present"
            rig.set_open(circuit, amps=0)
            rig.run(2100)
            rig.accepted("RESET_TRIP", trip_id)


def scenario_no_leak_before_100_ms_after_off():
    rig = heating()
    rig.release(1)
    rig.run_until(lambda: rig.pins() == OPEN_PINS, 100)
    rig.set_open(1, amps=0.5)
    rig.run(90)
    assert rig.state() == "armed"
    rig.set_open(1, amps=0)
    rig.run(200)
    assert rig.state() == "armed"


def scenario_no_leak_is_judged_without_circuits():
    rig = Rig()
    rig.hello()
    rig.show(1, amps=2)
    rig.run(500)
    rig.configure(circuits=())
    rig.arm()
    rig.run(500)
    assert rig.state() == "armed"


def scenario_no_arming_with_a_leak():
    rig = Rig()
    rig.hello()
    rig.set_open(1, amps=0.5)
    rig.run(200)
    rig.configure()
    check = rig.accepted("CONFIG_CHECK")
    assert rig.refused("ARM", check.nonce, 77, check.config_crc) in ("cause_present", "state")
    assert TRIGGERS[rig.tripped().trigger] == "leakage"


def scenario_a_leak_that_is_not_watched():
    rig = Rig().armed(further=LEAKAGE_OFF)
    rig.set_open(1, amps=0.5)
    rig.run(3000)
    assert rig.state() == "armed"


# -- voltage and sensors ----------------------------------------------------------------------------------------


def scenario_over_voltage():
    rig = heating()
    rig.set(1, amps=8.5, volts=449)
    rig.run(5)
    rig.set(1, amps=10.9, volts=449)  # no drift: V·I move together
    rig.run(300)
    assert rig.state() == "armed"
    rig.show(1, amps=10.9, volts=451)
    expect(rig, "over_voltage", "voltage_1", 1, 450_000, 452_000, 450_000, passes=3)
    rig.set_open(1, amps=0)
    resets_after(rig, lambda: (rig.set(1, 8.5, 272), rig.set_open(1, 0, 340)))


def scenario_over_voltage_of_an_open_circuit():
    rig = Rig().armed()
    rig.set_open(2, volts=455)
    expect(rig, "over_voltage", "voltage_2", 2, 454_000, 456_000, 450_000, passes=3)


def scenario_sensor_dead():
    """Open or closed; it is not the open element that it looks like."""
    for closed in (False, True):
        rig = heating() if closed else Rig().armed()
        rig.backend.loaded[0] = rig.backend.idle[0] = 0
        expect(rig, "sensor_dead", "current_1", 1, 0, 0, 186, passes=5)
    resets_after(rig, lambda: rig.show(1, amps=0) or rig.set(1, amps=8.5))


def scenario_reference():
    for factor in (0.96, 1.04):
        rig = heating()
        rig.backend.set_counts(REFERENCE, round(REFERENCE_COUNTS * factor))
        limit = 2_425 if factor < 1 else 2_575
        expect(rig, "reference", "reference", 0, 2_498 * factor, 2_501 * factor, limit, passes=5)
        resets_after(rig, lambda rig=rig: rig.backend.set_counts(REFERENCE, REFERENCE_COUNTS))
    for factor in (0.971, 1.029):
        rig = heating()
        rig.backend.set_counts(REFERENCE, round(REFERENCE_COUNTS * factor))
        rig.run(200)
        assert rig.state() == "armed"


def scenario_converter_slipped_or_stopped():
    for name, what, value in (("adc_slot", "slipped", 3), ("adc_stopped", "stopped", 2)):
        rig = heating()
        setattr(rig.program.sampler, what, lambda value=value: value)
        expect(rig, name, "adc", 0, 0, value, passes=1)


# -- what shows over time ---------------------------------------------------------------------------------------


def kept(rig, seconds, each=None):
    """So long with the lease renewed, each(i) before the i-th tenth of a second; stops with a trip."""
    for i in range(10 * seconds):
        if i % 10 == 0:
            rig.lease(1, 3000)
        if each:
            each(i)
        rig.run(100)
        if rig.state() != "armed":
            return i / 10
    return None


def wiggle(rig):
    """A sensor as it is: its counts flicker."""
    return lambda i: rig.backend.set_counts(4, 2281 + i % 2)


def further(no_rise_wh=2000, stuck_s=900, rate=2000):
    return FURTHER[:4] + (no_rise_wh, 1000, stuck_s, rate, True, True)


def scenario_no_rise():
    """2.3 kW: 4 Wh in 6.2 s."""
    rig = heating(further=further(no_rise_wh=4))
    tripped_s = kept(rig, 12, wiggle(rig))
    assert 5 <= tripped_s <= 9, tripped_s
    expect(rig, "no_rise", "temperature_1", 1, 0, 100, 1_000)
    rig.run(2100)
    rig.accepted("RESET_TRIP", rig.last("TRIP").event_id)  # what is wrong shows only after as much energy again
    assert rig.arm().name == "ACK"
    rig.closed(1)
    tripped_s = kept(rig, 12, wiggle(rig))
    assert 4 <= tripped_s <= 9, tripped_s


def scenario_a_tank_that_rises_or_falls():
    for step in (-1, 1):
        rig = heating(further=further(no_rise_wh=4))
        assert kept(rig, 20, lambda i, rig=rig, step=step: rig.backend.set_counts(4, 2281 + step * (i // 2))) is None


def scenario_no_energy_no_rise():
    rig = heating(further=further(no_rise_wh=4))
    rig.set(1, amps=0, volts=0)
    assert kept(rig, 12, wiggle(rig)) is None


def scenario_sensor_stuck():
    rig = heating(further=further(stuck_s=4))
    tripped_s = kept(rig, 12)
    assert 3 <= tripped_s <= 6, tripped_s
    expect(rig, "sensor_stuck", "temperature_1", 1, 4_000, 5_100, 4_000)
    resets_after(rig, lambda: rig.backend.set_counts(4, 2300))


def scenario_a_sensor_that_flickers_or_is_not_heated_is_not_stuck():
    rig = heating(further=further(stuck_s=4))
    assert kept(rig, 8, wiggle(rig)) is None
    rig.set(1, amps=0, volts=0)
    assert kept(rig, 8) is None
    rig = Rig().armed(further=further(stuck_s=4))
    rig.run(8000)
    assert rig.state() == "armed"


def scenario_sensor_rate():
    """Three windows of a second in one direction; 18.75 counts are a degree."""
    for step in (-4.5, 4.5):
        rig = heating()
        tripped_s = kept(rig, 10, lambda i, rig=rig, step=step: rig.backend.set_counts(4, 2281 + int(step * i)))
        assert 3 <= tripped_s <= 6, tripped_s
        expect(rig, "sensor_rate", "temperature_1", 1, 2_001, 2_700, 2_000)
        rig.run(3200)
        rig.accepted("RESET_TRIP", rig.last("TRIP").event_id)


def scenario_slower_or_a_jump_is_no_rate():
    rig = heating()
    assert kept(rig, 10, lambda i: rig.backend.set_counts(4, 2281 - int(3.5 * i))) is None
    assert kept(rig, 8, lambda i: rig.backend.set_counts(4, 1930 if 25 < i < 47 else 2281)) is None


# -- what is no fault -------------------------------------------------------------------------------------------


def noise(i):
    """−3 to 3, without a pattern that a rule might fall in with."""
    return (i * 7919 >> 3) % 7 - 3


def with_noise(rig, passes, amps, volts, each=None):
    """Passes with every sensor shaking."""
    base = [list(rig.backend.loaded), list(rig.backend.idle)]
    for i in range(passes):
        if each:
            each(i)
            base = [list(rig.backend.loaded), list(rig.backend.idle)]
        for part, counts in ((rig.backend.loaded, base[0]), (rig.backend.idle, base[1])):
            for k in range(4):
                part[k] = max(0, counts[k] + noise(4 * i + k))
        rig.backend.set_counts(4, 2281 + noise(i + 5))
        rig.backend.set_counts(REFERENCE, REFERENCE_COUNTS + noise(i))
        rig.hang(1)  # a current is the mean of a third of a ms
        if i % 100 == 0:
            rig.lease(1, 3000)
        rig.one_pass()
        rig.backend.loaded[:], rig.backend.idle[:] = base[0], base[1]
        assert rig.state() == "armed", (i, rig.events())


def scenario_noise_open_closed_and_dim():
    for amps, volts in ((8.5, 272), (1.9, 61), (0.2, 6), (0, 0)):
        rig = Rig().armed(proven=False)
        rig.set(1, amps=amps, volts=volts)
        with_noise(rig, 400, amps, volts)
        rig.release(1)
        rig.run(1000)
        assert rig.state() == "armed"


def scenario_clouds():
    """The sun comes and goes within tens of ms: V and I stay on the element's own line."""
    rig = Rig().armed()

    def sun(i):
        volts = 2 + abs((i * 37) % 540 - 270)
        rig.set(1, amps=volts / 32, volts=volts)

    with_noise(rig, 600, 0, 0, sun)


def scenario_night():
    """Nothing to see, closed or open, and nothing to accuse."""
    rig = Rig().armed(proven=False)
    rig.show(1, amps=0, volts=0)
    for _ in range(4):
        rig.lease(1, 600)
        rig.run(1500)
    assert rig.state() == "armed"
    assert rig.program.circuits[0].proof_due(rig.program.clock)


class Bouncing:
    """Contacts that chatter for 6 ms around their edge."""

    def __init__(self, house):
        self._house, self._contact = house, house._contact

    def __call__(self, relay):
        house = self._house
        since_us = house.clock_us - house.bank.changed[relay]
        if house.bank.changed[relay] and 8_000 <= since_us < 20_000:
            return since_us // 500 % 2 == 0
        return self._contact(relay)


def scenario_travel_and_bounce():
    for sequence_ms in (0, 50, 100):
        rig = Rig().armed(proven=False, sequence_ms=sequence_ms)
        rig.backend._contact = Bouncing(rig.backend)
        for _ in range(3):
            rig.closed(1)
            rig.run(700)
            rig.release(1)
            rig.run(700)
        assert rig.state() == "armed"
        assert virtual_house.CLOSE_US == 12_000


def scenario_the_sensors_noise_is_what_it_is_called():
    assert sorted({noise(i) for i in range(100)}) == [-3, -2, -1, 0, 1, 2, 3]
    assert ZERO_COUNTS - 3 > 186
    assert 3 * 1000 // COUNTS_PER_A < 50  # mA: below the least leak that can be configured


# -- what is not watched is told --------------------------------------------------------------------------------


def scenario_a_notice_for_each_watch_that_is_off():
    """Once a boot, and again when it was switched on and off."""
    rig = Rig().armed(further=FURTHER[:8] + (False, False))
    rig.run(300)
    notices = [said for said in rig.events() if said.name == "NOTICE"]
    told = [(NOTICES[said.notice], said.circuit, TRIGGERS[said.value]) for said in notices]
    assert told == [("not_watched", c, name) for c in (1, 2) for name in ("element_drift", "leakage")]
    for watch, n in ((False, 4), (True, 4), (False, 6)):
        rig.accepted("DISARM")
        rig.configure(further=FURTHER[:8] + (watch, False))
        assert rig.arm().name == "ACK"
        rig.run(300)
        assert len([said for said in rig.events() if said.name == "NOTICE"]) == n, watch


def scenario_no_notice_when_all_is_watched():
    rig = Rig().armed()
    rig.run(200)
    assert [said.name for said in rig.events()] == ["BOOT"]
