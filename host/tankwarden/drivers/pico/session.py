"""The conversation with one Pico as a state machine: frames, wishes and `now` in; frames and happenings out.

No I/O, no clock. CLOSED → HELLO → CHECK → (CONFIGURE → CHECK) → (ARM) → READY, and back to HELLO whenever the Pico
falls silent, restarts or does not know us. The configuration is compared before anything is armed, and sent only if
it differs. A new session ends the old one and opens what it held: the Pico arms anew for every host that comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tanklink import messages, records
from tanklink.records import Record
from tankwarden.drivers.pico.advice import NO_ANSWER, NO_READINGS, mismatch_text, nak_text, step_text
from tankwarden.drivers.pico.configuration import BoardConfig, describe_step
from tankwarden.drivers.pico.exchange import Exchange
from tankwarden.drivers.pico.picoclock import PicoClock
from tankwarden.events import Journaled

SILENCE_S = 1.5  # without STATUS: say HELLO again; once more without: open the port anew
KEEPALIVE_S = 0.4  # the Pico transmits only within 1 s of a valid frame
MISMATCH_RETRY_S = 10.0
REFUSED_RETRY_S = 5.0
# Refusals that pass by themselves are tried again sooner.
RETRY_S = {"rate": 0.25, "no_session": 0.1, "boot_id": 0.1, "nonce": 0.1, "state": 1.0, "config_crc": 1.0}
ARM_RETRY_S = 2.0
JournalRecord = Journaled

Answered = Callable[[Record | None], None]


class Phase(StrEnum):
    CLOSED = "closed"  # no port
    HELLO = "hello"  # asked, not yet welcomed
    MISMATCH = "mismatch"  # the tables of messages differ: nothing else can be understood
    CHECK = "check"  # asked what configuration the Pico holds
    CONFIGURE = "configure"  # telling it ours
    ARM = "arm"
    READY = "ready"
    REFUSED = "refused"  # the Pico refused a step of the handshake: telemetry goes on, tried again later


TALKING = (Phase.CHECK, Phase.CONFIGURE, Phase.ARM, Phase.READY, Phase.REFUSED)


@dataclass(frozen=True)
class Restarted:
    """The Pico is on another boot than before, or its uptime went back."""

    uptime_ms: int
    last_uptime_ms: int
    reset_cause: str


@dataclass(frozen=True)
class Mismatched:
    """The two sides hold different tables."""

    theirs: bytes
    message: str


@dataclass(frozen=True)
class Arrived:
    """A STATUS or an event of the Pico's journal came."""

    record: records.Status | JournalRecord


@dataclass(frozen=True)
class Reported:
    """What the lights do came: newest wins, nothing waits for it."""

    record: records.Lights


Happening = Restarted | Mismatched | Arrived | Reported


class Session:
    """One Pico. board: what it is to hold; random_uint: a fresh random number below 2^30 at each call."""

    def __init__(self, board: BoardConfig, *, version: str, random_uint: Callable[[], int]) -> None:
        self._board, self._version, self._random = board, version, random_uint
        self._exchange = Exchange(random_uint())
        self._clock = PicoClock()
        self._session = 0
        self._arming = 0  # nonce of the last ARM that was sent: names it in its leases
        self._happenings: list[Happening] = []
        self._waiting: list[Answered] = []
        self._retry_at = self._keepalive_at = self._next_arm = 0.0
        self._arm_until = -1.0
        self._configured = False  # in this handshake: a second difference is no longer mended by sending it again
        self._silent_before = False
        self._quiet_since = 0.0
        self._uptime_ms = 0  # the last one heard
        self.phase = Phase.CLOSED
        self.wants_reopen = False
        self.message: str | None = None  # for people, while something is not as it should be
        self.welcome: records.Welcome | None = None
        self.status: records.Status | None = None
        self.status_at: float | None = None
        self.health: records.Health | None = None
        self.budget: records.Budget | None = None
        self.board_state = "unknown"
        self.trip_id = 0
        self.refusals: dict[str, int] = {}

    def reconfigure(self, board: BoardConfig, now: float) -> None:
        """It is to hold another configuration: sent at once if we talk, which disarms it for a moment; else later."""
        self._board, self._configured = board, False
        if self.phase in (Phase.READY, Phase.REFUSED):
            self._check(now)

    @property
    def retries(self) -> int:
        """Commands that had to be sent again since the port was opened."""
        return self._exchange.retries

    def uptime_ms(self, now: float) -> int | None:
        """The Pico's clock, never ahead of the truth; None if it was not heard lately."""
        return self._clock.estimate_ms(now)

    # -- what the transport says ---------------------------------------------------------------------------------

    def opened(self, now: float) -> None:
        """The port is open: a new session begins."""
        self._session = self._random()
        self._exchange = Exchange(self._random())
        self._clock.reset()
        self._silent_before = self.wants_reopen = False
        self._next_arm = now
        self._hello(now)

    def closed(self) -> None:
        """The port is gone, for whatever reason; every waiting command ends unanswered."""
        self.phase = Phase.CLOSED
        self.wants_reopen = False
        self.board_state = "unknown"
        self._clock.reset()
        self._abandon()

    def received(self, seq: int, record: Record, now: float) -> None:
        """A valid frame arrived."""
        if self.phase in (Phase.CLOSED, Phase.MISMATCH):
            return
        if isinstance(record, records.Status):
            self._status(record, now)
        elif isinstance(record, records.Health):
            self.health = record
        elif isinstance(record, records.Budget):
            self.budget = record
        elif isinstance(record, JournalRecord):
            if self.phase in TALKING:
                self._happenings.append(Arrived(record))
        elif isinstance(record, records.Lights):
            self._happenings.append(Reported(record))
        elif isinstance(record, records.Pong):
            self._heard(record.uptime_s, record.uptime_ms_part, now)
            self._exchange.reply(seq, record, now)  # if a person asked; the keepalive's is nobody's
        elif not self._exchange.reply(seq, record, now) and isinstance(record, records.Nak):
            self._grant_refused(record, now)

    def tick(self, now: float) -> None:
        """Do what is due: retries, the watchdog over STATUS, the keepalive, another attempt after a refusal."""
        if self.phase is Phase.CLOSED or self.wants_reopen:
            return
        self._exchange.tick(now)
        if self.phase in (Phase.MISMATCH, Phase.REFUSED):
            if now >= self._retry_at:
                self._hello(now)
        elif self.phase in TALKING and now - self._quiet_since >= SILENCE_S:
            self._silence(now)
        if self.phase in TALKING and now >= self._keepalive_at:
            self._grant(records.Ping(token=0), now)

    def deadline(self) -> float | None:
        """When `tick` is due next; None while closed."""
        if self.phase is Phase.CLOSED:
            return None
        due = [d for d in (self._exchange.deadline(),) if d is not None]
        if self.phase in TALKING:
            due.append(self._keepalive_at)
        if self.phase in (Phase.MISMATCH, Phase.REFUSED):
            due.append(self._retry_at)
        elif self.phase in TALKING:
            due.append(self._quiet_since + SILENCE_S)
        return min(due, default=None)

    def take(self) -> list[tuple[int, Record]]:
        """Frames to send now: (seq, record)."""
        return self._exchange.take()

    def happenings(self) -> list[Happening]:
        """What happened since the last call, in order."""
        happened, self._happenings = self._happenings, []
        return happened

    # -- what the control tick wishes ------------------------------------------------------------------------------

    def permit_arming(self, until: float) -> None:
        """A clean, disarmed Pico may be armed until then: only a control loop that is alive goes on saying so."""
        self._arm_until = until

    def lease(self, circuit: int, now: float, ttl_ms: int) -> bool:
        """Keep a circuit closed for ttl_ms from now. False, and nothing sent, if that cannot be had now."""
        estimate = self._clock.estimate_ms(now)
        if self.phase is not Phase.READY or self.board_state != "armed" or estimate is None:
            return False
        self._grant(records.Lease(circuit, *divmod(estimate + ttl_ms, 1000), self._arming), now)
        return True

    def release(self, circuit: int, now: float) -> None:
        """Open a circuit: its lease ends at an instant that is past."""
        if self.phase in TALKING:
            self._grant(records.Lease(circuit, 0, 0, self._arming), now)

    # -- what people and the event flow wish -------------------------------------------------------------------------

    def command(self, record: Record, answered: Answered, now: float) -> None:
        """Send a person's command; `answered` gets the reply, or None if there is none."""
        if self.phase not in TALKING:
            answered(None)
            return
        self._exchange.command(record, self._awaited(answered), urgent=True)
        self._exchange.tick(now)

    def inquire(self, record: Record, answered: Answered, now: float) -> None:
        """Ask for something that has time and changes nothing: after every lease and command. As command() else."""
        if self.phase is not Phase.READY:
            answered(None)
            return
        self._exchange.inquire(record, self._awaited(answered))
        self._exchange.tick(now)

    def _awaited(self, answered: Answered) -> Callable[[Record | None, float], None]:
        """For the exchange; `answered` gets its None, too, if the session ends before."""
        self._waiting.append(answered)

        def replied(reply: Record | None, _: float) -> None:
            self._waiting.remove(answered)
            answered(reply)

        return replied

    def grant(self, record: Record, now: float) -> None:
        """Send an absolute value, which nothing answers; a refusal is counted in `refusals`."""
        if self.phase in TALKING:
            self._grant(record, now)

    def acknowledge(self, event_id: int, now: float) -> None:
        """Tell the Pico that its events up to this one are stored. Call it only when they are."""
        if self.phase in TALKING:
            self._grant(records.EventAck(event_id=event_id), now)

    # -- the handshake -----------------------------------------------------------------------------------------------

    def _hello(self, now: float) -> None:
        self.phase = Phase.HELLO
        self._configured = False
        self._abandon()
        self._ask(records.Hello(digest=messages.DIGEST, session=self._session), self._welcomed, now)

    def _welcomed(self, reply: Record | None, now: float) -> None:
        if isinstance(reply, records.Welcome):
            if reply.digest != messages.DIGEST:
                self._mismatch(reply.digest, reply.version, now)
            else:
                self._greet(reply, now)
        elif isinstance(reply, records.Nak) and nak_reason(reply) == "digest":
            self._mismatch(b"", "", now)
        elif isinstance(reply, records.Nak):
            self._refused("HELLO", nak_reason(reply), now)
        else:
            self.message = NO_ANSWER
            self.wants_reopen = True

    def _greet(self, welcome: records.Welcome, now: float) -> None:
        before, self.welcome = self.welcome, welcome
        uptime_ms = welcome.uptime_s * 1000 + welcome.uptime_ms_part
        if before is not None and (before.board_id, before.boot_id) != (welcome.board_id, welcome.boot_id):
            self._clock.reset()
            self._next_arm = now
            self.health = self.budget = None
            cause = messages.RESET_CAUSES[welcome.reset_cause]
            self._happenings.append(Restarted(uptime_ms, self._uptime_ms, cause))
        self._uptime_ms = uptime_ms
        self._clock.heard(uptime_ms, now)
        self.board_state, self.trip_id = messages.BOARD_STATES[welcome.state], welcome.trip_id
        self.message = None
        self._quiet_since = self._keepalive_at = now
        self._check(now)

    def _check(self, now: float) -> None:
        self.phase = Phase.CHECK
        self._ask(records.ConfigCheck(), self._checked, now)

    def _checked(self, reply: Record | None, now: float) -> None:
        if not isinstance(reply, records.ConfigState):
            self._step_failed("CONFIG_CHECK", reply, now)
        elif self._board.is_held(reply):
            if self._wants_arming(now):
                self._arm(reply, now)
            else:
                self.phase = Phase.READY
        elif not self._configured:
            self._configure(now)
        else:
            self._refused("CONFIG_CHECK", "config_crc" if reply.complete else "config_incomplete", now)

    def _configure(self, now: float) -> None:
        self.phase = Phase.CONFIGURE
        if self.board_state == "armed":  # with another configuration than ours: it takes none while armed
            self._ask(records.Disarm(), self._step_done("DISARM"), now)
        for step in self._board.steps:
            self._ask(step, self._step_done(describe_step(step)), now)
        self._configured = True
        self._ask(records.ConfigCheck(), self._checked, now)

    def _step_done(self, what: str) -> Callable[[Record | None, float], None]:
        def done(reply: Record | None, now: float) -> None:
            if not isinstance(reply, records.Ack):
                self._step_failed(what, reply, now)

        return done

    def _arm(self, state: records.ConfigState, now: float) -> None:
        assert self.welcome is not None
        self.phase = Phase.ARM
        self._next_arm = now + ARM_RETRY_S
        self._arming = state.nonce
        arm = records.Arm(nonce=state.nonce, boot_id=self.welcome.boot_id, config_crc=self._board.crc)
        self._ask(arm, self._armed, now)

    def _armed(self, reply: Record | None, now: float) -> None:
        if isinstance(reply, records.Ack):
            self.message = None
            self.phase = Phase.READY
        elif isinstance(reply, records.Nak) and nak_reason(reply) not in RETRY_S:
            self.message = f"the Pico refuses to arm: {nak_text(nak_reason(reply))}"
            self.phase = Phase.READY
        else:
            self._step_failed("ARM", reply, now)

    def _wants_arming(self, now: float) -> bool:
        clean = self.board_state == "disarmed" and self.trip_id == 0
        return clean and bool(self._board.enabled) and now <= self._arm_until and now >= self._next_arm

    # -- when things go wrong ----------------------------------------------------------------------------------------

    def _step_failed(self, what: str, reply: Record | None, now: float) -> None:
        """A step of the handshake got no answer or a refusal: begin again, at once or after a while."""
        if isinstance(reply, records.Nak):
            self._refused(what, nak_reason(reply), now)
        else:
            self._hello(now)

    def _refused(self, what: str, reason: str, now: float) -> None:
        self.message = f"the Pico refuses {step_text(what)}: {nak_text(reason)}"
        self.phase = Phase.REFUSED
        self._abandon()
        self._retry_at = now + RETRY_S.get(reason, REFUSED_RETRY_S)

    def _mismatch(self, theirs: bytes, pico_version: str, now: float) -> None:
        self.phase = Phase.MISMATCH
        self.message = mismatch_text(messages.DIGEST, theirs, self._version, pico_version)
        self._retry_at = now + MISMATCH_RETRY_S
        self._happenings.append(Mismatched(theirs, self.message))

    def _silence(self, now: float) -> None:
        if self._silent_before:
            self.message = NO_READINGS
            self.wants_reopen = True
        else:
            self._silent_before = True
            self._hello(now)

    def _grant_refused(self, nak: records.Nak, now: float) -> None:
        if nak.request == messages.READ_TRACE.id:
            return  # of an inquiry that made room for a command, and will be asked again
        reason = nak_reason(nak)
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
        if reason == "lease_too_long":
            self._clock.reset()  # our idea of the Pico's clock was wrong: none is better
        elif reason in ("no_session", "old_arming") and self.phase is Phase.READY:
            self._session = self._random()  # what is armed, if anything, is not ours: a new session disarms it
            self._hello(now)

    def _abandon(self) -> None:
        self._exchange.clear()
        waiting, self._waiting = self._waiting, []
        for answered in waiting:
            answered(None)

    # -- state and small things --------------------------------------------------------------------------------------

    def _status(self, status: records.Status, now: float) -> None:
        if self.phase is Phase.HELLO and self.welcome is None:
            return  # of a session that was another host's
        self.status, self.status_at = status, now
        before, self.board_state = self.board_state, messages.BOARD_STATES[status.state]
        self.trip_id = status.trip_id
        self._quiet_since, self._silent_before = now, False
        self._happenings.append(Arrived(status))
        if not self._heard(status.uptime_s, status.uptime_ms_part, now):
            self._hello(now)
        elif self.phase is Phase.READY and (self._wants_arming(now) or (self.board_state == "fault" != before)):
            # Of a fault: what the Pico holds may be damaged, and without ours the fault cannot be reset.
            self._configured = False
            self._check(now)

    def _heard(self, uptime_s: int, uptime_ms_part: int, now: float) -> bool:
        """Whether this uptime belongs to the boot that welcomed us."""
        uptime_ms = uptime_s * 1000 + uptime_ms_part
        same_boot = self._clock.heard(uptime_ms, now)
        if same_boot and self.phase in TALKING:
            self._uptime_ms = uptime_ms
        return same_boot

    def _ask(self, record: Record, answered: Callable[[Record | None, float], None], now: float) -> None:
        self._exchange.command(record, answered)
        self._exchange.tick(now)

    def _grant(self, record: Record, now: float) -> None:
        self._keepalive_at = now + KEEPALIVE_S
        self._exchange.grant(record)


def nak_reason(nak: records.Nak) -> str:
    """The name of the reason."""
    return messages.NAK_REASONS[nak.reason]
