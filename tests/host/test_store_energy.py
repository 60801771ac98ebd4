"""Energy of a span: what each row covers, what a gap adds, and that remembering changes no number."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from store_kit import AMPERES, CALIBRATION, HOUR, KW, T0, VOLTS, opened, row

from tankwarden.logic.energy import power_w
from tankwarden.store import Calibration, MeasurementRow, Queries, Store, pack_quality

pytestmark = pytest.mark.usefixtures("each_database")

OFF = (3400, 400)  # 340 V and 0 A
W700 = (1750, 800)  # 175 V and 4 A
TEN_MIN = 600_000


@contextmanager
def kept(*rows: MeasurementRow, calibration: Calibration = CALIBRATION) -> Iterator[tuple[Store, Queries]]:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "a.db") as store:
        store.recorder.measurements(rows)
        yield store, store.queries(calibration)


def seconds(count: int, start_ms: int = T0, step_ms: int = 1000) -> list[MeasurementRow]:
    """Rows of 1 kW, the first at start_ms."""
    return [row(start_ms + k * step_ms) for k in range(count)]


# -- the rule -----------------------------------------------------------------------------------------------------


def test_a_constant_kilowatt_hour_is_one_kilowatt_hour() -> None:
    with kept(*seconds(3601)) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(1000.0, rel=1e-4)
        assert queries.energy_wh("west", T0, T0 + HOUR) == pytest.approx(0.0, abs=1e-9)


def test_wall_time_counts_and_not_the_picos(tmp_path: Path) -> None:
    """In a simulation at 360 times the speed a row a second of the Pico is one in six minutes of the wall clock."""
    rows = [replace(each, period_ms=100) for each in seconds(101, step_ms=36_000)]
    with kept(*rows) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(1000.0, rel=1e-4)


def test_the_mean_of_a_row_belongs_to_the_time_before_it() -> None:
    with kept(row(T0, KW), row(T0 + 10_000, W700), row(T0 + 20_000, OFF)) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + 10_000) == pytest.approx(700 * 10 / 3600)
        assert queries.energy_wh("east", T0 + 10_000, T0 + 20_000) == pytest.approx(0.0, abs=1e-9)


def test_a_gap_adds_at_most_max_gap() -> None:
    """Two hours without a row, then a spike of 700 W: not 1.4 kWh, as others reckon."""
    rows = [row(T0, OFF), row(T0 + 2 * HOUR, W700), row(T0 + 2 * HOUR + 1000, OFF)]
    with kept(*rows) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + 3 * HOUR) == pytest.approx(60 * 700 / 3600)


def test_the_first_row_of_all_covers_its_own_period() -> None:
    with kept(row(T0, period_ms=5000)) as (_, queries):
        assert queries.energy_wh("east", T0 - HOUR, T0 + HOUR) == pytest.approx(5 * 1000 / 3600)
    with kept(row(T0, period_ms=90_000)) as (_, queries):
        assert queries.energy_wh("east", T0 - HOUR, T0 + HOUR) == pytest.approx(60 * 1000 / 3600)


def test_a_span_cuts_the_rows_that_reach_over_its_ends() -> None:
    with kept(row(T0), row(T0 + 60_000)) as (_, queries):
        assert queries.energy_wh("east", T0 + 10_000, T0 + 25_000) == pytest.approx(15 * 1000 / 3600)


@pytest.mark.parametrize(
    ("t0", "t1"), [(T0, T0), (T0 + 1000, T0), (T0 + HOUR, T0 + 2 * HOUR), (T0 - HOUR, T0 - 10_000)]
)
def test_a_span_without_time_or_rows_has_no_energy(t0: int, t1: int) -> None:
    with kept(*seconds(10)) as (_, queries):
        assert queries.energies_wh(t0, t1) == {"east": 0.0, "west": 0.0}


def test_order_of_arrival_does_not_matter() -> None:
    rows = seconds(100)
    with kept(*rows[::-1]) as (_, backward), kept(*rows) as (_, forward):
        span = (T0 - HOUR, T0 + HOUR)
        assert backward.energies_wh(*span) == pytest.approx(forward.energies_wh(*span))


def test_of_two_rows_of_one_instant_the_later_counts() -> None:
    with kept(row(T0), row(T0 + 10_000, OFF), row(T0 + 10_000, W700)) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(700 * 10 / 3600)


def test_time_that_the_clock_shows_twice_counts_once() -> None:
    """The clock is set back by half an hour: its hour is never more than an hour of 1 kW."""
    first, second = seconds(3601), seconds(1801, T0 + HOUR // 2 + 500)
    with kept(*first, *second) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(1000.0, rel=1e-4)


@pytest.mark.parametrize("bad", ["voltage_1", "current_1"])
@pytest.mark.parametrize("quality", ["stale", "open", "short", "stuck", "implausible", "missing"])
def test_a_row_that_is_not_ok_covers_its_time_with_nothing(bad: str, quality: str) -> None:
    bad_row = row(T0 + 20_000, quality=pack_quality({bad: quality}))
    with kept(row(T0), row(T0 + 10_000), bad_row, row(T0 + 30_000)) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(20 * 1000 / 3600)


def test_another_channels_fault_costs_no_energy() -> None:
    rows = [row(T0 + k * 1000, quality=pack_quality({"voltage_2": "open", "temperature_1": "open"})) for k in range(61)]
    with kept(*rows) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(60 * 1000 / 3600)


def test_a_row_without_samples_covers_its_time_with_nothing() -> None:
    with kept(row(T0), row(T0 + 10_000, n=0), row(T0 + 20_000)) as (_, queries):
        assert queries.energies_wh(T0, T0 + HOUR) == pytest.approx({"east": 10 * 1000 / 3600, "west": 0.0})


def test_power_is_the_mean_of_the_products_as_in_logic() -> None:
    """V and I that swing together: ΣV·I tells more than ΣV·ΣI."""
    swing = MeasurementRow(
        T0 + 10_000, 1000, 2, (600 + 1000, 0, 1000 + 3000, 0, 0, 0, 0, 0), (600 * 1000 + 1000 * 3000, 0)
    )
    watts = power_w(4000, 1600, 3_600_000, 2, VOLTS, AMPERES)
    assert watts is not None, "there are samples"
    assert watts == pytest.approx((100 * 2 + 300 * 6) / 2)
    with kept(row(T0), swing) as (_, queries):
        assert queries.energy_wh("east", T0, T0 + HOUR) == pytest.approx(watts * 10 / 3600)


def test_an_unknown_circuit_is_refused_by_name() -> None:
    with (
        kept() as (_, queries),
        pytest.raises(ValueError, match="'north' is no circuit of this calibration: east, west"),
    ):
        queries.energy_wh("north", T0, T0 + 1)


# -- against a plain reckoning ------------------------------------------------------------------------------------


def reckon(rows: Iterable[MeasurementRow], t0: int, t1: int, gap_ms: int) -> float:
    """The rule of statements.py once more, row by row."""
    watt_ms, before = 0.0, None
    for ts, each in sorted({each.ts_ms: each for each in rows}.items()):
        covers = min(each.period_ms if before is None else ts - before, gap_ms)
        before = ts
        watts = power_w(each.sums[2], each.sums[0], each.vi[0], each.n, VOLTS, AMPERES)
        if watts is not None and each.quality == 0:
            watt_ms += watts * max(0, min(ts, t1) - max(ts - covers, t0))
    return watt_ms / 3_600_000


# Two whole pieces of remembered energy and some, with gaps, and instants that fall on their ends.
INSTANTS = st.one_of(
    st.integers(0, 45 * 60).map(lambda s: T0 + s * 1000), st.sampled_from([T0, T0 + TEN_MIN, T0 + HOUR // 2])
)
ROWS = st.builds(
    row, INSTANTS, st.sampled_from([KW, OFF, W700]), n=st.sampled_from([0, 1, 20, 20, 20]),
    quality=st.sampled_from([0, 0, 0, pack_quality({"current_1": "stuck"})]), period_ms=st.integers(1, 90_000),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=40), st.lists(ROWS, max_size=10), INSTANTS, INSTANTS, st.integers(1, 900), st.data())
@example([row(T0 + 1000), row(T0 + HOUR)], [row(T0 + TEN_MIN + 1)], T0, T0 + HOUR // 2, 60, None)
def test_any_rows_stored_waiting_or_late_sum_up_to_the_plain_reckoning(
    stored: list[MeasurementRow],
    late: list[MeasurementRow],
    one: int,
    other: int,
    gap_s: int,
    data: st.DataObject | None,
) -> None:
    """Also what is remembered: asked again with rows waiting, then written, then with more that come late."""
    t0, t1 = sorted((one, other))
    asked = t0 if data is None else data.draw(st.integers(t0, t1))
    with kept(*stored, calibration=replace(CALIBRATION, max_gap_s=gap_s)) as (store, queries):
        have = list(stored)

        def check() -> None:
            expected = reckon(have, t0, t1, gap_s * 1000)
            assert queries.energy_wh("east", t0, t1) == pytest.approx(expected, abs=1e-9)
            parts = queries.energy_wh("east", t0, asked) + queries.energy_wh("east", asked, t1)
            assert parts == pytest.approx(expected, abs=1e-9)

        check()
        for each in late:
            store.recorder.measurement(each)
            have.append(each)
        check()
        store.recorder.flush()
        check()
        store.recorder.measurements(late[:1])  # they replace themselves
        have.extend(late[:1])
        check()


@pytest.mark.sqlite
def test_what_is_remembered_is_not_read_again() -> None:
    """The file is exchanged below the reader: closed pieces still are as they were, and no row was read for them."""
    with kept(*seconds(7201)) as (store, queries):
        span = (T0, T0 + HOUR)
        before = queries.energies_wh(*span)
        path = Path(store.name)
        path.rename(path.with_name("moved.db"))
        for companion in ("a.db-wal", "a.db-shm"):
            path.with_name(companion).unlink()
        assert queries.energies_wh(*span) == before
