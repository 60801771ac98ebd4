"""Who holds a port: the kernel's list of locks names the process, so that a person need not search for it."""

import os
from pathlib import Path

LOCKS = Path("/proc/locks")
_ARGUMENTS = 3  # of a command line: enough to tell `tankwarden run` from `tankbench watch`


def holder(path: str, *, locks: Path = LOCKS, proc: Path = Path("/proc")) -> str | None:
    """The process with the exclusive lock (flock) on a file, as "python3 -m tankwarden run (process 123)".

    None if none is to be found: no Linux, another container's process, or the lock was given back meanwhile.
    """
    try:
        inode = os.stat(path).st_ino
        lines = locks.read_text().splitlines()
    except OSError:
        return None
    for line in lines:  # 1: FLOCK  ADVISORY  WRITE 123 00:1b:7 0 EOF
        words = line.split()
        if len(words) >= 6 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return _describe(words[4], proc)
    return None


def _describe(pid: str, proc: Path) -> str | None:
    if not pid.isdigit() or pid == "0":
        return None
    try:
        words = (proc / pid / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        words = []
    named = [Path(word).name if "/" in word else word for word in words if word]
    return f"{' '.join(named[: _ARGUMENTS + 1])} (process {pid})" if named else f"process {pid}"
