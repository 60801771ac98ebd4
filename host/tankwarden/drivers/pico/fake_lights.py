"""The lights of the fake Pico: keeps what it is told of plans and effects, and plays the plans without slew or caps."""

import struct
from dataclasses import dataclass, field
from itertools import pairwise

from tanklink import messages, records
from tanklink.plans import knots_crc, lights_crc
from tanklink.records import Record
from tankwarden.logic.plans import Knot, counts_at

REPORT_S = 0.5
_SOURCES = {name: place for place, name in enumerate(messages.LIGHT_SOURCES)}


@dataclass
class Played:
    """A plan that runs: knots in ms of the Pico's uptime."""

    plan_id: int
    knots: list[Knot]


@dataclass
class FakeLights:
    """By the Pico's number of the light, 1 to 8. outputs: how many the board has."""

    outputs: int = messages.N_LIGHTS
    configured: dict[int, records.ConfigLight] = field(default_factory=dict)
    shared: records.ConfigLights = field(default_factory=lambda: records.ConfigLights(0))
    plans: dict[int, Played] = field(default_factory=dict)
    effects: dict[int, records.Effect] = field(default_factory=dict)
    _gathered: bytes = b""
    _gathering: tuple[int, int] = (0, 0)  # plan, light
    _next_report: float = 0.0

    def take(self, record: Record, uptime_ms: int) -> str | None:
        """Do what it says if it is about lights; the reason if that is refused."""
        if isinstance(record, records.ConfigLight):
            if record.slew_u16_per_s < 1 or record.light > self.outputs:
                return "range"
            self.configured[record.light] = record
        elif isinstance(record, records.ConfigLights):
            self.shared = record
        elif isinstance(record, records.PlanKnots):
            return self._part(record)
        elif isinstance(record, records.PlanStart):
            return self._begin(record, uptime_ms)
        elif isinstance(record, records.Effect):
            return self._effect(record)
        return None

    def level(self, light: int, uptime_ms: int) -> float:
        """Counts at the pin."""
        plan = self.plans.get(light)
        if plan is None or uptime_ms > plan.knots[-1].at_ms:
            return self.configured[light].fallback_u16 if light in self.configured else 0
        return counts_at(plan.knots, uptime_ms)

    def due(self, now: float) -> bool:
        """Whether a report is due: twice a second, once a light is configured."""
        if not self.configured or now < self._next_report:
            return False
        self._next_report = now + REPORT_S
        return True

    def report(self, uptime_ms: int) -> records.Lights:
        numbers = range(1, messages.N_LIGHTS + 1)
        plans = [self.plans.get(number) for number in numbers]
        left_s = [max(0, plan.knots[-1].at_ms - uptime_ms) // 1000 if plan else 0 for plan in plans]
        configured = {number: record[1:] for number, record in self.configured.items()}
        return records.Lights(
            *divmod(uptime_ms, 1000),
            levels=struct.pack("<8H", *(round(self.level(number, uptime_ms)) for number in numbers)),
            sources=bytes(_SOURCES[self._source(number, left)] for number, left in zip(numbers, left_s, strict=True)),
            plans=struct.pack("<8H", *(plan.plan_id if plan else 0 for plan in plans)),
            left_s=struct.pack("<8I", *left_s),
            knots=sum(len(plan.knots) for plan in plans if plan),
            effects=len(self.effects),
            power_mw=0,
            power_capped=False,
            lights_crc=lights_crc(configured, self.shared.power_cap_mw),
        )

    def _source(self, light: int, left_s: int) -> str:
        if light not in self.configured:
            return "unset"
        return "plan" if left_s else "fallback"

    def _part(self, record: records.PlanKnots) -> str | None:
        if record.first == 0:
            self._gathering, self._gathered = (record.plan_id, record.light), b""
        place = len(self._gathered) // messages.KNOT_BYTES
        if (record.plan_id, record.light) != self._gathering or record.first != place:
            return "plan_incomplete"
        self._gathered += record.knots[: record.count * messages.KNOT_BYTES]
        return None

    def _begin(self, record: records.PlanStart, uptime_ms: int) -> str | None:
        origin_ms = record.origin_s * 1000 + record.origin_ms_part
        knots = [Knot(origin_ms + 10 * ticks, level) for ticks, level in struct.iter_unpack("<IH", self._gathered)]
        if record.light not in self.configured:
            return "not_configured"
        if (record.plan_id, record.light) != self._gathering or record.count != len(knots):
            return "plan_incomplete"
        if knots_crc(self._gathered) != record.knots_crc:
            return "plan_crc"
        if any(one.at_ms > two.at_ms for one, two in pairwise(knots)):
            return "plan_times"
        if knots[-1].at_ms <= uptime_ms:
            return "plan_over"
        self.plans[record.light] = Played(record.plan_id, knots)
        return None

    def _effect(self, record: records.Effect) -> str | None:
        self.effects.pop(record.effect_id, None)
        if not record.lights:
            return None
        if len(self.effects) >= messages.MAX_EFFECTS:
            return "no_room"
        self.effects[record.effect_id] = record
        return None
