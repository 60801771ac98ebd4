"""The host's codec: the msgpack and cobs packages, and range checks compiled once per message. CPython only.

It only has to recognise good frames fast. One that it does not recognise is shown to the portable reader, which names
the reason. Both accept exactly the same frames: a test shows them the same noise.
"""

from binascii import crc32
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from cobs.cobs import DecodeError, decode, encode
from msgpack import Packer, unpackb  # it ships no types

from tanklink.errors import FieldRangeError, FrameLengthError
from tanklink.records import RECORDS, Record
from tanklink.schema import INT, PICO, SMALL_MAX, Message
from tanklink.wire import BAD_COBS, BAD_CRC, BAD_LENGTH, MAX_BODY, MAX_CODE, MAX_SEQ, MIN_BODY, OK, REASONS, ByteReader

_RESIDUE = 0x2144DF1C  # what crc32 makes of anything with its own CRC, little-endian, behind it
_NOT_GOOD = (DecodeError, TypeError, ValueError, LookupError)  # what recognising a frame may raise
_FALSE, _TRUE = 0xC2, 0xC3  # MessagePack; the only values that compare and compute as integers and are none

_Values = tuple[Any, ...]  # (id, seq, *fields), each of any type
_packed: Callable[[_Values], bytes] = Packer(buf_size=1024).pack  # made once: packb makes one each time


class Frame(NamedTuple):
    """One accepted frame."""

    seq: int
    record: Record


_OWN_GROUP = (SMALL_MAX, 4095)  # upper bounds 2^k - 1 that many fields of one message have
_Quick = Callable[[_Values], bool]  # whether the values may travel, given that there is no boolean among them


def _no_quick_check(values: _Values) -> bool:  # noqa: ARG001  (it stands for a compiled one)
    return False


def _quick_check(message: Message) -> _Quick:
    """Compile the check of a message of integers: one expression, half the time of comparing each with both bounds.

    Fields from 0 up are or-ed together: a | b | c is within 0 to 2^k - 1 if and only if each of them is. What is no
    integer raises TypeError there, and a wrong number of values ValueError.
    """
    if any(kind != INT for kind in message.kinds):
        return _no_quick_check
    names = ["id", "seq", *(f"v{i}" for i in range(message.count))]
    groups: dict[int, list[str]] = {SMALL_MAX: ["id"]}
    tests = []
    for name, low, high in zip(names[1:], (0, *message.bounds[::2]), (MAX_SEQ, *message.bounds[1::2]), strict=True):
        if low != 0:
            tests.append(f"type({name}) is int and {low} <= {name} <= {high}")
        elif high in _OWN_GROUP:
            groups.setdefault(high, ["0"]).append(name)
        else:
            groups[SMALL_MAX].append(name)
            tests.append(f"{name} <= {high}")
    # Groups first: they see to it that the others are integers.
    tests = [f"0 <= {' | '.join(group)} <= {high}" for high, group in groups.items()] + tests
    space: dict[str, _Quick] = {}
    exec(f"def quick(values):\n {', '.join(names)} = values\n return {' and '.join(tests)}", space)  # noqa: S102  (ours)
    return space["quick"]


_QUICK = {record: (record.MESSAGE.id, _quick_check(record.MESSAGE)) for record in RECORDS.values()}
# Half the time of calling the class itself, which is a Python function.
_new_frame: Callable[[tuple[int, Record]], Frame] = partial(tuple.__new__, Frame)


def pack(record: Record, seq: int) -> bytes:
    """The whole frame. Raises FieldRangeError naming message, field and bounds; FrameLengthError."""
    number, quick = _QUICK[record.__class__]
    values = (number, seq) + record  # noqa: RUF005  (a third of the time of unpacking)
    try:
        payload = _packed(values)
        good = quick(values) and _TRUE not in payload and _FALSE not in payload
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        payload = _packed_with_care(record.MESSAGE, seq, record)
    code = encode(payload + crc32(payload).to_bytes(4, "little"))
    if len(code) > MAX_CODE:
        raise FrameLengthError(f"{record.MESSAGE.name}: a body of {len(code) - 1} bytes, over {MAX_BODY}")
    return b"\0%b\0" % code


def _packed_with_care(message: Message, seq: int, record: Record) -> bytes:
    if type(seq) is not int or not 0 <= seq <= MAX_SEQ:
        raise FieldRangeError(f"{message.name}: seq {seq!r} is not 0 to {MAX_SEQ}")
    message.check(record)
    return _packed((message.id, seq, *record))


class FrameReader:
    """Bytes in, frames out, however they are cut. counts: as ByteReader's, in the order of REASONS."""

    def __init__(self, sender: str = PICO) -> None:
        """sender: whose messages are accepted, HOST or PICO."""
        self.counts = [0] * len(REASONS)
        self._rest = b""  # what came after the last delimiter, up to one byte more than is allowed
        self._known = {
            number: (partial(tuple.__new__, record), quick)
            for record, (number, quick) in _QUICK.items()
            if record.MESSAGE.sender == sender
        }
        self._judge = ByteReader(sender)
        self._judge.counts = self.counts

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; return the frames that they complete."""
        codes = (self._rest + data).split(b"\0")
        self._rest = codes.pop()[: MAX_CODE + 1]
        known = self._known
        frames: list[Frame] = []
        for code in codes:
            if not code:
                continue  # between two delimiters
            try:
                body = decode(code)
                if crc32(body) == _RESIDUE and len(body) <= MAX_BODY:
                    payload = body[:-4]
                    values = unpackb(payload, use_list=False)
                    new, quick = known[values[0]]
                    if values.__class__ is tuple and quick(values) and _TRUE not in payload and _FALSE not in payload:
                        frames.append(_new_frame((values[1], new(values[2:]))))
                        self.counts[OK] += 1
                        continue
            except _NOT_GOOD:
                pass
            frames += self._look_closer(code)
        return frames

    def _look_closer(self, code: bytes) -> list[Frame]:
        """What has values that are no integers, or is not good: seldom, so slowly. Noise is told by its CRC already."""
        if not MIN_BODY < len(code) <= MAX_CODE:
            return self._drop(BAD_LENGTH)
        try:
            body = decode(code)
        except DecodeError:
            return self._drop(BAD_COBS)
        if crc32(body) != _RESIDUE:
            return self._drop(BAD_CRC)
        judge = self._judge
        for byte in code:
            judge.push(byte)
        if not judge.push(0) or judge.message is None:
            return []
        new, _ = self._known[judge.message.id]
        values = tuple(bytes(value) if isinstance(value, bytearray) else value for value in judge.values)
        return [Frame(judge.seq, new(values))]

    def _drop(self, reason: int) -> list[Frame]:
        self.counts[reason] += 1
        return []
