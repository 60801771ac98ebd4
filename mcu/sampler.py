"""Raw counts of every channel, and their sums between two STATUS messages. Allocates nothing after construction.

The voltage of a circuit is read directly after its current, so that their product is the power of one instant.
"""

import board

from tanklink.messages import CHANNELS, MAX_SAMPLES, N_CHANNELS, N_CIRCUITS, STATUS

_N_ADC = len(board.ADC_PINS)


class Sampler:
    """The chip's own converter and the MCP3208. `counts` holds the last sample of every channel, 12 bit."""

    def __init__(self):
        from machine import ADC, SPI, Pin

        self.counts = [0] * N_CHANNELS
        self._adcs = [ADC(pin) for pin in board.ADC_PINS]
        self._select = Pin(board.SPI_CS_PIN, Pin.OUT, value=1)
        self._spi = SPI(
            board.SPI_ID, baudrate=board.SPI_BAUD,
            sck=Pin(board.SPI_SCK_PIN), mosi=Pin(board.SPI_MOSI_PIN), miso=Pin(board.SPI_MISO_PIN),
        )  # fmt: skip
        # Start bit, single ended, three bits of channel, so placed that the 12 bits end with the third byte.
        self._commands = [bytes((0x06 | ch >> 2, (ch & 3) << 6, 0)) for ch in board.MCP3208_CHANNELS]
        self._answer = bytearray(3)

    def sample(self):
        """Read every channel once."""
        for i in range(_N_ADC):
            self.counts[i] = self._adcs[i].read_u16() >> 4
            self._convert(i)
        for i in range(_N_ADC, len(self._commands)):
            self._convert(i)

    def slipped(self):
        """How often samples were lost or not where they belong."""
        return 0

    def stopped(self):
        """Whether the chip's own converter gives nothing any more."""
        return False

    def _convert(self, i):
        answer = self._answer
        self._select.value(0)
        self._spi.write_readinto(self._commands[i], answer)
        self._select.value(1)
        self.counts[_N_ADC + i] = (answer[1] & 15) << 8 | answer[2]


_N = STATUS.index["n"]
_PERIOD = STATUS.index["period_ms"]
_SUMS = STATUS.index[CHANNELS[0] + "_sum_counts"]  # sum, least, greatest of each channel, one after the other
_VI = STATUS.index["vi_1_hi"]  # high and low part of each circuit's ΣV·I
_CURRENT, _VOLTAGE = CHANNELS.index("current_1"), CHANNELS.index("voltage_1")


class Sums:
    """What STATUS carries of the samples since the last one: at most MAX_SAMPLES, the first of the period.

    The sums are kept in the value list of the message itself. ΣV·I is split at 2^12, so each part stays below 2^18.
    """

    def __init__(self, clock):
        self.values = STATUS.new()
        self._s = self._ms = 0
        self.clear(clock)

    def clear(self, clock):
        """Begin a period."""
        values = self.values
        values[_N] = 0
        for i in range(_SUMS, _SUMS + 3 * N_CHANNELS + 2 * N_CIRCUITS):
            values[i] = 0
        self._s, self._ms = clock.s, clock.ms_part()

    def add(self, counts):
        """Take one sample of every channel."""
        values = self.values
        n = values[_N]
        if n >= MAX_SAMPLES:
            return
        values[_N] = n + 1
        at = _SUMS
        for i in range(N_CHANNELS):
            x = counts[i]
            values[at] += x
            if n == 0 or x < values[at + 1]:
                values[at + 1] = x
            if x > values[at + 2]:
                values[at + 2] = x
            at += 3
        for c in range(N_CIRCUITS):
            product = counts[_CURRENT + c] * counts[_VOLTAGE + c]
            values[_VI + 2 * c] += product >> 12
            values[_VI + 2 * c + 1] += product & 4095

    def close(self, clock):
        """Set the period's length, as differences of the uptime in whole ms, so that no ms is lost between periods."""
        seconds = min(clock.s - self._s, 60)
        self.values[_PERIOD] = min(1000 * seconds + clock.ms_part() - self._ms, 60_000)
