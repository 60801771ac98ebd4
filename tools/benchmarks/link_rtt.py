"""Round trip to the Pico program under MicroPython: PING and back over the pseudo-terminal, STATUS running."""

import os
import random
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import serial
from common import figure, quantile

from tanklink import messages
from tanklink.frames import FrameReader, pack
from tanklink.records import Hello, Ping, Pong, Record, Status, Welcome

PINGS = 500
GAP_S = 0.02  # the Pico takes 100 messages a second
GIVE_UP_S = 10.0


class Line:
    """One side of a serial line: records out, records in."""

    def __init__(self, path: str) -> None:
        self._port = serial.Serial(path, timeout=0)
        self._reader = FrameReader()
        self._seq = 0
        self.status = 0  # how many STATUS came

    def send(self, record: Record) -> None:
        self._seq = (self._seq + 1) & 0xFFFF
        self._port.write(pack(record, self._seq))

    def receive(self, timeout_s: float) -> list[Record]:
        """What came within the time; returns at the first bytes."""
        if not select.select([self._port.fileno()], [], [], timeout_s)[0]:
            return []
        records = [frame.record for frame in self._reader.feed(os.read(self._port.fileno(), 4096))]
        self.status += sum(isinstance(record, Status) for record in records)
        return records

    def wait(self, wanted: Record | type[Record]) -> None:
        """Read until a record of that type or, given a record, one that begins with the same field."""
        end = time.monotonic() + GIVE_UP_S
        while time.monotonic() < end:
            for record in self.receive(0.1):
                if record.__class__ is wanted or (
                    record.__class__ is wanted.__class__ and tuple(record)[:1] == tuple(wanted)[:1]
                ):
                    return
        raise TimeoutError(f"no {wanted} within {GIVE_UP_S:g} s")


def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        link = str(Path(folder) / "pico")
        command = [sys.executable, "-m", "tankwarden", "sim", "--tty", link]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulation:
            try:
                if simulation.stdout is None or not simulation.stdout.readline().startswith("ready"):
                    raise RuntimeError(f"{' '.join(command)} did not become ready")
                times = round_trips(Line(link))
            finally:
                simulation.terminate()
    figure("link.rtt_p50_ms", quantile(times, 0.5) * 1000, "ms")
    figure("link.rtt_p99_ms", quantile(times, 0.99) * 1000, "ms")


def round_trips(line: Line) -> list[float]:
    chance = random.Random(1)
    line.send(Hello(digest=messages.DIGEST, session=chance.randrange(1, 1 << 30)))
    line.wait(Welcome)
    times = []
    begun = time.monotonic()
    for token in range(PINGS):
        while line.receive(GAP_S * chance.random()):
            pass  # STATUS goes on arriving between the requests, which come at no fixed phase of it
        start = time.perf_counter()
        line.send(Ping(token))
        line.wait(Pong(token, 0, 0))
        times.append(time.perf_counter() - start)
    if line.status < 8 * (time.monotonic() - begun):
        raise RuntimeError(f"only {line.status} STATUS in {time.monotonic() - begun:.1f} s: it was to run meanwhile")
    return times
