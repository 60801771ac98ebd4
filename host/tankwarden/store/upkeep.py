"""What the recorder's thread does besides writing what it is given: minutes made of rows, older rows thinned out.

New rows close minutes, which are made five at a time in the transaction that stores those rows: a page of the table
written every minute would wear the card by a fifth more. What is left over (a database of before there were minutes,
another max_gap_s) is made up in portions while nothing else is to be written, from the newest backwards; then, if
keep_raw_days says so, rows that their minutes stand for are deleted, in portions too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from peewee import Database, fn

from tankwarden.logic.meters import CircuitMeter
from tankwarden.store import hours_made, minutes, writes
from tankwarden.store.dialect import execute, execute_many
from tankwarden.store.minutes import MINUTE_MS, Row, whole_ms
from tankwarden.store.models import ConfigEntry, Measurement
from tankwarden.store.rows import COLUMNS

RAW_FROM = "raw_from_ms"  # remembered setting: up to here minutes count, behind it rows
MADE_FROM = "minutes_made"  # remembered setting: {"from_ms": minutes are whole from here on, "gap_ms": with that gap}
_TOGETHER_MS = 5 * MINUTE_MS
_PORTION_MS = 3_600_000
_DAY_MS = 86_400_000
_TS = COLUMNS.index("ts")
_TAIL_LIMIT = 7_200  # rows of minutes that are not closed yet


@dataclass(frozen=True, slots=True)
class Upkeep:
    """gap_ms: the longest time that one row covers. keep_raw_days: rows are deleted after so long; 0 = never.

    meters: the scales by which peaks are told.
    """

    gap_ms: int = 60_000
    keep_raw_days: int = 0
    meters: tuple[CircuitMeter, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Of what is committed. newest_ms: of all rows. made_ms: up to here minutes are made. tail: the rows behind that,
    and the one before them; None = not known, ask the database."""

    newest_ms: int = -1
    made_ms: int = 0
    tail: tuple[Row, ...] | None = None
    made_from_ms: int = 0
    raw_from_ms: int = 0


class Keeper:
    """Every method runs in a transaction of the caller's and returns the state that holds once it is committed."""

    def __init__(self, upkeep: Upkeep) -> None:
        self.upkeep = upkeep
        self.state = State()

    def opened(self, db: Database) -> State:
        """The database was opened, perhaps another one."""
        newest = Measurement.select(fn.MAX(Measurement.ts)).scalar(db)
        newest_ms = -1 if newest is None else int(newest)
        told = _setting(db, MADE_FROM) or {}
        same = told.get("gap_ms") == self.upkeep.gap_ms
        made_ms = reach_ms(db)
        made_from_ms = int(told.get("from_ms", 0)) if same else max(0, made_ms or whole_ms(newest_ms))
        if not same:
            self._remember(db, made_from_ms)
        return State(newest_ms, made_ms or made_from_ms, None, made_from_ms, int(_setting(db, RAW_FROM) or 0))

    def stored(self, db: Database, rows: Sequence[Row]) -> State:
        """These were just inserted."""
        state = self.state
        times = [row[_TS] for row in rows]
        newest_ms = max(state.newest_ms, *times)
        ordered = all(early < late for early, late in zip((state.newest_ms, *times), times, strict=False))
        if not ordered:
            since_ms = min(times) - self.upkeep.gap_ms - 1
            hours_made.spoil(db, since_ms)
            days = {"t0": since_ms, "t1": max(times) + self.upkeep.gap_ms}
            execute(db, "DELETE FROM daily_summary WHERE end_ms > :t0 AND begin_ms < :t1", days)  # made anew soon
        end_ms, tail = whole_ms(newest_ms), state.tail
        if ordered and tail is not None:
            tail = (*tail, *rows) if len(tail) < _TAIL_LIMIT else None
        if ordered and end_ms - state.made_ms < _TOGETHER_MS:
            return replace(state, newest_ms=newest_ms, tail=tail)
        if ordered and tail is not None:
            self._close(db, tail, state.made_ms, end_ms)
        else:
            since_ms = whole_ms(min(min(times) - self.upkeep.gap_ms, state.made_ms))
            if not ordered:
                end_ms = min(end_ms, max(self._until_ms(db, max(times)), state.made_ms))
            self._make(db, max(since_ms, state.raw_from_ms, 0), end_ms)
            tail = self._tail(db, end_ms, newest_ms)
        return replace(state, newest_ms=newest_ms, made_ms=end_ms, tail=_trimmed(tail, end_ms))

    def behind(self) -> bool:
        """Whether there are minutes to be made up."""
        return self.state.made_from_ms > 0

    def catch_up(self, db: Database) -> State:
        """Make up one portion."""
        state = self.state
        before = execute(
            db, "SELECT MAX(ts) FROM measurements WHERE ts <= :t1 AND ts > :t0",
            {"t0": state.raw_from_ms, "t1": state.made_from_ms},
        ).fetchone()[0]  # fmt: skip
        if before is None:
            self._remember(db, 0)
            return replace(state, made_from_ms=0)
        end_ms = min(state.made_from_ms, whole_ms(int(before) + MINUTE_MS - 1))
        from_ms = max(whole_ms(end_ms - _PORTION_MS), whole_ms(state.raw_from_ms), 0)
        self._make(db, from_ms, end_ms)
        self._remember(db, from_ms)
        return replace(state, made_from_ms=from_ms)

    def thin(self, db: Database, now_ms: int) -> tuple[State, bool]:
        """Delete one portion of the rows that are old enough; and whether there are more."""
        state = self.state
        until_ms = whole_ms(now_ms - self.upkeep.keep_raw_days * _DAY_MS)
        if not self.upkeep.keep_raw_days or self.behind() or until_ms <= state.raw_from_ms:
            return state, False
        oldest = Measurement.select(fn.MIN(Measurement.ts)).scalar(db)
        if oldest is None or int(oldest) >= until_ms:
            return state, False
        portion_ms = min(until_ms, whole_ms(int(oldest)) + _PORTION_MS, state.made_ms)
        if portion_ms <= state.raw_from_ms:
            return state, False
        # The last row of them stays: it says where the time of the one behind it begins.
        execute(
            db,
            "DELETE FROM measurements WHERE ts < (SELECT MAX(ts) FROM measurements WHERE ts <= :until)",
            {"until": portion_ms},
        )
        writes.set_config(db, RAW_FROM, json.dumps(portion_ms))
        return replace(state, raw_from_ms=portion_ms), portion_ms < until_ms

    # -- inside -----------------------------------------------------------------------------------------------------

    def _make(self, db: Database, t0_ms: int, t1_ms: int) -> None:
        if t0_ms < t1_ms:
            minutes.make(db, t0_ms, t1_ms, self.upkeep.gap_ms, self.upkeep.meters)

    def _close(self, db: Database, tail: tuple[Row, ...], t0_ms: int, t1_ms: int) -> None:
        if t0_ms < t1_ms:
            made = minutes.moments(tail, t0_ms, t1_ms, self.upkeep.gap_ms, self.upkeep.meters)
            execute_many(db, minutes.INSERT, made)

    def _until_ms(self, db: Database, ts_ms: int) -> int:
        """The end of the last minute that a row at ts_ms has a part in: it changes what the one behind it covers."""
        behind = execute(db, "SELECT MIN(ts) FROM measurements WHERE ts > :ts", {"ts": ts_ms}).fetchone()[0]
        return whole_ms((ts_ms if behind is None else int(behind)) + MINUTE_MS - 1)

    def _tail(self, db: Database, made_ms: int, newest_ms: int) -> tuple[Row, ...]:
        return tuple(minutes.rows_of(db, made_ms, newest_ms + 1))

    def _remember(self, db: Database, made_from_ms: int) -> None:
        writes.set_config(db, MADE_FROM, json.dumps({"from_ms": made_from_ms, "gap_ms": self.upkeep.gap_ms}))


def reach_ms(db: Database) -> int:
    """The end of the newest minute that is made: behind it, only rows tell. 0 if there is none."""
    (made,) = execute(db, "SELECT MAX(ts) FROM measurement_minutes").fetchone()
    return 0 if made is None else int(made)


def _trimmed(tail: tuple[Row, ...], since_ms: int) -> tuple[Row, ...] | None:
    """From the last row up to since_ms on."""
    first = 0
    for place, row in enumerate(tail):
        if row[_TS] > since_ms:
            break
        first = place
    kept = tail[first:]
    return kept if len(kept) <= _TAIL_LIMIT else None


def _setting(db: Database, key: str) -> Any:
    found = ConfigEntry.select(ConfigEntry.value).where(ConfigEntry.key == key).first(db)
    return None if found is None else json.loads(found.value)
