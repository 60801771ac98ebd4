"""A feeding on the simulated board as a process: what the ledger says fell is what the Pico reports."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tanklink import records
from tanklink.frames import FrameReader, pack
from tanklink.messages import DIGEST, FEEDING_REASONS, FEEDING_STATES
from tankwarden.sim.control import ask

PATIENCE_S = 30
FEEDER = records.ConfigFeeder(
    feeder=1, enabled=True, pulse_min_us=550, pulse_max_us=2400, max_turns=5, max_feedings_24h=8, max_turns_24h=20,
    max_mg_24h=30_000, drop_sensor=True,
)  # fmt: skip


class Line:
    """The terminal, and who speaks at it."""

    def __init__(self, folder: Path) -> None:
        self._fd, self._reader = os.open(folder / "tty", os.O_RDWR | os.O_NOCTTY), FrameReader()
        self._seq = 0
        self._op = 0
        self.welcome = self.say(records.Hello(digest=DIGEST, session=1), records.Welcome)
        self.say(FEEDER, records.Ack)

    def say(self, record: Any, answer: type[Any]) -> Any:
        self._seq += 1
        os.write(self._fd, pack(record, self._seq))
        return self.hear(answer)

    def hear(self, kind: type[Any]) -> Any:
        """The next record of this kind."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not select.select([self._fd], [], [], 0.3)[0]:
                os.write(self._fd, pack(records.Ping(token=1), 0))  # or the Pico falls silent
                continue
            for frame in self._reader.feed(os.read(self._fd, 4096)):
                assert not isinstance(frame.record, records.Nak), frame.record
                if isinstance(frame.record, kind):
                    return frame.record
        raise AssertionError(f"no {kind.__name__} within {PATIENCE_S} s")

    def feed(self, turns: int) -> tuple[str, str, int]:
        """(outcome, reason, drops) of a feeding."""
        self._op += 1
        now = self.say(records.Ping(token=2), records.Pong)
        self.say(
            records.Feed(
                op_hi=1, op_lo=self._op, feeder=1, boot_id=self.welcome.boot_id, not_after_uptime_s=now.uptime_s + 60,
                not_after_uptime_ms_part=0, wall_day=20_000, wall_s=0, rest_us=600, feed_us=1500, rotate_ms=300,
                hold_ms=300, return_to_rest=True, turns=turns, portion_mg=500,
            ),
            records.FeedState,
        )  # fmt: skip
        while True:
            report = self.hear(records.FeedReport)
            if report.op_lo == self._op:
                return FEEDING_STATES[report.outcome], FEEDING_REASONS[report.reason], report.drops


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Path]:
    places = {f"--{name}": tmp_path / name for name in ("tty", "control", "flash")}
    arguments = [str(word) for option in places.items() for word in option]
    process = subprocess.Popen(
        [sys.executable, "-m", "tankwarden", "sim", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")
    yield tmp_path
    process.terminate()
    process.wait(10)
    process.stdout.close()


def test_what_fell_is_what_is_reported(sim: Path) -> None:
    line, control = Line(sim), sim / "control"
    assert line.feed(2) == ("done", "none", 2)
    ask(control, {"cmd": "fault", "name": "drop-sensor-stuck"})
    assert line.feed(1) == ("failed", "no_drop", 0)
    truth = ask(control, {"cmd": "ledger"})["feeders"]
    assert truth == json.loads('{"1": {"portions": 3, "drops": 2}, "2": {"portions": 0, "drops": 0}}')
    ask(control, {"cmd": "fault", "name": "servo-jam"})
    ask(control, {"cmd": "fault", "name": "drop-sensor-stuck", "value": 2})
    assert line.feed(1) == ("failed", "no_drop", 0)
    assert ask(control, {"cmd": "ledger"})["feeders"] == truth
