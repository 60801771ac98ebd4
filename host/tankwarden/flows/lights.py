"""Lights: plans made of resolve(claims, t) for two days ahead, and brought to the Pico long before they are needed.

The Pico plays; this keeps it supplied. A plan is made anew when an hour of it is gone, when a claim came or was
withdrawn before its end, when the Pico restarted or plays another, and when the wall clock and the Pico's have moved
against each other. While the link is down nothing needs to happen. Making one takes a while and has a thread.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tanklink import records
from tanklink.records import Record
from tankwarden.clock import Clock
from tankwarden.config_lights import Light
from tankwarden.config_lights import Lights as Shared
from tankwarden.drivers.pico.advice import nak_text
from tankwarden.drivers.pico.lights import Lamp, config_crc, config_records, lamps, plan_records
from tankwarden.drivers.pico.session import Happening, Reported, nak_reason
from tankwarden.flows.supervise import Beat, Log
from tankwarden.logic.claims import Claim, Decision
from tankwarden.logic.light_charts import Chart, chart, day_of
from tankwarden.logic.lights import Channel, curves
from tankwarden.logic.plans import HORIZON_MS, Knot, Plan, compile_plan, counts_at

LOOK_S = 0.25
REFRESH_MS = 3_600_000  # a plan is made anew after so long, or half of it
REFRESH_LEAST_S = 5.0  # of real time, however fast the wall clock runs
RETRY_FIRST_S, RETRY_MOST_S = 1.0, 30.0
REPORT_STALE_S = 2.0
SETTLE_S = 3.0  # a report this long after a plan was taken must name it
MOVED_MS = 1000  # of one clock against the other, in the Pico's time
MOVED_FOR_S = 10.0  # a clock that was set must stay so before lights follow it
_TRACK_MS = 2 * 24 * 3_600_000
_IDS = 65_535


class Plays(Protocol):
    """What is needed of the Pico."""

    def identity(self) -> tuple[str, int] | None: ...
    def listens(self) -> bool: ...
    def uptime_ms(self) -> int | None: ...
    async def command(self, record: Record) -> Record | None: ...


class Claims(Protocol):
    """What is needed of the claim book."""

    def living(self, now_ms: int) -> tuple[Claim, ...]: ...


@dataclass(frozen=True)
class Sent:
    """A plan that the Pico has taken. claims: those it was made of. offset_ms: wall time (by speed) − uptime then."""

    plan: Plan
    plan_id: int
    identity: tuple[str, int]
    claims: frozenset[Claim]
    offset_ms: float
    at_s: float


@dataclass(frozen=True, slots=True)
class LightNow:
    """How one light stands. lamp, age_s: as the Pico last reported; None = not yet. track: the plans as sent."""

    channel: Channel
    decision: Decision
    sent: Sent | None
    lamp: Lamp | None
    age_s: float | None
    track: tuple[Knot, ...]


@dataclass
class _Line:
    """What is remembered of one light. charted: the knots and the day that its chart was made of."""

    channel: Channel
    chart: Chart | None = None
    charted: tuple[tuple[Knot, ...], int] | None = None
    sent: Sent | None = None
    track: tuple[Knot, ...] = ()
    moved_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class LightsView:
    """All of them. problem: why a plan is not where it should be, for people."""

    lights: tuple[LightNow, ...] = ()
    report: records.Lights | None = None
    problem: str | None = None


class Lights:
    """channels: the lights of the configuration. told is to be subscribed to the driver."""

    def __init__(
        self, channels: Sequence[Channel], shared: Shared, clock: Clock, pico: Plays, claims: Claims, log: Log
    ) -> None:
        self._lines = [_Line(channel) for channel in channels]
        self._shared, self._clock, self._pico, self._claims, self._log = shared, clock, pico, claims, log
        most_w = sum(c.light.full_power_w * c.light.cap_percent / 100 for c in channels)
        self._coupled = most_w > shared.total_power_w  # then the claims on one light change them all
        self._config = config_records([channel.light for channel in channels], shared)
        self._configured: tuple[str, int] | None = None  # the board and boot that has taken it
        self._configured_s = 0.0
        self._crc = b""  # what the Pico says of its configuration once it has taken ours
        self._report: tuple[records.Lights, float] | None = None
        self._next_id = random.SystemRandom().randrange(_IDS)
        self._problem: str | None = None
        self._retry_s, self._not_before = RETRY_FIRST_S, 0.0

    # -- what others see ---------------------------------------------------------------------------------------------

    def told(self, happening: Happening) -> None:
        """Subscribed to the driver."""
        if isinstance(happening, Reported):
            self._report = (happening.record, self._clock.mono())

    def view(self) -> LightsView:
        """How the lights stand now."""
        now_ms, now_s = self._clock.wall_ms(), self._clock.mono()
        claims = self._claims.living(now_ms)
        report, at_s = self._report or (None, 0.0)
        known = lamps(report) if report is not None else []
        rows = []
        for line in self._lines:
            lamp = known[line.channel.light.channel] if known else None
            decision = line.channel.decide(claims, now_ms)
            rows.append(LightNow(line.channel, decision, line.sent, lamp, now_s - at_s if known else None, line.track))
        return LightsView(tuple(rows), report, self._problem)

    # -- the task ----------------------------------------------------------------------------------------------------

    async def run(self, beat: Beat) -> None:
        """Supply the Pico for ever."""
        while True:
            beat()
            await self.step(beat)
            await asyncio.sleep(LOOK_S)

    def charts(self) -> list[tuple[Light, Chart]]:
        """Today's, as far as they are made. From any thread."""
        return [(line.channel.light, line.chart) for line in self._lines if line.chart is not None]

    async def step(self, beat: Beat) -> None:
        """Whatever is due now: configuration first, then plans, one light after the other, and what is drawn of it."""
        await self._supply(beat)
        await self._draw()

    async def _draw(self) -> None:
        """The charts that are no longer true: one is made at a time, in a thread."""
        now_ms = self._clock.wall_ms()
        for line in self._lines:
            key = (line.track, day_of(now_ms, line.channel.sky.zone)[0])
            if line.charted is None or line.charted[0] is not key[0] or line.charted[1] != key[1]:
                line.chart = await asyncio.to_thread(chart, line.channel, line.track, now_ms)
                line.charted = key

    async def _supply(self, beat: Beat) -> None:
        identity = self._pico.identity()
        if not self._lines or identity is None or not self._pico.listens() or self._clock.mono() < self._not_before:
            return
        if self._wants_configuration(identity) and not await self._configure(identity):
            return
        due = [line for line in self._lines if self._due(line, identity)]
        if due:
            plans = await self._made(due)
            beat()
            for line, (plan, claims) in zip(due, plans, strict=True):
                if not await self._push(line, plan, claims, identity):
                    return
                beat()
        self._problem, self._retry_s = None, RETRY_FIRST_S

    def _wants_configuration(self, identity: tuple[str, int]) -> bool:
        """At the first meeting, after its restart, and when it holds another's."""
        if self._configured != identity:
            return True
        report = self._fresh_report()
        if report is None or self._report is None or self._report[1] < self._configured_s + SETTLE_S:
            return False
        return report.lights_crc != self._crc

    async def _configure(self, identity: tuple[str, int]) -> bool:
        taken = []
        for record in self._config:
            unused = isinstance(record, records.ConfigLight) and not record.cap_u16
            if unused:  # perhaps the board has no such output: then there is nothing to be forgotten
                if isinstance(await self._pico.command(record), records.Nak):
                    continue
            elif not await self._said(record, "the configuration of the lights", identity):
                return False
            taken.append(record)
        self._configured, self._configured_s, self._crc = identity, self._clock.mono(), config_crc(taken)
        return True

    def _due(self, line: _Line, identity: tuple[str, int]) -> bool:
        """Whether the light needs another plan than the one it has."""
        sent, now_ms, now_s = line.sent, self._clock.wall_ms(), self._clock.mono()
        if sent is None or sent.identity != identity:
            return True
        if self._other_claims(line, sent, now_ms) or self._plays_another(line, sent):
            return True
        if self._moved(line, sent, now_s):
            return True
        age_ms = now_ms - sent.plan.start_ms
        length_ms = sent.plan.end_ms - sent.plan.start_ms
        return age_ms >= min(REFRESH_MS, length_ms / 2) and now_s - sent.at_s >= REFRESH_LEAST_S

    def _other_claims(self, line: _Line, sent: Sent, now_ms: int) -> bool:
        """A claim that ends when the plan says so is no change."""
        still = {claim for claim in sent.claims if claim.until_ms is None or now_ms < claim.until_ms}
        return still != self._concerning(line, self._claims.living(now_ms))

    def _plays_another(self, line: _Line, sent: Sent) -> bool:
        report = self._fresh_report()
        if report is None or self._report is None or self._report[1] < sent.at_s + SETTLE_S:
            return False
        return lamps(report)[line.channel.light.channel].plan_id != sent.plan_id

    def _moved(self, line: _Line, sent: Sent, now_s: float) -> bool:
        """Whether the clocks have moved against each other, and stayed so."""
        offset_ms = self._offset_ms()
        if offset_ms is None or abs(offset_ms - sent.offset_ms) < MOVED_MS:
            line.moved_since_s = None
            return False
        if line.moved_since_s is None:
            line.moved_since_s = now_s
        return now_s - line.moved_since_s >= MOVED_FOR_S

    async def _made(self, due: Sequence[_Line]) -> list[tuple[Plan, frozenset[Claim]]]:
        """A plan for each, from now on, in a thread."""
        now_ms = self._clock.wall_ms()
        end_ms = now_ms + round(HORIZON_MS * min(1.0, self._clock.speed))  # two days of the Pico's are the most
        claims = self._claims.living(now_ms)
        channels = [line.channel for line in self._lines]

        def make() -> list[Plan]:
            every = {c.output.id: _edges(c, claims, now_ms, end_ms) for c in channels}
            together = sorted({edge for edges in every.values() for edge in edges})
            curve_of = dict(zip(every, curves(channels, claims, self._shared.total_power_w), strict=True))
            outputs = [line.channel.output.id for line in due]
            return [
                compile_plan(curve_of[output], now_ms, end_ms, together if self._coupled else every[output])
                for output in outputs
            ]

        plans = await asyncio.to_thread(make)
        return [(plan, self._concerning(line, claims)) for plan, line in zip(plans, due, strict=True)]

    async def _push(self, line: _Line, plan: Plan, claims: frozenset[Claim], identity: tuple[str, int]) -> bool:
        uptime_ms, offset_ms = self._pico.uptime_ms(), self._offset_ms()
        if self._pico.identity() != identity:
            return False
        if uptime_ms is None or offset_ms is None:
            return self._failed("the Pico's clock is not known just now")
        speed, plan_id = self._clock.speed, self._new_id()
        origin_ms = round(uptime_ms + (plan.start_ms - self._clock.wall_ms()) / speed)
        light = line.channel.light
        for record in plan_records(plan, plan_id, light.channel, origin_ms, speed):
            if not await self._said(record, f"the plan of {light.name}", identity):
                return False
        line.sent = Sent(plan, plan_id, identity, claims, offset_ms, self._clock.mono())
        line.track = _stitched(line.track, plan)
        line.moved_since_s = None
        if not plan.whole:
            hours = (plan.end_ms - plan.start_ms) / 3_600_000
            self._log("warning", "lights", f"{light.name}: so many changes that its plan reaches {hours:.1f} h ahead")
        return True

    async def _said(self, record: Record, what: str, identity: tuple[str, int]) -> bool:
        """Whether it was taken. To a Pico that restarts meanwhile it means nothing: then all begins anew."""
        reply = await self._pico.command(record) if self._pico.identity() == identity else None
        if self._pico.identity() != identity or (reply is None and not self._pico.listens()):
            return False
        if reply is None:
            return self._failed(f"{what} was not answered by the Pico")
        if isinstance(reply, records.Nak):
            if nak_reason(reply) == "no_session":  # which the driver knows as well, and mends
                return False
            return self._failed(f"{what} was refused by the Pico: {nak_text(nak_reason(reply))}")
        return True

    def _failed(self, problem: str) -> bool:
        """Say it once, and try again later."""
        if problem != self._problem:
            self._log("warning", "lights", problem)
        self._problem = problem
        self._not_before = self._clock.mono() + self._retry_s
        self._retry_s = min(self._retry_s * 2, RETRY_MOST_S)
        return False

    # -- small things ------------------------------------------------------------------------------------------------

    def _concerning(self, line: _Line, claims: Sequence[Claim]) -> frozenset[Claim]:
        """Those that this light's plan depends on."""
        lines = self._lines if self._coupled else [line]
        outputs = {one.channel.output.id for one in lines}
        return frozenset(claim for claim in claims if claim.output in outputs)

    def _fresh_report(self) -> records.Lights | None:
        if self._report is None or self._clock.mono() - self._report[1] > REPORT_STALE_S:
            return None
        return self._report[0]

    def _offset_ms(self) -> float | None:
        """Wall time, as slow as the Pico's, minus its uptime: it stays, unless a clock is set or drifts."""
        uptime_ms = self._pico.uptime_ms()
        return None if uptime_ms is None else self._clock.wall_ms() / self._clock.speed - uptime_ms

    def _new_id(self) -> int:
        """1 to 65535: 0 is no plan."""
        self._next_id = self._next_id % _IDS + 1
        return self._next_id


def _edges(channel: Channel, claims: Sequence[Claim], start_ms: int, end_ms: int) -> list[int]:
    own = [claim for claim in claims if claim.output == channel.output.id]
    return channel.edges(own, start_ms, end_ms)


def _stitched(track: tuple[Knot, ...], plan: Plan) -> tuple[Knot, ...]:
    """The plans as they were sent, one after the other, of the last two days."""
    old = [knot for knot in track if plan.start_ms - _TRACK_MS < knot.at_ms < plan.start_ms]
    if old and track[-1].at_ms > plan.start_ms:
        old.append(Knot(plan.start_ms - 1, round(counts_at(track, plan.start_ms))))
    return (*old, *plan.knots)
