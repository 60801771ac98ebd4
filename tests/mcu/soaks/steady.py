"""Pass after pass of an armed board under leases, pings and a host that reads: the heap stays as it is."""

import gc

from chance import Chance
from virtual_rig import Rig

RENEW_MS, PING_MS = 500, 1000
PASSES_A_S = 200


def soak(count, seed):
    """count passes. Returns free memory at the start and at the end, and the trips, of which there must be none."""
    chance = Chance(seed)
    rig = Rig().armed()
    rig.closed(1, 4000)
    rig.set(1, amps=8.5, volts=272)
    warm_up(rig, chance)
    before = free()
    renewed = pinged = rig.backend.clock_us
    for n in range(count):
        if rig.backend.clock_us - renewed >= 1000 * RENEW_MS:
            renewed = rig.backend.clock_us
            rig.lease(1, 2000)
        if rig.backend.clock_us - pinged >= 1000 * PING_MS:
            pinged = rig.backend.clock_us
            rig.send("PING", n & 0xFFFF)
        one_pass(rig, chance, n)
        assert rig.state() == "armed", rig.state()
    after = free()
    assert rig.pins() == (1, 1, 0, 0)
    return {"passes": count, "free_before": before, "free_after": after}


def warm_up(rig, chance):
    """What is made once, at the first of its kind."""
    for _ in range(400):
        rig.lease(1, 2000)
        rig.send("PING", 1)
        one_pass(rig, chance, 0)


def one_pass(rig, chance, n):
    """A tank that warms and cools, or its sensor would be stuck, and rightly a trip."""
    rig.set(1, amps=8.4 + chance.below(20) / 100, degf=105 + abs(n // PASSES_A_S % 1200 - 600) / 30)
    began_us = rig.backend.clock_us
    rig.program.step(began_us & 0x3FFFFFFF)
    rig.backend.clock_us = max(rig.backend.clock_us, began_us + 5000)
    rig.port.forget()


def free():
    gc.collect()
    return gc.mem_free() if hasattr(gc, "mem_free") else 0  # CPython has none
