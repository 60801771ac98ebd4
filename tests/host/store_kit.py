"""What the store's tests share: rows with easy numbers, a calibration for them, and patience with a real thread."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tanklink.messages import CHANNELS
from tankwarden.events import Event
from tankwarden.logic.calibration import Curve
from tankwarden.logic.feeder import Entry, Feeder, ServoConfig
from tankwarden.logic.feeding import Feeding, Source, Status
from tankwarden.store import Calibration, CircuitMeter, MeasurementRow, Store, Thermometer, Upkeep, open_store

T0 = 1_781_000_400_000  # a whole ten minutes of UTC, as the pieces of remembered energy are
HOUR = 3_600_000
VOLTS, AMPERES = Curve.straight(0.1, 0.0), Curve.straight(0.01, -4.0)  # live zero at 400 counts
KW = (2500, 800)  # counts of 250 V and 4 A
CALIBRATION = Calibration(
    (CircuitMeter("east", 1, VOLTS, AMPERES), CircuitMeter("west", 2, VOLTS, AMPERES)),
    (Thermometer("tank", "temperature_1", ((0, 32.0), (2000, 82.0), (4000, 232.0))),),
    60.0,
)


def row(
    ts_ms: int, east: tuple[int, int] = KW, west: tuple[int, int] = (0, 400), *, n: int = 20, tank: int = 2000,
    quality: int = 0, period_ms: int = 1000,
) -> MeasurementRow:  # fmt: skip
    """A row of n equal samples: (voltage, current) counts of each circuit, and counts of the tank's temperature."""
    counts = dict.fromkeys(CHANNELS, 100)
    counts |= {"voltage_1": east[0], "current_1": east[1], "voltage_2": west[0], "current_2": west[1]}
    counts |= {"temperature_1": tank}
    sums = tuple(n * counts[channel] for channel in CHANNELS)
    return MeasurementRow(ts_ms, period_ms, n, sums, (n * east[0] * east[1], n * west[0] * west[1]), 0, quality)


def event(
    journal_id: int | None = 1, *, board_id: str = "e66038b7", boot_id: int = 77, text: str = "it tripped"
) -> Event:
    """A Pico's event, or the host's own if journal_id is None."""
    if journal_id is None:
        return Event(at_ms=T0, kind="start", severity="info", text=text)
    return Event(
        at_ms=T0, kind="trip", severity="alarm", text=text, circuit=1, trigger="over_current", subject="current_1",
        value=12.8, limit=11.0, unit="A", board_id=board_id, boot_id=boot_id, journal_id=journal_id,
    )  # fmt: skip


def feeder(**changes: Any) -> Feeder:
    """One with a meal at eight."""
    whole = Feeder(
        name="Pellets", enclosure="reef", servo=1, config=ServoConfig(portion_size=0.5, turns=2),
        schedule=(Entry(name="Morning", minute=480, portion_g=1.0, weekdays=5, since_ms=T0),), missed_within_min=30,
    )  # fmt: skip
    return replace(whole, **changes)


def feeding(number: int | None, **changes: Any) -> Feeding:
    """One that was asked for."""
    whole = Feeding(
        operation_id=(1 << 59) + 7, feeder=number, requested_ms=T0, source=Source.PERSON, status=Status.PENDING,
        turns=2, asked_g=0.5, board_id="e66038b7", boot_id=77, not_after_ms=20_000,
    )  # fmt: skip
    return replace(whole, **changes)


url_of: Callable[[Path], str] | None = (
    None  # of a PostgreSQL database that stands for a path; the fixture each_database
)


def place(path: Path | str) -> Path | str:
    """What stands for a path on the database of the test."""
    return path if url_of is None or isinstance(path, str) else url_of(path)


def opened(
    path: Path | str, *, batch_s: float = 60.0, batch_rows: int = 60, max_waiting_rows: int = 20_000,
    busy_s: float = 0.05, upkeep: Upkeep | None = None,
) -> Store:  # fmt: skip
    """A store whose clock stands still, and that neither waits nor pauses long when the disk fails."""
    return open_store(
        place(path), wall_ms=lambda: T0, batch_s=batch_s, batch_rows=batch_rows, retry_s=0.03, busy_s=busy_s,
        max_waiting_rows=max_waiting_rows, upkeep=upkeep,
    )  # fmt: skip


def stored(path: Path, what: str = "count(*) FROM measurements") -> int:
    """A number from the database itself, by a connection of its own."""
    if url_of is not None:
        import psycopg

        with psycopg.connect(url_of(path)) as server:
            found = server.execute(f"SELECT {what}".encode()).fetchone()
        assert found is not None
        return int(found[0])
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (number,) = connection.execute(f"SELECT {what}").fetchone()
    connection.close()
    return int(number)


def error(store: Store) -> str:
    """What the recorder says is wrong, empty if nothing."""
    return store.recorder.status().error or ""


def healthy(store: Store) -> bool:
    """Nothing wrong, and nothing waiting."""
    status = store.recorder.status()
    return status.error is None and status.pending_rows == 0


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = 30.0) -> None:
    """The recorder is a thread on a real disk: there is no clock to pass in."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"no {what} within {timeout_s} s"
        time.sleep(0.005)
