"""A simulated Pico to be flashed: the real MicroPython with its real REPL and littlefs, behind a pseudo-terminal.

What is on its disk runs as on the chip (tests/flash/on_board/start.py). It can be unplugged, and its power can fail at
any operation of flash: then the terminal is gone until `power_on`.
"""

import contextlib
import os
import pty
import selectors
import shutil
import subprocess
import sys
import termios
import threading
import tty
from pathlib import Path

HERE = Path(__file__).parent
START = HERE / "on_board" / "start.py"
STAND_IN = HERE / "on_board" / "program"
BLOCK, BLOCKS = 4096, 352
REAL = ("boot.py", "main.py", "maintenance.py", "bootloop.py", "identity.py", "board.py", "limits.py", "trial.py")
MCU = Path(__file__).resolve().parents[2] / "mcu"


def program(folder: Path) -> Path:
    """A folder like mcu/, of a program that has no circuits: the real files that are about starting, and a stand-in."""
    folder.mkdir()
    for name in REAL:
        shutil.copy(MCU / name, folder)
    for path in STAND_IN.glob("*.py"):
        shutil.copy(path, folder)
    shutil.copytree(MCU / "loader", folder / "loader")
    return folder


class SimulatedPico:
    """Powered from the beginning; `tty` is its port while it is plugged in. Close it, or use it in a with statement."""

    def __init__(self, folder: Path, *, name: str = "micropython", version: str = "", blocks: int = BLOCKS) -> None:
        self.folder = folder
        self.host = folder / "host"
        self.host.mkdir(parents=True, exist_ok=True)
        self.tty = folder / "tty"
        self._disk = folder / "disk.bin"
        if not self._disk.exists():
            self._disk.write_bytes(b"\xff" * (BLOCK * blocks))
        self._identity = (name, version)
        self._thread: threading.Thread | None = None
        self._stop_r, self._stop_w = os.pipe()
        self.starts = 0
        self.power_on()

    def __enter__(self) -> "SimulatedPico":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- power -------------------------------------------------------------------------------------------------------

    def power_on(self, budget: int | None = None) -> None:
        """Plug it in. budget: operations of flash, over all resets, until power fails; None = never."""
        self.power_off()
        (self.host / "scratch").unlink(missing_ok=True)
        (self.host / "budget").unlink(missing_ok=True)
        if budget is not None:
            (self.host / "budget").write_text(str(budget))
        outer, far = pty.openpty()
        for end in (outer, far):
            tty.setraw(end)
        self.tty.unlink(missing_ok=True)
        self.tty.symlink_to(os.ttyname(far))
        self._thread = threading.Thread(target=self._live, args=(outer, far), daemon=True)
        self._thread.start()

    def power_off(self) -> None:
        """Pull the plug."""
        if self._thread is not None:
            os.write(self._stop_w, b".")
            self._thread.join(10)
            self._thread = None
            with selectors.DefaultSelector() as selector:  # it may have ended by itself
                selector.register(self._stop_r, selectors.EVENT_READ)
                if selector.select(0):
                    os.read(self._stop_r, 1)

    def lost_power(self, within_s: float = 20.0) -> bool:
        """Whether it is off by itself."""
        assert self._thread is not None
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Off, for ever."""
        if self._stop_r >= 0:
            self.power_off()
            os.close(self._stop_r)
            os.close(self._stop_w)
            self._stop_r = -1

    def hold_button(self, down: bool = True) -> None:
        """BOOTSEL."""
        if down:
            (self.host / "button").touch()
        else:
            (self.host / "button").unlink(missing_ok=True)

    # -- its life ----------------------------------------------------------------------------------------------------

    def _live(self, outer: int, far: int) -> None:
        try:
            while self._start(outer) == "reset":
                (self.host / "scratch").touch()
        finally:
            with contextlib.suppress(FileNotFoundError):
                self.tty.unlink()
            os.close(far)
            os.close(outer)

    def _start(self, outer: int) -> str:
        """From a reset to the next; why it ended: reset, cut, or pulled."""
        self.starts += 1
        why = self.host / "end"
        why.unlink(missing_ok=True)
        inner, child_end = pty.openpty()
        for end in (inner, child_end):
            tty.setraw(end)
        command = [str(Path(sys.executable).parent / "micropython"), "-X", "heapsize=500wK", "-i", str(START)]
        arguments = [str(self._disk), str(self.host), *self._identity]
        process = subprocess.Popen(
            [*command, *arguments], stdin=child_end, stdout=child_end, stderr=child_end, start_new_session=True
        )
        os.close(child_end)
        try:
            if not self._shuttle(outer, inner):
                return "pulled"
            process.wait()
            return why.read_text() if why.exists() else "ended"
        finally:
            process.kill()
            process.wait()
            os.close(inner)

    def _shuttle(self, outer: int, inner: int) -> bool:
        """Bytes both ways, until the process has ended; False if the plug was pulled."""
        with selectors.DefaultSelector() as selector:
            for fd in (outer, inner, self._stop_r):
                selector.register(fd, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self._stop_r:
                        os.read(self._stop_r, 1)
                        return False
                    try:
                        data = os.read(key.fd, 4096)
                    except OSError:
                        return True  # EIO: nobody has the inner terminal open any more
                    other = inner if key.fd == outer else outer
                    with contextlib.suppress(OSError, termios.error):
                        os.write(other, data)
