"""A board's program of a few lines, for tests of the simulation itself: run with PAGE OUT MCU_DIR PROTOCOL_DIR.

It feeds its watchdog every 2 ms and echoes what it reads, except for: A arm and permit all relays, D drop them, W let
the comparator watch, L light 1 on for 30 ms, S a pulse of 1500 µs for servo 1, H stop feeding, Q stop permitting,
R machine.reset(), X end without a reset, C tell the page's reset cause.
"""

import os
import select
import struct
import sys
import time

PIN, PERMIT, REARM, WDT, FEED, RESET, FUNCTION, COMPARATOR, SAMPLES = 1, 2, 3, 4, 5, 6, 8, 10, 11
WITHHELD = 27  # word of the page; behind it TICK
TICK_MASK, GRACE_US = (1 << 30) - 1, 8_000
PERMIT_100_MS = (100_000 * 125 - 1) // 4
page = os.open(sys.argv[1], os.O_RDONLY)
out = os.open(sys.argv[2], os.O_WRONLY)


def chip_us() -> int:
    """The chip's clock: the machine's less what it withheld, which the page tells, and never far ahead of its tick."""
    while True:
        withheld_ms, tick_us = struct.unpack("<ii", os.pread(page, 8, 4 * WITHHELD))
        now_us = time.monotonic_ns() // 1000
        if (now_us - tick_us) & TICK_MASK < GRACE_US:
            return now_us - 1000 * int(withheld_ms)
        time.sleep(0.0003)


def record(kind: int, a: int = 0, b: int = 0) -> None:
    os.write(out, struct.pack("<qiiii", chip_us(), kind, a, b, 0))


def cause() -> int:
    return os.pread(page, 4, 4)[0]


feeding, permitting = True, False
record(WDT, 2000)
while True:
    if feeding:
        record(FEED)
    if permitting:
        for relay in range(4):
            record(PERMIT, relay, PERMIT_100_MS)
    if not select.select([0], [], [], 0.002)[0]:
        continue
    for byte in os.read(0, 64):
        if byte == ord("A"):
            record(PIN, 8, 1)
            for relay in range(4):
                record(FUNCTION, relay + 2, 6)
                record(REARM, relay)
            permitting = True
        elif byte == ord("W"):
            for gpio in (6, 7):
                record(FUNCTION, gpio, 7)
            record(SAMPLES, 0b10111, 5000)
            record(COMPARATOR, 1, 3712)
        elif byte == ord("D"):
            permitting = False
            for relay in range(4):
                record(PERMIT, relay, 0)
        elif byte == ord("L"):
            record(PIN, 10, 1)
            until_us = chip_us() + 30_000
            while chip_us() < until_us:
                time.sleep(0.001)
            record(PIN, 10, 0)
        elif byte == ord("S"):
            now_us = chip_us()
            for at_us, level in ((now_us - 1500, 1), (now_us, 0)):
                os.write(out, struct.pack("<qiiii", at_us, PIN, 21, level, 0))
        elif byte == ord("H"):
            feeding = False
        elif byte == ord("Q"):
            permitting = False
        elif byte == ord("R"):
            record(RESET)
            sys.exit(0)
        elif byte == ord("X"):
            sys.exit(3)
        elif byte == ord("C"):
            os.write(1, b"%d" % cause())
        else:
            os.write(1, bytes([byte]))
