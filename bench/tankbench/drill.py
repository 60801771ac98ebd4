"""The walk through every trip: bring it about, wait for it, hold what is told against what must be, mend, reset, go on.

Whoever brings things about is a Hands: a person with tools, or the simulator through its control socket.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tankbench import circuits
from tankbench.drill_steps import CLOSED, CLOSING, IDLE, Step
from tankbench.errors import BenchError, LostError, NotConfirmedError, RefusedError
from tankbench.journal_file import JournalFile
from tankbench.setup import Setup, board_of
from tankbench.talk import Talk
from tankbench.terminal import read, say
from tanklink import messages, records
from tankwarden.drivers.pico.configuration import BoardConfig
from tankwarden.sim.control import ask
from tankwarden.sim.errors import SimError

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"
CLOSE_S = 6.0  # with the proof of a relay before
SETTLED_S = 0.4
FOLLOWS_S = 0.4  # a trip too many follows in the same pass
RESTORE_S = 20.0
SIMULATED_S = 12.0  # a simulated fault needs no hands
_CLOSED = messages.CIRCUIT_STATES.index("closed")
TOO_MANY = "too_many_trips"


@dataclass(frozen=True)
class Outcome:
    """What came of a step. circuit: 0 = the whole board. reaction_ms: from the fault to the trip, where it is known."""

    step: Step
    circuit: int
    verdict: str
    note: str
    record: circuits.Latched | None = None
    reaction_ms: int | None = None


class SkippedError(BenchError):
    """A person will not do this step; the message is the reason."""


class Hands(Protocol):
    """Who brings a fault about and mends it. idle keeps the Pico's leases meanwhile."""

    by_hand: bool

    def do(self, step: Step, words: dict[str, Any], idle: Callable[[], None]) -> None: ...

    def mend(self, step: Step, words: dict[str, Any], idle: Callable[[], None]) -> None: ...


class Person:
    """Reads the instructions and presses Enter."""

    by_hand = True

    def do(self, step: Step, words: dict[str, Any], idle: Callable[[], None]) -> None:
        """SkippedError with the person's reason; NotConfirmedError to end the drill."""
        if not step.do:
            say("  nothing to do: its limit is brought to it")
            return
        answer = read(f"  → {step.do.format(**words)}\n    Enter when it is done, s to skip, q to end: ", idle).strip()
        if answer.lower() == "s":
            raise SkippedError(read("    why? ", idle).strip() or "no reason given")
        if answer.lower() == "q":
            raise NotConfirmedError("the drill was ended")

    def mend(self, step: Step, words: dict[str, Any], idle: Callable[[], None]) -> None:
        if step.mend:
            read(f"  → {step.mend.format(**words)}\n    Enter when it is done: ", idle)


class Simulator:
    """The control socket of tankwarden sim."""

    by_hand = False

    def __init__(self, control: Path) -> None:
        self._control = control
        self._ask("state")

    def do(self, step: Step, words: dict[str, Any], idle: Callable[[], None]) -> None:  # noqa: ARG002 - as Hands
        if step.fault is not None:
            name, value = step.fault
            self._ask("fault", name=name, value=value.format(**words) or None)

    def mend(self, step: Step, words: dict[str, Any], idle: Callable[[], None]) -> None:  # noqa: ARG002
        self._ask("fault", name="clear", value=None)

    def _ask(self, command: str, **more: Any) -> None:
        try:
            answer = ask(self._control, {"cmd": command, **more})
        except SimError as error:
            raise BenchError(str(error)) from error
        if not answer.get("ok"):
            raise BenchError(f"--control {self._control}: {answer.get('error')}")


class Drill:
    """One board, its configuration, and whoever has hands."""

    def __init__(self, talk: Talk, setup: Setup, hands: Hands, journal: JournalFile) -> None:
        self._talk, self._setup, self._hands, self._journal = talk, setup, hands, journal
        self._held = 0  # the circuit that is kept closed, 0 = none
        self._renew_at = 0.0
        self.too_many: circuits.Latched | None = None  # the fault of that name, once it was told

    # -- one step ----------------------------------------------------------------------------------------------------

    def walk(self, step: Step, number: int) -> Outcome:
        """number: the circuit that it is done with. Leaves the board reset, or raises what keeps it from that."""
        circuit = 0 if step.once else number
        if reason := self._cannot(step):
            return Outcome(step, circuit, SKIPPED, reason)
        words = self._words(number)
        try:
            known = self._prepare(step, number)
            began_ms = self._bring_about(step, number, words)
        except SkippedError as skipped:
            self._let_go()
            return Outcome(step, circuit, SKIPPED, str(skipped))
        except (RefusedError, circuits.TrippedError, circuits.NotClosedError) as error:
            self._clear(step, words)
            return Outcome(step, circuit, FAILED, str(error))
        record = self._wait(step, known)
        self._let_go()
        outcome = self._judge(step, number, circuit, record, began_ms)
        self._clear(step, words)
        return outcome

    def _cannot(self, step: Step) -> str:
        if not self._hands.by_hand:
            return "" if step.fault or step.tighten else step.why_not
        return step.why_not

    def _words(self, number: int) -> dict[str, Any]:
        circuit = self._setup.circuit(number)
        return {
            "n": number, "limit_degf": circuit.temperature_limit_degf, "limit_v": circuit.voltage_limit_v,
            "leak_a": circuit.leak_a,
        }  # fmt: skip

    def _prepare(self, step: Step, number: int) -> int:
        """Configured, armed and closed as the step wants; the number of the last event before it."""
        self._talk.use(self._board_for(step, number))
        if step.state != IDLE:
            circuits.arm(self._talk)
        self._drain()
        known = max(self._talk.events, default=0)
        if step.state == CLOSED and not step.tighten and not (self._hands.by_hand and step.by_limit):
            self._close(number)
        return known

    def _board_for(self, step: Step, number: int) -> BoardConfig:
        change = step.tighten or (step.by_limit if self._hands.by_hand else None)
        if change is None:
            return self._setup.board
        return board_of(self._setup.config, lambda row: change(row) if row.circuit == number else row)

    def _close(self, number: int) -> None:
        """Until it is closed and settled. NotClosedError, TrippedError."""
        self._held, self._renew_at = number, 0.0
        end = self._talk.now() + CLOSE_S
        while getattr(self._talk.session.status, f"circuit_{number}", None) != _CLOSED:
            self._turn()
            if self._talk.session.trip_id:
                raise circuits.TrippedError(circuits.standing_text(self._talk))
            if self._talk.now() > end:
                raise circuits.NotClosedError(f"circuit {number} did not close within {CLOSE_S:g} s")
        settled = self._talk.now() + SETTLED_S
        while self._talk.now() < settled:
            self._turn()

    def _bring_about(self, step: Step, number: int, words: dict[str, Any]) -> int | None:
        """Do it; the Pico's uptime just before, if the instant is known."""
        self._turn()
        began_ms = self._talk.session.uptime_ms(self._talk.now())
        self._hands.do(step, words, self._turn)
        if step.state == IDLE:
            self._talk.ask(records.Selftest())
        elif step.state in (CLOSED, CLOSING):
            if not self._held:
                self._renew_at, began_ms = 0.0, None
            self._held = number
        timed = not self._hands.by_hand and step.fault is not None and step.state != IDLE
        return began_ms if timed else None

    def _wait(self, step: Step, known: int) -> circuits.Latched | None:
        """The first trip or fault that was not known; None if there is none in time."""
        within_s = step.within_s if self._hands.by_hand or step.fault is None else SIMULATED_S
        end = self._talk.now() + within_s
        while self._talk.now() < end:
            if record := self._latched_after(known):
                self._follow(record.event_id)
                return record
            try:
                self._turn()
            except LostError:
                self._talk.restore(RESTORE_S)
        return None

    def _latched_after(self, known: int) -> circuits.Latched | None:
        found = [r for r in self._talk.events.values() if isinstance(r, circuits.Latched) and r.event_id > known]
        return min(found, key=lambda record: record.event_id, default=None)

    def _follow(self, event_id: int) -> None:
        """A trip too many is a fault of its own, right behind the trip."""
        end = self._talk.now() + FOLLOWS_S
        while self._talk.now() < end:
            self._turn()
            after = self._latched_after(event_id)
            if after is not None and messages.TRIGGERS[after.trigger] == TOO_MANY:
                self.too_many = after

    def _judge(
        self, step: Step, number: int, circuit: int, record: circuits.Latched | None, began_ms: int | None
    ) -> Outcome:
        if record is None:
            return Outcome(step, circuit, FAILED, "no trip in time: was it done, and is there voltage at the array?")
        wrong = [*differences(step, number, record)]
        status = self._talk.session.status
        if status is not None and status.relays:
            wrong.append("relays are still closed")
        reaction_ms = self._reaction_ms(step, record, began_ms)
        if reaction_ms is not None and reaction_ms < 0:
            reaction_ms, wrong_clock = None, "the simulator stood still meanwhile: no time is known"
        else:
            wrong_clock = ""
        note = "; ".join(wrong) or wrong_clock
        return Outcome(step, circuit, FAILED if wrong else PASSED, note, record, reaction_ms)

    def _reaction_ms(self, step: Step, record: circuits.Latched, began_ms: int | None) -> int | None:
        """By the Pico's clock; None if nobody knows when it began, or of another boot."""
        welcome = self._talk.session.welcome
        if began_ms is None or step.resets or welcome is None or record.boot_id != welcome.boot_id:
            return None
        return 1000 * record.at_uptime_s + record.at_uptime_ms_part - began_ms

    # -- what is done again and again --------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Renew the lease of what is held, hear the Pico, keep its events."""
        talk = self._talk
        if self._held and talk.now() >= self._renew_at:
            talk.session.lease(self._held, talk.now(), circuits.TTL_MS)
            self._renew_at = talk.now() + circuits.RENEW_S
        talk.pump(0.02)
        self._journal.keep(talk)
        if talk.session.wants_reopen:
            raise LostError(f"{talk.path}: nothing comes any more: cable or power?")

    def _drain(self) -> None:
        """Until every event that waited has come and is kept, so that what comes next is new."""
        end = self._talk.now() + 3.0
        while self._talk.now() < end:
            self._turn()
            status = self._talk.session.status
            if status is not None and status.events_waiting == 0:
                return

    def _let_go(self) -> None:
        if self._held:
            self._talk.session.release(self._held, self._talk.now())
        self._held = 0

    def _clear(self, step: Step, words: dict[str, Any]) -> None:
        """Mend and reset; a person is asked again while the cause is still there."""
        self._let_go()
        while True:
            self._hands.mend(step, words, self._turn)
            try:
                self._reset()
            except RefusedError as error:
                say(f"    not yet: {error}")
                if not self._hands.by_hand or not step.mend:
                    raise
            else:
                return

    def _reset(self) -> None:
        """Whatever stands, as STATUS tells it."""
        for _ in range(10):
            self._turn()
        if trip_id := self._talk.session.trip_id:
            circuits.reset(self._talk, trip_id)
        self._drain()


def differences(step: Step, number: int, record: circuits.Latched) -> Iterable[str]:
    """How an event is not what the step must bring: name, channel, circuit, value against limit."""
    told = (type(record).__name__.upper(), messages.TRIGGERS[record.trigger], messages.SUBJECTS[record.subject])
    wanted = (step.kind, step.trigger, step.subject.format(n=number))
    if told != wanted:
        yield f"told {' '.join(told)} instead of {' '.join(wanted)}"
    elif not step.once and record.circuit != number:
        yield f"told of circuit {record.circuit} instead of {number}"
    if step.over is not None and (record.value > record.limit) is not step.over:
        yield f"{record.value} is not {'over' if step.over else 'under'} the limit {record.limit}"


def with_too_many(outcomes: list[Outcome], too_many: circuits.Latched | None) -> list[Outcome]:
    """The row of the trip too many, which comes of itself, with what was told of it."""
    if too_many is None:
        return outcomes
    return [
        replace(o, verdict=PASSED, note="came of itself, behind the fourth trip", record=too_many)
        if o.step.trigger == TOO_MANY
        else o
        for o in outcomes
    ]
