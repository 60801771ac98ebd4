"""The journal on littlefs, the file system of the chip, cut at every operation on its flash."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parent / "littlefs_cuts.py"


def test_every_cut(micropython: str) -> None:
    command = [micropython, "-X", "heapsize=2M", str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    word, cuts = done.stdout.split()
    assert word == "cuts"
    assert int(cuts) > 50
    assert not done.stderr, done.stderr
