"""What is measured on the emulated chip: the tests hold it against the goals, tools/benchmarks/chip prints it.

Everything is taken from edges of pins, in simulated nanoseconds; nothing is asked of the program itself but its HEALTH.
"""

import itertools
import random
from pathlib import Path

from tanklink import messages, records
from tanklink.frames import FrameReader, pack

from .lab.client import MS, PROBE_PIN, RELAY_PINS, Chip, S
from .lab.errors import NotReachedError
from .lab.host import TTL_MS
from .lab.images import Image, measured_image
from .lab.repl import Repl
from .lab.stand import Stand

CYCLE_NS = 8
# The interlock alone, without the program: it closes circuit 1 again and again.
_REARM_FOR_EVER = """
import board, interlock
i = interlock.Interlock(board)
while True:
    if i.fault_line(1) and i.latched(1):
        i.arm(1)
    i.permit(0, 100000)
    i.permit(1, 100000)
"""


def fault_to_pin_ns(uf2: Path, rounds: int, seed: int = 1) -> list[int]:
    """From the fault line's fall at its pad to that of each relay pin, at random phases of the machines' loop."""
    chance = random.Random(seed)
    delays = []
    with Chip(Image(uf2, extra=_IDLE)) as chip:
        repl = Repl(chip)
        repl.enter()
        repl.start(_REARM_FOR_EVER)
        for _ in range(rounds):
            chip.run_until(lambda: chip.relays()[:2] == (1, 1), "closed relays", 100 * MS)
            at = chip.ns + 20_000 + chance.randrange(8 * CYCLE_NS)
            chip.loop(1, False, at_ns=at)
            chip.run(at - chip.ns + 10_000)
            falls = chip.falls(at)
            assert len(falls) == 2, falls
            delays += [edge.ns - at for edge in falls]
            chip.loop(1, True)
            chip.run(MS)
    return delays


_IDLE = {"main.py": b"", "boot.py": b""}  # the program's files are there, and nothing starts


def hang_to_low_ms(stand: Stand) -> float:
    """From an endless loop in the processor to the last relay pin's fall. The watchdog is left to bite later."""
    at = stand.chip.ns
    stand.chip.hang()
    return (stand.opened(at, 150 * MS)[-1].ns - at) / MS


def kill_over_ttl_ms(stand: Stand) -> float:
    """From the death of the host to the first relay's fall, beyond the lease's length; it may be negative."""
    at = stand.chip.ns
    stand.host.die()
    falls = stand.opened(at, (TTL_MS + 300) * MS)
    return (falls[0].ns - at) / MS - TTL_MS


def pass_times_ms(uf2: Path, simulated_ns: int, collect_every: int = 0) -> tuple[list[float], records.Health]:
    """Length of every pass in steady operation, both circuits closed, leases renewed; and the newest HEALTH."""
    with Stand(measured_image(uf2, collect_every)) as stand:
        stand.arm().heat(1, 2)
        begun = stand.chip.ns
        stand.host.live(simulated_ns)
        stand.host.live_until(lambda: stand.host.driver.view().health is not None, "HEALTH", 2 * S)
        assert stand.closed(1, 2), stand.host.standing()
        health = stand.host.driver.view().health
        assert health is not None
        return passes_ms(stand.chip, begun), health


def passes_ms(chip: Chip, since_ns: int) -> list[float]:
    """Length of every whole pass since then, by the pin that on_chip/measured.py raises."""
    edges = [edge for edge in chip.edges if edge.pin == PROBE_PIN and edge.ns >= since_ns]
    pairs = itertools.pairwise(edges)
    return [(fell.ns - rose.ns) / MS for rose, fell in pairs if rose.level and not fell.level]


def boot_to_welcome_ms(chip: Chip) -> float:
    """From a reset to the WELCOME that answers HELLO, which is said every 20 ms from when the port is there."""
    chip.power_cycle()
    began, read = chip.ns, len(chip.received)
    hello = pack(records.Hello(digest=messages.DIGEST, session=1), 1)
    chip.run_until(chip.usb_ready, "USB", 3 * S, 10 * MS)
    reader = FrameReader()
    while chip.ns < began + 10 * S:
        chip.send(hello)
        chip.run(20 * MS)
        for ns, data in chip.received[read:]:
            if any(isinstance(frame.record, records.Welcome) for frame in reader.feed(data)):
                return (ns - began) / MS
        read = len(chip.received)
    raise NotReachedError("no WELCOME within 10 s")


def relay_edges(chip: Chip, since_ns: int = 0) -> list[tuple[int, int, int]]:
    """(ns, pin, level) of every edge of a relay pin."""
    return [(e.ns, e.pin, e.level) for e in chip.edges if e.pin in RELAY_PINS and e.ns >= since_ns]
