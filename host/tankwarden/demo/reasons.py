"""Why a relay moved: what was known around the instant of its edge, never what holds when it is told.

A reason is given only if it can be true: a trip, fault or lease of the Pico's own events, the host's own decision
just before, a board that was down, a host or link that was gone. Otherwise there is none.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tankwarden.demo.edges import Edge

_MS = 1_000_000
_S = 1000 * _MS
_TRIP_BEFORE_NS, _TRIP_AFTER_NS = 300 * _MS, 300 * _MS  # the Pico's clock is reckoned late by what the link takes
_LEASE_NS = 500 * _MS
_COMMAND_NS = 800 * _MS  # a command is sent at once, and again for so long if it is not answered
_CLOSING_NS = 3 * _S  # from the decision to the contact, the self-test between them
_ROUND_NS = 2 * _MS  # events carry whole milliseconds
_SILENT_NS = 300 * _MS  # the Pico reports ten times a second
_STAGGER_NS = 5 * _MS  # a lease ends in the relays' sequence; a trip drops both at once
_STOPPING_NS = 5 * _S
_KEPT = 400


class Clock(NamedTuple):
    """The wall clock of the tanks beside the monotonic one."""

    epoch_wall_ms: int
    epoch_mono_ns: int
    speed: float

    def wall_ms(self, mono_ns: int) -> float:
        return self.epoch_wall_ms + (mono_ns - self.epoch_mono_ns) / 1e6 * self.speed

    def mono_ns(self, wall_ms: float) -> int:
        return self.epoch_mono_ns + round((wall_ms - self.epoch_wall_ms) * 1e6 / self.speed)


@dataclass(slots=True)
class Lost:
    """The host was gone from at_ns until until_ns (None = still is); how: "killed", "stopped", …"""

    at_ns: int
    how: str
    orderly: bool = False
    until_ns: int | None = None

    def covers(self, at_ns: int) -> bool:
        return self.at_ns <= at_ns and (self.until_ns is None or at_ns < self.until_ns)


class Happened(NamedTuple):
    """An event of the host's log, on the monotonic clock. on: of an output."""

    at_ns: int
    kind: str
    circuit: int | None
    text: str
    gap_ns: int = 0  # the relays had fallen so long before: what a late permit tells
    on: bool | None = None


class _Board(NamedTuple):
    at_ns: int
    cpu: str
    starts: int


class _Link(NamedTuple):
    at_ns: int
    heard_ns: int  # the Pico, last


class Facts:
    """What is known so far; learn more, then ask again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[Happened] = deque(maxlen=_KEPT)
        self._boards: deque[_Board] = deque(maxlen=_KEPT)
        self._links: deque[_Link] = deque(maxlen=_KEPT)
        self.lost: list[Lost] = []

    def board(self, at_ns: int, board: Mapping[str, Any]) -> None:
        """What the simulation says of the board, asked at that instant."""
        self._boards.append(_Board(at_ns, board["cpu"], board["starts"]))

    def link(self, status: Mapping[str, Any]) -> None:
        """When the Pico was heard last, by /api/status."""
        at_ns = self._clock.mono_ns(status["time_ms"])
        age_s = status["pico"]["age_s"]
        if age_s is not None:
            self._links.append(_Link(at_ns, at_ns - round(age_s * _S)))

    def event(self, event: Mapping[str, Any], circuits: Sequence[Mapping[str, Any]]) -> Happened:
        """Of /api/status, with its circuits."""
        gap_ns = round(event["value"] * _MS) if event["trigger"] == "permit" else 0
        on, text = None, event["text"]
        for name in [c["name"] for c in circuits if event["kind"] == "output" and c["circuit"] == event["circuit"]]:
            for word, value in (("on", True), ("off", False)):
                if text.startswith(prefix := f"{name} {word}: "):
                    on, text = value, text.removeprefix(prefix)
                    break
        at_ns = self._clock.mono_ns(event["at_ms"])
        happened = Happened(at_ns, event["kind"], event["circuit"], text, gap_ns, on)
        self._events.append(happened)
        return happened

    def lost_at(self, at_ns: int) -> Lost | None:
        """The absence of the host that covers an instant."""
        return next((lost for lost in self.lost if lost.covers(at_ns)), None)

    # -- asked -------------------------------------------------------------------------------------------------

    def reason(self, group: Sequence[Edge]) -> str | None:
        """Why, None if nothing that is known explains it."""
        return self._closing(group) if group[0].level else self._opening(group)

    def last_reason(self, group: Sequence[Edge]) -> str:
        """What can be said when nothing more is waited for."""
        first = group[0]
        if found := self.reason(group):
            return found
        decided = self._decided(first.circuit, first.time_ns)
        if first.level and decided is not None and decided.on:
            return f"the host still asks for it: {decided.text}"
        if self.lost_at(first.time_ns) is not None:
            return "no host runs that could say why; the next one's log may"
        return "why is not known yet; the log may tell"

    def _closing(self, group: Sequence[Edge]) -> str | None:
        first = group[0]
        decided = self._decided(first.circuit, first.time_ns)
        if decided is None or not decided.on or first.time_ns - decided.at_ns > _CLOSING_NS:
            return None
        return decided.text

    def _opening(self, group: Sequence[Edge]) -> str | None:
        at_ns, circuit = group[0].time_ns, group[0].circuit
        decided = self._decided(circuit, at_ns)
        if text := self._tripped(at_ns) or self._board_down(at_ns):
            return text
        if self._lease_over(circuit, at_ns):
            return "its lease ran out"
        silent, lost = self._silent(at_ns), self.lost_at(at_ns)
        staggered = len(group) > 1 and group[-1].time_ns - at_ns >= _STAGGER_NS
        if (silent or lost is not None) and staggered:
            return "its lease ran out" if lost is not None else "its lease ran out: nothing came through the link"
        if decided is not None and decided.on is False and not silent and at_ns - decided.at_ns <= _COMMAND_NS:
            return decided.text
        if any(gone.orderly and 0 <= gone.at_ns - at_ns <= _STOPPING_NS for gone in self.lost):
            return "the host ended its lease as it stopped"
        return None

    def _decided(self, circuit: int, at_ns: int) -> Happened | None:
        """The host's last decision on a circuit by then."""
        found = [e for e in self._events if e.on is not None and e.circuit == circuit and e.at_ns <= at_ns + _ROUND_NS]
        return max(found, key=lambda e: e.at_ns, default=None)

    def _tripped(self, at_ns: int) -> str | None:
        """A trip opens every circuit, whichever it is of."""
        for event in self._events:
            before_ns = _TRIP_BEFORE_NS + event.gap_ns
            if event.kind in ("trip", "fault") and event.at_ns - before_ns <= at_ns <= event.at_ns + _TRIP_AFTER_NS:
                return f"a {event.kind}: {event.text}"
        return None

    def _lease_over(self, circuit: int, at_ns: int) -> bool:
        return any(
            e.kind == "lease_over" and e.circuit in (circuit, None) and abs(e.at_ns - at_ns) <= _LEASE_NS
            for e in self._events
        )

    def _board_down(self, at_ns: int) -> str | None:
        before = [board for board in self._boards if board.at_ns < at_ns]
        after = next((board for board in self._boards if board.at_ns >= at_ns), None)
        if after is None:
            return None
        if after.cpu in ("off", "ended") or (before and after.starts != before[-1].starts):
            return "the Pico went down (power or reset), and with it every pin"
        return "the Pico's processor hangs, so nothing renewed the permits of its PIO" if after.cpu == "hung" else None

    def _silent(self, at_ns: int) -> bool:
        """Whether the host, alive, did not hear the Pico then: what it decided cannot have arrived."""
        after = next((link for link in self._links if link.at_ns >= at_ns), None)
        return after is not None and after.heard_ns < at_ns - _SILENT_NS
