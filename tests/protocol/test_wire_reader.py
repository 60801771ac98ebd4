"""Readers over bad transports: pieces, noise, losses. Both readers must take the same, and never what was not sent."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import wire_cases as cases
from hypothesis import example, given, settings
from hypothesis import strategies as st
from interpreters import needs_micropython, run

from tanklink import messages, records
from tanklink.frames import MAX_FRAME, REASONS, ByteReader, Frame, FrameReader, encode_into, pack
from tanklink.schema import HOST, PICO, Message

SENDERS = (HOST, PICO)


def record_of(message: Message, values: list[Any]) -> records.Record:
    return records.RECORDS[message.id]._make(values)


def by_bytes(sender: str, data: bytes) -> tuple[list[Frame], list[int]]:
    """What ByteReader makes of the data."""
    reader = ByteReader(sender)
    frames = []
    for byte in data:
        if reader.push(byte):
            assert reader.message is not None
            values = [bytes(value) if isinstance(value, bytearray) else value for value in reader.values]
            frames.append(Frame(reader.seq, record_of(reader.message, values)))
    return frames, reader.counts


def by_pieces(sender: str, pieces: list[bytes]) -> tuple[list[Frame], list[int]]:
    """What FrameReader makes of the pieces."""
    reader = FrameReader(sender)
    return [frame for piece in pieces for frame in reader.feed(piece)], reader.counts


def typed(frames: list[Frame]) -> list[tuple[Any, ...]]:
    """Frames with the types of their values, since True == 1."""
    return [(frame.seq, type(frame.record), *((type(value), value) for value in frame.record)) for frame in frames]


def telemetry(n: int) -> list[Frame]:
    """Frames of all the Pico's messages in turn, each with a seq of its own."""
    chance = random.Random(n)
    senders = [message for message in messages.TABLE if message.sender == PICO]
    rows = {message.name: list(cases.edge_rows(message)) for message in senders}
    drawn = [senders[seq % len(senders)] for seq in range(n)]
    return [Frame(seq, record_of(message, chance.choice(rows[message.name]))) for seq, message in enumerate(drawn)]


def packed(frames: list[Frame]) -> list[bytes]:
    return [pack(frame.record, frame.seq) for frame in frames]


@pytest.mark.parametrize("name", cases.NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_every_message_makes_the_round_trip(name: str, data: st.DataObject) -> None:
    """Writers agree on the bytes, readers on the content and its types."""
    message = cases.BY_NAME[name]
    values, seq = data.draw(cases.rows(message)), data.draw(cases.seqs)
    frame = Frame(seq, record_of(message, values))
    out = bytearray(MAX_FRAME)
    wire = pack(frame.record, seq)
    assert bytes(out[: encode_into(message, seq, values, out)]) == wire == cases.reference_frame(message, seq, values)
    assert wire[0] == wire[-1] == 0
    assert 0 not in wire[1:-1]
    for got, _ in (by_bytes(message.sender, wire), by_pieces(message.sender, [wire])):
        assert typed(got) == typed([frame])


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def chop(data: bytes, seed: int) -> list[bytes]:
    places = sorted(random.Random(seed).choices(range(len(data) + 1), k=len(data) // 20))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@pytest.mark.parametrize(
    "pieces",
    [lambda data: [data], partial(cut, size=1), partial(cut, size=7), partial(chop, seed=1)],
    ids=["whole", "byte by byte", "in sevens", "chopped"],
)
def test_pieces_do_not_matter(pieces: Callable[[bytes], list[bytes]]) -> None:
    frames = telemetry(120)
    received, counts = by_pieces(PICO, pieces(b"".join(packed(frames))))
    assert typed(received) == typed(frames)
    assert counts == [120, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("read", [by_bytes, lambda sender, data: by_pieces(sender, [data])], ids=["bytes", "pieces"])
def test_garbage_before_between_and_after_costs_no_frame(read: Callable[..., Any]) -> None:
    frames = telemetry(40)
    chance = random.Random(2)
    noise = [chance.randbytes(chance.randrange(0, 60)) for _ in range(41)]
    stream = b"".join(n + frame for n, frame in zip(noise, packed(frames), strict=False)) + noise[-1]
    received, counts = read(PICO, stream)
    assert typed(received) == typed(frames)
    assert counts[0] == 40
    assert sum(counts) > 60


@pytest.mark.parametrize("read", [by_bytes, lambda sender, data: by_pieces(sender, [data])], ids=["bytes", "pieces"])
def test_garbage_inside_costs_that_frame_alone(read: Callable[..., Any]) -> None:
    frames = telemetry(60)
    wires = packed(frames)
    for i in range(0, 60, 3):
        wires[i] = wires[i][:8] + b"\x17\x00\x99\x00" + wires[i][8:]
    received, counts = read(PICO, b"".join(wires))
    assert typed(received) == typed([frame for i, frame in enumerate(frames) if i % 3])
    assert counts[0] == 40


@pytest.mark.parametrize("read", [by_bytes, lambda sender, data: by_pieces(sender, [data])], ids=["bytes", "pieces"])
def test_an_endless_frame_is_dropped_counted_once_and_not_hoarded(read: Callable[..., Any]) -> None:
    good = Frame(5, records.Pong(token=1, uptime_s=2, uptime_ms_part=3))
    endless = bytes(range(1, 256)) * 400
    received, counts = read(PICO, endless + pack(good.record, 5))
    assert received == [good]
    assert dict(zip(REASONS, counts, strict=True)) == dict.fromkeys(REASONS, 0) | {"frames_ok": 1, "bad_length": 1}


def test_frames_that_share_a_delimiter_are_both_read() -> None:
    frames = telemetry(10)
    stream = b"\0" + b"\0".join(wire[1:-1] for wire in packed(frames)) + b"\0"
    assert typed(by_bytes(PICO, stream)[0]) == typed(by_pieces(PICO, [stream])[0]) == typed(frames)


def hit_byte(byte: bytes, how: str, chance: random.Random) -> bytes:
    if how == "flip":
        return bytes([byte[0] ^ (1 << chance.randrange(8))])
    return b"" if how == "drop" else byte + chance.randbytes(1)


@pytest.mark.parametrize("how", ["flip", "drop", "insert"])
def test_one_percent_of_bytes_hit_loses_only_the_frames_that_were_hit(how: str) -> None:
    frames = telemetry(1500)
    chance = random.Random(3)
    intact: list[Frame] = []
    stream: list[bytes] = []
    for frame, wire in zip(frames, packed(frames), strict=True):
        hits = [chance.random() < 0.01 for _ in wire]
        pieces = [wire[i : i + 1] for i in range(len(wire))]
        stream += [hit_byte(piece, how, chance) if hit else piece for piece, hit in zip(pieces, hits, strict=True)]
        intact += [] if any(hits) else [frame]
    received = by_pieces(PICO, [b"".join(stream)])[0]
    sent = set(map(repr, frames))
    assert len(intact) > 400
    assert not [frame for frame in intact if frame not in received]
    assert all(repr(frame) in sent for frame in received)


def mutated(wire: bytes, edits: list[tuple[int, int, int]]) -> bytes:
    """Apply (kind, place, byte) edits: change, drop or insert."""
    data = bytearray(wire)
    for kind, place, byte in edits:
        at = place % (len(data) + 1)
        if kind == 2:
            data.insert(at, byte)
        elif at < len(data) and kind == 1:
            del data[at]
        elif at < len(data):
            data[at] = byte
    return bytes(data)


edits = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 300), st.integers(0, 255)), max_size=4)


@given(chunks=st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(telemetry(9)).map(lambda f: pack(*f[::-1])))))
@settings(max_examples=150, deadline=None)
@example(chunks=[b"\x01" * 242, b"\0", b"\x01" * 241 + b"\0"])
def test_both_readers_make_the_same_of_any_bytes(chunks: list[bytes]) -> None:
    for sender in SENDERS:
        expected, counts = by_bytes(sender, b"".join(chunks))
        received, host_counts = by_pieces(sender, chunks)
        assert typed(received) == typed(expected)
        assert host_counts == counts


any_payload = st.one_of(
    st.sampled_from([payload for _, payload, _ in cases.damaged_payloads()]),
    st.sampled_from([payload for _, payload in cases.other_forms()]),
    st.binary(min_size=3, max_size=236),
    st.builds(
        lambda message, tail: bytes((0x90 | (2 + min(message.count, 13)), message.id, 1)) + tail,
        st.sampled_from(messages.TABLE),
        st.binary(max_size=60),
    ),
)


@given(payload=any_payload, changes=edits)
@settings(max_examples=400, deadline=None)
@example(payload=b"\xc4\x03\x05\x01\x07", changes=[])  # bytes whose bytes read as PING
@example(payload=b"\x94\xcb\x3f\xf0\0\0\0\0\0\0\x01\x07\x07", changes=[])  # id 1.0
@example(payload=b"\x83\x05\x01\x01\x02\x02\x03", changes=[])  # a map with PING's id for a key
@example(payload=b"\xdd\xff\xff\xff\xff", changes=[])
@example(payload=b"\x93\x05\x01\xc7\x0c\xff" + b"\xff" * 12, changes=[])  # a timestamp out of range
def test_both_readers_make_the_same_of_any_payload_with_a_right_crc(payload: bytes, changes: list[Any]) -> None:
    """Where the CRC no longer helps, the two MessagePack readers and range checks stand against each other."""
    wire = cases.framed(mutated(payload, changes))
    for sender in SENDERS:
        expected, counts = by_bytes(sender, wire)
        received, host_counts = by_pieces(sender, [wire])
        assert typed(received) == typed(expected)
        assert host_counts == counts


@needs_micropython
def test_micropython_makes_the_same_of_a_noisy_stream(tmp_path: Path) -> None:
    """Good frames, good CRCs around bad payloads, damage and noise: line by line the same as CPython's ByteReader."""
    chance = random.Random(4)
    hellos = [cases.reference_frame(m, 7, row) for m in messages.TABLE for row in cases.edge_rows(m)]
    refused = [frame for _, frame, _ in cases.damaged_frames()]
    forms = [cases.framed(payload) for _, payload in cases.other_forms()]
    random_payloads = [cases.framed(b"\x93\x05\x01" + chance.randbytes(chance.randrange(1, 12))) for _ in range(600)]
    pool = hellos + refused + forms + random_payloads
    chance.shuffle(pool)
    stream = b""
    for wire in pool:
        damage = [(chance.randrange(3), chance.randrange(300), chance.randrange(256))] if chance.random() < 0.2 else []
        stream += mutated(wire, damage) + (chance.randbytes(5) if chance.random() < 0.1 else b"")
    path = tmp_path / "stream"
    path.write_bytes(stream)
    for sender in SENDERS:
        printed = run("micropython", "stream.py", path, sender)
        assert printed == run("python", "stream.py", path, sender)
        assert printed.count("\n") > 60
