"""A FakePico behind a real pseudo-terminal, in a thread: for tests of what only a real port can show."""

import contextlib
import os
import select
import threading
import time
import tty
from pathlib import Path
from types import TracebackType

from tankwarden.drivers.pico.fake import FakePico


class PicoPty:
    """`link` leads to the terminal while it is plugged in. Close it."""

    def __init__(self, link: Path, pico: FakePico | None = None) -> None:
        self.link = link
        self.pico = pico or FakePico(time.monotonic() - 10)
        self._thread: threading.Thread | None = None
        self.plug()

    def __enter__(self) -> "PicoPty":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        near, far = os.openpty()
        tty.setraw(far)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(far))
        self._plugged = threading.Event()
        self._plugged.set()
        self._thread = threading.Thread(target=self._serve, args=(near, far), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """As a cable: the host sees the end of its file, and the name is gone."""
        self._plugged.clear()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None
        self.link.unlink(missing_ok=True)

    def _serve(self, near: int, far: int) -> None:
        with contextlib.suppress(OSError):
            while self._plugged.is_set():
                ready = select.select([near], [], [], 0.01)[0]
                data = os.read(near, 4096) if ready else b""
                now = time.monotonic()
                out = self.pico.receive(data, now) + self.pico.tick(now)
                if out:
                    os.write(near, out)
        os.close(far)
        os.close(near)
