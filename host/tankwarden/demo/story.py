"""What happens, in plain words and in order: edges of the trace and events of the log become lines with their time."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tankwarden.demo.edges import Edge, groups, is_proof
from tankwarden.demo.reasons import Clock, Facts, Lost

HOLD_NS = 800_000_000  # a line waits so long for what was earlier: both relays of a circuit, the log's own lines
PROOF = "a proof that the other one is not welded"
PATIENCE_NS = 3_000_000_000  # and an edge for its reason


class Story:
    """say: takes a line. Instants: monotonic ns. Events from before the clock's epoch are known already."""

    def __init__(self, say: Callable[[str], None], clock: Clock, zone: ZoneInfo) -> None:
        self._say, self._clock, self._zone = say, clock, zone
        self.facts = Facts(clock)
        self._edges: list[Edge] = []
        self._lines: list[tuple[int, int, str]] = []  # a heap: instant, number, text
        self._number = 0
        self._known: set[int] = set()
        self._told_ns = 0
        self._standing_told = False

    def edges(self, edges: Sequence[Edge]) -> None:
        """New ones of the trace."""
        self._edges += edges

    def status(self, status: Mapping[str, Any]) -> None:
        """/api/status: what is new in its log."""
        self.facts.link(status)
        for event in reversed(status["events"]):
            if event["id"] in self._known:
                continue
            self._known.add(event["id"])
            if event["at_ms"] < self._clock.epoch_wall_ms:
                continue  # of an earlier run on the same data
            happened = self.facts.event(event, status["circuits"])
            if event["kind"] != "output":
                self.note(happened.at_ns, f"the log says: {event['text']}")
        self._tell_standing(status)

    def note(self, at_ns: int, text: str) -> None:
        """A line to tell when its turn comes."""
        self._number += 1
        heapq.heappush(self._lines, (at_ns, self._number, text))

    def tell(self, now_ns: int, final: bool = False) -> None:
        """Say what need not wait any more; all of it if final."""
        waiting: list[Edge] = []
        for group in groups(self._edges):
            age_ns = now_ns - group[0].time_ns
            why = self._why(group) if age_ns >= HOLD_NS or final else None
            if why is None and (final or age_ns >= PATIENCE_NS):
                why = self.facts.last_reason(group)
            if why is None:
                waiting += group
            else:
                self.note(group[0].time_ns, sentence(group, why, self.facts.lost_at(group[0].time_ns)))
        self._edges = waiting
        until_ns = min([now_ns if final else now_ns - HOLD_NS, *(edge.time_ns - 1 for edge in waiting)])
        while self._lines and (final or self._lines[0][0] <= until_ns):
            at_ns, _, text = heapq.heappop(self._lines)
            self._line(at_ns, text)

    def _why(self, group: Sequence[Edge]) -> str | None:
        return PROOF if is_proof(group) else self.facts.reason(group)

    def _line(self, at_ns: int, text: str) -> None:
        """The column of times never goes back: what came to be known late says of when it is."""
        shown, told = self._time(at_ns), self._time(max(at_ns, self._told_ns))
        self._told_ns = max(at_ns, self._told_ns)
        self._say(f"{told}  {text}" if shown == told else f"{told}  (of {shown}) {text}")

    def _time(self, mono_ns: int) -> str:
        return f"{datetime.fromtimestamp(self._clock.wall_ms(mono_ns) / 1000, self._zone):%H:%M:%S}"

    def _tell_standing(self, status: Mapping[str, Any]) -> None:
        trip = status["trip"]
        if trip is None or self._standing_told or trip["at_ms"] >= self._clock.epoch_wall_ms:
            return
        self._standing_told = True
        at_ns = self._clock.mono_ns(status["time_ms"])
        self.note(at_ns, f"a {trip['kind']} of an earlier run stands (ID {trip['id']}): {trip['text']}")


def sentence(group: Sequence[Edge], reason: str, lost: Lost | None = None) -> str:
    """One group in words: "relay 1 outside opened 2.003 s after the host was killed, inside 50 ms later: …"."""
    if is_proof(group):
        alone_ms = (group[1].time_ns - group[0].time_ns) / 1e6
        return f"relay {group[0].circuit} {group[0].relay} closed alone for {alone_ms:.0f} ms: {reason}"
    first, verb = group[0], "closed" if group[0].level else "opened"
    text = f"relay {first.circuit} {first.relay} {verb}"
    if lost is not None and not first.level:
        text += f" {(first.time_ns - lost.at_ns) / 1e9:.3f} s after the host {lost.how}"
    for edge in group[1:]:
        later_ms = (edge.time_ns - first.time_ns) / 1e6
        text += f", {edge.relay} {f'{later_ms:.0f} ms later' if later_ms >= 1 else 'with it'}"
    return f"{text}: {reason}"
