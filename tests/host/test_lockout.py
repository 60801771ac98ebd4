"""The night lock-out: around real sunsets and sunrises, at the poles, and cheap enough for every tick."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter

import pytest
from astral import Observer
from astral.sun import elevation, sunrise, sunset
from hypothesis import given, settings
from hypothesis import strategies as st

from tankwarden.logic.claims import Priority
from tankwarden.logic.lockout import Lock, Settings, lockout, sun_up

PHOENIX = Settings(33.45, -112.07, "America/Phoenix", before_sunset_min=30, after_sunrise_min=45)
MINUTE, DAY = 60_000, 86_400_000


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def at(year: int, month: int, day: int, hour: int = 12) -> int:
    return ms(datetime(year, month, day, hour, tzinfo=UTC))


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(33.45, -112.07), (-16.5, -151.74), (52.5, 13.4), (0.0, 179.9), (-45.0, 170.5)]
)
@pytest.mark.parametrize("month", [1, 3, 6, 9, 12])
def test_the_edges_are_the_suns(latitude: float, longitude: float, month: int) -> None:
    """Against astral's own sunrise and sunset, which are found by another formula."""
    here = Settings(latitude, longitude, "UTC", 30, 45)
    observer = Observer(latitude, longitude)
    for day in (date(2025, month, 20), date(2025, month, 21)):
        rise, down = ms(sunrise(observer, day)), ms(sunset(observer, day))
        assert lockout(here, rise + 43 * MINUTE).locked
        assert not lockout(here, rise + 47 * MINUTE).locked
        assert not lockout(here, down - 32 * MINUTE).locked
        assert lockout(here, down - 28 * MINUTE).locked


@settings(max_examples=60, deadline=None)
@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    minutes=st.integers(0, 366 * 1440),
    before=st.integers(0, 120),
    after=st.integers(0, 120),
)
def test_it_never_opens_in_the_dark(latitude: float, longitude: float, minutes: int, before: int, after: int) -> None:
    """Anywhere, at any time: open means that the sun is up now, was before, and will be."""
    now_ms = at(2025, 1, 1, 0) + minutes * MINUTE
    lock = lockout(Settings(latitude, longitude, "UTC", before, after), now_ms)
    observer = Observer(latitude, longitude)

    def height(offset_min: int) -> float:
        moment = datetime.fromtimestamp((now_ms + offset_min * MINUTE) / 1000, UTC)
        return elevation(observer, moment, with_refraction=False)

    heights = [height(offset) for offset in range(-after, before + 1, 15)]
    if not lock.locked:
        assert min(heights) > -0.9
    if lock.locked and min(height(offset) for offset in range(-after - 15, before + 16)) > -0.8:
        pytest.fail(f"locked although the sun is up from {after} min ago to {before} min ahead: {lock}")


def test_its_bounds_and_its_reason() -> None:
    night = lockout(PHOENIX, at(2025, 11, 22, 6))  # 23:00 at the site
    assert night.why == "night lock-out from 16:52 (30 min before sunset) to 07:51 (45 min after sunrise)"
    assert night.since_ms is not None
    assert night.until_ms is not None
    assert lockout(PHOENIX, night.since_ms).locked
    assert not lockout(PHOENIX, night.since_ms - 1).locked
    assert lockout(PHOENIX, night.until_ms - 1).locked
    assert not lockout(PHOENIX, night.until_ms).locked
    day = lockout(PHOENIX, at(2025, 11, 22, 19))
    assert day.why == "day, until 16:52"
    assert day.since_ms == night.until_ms


def test_the_reason_is_the_same_all_night() -> None:
    """One lock, one explanation: also over UTC's midnight, where the reckoning of days changes."""
    night = lockout(PHOENIX, at(2025, 11, 22, 6))
    assert night.since_ms is not None
    assert night.until_ms is not None
    seen = {lockout(PHOENIX, now_ms) for now_ms in range(night.since_ms, night.until_ms, 10 * MINUTE)}
    assert seen == {night}


TROMSO = Settings(69.65, 18.96, "Europe/Oslo")
POLE = Settings(90.0, 0.0, "UTC")


@pytest.mark.parametrize(
    ("here", "now_ms", "locked", "why"),
    [
        (TROMSO, at(2025, 12, 21), True, "night lock-out: the sun does not rise for days"),
        (TROMSO, at(2025, 6, 21, 0), False, "day, the sun does not set"),
        (POLE, at(2025, 12, 21), True, "night lock-out: the sun does not rise for days"),
        (POLE, at(2025, 6, 21), False, "day, the sun does not set"),
        (
            Settings(-77.85, 166.67, "Antarctica/McMurdo"),
            at(2025, 6, 21),
            True,
            "night lock-out: the sun does not rise for days",
        ),
    ],
)
def test_polar_days_and_nights(here: Settings, now_ms: int, locked: bool, why: str) -> None:
    assert (lockout(here, now_ms).locked, lockout(here, now_ms).why) == (locked, why)


def test_into_and_out_of_the_polar_night() -> None:
    """Tromsø: the days end in late November and begin again in mid January, with no day between that opens."""

    def opens(day: int) -> bool:
        midnight_ms = at(2025, 11, 1, 23) + day * DAY
        return not all(lockout(TROMSO, midnight_ms + quarter * 15 * MINUTE).locked for quarter in range(96))

    opened = [day for day in range(100) if opens(day)]
    last = max(day for day in opened if day < 50)
    first = min(day for day in opened if day > 50)
    assert opened == [*range(last + 1), *range(first, 100)]
    assert 20 <= last <= 30  # 21 November to 1 December
    assert 70 <= first <= 80  # 10 to 20 January
    dusk_ms = at(2025, 11, 1, 23) + (last + 1) * DAY
    assert lockout(TROMSO, dusk_ms).why.endswith("(30 min before sunset), the sun does not rise for days")


def test_a_day_shorter_than_both_margins_stays_locked() -> None:
    short = Settings(33.45, -112.07, "America/Phoenix", before_sunset_min=360, after_sunrise_min=360)
    december = [lockout(short, at(2025, 12, 21, 0) + hour * 3_600_000) for hour in range(24)]
    assert all(lock.locked for lock in december)
    assert "2025-" in december[0].why or "2026-" in december[0].why  # so far away that the time alone would mislead


def test_no_margins_means_sun_up() -> None:
    bare = Settings(33.45, -112.07, "America/Phoenix", 0, 0)
    rise = ms(sunrise(Observer(33.45, -112.07), date(2025, 3, 20)))
    assert lockout(bare, rise - 2 * MINUTE).locked
    assert not lockout(bare, rise + 2 * MINUTE).locked


def test_its_claim_is_safety_and_only_while_it_is_locked() -> None:
    now_ms = at(2025, 11, 22, 6)
    night = lockout(PHOENIX, now_ms)
    claim = night.claim("circuit-1", now_ms)
    assert claim is not None
    assert (claim.value, claim.priority, claim.why, claim.since_ms) == (
        False,
        Priority.SAFETY,
        night.why,
        night.since_ms,
    )
    noon_ms = at(2025, 11, 22, 19)
    assert lockout(PHOENIX, noon_ms).claim("circuit-1", noon_ms) is None
    assert Lock(True, "polar night", None, None).claim("circuit-1", 7) == claim.__class__(
        "circuit-1", False, Priority.SAFETY, "lockout", "polar night", 7, id="lockout"
    )


def test_it_is_cheap_enough_for_every_tick() -> None:
    now_ms = at(2025, 11, 22, 6)
    lockout(PHOENIX, now_ms)
    sun_up.cache_clear()
    begin = perf_counter()
    for second in range(0, 6 * 3600, 20):
        lockout(PHOENIX, now_ms + second * 1000)
    assert sun_up.cache_info().misses == 1
    assert perf_counter() - begin < 1.0


def test_a_year_has_a_night_every_night_at_home() -> None:
    midnight = datetime(2025, 1, 1, 7, tzinfo=UTC)
    for day in range(0, 365, 7):
        assert lockout(PHOENIX, ms(midnight + timedelta(days=day))).locked
        assert not lockout(PHOENIX, ms(midnight + timedelta(days=day, hours=12))).locked
