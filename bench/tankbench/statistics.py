"""What a soak of the link gathers: round trips, losses, damage, refusals. Pure: frames and instants in, figures out."""

import math
from collections import Counter
from dataclasses import dataclass, field

from tanklink import messages, records
from tanklink.records import Record
from tanklink.schema import STATE

# Upper edges of the histogram's bars in ms; the last bar is all beyond.
EDGES_MS = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 100, 200)
STATUS_MS = 100  # the Pico's period
_GAP_MS = 1.5 * STATUS_MS


def percentile(values: list[float], share: float) -> float:
    """Nearest rank: the least value that `share` of all do not exceed. nan for none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def histogram(values: list[float]) -> list[tuple[str, int]]:
    """(range in ms, how many) of each bar, from the first to the last that is not empty."""
    counts = [0] * (len(EDGES_MS) + 1)
    for value in values:
        counts[next((i for i, edge in enumerate(EDGES_MS) if value < edge), len(EDGES_MS))] += 1
    lows = (0.0, *EDGES_MS)
    labels = [f"{low:g}–{high:g} ms" for low, high in zip(lows, EDGES_MS, strict=False)] + [f"≥ {EDGES_MS[-1]:g} ms"]
    filled = [i for i, count in enumerate(counts) if count]
    return list(zip(labels, counts, strict=True))[filled[0] : filled[-1] + 1] if filled else []


@dataclass
class LinkStatistics:
    """Filled by `frame`, which is a Tap, and by whoever counts what is asked."""

    rtt_ms: list[float] = field(default_factory=list)
    asked: int = 0
    unanswered: int = 0  # not even after four tries
    repeats: int = 0  # tries after the first
    naks: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    status_lost: int = 0
    counters: dict[str, int] = field(default_factory=dict)  # of the Pico's state messages: the last
    first: dict[str, int] = field(default_factory=dict)  # and the first
    _sent: dict[int, float] = field(default_factory=dict)
    _status_ms: int = -1

    def frame(self, mono_s: float, sent: bool, seq: int, record: Record) -> None:
        """One frame, either way."""
        if sent:
            if isinstance(record, records.Ping) and record.token:
                self.repeats += seq in self._sent
                self._sent.setdefault(seq, mono_s)
            return
        self.received[record.MESSAGE.name] += 1
        if isinstance(record, records.Pong) and seq in self._sent:
            self.rtt_ms.append(1000 * (mono_s - self._sent.pop(seq)))
        elif isinstance(record, records.Nak):
            self.naks[messages.NAK_REASONS[record.reason]] += 1
        elif isinstance(record, records.Status):
            self._follow(1000 * record.uptime_s + record.uptime_ms_part)
        elif record.MESSAGE.kind == STATE:
            values = {name: value for name, value in record._asdict().items() if isinstance(value, int)}
            self.counters.update(values)
            self.first = values | self.first

    def _follow(self, uptime_ms: int) -> None:
        gap_ms = uptime_ms - self._status_ms
        if self._status_ms >= 0 and gap_ms > _GAP_MS:
            self.status_lost += round(gap_ms / STATUS_MS) - 1
        self._status_ms = uptime_ms

    def since_first(self, prefix: str) -> dict[str, int]:
        """Of the Pico's counters with this prefix, those that grew meanwhile."""
        grown = {name: value - self.first.get(name, 0) for name, value in self.counters.items()}
        return {name: value for name, value in grown.items() if name.startswith(prefix) and value}
