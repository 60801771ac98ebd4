"""Under MicroPython: what is free once the program has started, and what its steady passes allocate.

heap.py ROOT PROGRAM

The shims and the virtual rig stand for the chip and are no part of the program: what they take is not counted.
"""

import gc
import json
import sys

WARM, PASSES = 50, 500
LEASE_MS = 5000  # the longest there is: both circuits stay closed through all passes


def main(root, program):
    for folder in ("protocol", "host/tankwarden/sim/shims", "tests/mcu/scenarios"):
        sys.path.insert(0, root + "/" + folder)
    sys.path.insert(0, program)
    gc.threshold(16384)  # as main.py
    gc.collect()
    import backend_virtual
    import chip_time
    import memory_disk
    import simboard

    import tanklink.frames  # noqa: F401  the host's: the program has its own

    chip_time.install()
    backend = backend_virtual.VirtualBackend()
    simboard.use(backend)
    disk = memory_disk.Disk()
    gc.collect()
    before = gc.mem_alloc()
    import virtual_rig

    rig = virtual_rig.Rig(disk=disk)
    rig.armed()
    rig.closed(1, LEASE_MS)
    rig.closed(2, LEASE_MS)
    del rig.heard[:]
    del rig.replies[:]
    gc.collect()
    gc.threshold(-1)
    free = gc.mem_free() + before
    print(json.dumps({"free_bytes": free, "passes": PASSES, "allocated_bytes": steady_bytes(rig)}))


def steady_bytes(rig):
    """With both circuits closed and nothing coming in."""
    rig.backend.on_record = None
    passes(rig, WARM)
    allocated = allocated_by(rig, PASSES) - allocated_by(rig, 0)  # the second is the measuring's own
    assert rig.pins() == (1, 1, 1, 1), rig.pins()
    return allocated


def allocated_by(rig, number):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    passes(rig, number)
    return gc.mem_alloc() - before


def passes(rig, number):
    from time import ticks_us  # the board's clock, which chip_time has put there

    program, port = rig.program, rig.port
    for _ in range(number):
        port.forget()
        began = ticks_us()
        program.step(began)
        program.wait(began)


main(sys.argv[1], sys.argv[2])
