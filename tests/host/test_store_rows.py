"""The measurements row: its bits, its bounds and its columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanklink.messages import BOARD_STATES, CHANNELS, CIRCUIT_STATES, STATUS
from tankwarden.logic.quality import Quality
from tankwarden.store import MeasurementRow, pack_quality, pack_states, unpack_quality, unpack_states
from tankwarden.store.models import Measurement
from tankwarden.store.rows import COLUMNS, QUALITIES, quality_mask

STATES = st.tuples(
    st.integers(0, len(BOARD_STATES) - 1),
    st.integers(0, len(CIRCUIT_STATES) - 1),
    st.integers(0, len(CIRCUIT_STATES) - 1),
    st.integers(0, 15),
    st.integers(0, 3),
)


@given(STATES)
def test_states_come_back_as_they_were_packed(states: tuple[int, int, int, int, int]) -> None:
    assert tuple(unpack_states(pack_states(*states))) == states


def test_every_state_that_status_can_carry_fits() -> None:
    """A new state or circuit state must not spill into its neighbour's bits."""
    high = [
        STATUS.fields[STATUS.index[name]].high for name in ("state", "circuit_1", "circuit_2", "relays", "fault_lines")
    ]
    assert tuple(unpack_states(pack_states(*high))) == tuple(high)


def test_rows_from_before_a_circuit_had_a_fifth_state_read_as_they_did() -> None:
    """Board in bits 0-2, circuits in 3-4 and 5-6, relays in 7-10, fault lines in 11-12; what came later lies behind."""
    assert tuple(unpack_states(3 | 2 << 3 | 1 << 5 | 0b0011 << 7 | 0b11 << 11)) == (3, 2, 1, 0b0011, 0b11)
    assert pack_states(0, 4, 0, 0, 0) == 1 << 13
    assert pack_states(0, 0, 4, 0, 0) == 1 << 14


def test_a_state_too_big_for_its_bits_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="relays is 16, not 0 to 15"):
        pack_states(0, 0, 0, 16, 0)


@given(st.dictionaries(st.sampled_from(CHANNELS), st.sampled_from(Quality)))
def test_qualities_come_back_and_what_is_left_out_is_ok(qualities: dict[str, Quality]) -> None:
    expected = {channel: qualities.get(channel, Quality.OK) for channel in CHANNELS}
    assert unpack_quality(pack_quality(qualities)) == expected


@given(st.sampled_from(CHANNELS), st.sampled_from(CHANNELS), st.sampled_from(QUALITIES))
def test_a_mask_sees_its_own_channel_only(asked: str, bad: str, quality: Quality) -> None:
    seen = bool(pack_quality({bad: quality}) & quality_mask(asked))
    assert seen == (asked == bad and quality is not Quality.OK)


def test_every_quality_has_its_number() -> None:
    assert set(QUALITIES) == set(Quality)
    assert QUALITIES[0] is Quality.OK  # 0 is what SQL takes for good


def test_an_unknown_channel_or_quality_is_refused() -> None:
    with pytest.raises(ValueError, match="'voltage_3' is no channel"):
        pack_quality({"voltage_3": "ok"})
    with pytest.raises(ValueError, match="fine"):
        pack_quality({"voltage_1": "fine"})


@pytest.mark.parametrize(
    ("sums", "vi", "n"),
    [
        ((1,) * 7, (1, 1), 1),
        ((1,) * 8, (1,), 1),
        ((1,) * 8, (1, 1 << 63), 1),
        ((1,) * 8, (1, -1), 1),
        ((1,) * 8, (1, 1), 1.0),
    ],
)
def test_a_row_no_database_could_hold_is_refused_where_it_is_made(
    sums: tuple[int, ...], vi: tuple[int, ...], n: int
) -> None:
    with pytest.raises(ValueError, match="a row takes"):
        MeasurementRow(1, 1, n, sums, vi)


def test_columns_are_the_tables_and_follow_the_channels() -> None:
    """Rows are inserted by place: the order of values(), columns and channels must be one."""
    assert [field.column_name for field in Measurement._meta.sorted_fields] == list(COLUMNS)
    counts = MeasurementRow(1, 2, 3, tuple(range(10, 18)), (20, 21), 30, 31)
    assert dict(zip(COLUMNS, counts.values(), strict=True)) == {
        "ts": 1, "period_ms": 2, "n": 3, "vi_1_sum": 20, "vi_2_sum": 21, "states": 30, "quality": 31,
    } | {f"{channel}_sum": 10 + place for place, channel in enumerate(CHANNELS)}  # fmt: skip
