"""Who wants an output to be what, and who wins: the one place where every wish meets.

Schedules, thermostats, people and safety make claims and do nothing else; `resolve` picks the winner. Higher
priority wins, then the newest `since`, then the id. A claim lives while since ≤ now < until and never after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

Value = bool | int | float | str


class Priority(IntEnum):
    """Who may overrule whom, after BACnet's priority array (ASHRAE 135, clause 19.2); greater wins."""

    FALLBACK = 0
    SCHEDULE = 1  # schedules and behaviors
    REGULATION = 2  # thermostats
    RULE = 3
    SCENE = 4  # an automatic scene, such as feed mode
    PERSON = 5  # by hand, always with an end
    TEST = 6  # test mode, always with an end
    SAFETY = 7

    @property
    def label(self) -> str:
        """For people and for the API."""
        return _LABELS[self]


_LABELS = {
    Priority.FALLBACK: "fallback",
    Priority.SCHEDULE: "schedule",
    Priority.REGULATION: "regulation",
    Priority.RULE: "rule",
    Priority.SCENE: "automatic scene",
    Priority.PERSON: "person",
    Priority.TEST: "test mode",
    Priority.SAFETY: "safety",
}
_MUST_END = (Priority.PERSON, Priority.TEST)


@dataclass(frozen=True, slots=True)
class Claim:
    """One wish for one output. Times are UTC ms; until_ms None = until its maker withdraws it.

    id: unique among the claims of an output, and the same from tick to tick. ValueError for a person's claim without
    an end: what a person forgets must end by itself.
    """

    output: str
    value: Value
    priority: Priority
    source: str
    why: str
    since_ms: int
    until_ms: int | None = None
    id: str = ""

    def __post_init__(self) -> None:
        if self.priority in _MUST_END and self.until_ms is None:
            raise ValueError(f"a claim of {self.priority.label} on {self.output} needs an end (until_ms)")

    def alive(self, now_ms: int) -> bool:
        """Whether it counts at this instant. Safety does not wait for its beginning: a clock may have been set back."""
        begun = self.since_ms <= now_ms or self.priority is Priority.SAFETY
        return begun and (self.until_ms is None or now_ms < self.until_ms)


@dataclass(frozen=True, slots=True)
class Output:
    """Something that can be set, and what it is when nobody wishes anything."""

    id: str
    fallback: Value = False
    fallback_why: str = "nothing asks for it"


@dataclass(frozen=True, slots=True)
class Decision:
    """The winner and every living claim, best first; the fallback is always the last of the ranking."""

    winner: Claim
    ranking: tuple[Claim, ...]

    @property
    def value(self) -> Value:
        return self.winner.value

    @property
    def why(self) -> str:
        return f"{describe(self.winner.value)}: {self.winner.why} ({self.winner.priority.label})"


def resolve(claims: Iterable[Claim], now_ms: int, output: Output) -> Decision:
    """What `output` is at now_ms, and why. Total: the output's own fallback always stands last.

    Claims on other outputs are passed over, so one collection of claims serves every output; the order of `claims`
    never matters.
    """
    fallback = Claim(output.id, output.fallback, Priority.FALLBACK, "fallback", output.fallback_why, 0)
    living = {_rank(claim): claim for claim in claims if claim.output == output.id and claim.alive(now_ms)}
    ranking = (*(living[rank] for rank in sorted(living)), fallback)
    return Decision(ranking[0], ranking)


def _rank(claim: Claim) -> tuple[int, int, str, str, str, str, bool, int]:
    """Sorts the winner first. What follows the id only keeps contradicting claims of one id in a settled order."""
    endless, until_ms = claim.until_ms is None, claim.until_ms or 0
    return (-claim.priority, -claim.since_ms, claim.id, str(claim.value), claim.source, claim.why, endless, until_ms)


def describe(value: Value) -> str:
    """A value for people."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def explain(decision: Decision) -> list[dict[str, object]]:
    """Every living claim as the API shows it, best first, the winner marked."""
    return [
        {
            "source": claim.source,
            "priority": claim.priority.label,
            "value": claim.value,
            "why": claim.why,
            "since_ms": claim.since_ms,
            "until_ms": claim.until_ms,
            "wins": place == 0,
        }
        for place, claim in enumerate(decision.ranking)
    ]
