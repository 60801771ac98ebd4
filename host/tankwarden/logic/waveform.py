"""A trip's waveform: twelve-bit counts of every channel, packed as the Pico sends them, and what they mean. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tanklink.messages import CHANNELS
from tankwarden.logic.scaling import Points, value_at

COUNTS_MAX = 4095


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """What the Pico kept of a trip, which (board_id, journal_id, boot_id) name.

    samples: counts of `channels` channels, instant after instant, two in three bytes; None: the Pico has kept none.
    at_tick: index of the instant at which it tripped. period_us: from instant to instant.
    """

    board_id: str
    boot_id: int
    journal_id: int
    at_tick: int = 0
    period_us: int = 0
    channels: int = len(CHANNELS)
    samples: bytes | None = None


def pack(counts: Iterable[int]) -> bytes:
    """Two samples in three bytes: low byte, high nibble and the next one's low nibble, high byte.

    ValueError for an odd number of them, or one that is not 0 to 4095.
    """
    flat = list(counts)
    if len(flat) % 2 or any(not 0 <= count <= COUNTS_MAX for count in flat):
        raise ValueError("counts come in pairs, each from 0 to 4095")
    packed = bytearray()
    for first, second in zip(flat[::2], flat[1::2], strict=True):
        packed += bytes((first & 0xFF, first >> 8 | (second & 0xF) << 4, second >> 4))
    return bytes(packed)


def unpack(samples: bytes) -> list[int]:
    """What pack() packed."""
    flat = []
    for low, middle, high in zip(samples[::3], samples[1::3], samples[2::3], strict=True):
        flat += [low | (middle & 0xF) << 8, middle >> 4 | high << 4]
    return flat


def columns(waveform: Waveform) -> dict[str, list[int]]:
    """The counts of each channel; a channel of a later program, without a name here, is left out."""
    flat = unpack(waveform.samples or b"")
    return {
        name: flat[place :: waveform.channels]
        for place, name in enumerate(CHANNELS)
        if place < waveform.channels
    }  # fmt: skip


def to_json(waveform: Waveform, scales: Mapping[str, Points]) -> dict[str, Any]:
    """{"period_us", "at_tick", "t_ms": […], "series": {channel: {"unit", "values": […], "counts": […]}}}

    t_ms: from the trip on, negative before. values: by the scales of today; null, like the unit, without a scale.
    """
    counts = columns(waveform)
    length = len(next(iter(counts.values()), []))
    return {
        "period_us": waveform.period_us,
        "at_tick": waveform.at_tick,
        "t_ms": [round((tick - waveform.at_tick) * waveform.period_us / 1000, 3) for tick in range(length)],
        "series": {name: _series(name, raw, scales.get(name)) for name, raw in counts.items()},
    }


def _series(channel: str, counts: Sequence[int], points: Points | None) -> dict[str, Any]:
    if points is None:
        return {"unit": None, "values": None, "counts": counts}
    by_count = {count: round(value_at(points, count), 3) for count in set(counts)}
    return {"unit": unit_of(channel), "values": [by_count[count] for count in counts], "counts": counts}


def unit_of(channel: str) -> str:
    """Of a channel's values, as its scale gives them."""
    if "temperature" in channel:
        return "°F"
    return "A" if channel.startswith("current") else "V"
