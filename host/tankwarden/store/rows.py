"""The wide row of one tick: what it holds, and how states and qualities fit into an integer each.

Raw sums of counts only: a value is made when it is read, so that a better calibration needs no row rewritten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tanklink.messages import CHANNELS, N_CIRCUITS
from tankwarden.logic.quality import Quality

# Three bits a channel. The order is part of the database: append, never reorder.
QUALITIES = (
    Quality.OK, Quality.STALE, Quality.OPEN, Quality.SHORT, Quality.STUCK, Quality.IMPLAUSIBLE, Quality.MISSING,
)  # fmt: skip
_QUALITY_BITS = 3
# (field, the lowest of its bits that these are, how many), from bit 0 on. A circuit's third bit stands behind the rest,
# for rows that were written when there were only four states of a circuit. Append, never reorder.
_STATE_BITS = (
    ("board", 0, 3), ("circuit_1", 0, 2), ("circuit_2", 0, 2), ("relays", 0, 4), ("fault_lines", 0, 2),
    ("circuit_1", 2, 1), ("circuit_2", 2, 1),
)  # fmt: skip
_STATE_MOST = {"board": 7, "circuit_1": 7, "circuit_2": 7, "relays": 15, "fault_lines": 3}
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """The sums of every raw sample of the period that *ended* at ts_ms.

    ts_ms: UTC ms, the key: a later row with the same ts_ms replaces the earlier one.
    period_ms: covered by the sums, on the Pico's monotonic clock (in a simulation that runs fast, less than wall time).
    n: samples in each sum; 0 = the period has no sample, and every mean of it is unknown.
    sums: Σ counts of each channel, in the order of tanklink's CHANNELS.
    vi: Σ (voltage counts × current counts) of circuits 1 and 2.
    states: pack_states(...). quality: pack_quality(...).

    ValueError for a row that no database could hold: it is refused here, where its maker can be seen.
    """

    ts_ms: int
    period_ms: int
    n: int
    sums: tuple[int, ...]
    vi: tuple[int, ...]
    states: int = 0
    quality: int = 0

    def __post_init__(self) -> None:
        if len(self.sums) != len(CHANNELS) or len(self.vi) != N_CIRCUITS:
            given = f"not {len(self.sums)} and {len(self.vi)}"
            raise ValueError(f"a row takes {len(CHANNELS)} channel sums and {N_CIRCUITS} sums of V·I, {given}")
        for value in self.values():
            if type(value) is not int or not 0 <= value < _INT64:
                raise ValueError(f"a row takes whole numbers from 0 to 2^63 − 1, not {value!r}")

    def values(self) -> tuple[int, ...]:
        """In the order of the table's columns."""
        return (self.ts_ms, self.period_ms, self.n, *self.sums, *self.vi, self.states, self.quality)

    def named(self) -> dict[str, int]:
        """By the names of the table's columns."""
        return dict(zip(COLUMNS, self.values(), strict=True))


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading of a probe that does not hang on the Pico. measured: as its driver read it, None = no number."""

    sensor: str
    ts_ms: int
    measured: float | None
    quality: Quality

    def named(self) -> dict[str, str | int | float | None]:
        """By the names of the table's columns."""
        return {
            "sensor": self.sensor, "ts": self.ts_ms, "measured": self.measured,
            "quality": QUALITIES.index(self.quality),
        }  # fmt: skip


COLUMNS = (
    "ts", "period_ms", "n", *(f"{channel}_sum" for channel in CHANNELS),
    *(f"vi_{circuit}_sum" for circuit in range(1, N_CIRCUITS + 1)), "states", "quality",
)  # fmt: skip


class States(NamedTuple):
    """The board at the end of the period: indices into tanklink's BOARD_STATES and CIRCUIT_STATES, and bit masks."""

    board: int
    circuit_1: int
    circuit_2: int
    relays: int
    fault_lines: int


def pack_states(board: int, circuit_1: int, circuit_2: int, relays: int, fault_lines: int) -> int:
    """STATUS's fields of these names in one integer: bits 0-2, 3-4 and 13, 5-6 and 14, 7-10, 11-12.

    ValueError if one is too big.
    """
    states = States(board, circuit_1, circuit_2, relays, fault_lines)._asdict()
    for name, most in _STATE_MOST.items():
        if not 0 <= states[name] <= most:
            raise ValueError(f"{name} is {states[name]}, not 0 to {most}")
    packed = shift = 0
    for name, low, bits in _STATE_BITS:
        packed |= (states[name] >> low & (1 << bits) - 1) << shift
        shift += bits
    return packed


def unpack_states(states: int) -> States:
    """What pack_states packed."""
    values = dict.fromkeys(_STATE_MOST, 0)
    for name, low, bits in _STATE_BITS:
        values[name] |= (states & (1 << bits) - 1) << low
        states >>= bits
    return States(**values)


def pack_quality(qualities: Mapping[str, str]) -> int:
    """channel → quality as one integer, three bits a channel; one left out is ok (0). ValueError for unknown names."""
    packed = 0
    for channel, quality in qualities.items():
        if channel not in CHANNELS:
            raise ValueError(f"{channel!r} is no channel of the Pico: {', '.join(CHANNELS)}")
        packed |= QUALITIES.index(Quality(quality)) << quality_shift(channel)
    return packed


def unpack_quality(quality: int) -> dict[str, Quality]:
    """What pack_quality packed, every channel of CHANNELS in it."""
    return {
        channel: QUALITIES[(quality >> quality_shift(channel)) & ((1 << _QUALITY_BITS) - 1)] for channel in CHANNELS
    }


def quality_shift(channel: str) -> int:
    return _QUALITY_BITS * CHANNELS.index(channel)


def quality_mask(*channels: str) -> int:
    """The bits of these channels: `quality & mask = 0` in SQL means that all of them were ok."""
    return sum(((1 << _QUALITY_BITS) - 1) << quality_shift(channel) for channel in channels)
