"""How this computer and its link to the Pico fare: one minute of it, and what its bits mean in words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# Bits of a Raspberry Pi's get_throttled. Source: Raspberry Pi documentation, "vcgencmd", get_throttled.
_NOW = {0: "under-voltage", 1: "its clock is capped", 2: "throttled", 3: "too hot"}
_SINCE_START = 16  # the same four bits, of any time since it started
LINK = ("frames_ok", "damaged", "retries", "openings")  # counters of the link since this host started


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the operating system tells at one instant; None = it does not. cpu_percent: of all cores, since it was asked
    last. throttled: the bits that a Raspberry Pi tells."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    process_mb: float | None = None
    disk_percent: float | None = None
    disk_free_mb: float | None = None
    soc_degf: float | None = None
    throttled: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """The minute that ended at ts_ms, UTC. link_…: frames that were whole, damaged ones, messages sent again, and times
    that the port was opened, in it; None for the first after a start."""

    ts_ms: int
    cpu_percent: float | None = None
    memory_percent: float | None = None
    process_mb: float | None = None
    disk_percent: float | None = None
    disk_free_mb: float | None = None
    soc_degf: float | None = None
    throttled: int | None = None
    link_frames: int | None = None
    link_damaged: int | None = None
    link_retries: int | None = None
    link_openings: int | None = None

    def row(self) -> dict[str, int | float | None]:
        """By the names of the table's columns."""
        values = asdict(self)
        return {"ts": values.pop("ts_ms"), **values}

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        told = {name: value if value is None or type(value) is int else round(value, 1)
                for name, value in asdict(self).items()}  # fmt: skip
        return {**told, "throttling": throttling(self.throttled)}


def minute(ts_ms: int, machine: Machine, before: Mapping[str, int] | None, now: Mapping[str, int]) -> Minute:
    """before, now: the link's counters a minute ago and now, by LINK; None = they were not known then."""
    counted: dict[str, int | None] = dict.fromkeys(LINK)
    if before is not None:
        counted = {name: max(0, now[name] - before[name]) for name in LINK}
    return Minute(
        ts_ms=ts_ms, **asdict(machine), link_frames=counted["frames_ok"], link_damaged=counted["damaged"],
        link_retries=counted["retries"], link_openings=counted["openings"],
    )  # fmt: skip


def throttling(bits: int | None) -> dict[str, list[str]] | None:
    """What goes on now, and what did since the computer started; None where nobody tells."""
    if bits is None:
        return None
    return {
        "now": [word for bit, word in _NOW.items() if bits >> bit & 1],
        "since_start": [word for bit, word in _NOW.items() if bits >> bit + _SINCE_START & 1],
    }
