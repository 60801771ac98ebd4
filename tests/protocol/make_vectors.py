#!/usr/bin/env python3
"""Write vectors.json: frames with what they carry, made with the packages alone. Run by hand when the table changes.

One entry a line, so that a change shows as lines and a chip can read it line by line. Values that are bytes stand as
{"hex": …}. Every interpreter must make these very bytes, and read them back.
"""

import json
import struct
from binascii import crc32
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

import wire_cases as cases

from tanklink import messages
from tanklink.config import VALUE_MAX
from tanklink.schema import HOST, PICO

PATH = Path(__file__).with_name("vectors.json")
Entry = dict[str, Any]
CIRCUIT = [
    1,
    True,
    32_000,
    11_000,
    180_000,
    300,
    600,
    100,
    450_000,
    60_000,
    300,
    300,
    2000,
    1000,
    900,
    2000,
    True,
    False,
]
FEEDER = [2, True, 600, 2400, 5, 8, 20, 30_000, True]
NTC = ((150, 250_000), (300, 200_000), (600, 160_000), (1200, 120_000), (2000, 95_000), (2900, 68_000), (3900, 5_000))


def plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def frames() -> Iterator[Entry]:
    for message in messages.TABLE:
        for step, values in enumerate(cases.edge_rows(message)):
            seq = (0, 1, 127, 128, 255, 256, 65_535)[step % 7]
            name = f"{message.name}, edges {step}"
            frame = cases.reference_frame(message, seq, values).hex()
            yield {
                "name": name,
                "message": message.name,
                "seq": seq,
                "values": list(map(plain, values)),
                "frame": frame,
            }


def other_forms() -> Iterator[Entry]:
    for what, payload in cases.other_forms():
        yield {"name": what, "message": "PING", "seq": 1, "values": [7], "also": cases.framed(payload).hex()}


def refused() -> Iterator[Entry]:
    for sender, damaged in ((HOST, cases.damaged_frames()), (PICO, cases.damaged_frames_of_the_pico())):
        for what, frame, reason in damaged:
            yield {"name": what, "sender": sender, "refused": frame.hex(), "reason": reason}


def config_crc(circuits: dict[int, list[Any]], tables: dict[int, Any], feeders: dict[int, list[Any]]) -> bytes:
    words: list[int] = []
    for circuit in range(1, messages.N_CIRCUITS + 1):
        words += map(int, circuits.get(circuit, [circuit] + [0] * (len(CIRCUIT) - 1)))
    for channel in range(messages.N_CHANNELS):
        table = tables.get(channel, ())
        words += [len(table), *(number for point in table for number in point)]
    for feeder in range(1, messages.N_FEEDERS + 1):
        words += map(int, feeders.get(feeder, [feeder] + [0] * (len(FEEDER) - 1)))
    return crc32(struct.pack(f"<{len(words)}i", *words)).to_bytes(4, "little")


def scaled(table: tuple[tuple[int, int], ...], counts: int) -> int:
    """Exact arithmetic, rounded half up, ended at ±VALUE_MAX."""
    pieces = list(pairwise(table))
    (x0, y0), (x1, y1) = next((piece for piece in pieces if counts <= piece[1][0]), pieces[-1])
    exact = y0 + Fraction(y1 - y0, x1 - x0) * (counts - x0)
    return max(-VALUE_MAX, min(VALUE_MAX, floor(exact + Fraction(1, 2))))


def configurations() -> Iterator[Entry]:
    steep = ((2047, -VALUE_MAX), (2048, VALUE_MAX))
    whole = {0: ((372, 0), (4068, 14_000)), 2: ((0, 0), (4095, 500_000)), 4: NTC}
    feeders = {"feeders alone": {2: FEEDER, 1: [1, *FEEDER[1:-1], False]}}
    for name, circuits, tables, complete in (
        ("nothing configured", {}, {}, True),
        ("feeders alone", {}, {}, True),
        ("one circuit, whole", {1: CIRCUIT}, whole, True),
        ("a circuit without scales", {1: CIRCUIT}, {}, False),
        ("the other circuit, with the first one's scales", {2: [2, *CIRCUIT[1:]]}, whole, False),
        ("a circuit that is not enabled", {1: [1, False, *CIRCUIT[2:]]}, {}, True),
        ("no over-current limit", {1: [1, True, 32_000, 0, *CIRCUIT[4:]]}, whole, False),
        ("one point is no scale", {1: CIRCUIT}, whole | {4: NTC[:1]}, False),
        ("as steep as can be", {}, dict.fromkeys(range(messages.N_CHANNELS), steep), True),
        (
            "up and down",
            {},
            {7: ((0, -VALUE_MAX), (4094, VALUE_MAX), (4095, -VALUE_MAX)), 6: ((0, 5), (4095, 4))},
            True,
        ),
    ):
        samples = [
            [channel, counts, scaled(table, counts)]
            for channel, table in tables.items()
            if len(table) > 1
            for counts in sorted({0, 1, 100, 371, 372, 373, 2047, 2048, 2049, 4094, 4095, table[0][0], table[-1][0]})
        ]
        points = [[channel, i, *point] for channel, table in tables.items() for i, point in enumerate(table)]
        yield {
            "name": name, "circuits": list(circuits.values()), "points": points, "complete": complete,
            "feeders": list(feeders.get(name, {}).values()),
            "crc": config_crc(circuits, tables, feeders.get(name, {})).hex(), "scaled": samples,
        }  # fmt: skip


def main() -> None:
    digest = {"name": "digest of the table", "digest": messages.DIGEST.hex()}
    entries = [digest, *frames(), *other_forms(), *refused(), *configurations()]
    PATH.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")
    print(f"{len(entries)} entries, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
