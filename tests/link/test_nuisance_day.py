"""Nothing trips that need not: a simulated day with a flooded link and a host short of processor time."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tapped import TappedRig

from tanklink import records
from tanklink.frames import pack

HOGS = 2
FLOOD_BYTES = 300  # ten times a second: 3 kB/s on top of what the host says
HOG = "while True: pass"


class Flood:
    """Noise, damaged frames and frames of nobody's session, by turns; never the wrong switch-off by a good frame."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.sent = 0

    def __call__(self) -> bytes:
        chance, out = self._chance, b""
        while len(out) < FLOOD_BYTES:
            frame = pack(records.Ping(token=chance.randrange(1 << 29)), chance.randrange(1 << 16))
            kind = chance.randrange(3)
            if kind == 0:
                frame = chance.randbytes(chance.randrange(1, 60)) + b"\0"
            elif kind == 1:
                at = chance.randrange(1, len(frame) - 1)
                frame = frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]
            out += frame
            self.sent += 1
        return out


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_day_with_a_flooded_link_and_a_starved_host_has_no_nuisance_trip(tmp_path: Path) -> None:
    hogs = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(HOGS)]
    flood = Flood(5)
    try:
        rig = TappedRig(tmp_path, 5, flood, speed=360, local_hour=0.5)
        try:
            start = rig.ask(cmd="clock")["plant_ms"]

            def day_is_over() -> bool:
                return bool(rig.ask(cmd="clock")["plant_ms"] - start > 23.6 * 3_600_000)

            rig.wait(day_is_over, "24 simulated hours", 400)
            assert all(rig.ask(cmd="ledger")["circuits"][n]["wh"] > 1000 for n in "12"), "the tanks were never heated"
            link = rig.status()["pico"]["health"]
            assert link["bad_crc"] + link["bad_cobs"] + link["bad_length"] > 1000, "there was no flood"
            assert rig.stored_events("trip") == []
            assert rig.stored_events("fault") == []
        finally:
            rig.close()
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert flood.sent > 5000
