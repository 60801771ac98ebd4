"""What writers refuse: pack on the host, encode_into on both; and what records are."""

from typing import Any

import pytest
import wire_cases as cases
from msgpack import packb

from tanklink import messages, records
from tanklink.errors import FieldRangeError, FrameLengthError
from tanklink.frames import MAX_FRAME, encode_into, pack
from tanklink.schema import BLOB, HOST, STATE, Message, blob, text

# Any: what is tried in their fields is of every type.
TRIP: Any = records.Trip(
    event_id=1, boot_id=2, at_uptime_s=3, at_uptime_ms_part=4, circuit=1, trigger=1, subject=0, value=-5, limit=6
)  # fmt: skip
HELLO: Any = records.Hello(digest=bytes(8), session=1)
CIRCUIT: Any = records.ConfigCircuit._make([1, True, *[1] * 14, True, True])
POINT: Any = records.ConfigPoint(channel=0, index=0, counts=1, value=0)


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (TRIP._replace(at_uptime_ms_part=1000), "TRIP.at_uptime_ms_part: 1000 is not an integer from 0 to 999"),
        (TRIP._replace(circuit=3), "TRIP.circuit: 3 is not"),
        (TRIP._replace(event_id=-1), "TRIP.event_id: -1 is not"),
        (TRIP._replace(event_id=1 << 30), "TRIP.event_id: 1073741824 is not"),
        (TRIP._replace(event_id=1 << 70), "TRIP.event_id: 1180591620717411303424 is not"),
        (TRIP._replace(value=1 << 30), "TRIP.value: 1073741824 is not"),
        (TRIP._replace(event_id=True), "TRIP.event_id: True is not"),
        (TRIP._replace(value=False), "TRIP.value: False is not"),
        (TRIP._replace(value=1.5), "TRIP.value: 1.5 is not"),
        (TRIP._replace(circuit=1.0), "TRIP.circuit: 1.0 is not"),
        (TRIP._replace(event_id=2.0), "TRIP.event_id: 2.0 is not"),
        (TRIP._replace(event_id="1"), "TRIP.event_id: '1' is not"),
        (TRIP._replace(event_id=None), "TRIP.event_id: None is not"),
        (TRIP._replace(event_id=object), "TRIP.event_id: <class 'object'> is not"),
        (POINT._replace(counts=1.5), "CONFIG_POINT.counts: 1.5 is not"),
        (HELLO._replace(digest=bytes(7)), "HELLO.digest: "),
        (HELLO._replace(digest="12345678"), "HELLO.digest: '12345678' is not 8 to 8 bytes"),
        (HELLO._replace(session=1.0), "HELLO.session: 1.0 is not"),
        (CIRCUIT._replace(enabled=1), "CONFIG_CIRCUIT.enabled: 1 is not True or False"),
    ],
)
def test_the_host_refuses_a_value_that_may_not_travel(record: Any, complaint: str) -> None:
    with pytest.raises(FieldRangeError) as caught:
        pack(record, 1)
    assert complaint in str(caught.value)


def test_a_refused_record_leaves_nothing_behind() -> None:
    """The packer is made once: what it had begun when it failed must not come out later."""
    before = pack(TRIP, 1)
    for value in (object(), 1 << 70, "text", -1):
        with pytest.raises(FieldRangeError):
            pack(TRIP._replace(limit=value, event_id=value), 1)
        assert pack(TRIP, 1) == before


@pytest.mark.parametrize("record", [TRIP, HELLO], ids=["checked fast", "checked with care"])
@pytest.mark.parametrize("seq", [-1, 65_536, 1.0, True, None, "1"])
def test_the_host_refuses_a_wrong_seq(record: records.Record, seq: Any) -> None:
    with pytest.raises(FieldRangeError, match=r"seq .* is not 0 to 65535"):
        pack(record, seq)


@pytest.mark.parametrize("seq", [-1, 65_536])
def test_encode_into_refuses_a_wrong_seq(seq: int) -> None:
    with pytest.raises(FieldRangeError, match=r"PING: seq .* is not 0 to 65535"):
        encode_into(messages.PING, seq, [1], bytearray(MAX_FRAME))


def test_encode_into_refuses_a_wrong_number_of_values_and_a_short_buffer() -> None:
    with pytest.raises(FieldRangeError, match="PING takes 1 values, not 2"):
        encode_into(messages.PING, 1, [1, 2], bytearray(MAX_FRAME))
    with pytest.raises(FrameLengthError, match=f"wants a buffer of {MAX_FRAME} bytes, not {MAX_FRAME - 1}"):
        encode_into(messages.PING, 1, [1], bytearray(MAX_FRAME - 1))


@pytest.mark.parametrize("field", [text("long", 300), blob("long", 0, 300)], ids=["text", "bytes"])
def test_no_body_over_the_limit_is_written(field: Any) -> None:
    """The longest that fits ends at the end of the buffer; one byte more is refused, and nothing is written past it."""
    message = Message(5, "LONG", HOST, STATE, "", field)
    out = bytearray(MAX_FRAME) + b"guard"
    make = bytes if field.kind == BLOB else "a".__mul__
    room = 240 - 4 - 3 - 2
    assert encode_into(message, 1, [make(room)], out) == MAX_FRAME
    for n in (room + 1, 255, 256, 300):
        with pytest.raises(FrameLengthError, match="LONG: these values make a body over 240 bytes"):
            encode_into(message, 1, [make(n)], out)
    assert out[MAX_FRAME:] == b"guard"


def test_every_message_fits_a_frame_with_its_greatest_values() -> None:
    out = bytearray(MAX_FRAME)
    for message in messages.TABLE:
        greatest = [max(cases.edges_of(field), key=lambda value: len(packb(value))) for field in message.fields]
        assert encode_into(message, 65_535, greatest, out) <= MAX_FRAME


def test_each_message_has_its_record() -> None:
    assert list(records.RECORDS) == [message.id for message in messages.TABLE]
    for message in messages.TABLE:
        record = records.RECORDS[message.id]
        assert record.MESSAGE is message
        assert list(record._fields) == message.names
        assert getattr(records, record.__name__) is record
    assert records.RECORDS[messages.CONFIG_CIRCUIT.id] is records.ConfigCircuit
    lease = records.Lease(circuit=1, until_uptime_s=3, until_uptime_ms_part=0, arming=7)
    assert lease == (1, 3, 0, 7)
    assert repr(lease) == "Lease(circuit=1, until_uptime_s=3, until_uptime_ms_part=0, arming=7)"
