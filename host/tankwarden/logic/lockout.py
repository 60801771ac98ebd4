"""The night lock-out: no heating from some minutes before sunset to some minutes after sunrise, by the sun at the site.

Sunrise and sunset are where the sun's centre passes −0.833° (its radius and the refraction at the horizon; Meeus,
Astronomical Algorithms, ch. 15). They are sought in astral's elevation rather than asked for, so that polar days and
nights need no case of their own and a rise is always followed by a set.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tankwarden.logic.claims import Claim, Priority

HORIZON_DEG = -0.833
_DAY_MS = 86_400_000
_STEP_MS = 900_000  # sought in steps of a quarter of an hour: a shorter day or night does not count
_DAYS_BEFORE, _DAYS_AFTER = 2, 3  # around the day in question


@dataclass(frozen=True, slots=True)
class Settings:
    """Where, and how long before sunset and after sunrise. zone: for the wall times in the reason."""

    latitude: float
    longitude: float
    zone: str
    before_sunset_min: int = 30
    after_sunrise_min: int = 30


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether it is locked, why, and from when to when this stays so, UTC ms; None = not within days."""

    locked: bool
    why: str
    since_ms: int | None
    until_ms: int | None

    def claim(self, output: str, now_ms: int) -> Claim | None:
        """The claim of safety while it is locked."""
        if not self.locked:
            return None
        since_ms = now_ms if self.since_ms is None else self.since_ms
        return Claim(output, False, Priority.SAFETY, "lockout", self.why, since_ms, id="lockout")


def lockout(settings: Settings, now_ms: int) -> Lock:
    """The lock-out at now_ms (UTC). Cheap: the sun of a day is reckoned once."""
    before_ms, after_ms = settings.before_sunset_min * 60_000, settings.after_sunrise_min * 60_000
    begin_ms: int | None = None  # of the lock that is on, or that comes next
    for rise_ms, set_ms in sun_up(settings.latitude, settings.longitude, now_ms // _DAY_MS):
        open_ms = None if rise_ms is None else rise_ms + after_ms
        close_ms = None if set_ms is None else set_ms - before_ms
        if open_ms is not None and close_ms is not None and open_ms >= close_ms:
            continue  # a day too short to open at all
        if open_ms is not None and now_ms < open_ms:
            return Lock(True, _why(settings, now_ms, begin_ms, open_ms), begin_ms, open_ms)
        if close_ms is None or now_ms < close_ms:
            until = "the sun does not set" if close_ms is None else f"until {_local(settings, now_ms, close_ms)}"
            return Lock(False, f"day, {until}", open_ms, close_ms)
        begin_ms = close_ms
    return Lock(True, _why(settings, now_ms, begin_ms, None), begin_ms, None)


def _why(settings: Settings, now_ms: int, since_ms: int | None, until_ms: int | None) -> str:
    """E.g. `night lock-out from 17:12 (30 min before sunset) to 07:58 (30 min after sunrise)`."""
    if since_ms is None and until_ms is None:
        return "night lock-out: the sun does not rise for days"
    text = "night lock-out"
    if since_ms is not None:
        text += f" from {_local(settings, now_ms, since_ms)} ({settings.before_sunset_min} min before sunset)"
    if until_ms is None:
        return text + ", the sun does not rise for days"
    return text + f" to {_local(settings, now_ms, until_ms)} ({settings.after_sunrise_min} min after sunrise)"


def _local(settings: Settings, now_ms: int, at_ms: int) -> str:
    """Wall time at the site; with the date where that is not within a day of now."""
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(settings.zone))
    return local.strftime("%H:%M" if abs(at_ms - now_ms) < _DAY_MS else "%Y-%m-%d %H:%M")


@lru_cache(maxsize=64)
def sun_up(latitude: float, longitude: float, utc_day: int) -> tuple[tuple[int | None, int | None], ...]:
    """(sunrise, sunset) in UTC ms of each time that the sun is up in the days around utc_day (days since 1970).

    None stands for a rise or a set that lies beyond those days.
    """
    begin_ms, end_ms = (utc_day - _DAYS_BEFORE) * _DAY_MS, (utc_day + _DAYS_AFTER) * _DAY_MS
    times: list[tuple[int | None, int | None]] = []
    up = _is_up(latitude, longitude, begin_ms)
    rise_ms: int | None = None
    for at_ms in range(begin_ms + _STEP_MS, end_ms + 1, _STEP_MS):
        if _is_up(latitude, longitude, at_ms) == up:
            continue
        edge_ms = _edge(latitude, longitude, at_ms - _STEP_MS, at_ms, up)
        if up:
            times.append((rise_ms, edge_ms))
        else:
            rise_ms = edge_ms
        up = not up
    return (*times, (rise_ms, None)) if up else tuple(times)


def _edge(latitude: float, longitude: float, low_ms: int, high_ms: int, up: bool) -> int:
    """The instant, to a second, at which the sun is no longer as `up` says."""
    while high_ms - low_ms > 1000:
        middle_ms = (low_ms + high_ms) // 2
        if _is_up(latitude, longitude, middle_ms) == up:
            low_ms = middle_ms
        else:
            high_ms = middle_ms
    return high_ms


def _is_up(latitude: float, longitude: float, at_ms: int) -> bool:
    from astral import Observer  # here, since a host without hot water never needs it
    from astral.sun import elevation

    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return bool(elevation(Observer(latitude, longitude), at, with_refraction=False) > HORIZON_DEG)
