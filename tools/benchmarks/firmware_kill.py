"""A host that is killed at random instants: how long after the end of its last possible lease the first relay falls.

By the rig of tests/link: real processes, the real program under MicroPython, the truth from the simulator's trace.
"""

import sys
import tempfile
from pathlib import Path

from common import ROOT, figure

WORKERS = 2


def measure(kills: int) -> None:
    sys.path[0:0] = [str(ROOT / "tests" / "link")]
    import test_host_dies
    from rig import TTL_S

    with tempfile.TemporaryDirectory(prefix="tankwarden-kill-") as folder:
        delays = test_host_dies.run("kill -9", Path(folder), kills, min(WORKERS, kills))
    figure("firmware.kill_to_off_over_ttl_ms_max", 1000 * (max(delays) - TTL_S), "ms")
