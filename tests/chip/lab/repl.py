"""MicroPython's raw REPL over the emulated USB port: code typed in, output read."""

from .client import MS, Chip, S
from .errors import EmulatorError

_RAW, _RUN, _INTERRUPT = b"\r\x03\x01", b"\x04", b"\r\x03\x03"
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class Repl:
    """A chip without a running program, or one that was interrupted."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._read = len(chip.received)
        self._pending = b""

    def enter(self) -> None:
        """Into the raw REPL, from power-on or from an idle prompt."""
        self._chip.run_until(self._chip.usb_ready, "USB", 3 * S, 20 * MS)
        self._chip.run(300 * MS)  # until MicroPython has looked for boot.py and main.py
        self._chip.send(_INTERRUPT)
        self._until(b">>> ", 3 * S)
        self._chip.send(_RAW)
        self._until(_BANNER, 3 * S)

    def run(self, code: str, limit_ns: int = 20 * S) -> str:
        """Run to its end; its output. EmulatorError with the traceback if it raised."""
        self.start(code)
        out = self._until(b"\x04", limit_ns)[:-1]
        error = self._until(b"\x04", S)[:-1]
        self._until(b">", S)
        if error:
            raise EmulatorError(error.decode())
        return out.decode()

    def start(self, code: str) -> None:
        """Begin to run it."""
        self._chip.send(code.encode())
        self._chip.send(_RUN)
        self._until(b"OK", 20 * S)

    def _until(self, end: bytes, limit_ns: int) -> bytes:
        self._chip.run_until(lambda: self._arrived(end), f"{end!r} after {self._pending!r}", limit_ns)
        head, _, self._pending = self._pending.partition(end)
        return head + end

    def _arrived(self, end: bytes) -> bool:
        new = self._chip.received[self._read :]
        self._read += len(new)
        self._pending += b"".join(data for _, data in new)
        return end in self._pending
