"""What the judges see: one pass in units, the limits of each circuit, and whether its scales let every rule fire. Pure.

Nothing here allocates after construction, and no product reaches 2^30: currents are clamped to ± MAX_READING_MA and
resistances kept in tenths of an ohm. What can be divided once, when a configuration is adopted, is.
"""

import board
import limits
import micropython
from heating import TICK_US, WINDOW_TICKS, Heating
from relays import MOVING, ON

from tanklink.messages import CHANNELS, CONFIG_CIRCUIT, N_CIRCUITS

MAX_READING_MA = 100_000  # × 7,500 tenths of an ohm = 7.5·10^8 < 2^30
MAX_READING = 2_000_000  # mV, m°F
MAX_COUNTS = 4095

_CURRENT, _VOLTAGE, _TEMPERATURE = (CHANNELS.index(n + "_1") for n in ("current", "voltage", "temperature"))
_REFERENCE = CHANNELS.index("reference")
_ENABLED = CONFIG_CIRCUIT.index["enabled"]
_RESISTANCE = CONFIG_CIRCUIT.index["resistance_mohm"]
_CURRENT_LIMIT = CONFIG_CIRCUIT.index["current_limit_ma"]
_TEMPERATURE_LIMIT = CONFIG_CIRCUIT.index["temperature_limit_m_degf"]
_SHORT_MIN = CONFIG_CIRCUIT.index["short_min_ma"]
_SHORT_TOLERANCE = CONFIG_CIRCUIT.index["short_tolerance_permille"]
_VOLTAGE_LIMIT = CONFIG_CIRCUIT.index["voltage_limit_mv"]
_VOLTAGE_MIN = CONFIG_CIRCUIT.index["voltage_min_mv"]
_IMPEDANCE_TOLERANCE = CONFIG_CIRCUIT.index["impedance_tolerance_permille"]
_LEAK = CONFIG_CIRCUIT.index["leak_ma"]
_NO_RISE_WH = CONFIG_CIRCUIT.index["no_rise_wh"]
_NO_RISE = CONFIG_CIRCUIT.index["no_rise_m_degf"]
_STUCK = CONFIG_CIRCUIT.index["stuck_s"]
_RATE = CONFIG_CIRCUIT.index["rate_m_degf_per_s"]
_WATCH_IMPEDANCE = CONFIG_CIRCUIT.index["watch_impedance"]
_WATCH_LEAKAGE = CONFIG_CIRCUIT.index["watch_leakage"]


def _zeros():
    return [0] * N_CIRCUITS


class Facts:
    """One pass as the judges see it: readings in units and the limits of each circuit, each a list by circuit (0, 1).

    A judge leaves what it compared in value and limit.
    """

    def __init__(self):
        self.enabled = [False] * N_CIRCUITS
        # readings
        self.current_counts, self.temperature_counts = _zeros(), _zeros()
        self.ma, self.mv, self.m_degf = _zeros(), _zeros(), _zeros()
        self.reference_mv = board.REFERENCE_MV
        # relays and lines
        self.phase = [MOVING] * N_CIRCUITS  # see relays.Circuit.phase
        self.line_whole = [True] * N_CIRCUITS  # the fault line
        self.dropped = [False] * N_CIRCUITS  # the interlock has latched a circuit that ought to hold
        self.gap_us = 0  # since the permits were last renewed
        # what is watched faster than by the loop
        self.peak_ma = _zeros()  # the current for which a circuit was already dropped, 0 = it was not
        self.adc_slipped = 0  # samples that were lost or are not where they belong
        self.adc_stopped = 0
        # what shows over time
        self.heating = [Heating() for _ in range(N_CIRCUITS)]
        self.tick = False  # it was looked at in this pass
        self._ticks = self._s = self._us = 0
        # limits
        self.current_limit_ma, self.temperature_limit_m_degf, self.voltage_limit_mv = _zeros(), _zeros(), _zeros()
        self.short_min_ma, self.short_deci_ohm = _zeros(), _zeros()
        self.voltage_min_mv, self.leak_ma, self.dead_counts = _zeros(), _zeros(), _zeros()
        self.deci_ohm, self.low_deci_ohm, self.high_deci_ohm = _zeros(), _zeros(), _zeros()
        self.no_rise_wh, self.no_rise_m_degf, self.stuck_ms, self.rate = _zeros(), _zeros(), _zeros(), _zeros()
        self.watch_impedance, self.watch_leakage = [True] * N_CIRCUITS, [True] * N_CIRCUITS
        self.value = 0
        self.limit = 0

    def set_limits(self, c, values):
        """Take circuit c's limits from the values of a CONFIG_CIRCUIT."""
        self.enabled[c] = bool(values[_ENABLED])
        self.current_limit_ma[c] = min(values[_CURRENT_LIMIT], limits.MAX_CURRENT_MA)
        self.temperature_limit_m_degf[c] = min(values[_TEMPERATURE_LIMIT], limits.MAX_TEMPERATURE_M_DEGF)
        self.voltage_limit_mv[c] = min(values[_VOLTAGE_LIMIT], limits.MAX_VOLTAGE_MV)
        self.short_min_ma[c] = min(values[_SHORT_MIN], limits.MAX_SHORT_MIN_MA)
        self.short_deci_ohm[c] = short_deci_ohm(values)
        self.voltage_min_mv[c] = min(values[_VOLTAGE_MIN], limits.MAX_VOLTAGE_MIN_MV)
        self.leak_ma[c] = min(values[_LEAK], limits.MAX_LEAK_MA)
        deci_ohm = min(values[_RESISTANCE], limits.MAX_RESISTANCE_MOHM) // 100
        tolerance = min(values[_IMPEDANCE_TOLERANCE], limits.MAX_IMPEDANCE_TOLERANCE_PERMILLE)
        self.deci_ohm[c] = max(1, deci_ohm)
        self.low_deci_ohm[c] = max(1, deci_ohm * (1000 - tolerance) // 1000)
        self.high_deci_ohm[c] = max(1, deci_ohm * (1000 + tolerance) // 1000)
        self.no_rise_wh[c] = min(values[_NO_RISE_WH], limits.MAX_NO_RISE_WH)
        self.no_rise_m_degf[c] = min(values[_NO_RISE], limits.MAX_NO_RISE_M_DEGF)
        self.stuck_ms[c] = min(values[_STUCK], limits.MAX_STUCK_S) * 1000
        self.rate[c] = min(values[_RATE], limits.MAX_RATE_M_DEGF_PER_S)
        self.watch_impedance[c], self.watch_leakage[c] = values[_WATCH_IMPEDANCE], values[_WATCH_LEAKAGE]

    def set_scales(self, c, config):
        """Take from circuit c's scales what a rule judges in counts."""
        self.dead_counts[c] = zero_counts(config, _CURRENT + c) // 2

    @micropython.native
    def set_readings(self, counts, config):
        """Convert this pass's raw counts of every enabled circuit."""
        for c in range(N_CIRCUITS):
            if self.enabled[c]:
                raw = counts[_CURRENT + c]
                self.current_counts[c] = raw
                self.ma[c] = config.scale_within(_CURRENT + c, raw, MAX_READING_MA)
                self.mv[c] = config.scale_within(_VOLTAGE + c, counts[_VOLTAGE + c], MAX_READING)
                raw = counts[_TEMPERATURE + c]
                self.temperature_counts[c] = raw
                self.m_degf[c] = config.scale_within(_TEMPERATURE + c, raw, MAX_READING)
        self.reference_mv = counts[_REFERENCE] * board.SUPPLY_MV // MAX_COUNTS

    @micropython.native
    def follow(self, clock):
        """Ten times a second: what shows over time. Once a pass, after set_readings."""
        self.tick = False
        us = clock.since_us(self._s, self._us)
        if us < TICK_US:
            return
        self._s, self._us = clock.s, clock.us
        ms = min(us // 1000, 1000)
        self._ticks += 1
        self.tick = True
        window = self._ticks >= WINDOW_TICKS
        if window:
            self._ticks = 0
        for c in range(N_CIRCUITS):
            if self.enabled[c]:
                heating, raw = self.heating[c], self.temperature_counts[c]
                well = limits.SENSOR_SHORT_COUNTS < raw < limits.SENSOR_OPEN_COUNTS
                heating.tick(ms, self.watts(c), raw, self.m_degf[c], well)
                if window:
                    heating.close_window()
                    if heating.moved() >= self.no_rise_m_degf[c]:
                        heating.begin_energy()

    def watts(self, c):
        """Into the element of circuit c: 0 unless it is closed and settled, and the sun shines."""
        mv, ma = self.mv[c], self.ma[c]
        if self.phase[c] != ON or mv <= self.voltage_min_mv[c] or ma <= 0:
            return 0
        return mv // 1000 * ma // 1000


def within_reach(config, c):
    """Whether circuit c's scales let every rule fire: each rises or falls all the way, as its sensor does, to beyond
    the limit. Of a thermistor nothing beyond its table counts: it is far from straight there.
    """
    slope = config.slope
    if slope(_CURRENT + c) != 1 or slope(_VOLTAGE + c) != 1 or not slope(_TEMPERATURE + c):
        return False
    values = config.circuits[c + 1]
    return (
        _current_reaches(config, _CURRENT + c, values)
        and _voltage_reaches(config, _VOLTAGE + c, values)
        and _temperature_reaches(config, _TEMPERATURE + c, values)
    )


def _current_reaches(config, channel, values):
    """To the greatest limit, to a drifted element at the least voltage, and down to where the sensor is dead."""
    low_ohm = max(1, values[_RESISTANCE] * (1000 - values[_IMPEDANCE_TOLERANCE]) // 1_000_000)
    greatest_ma = max(values[_CURRENT_LIMIT], values[_SHORT_MIN], values[_LEAK], values[_VOLTAGE_MIN] // low_ohm)
    return config.scale(channel, MAX_COUNTS) > greatest_ma and (
        zero_counts(config, channel) >= limits.MIN_LIVE_ZERO_COUNTS
    )


def _voltage_reaches(config, channel, values):
    # A dead short must show at the least current from which one is judged; at most 5,000 × 100,000 on the way.
    if config.scale(channel, 0) >= short_deci_ohm(values) * values[_SHORT_MIN] // 10:
        return False
    return config.scale(channel, MAX_COUNTS) > values[_VOLTAGE_LIMIT] > values[_VOLTAGE_MIN]


def _temperature_reaches(config, channel, values):
    first, last = config.first_counts(channel), config.last_counts(channel)
    if config.slope(channel) < 0:
        hot = max(first, limits.SENSOR_SHORT_COUNTS + 1)
    else:
        hot = min(last, limits.SENSOR_OPEN_COUNTS - 1)
    span = abs(config.scale(channel, last) - config.scale(channel, first))
    wanted = max(values[_NO_RISE], 4 * values[_RATE])  # three windows of a rate, and where they began
    return config.scale(channel, hot) > values[_TEMPERATURE_LIMIT] and span > wanted


def zero_counts(config, channel):
    """The least counts at which a channel that rises is not negative; 4095 if it is so everywhere."""
    low, high = 0, MAX_COUNTS
    while low < high:
        middle = (low + high) // 2
        if config.scale(channel, middle) < 0:
            low = middle + 1
        else:
            high = middle
    return low


def short_deci_ohm(values):
    """R(1 − tolerance) of a CONFIG_CIRCUIT, rounded up, to the side of tripping.

    At most 500,000 × 1000 + 99,999 on the way.
    """
    resistance_mohm = min(values[_RESISTANCE], limits.MAX_RESISTANCE_MOHM)
    return (resistance_mohm * (1000 - values[_SHORT_TOLERANCE]) + 99_999) // 100_000
