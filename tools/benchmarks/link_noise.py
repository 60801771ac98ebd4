"""Damaged streams: how many of the intact frames arrive, and whether anything arrives that was not sent."""

import random
from collections.abc import Callable
from functools import partial

from common import figure

from tanklink import messages
from tanklink.frames import Frame, FrameReader, pack
from tanklink.records import RECORDS
from tanklink.schema import INT, PICO, Message

RECOVERY_FRAMES = 20_000
HIT_RATE = 0.01
POOL = 20_000  # different frames to damage
BLOCK = 500  # damaged frames read at once


def random_values(message: Message, chance: random.Random) -> list[object]:
    """Values as telemetry has them: mostly small, now and then as great as may be."""
    values: list[object] = list(message.new())
    for i, kind in enumerate(message.kinds):
        low, high = message.bounds[2 * i], message.bounds[2 * i + 1]
        if kind == INT:
            values[i] = chance.randint(low, min(high, 1 << chance.randrange(1, 31)))
    return values


def frames(n: int, chance: random.Random) -> list[Frame]:
    """n frames of all the Pico's messages, no two alike."""
    rows = [message for message in messages.TABLE if message.sender == PICO]
    drawn = [rows[seq % len(rows)] for seq in range(n)]
    return [Frame(seq, RECORDS[m.id]._make(random_values(m, chance))) for seq, m in enumerate(drawn)]


def hit(wire: bytes, how: str, chance: random.Random) -> bytes:
    """The frame with HIT_RATE of its bytes changed, dropped, or followed by a random one."""
    out = bytearray()
    for byte in wire:
        if chance.random() >= HIT_RATE:
            out.append(byte)
        elif how == "flip":
            out.append(byte ^ (1 << chance.randrange(8)))
        elif how == "insert":
            out += bytes((byte, chance.randrange(256)))
    return bytes(out)


def measure_recovery() -> None:
    """Of the frames that came through untouched, the share that is read. An untouched one may have bad neighbours."""
    for how in ("flip", "drop", "insert"):
        chance = random.Random(how)
        sent = frames(RECOVERY_FRAMES, chance)
        wires = [pack(frame.record, frame.seq) for frame in sent]
        damaged = [hit(wire, how, chance) for wire in wires]
        intact = [frame.seq for frame, wire, after in zip(sent, wires, damaged, strict=True) if wire == after]
        received = {frame.seq: frame for frame in FrameReader().feed(b"".join(damaged))}
        recovered = sum(received.get(seq) == sent[seq] for seq in intact)
        figure(f"link.recovered_{how}", recovered / len(intact), "share")


Damage = Callable[[bytearray, random.Random], None]


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 6)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _change(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def _drop(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data))]


def _insert(data: bytearray, chance: random.Random) -> None:
    data.insert(chance.randrange(len(data)), chance.randrange(256))


def _swap(data: bytearray, chance: random.Random) -> None:
    a, b = chance.randrange(len(data)), chance.randrange(len(data))
    data[a], data[b] = data[b], data[a]


def _burst(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    n = min(chance.randrange(2, 12), len(data) - at)
    data[at : at + n] = chance.randbytes(n)


def _splice(others: list[bytes], data: bytearray, chance: random.Random) -> None:
    """The beginning of one frame and the end of another, as when a buffer overruns."""
    at = chance.randrange(1, len(data))
    data[at:] = chance.choice(others)[at:]


def measure_wrong(n: int) -> None:
    """Frames accepted whose content is not exactly what was sent under that seq, in n damaged ones."""
    chance = random.Random(n)
    sent = frames(POOL, chance)
    wires = [pack(frame.record, frame.seq) for frame in sent]
    damages: list[Damage] = [_flip, _change, _drop, _insert, _swap, _burst, partial(_splice, wires)]
    reader = FrameReader()
    wrong = 0
    damaged = 0
    while damaged < n:
        stream: list[bytearray] = []
        while len(stream) < BLOCK:
            wire = wires[int(chance.random() * POOL)]
            data = bytearray(wire)
            damages[int(chance.random() * len(damages))](data, chance)
            if data != wire:
                stream.append(data)
        damaged += BLOCK
        wrong += sum(frame != sent[frame.seq] for frame in reader.feed(b"".join(stream)))
    figure("link.wrong_accepted", wrong, "frames")
    figure("link.wrong_accepted_of", damaged, "frames")
