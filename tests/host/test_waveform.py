"""A trip's waveform: the packing of the wire, and what counts mean by the scales of today."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink.messages import CHANNELS, TRACE_PART_BYTES, TRACE_PARTS, TRACE_TICKS
from tankwarden.logic import waveform
from tankwarden.logic.waveform import Waveform

COUNTS = st.lists(st.integers(0, 4095), max_size=64).map(lambda counts: counts[: len(counts) // 2 * 2])


@given(COUNTS)
def test_counts_come_back_as_they_were_packed(counts: list[int]) -> None:
    assert waveform.unpack(waveform.pack(counts)) == counts


def test_the_packing_is_that_of_the_wire() -> None:
    """Low byte; high nibble and the next one's low nibble; high byte."""
    assert waveform.pack([0xABC, 0x123]) == bytes([0xBC, 0x3A, 0x12])


def test_a_whole_waveform_is_as_long_as_its_parts() -> None:
    assert len(waveform.pack([0] * (TRACE_TICKS * len(CHANNELS)))) == TRACE_PARTS * TRACE_PART_BYTES


@pytest.mark.parametrize("counts", [[1], [4096, 0], [0, -1]])
def test_what_does_not_fit_is_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="in pairs, each from 0 to 4095"):
        waveform.pack(counts)


def kept(ticks: int, channels: int = len(CHANNELS)) -> Waveform:
    """Channel c reads 100·c at the first instant, and one more at each one after."""
    samples = waveform.pack(100 * place + tick for tick in range(ticks) for place in range(channels))
    return Waveform(
        board_id="b", boot_id=1, journal_id=2, at_tick=2, period_us=500, channels=channels, samples=samples
    )  # fmt: skip


def test_time_is_counted_from_the_trip_and_values_are_by_the_scale() -> None:
    shown = waveform.to_json(
        kept(4), {"current_2": ((0, 0.0), (1000, 10.0)), "reef_temperature": ((0, 32), (4000, 72))}
    )
    assert shown["t_ms"] == [-1.0, -0.5, 0.0, 0.5]
    assert (shown["period_us"], shown["at_tick"]) == (500, 2)
    assert list(shown["series"]) == list(CHANNELS)
    assert shown["series"]["current_2"] == {
        "unit": "A",
        "values": [1.0, 1.01, 1.02, 1.03],
        "counts": [100, 101, 102, 103],
    }
    assert shown["series"]["reef_temperature"]["unit"] == "°F"
    assert shown["series"]["reef_temperature"]["values"][0] == 39.0
    assert shown["series"]["reference"] == {"unit": None, "values": None, "counts": [600, 601, 602, 603]}, "no scale"


@pytest.mark.parametrize(
    ("channel", "unit"), [("current_1", "A"), ("voltage_2", "V"), ("temperature_1", "°F"), ("reference", "V")]
)
def test_every_channel_has_the_unit_of_its_scale(channel: str, unit: str) -> None:
    assert waveform.unit_of(channel) == unit


def test_a_channel_that_came_later_does_not_shift_the_others() -> None:
    """Nine channels a tick, as a later program may send: the known eight read what they are."""
    assert waveform.columns(kept(4, channels=9)) == {
        name: [100 * place + tick for tick in range(4)] for place, name in enumerate(CHANNELS)
    }  # fmt: skip
    assert list(waveform.columns(kept(4, channels=2))) == ["current_1", "current_2"]
