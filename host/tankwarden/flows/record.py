"""From STATUS to rows: the sums of a period of wall time become one wide row, and go to the recorder."""

from collections.abc import Callable, Mapping
from typing import Protocol

from tanklink import records
from tanklink.messages import CHANNELS, N_CIRCUITS
from tankwarden.clock import Clock
from tankwarden.drivers.pico.session import Arrived, Happening
from tankwarden.flows.inbox import Inbox
from tankwarden.flows.readings import Reading
from tankwarden.flows.supervise import Beat
from tankwarden.logic.quality import Quality
from tankwarden.store import MeasurementRow, ReadingRow, pack_quality, pack_states

WAITING = 600  # a minute of STATUS
_DOUBTS = (
    Quality.OPEN,
    Quality.SHORT,
    Quality.STUCK,
    Quality.IMPLAUSIBLE,
)  # a row that exists is neither stale nor missing


class Takes(Protocol):
    """What is needed of store.Recorder."""

    def measurement(self, row: MeasurementRow) -> None: ...


class Recording:
    """One row per period_s of the wall clock; where that runs fast, one per STATUS.

    qualities: channel → quality, as it is now.
    """

    def __init__(
        self, recorder: Takes, clock: Clock, period_s: int, qualities: Callable[[], Mapping[str, Quality]]
    ) -> None:
        self._recorder, self._clock, self._qualities = recorder, clock, qualities
        self._period_ms = period_s * 1000
        self._inbox: Inbox[tuple[int, records.Status]] = Inbox(WAITING)
        self._sums = _Sums()
        self._period: int | None = None  # number of the one that is being summed

    def told(self, happening: Happening) -> None:
        """Subscribed to the driver."""
        if isinstance(happening, Arrived) and isinstance(happening.record, records.Status):
            self._inbox.put((self._clock.wall_ms(), happening.record))

    async def run(self, beat: Beat) -> None:
        """Sum up and hand over, for ever."""
        while True:
            self.take(*await self._inbox.get(beat))

    def take(self, wall_ms: int, status: records.Status) -> None:
        """Add a STATUS that came at wall_ms: its samples are those before it, so it ends the period that it closes."""
        self._sums.add(status)
        period = wall_ms // self._period_ms
        if self._period is not None and period != self._period:
            self._hand_over(wall_ms)
        self._period = period

    def finish(self) -> None:
        """Hand over what is there, at the end."""
        while (item := self._inbox.take()) is not None:
            self.take(*item)
        if self._sums.last is not None:
            self._hand_over(self._clock.wall_ms())

    def _hand_over(self, wall_ms: int) -> None:
        doubts = {channel: q for channel, q in self._qualities().items() if q in _DOUBTS}
        self._recorder.measurement(self._sums.row(wall_ms, pack_quality(doubts)))
        self._sums = _Sums()


class TakesReadings(Protocol):
    """What is needed of store.Recorder."""

    def reading(self, reading: ReadingRow) -> None: ...


class ReadingRecording:
    """One row for every new reading of the probes that do not hang on the Pico. probes: probe → sensor's id."""

    def __init__(self, recorder: TakesReadings, probes: Mapping[str, str]) -> None:
        self._recorder, self._probes = recorder, probes
        self._seen: dict[str, float] = {}  # when the last sample of each was taken, monotonic

    def take(self, readings: Mapping[str, Reading], now_ms: int) -> None:
        """readings: all there are, as of now. What is stale is no new reading: the gap tells of it."""
        for probe, sensor in self._probes.items():
            reading = readings[probe]
            if reading.at_s is None or reading.at_s == self._seen.get(probe):
                continue
            self._seen[probe] = reading.at_s
            self._recorder.reading(ReadingRow(sensor, now_ms, reading.raw, reading.quality))


class _Sums:
    """What adds up over a period."""

    def __init__(self) -> None:
        self.last: records.Status | None = None
        self.period_ms = self.n = 0
        self.channels = [0] * len(CHANNELS)
        self.vi = [0] * N_CIRCUITS

    def add(self, status: records.Status) -> None:
        self.last = status
        self.period_ms += status.period_ms
        self.n += status.n
        for place, channel in enumerate(CHANNELS):
            self.channels[place] += getattr(status, f"{channel}_sum_counts")
        self.vi[0] += vi_counts(status, 1)
        self.vi[1] += vi_counts(status, 2)

    def row(self, ts_ms: int, quality: int) -> MeasurementRow:
        last = self.last
        assert last is not None
        return MeasurementRow(
            ts_ms=ts_ms,
            period_ms=self.period_ms,
            n=self.n,
            sums=tuple(self.channels),
            vi=tuple(self.vi),
            states=pack_states(last.state, last.circuit_1, last.circuit_2, last.relays, last.fault_lines),
            quality=quality,
        )


def vi_counts(status: records.Status, circuit: int) -> int:
    """ΣV·I of counts, which travels in two parts."""
    return int(getattr(status, f"vi_{circuit}_hi")) * 4096 + int(getattr(status, f"vi_{circuit}_lo"))
