"""What is wrong with a reading has a name: in the reading, in what the API shows, and in the event that tells of it."""

import math

import pytest

from tankwarden.clock import ManualClock
from tankwarden.drivers.dummy import DummySensor
from tankwarden.flows import notices
from tankwarden.flows.readings import Change, Probes
from tankwarden.logic.quality import Fault, Quality, Rules

PLAIN = Rules(1.0, 3, plausible_low=0.0, plausible_high=250.0, recover=1)


def told(value: float, rules: Rules = PLAIN) -> tuple[Probes, list[Change]]:
    """After a good reading, this one."""
    clock = ManualClock(mono_s=1.0)
    sensor = DummySensor(clock, 77.0, "°F", 1.0)
    probes = Probes({"sensor.a": (sensor, rules)})
    probes.update(clock.mono(), 0)
    clock.advance(1.0)
    sensor.value = value
    return probes, probes.update(clock.mono(), 1000)


@pytest.mark.parametrize(
    ("value", "rules", "fault"),
    [
        (math.nan, PLAIN, Fault.NOT_A_NUMBER),
        (300.0, PLAIN, Fault.RANGE),
        (-196.6, Rules(1.0, 3, ds18b20=True), Fault.NO_ANSWER),
        (185.0, Rules(1.0, 3, ds18b20=True), Fault.POWER_ON),
        (99.0, Rules(1.0, 3, rate_per_s=1.0), Fault.RATE),
        (77.0, Rules(1.0, 3, stuck_after_s=0.5), Fault.STUCK),
    ],
)
def test_it_is_named_wherever_it_is_shown(value: float, rules: Rules, fault: Fault) -> None:
    probes, changes = told(value, rules)
    shown = probes.readings["sensor.a"].to_json()
    assert shown["fault"] == str(fault)
    event = notices.probe_changed(0, changes[0], "Water")
    named = str(fault) in event.text
    assert named == (changes[0].now.quality is Quality.IMPLAUSIBLE)
    if math.isnan(value):
        assert shown["value"] is None
        assert probes.readings["sensor.a"].raw is None  # no database holds it


def test_silence_and_health_have_no_fault() -> None:
    probes, _ = told(80.0)
    assert probes.readings["sensor.a"].to_json()["fault"] is None
    probes.update(100.0, 99_000)
    assert probes.readings["sensor.a"].quality is Quality.STALE
    assert probes.readings["sensor.a"].to_json()["fault"] is None
