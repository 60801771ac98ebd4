"""What Tankwarden keeps: raw measurements, events, claims and its own log, in one database with one writer."""

from tankwarden.logic.meters import Calibration, CircuitMeter, Thermometer, Timeline
from tankwarden.store.calibrator import Calibrator
from tankwarden.store.database import NewerDatabaseError
from tankwarden.store.export import Span, export
from tankwarden.store.feeder_queries import FeederQueries
from tankwarden.store.feeder_writes import Begun
from tankwarden.store.queries import Queries
from tankwarden.store.recorder import Recorder, RecorderStatus
from tankwarden.store.rows import MeasurementRow, ReadingRow, pack_quality, pack_states, unpack_quality, unpack_states
from tankwarden.store.store import Store, open_store
from tankwarden.store.upkeep import Upkeep

__all__ = [
    "Begun",
    "Calibration",
    "Calibrator",
    "CircuitMeter",
    "FeederQueries",
    "MeasurementRow",
    "NewerDatabaseError",
    "Queries",
    "ReadingRow",
    "Recorder",
    "RecorderStatus",
    "Span",
    "Store",
    "Thermometer",
    "Timeline",
    "Upkeep",
    "export",
    "open_store",
    "pack_quality",
    "pack_states",
    "unpack_quality",
    "unpack_states",
]
