"""The demo's child processes: started so that they end with it, stopped in order, their deaths noticed at once."""

import contextlib
import ctypes
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from tankwarden.errors import TankwardenError

_PR_SET_PDEATHSIG = 1  # prctl(2)


class DemoError(TankwardenError):
    """The demo cannot start or go on."""


def _end_with_parent() -> None:
    # Without it a demo that is killed would leave a host and a board running.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One `tankwarden COMMAND …` with its output in a file."""

    def __init__(self, log: Path, *arguments: object) -> None:
        self.log, self._arguments = log, [str(argument) for argument in arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """Of the process, if it was started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative = ended by that signal."""
        return self._process.poll() if self._process else 0

    @property
    def suspended(self) -> bool:
        """Whether somebody has stopped it with SIGSTOP."""
        with contextlib.suppress(OSError, IndexError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    def start(self) -> None:
        """Start it, or start it anew. In a process group of its own: Ctrl-C is for the parent to act upon."""
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "tankwarden", *self._arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0, preexec_fn=_end_with_parent,
            )  # fmt: skip
        self.started_s = time.monotonic()

    def wait(self, patience_s: float = 30.0) -> None:
        """Until it has ended by itself. subprocess.TimeoutExpired."""
        if self._process is not None:
            self._process.wait(patience_s)

    def stop(self, patience_s: float = 10.0) -> None:
        """SIGTERM, and SIGKILL if that does not help."""
        if self._process is None or self._process.poll() is not None:
            return
        for number in (signal.SIGCONT, signal.SIGTERM):
            self._process.send_signal(number)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def failed(self, what: str) -> DemoError:
        """An error that tells the cause: what it said last since its start."""
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            log.seek(self._log_start)
            return DemoError(f"{what}: {cause(log.read().decode(errors='replace'))}")
        return DemoError(f"{what}: it said nothing")


def cause(output: str) -> str:
    """Of a program's end: the line with which it refused; if it crashed, all from the traceback on; else the last."""
    lines = output.rstrip()[-4000:].splitlines()
    if refusals := [line for line in lines if line.startswith("tankwarden") and ": " in line]:
        return refusals[-1].partition(": ")[2]
    crashes = [number for number, line in enumerate(lines) if line.startswith("Traceback")]
    if crashes:
        return "\n" + "\n".join(lines[crashes[-1] :])
    return lines[-1] if lines else "it said nothing"


class ChildWatch:
    """Notes the instant at which a child last ended, was stopped or went on: as a signal handler, so at once."""

    def __init__(self) -> None:
        self.changed_ns = 0

    def __enter__(self) -> "ChildWatch":
        self._before = signal.signal(signal.SIGCHLD, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGCHLD, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.changed_ns = time.monotonic_ns()
