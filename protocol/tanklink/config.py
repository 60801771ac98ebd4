"""What the Pico is told about circuits, scaling and feeders: held, judged, and summed up in a CRC, on both sides alike.

The host fills a Config with the very messages that it sends, so that it can reckon the CRC that the Pico must answer.
Everything but `crc` and the constructor allocates nothing. No intermediate reaches 2^30.
"""

from array import array

from tanklink._compat import const, micropython, ptr8, ptr16, ptr32
from tanklink.crc import CRC_SIZE, write_crc
from tanklink.messages import (
    CHANNELS,
    CONFIG_CIRCUIT,
    CONFIG_FEEDER,
    MAX_POINTS,
    N_CHANNELS,
    N_CIRCUITS,
    N_FEEDERS,
)  # fmt: skip
from tanklink.schema import FLAG

# 10 kV, 10 kA, 10,000 °F: scaled values end here, and no point lies beyond.
VALUE_MAX = const(10_000_000)
_MAX_POINTS = const(8)  # for viper, to which an imported name is no number
assert _MAX_POINTS == MAX_POINTS

_MUST_BE_SET = [
    CONFIG_CIRCUIT.index[name]
    for name in (
        "resistance_mohm",
        "current_limit_ma",
        "temperature_limit_m_degf",
        "short_min_ma",
        "voltage_limit_mv",
        "voltage_min_mv",
        "impedance_tolerance_permille",
        "leak_ma",
        "no_rise_wh",
        "no_rise_m_degf",
        "stuck_s",
        "rate_m_degf_per_s",
    )
]
_ENABLED = CONFIG_CIRCUIT.index["enabled"]
_CIRCUIT_CHANNELS = tuple([
    tuple([CHANNELS.index("%s_%d" % (what, circuit)) for what in ("current", "voltage", "temperature")])
    for circuit in range(1, N_CIRCUITS + 1)
])  # fmt: skip


class Config:
    """circuits[1] and [2]: lists in the order of CONFIG_CIRCUIT's fields ([0] is None); feeders likewise."""

    def __init__(self):
        self.circuits = [None] + [CONFIG_CIRCUIT.new() for _ in range(N_CIRCUITS)]
        self.feeders = [None] + [CONFIG_FEEDER.new() for _ in range(N_FEEDERS)]
        # Points of all channels one after the other, MAX_POINTS places each.
        self._counts = array("H", bytes(2 * MAX_POINTS * N_CHANNELS))
        self._values = array("i", bytes(4 * MAX_POINTS * N_CHANNELS))
        self._n = bytearray(N_CHANNELS)
        self.clear()

    def clear(self):
        """Forget everything: no circuit and no feeder is enabled, no channel has a scale."""
        for circuit in range(1, N_CIRCUITS + 1):
            _clear(self.circuits[circuit], CONFIG_CIRCUIT.kinds, circuit)
        for feeder in range(1, N_FEEDERS + 1):
            _clear(self.feeders[feeder], CONFIG_FEEDER.kinds, feeder)
        for channel in range(N_CHANNELS):
            self._n[channel] = 0

    def set_circuit(self, values):
        """Take the values of a CONFIG_CIRCUIT. False if they name no circuit."""
        if not 1 <= values[0] <= N_CIRCUITS:
            return False
        held = self.circuits[values[0]]
        for i in range(len(held)):
            held[i] = values[i]
        return True

    def set_feeder(self, values):
        """Take the values of a CONFIG_FEEDER. False if they name no feeder."""
        if not 1 <= values[0] <= N_FEEDERS:
            return False
        held = self.feeders[values[0]]
        for i in range(len(held)):
            held[i] = values[i]
        return True

    def set_point(self, values):
        """Take the values of a CONFIG_POINT: channel, index, counts, value; index 0 starts the channel's table anew.

        False, and nothing is changed, if the index is not the next one, the counts do not rise, or the value is beyond
        ±VALUE_MAX.
        """
        channel, index, counts, value = values
        if not -VALUE_MAX <= value <= VALUE_MAX:
            return False
        at = channel * MAX_POINTS + index
        if index and (index != self._n[channel] or counts <= self._counts[at - 1]):
            return False
        self._counts[at] = counts
        self._values[at] = value
        self._n[channel] = index + 1
        return True

    def has_scale(self, channel):
        """Whether the channel has the two points that a scale needs."""
        return self._n[channel] >= 2

    def slope(self, channel):
        """1 if the channel's values rise from every point to the next, −1 if they fall, 0 if neither or no scale."""
        at, n = channel * MAX_POINTS, self._n[channel]
        slope = 0
        for i in range(at + 1, at + n):
            rise = self._values[i] - self._values[i - 1]
            step = 1 if rise > 0 else -1
            if rise == 0 or slope == -step:
                return 0
            slope = step
        return slope

    def first_counts(self, channel):
        """Counts of the channel's first point; it must have one."""
        return self._counts[channel * MAX_POINTS]

    def last_counts(self, channel):
        """Counts of the channel's last point; it must have one."""
        return self._counts[channel * MAX_POINTS + self._n[channel] - 1]

    def scale(self, channel, counts):
        """Counts (0 to 4095) to mV, mA or m°F: piecewise linear, rounded; beyond the ends, the end segments go on.

        Ends at ±VALUE_MAX. 0 if the channel has no scale: ask has_scale.
        """
        return _scale(self._n, self._counts, self._values, channel, counts)

    def complete(self):
        """Whether every enabled circuit has its limits and the scales of its channels."""
        for circuit in range(1, N_CIRCUITS + 1):
            values = self.circuits[circuit]
            if values[_ENABLED]:
                for i in _MUST_BE_SET:
                    if values[i] <= 0:
                        return False
                for channel in _CIRCUIT_CHANNELS[circuit - 1]:
                    if self._n[channel] < 2:
                        return False
        return True

    PARTS = N_CIRCUITS + N_FEEDERS + N_CHANNELS

    def fold(self, part, total):
        """Go on with a sum over everything that is held, one of PARTS parts after the other. Allocates nothing.

        Prime modulus and factor: no single value that differs leaves the sum as it was. Below 31 × 2^20 + 2^24.
        """
        if part < N_CIRCUITS + N_FEEDERS:
            values = self.circuits[part + 1] if part < N_CIRCUITS else self.feeders[part - N_CIRCUITS + 1]
            for i in range(len(values)):
                total = _fold(total, int(values[i]))
            return total
        channel = part - N_CIRCUITS - N_FEEDERS
        total = _fold(total, self._n[channel])
        for at in range(channel * MAX_POINTS, channel * MAX_POINTS + self._n[channel]):
            total = _fold(_fold(total, self._counts[at]), self._values[at])
        return total

    def crc(self):
        """The CRC-32, little-endian, of the canonical form: all that is held, in 4-byte little-endian integers."""
        image = array("i", self._words())
        buf = bytearray(4 * len(image) + CRC_SIZE)
        for i in range(len(image)):
            _put(buf, 4 * i, image[i])
        write_crc(buf, 0, len(buf) - CRC_SIZE)
        return bytes(buf[-CRC_SIZE:])

    def _words(self):
        words = []
        for circuit in range(1, N_CIRCUITS + 1):
            words.extend([int(value) for value in self.circuits[circuit]])
        for channel in range(N_CHANNELS):
            words.append(self._n[channel])
            for at in range(channel * MAX_POINTS, channel * MAX_POINTS + self._n[channel]):
                words.append(self._counts[at])
                words.append(self._values[at])
        for feeder in range(1, N_FEEDERS + 1):
            words.extend([int(value) for value in self.feeders[feeder]])
        return words


def _clear(values, kinds, number):
    for i in range(len(values)):
        values[i] = False if kinds[i] == FLAG else 0
    values[0] = number


def _fold(total, value):
    return (total * 31 + (value & 0xFFFF) * 7 + (value >> 16 & 0xFFFF) * 131) % 1_000_003


def _put(buf, at, word):
    for i in range(4):
        buf[at + i] = (word >> (8 * i)) & 255


@micropython.viper
def _scale(lengths, table_counts, table_values, channel: int, counts: int) -> int:
    """See Config.scale: y + rise · x / run, |rise| ≤ 2 VALUE_MAX, |x| ≤ 4095, 1 ≤ run ≤ 4095.

    The quotient is taken first: |rise // run · x| is checked against 3 VALUE_MAX < 2^25 before it is multiplied
    out, and the rest of the division is below run, so that its product stays below 2^24.
    """
    n = ptr8(lengths)[channel]
    if n < 2:
        return 0
    xs = ptr16(table_counts)
    ys = ptr32(table_values)
    at = channel * _MAX_POINTS
    last = at + n - 2
    while at < last and counts > xs[at + 1]:
        at += 1
    # ptr32 reads without a sign on the unix port; no value needs more than 25 bits.
    y = ((ys[at + 0] & 0x1FFFFFF) ^ 0x1000000) - 0x1000000
    rise = ((ys[at + 1] & 0x1FFFFFF) ^ 0x1000000) - 0x1000000 - y
    x = counts - xs[at + 0]
    run = xs[at + 1] - xs[at + 0]
    whole = rise // run
    reach = whole if whole > 0 else 0 - whole
    far = x if x > 0 else 0 - x
    if far > 0 and reach > 3 * VALUE_MAX // far:
        return VALUE_MAX if whole ^ x >= 0 else 0 - VALUE_MAX  # of like sign?
    y += whole * x + ((rise - whole * run) * x + (run >> 1)) // run
    if y > VALUE_MAX:
        return VALUE_MAX
    return y if y > 0 - VALUE_MAX else 0 - VALUE_MAX
