"""The numbers of the simulated house, once: for the plant, and for the demo's configuration derived from them."""

import math
from dataclasses import dataclass, field

ADC_MAX = 4095

# -- where ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """Where the sun shines on the arrays."""

    name: str = "Phoenix, Arizona"
    latitude: float = 33.45
    longitude: float = -112.07
    zone: str = "America/Phoenix"


# -- the hot-water circuits -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PvArray:
    """A string of panels at 1000 W/m² with its cells at working temperature."""

    voc_v: float = 340.0
    isc_a: float = 9.5
    vmp_v: float = 275.0
    imp_a: float = 8.8
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0


@dataclass(frozen=True, slots=True)
class Draw:
    """Hot water drawn every day."""

    hour: float  # local time
    minutes: float
    gal_per_min: float


@dataclass(frozen=True, slots=True)
class TankSpec:
    """A well stirred tank: one temperature."""

    volume_gal: float = 80.0
    start_degf: float = 105.0
    ambient_degf: float = 77.0
    inlet_degf: float = 70.0
    loss_w_per_degf: float = 0.9  # 3 BTU/(h·°F), a usual 80-gallon tank
    draws: tuple[Draw, ...] = (Draw(6.5, 8, 2.0), Draw(7.25, 6, 1.5), Draw(18.75, 9, 1.5), Draw(21.0, 8, 2.0))


@dataclass(frozen=True, slots=True)
class CircuitSpec:
    """One circuit: array, two relays in series, element in a tank; and how the demo's host is to regulate it."""

    id: str
    name: str
    enclosure: str
    circuit: int
    element_ohm: float = 32.0
    array: PvArray = field(default_factory=PvArray)
    tank: TankSpec = field(default_factory=TankSpec)
    target_degf: float = 135.0
    hysteresis_degf: float = 5.0
    temperature_limit_degf: float = 160.0
    current_limit_a: float = 11.0
    short_min_a: float = 0.3
    short_tolerance: float = 0.6
    sequence_ms: int = 50
    min_on_s: int = 5
    min_off_s: int = 2


_GUEST_TANK = TankSpec(
    volume_gal=60.0,
    start_degf=98.0,
    draws=(Draw(7.75, 9, 2.0), Draw(9.0, 5, 2.0), Draw(12.5, 4, 1.5), Draw(19.5, 10, 1.5)),
)
CIRCUITS = (
    CircuitSpec("house-tank", "House tank", "house-water", 1),
    CircuitSpec("guest-tank", "Guest tank", "guest-water", 2, tank=_GUEST_TANK, target_degf=140.0),
)

RELAYS = ("outside", "inside")  # of each circuit, in the order of the state machines
RELAY_CLOSE_MS, RELAY_OPEN_MS = 12.0, 8.0  # from the pin's edge to the contact: a 10 A DC relay with its driver

# -- the reef ---------------------------------------------------------------------------------------------------

REEF_DEGF, REEF_SWING_DEGF, REEF_WARMEST_HOUR = 78.0, 0.6, 16.0

# -- the sensors ------------------------------------------------------------------------------------------------

CURRENT_ZERO_COUNTS, CURRENT_COUNTS_PER_A, CURRENT_SPAN_A = 372, 264, 14.0  # live zero at 0.3 V
VOLTAGE_SPAN_V = 500.0
REFERENCE_V, ADC_SUPPLY_V = 2.5, 3.3
NTC_OHM, NTC_BETA_K, NTC_AT_K = 10_000.0, 3950.0, 298.15
DIVIDER_OHM = 10_000.0  # from the supply to the NTC, which goes to ground: hot means few counts
# Placed so that the straight lines between them are at most 0.9 °F off from 40 to 212 °F.
NTC_POINTS_DEGF = (212.0, 192.5, 173.0, 153.5, 133.5, 112.0, 86.0, 40.0)
NOISE_COUNTS = {"current": 2.0, "voltage": 1.5, "temperature": 0.8, "reference": 0.6}  # standard deviations


def ntc_ohm(degf: float) -> float:
    """Resistance of an NTC: the β equation (R = R₀·exp(β(1/T − 1/T₀)))."""
    return NTC_OHM * math.exp(NTC_BETA_K * (1 / ((degf - 32) / 1.8 + 273.15) - 1 / NTC_AT_K))


def ntc_counts(degf: float) -> float:
    """What the converter sees of an NTC at this temperature, unrounded."""
    ohm = ntc_ohm(degf)
    return ADC_MAX * ohm / (ohm + DIVIDER_OHM)


def ntc_degf(counts: float) -> float:
    """The temperature at which an NTC gives these counts: the inverse of ntc_counts, for 0 < counts < 4095."""
    ohm = DIVIDER_OHM * counts / (ADC_MAX - counts)
    return (1 / (1 / NTC_AT_K + math.log(ohm / NTC_OHM) / NTC_BETA_K) - 273.15) * 1.8 + 32


def scaling_points(channel: str) -> list[tuple[int, float]]:
    """The calibration of a channel as (counts, value in A, V or °F), counts rising, for a piecewise linear table.

    channel: a name of tanklink's CHANNELS. ValueError for another.
    """
    kind = channel_kind(channel)
    if kind == "current":
        top = CURRENT_ZERO_COUNTS + round(CURRENT_COUNTS_PER_A * CURRENT_SPAN_A)
        return [(CURRENT_ZERO_COUNTS, 0.0), (top, CURRENT_SPAN_A)]
    if kind == "voltage":
        return [(0, 0.0), (ADC_MAX, VOLTAGE_SPAN_V)]
    if kind == "reference":
        return [(0, 0.0), (ADC_MAX, ADC_SUPPLY_V)]
    counts = [round(ntc_counts(degf)) for degf in NTC_POINTS_DEGF]
    return [(c, round(ntc_degf(c), 3)) for c in counts]


def channel_kind(channel: str) -> str:
    """current, voltage, temperature or reference. ValueError for what is no channel."""
    for kind in NOISE_COUNTS:
        if kind in channel:
            return kind
    raise ValueError(f"{channel}: no such channel; they are current_1, voltage_1, temperature_1, … as in messages.py")
