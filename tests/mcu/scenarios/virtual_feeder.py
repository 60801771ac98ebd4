"""A virtual board with two feeders on it: what their hoppers gave is the truth, and power can go at any instant.

A hopper gives a portion when its servo gets past OPEN_US, and takes the next one once that is back below SHUT_US.
"""

import simwire
from memory_disk import PowerCut
from virtual_rig import Rig

from tanklink.messages import FEEDING_REASONS, FEEDING_STATES

REST_US, FEED_US = 600, 1500
OPEN_US, SHUT_US = 1200, 900
ROTATE_MS, HOLD_MS = 200, 100
FEEDER = (True, 550, 2400, 5, 8, 20, 30_000)  # of a CONFIG_FEEDER, from enabled to max_mg_24h
DAY, WALL_S = 20_000, 40_000
PERIOD_US = 20_000
SECONDS = 1_000_000


def channel(gpio):
    return (gpio >> 1 & 7) * 2 + (gpio & 1)


class Hopper:
    """Of one feeder. pulse_us: of its servo now, 0 = none; portions: given so far; jammed: it gives nothing."""

    def __init__(self, number):
        self.gpio = simwire.SERVO_GPIOS[number - 1]
        self.drops = simwire.W_DROPS + number - 1
        self.pulse_us = 0
        self.portions = 0
        self.moves = 0  # times at which its pulse changed
        self.full = True
        self.jammed = self.blind = False

    def pulse(self, pulse_us, words):
        self.moves += 1
        self.pulse_us = pulse_us
        if not pulse_us or self.jammed:
            return
        if pulse_us < SHUT_US:
            self.full = True
        elif pulse_us > OPEN_US and self.full:
            self.full = False
            self.portions += 1
            if not self.blind:
                words[self.drops] += 1


class Hoppers:
    """Both: they outlive the board's power."""

    def __init__(self):
        self.all = (Hopper(1), Hopper(2))
        self.words = None

    def plug(self, backend):
        """Follow the pulses of this board."""
        self.words = backend.words
        backend.on_record = self.record
        for hopper in self.all:
            hopper.pulse_us = 0

    def record(self, _t, kind, a, b):
        for hopper in self.all:
            if kind == simwire.PWM_LEVEL and a == channel(hopper.gpio):
                hopper.pulse(round_us(b & 0x1FFFF) if b >> 17 & 1 else 0, self.words)
            elif kind == simwire.FUNCTION and a == hopper.gpio and b != simwire.FUNCTION_PWM:
                hopper.pulse_us = 0

    def portions(self):
        return sum([hopper.portions for hopper in self.all])


def round_us(counts):
    """Of a slice at 50 Hz, as the program makes it: 65466 counts, and so 0.3 µs fine."""
    return (counts * PERIOD_US + 65466 // 2) // 65466


class Farm(Rig):
    """A board that feeds. hoppers: of before a restart."""

    def __init__(self, disk=None, hoppers=None, boot_id=77, **board):
        self.hoppers = hoppers or Hoppers()
        self.boot_id = boot_id
        self.op = 1000 * boot_id
        super().__init__(disk, boot_id=boot_id, before=self.hoppers.plug, **board)
        self.hoppers.plug(self.backend)

    def ready(self, *feeders, sensor=True):
        """With a host, and these feeders configured; both if none is named."""
        self.hello()
        for feeder in feeders or (1, 2):
            self.accepted("CONFIG_FEEDER", feeder, *FEEDER, sensor)
        return self

    def feeding(self, feeder=1, op=None, turns=1, ahead_ms=5000, boot_id=None, day=DAY, wall_s=WALL_S, mg=500,
                rest_us=REST_US, feed_us=FEED_US, rotate_ms=ROTATE_MS, hold_ms=HOLD_MS, returns=True):  # fmt: skip
        """The values of a FEED; op None = a new operation."""
        if op is None:
            self.op += 1
            op = self.op
        clock = self.program.clock
        ms = clock.ms_part() + ahead_ms
        boot_id = self.boot_id if boot_id is None else boot_id
        return (
            3, op, feeder, boot_id, clock.s + ms // 1000, ms % 1000, day, wall_s,
            rest_us, feed_us, rotate_ms, hold_ms, returns, turns, mg,
        )  # fmt: skip

    def feed(self, *args, **kwargs):
        """Begin a feeding; returns what the Pico says of it."""
        return self.accepted("FEED", *self.feeding(*args, **kwargs))

    def not_fed(self, *args, **kwargs):
        """The reason for which a feeding is refused; nothing moves."""
        before = self.hoppers.all[0].moves, self.hoppers.all[1].moves
        reason = self.refused("FEED", *self.feeding(*args, **kwargs))
        self.run(110)  # no more than ten refusals a second
        assert before == (self.hoppers.all[0].moves, self.hoppers.all[1].moves)
        return reason

    def done(self, ms=20_000):
        """Until nothing moves and every report is kept."""
        self.run_until(lambda: not self.program.feeder.busy(), ms)
        self.run(200)
        return self

    def status(self, op):
        """(state, reason) of an operation, by name."""
        said = self.accepted("FEED_STATUS", 3, op)
        assert (said.op_hi, said.op_lo) == (3, op)
        return FEEDING_STATES[said.state], FEEDING_REASONS[said.reason]

    def reports(self):
        """Of the events heard: operation → (outcome, reason), once each."""
        found = {}
        for event in self.events():
            if event.name == "FEED_REPORT":
                assert event.op_lo not in found, event
                found[event.op_lo] = (FEEDING_STATES[event.outcome], FEEDING_REASONS[event.reason])
        return found

    def restarted(self, **board):
        """The same board after a cut of power: flash is what is left, and what the hoppers gave."""
        self.disk.budget = None
        return Farm(self.disk, self.hoppers, self.boot_id + 1, **board)


def cut_short(function):
    """Run it; whether power was cut on the way."""
    try:
        function()
    except PowerCut:
        return True
    return False
