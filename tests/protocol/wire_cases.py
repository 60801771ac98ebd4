"""What the tests of the wire have in common: a plain reference codec, values at the boundaries, strategies, bad frames.

The reference is written with the packages alone, shares no line with tanklink's codecs, and takes any body at all.
"""

import binascii
from collections.abc import Iterator
from typing import Any

import msgpack
from cobs import cobs
from hypothesis import strategies as st

from tanklink import messages
from tanklink.schema import BLOB, FLAG, INT, TEXT, Field, Message

NAMES = [message.name for message in messages.TABLE]
BY_NAME = {message.name: message for message in messages.TABLE}
# Where MessagePack changes from one form to the next, both sides of each.
EDGES: tuple[int, ...] = (0, 1, 127, 128, 255, 256, 65_535, 65_536, (1 << 30) - 1)
EDGES += (-1, -32, -33, -128, -129, -32_768, -32_769, 1 - (1 << 30))


def framed(payload: bytes) -> bytes:
    """The frame around any payload, good or not."""
    stuffed: bytes = cobs.encode(payload + binascii.crc32(payload).to_bytes(4, "little"))
    return b"\0" + stuffed + b"\0"


def reference_frame(message: Message, seq: int, values: list[Any]) -> bytes:
    return framed(msgpack.packb([message.id, seq, *values], use_bin_type=True))


def edges_of(field: Field) -> list[Any]:
    """Values of a field at and about every boundary, all acceptable."""
    if field.kind == INT:
        return sorted({edge for edge in (*EDGES, field.low, field.high) if field.low <= edge <= field.high})
    if field.kind == FLAG:
        return [False, True]
    if field.kind == TEXT:
        return ["v" * field.low, "~" * field.high]
    return [bytes(field.low), b"\xff" * field.high, bytes(range(1, field.high + 1))]


def edge_rows(message: Message) -> Iterator[list[Any]]:
    """Rows of values in which each field runs through its edges, the others standing at different ones of theirs."""
    edges = [edges_of(field) for field in message.fields]
    for step in range(max(map(len, edges), default=1)):
        yield [field[(step + i) % len(field)] for i, field in enumerate(edges)]


def field_values(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == INT:
        return st.one_of(st.integers(field.low, field.high), st.sampled_from(edges_of(field)))
    if field.kind == FLAG:
        return st.booleans()
    if field.kind == TEXT:
        return st.text(st.characters(max_codepoint=127), min_size=field.low, max_size=field.high)
    assert field.kind == BLOB
    return st.binary(min_size=field.low, max_size=field.high)


def rows(message: Message) -> st.SearchStrategy[list[Any]]:
    return st.tuples(*map(field_values, message.fields)).map(list)


seqs = st.one_of(st.integers(0, 65_535), st.sampled_from((0, 127, 128, 255, 256, 65_535)))


def damaged_payloads() -> Iterator[tuple[str, bytes, str]]:
    """(what is wrong, payload of the host's, reason): framed, they are whole, and yet must be refused."""
    ping, lease, circuit, hello = (BY_NAME[n].id for n in ("PING", "LEASE", "CONFIG_CIRCUIT", "HELLO"))
    head = bytes((0x93, ping, 1))
    yield "nothing but zeros", bytes(3), "bad_body"
    yield "an integer, no array", b"\x05\x05\x05", "bad_body"
    yield "an empty array", b"\x90\x90\x90", "bad_body"
    yield "an array of nothing but the id", b"\xdc\x00\x01\x05", "bad_body"
    yield "an array that ends early", bytes((0x94, ping, 1, 7)), "bad_body"
    yield "a byte behind the array", head + b"\x07\x07", "bad_body"
    yield "an integer cut short", head + b"\xce\x01\x02", "bad_body"
    yield "a string longer than the body", head + b"\xa9abc", "bad_body"
    yield "a string of 2^31 bytes", head + b"\xdb\x80\x00\x00\x00", "bad_body"
    yield "an array of 2^32 - 1", b"\xdd\xff\xff\xff\xff\x01", "bad_body"
    yield "nil", head + b"\xc0", "bad_body"
    yield "the byte that MessagePack never uses", head + b"\xc1", "bad_body"
    yield "a float", head + b"\xca\x3f\x80\x00\x00", "bad_body"
    yield "a double", head + b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", "bad_body"
    yield "an array within", head + b"\x91\x01", "bad_body"
    yield "a map within", head + b"\x81\x01\x02", "bad_body"
    yield "a map outside", bytes((0x81, ping, 1)), "bad_body"
    yield "an extension", head + b"\xd4\x01\x02", "bad_body"
    yield "bytes that would read as a message", b"\xc4\x03" + bytes((ping, 1, 7)), "bad_body"
    yield "an unknown id", bytes((0x93, 99, 1, 7)), "bad_id"
    yield "id 0", bytes((0x93, 0, 1, 7)), "bad_id"
    yield "id 128", bytes((0x93, 0xCC, 128, 1, 7)), "bad_id"
    yield "a negative id", bytes((0x93, 0xFF, 1, 7)), "bad_id"
    yield "a boolean for the id of HELLO", b"\x94\xc3\x01\xc4\x08" + bytes(8) + b"\x07", "bad_id"
    yield "the Pico's own direction", bytes((0x93, BY_NAME["ACK"].id, 1, 5)), "bad_id"
    yield "one field too few", bytes((0x92, ping, 1)), "bad_range"
    yield "one field too many", bytes((0x94, ping, 1, 7, 7)), "bad_range"
    yield "seq 65,536", bytes((0x93, ping)) + b"\xce\x00\x01\x00\x00\x07", "bad_range"
    yield "a negative seq", bytes((0x93, ping, 0xFF, 7)), "bad_range"
    yield "a boolean for seq", bytes((0x93, ping, 0xC3, 7)), "bad_range"
    yield "a string for seq", bytes((0x93, ping)) + b"\xa1x\x07", "bad_range"
    yield "a negative for an unsigned", head + b"\xff", "bad_range"
    yield "2^30", head + b"\xce\x40\x00\x00\x00", "bad_range"
    yield "2^32 - 1", head + b"\xce\xff\xff\xff\xff", "bad_range"
    yield "2^32", head + b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00", "bad_range"
    yield "2^64 - 1", head + b"\xcf" + b"\xff" * 8, "bad_range"
    yield "-2^63", head + b"\xd3\x80" + bytes(7), "bad_range"
    yield "-2^31", head + b"\xd2\x80\x00\x00\x00", "bad_range"
    yield "True for an integer", head + b"\xc3", "bad_range"
    yield "False for an integer", head + b"\xc2", "bad_range"
    yield "a string for an integer", head + b"\xa17", "bad_range"
    yield "bytes for an integer", head + b"\xc4\x01\x07", "bad_range"
    yield "one beyond an enumeration", bytes((0x95, lease, 1, 3, 0, 0)), "bad_range"
    yield "one beyond 999", bytes((0x95, lease, 1, 1, 0, 0xCD)) + b"\x03\xe8", "bad_range"
    yield "an integer for a flag", bytes((0x9A, circuit, 1, 1, 1, 1, 1, 1, 1, 1, 1)), "bad_range"
    yield "bytes one too short", b"\x94" + bytes((hello, 1)) + b"\xc4\x07" + bytes(7) + b"\x07", "bad_range"
    yield "bytes one too long", b"\x94" + bytes((hello, 1)) + b"\xc4\x09" + bytes(9) + b"\x07", "bad_range"
    yield "a string for bytes", b"\x94" + bytes((hello, 1)) + b"\xa8" + b"a" * 8 + b"\x07", "bad_range"
    yield "a string that is not UTF-8", head + b"\xa2\xff\xfe", "bad_range"
    yield "a string that is not ASCII", head + b"\xa2\xc3\xa9", "bad_range"


def damaged_frames() -> Iterator[tuple[str, bytes, str]]:
    """(what is wrong, bytes, reason): each is one frame and counts once."""
    good = reference_frame(BY_NAME["PING"], 1, [7])
    yield "a byte changed", good[:-2] + bytes((good[-2] ^ 1,)) + good[-1:], "bad_crc"
    yield "a code beyond the end", b"\0\x20" + good[2:], "bad_cobs"
    yield "a last code beyond the end", b"\0\x08\x01\x01\x01\x01\x01\x01\x01\x02\0", "bad_cobs"
    yield "one byte", b"\0\x01\0", "bad_length"
    yield "a body of 6 bytes", b"\0\x07\x01\x01\x01\x01\x01\x01\0", "bad_length"
    yield "a body of 241 bytes", framed(b"\x93\x05\x01\xc4\xe8" + bytes(232)), "bad_length"
    yield "a body of 240 bytes", framed(b"\x93\x05\x01\xc4\xe7" + bytes(231)), "bad_range"
    yield "a thousand bytes", b"\0" + b"\x55" * 1000 + b"\0", "bad_length"
    for what, payload, reason in damaged_payloads():
        yield what, framed(payload), reason


def damaged_frames_of_the_pico() -> Iterator[tuple[str, bytes, str]]:
    """The same of the Pico's: WELCOME has a text, and STATUS is long."""
    welcome = BY_NAME["WELCOME"]
    values = [msgpack.packb(value) for value in (welcome.id, 1, *(edges_of(field)[0] for field in welcome.fields[:-1]))]
    head = bytes((0x90 | (len(values) + 1),)) + b"".join(values)
    yield "a text that is not ASCII", framed(head + msgpack.packb("1.0 é")), "bad_range"
    yield "a text that is not UTF-8", framed(head + b"\xa3\x31\xff\xfe"), "bad_range"
    yield "a text too long", framed(head + msgpack.packb("v" * 17)), "bad_range"
    yield "bytes for a text", framed(head + msgpack.packb(b"1.0")), "bad_range"
    yield "no text", framed(head + b"\xc0"), "bad_body"
    status = BY_NAME["STATUS"]
    wide = b"".join(b"\xcf" + value.to_bytes(8, "big") for value in (status.id, 1, *[0] * status.count))
    yield "a good STATUS in 8-byte integers", framed(bytes((0xDC, 0, status.count + 2)) + wide), "bad_length"


def other_forms() -> Iterator[tuple[str, bytes]]:
    """(what, payload): PING with seq 1 and token 7 in forms that are longer than need be, and good nevertheless."""
    ping = BY_NAME["PING"].id
    yield "array of 16-bit length", b"\xdc\x00\x03" + bytes((ping, 1, 7))
    yield "array of 32-bit length", b"\xdd\x00\x00\x00\x03" + bytes((ping, 1, 7))
    for lead, width in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8), (0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
        seven = bytes((lead,)) + (7).to_bytes(width, "big")
        yield f"integer with lead {lead:#x}", bytes((0x93, ping, 1)) + seven
        yield f"id with lead {lead:#x}", b"\x93" + bytes((lead,)) + ping.to_bytes(width, "big") + b"\x01\x07"
