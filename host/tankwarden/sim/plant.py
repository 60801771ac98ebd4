"""The house behind the pins: arrays, elements, tanks and a reef, stepped through plant time; no clock, no I/O.

`advance` moves it, `set_contact` acts on it, `counts` is what the converters see, `ledger` is the truth. Lamps and
servos, which act on nothing here, are in lamps.py.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tanklink.messages import CHANNELS
from tankwarden.sim import defaults
from tankwarden.sim.chance import seeded
from tankwarden.sim.defaults import ADC_MAX, CircuitSpec, Site
from tankwarden.sim.probe import Probe
from tankwarden.sim.pv import PvSource
from tankwarden.sim.sky import Sky, irradiance_w_m2
from tankwarden.sim.tank import Tank

LONGEST_STEP_MS = 1000.0
_HOUR_MS = 3_600_000
_NOISE = tuple(defaults.NOISE_COUNTS[defaults.channel_kind(name)] for name in CHANNELS)
_PROBES = tuple((CHANNELS.index(f"temperature_{circuit}"), circuit) for circuit in (1, 2))


class Circuit:
    """Array, two contacts in series, element, tank and its sensor. The fields below `faults` are set by faults.py."""

    def __init__(self, spec: CircuitSpec, start_degf: float | None = None) -> None:
        self.spec = spec
        self.source = PvSource(spec.array)
        self.tank = Tank(spec.tank, start_degf)
        self.probe = Probe()
        self.driven = [False, False]  # outside, inside: what the coils ask of the contacts
        self.closures = [0, 0]
        self.irradiance_w_m2 = self.voltage_v = self.current_a = 0.0
        self.energy_wh = self.closed_s = 0.0
        # faults
        self.element_ohm = spec.element_ohm
        self.leak_ohm = math.inf  # through the insulation, between the current sensor and the relays
        self.least_photocurrent_a = 0.0
        self.most_irradiance_w_m2 = math.inf
        self.welded = [False, False]
        self.forced_degf: float | None = None
        self.current_sensor_dead = False

    @property
    def contacts(self) -> list[bool]:
        """Outside, inside: whether it conducts. A welded one does, whatever its coil."""
        return [driven or welded for driven, welded in zip(self.driven, self.welded, strict=True)]

    @property
    def degf(self) -> float:
        """Of the tank."""
        return self.tank.degf if self.forced_degf is None else self.forced_degf

    def settle(self) -> None:
        """Find the operating point anew: after anything electrical has changed."""
        irradiance = min(self.irradiance_w_m2, self.most_irradiance_w_m2)
        photocurrent = max(self.source.photocurrent_a(irradiance), self.least_photocurrent_a)
        siemens = self._element_siemens() + 1 / self.leak_ohm
        load = 1 / siemens if siemens else math.inf
        self.voltage_v, self.current_a = self.source.operating_point(photocurrent, load)

    @property
    def power_w(self) -> float:
        """Into the element, now."""
        return self.voltage_v**2 * self._element_siemens()

    def _element_siemens(self) -> float:
        return 1 / self.element_ohm if all(self.contacts) else 0.0

    def step(self, seconds: float, power_w: float, local_hour: float) -> None:
        """Let time pass with a mean power and the contacts as they are."""
        self.energy_wh += power_w * seconds / 3600
        self.closed_s += seconds * all(self.contacts)
        self.tank.step(seconds, power_w, local_hour)
        self.probe.step(seconds, self.spec.tank.ambient_degf)

    def truth(self) -> dict[str, Any]:
        """For the ledger: sums since the start, and what is now. Seconds are of plant time."""
        closures = dict(zip(defaults.RELAYS, self.closures, strict=True))
        return {
            "wh": self.energy_wh, "closed_s": self.closed_s, "closures": closures, "tank_degf": self.degf,
            "power_w": self.power_w, "voltage_v": self.voltage_v, "current_a": self.current_a,
            "irradiance_w_m2": self.irradiance_w_m2, "contacts": dict(zip(defaults.RELAYS, self.contacts, strict=True)),
            "tank_wh": {"heat": self.tank.heat_wh, "loss": self.tank.loss_wh, "draw": self.tank.draw_wh},
        }  # fmt: skip


class Plant:
    """Everything behind the pins. start_degf: circuit → temperature of its tank, where it is not the default."""

    def __init__(
        self,
        start_ms: float,
        *,
        seed: int = 0,
        site: Site | None = None,
        circuits: Sequence[CircuitSpec] = defaults.CIRCUITS,
        start_degf: Mapping[int, float] | None = None,
    ) -> None:
        site = site or Site()
        start_degf = start_degf or {}
        self.now_ms = start_ms
        self.circuits = {spec.circuit: Circuit(spec, start_degf.get(spec.circuit)) for spec in circuits}
        self._sky = Sky(site, seed)
        self._zone = ZoneInfo(site.zone)
        self._noise = seeded(seed, "noise")
        self._offset_hour, self._offset_ms = -1, 0.0
        self.adc_supply_v = defaults.ADC_SUPPLY_V  # set by faults.py
        self._shine()

    def advance(self, to_ms: float, longest_step_ms: float = LONGEST_STEP_MS) -> None:
        """Let plant time pass, in steps of at most a second if not told otherwise. A past instant is left alone."""
        while self.now_ms < to_ms:
            step_ms = min(longest_step_ms, to_ms - self.now_ms)
            hour = self.local_hour()
            before_w = [circuit.power_w for circuit in self.circuits.values()]
            self.now_ms += step_ms
            self._shine()
            for circuit, power_w in zip(self.circuits.values(), before_w, strict=True):
                circuit.step(step_ms / 1000, (power_w + circuit.power_w) / 2, hour)

    def set_contact(self, circuit: int, contact: int, closed: bool) -> None:
        """A relay contact (0 outside, 1 inside) opens or closes now."""
        part = self.circuits[circuit]
        part.closures[contact] += closed and not part.driven[contact]
        part.driven[contact] = closed
        part.settle()

    def counts(self) -> list[int]:
        """One 12-bit sample of every channel in the order of CHANNELS, with fresh noise."""
        gauss = self._noise.gauss
        counts = [
            min(ADC_MAX, max(0, round(gauss(true, noise))))
            for true, noise in zip(self.true_counts(), _NOISE, strict=True)
        ]
        for channel, number in _PROBES:
            stuck = self.circuits[number].probe.stuck_counts
            if stuck is not None:
                counts[channel] = stuck  # a thing that hangs has no noise either
        return counts

    def true_counts(self) -> list[float]:
        """As counts, without noise or rounding."""
        one, two = self.circuits[1], self.circuits[2]
        # A converter compares with its supply, so that one which sags makes everything read high; a thermistor's
        # divider hangs on that very supply, and reads the same.
        high = defaults.ADC_SUPPLY_V / self.adc_supply_v
        reference = ADC_MAX * defaults.REFERENCE_V / defaults.ADC_SUPPLY_V
        return [
            high * _current_counts(one), high * _current_counts(two), high * _voltage_counts(one),
            high * _voltage_counts(two), _ntc_counts(one), _ntc_counts(two), high * reference,
            defaults.ntc_counts(self.reef_degf()),
        ]  # fmt: skip

    def sun_elevation_deg(self) -> float:
        """Of the sun's centre above the horizon, now."""
        return self._sky.sun(self.now_ms)[0]

    def reef_degf(self) -> float:
        """The reef follows its room: a slow daily swing."""
        phase = (self.local_hour() - defaults.REEF_WARMEST_HOUR) * math.pi / 12
        return defaults.REEF_DEGF + defaults.REEF_SWING_DEGF * math.cos(phase)

    def local_hour(self) -> float:
        """0 to 24, on the site's own clock."""
        hour = int(self.now_ms // _HOUR_MS)
        if hour != self._offset_hour:
            offset = datetime.fromtimestamp(self.now_ms / 1000, UTC).astimezone(self._zone).utcoffset()
            self._offset_hour, self._offset_ms = hour, offset.total_seconds() * 1000 if offset else 0.0
        return (self.now_ms + self._offset_ms) / _HOUR_MS % 24

    def ledger(self) -> dict[str, Any]:
        """The truth since the start, for tests to compare with what the host says."""
        return {
            "plant_ms": round(self.now_ms), "reef_degf": self.reef_degf(),
            "circuits": {str(number): circuit.truth() for number, circuit in self.circuits.items()},
        }  # fmt: skip

    def _shine(self) -> None:
        elevation, azimuth = self._sky.sun(self.now_ms)
        through = self._sky.transmittance(self.now_ms)
        for circuit in self.circuits.values():
            circuit.irradiance_w_m2 = through * irradiance_w_m2(elevation, azimuth, circuit.spec.array)
            circuit.settle()


def _current_counts(circuit: Circuit) -> float:
    if circuit.current_sensor_dead:
        return 0.0
    return defaults.CURRENT_ZERO_COUNTS + defaults.CURRENT_COUNTS_PER_A * circuit.current_a


def _voltage_counts(circuit: Circuit) -> float:
    return ADC_MAX * circuit.voltage_v / defaults.VOLTAGE_SPAN_V


def _ntc_counts(circuit: Circuit) -> float:
    probe = circuit.probe
    told = probe.stuck_counts if probe.wire.value is None else probe.wire.value
    return defaults.ntc_counts(probe.degf(circuit.degf)) if told is None else float(told)
