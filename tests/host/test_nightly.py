"""The nightly backup: once a night by the site's clock, made up after a night without power, told when it fails."""

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from store_kit import T0, opened, row, stored

from tankwarden.clock import ManualClock
from tankwarden.events import Event
from tankwarden.flows.nightly import RETRY_S, Backups
from tankwarden.logic.nightly import due
from tankwarden.store import Store, backups

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        ("2026-06-09T12:00", None, True),  # never yet
        ("2026-06-09T12:00", "2026-06-09T03:00", False),
        ("2026-06-09T02:59", "2026-06-08T03:00", False),
        ("2026-06-09T03:00", "2026-06-08T03:00", True),
        ("2026-06-09T12:00", "2026-06-08T23:00", True),  # off at three
        ("2026-06-09T01:00", "2026-06-07T03:00", True),  # off for a day
        ("2026-03-29T04:00", "2026-03-28T03:00", True),  # the night without an hour
        ("2026-10-25T03:30", "2026-10-25T03:00", False),  # the night with one more
    ],
)
def test_it_is_due_once_a_night(now: str, last: str | None, expected: bool) -> None:
    assert due(at(now), None if last is None else at(last), 3, BERLIN) is expected


class Night:
    """A clock to be set, a store, and what was told."""

    def __init__(self, store: Store, folder: Path, keep: int = 2) -> None:
        self.clock, self.folder = ManualClock(wall_ms=T0), folder
        self.events: list[Event] = []
        self.lines: list[tuple[str, str, str]] = []
        self.backups = Backups(
            store.recorder, self.clock, Path(store.name), folder, keep=keep, hour=3, zone="Europe/Berlin",
            log=lambda *line: self.lines.append(line), note=self.events.append,
        )  # fmt: skip

    def step(self) -> list[Path]:
        asyncio.run(self.backups.step(lambda: None))
        return backups.known(self.folder)


def test_every_night_one_is_made_with_what_waited_and_the_oldest_goes(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store:
        night = Night(store, tmp_path / "backups")
        store.recorder.measurement(row(T0))
        first = night.step()
        assert stored(first[0]) == 1
        assert night.step() == first
        made = [first[0]]
        for _ in range(3):
            night.clock.advance(86_400)
            made.insert(0, night.step()[0])
        assert backups.known(tmp_path / "backups") == made[:2]
        assert night.events == []


def test_one_that_cannot_be_made_is_told_once_and_tried_every_hour(tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    with opened(tmp_path / "a.db") as store:
        night = Night(store, tmp_path / "backups")
        for _ in range(2):
            night.step()
            night.step()
            night.clock.advance(RETRY_S)
        assert [event.kind for event in night.events] == ["backup_failed"]
        assert "look at the rights" in night.events[0].text
        assert [line[0] for line in night.lines] == ["error", "error"]
        (tmp_path / "backups").unlink()
        assert len(night.step()) == 1
