"""Minimum on and off times: what keeps relays from chattering, applied after the resolver and told with the rest.

A hold only delays: an off that safety, test mode or a person wants, or that comes because nobody asks any more, is
never delayed; an on is delayed for everyone but test mode.
"""

from dataclasses import dataclass

from tankwarden.logic.claims import Decision, Priority

# Whose off waits for the minimum on time. All others' offs act at once: a whitelist, so that a new priority is safe.
_OFF_WAITS = (Priority.SCHEDULE, Priority.REGULATION, Priority.RULE, Priority.SCENE)


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds of wall time; 0 = no such hold."""

    min_on_s: float = 0
    min_off_s: float = 0


@dataclass(frozen=True, slots=True)
class State:
    """What the output is, and since when (UTC ms). Begin with off since the start of the program.

    That a restart counts as a change is on purpose: a host that restarts again and again must not cycle the relays.
    """

    value: bool
    since_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """What the output is to be after the holds, and in words each hold that delays the winner's wish."""

    value: bool
    holds: tuple[str, ...] = ()


def apply(decision: Decision, settings: Settings, state: State, now_ms: int) -> tuple[State, Held]:
    """The next state and what the output is to be."""
    wanted = bool(decision.value)
    # A wall clock that was set back must not prolong a hold beyond its length.
    state = State(state.value, min(state.since_ms, now_ms))
    if wanted == state.value:
        return state, Held(wanted)
    left_s = _hold_s(decision.winner.priority, settings, state) - (now_ms - state.since_ms) / 1000
    if left_s <= 0:
        return State(wanted, now_ms), Held(wanted)
    now, least = ("on", settings.min_on_s) if state.value else ("off", settings.min_off_s)
    return state, Held(state.value, (f"stays {now} for another {left_s:.0f} s: minimum {now} time {least:g} s",))


def opened(state: State, now_ms: int) -> State:
    """The output went off by itself (a trip, a lost link): its minimum off time runs from now."""
    return State(False, now_ms) if state.value else state


def _hold_s(priority: Priority, settings: Settings, state: State) -> float:
    if state.value:
        return settings.min_on_s if priority in _OFF_WAITS else 0
    return 0 if priority is Priority.TEST else settings.min_off_s
