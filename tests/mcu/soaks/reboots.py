"""A board that loses power or is reset at random instants, over and over: no life of it closes a relay before it was
armed, none arms or resets by itself, and a trip keeps its facts and its waveform until a person resets it.

An instant is a pass, a record of the board's outputs (so, in the middle of a pass), or a byte on its way to flash.
"""

import gc

import simboard
import simwire
from chance import Chance
from memory_disk import Disk, PowerCut
from virtual_rig import Rig

from tanklink.messages import BOARD_STATES, NAK_REASONS, TRACE_PARTS

CAUSES = (
    simwire.CAUSE_POWER_ON,
    simwire.CAUSE_WATCHDOG,
    simwire.CAUSE_SOFT,
)  # the index is the cause of WELCOME and BOOT
FACTS = ("circuit", "trigger", "subject", "value", "limit")  # in their order in memory
MOST_PASSES, MOST_RECORDS, MOST_BYTES = 1500, 20_000, 6000
RESET_WAIT_MS = 2100


class Ended(BaseException):
    """The chip stops here: not for the program to catch."""


_FACTS_AT, _FACTS_END = 5, 10
ENDED = Ended()  # made once: a life may end where nothing can be allocated


def soak(count, seed):
    """count lives. Returns how they ended and what they had done."""
    world = World(Chance(seed))
    for n in range(count):
        world.live(n)
        gc.collect()
    return world.figures


class Mortal(Rig):
    """A board that ends after so many passes or records. may_close: whether the host has sent ARM."""

    def __init__(self, passes, records, **options):
        self.left = passes
        self.may_close = False
        super().__init__(**options)
        self.records_left = records
        assert self.pins() == (0, 0, 0, 0), "a relay before the first pass"
        self.backend.on_record = self._record

    def one_pass(self):
        if self.left == 0:
            raise ENDED
        self.left -= 1
        super().one_pass()

    def _record(self, _t, _kind, _a, _b):
        pins = simboard.board().bank.pins
        assert self.may_close or not (pins[0] or pins[1] or pins[2] or pins[3]), "closed before ARMED"
        self.records_left -= 1
        if self.records_left == 0:
            raise ENDED

    def arm(self):
        self.may_close = True
        return super().arm()


class World:
    """What outlasts a life: flash, scratch registers, and what is known of the standing trip.

    trip_id: of the standing trip, 0 = none. facts: channel, value, limit. told: whether the host has heard of it, under
    that number: one that only the scratch registers kept gets a new one. trace: its waveform. sure: whether the trip
    must be there after the next start: the host was told, or no power was lost.
    """

    def __init__(self, chance):
        self._chance = chance
        self._disk, self._words = Disk(), None
        self.trip_id, self.facts, self.trace = 0, None, None
        self._sure = self._told = False
        self._asked_reset = False  # the host sent RESET_TRIP and did not hear how it ended
        self.figures = dict.fromkeys(("lives", "power_cuts", "in_flash", "trips", "traces", "resets", "armed"), 0)

    def live(self, number):
        chance, disk = self._chance, self._disk
        how = 1 + chance.below(2) if self._words is not None else 0
        disk.budget = 1 + chance.below(MOST_BYTES) if chance.below(4) == 0 else None
        rig = None
        try:
            rig = Mortal(
                chance.below(MOST_PASSES), 1 + chance.below(MOST_RECORDS), disk=disk, cause=CAUSES[how],
                reset_cause=how, boot_id=100 + number, words=self._words,
            )  # fmt: skip
            self._course(rig)
        except Ended:
            pass
        except PowerCut:
            self.figures["in_flash"] += 1
        disk.budget = None
        self.figures["lives"] += 1
        if rig is not None:  # else it ended while it started, and the scratch registers are as they were
            rig.backend.on_record = None
            self._words = rig.backend.words
            self._note_trip(rig)
        if chance.below(3) == 0:
            self._lose_power()

    def _note_trip(self, rig):
        """A trip that no host has heard of: it stands from its first instant, unless power goes with it."""
        standing = rig.program.journal.standing_id()
        if standing and standing != self.trip_id:
            self.trip_id, self.facts, self.trace = (
                standing,
                list(rig.program.journal._standing[_FACTS_AT:_FACTS_END]),
                None,
            )
            self._sure, self._told = True, False

    def _lose_power(self):
        self._words = None
        self.figures["power_cuts"] += 1
        if not self._told:
            self._sure, self.facts = False, None

    # -- a life, until it ends -------------------------------------------------------------------------------------

    def _course(self, rig):
        self._alone(rig)
        welcome = rig.hello()
        self._compare(rig, welcome)
        rig.configure()
        if self.trip_id:
            self._tripped_life(rig)
        else:
            self._armed_life(rig)

    def _alone(self, rig):
        """Nobody there, or one who grants before there is a session: it does not arm."""
        rig.lease(1)
        rig.run(5 * self._chance.below(12))
        assert rig.state() in ("disarmed", "tripped", "fault"), rig.state()
        assert rig.pins() == (0, 0, 0, 0)

    def _compare(self, rig, welcome):
        """The trip that stood stands, and no other. One that power cut off before anybody was told may be gone."""
        assert BOARD_STATES[welcome.state] in ("disarmed", "tripped"), BOARD_STATES[welcome.state]
        if self._asked_reset and welcome.trip_id != self.trip_id:
            self._forget()
        self._asked_reset = False
        if welcome.trip_id != self.trip_id:
            assert not self._told, (welcome.trip_id, self.trip_id)
            assert welcome.trip_id or not self._sure, "a trip was forgotten"
            self.trip_id, self.trace = welcome.trip_id, None
        assert (BOARD_STATES[welcome.state] == "tripped") == bool(self.trip_id)
        if self.trip_id:
            rig.run(130)
            self._hear(rig)

    def _hear(self, rig):
        """TRIP as it is told, the same every time."""
        trip = rig.last("TRIP")
        assert trip.event_id == self.trip_id, (trip.event_id, self.trip_id)
        facts = [getattr(trip, name) for name in FACTS]
        assert self.facts is None or facts == self.facts, (facts, self.facts)
        self.facts, self._sure, self._told = facts, True, True

    def _tripped_life(self, rig):
        assert rig.refused("ARM", 1, rig.program.identity.boot_id, bytes(4)) == "state"
        self._read_trace(rig)
        rig.run(5 * self._chance.below(200))
        assert rig.state() == "tripped"
        if self._chance.below(2):
            return
        rig.accepted("CONFIG_CHECK")
        rig.run(RESET_WAIT_MS)
        assert rig.refused("RESET_TRIP", self.trip_id + 1) == "wrong_trip"
        self._asked_reset = True
        rig.accepted("RESET_TRIP", self.trip_id)
        rig.acknowledge()
        rig.run(20)
        self._asked_reset = False
        self._forget()
        self.figures["resets"] += 1
        self._armed_life(rig)

    def _armed_life(self, rig):
        answer = rig.arm()
        assert answer.name == "ACK", NAK_REASONS[answer.reason]
        self.figures["armed"] += 1
        for circuit in rig.program.circuits:
            circuit.prove(rig.program.clock)
        rig.closed(1 + self._chance.below(2))
        rig.run(5 * self._chance.below(60))
        if self._chance.below(4) == 0:
            return
        self._break_something(rig)
        if self._chance.below(2):
            self._end_soon(rig)
        rig.run_until(lambda: rig.state() == "tripped", 500)
        rig.run(130)
        self._forget()
        self.trip_id = rig.last("TRIP").event_id
        self.figures["trips"] += 1
        self._hear(rig)
        rig.run(300)
        self._read_trace(rig)

    def _break_something(self, rig):
        which, circuit = self._chance.below(3), 1 + self._chance.below(2)
        if which == 0:
            rig.set(circuit, degf=165)
        elif which == 1:
            rig.lease(circuit)
            rig.show(circuit, amps=12.5)
        else:
            rig.backend.set_loop(circuit, False)

    def _end_soon(self, rig):
        """Around the trip, the first facts, its record and its waveform, where it matters most."""
        how = self._chance.below(3)
        if how == 0:
            rig.left = self._chance.below(60)
        elif how == 1:
            rig.records_left = 1 + self._chance.below(60)
        else:
            self._disk.budget = self._chance.below(400)

    def _read_trace(self, rig):
        """The waveform, if it was in flash before the board ended; once read it is the same for ever."""
        parts = b""
        for part in range(TRACE_PARTS):
            answer = rig.ask("READ_TRACE", self.trip_id, part)
            if answer.name == "NAK":
                assert self.trace is None, "a waveform is gone"
                return
            parts += answer.samples
        assert self.trace in (None, parts), "a waveform has changed"
        self.figures["traces"] += self.trace is None
        self.trace = parts

    def _forget(self):
        self.trip_id, self.facts, self.trace = 0, None, None
        self._sure = self._told = False
