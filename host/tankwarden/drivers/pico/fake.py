"""A Pico by its protocol only, for tests of the host: answers as the real one would, and records what it was told.

Pure: bytes and `now` in, bytes out. The real program under its simulator is tankwarden.sim; this one is for bending:
refusals, silence, another digest, restarts, events, all at the instant that a test wants.
"""

from collections.abc import Callable, Mapping, Sequence

from tanklink import messages, records
from tanklink.config import Config
from tanklink.frames import FrameReader, pack
from tanklink.records import Record
from tanklink.schema import HOST, SMALL_MAX
from tankwarden.drivers.pico.session import JournalRecord
from tankwarden.logic import waveform

STATUS_S = 0.1
TALK_S = 1.0
RESEND_S = 1.0
LEASE_CAP_MS = 5000


class FakePico:
    """told: every record that arrived. refuse: message class → NAK reason. mute: message classes not answered."""

    def __init__(self, now: float = 0.0, *, digest: bytes = messages.DIGEST, version: str = "0.1.0") -> None:
        self.digest, self.version = digest, version
        self.board_id = b"FAKEPICO"
        self.boot_id = 1
        self.reset_cause = "power_on"
        self.told: list[Record] = []
        self.refuse: dict[type, str] = {}
        self.mute: set[type] = set()
        self.state = "disarmed"
        self.trip_id = 0
        self.fault_lines = 3
        self.counts = dict.fromkeys(messages.CHANNELS, 2000)
        self.events: list[JournalRecord] = []  # not yet acknowledged, oldest first
        self.acknowledged: list[int] = []
        self.traces: dict[int, bytes] = {}  # packed samples, by the number of the trip
        self.config = Config()
        self._start(now)

    def restart(self, now: float, cause: str = "power_on") -> None:
        """The power was cut, or the watchdog bit: all but the events is forgotten, and it is silent until HELLO."""
        self.boot_id += 1
        self.reset_cause = cause
        self.config = Config()
        self.state = "tripped" if self.trip_id else "disarmed"
        self._start(now)

    def _start(self, now: float) -> None:
        self._booted = now
        self._session = -1
        self._nonce = self.arming = 0
        self._replies: dict[int, Record] = {}
        self.until_ms = [0, 0, 0]  # of each circuit's lease
        self._reader = FrameReader(HOST)
        self._heard = self._next_status = self._next_events = -1.0
        self._seq = 0

    def told_of(self, kind: type) -> list[Record]:
        """Those records of `told` that are of one kind."""
        return [record for record in self.told if type(record) is kind]

    def uptime_ms(self, now: float) -> int:
        return round((now - self._booted) * 1000)

    def leased(self, circuit: int, now: float) -> bool:
        """Whether the circuit is closed."""
        return self.state == "armed" and self.until_ms[circuit] > self.uptime_ms(now)

    # -- bytes -------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """What it answers at once."""
        out = b""
        for frame in self._reader.feed(data):
            self._heard = now
            self.told.append(frame.record)
            reply = self._replies.get(frame.seq) or self._answer(frame.record, now)
            if reply is not None:
                if len(self._replies) > 8:
                    self._replies.clear()
                self._replies[frame.seq] = reply
                out += pack(reply, frame.seq)
        return out

    def tick(self, now: float) -> bytes:
        """What it sends by itself: STATUS and events, while it was spoken to within a second."""
        out = b""
        if self._session < 0 or now - self._heard > TALK_S:
            return out
        if now >= self._next_status and records.Status not in self.mute:
            self._next_status = now + STATUS_S
            out += self._send(self.status(now))
        if now >= self._next_events:
            self._next_events = now + RESEND_S
            out += b"".join(self._send(event) for event in self.events)
        return out

    def happened(self, event: JournalRecord, now: float) -> bytes:
        """An event of its journal: sent now and again until it is acknowledged."""
        self.events.append(event)
        return self._send(event) if self._session >= 0 and now - self._heard <= TALK_S else b""

    def keep_trace(self, trip_id: int, counts: Mapping[str, Sequence[int]]) -> None:
        """The waveform of a trip: TRACE_TICKS counts of each channel; one left out stays at its present count."""
        still = {channel: [count] * messages.TRACE_TICKS for channel, count in self.counts.items()}
        ticks = zip(*(still | dict(counts)).values(), strict=True)
        self.traces[trip_id] = waveform.pack(count for tick in ticks for count in tick)

    def status(self, now: float) -> records.Status:
        values: dict[str, int] = dict.fromkeys(records.Status._fields, 0)
        values["uptime_s"], values["uptime_ms_part"] = divmod(self.uptime_ms(now), 1000)
        values |= {"state": messages.BOARD_STATES.index(self.state), "trip_id": self.trip_id, "n": 20}
        values |= {"period_ms": 100, "fault_lines": self.fault_lines, "events_waiting": len(self.events)}
        for circuit in (1, 2):
            left = max(0, self.until_ms[circuit] - self.uptime_ms(now)) if self.state == "armed" else 0
            values[f"lease_{circuit}_ms"] = left
            values[f"circuit_{circuit}"] = 2 if left else 0
            values["relays"] |= (3 << (2 * circuit - 2)) if left else 0
            product = self.counts[f"current_{circuit}"] * self.counts[f"voltage_{circuit}"]
            values[f"vi_{circuit}_hi"], values[f"vi_{circuit}_lo"] = 20 * (product >> 12), 20 * (product & 4095)
        for channel, counts in self.counts.items():
            values[f"{channel}_sum_counts"] = 20 * counts
            values[f"{channel}_min_counts"] = values[f"{channel}_max_counts"] = counts
        return records.Status(**values)

    def _send(self, record: Record) -> bytes:
        self._seq = (self._seq + 1) & 0xFFFF
        return pack(record, self._seq)

    # -- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, record: Record, now: float) -> Record | None:
        kind = type(record)
        if kind in self.mute:
            return None
        if kind in self.refuse:
            return self._nak(record, self.refuse[kind])
        if self._session < 0 and kind is not records.Hello:
            return self._nak(record, "no_session")
        answer = _ANSWERS.get(kind)
        return answer(self, record, now) if answer else records.Ack(request=record.MESSAGE.id)

    def _nak(self, record: Record, reason: str) -> Record:
        return records.Nak(request=record.MESSAGE.id, reason=messages.NAK_REASONS.index(reason))

    def _hello(self, record: records.Hello, now: float) -> Record:
        if record.digest == self.digest and record.session != self._session:
            self._session = record.session
            self._replies.clear()
            self.until_ms = [0, 0, 0]
            self.state = "disarmed" if self.state == "armed" else self.state
        uptime_s, uptime_ms_part = divmod(self.uptime_ms(now), 1000)
        return records.Welcome(
            digest=self.digest, firmware=bytes(8), board_id=self.board_id, boot_id=self.boot_id,
            reset_cause=messages.RESET_CAUSES.index(self.reset_cause), state=messages.BOARD_STATES.index(self.state),
            trip_id=self.trip_id, uptime_s=uptime_s, uptime_ms_part=uptime_ms_part, version=self.version,
        )  # fmt: skip

    def _circuit(self, record: records.ConfigCircuit, _now: float) -> Record:
        if self.state == "armed":
            return self._nak(record, "state")
        self.config.set_circuit(record)
        return records.Ack(request=record.MESSAGE.id)

    def _point(self, record: records.ConfigPoint, _now: float) -> Record:
        if self.state == "armed":
            return self._nak(record, "state")
        taken = self.config.set_point(record)
        return records.Ack(request=record.MESSAGE.id) if taken else self._nak(record, "range")

    def _check(self, _record: Record, now: float) -> Record:
        self._nonce = 1 + round(now * 1e6) % SMALL_MAX
        return records.ConfigState(
            config_crc=self.config.crc(), nonce=self._nonce, complete=self.config.complete()
        )  # fmt: skip

    def _arm(self, record: records.Arm, _now: float) -> Record:
        refusals = (
            ("state", self.state != "disarmed"),
            ("nonce", not self._nonce or record.nonce != self._nonce),
            ("boot_id", record.boot_id != self.boot_id),
            ("config_crc", record.config_crc != self.config.crc()),
        )
        for reason, refused in refusals:
            if refused:
                return self._nak(record, reason)
        self.arming, self._nonce = self._nonce, 0
        self.state = "armed"
        return records.Ack(request=record.MESSAGE.id)

    def _disarm(self, record: Record, _now: float) -> Record:
        self.state = "disarmed" if self.state == "armed" else self.state
        self.until_ms = [0, 0, 0]
        return records.Ack(request=record.MESSAGE.id)

    def _lease(self, record: records.Lease, now: float) -> Record | None:
        circuit, seconds, milliseconds, arming = record
        until_ms = seconds * 1000 + milliseconds
        if until_ms > self.uptime_ms(now) + LEASE_CAP_MS:
            return self._nak(record, "lease_too_long")
        if until_ms > self.uptime_ms(now) and self.state != "armed":
            return self._nak(record, "state")
        if until_ms > self.uptime_ms(now) and arming != self.arming:
            return self._nak(record, "old_arming")
        self.until_ms[circuit] = until_ms
        return None

    def _reset_trip(self, record: records.ResetTrip, _now: float) -> Record:
        if self.trip_id != record.trip_id or not self.trip_id:
            return self._nak(record, "wrong_trip")
        self.trip_id, self.state = 0, "disarmed"
        return records.Ack(request=record.MESSAGE.id)

    def _event_ack(self, record: records.EventAck, _now: float) -> None:
        self.acknowledged.append(record.event_id)
        self.events = [event for event in self.events if event.event_id > record.event_id]

    def _read_trace(self, record: records.ReadTrace, _now: float) -> Record:
        samples = self.traces.get(record.trip_id)
        if samples is None:
            return self._nak(record, "no_trace")
        start = record.part * messages.TRACE_PART_BYTES
        return records.Trace(
            trip_id=record.trip_id, part=record.part, at_tick=messages.TRACE_TICKS // 2,
            period_us=messages.TRACE_PERIOD_US, samples=samples[start : start + messages.TRACE_PART_BYTES],
        )  # fmt: skip

    def _ping(self, record: records.Ping, now: float) -> Record:
        return records.Pong(record.token, *divmod(self.uptime_ms(now), 1000))


_ANSWERS: dict[type, Callable[..., Record | None]] = {
    records.Hello: FakePico._hello,
    records.ConfigCircuit: FakePico._circuit,
    records.ConfigPoint: FakePico._point,
    records.ConfigCheck: FakePico._check,
    records.Arm: FakePico._arm,
    records.Disarm: FakePico._disarm,
    records.Lease: FakePico._lease,
    records.ResetTrip: FakePico._reset_trip,
    records.EventAck: FakePico._event_ack,
    records.Ping: FakePico._ping,
    records.ReadTrace: FakePico._read_trace,
}
