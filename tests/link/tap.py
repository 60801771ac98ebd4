"""A tap in the cable: passes every byte between host and simulated Pico, and records both directions decoded."""

import contextlib
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tanklink.frames import FrameReader
from tanklink.records import Record
from tanklink.schema import HOST, PICO

NOISE_PERIOD_S = 0.1


class Seen(NamedTuple):
    """One frame that passed: monotonic ns, who sent it, the record."""

    time_ns: int
    sender: str
    record: Record


class Tap:
    """`link` is a symlink to a terminal as good as `behind`; like a cable it goes away when the far end does.

    noise: called ten times a second, what it gives goes to the Pico between the host's frames.
    """

    def __init__(self, behind: Path, link: Path, noise: Callable[[], bytes] | None = None) -> None:
        self.behind, self.link, self._noise = behind, link, noise
        self.seen: list[Seen] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                far = os.open(self.behind, os.O_RDWR | os.O_NOCTTY)
            except OSError:
                time.sleep(0.02)
                continue
            try:
                with contextlib.suppress(OSError):
                    tty.setraw(far, termios.TCSANOW)
                    self._pass_bytes(far)
            finally:
                os.close(far)

    def _pass_bytes(self, far: int) -> None:
        near, slave = os.openpty()
        try:
            tty.setraw(slave, termios.TCSANOW)
            name = self.link.with_suffix(".new")
            name.symlink_to(os.ttyname(slave))
            name.replace(self.link)
            readers = {near: FrameReader(sender=HOST), far: FrameReader(sender=PICO)}
            due, between_frames = time.monotonic(), True
            while not self._stop.is_set():
                if self._noise is not None and time.monotonic() >= due and between_frames:
                    due = time.monotonic() + NOISE_PERIOD_S
                    os.write(far, self._noise())
                for source in select.select([near, far], [], [], 0.1)[0]:
                    data = os.read(source, 4096)
                    if not data:
                        return
                    at = time.monotonic_ns()
                    sender = HOST if source == near else PICO
                    self.seen += [Seen(at, sender, frame.record) for frame in readers[source].feed(data)]
                    os.write(far if source == near else near, data)
                    if source == near:
                        between_frames = data.endswith(b"\0")
        finally:
            self.link.unlink(missing_ok=True)
            os.close(slave)
            os.close(near)
