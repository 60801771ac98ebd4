"""What is measured on the emulated chip: the tests hold it against the goals, tools/benchmarks/chip prints it.

Everything is taken from edges of pins, in simulated nanoseconds; nothing is asked of the program itself but its HEALTH.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tankwarden.sim import defaults

from .busy import keep_busy, play
from .lab.client import MS, PROBE_PIN, RELAY_PINS, Chip, S
from .lab.errors import NotReachedError
from .lab.host import TTL_MS
from .lab.images import idle_image, measured_image, taken
from .lab.repl import Repl
from .lab.stand import Stand

CYCLE_NS = 8
_MOST, _FIRED = 6, 10  # places of mcu/scan.py
ZERO_COUNTS = defaults.CURRENT_ZERO_COUNTS
FINE_LIMIT_COUNTS, FINE_COUNTS = 3276, 3400  # 11 A; a little more, below the coarse ceiling
COARSE_COUNTS = 3900  # beyond it
# The interlock alone, without the program: it closes circuit 1 again and again.
_REARM_FOR_EVER = (
    taken("board", "interlock.Interlock")
    + """
i = Interlock(board)
while True:
    if i.fault_line(1) and i.latched(1):
        i.arm(1)
    i.permit(0, 100000)
    i.permit(1, 100000)
"""
)


def fault_to_pin_ns(uf2: Path, rounds: int, seed: int = 1) -> list[int]:
    """From the fault line's fall at its pad to that of each relay pin, at random phases of the machines' loop."""
    chance = random.Random(seed)
    delays = []
    with Chip(idle_image(uf2, _REARM_FOR_EVER)) as chip:
        repl = Repl(chip)
        repl.enter()
        repl.start(_REARM_FOR_EVER)
        for _ in range(rounds):
            chip.run_until(lambda: chip.relays()[:2] == (1, 1), "closed relays", 2 * S)  # the program is read first
            at = chip.ns + 20_000 + chance.randrange(8 * CYCLE_NS)
            chip.loop(1, False, at_ns=at)
            chip.run(at - chip.ns + 10_000)
            falls = chip.falls(at)
            assert len(falls) == 2, falls
            delays += [edge.ns - at for edge in falls]
            chip.loop(1, True)
            chip.run(MS)
    return delays


# Interlock, ring and comparator alone: all four relays are closed again and again.
_COMPARE_FOR_EVER = (
    taken("board", "interlock.Interlock", "sampler.Sampler", "overcurrent.OverCurrent")
    + """
import rp2
i = Interlock(board)
s = Sampler()
flash = rp2.Flash()
def close():
    if s.comparator.pulls():
        s.comparator.release()
    if i.fault_line(1) and i.fault_line(2) and (i.latched(1) or i.latched(2)):
        i.arm(1)
        i.arm(2)
    for relay in range(4):
        i.permit(relay, 100000)
"""
)
_COARSE = _COMPARE_FOR_EVER + "while True: close()\n"
_COARSE_ERASING = _COMPARE_FOR_EVER + "while True:\n    for _ in range(500): close()\n    flash.ioctl(6, 345)\n"
# With the hard timer, while the processor makes garbage, collects it and talks.
_FINE = (
    _COMPARE_FOR_EVER
    + f"""
import gc
o = OverCurrent(i, s)
n = 0
while True:
    for c in range(2):
        o._state[{_MOST} + c] = {FINE_LIMIT_COUNTS}
        o._state[{_FIRED} + c] = 0
        o.grant(c, 5000000)
    close()
    garbage = [bytearray(40) for _ in range(8)]
    n += 1
    if n % 16 == 0:
        gc.collect()
        print(n)
"""
)


def coarse_overcurrent_us(uf2: Path, rounds: int, erasing: bool = False, seed: int = 1) -> list[float]:
    """From a step of a current beyond the coarse ceiling to the fall of every relay pin, with the processor stopped.

    erasing: during a real erase of a flash sector; else it simply executes nothing.
    """
    chance = random.Random(seed)
    delays = []
    with _closing(uf2, _COARSE_ERASING if erasing else _COARSE) as chip:
        for number in range(rounds):
            if erasing:
                _wait_for_erase(chip)
            else:
                chip.run_until(lambda: all(chip.relays()), "closed relays", 2 * S)
                chip.stand(us=1000)
            delays.append(_step_delay_us(chip, number % 2, COARSE_COUNTS, chance.randrange(40_000), 400_000))
            chip.run(60 * MS if erasing else 2 * MS)
    return delays


def _wait_for_erase(chip: Chip) -> None:
    before, _ = chip.flash_counts()
    chip.run_until(lambda: chip.flash_counts()[0] > before, "erase", 2 * S)


def fine_overcurrent_us(uf2: Path, rounds: int, seed: int = 1) -> list[float]:
    """From a step of a current beyond its fine limit to the fall of every relay pin, the processor busy."""
    chance = random.Random(seed)
    with _closing(uf2, _FINE) as chip:
        delays = []
        for number in range(rounds):
            delays.append(_step_delay_us(chip, number % 2, FINE_COUNTS, chance.randrange(1_500_000), 2 * MS))
            chip.run(2 * MS)
        return delays


@contextmanager
def _closing(uf2: Path, code: str) -> Iterator[Chip]:
    """A chip that runs this code at its REPL, with currents of zero."""
    with Stand(idle_image(uf2, code)) as stand:
        for circuit in (1, 2):
            stand.chip.analog(circuit - 1, ZERO_COUNTS)
        repl = Repl(stand.chip)
        repl.enter()
        repl.start(code)
        yield stand.chip


def _step_delay_us(chip: Chip, channel: int, counts: int, phase_ns: int, within_ns: int) -> float:
    chip.run_until(lambda: all(chip.relays()), "closed relays", 2 * S)
    at = chip.ns + 20_000 + phase_ns
    chip.analog(channel, counts, at_ns=at)
    chip.run(at - chip.ns + within_ns)
    falls = chip.falls(at)
    assert len({edge.pin for edge in falls}) == len(RELAY_PINS), falls
    chip.analog(channel, ZERO_COUNTS)
    return (max(edge.ns for edge in falls[: len(RELAY_PINS)]) - at) / 1000


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
    """Length of every pass of a board with all that it may have to do at once (busy.py); and the newest HEALTH."""
    with Stand(measured_image(uf2, collect_every)) as stand:
        play(stand.arm().host)
        stand.heat(1, 2)
        begun = stand.chip.ns
        keep_busy(stand, simulated_ns)
        stand.host.live_until(lambda: stand.host.driver.view().health is not None, "HEALTH", 2 * S)
        assert stand.closed(1, 2), stand.host.standing()
        health = stand.host.driver.view().health
        assert health is not None
        return passes_ms(stand.chip, begun), health


def passes_ms(chip: Chip, since_ns: int) -> list[float]:
    """Length of every whole pass since then, by the pin that on_chip/measured.py raises."""
    edges = [edge for edge in chip.edges if edge.pin == PROBE_PIN and edge.ns >= since_ns]
    pairs = pairwise(edges)
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
