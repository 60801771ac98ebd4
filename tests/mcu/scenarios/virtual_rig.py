"""The whole program on a virtual board, and a host to talk to it. Runs under both interpreters.

The files of mcu/ are the real ones, interlock and sampler included; below them are the simulation's shims on a virtual
clock, beside them a disk in memory.
"""

import time

import blackbox
import board
import flashpages
import journal
import machine
import simboard
import simwire
from firstfacts import FirstFacts
from identity import Identity
from interlock import Interlock
from memory_disk import Disk
from program import Program
from sampler import Sampler
from virtual_house import House

from tanklink.frames import MAX_FRAME, ByteReader, encode_into
from tanklink.messages import (
    BOARD_STATES,
    DIGEST,
    NAK_REASONS,
    TABLE,
)  # fmt: skip
from tanklink.schema import EVENT, PICO, REPLY, STATE

START_US = (1 << 30) - 5_000_000  # the ticks wrap five seconds after the start
DAY_14_S = 14 * 86400  # in ms beyond 2^30
ZERO_COUNTS, COUNTS_PER_A = 372, 264  # of a current sensor
REFERENCE, REFERENCE_COUNTS = 6, 3102  # channel; 2.5 V of 3.3 V
LIMIT_MA, LIMIT_M_DEGF, RESISTANCE_MOHM = 11_000, 160_000, 32_000
SEQUENCE_MS = 50
_TRACES = 2
# Of a CONFIG_CIRCUIT, from voltage_limit_mv to watch_leakage.
FURTHER = (450_000, 60_000, 300, 300, 2000, 1000, 900, 2000, True, True)
NAMED = {m.name: m for m in TABLE}


class Port:
    """The link's other end. `room`: bytes that can be written before the host stops reading; None = it reads."""

    def __init__(self, backend):
        self._backend = backend
        self._in, self._first, self._last = bytearray(3072), 0, 0
        self._out, self._n = bytearray(2048), 0
        self.room = None
        self.writes = 0
        self.total = 0  # bytes written
        self.longest_write = 0

    def feed(self, data, n=None):
        if self._first == self._last:
            self._first = self._last = 0
        for i in range(len(data) if n is None else n):
            self._in[self._last] = data[i]
            self._last += 1

    def waiting(self):
        return self._last - self._first

    def take(self):
        data = bytes(self._out[: self._n])
        self._n = 0
        return data

    def forget(self):
        """Throw away what the Pico has said. Allocates nothing."""
        self._n = 0

    def poll(self, timeout_ms):
        if self._first == self._last:
            self._backend.sleep_us(1000 * timeout_ms)
        return self._first < self._last

    def read_byte(self):
        byte = self._in[self._first]
        self._first += 1
        return byte

    def writable(self):
        return self.room is None or self.room > 0

    def write(self, buf, start, n):
        if self.room is not None:
            n = min(n, self.room)
            self.room -= n
        for i in range(n):
            self._out[self._n + i] = buf[start + i]
        self._n += n
        self.total += n
        self.writes += 1
        self.longest_write = max(self.longest_write, n)
        return n


def kept(disk, boot_id):
    """Journal and black box on a disk; of the latter fewer blocks, since the disk is in this memory, too."""
    blocks = flashpages.find(disk, disk, journal.NAMES + blackbox.NAMES[:_TRACES])
    n = len(journal.NAMES)
    events = journal.Journal(boot_id, blocks[:n], FirstFacts(), disk)
    return events, blackbox.BlackBox(blocks[n:], boot_id)


class Heard:
    """A message of the Pico: name, seq, and its fields as attributes."""

    def __init__(self, message, seq, values):
        self.name, self.seq, self.kind = message.name, seq, message.kind
        self._index = message.index
        self._values = [bytes(value) if isinstance(value, bytearray) else value for value in values]

    def __getattr__(self, name):
        return self._values[self._index[name]]

    def __repr__(self):
        return f"{self.name}{self._values!r}"


def _show(counts, circuit, amps, volts):
    if amps is not None:
        counts[circuit - 1] = max(0, ZERO_COUNTS + round(amps * COUNTS_PER_A))
    if volts is not None:
        counts[2 + circuit - 1] = round(volts * 4095 / 500)


class Rig:
    """A board with power. disk, words: hand them on to the next Rig to let the flash and scratch registers survive."""

    def __init__(self, disk=None, cause=simwire.CAUSE_POWER_ON, reset_cause=0, boot_id=77, start_us=START_US,
                 words=None, before=None, boot_loop=False):  # fmt: skip
        """before: called with the backend before the board gets power. boot_loop: what the chip's Identity finds."""
        self.backend = backend = House(start_us, cause, words=words)
        backend.bank = simboard.use(backend).bank
        backend.set_loop(1, True)
        backend.set_loop(2, True)
        self.disk = disk or Disk()
        self.port = Port(backend)
        self.resets = []
        self.seq = 0
        self.session = 5
        self.arming = 0
        self.alive = False  # whether the host says something every now and then
        self._pinged_us = backend.clock_us
        self._frame = bytearray(MAX_FRAME)
        self._reader = ByteReader(PICO)
        self.heard = []
        self.replies = []
        self.said = {}  # how often STATUS, HEALTH and PONG were heard
        self.backend.set_counts(REFERENCE, REFERENCE_COUNTS)
        for circuit in (1, 2):
            self.set(circuit, amps=8.5, volts=272, degf=105)
            self.set_open(circuit, amps=0, volts=340)
        if before:
            before(self.backend)
        who = Identity(b"firmware", b"board-id", boot_id, reset_cause, boot_loop=boot_loop)
        self.program = Program(
            who, Interlock(board), Sampler(), self.port, *kept(self.disk, boot_id),
            time.ticks_us, time.sleep_us, self.resets.append,
            lamps=[machine.PWM(pin, board.LIGHT_HZ, duty_u16=0) for pin in board.LIGHT_PINS],
        )  # fmt: skip

    # -- the world --------------------------------------------------------------------------------------------------

    def set(self, circuit, amps=None, volts=None, degf=None):
        """What the sensors of a circuit show; current and voltage while its contacts are closed."""
        _show(self.backend.loaded, circuit, amps, volts)
        if degf is not None:
            self.backend.set_counts(4 + circuit - 1, round(500 + (200 - degf) * 3000 / 160))

    def set_open(self, circuit, amps=None, volts=None):
        """What they show while it is open."""
        _show(self.backend.idle, circuit, amps, volts)

    def show(self, circuit, amps=None, volts=None):
        """What they show in any case."""
        self.set(circuit, amps, volts)
        self.set_open(circuit, amps, volts)

    def pins(self):
        """Levels of the four relay pins: outside 1, inside 1, outside 2, inside 2."""
        simboard.board().refresh()
        return tuple(simboard.board().bank.pins)

    # -- time -------------------------------------------------------------------------------------------------------

    def run(self, ms):
        """Passes for so long, at their period; what the Pico says is heard."""
        until = self.backend.clock_us + 1000 * ms
        while self.backend.clock_us < until:
            self.one_pass()
        self.listen()

    def one_pass(self):
        if self.alive and self.backend.clock_us - self._pinged_us >= 400_000:
            self._pinged_us = self.backend.clock_us
            self.send("PING", 1)
        began = time.ticks_us()
        self.program.step(began)
        self.program.wait(began)
        self.listen()

    def run_until(self, condition, ms=3000):
        """Passes until condition() holds; how long it took in ms."""
        began = self.backend.clock_us
        while not condition():
            assert self.backend.clock_us - began < 1000 * ms, f"not within {ms} ms"
            self.one_pass()
        self.listen()
        return (self.backend.clock_us - began) / 1000

    def hang(self, ms):
        """The processor does nothing for so long."""
        self.backend.advance(1000 * ms)

    def live_to(self, uptime_s):
        """As if the board had been running for so long."""
        self.program.clock.s = uptime_s
        self.program._pushed_s = uptime_s
        self.program.telemetry.begin()
        self.program._collection.restart(self.program.clock)
        self._pinged_us = 0  # the jump made the host's last word an old one

    # -- the host ---------------------------------------------------------------------------------------------------

    def send(self, name, *values, seq=None):
        """A message to the Pico. Returns its seq."""
        if seq is None:
            self.seq = seq = (self.seq + 1) & 0xFFFF
        self.port.feed(self._frame, encode_into(NAMED[name], seq, values, self._frame))
        return seq

    def listen(self):
        """Take what the Pico has sent; it stays in `heard`."""
        for byte in self.port.take():
            if self._reader.push(byte):
                self._keep(Heard(self._reader.message, self._reader.seq, self._reader.values))
        return self.heard

    def _keep(self, said):
        if said.kind == REPLY:
            self.replies.append(said)
        if said.kind == STATE or said.name == "PONG":
            self.said[said.name] = self.said.get(said.name, 0) + 1
            for i in range(len(self.heard)):
                if self.heard[i].name == said.name:  # only the newest: memory is the chip's
                    self.heard.pop(i)
                    break
        self.heard.append(said)

    def ask(self, name, *values, seq=None):
        """Send a message and return the reply to it."""
        seq = self.send(name, *values, seq=seq)
        self.listen()
        before = len(self.replies)
        for _ in range(20):
            self.one_pass()
            for said in self.replies[before:]:
                if said.seq == seq:
                    return said
        raise AssertionError(f"no reply to {name}; heard {self.heard!r}")

    def refused(self, name, *values):
        """Send a message and return the reason for which it is refused."""
        answer = self.ask(name, *values)
        assert answer.name == "NAK", answer
        assert answer.request == NAMED[name].id
        return NAK_REASONS[answer.reason]

    def accepted(self, name, *values):
        """Send a message that must be carried out."""
        answer = self.ask(name, *values)
        assert answer.name != "NAK", f"{name} refused: {NAK_REASONS[answer.reason]}"
        return answer

    def last(self, name):
        """The latest message of this name; of events, the one with the highest number."""
        found = None
        for said in self.listen():
            if said.name == name and (found is None or said.kind != EVENT or said.event_id >= found.event_id):
                found = said
        if found:
            return found
        raise AssertionError(f"never heard {name}: {[said.name for said in self.heard]!r}")

    def events(self):
        """Every event heard so far, once each, in the order of their numbers."""
        seen = {}
        for said in self.listen():
            if said.kind == EVENT:
                seen[said.event_id] = said
        return [seen[event_id] for event_id in sorted(seen)]

    def state(self):
        return BOARD_STATES[self.program.machine.state]

    def acknowledge(self):
        """Every event heard so far is stored."""
        if self.events():
            self.send("EVENT_ACK", self.events()[-1].event_id)
            self.one_pass()

    # -- the usual course -------------------------------------------------------------------------------------------

    def hello(self, digest=DIGEST):
        self.alive = True
        return self.accepted("HELLO", digest, self.session)

    def configure(self, circuits=(1, 2), resistance_mohm=RESISTANCE_MOHM, limit_ma=LIMIT_MA, limit_m_degf=LIMIT_M_DEGF,
                  sequence_ms=SEQUENCE_MS, further=FURTHER):  # fmt: skip
        """Send a whole configuration."""
        for circuit in (1, 2):
            on = circuit in circuits
            self.accepted(
                "CONFIG_CIRCUIT", circuit, on, resistance_mohm, limit_ma, limit_m_degf, 300, 600, sequence_ms, *further
            )
        top = ZERO_COUNTS + 14 * COUNTS_PER_A
        for channel, points in (
            (0, ((ZERO_COUNTS, 0), (top, 14_000))),
            (2, ((0, 0), (4095, 500_000))),
            (4, ((500, 200_000), (3500, 40_000))),
        ):
            for which in (0, 1):
                for index in range(len(points)):
                    self.accepted("CONFIG_POINT", channel + which, index, points[index][0], points[index][1])

    def arm(self):
        """Arm with what is configured; returns the reply."""
        check = self.accepted("CONFIG_CHECK")
        self.arming = check.nonce
        return self.ask("ARM", check.nonce, self.program.identity.boot_id, check.config_crc)

    def armed(self, proven=True, **configuration):
        """From power-on to ARMED. proven: as if the relays' daily proof were done, so that a lease closes at once."""
        self.hello()
        self.configure(**configuration)
        answer = self.arm()
        assert answer.name == "ACK", answer
        if proven:
            for circuit in self.program.circuits:
                circuit.prove(self.program.clock)
        return self

    def lease(self, circuit=1, ms=2000):
        """Grant a lease from now on. Returns the instant of its end, in µs of the backend's clock."""
        clock = self.program.clock
        clock.advance(time.ticks_us())
        end_ms = clock.ms_part() + ms
        self.send("LEASE", circuit, clock.s + end_ms // 1000, end_ms % 1000, self.arming)
        return self.backend.clock_us - clock.us % 1000 + 1000 * ms

    def release(self, circuit=1):
        """Open a circuit: a lease whose end is past."""
        self.send("LEASE", circuit, 0, 0, self.arming)

    def closed(self, circuit=1, ms=2000):
        """With the circuit closed; returns the end of its lease."""
        end_us = self.lease(circuit, ms)
        self.run_until(lambda: self.pins()[2 * circuit - 2 : 2 * circuit] == (1, 1))
        self.run(10)
        return end_us

    def tripped(self):
        """The event of the trip that stands."""
        self.run(130)  # so that a STATUS says so, too
        assert self.state() == "tripped", self.state()
        return self.last("TRIP")
