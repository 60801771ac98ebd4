"""Which process has a device open, as far as this user may see: so that a refusal can name it."""

import os
from pathlib import Path

PROC = Path("/proc")


def who_holds(device: str, proc: Path = PROC) -> str:
    """ "process 812 (python3 …)", or words for one that cannot be seen."""
    real = os.path.realpath(device)
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        if folder.name != str(os.getpid()) and _has_open(folder, real):
            return f"process {folder.name} ({_command(folder)})"
    return "a process that this user may not see"


def _has_open(process: Path, real: str) -> bool:
    try:
        return any(os.path.realpath(link) == real for link in (process / "fd").iterdir())
    except OSError:
        return False  # it ended, or is another user's


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    except OSError:
        return "?"
