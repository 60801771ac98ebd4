"""The feeders of a FakePico: a journal of operations that outlives a restart, and the truth of what fell.

As the real program has it: the beginning is kept before anything moves, an operation that is known moves nothing, one
whose last instant has passed or that is of another boot is refused, and what a restart cuts is partial.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tanklink import messages, records
from tanklink.config import Config
from tanklink.records import Record

_SENSOR = messages.CONFIG_FEEDER.index["drop_sensor"]


@dataclass
class Operation:
    """What the journal knows of one."""

    asked: records.Feed
    ends_at: float
    has_sensor: bool
    state: str = "running"
    reason: str = "none"
    turns: int = 0
    drops: int = 0
    took_ms: int = 0


class FakeFeeder:
    """fed: (operation id, feeder, turns) of everything that ever fell; empty: the feeders whose hopper is.

    blocked: what moves goes on moving until it is no longer so.
    """

    def __init__(self, tell: Callable[[type, float, dict[str, int]], None]) -> None:
        self._tell = tell
        self.operations: dict[tuple[int, int], Operation] = {}
        self.fed: list[tuple[int, int, int]] = []
        self.tested: list[records.TestServo] = []
        self.empty: set[int] = set()
        self.blocked = False
        self.journal_lost = False

    def feed(self, asked: records.Feed, config: Config, boot_id: int, uptime_ms: int, now: float) -> Record | str:
        """The reply, or the reason of the refusal."""
        if (asked.op_hi, asked.op_lo) in self.operations:
            return self.status(asked.op_hi, asked.op_lo)
        limits = config.feeders[asked.feeder] if asked.feeder else None
        not_after_ms = asked.not_after_uptime_s * 1000 + asked.not_after_uptime_ms_part
        refusals = (
            ("range", limits is None),
            ("not_configured", limits is not None and not limits[1]),
            ("boot_id", asked.boot_id != boot_id),
            ("too_late", uptime_ms > not_after_ms),
            ("servo_busy", any(operation.state == "running" for operation in self.operations.values())),
        )
        for reason, refused in refusals:
            if refused:
                return reason
        length_s = asked.turns * (2 * asked.rotate_ms + asked.hold_ms) / 1000
        self.operations[asked.op_hi, asked.op_lo] = Operation(
            asked, now + length_s, bool(limits and limits[_SENSOR]), turns=asked.turns
        )
        self._tell(
            records.FeedStarted, now,
            {"op_hi": asked.op_hi, "op_lo": asked.op_lo, "wall_day": asked.wall_day, "wall_s": asked.wall_s,
             "portion_mg": asked.portion_mg, "feeder": asked.feeder, "turns": asked.turns, "rest_us": asked.rest_us},
        )  # fmt: skip
        return self.status(asked.op_hi, asked.op_lo)

    def status(self, op_hi: int, op_lo: int) -> Record:
        """FEED_STATE of an operation."""
        known = self.operations.get((op_hi, op_lo))
        state, reason = ("unknown", "none") if known is None else (known.state, known.reason)
        return records.FeedState(
            op_hi=op_hi, op_lo=op_lo, state=messages.FEEDING_STATES.index(state),
            reason=messages.FEEDING_REASONS.index(reason), turns=known.turns if known else 0,
            drops=known.drops if known else 0, took_ms=known.took_ms if known else 0, journal_lost=self.journal_lost,
        )  # fmt: skip

    def tick(self, now: float) -> None:
        """What has come to its end does so."""
        for operation in self.operations.values():
            if operation.state == "running" and now >= operation.ends_at and not self.blocked:
                self._end(operation, now)

    def restart(self, now: float) -> None:
        """What was going on is cut; a part of it fell."""
        for operation in self.operations.values():
            if operation.state == "running":
                asked = operation.asked
                self.fed.append((asked.op_hi << 30 | asked.op_lo, asked.feeder, max(1, asked.turns // 2)))
                operation.drops = messages.DROPS_UNKNOWN
                self._report(operation, now, "partial", "restart")

    def _end(self, operation: Operation, now: float) -> None:
        asked = operation.asked
        operation.took_ms = asked.turns * (2 * asked.rotate_ms + asked.hold_ms)
        fell = 0 if asked.feeder in self.empty else asked.turns
        operation.drops = fell if operation.has_sensor else messages.DROPS_UNKNOWN
        if operation.has_sensor and not fell:
            self._report(operation, now, "failed", "no_drop")
            return
        if fell:
            self.fed.append((asked.op_hi << 30 | asked.op_lo, asked.feeder, fell))
        self._report(operation, now, "done", "none")

    def _report(self, operation: Operation, now: float, state: str, reason: str) -> None:
        operation.state, operation.reason = state, reason
        asked = operation.asked
        self._tell(
            records.FeedReport, now,
            {"op_hi": asked.op_hi, "op_lo": asked.op_lo, "took_ms": operation.took_ms, "drops": operation.drops,
             "turns": operation.turns, "feeder": asked.feeder, "outcome": messages.FEEDING_STATES.index(state),
             "reason": messages.FEEDING_REASONS.index(reason)},
        )  # fmt: skip
